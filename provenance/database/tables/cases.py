"""Complaints: cases with their steps, the parties to them, and what parties are told.

What a step says stands in the openings of its entry (`ledger.openings`): ``facts`` for good, ``said`` until the party
who said it is erased.
"""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from .base import Bytes, Json, RowId, metadata

cases = Table(
    "cases",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("case_id", String(40), nullable=False, unique=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),  # the platform that decides
    Column("sender", ForeignKey("accounts.id")),  # whose key sent the notice; null: nobody's
    Column("regime", String(40), nullable=False),
    Column("state", String(20), nullable=False),
    Column("steps", Integer, nullable=False),  # number of the last one
    Column("work", ForeignKey("works.id")),
    Column("sighting_id", String(40), index=True),  # may be gone by now
    Column("subject", Bytes(32), nullable=False, index=True),  # SHA-256 of work and addresses: what repeats agree in
    Column("repeats", ForeignKey("cases.id"), index=True),
    Column("finding", String(20)),  # founded | unfounded | misuse
    Column("assignee", String(100)),
    Column("assignee_name", String(200)),
    # The clock that runs, one at a time: from when this program acts by it, if it does, and when it has run out; UTC.
    Column("clock", String(20)),
    Column("acts_at", String(27), index=True),
    Column("due", String(27), index=True),
    Column("filed_at", String(27), nullable=False),
    Column("changed_at", String(27), nullable=False),
    Column("published_at", String(27)),  # since when the public register has it
    Column("closed_at", String(27)),
    Index("ix_cases_account", "account_id", "state", "id"),
    Index("ix_cases_sender", "sender", "filed_at"),
    Index("ix_cases_work", "work", "filed_at"),
    Index("ix_cases_filed_at", "filed_at"),
    Index("ix_cases_changed_at", "changed_at", "id"),
)

case_addresses = Table(
    "case_addresses",
    metadata,
    Column("case", ForeignKey("cases.id"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),  # from 0
    Column("key", Bytes(32), nullable=False),  # `scans.sightings.key_of` the url
    Column("url", Text, nullable=False),
    Index("ix_case_addresses_key", "key"),
)

# Who complains and who has posted, one of each a case.
case_parties = Table(
    "case_parties",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("party_id", String(40), nullable=False, unique=True),
    Column("case", ForeignKey("cases.id"), nullable=False),
    Column("role", String(10), nullable=False),  # notifier | poster
    Column("account_id", ForeignKey("accounts.id"), index=True),  # who sees the case by a key of this account
    Column("posting_account_id", String(200)),  # of a poster, as the platform names its account
    Column("key", Bytes(32)),  # the same for one person in every case of a platform; null: not known, or erased
    Column("person", Json(dict), nullable=False),  # schemas.notice.Person; empty once erased
    Column("lang", String(2), nullable=False),  # of letters: en | zh
    Column("confirmed_at", String(27)),  # when the mail address was shown to be theirs
    Column("erased_at", String(27)),
    UniqueConstraint("case", "role"),
    Index("ix_case_parties_key", "key", "id"),
)

# Never changed, never deleted.
case_steps = Table(
    "case_steps",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("step_id", String(40), nullable=False, unique=True),
    Column("case", ForeignKey("cases.id"), nullable=False),
    Column("number", Integer, nullable=False),  # 1, 2, ...: of two people at once one is refused
    Column("name", String(30), nullable=False),  # of `cases.transitions`
    Column("state", String(20), nullable=False),  # that it leads to
    Column("actor", String(10), nullable=False),  # notifier | poster | staff | service
    Column("party", ForeignKey("case_parties.id")),
    Column("reviewer", String(100)),  # of staff
    Column("reviewer_name", String(200)),
    Column("at", String(27), nullable=False),
    Column("leaf_hash", Bytes(32), nullable=False, unique=True),
    UniqueConstraint("case", "number"),
)

case_files = Table(
    "case_files",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("file_id", String(40), nullable=False, unique=True),
    Column("step", ForeignKey("case_steps.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("digest", Bytes(32), nullable=False),
    Column("sealed", Bytes),  # encrypted; null: only the digest is kept, or its party was erased
)

# The outbox: one letter a step and party it tells, written in the step's transaction.
case_letters = Table(
    "case_letters",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("letter_id", String(40), nullable=False, unique=True),
    Column("step", ForeignKey("case_steps.id"), nullable=False),
    Column("party", ForeignKey("case_parties.id"), nullable=False),
    Column("state", String(20), nullable=False),  # pending | sent | dead | unaddressed
    Column("attempts", Integer, nullable=False),
    # When a worker may take it, Unix time by the database's clock: of one that is being sent the end of its lease.
    Column("due", Double, nullable=False),
    Column("holder", String(32)),
    Column("answer", String(200)),  # to the last attempt
    Column("attempted_at", String(27)),
    UniqueConstraint("step", "party"),
    Index("ix_case_letters_state", "state", "due"),
)

# Secret links by which a party comes back.
case_links = Table(
    "case_links",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("party", ForeignKey("case_parties.id"), nullable=False, index=True),
    Column("purpose", String(20), nullable=False),  # confirm | case
    Column("hash", Bytes(32), nullable=False, unique=True),  # SHA-256 of the secret
    Column("created_at", String(27), nullable=False),
    Column("expires_at", String(27), nullable=False),
    Column("used_at", String(27)),  # of one that is good for one use
)

# What was decided against a party for misuse, each by a step of the case that showed it.
case_measures = Table(
    "case_measures",
    metadata,
    Column("step", ForeignKey("case_steps.id"), primary_key=True, autoincrement=False),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("key", Bytes(32), nullable=False),  # of the party
    Column("act", String(10), nullable=False),  # warn | suspend | lift
    Column("until", String(27)),  # of a suspension
    Index("ix_case_measures_key", "account_id", "key", "step"),
)
