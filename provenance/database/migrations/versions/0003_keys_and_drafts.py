"""signing keys: predecessor and recovery; statements prepared to be signed; sealed works"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("signing_keys", sa.Column("predecessor", sa.String(length=64), nullable=True))
    op.add_column("signing_keys", sa.Column("recovery", sa.String(length=64), nullable=True))
    op.add_column("works", sa.Column("opens", sa.String(length=40), nullable=True))
    op.add_column("works", sa.Column("erased_at", sa.String(length=27), nullable=True))
    op.add_column("works", sa.Column("erasure_hash", sa.LargeBinary(length=32), nullable=True))
    op.create_index("ix_works_erasure_hash", "works", ["erasure_hash"], unique=True)
    op.add_column("log_state", sa.Column("keys_index", sa.BigInteger(), nullable=True))
    op.create_table(
        "drafts",
        sa.Column("statement_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("identity", sa.LargeBinary(length=32), nullable=False),
        sa.Column("claim", sa.JSON(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_drafts_account_id")),
        sa.PrimaryKeyConstraint("statement_hash", name=op.f("pk_drafts")),
    )
    op.create_index(op.f("ix_drafts_created_at"), "drafts", ["created_at"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("an older version does not know sealed works and rotated keys")
