"""Past one machine: claims that are settled by several processes at once"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _claims_ahead()


def downgrade() -> None:
    raise NotImplementedError("an older version does not know what this one records: restore a backup instead")


def _claims_ahead() -> None:
    """Entries whose competing claims are recorded while those of others before them are not."""
    op.create_table(
        "claims_ahead",
        sa.Column("idx", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("idx", name=op.f("pk_claims_ahead")),
    )
