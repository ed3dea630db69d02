"""Sound and film: what is known of a file that was scanned"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _facts_of_files()


def downgrade() -> None:
    raise NotImplementedError("an older version does not know what this one records: restore a backup instead")


def _facts_of_files() -> None:
    """What is known of the files that were scanned: how long they are, how much of them was read."""
    op.add_column("scans", sa.Column("file_facts", sa.JSON(), server_default="{}", nullable=False))
    op.add_column("parts", sa.Column("facts", sa.JSON(), server_default="{}", nullable=False))
