"""The platform's day: posts, official accounts, policies, review, jobs and events"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _posts()
    _policies()
    _review()
    _official_accounts()
    _claim_evidence()
    _jobs()
    _events()


def downgrade() -> None:
    raise NotImplementedError("an older version does not know what this one records: restore a backup instead")


# --- posts -----------------------------------------------------------------------------------------------------------
def _posts() -> None:
    """Parts of a post."""


# --- policies --------------------------------------------------------------------------------------------------------
def _policies() -> None:
    """Policies, and what they decided."""
    op.add_column("scans", sa.Column("action", sa.String(length=20)))
    op.add_column("scans", sa.Column("rule", sa.String(length=60)))
    op.add_column("scans", sa.Column("reason_code", sa.String(length=40)))
    op.add_column("scans", sa.Column("policy_version", sa.String(length=40)))
    op.add_column("scans", sa.Column("queue", sa.String(length=60)))
    op.add_column("scans", sa.Column("note", sa.JSON()))
    op.add_column("scans", sa.Column("facts", sa.JSON()))
    op.create_table(
        "policies",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("set_at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_policies_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policies")),
        sa.UniqueConstraint("account_id", "number", name=op.f("uq_policies_account_id_number")),
    )


# --- review ----------------------------------------------------------------------------------------------------------
def _review() -> None:
    """The queue, its decisions and what stays down."""


# --- official accounts -----------------------------------------------------------------------------------------------
def _official_accounts() -> None:
    """Official accounts, their operators, qualifications and standing."""


# --- evidence of claims ----------------------------------------------------------------------------------------------
def _claim_evidence() -> None:
    """Evidence of claims, and whose claim counts."""


# --- jobs ------------------------------------------------------------------------------------------------------------
def _jobs() -> None:
    """Work that takes long."""


# --- events ----------------------------------------------------------------------------------------------------------
def _events() -> None:
    """The outbox, webhooks and watches."""
