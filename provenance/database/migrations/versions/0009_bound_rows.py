"""Rows bound to the log; uploads no longer teach what is boilerplate"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":  # what is erased later must not stand in a page that this set free
        op.execute("PRAGMA secure_delete = ON")
    op.drop_table("learned_boilerplate")
    op.add_column("works", sa.Column("amendment_hash", sa.LargeBinary(length=32)))
    op.create_index("ix_works_amendment_hash", "works", ["amendment_hash"], unique=True)


def downgrade() -> None:
    raise NotImplementedError("an older version does not know these tables: restore a backup instead")
