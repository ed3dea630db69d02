"""grants: who may reuse a work, beside what its licence says"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "grants",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("grant_id", sa.String(length=40), nullable=False),
        sa.Column("work", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("given_at", sa.String(length=27), nullable=False),
        sa.Column("revoked_at", sa.String(length=27), nullable=True),
        sa.Column("revocation_hash", sa.LargeBinary(length=32), nullable=True),
        sa.ForeignKeyConstraint(["work"], ["works.id"], name=op.f("fk_grants_work")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
        sa.UniqueConstraint("grant_id", name=op.f("uq_grants_grant_id")),
        sa.UniqueConstraint("leaf_hash", name=op.f("uq_grants_leaf_hash")),
        sa.UniqueConstraint("revocation_hash", name=op.f("uq_grants_revocation_hash")),
    )
    op.create_index(op.f("ix_grants_work"), "grants", ["work"])


def downgrade() -> None:
    op.drop_table("grants")
