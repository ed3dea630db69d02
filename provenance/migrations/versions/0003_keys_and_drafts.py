"""signing keys: predecessor and recovery"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("signing_keys", sa.Column("predecessor", sa.String(length=64), nullable=True))
    op.add_column("signing_keys", sa.Column("recovery", sa.String(length=64), nullable=True))


def downgrade() -> None:
    op.drop_column("signing_keys", "recovery")
    op.drop_column("signing_keys", "predecessor")
