"""Past one machine: claims that are settled by several processes at once, files that jobs write, quotas of keys"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _claims_ahead()
    _scans()
    _job_files()
    _quotas()


def downgrade() -> None:
    raise NotImplementedError("an older version does not know what this one records: restore a backup instead")


def _claims_ahead() -> None:
    """Entries whose competing claims are recorded while those of others before them are not."""
    op.create_table(
        "claims_ahead",
        sa.Column("idx", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("idx", name=op.f("pk_claims_ahead")),
    )


def _scans() -> None:
    """Purging finds what is due by its time."""
    op.create_index(op.f("ix_scans_scanned_at"), "scans", ["scanned_at"], if_not_exists=True)  # see `online_indexes`


def _job_files() -> None:
    """What exports write, piece by piece."""
    op.create_table(
        "job_files",
        sa.Column("job", _ROW_ID, autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("after", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["job"], ["jobs.id"], name=op.f("fk_job_files_job")),
        sa.PrimaryKeyConstraint("job", "number", name=op.f("pk_job_files")),
    )


def _quotas() -> None:
    """Limits of keys, and what they have sent."""
    op.add_column("api_keys", sa.Column("limits", sa.JSON(none_as_null=True)))
    op.create_table(
        "key_usage",
        sa.Column("key_id", sa.String(length=40), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["api_keys.id"], name=op.f("fk_key_usage_key_id")),
        sa.PrimaryKeyConstraint("key_id", "period", name=op.f("pk_key_usage")),
    )
