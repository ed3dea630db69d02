"""Sound and film: what is known of a file that was scanned, files that jobs read. Complaints"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _facts_of_files()
    _job_inputs()
    _cases()


def downgrade() -> None:
    raise NotImplementedError("an older version does not know what this one records: restore a backup instead")


def _facts_of_files() -> None:
    """What is known of the files that were scanned: how long they are, how much of them was read."""
    op.add_column("scans", sa.Column("file_facts", sa.JSON(), server_default="{}", nullable=False))
    op.add_column("parts", sa.Column("facts", sa.JSON(), server_default="{}", nullable=False))


def _job_inputs() -> None:
    """The files that a job reads, piece by piece."""
    op.create_table(
        "job_inputs",
        sa.Column("job", _ROW_ID, autoincrement=False, nullable=False),
        sa.Column("file", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["job"], ["jobs.id"], name=op.f("fk_job_inputs_job")),
        sa.PrimaryKeyConstraint("job", "file", "number", name=op.f("pk_job_inputs")),
    )


# --- cases -----------------------------------------------------------------------------------------------------------
def _cases() -> None:
    """Complaints: cases, their parties and steps, what parties are told."""
    _case_table()
    _case_parties()
    _case_steps()
    _beside_case_steps()


def _case_table() -> None:
    op.create_table(
        "cases",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("case_id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("sender", sa.String(length=40)),
        sa.Column("regime", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("work", _ROW_ID),
        sa.Column("sighting_id", sa.String(length=40)),
        sa.Column("subject", sa.LargeBinary(length=32), nullable=False),
        sa.Column("repeats", _ROW_ID),
        sa.Column("finding", sa.String(length=20)),
        sa.Column("assignee", sa.String(length=100)),
        sa.Column("assignee_name", sa.String(length=200)),
        sa.Column("clock", sa.String(length=20)),
        sa.Column("acts_at", sa.String(length=27)),
        sa.Column("due", sa.String(length=27)),
        sa.Column("filed_at", sa.String(length=27), nullable=False),
        sa.Column("changed_at", sa.String(length=27), nullable=False),
        sa.Column("published_at", sa.String(length=27)),
        sa.Column("closed_at", sa.String(length=27)),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_cases_account_id")),
        sa.ForeignKeyConstraint(["repeats"], ["cases.id"], name=op.f("fk_cases_repeats")),
        sa.ForeignKeyConstraint(["sender"], ["accounts.id"], name=op.f("fk_cases_sender")),
        sa.ForeignKeyConstraint(["work"], ["works.id"], name=op.f("fk_cases_work")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint("case_id", name=op.f("uq_cases_case_id")),
    )
    op.create_index("ix_cases_account", "cases", ["account_id", "state", "id"], unique=False)
    op.create_index(op.f("ix_cases_acts_at"), "cases", ["acts_at"], unique=False)
    op.create_index(op.f("ix_cases_due"), "cases", ["due"], unique=False)
    op.create_index("ix_cases_changed_at", "cases", ["changed_at", "id"], unique=False)
    op.create_index("ix_cases_filed_at", "cases", ["filed_at"], unique=False)
    op.create_index(op.f("ix_cases_repeats"), "cases", ["repeats"], unique=False)
    op.create_index("ix_cases_sender", "cases", ["sender", "filed_at"], unique=False)
    op.create_index(op.f("ix_cases_sighting_id"), "cases", ["sighting_id"], unique=False)
    op.create_index(op.f("ix_cases_subject"), "cases", ["subject"], unique=False)
    op.create_index("ix_cases_work", "cases", ["work", "filed_at"], unique=False)
    op.create_table(
        "case_addresses",
        sa.Column("case", _ROW_ID, autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_case_addresses_case")),
        sa.PrimaryKeyConstraint("case", "number", name=op.f("pk_case_addresses")),
    )
    op.create_index("ix_case_addresses_key", "case_addresses", ["key"], unique=False)


def _case_parties() -> None:
    op.create_table(
        "case_parties",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("party_id", sa.String(length=40), nullable=False),
        sa.Column("case", _ROW_ID, nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("account_id", sa.String(length=40)),
        sa.Column("posting_account_id", sa.String(length=200)),
        sa.Column("key", sa.LargeBinary(length=32)),
        sa.Column("person", sa.JSON(), nullable=False),
        sa.Column("lang", sa.String(length=2), nullable=False),
        sa.Column("confirmed_at", sa.String(length=27)),
        sa.Column("erased_at", sa.String(length=27)),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_case_parties_account_id")),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_case_parties_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_parties")),
        sa.UniqueConstraint("case", "role", name=op.f("uq_case_parties_case_role")),
        sa.UniqueConstraint("party_id", name=op.f("uq_case_parties_party_id")),
    )
    op.create_index(op.f("ix_case_parties_account_id"), "case_parties", ["account_id"], unique=False)
    op.create_index("ix_case_parties_key", "case_parties", ["key", "id"], unique=False)
    op.create_table(
        "case_links",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("party", _ROW_ID, nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("expires_at", sa.String(length=27), nullable=False),
        sa.Column("used_at", sa.String(length=27)),
        sa.ForeignKeyConstraint(["party"], ["case_parties.id"], name=op.f("fk_case_links_party")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_links")),
        sa.UniqueConstraint("hash", name=op.f("uq_case_links_hash")),
    )
    op.create_index(op.f("ix_case_links_party"), "case_links", ["party"], unique=False)


def _case_steps() -> None:
    op.create_table(
        "case_steps",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("step_id", sa.String(length=40), nullable=False),
        sa.Column("case", _ROW_ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=30), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("actor", sa.String(length=10), nullable=False),
        sa.Column("party", _ROW_ID),
        sa.Column("reviewer", sa.String(length=100)),
        sa.Column("reviewer_name", sa.String(length=200)),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_case_steps_case")),
        sa.ForeignKeyConstraint(["party"], ["case_parties.id"], name=op.f("fk_case_steps_party")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_steps")),
        sa.UniqueConstraint("case", "number", name=op.f("uq_case_steps_case_number")),
        sa.UniqueConstraint("leaf_hash", name=op.f("uq_case_steps_leaf_hash")),
        sa.UniqueConstraint("step_id", name=op.f("uq_case_steps_step_id")),
    )


def _beside_case_steps() -> None:
    op.create_table(
        "case_files",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("file_id", sa.String(length=40), nullable=False),
        sa.Column("step", _ROW_ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary()),
        sa.ForeignKeyConstraint(["step"], ["case_steps.id"], name=op.f("fk_case_files_step")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_files")),
        sa.UniqueConstraint("file_id", name=op.f("uq_case_files_file_id")),
    )
    op.create_index(op.f("ix_case_files_step"), "case_files", ["step"], unique=False)
    op.create_table(
        "case_letters",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("letter_id", sa.String(length=40), nullable=False),
        sa.Column("step", _ROW_ID, nullable=False),
        sa.Column("party", _ROW_ID, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due", sa.Double(), nullable=False),
        sa.Column("holder", sa.String(length=32)),
        sa.Column("answer", sa.String(length=200)),
        sa.Column("attempted_at", sa.String(length=27)),
        sa.ForeignKeyConstraint(["party"], ["case_parties.id"], name=op.f("fk_case_letters_party")),
        sa.ForeignKeyConstraint(["step"], ["case_steps.id"], name=op.f("fk_case_letters_step")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_letters")),
        sa.UniqueConstraint("letter_id", name=op.f("uq_case_letters_letter_id")),
        sa.UniqueConstraint("step", "party", name=op.f("uq_case_letters_step_party")),
    )
    op.create_index("ix_case_letters_state", "case_letters", ["state", "due"], unique=False)
    op.create_table(
        "case_measures",
        sa.Column("step", _ROW_ID, autoincrement=False, nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("act", sa.String(length=10), nullable=False),
        sa.Column("until", sa.String(length=27)),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_case_measures_account_id")),
        sa.ForeignKeyConstraint(["step"], ["case_steps.id"], name=op.f("fk_case_measures_step")),
        sa.PrimaryKeyConstraint("step", name=op.f("pk_case_measures")),
    )
    op.create_index("ix_case_measures_key", "case_measures", ["account_id", "key", "step"], unique=False)
