"""prepared_statements and learned_boilerplate: tables called what they hold"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":  # what is erased later must not stand in a page that this set free
        op.execute("PRAGMA secure_delete = ON")
    op.create_table(
        "prepared_statements",
        sa.Column("statement_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("identity", sa.LargeBinary(length=32), nullable=False),
        sa.Column("claim", sa.JSON(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_prepared_statements_account_id")),
        sa.PrimaryKeyConstraint("statement_hash", name=op.f("pk_prepared_statements")),
    )
    op.create_index(op.f("ix_prepared_statements_created_at"), "prepared_statements", ["created_at"])
    op.execute("INSERT INTO prepared_statements SELECT * FROM drafts")
    op.drop_table("drafts")
    op.create_table(
        "learned_boilerplate",
        sa.Column("scan", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["scan"], ["scans.id"], name=op.f("fk_learned_boilerplate_scan")),
        sa.PrimaryKeyConstraint("scan", name=op.f("pk_learned_boilerplate")),
    )
    op.execute("INSERT INTO learned_boilerplate SELECT * FROM lessons")
    op.drop_table("lessons")


def downgrade() -> None:
    raise NotImplementedError("an older version does not know these tables: restore a backup instead")
