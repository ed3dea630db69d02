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
    """Parts of a post, and of which part a match and a small copy are."""
    op.create_table(
        "parts",
        sa.Column("scan", _ROW_ID, autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("medium", sa.String(length=10)),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=40)),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32)),
        sa.Column("error", sa.JSON()),
        sa.ForeignKeyConstraint(["scan"], ["scans.id"], name=op.f("fk_parts_scan")),
        sa.PrimaryKeyConstraint("scan", "number", name=op.f("pk_parts")),
    )
    op.add_column("matches", sa.Column("part", sa.Integer(), server_default="0", nullable=False))
    with op.batch_alter_table("matches") as batch:
        batch.alter_column("part", existing_type=sa.Integer(), server_default=None)
        batch.drop_constraint(op.f("uq_matches_scan_work"), type_="unique")
        batch.create_unique_constraint(op.f("uq_matches_scan_part_work"), ["scan", "part", "work"])
    op.add_column("previews", sa.Column("part", sa.Integer(), server_default="0", nullable=False))
    with op.batch_alter_table("previews") as batch:
        batch.alter_column("part", existing_type=sa.Integer(), server_default=None)
        batch.drop_constraint(op.f("pk_previews"), type_="primary")
        batch.create_primary_key(op.f("pk_previews"), ["scan", "part"])


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
    op.add_column("matches", sa.Column("credit_line", sa.Text()))
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
    op.add_column("scans", sa.Column("post", sa.LargeBinary(length=32)))
    op.create_index("ix_scans_post", "scans", ["account_id", "post"], unique=False)
    _review_items()
    _decisions()
    _statements_of_reasons()
    _stay_down()


def _review_items() -> None:
    op.create_table(
        "review_items",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("item_id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("post", sa.LargeBinary(length=32), nullable=False),
        sa.Column("scan", _ROW_ID, nullable=False),
        sa.Column("queue", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("closed_at", sa.String(length=27)),
        sa.Column("reviewer", sa.String(length=100)),
        sa.Column("reviewer_name", sa.String(length=200)),
        sa.Column("lease", sa.String(length=32)),
        sa.Column("lease_until", sa.Double()),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_review_items_account_id")),
        sa.ForeignKeyConstraint(["scan"], ["scans.id"], name=op.f("fk_review_items_scan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_items")),
        sa.UniqueConstraint("item_id", name=op.f("uq_review_items_item_id")),
    )
    op.create_index(
        "ix_review_items_open",
        "review_items",
        ["account_id", "post"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index("ix_review_items_scan", "review_items", ["scan"], unique=False)
    op.create_index("ix_review_items_state", "review_items", ["account_id", "state", "queue", "id"], unique=False)
    _beside_review_items()


def _beside_review_items() -> None:
    op.create_table(
        "review_queues",
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("reviewers", sa.JSON(), nullable=False),
        sa.Column("second_opinion", sa.String(length=10)),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_review_queues_account_id")),
        sa.PrimaryKeyConstraint("account_id", "name", name=op.f("pk_review_queues")),
    )
    op.create_table(
        "review_skips",
        sa.Column("item", _ROW_ID, autoincrement=False, nullable=False),
        sa.Column("reviewer", sa.String(length=100), nullable=False),
        sa.Column("skipped_at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["item"], ["review_items.id"], name=op.f("fk_review_skips_item")),
        sa.PrimaryKeyConstraint("item", "reviewer", name=op.f("pk_review_skips")),
    )
    op.create_table(
        "review_comments",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("comment_id", sa.String(length=40), nullable=False),
        sa.Column("item", _ROW_ID, nullable=False),
        sa.Column("reviewer", sa.String(length=100), nullable=False),
        sa.Column("reviewer_name", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["item"], ["review_items.id"], name=op.f("fk_review_comments_item")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_comments")),
        sa.UniqueConstraint("comment_id", name=op.f("uq_review_comments_comment_id")),
    )
    op.create_index("ix_review_comments_item", "review_comments", ["item"], unique=False)


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("decision_id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("subject_kind", sa.String(length=20), nullable=False),
        sa.Column("subject_id", sa.String(length=100), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("post", sa.LargeBinary(length=32)),
        sa.Column("digest", sa.LargeBinary(length=32)),
        sa.Column("item", _ROW_ID),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("final", sa.Boolean(), nullable=False),
        sa.Column("automated", sa.Boolean(), nullable=False),
        sa.Column("reviewer", sa.String(length=100)),
        sa.Column("reviewer_name", sa.String(length=200)),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("supersedes", _ROW_ID),
        sa.Column("decided_at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_decisions_account_id")),
        sa.ForeignKeyConstraint(["item"], ["review_items.id"], name=op.f("fk_decisions_item")),
        sa.ForeignKeyConstraint(["supersedes"], ["decisions.id"], name=op.f("fk_decisions_supersedes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
        sa.UniqueConstraint(
            "account_id",
            "subject_kind",
            "subject_id",
            "number",
            name=op.f("uq_decisions_account_id_subject_kind_subject_id_number"),
        ),
        sa.UniqueConstraint("decision_id", name=op.f("uq_decisions_decision_id")),
        sa.UniqueConstraint("supersedes", name=op.f("uq_decisions_supersedes")),
    )
    op.create_index("ix_decisions_account", "decisions", ["account_id", "id"], unique=False)
    op.create_index("ix_decisions_item", "decisions", ["item"], unique=False)
    op.create_index("ix_decisions_post", "decisions", ["account_id", "post"], unique=False)


def _statements_of_reasons() -> None:
    op.create_table(
        "statements_of_reasons",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("statement_id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("decision", _ROW_ID, nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.Column("appeal_until", sa.String(length=10), nullable=False),
        sa.Column("made_at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_statements_of_reasons_account_id")),
        sa.ForeignKeyConstraint(["decision"], ["decisions.id"], name=op.f("fk_statements_of_reasons_decision")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statements_of_reasons")),
        sa.UniqueConstraint("decision", name=op.f("uq_statements_of_reasons_decision")),
        sa.UniqueConstraint("statement_id", name=op.f("uq_statements_of_reasons_statement_id")),
    )
    op.create_index("ix_statements_of_reasons_account", "statements_of_reasons", ["account_id", "id"], unique=False)


def _stay_down() -> None:
    op.create_table(
        "stay_down",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("stay_down_id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32)),
        sa.Column("work", _ROW_ID),
        sa.Column("coverage", sa.Double(), nullable=False),
        sa.Column("decision", _ROW_ID),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("except_accounts", sa.JSON(), nullable=False),
        sa.Column("except_works", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("expires_at", sa.String(length=27)),
        sa.Column("ended_at", sa.String(length=27)),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_stay_down_account_id")),
        sa.ForeignKeyConstraint(["decision"], ["decisions.id"], name=op.f("fk_stay_down_decision")),
        sa.ForeignKeyConstraint(["work"], ["works.id"], name=op.f("fk_stay_down_work")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stay_down")),
        sa.UniqueConstraint("stay_down_id", name=op.f("uq_stay_down_stay_down_id")),
    )
    op.create_index("ix_stay_down_decision", "stay_down", ["decision"], unique=False)
    op.create_index("ix_stay_down_digest", "stay_down", ["account_id", "digest"], unique=False)
    op.create_index("ix_stay_down_work", "stay_down", ["account_id", "work"], unique=False)


# --- official accounts -----------------------------------------------------------------------------------------------
def _official_accounts() -> None:
    """Official accounts, their operators, qualifications and standing."""
    op.create_table(
        "official_accounts",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("platform", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=200), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("entity", sa.String(length=20), nullable=False),
        sa.Column("registered_in", sa.String(length=2)),
        sa.Column("operates_in", sa.String(length=2)),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.Column("operator_id", sa.String(length=200)),
        sa.Column("operator_name", sa.Text()),
        sa.Column("linked_account", sa.String(length=40)),
        sa.Column("verification", sa.String(length=20), nullable=False),
        sa.Column("verified_by", sa.Text()),
        sa.Column("verified_at", sa.String(length=40)),
        sa.Column("contact", sa.JSON(none_as_null=True)),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("updated_at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["linked_account"], ["accounts.id"], name=op.f("fk_official_accounts_linked_account")),
        sa.ForeignKeyConstraint(["platform"], ["accounts.id"], name=op.f("fk_official_accounts_platform")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_official_accounts")),
        sa.UniqueConstraint("platform", "account_id", name=op.f("uq_official_accounts_platform_account_id")),
    )
    op.create_index("ix_official_accounts_operator", "official_accounts", ["platform", "operator_id"], unique=False)
    op.create_table(
        "official_names",
        sa.Column("official", _ROW_ID, autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["official"], ["official_accounts.id"], name=op.f("fk_official_names_official")),
        sa.PrimaryKeyConstraint("official", "key", name=op.f("pk_official_names")),
    )
    op.create_index("ix_official_names_key", "official_names", ["key"], unique=False)
    op.create_table(
        "qualifications",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("qualification_id", sa.String(length=40), nullable=False),
        sa.Column("official", _ROW_ID, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text()),
        sa.Column("issuer", sa.Text()),
        sa.Column("valid_from", sa.String(length=10)),
        sa.Column("valid_until", sa.String(length=10), nullable=False),
        sa.Column("recorded_at", sa.String(length=27), nullable=False),
        sa.Column("ended_at", sa.String(length=27)),
        sa.Column("warned_at", sa.String(length=27)),
        sa.ForeignKeyConstraint(["official"], ["official_accounts.id"], name=op.f("fk_qualifications_official")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_qualifications")),
        sa.UniqueConstraint("qualification_id", name=op.f("uq_qualifications_qualification_id")),
    )
    op.create_index(op.f("ix_qualifications_official"), "qualifications", ["official"], unique=False)
    op.create_index(op.f("ix_qualifications_valid_until"), "qualifications", ["valid_until"], unique=False)
    op.create_table(
        "standing_decisions",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("decision_id", sa.String(length=40), nullable=False),
        sa.Column("official", _ROW_ID, nullable=False),
        sa.Column("act", sa.String(length=10), nullable=False),
        sa.Column("counter", sa.String(length=40), nullable=False),
        sa.Column("about", _ROW_ID),
        sa.Column("subject", sa.String(length=100)),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.String(length=27), nullable=False),
        sa.Column("level_before", sa.Integer(), nullable=False),
        sa.Column("level_after", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["about"], ["standing_decisions.id"], name=op.f("fk_standing_decisions_about")),
        sa.ForeignKeyConstraint(["official"], ["official_accounts.id"], name=op.f("fk_standing_decisions_official")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standing_decisions")),
        sa.UniqueConstraint("about", "act", name=op.f("uq_standing_decisions_about_act")),
        sa.UniqueConstraint("decision_id", name=op.f("uq_standing_decisions_decision_id")),
    )
    op.create_index(op.f("ix_standing_decisions_official"), "standing_decisions", ["official"], unique=False)
    op.add_column("scans", sa.Column("posting_account_id", sa.String(length=200)))
    op.add_column("scans", sa.Column("category", sa.Text()))
    op.add_column("scans", sa.Column("flags", sa.JSON(), server_default="[]", nullable=False))


# --- evidence of claims ----------------------------------------------------------------------------------------------
def _claim_evidence() -> None:
    """Evidence of claims, and whose claim counts."""
    op.create_table(
        "claim_decisions",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("decision_id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("work", _ROW_ID, nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("decided_at", sa.String(length=27), nullable=False),
        sa.Column("reversed_at", sa.String(length=27)),
        sa.Column("reversal_hash", sa.LargeBinary(length=32)),
        sa.Column("reversal_reason", sa.Text()),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_claim_decisions_account_id")),
        sa.ForeignKeyConstraint(["work"], ["works.id"], name=op.f("fk_claim_decisions_work")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_decisions")),
        sa.UniqueConstraint("decision_id", name=op.f("uq_claim_decisions_decision_id")),
        sa.UniqueConstraint("leaf_hash", name=op.f("uq_claim_decisions_leaf_hash")),
        sa.UniqueConstraint("reversal_hash", name=op.f("uq_claim_decisions_reversal_hash")),
    )
    op.create_index(op.f("ix_claim_decisions_account_id"), "claim_decisions", ["account_id"], unique=False)
    op.create_index(op.f("ix_claim_decisions_work"), "claim_decisions", ["work"], unique=False)
    op.create_table(
        "claim_evidence",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("evidence_id", sa.String(length=40), nullable=False),
        sa.Column("work", _ROW_ID, nullable=False),
        sa.Column("item", sa.JSON(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("added_at", sa.String(length=27), nullable=False),
        sa.Column("withdrawn_at", sa.String(length=27)),
        sa.Column("withdrawal_hash", sa.LargeBinary(length=32)),
        sa.ForeignKeyConstraint(["work"], ["works.id"], name=op.f("fk_claim_evidence_work")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_evidence")),
        sa.UniqueConstraint("evidence_id", name=op.f("uq_claim_evidence_evidence_id")),
        sa.UniqueConstraint("leaf_hash", name=op.f("uq_claim_evidence_leaf_hash")),
        sa.UniqueConstraint("withdrawal_hash", name=op.f("uq_claim_evidence_withdrawal_hash")),
    )
    op.create_index(op.f("ix_claim_evidence_work"), "claim_evidence", ["work"], unique=False)
    op.add_column("matches", sa.Column("decided", sa.JSON(none_as_null=True)))


# --- jobs ------------------------------------------------------------------------------------------------------------
def _jobs() -> None:
    """Work that takes long."""
    op.create_table(
        "jobs",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("job_id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("argument", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("progress", sa.Float(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due", sa.Double(), nullable=False),
        sa.Column("holder", sa.String(length=32), nullable=True),
        sa.Column("cancel", sa.Boolean(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("error", sa.JSON(), nullable=True),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("started_at", sa.String(length=27), nullable=True),
        sa.Column("ended_at", sa.String(length=27), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_jobs_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("job_id", name=op.f("uq_jobs_job_id")),
    )
    op.create_index("ix_jobs_account", "jobs", ["account_id", "id"], unique=False)
    op.create_index("ix_jobs_state", "jobs", ["state", "due"], unique=False)
    op.create_table(
        "job_results",
        sa.Column("job", _ROW_ID, autoincrement=False, nullable=False),
        sa.Column("item", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["job"], ["jobs.id"], name=op.f("fk_job_results_job")),
        sa.PrimaryKeyConstraint("job", "item", name=op.f("pk_job_results")),
    )


# --- events ----------------------------------------------------------------------------------------------------------
def _events() -> None:
    """The outbox, webhooks and watches."""
    op.create_table(
        "endpoints",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("endpoint_id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("secrets", sa.JSON(), nullable=False),
        sa.Column("lang", sa.String(length=2), nullable=True),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("failing_since", sa.String(length=27), nullable=True),
        sa.Column("disabled_at", sa.String(length=27), nullable=True),
        sa.Column("disabled_reason", sa.String(length=20), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("due", sa.Double(), nullable=False),
        sa.Column("holder", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_endpoints_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endpoints")),
        sa.UniqueConstraint("endpoint_id", name=op.f("uq_endpoints_endpoint_id")),
    )
    op.create_index("ix_endpoints_account", "endpoints", ["account_id", "id"], unique=False)
    op.create_table(
        "events",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("event_id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_events_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("event_id", name=op.f("uq_events_event_id")),
    )
    op.create_index(op.f("ix_events_created_at"), "events", ["created_at"], unique=False)
    op.create_table(
        "deliveries",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("event", _ROW_ID, nullable=False),
        sa.Column("endpoint", _ROW_ID, nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due", sa.Double(), nullable=False),
        sa.Column("answer", sa.String(length=200), nullable=True),
        sa.Column("attempted_at", sa.String(length=27), nullable=True),
        sa.ForeignKeyConstraint(["endpoint"], ["endpoints.id"], name=op.f("fk_deliveries_endpoint")),
        sa.ForeignKeyConstraint(["event"], ["events.id"], name=op.f("fk_deliveries_event")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("endpoint", "event", name=op.f("uq_deliveries_endpoint_event")),
    )
    op.create_index(op.f("ix_deliveries_event"), "deliveries", ["event"], unique=False)
    op.create_index("ix_deliveries_state", "deliveries", ["endpoint", "state", "id"], unique=False)
    op.create_index("ix_deliveries_subject", "deliveries", ["endpoint", "state", "subject", "id"], unique=False)
    op.create_table(
        "watches",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("watch_id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("endpoint", _ROW_ID, nullable=False),
        sa.Column("work_ids", sa.JSON(), nullable=False),
        sa.Column("verdicts", sa.JSON(), nullable=False),
        sa.Column("coverage", sa.Float(), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_watches_account_id")),
        sa.ForeignKeyConstraint(["endpoint"], ["endpoints.id"], name=op.f("fk_watches_endpoint")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watches")),
        sa.UniqueConstraint("watch_id", name=op.f("uq_watches_watch_id")),
    )
    op.create_index("ix_watches_account", "watches", ["account_id", "id"], unique=False)
    op.create_index(op.f("ix_watches_endpoint"), "watches", ["endpoint"], unique=False)
