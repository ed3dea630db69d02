"""The platform's day: posts, official accounts, policies, review, jobs and events"""

from __future__ import annotations

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


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
