"""Review: what waits for a person, what was decided by whom, what the poster was told, what stays down."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Double, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint, text

from .base import Bytes, Json, RowId, metadata

# What waits for a person, or did: a post that an action holds or asks about. One open item a post and platform.
review_items = Table(
    "review_items",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("item_id", String(40), nullable=False, unique=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),  # the platform's
    Column("post", Bytes(32), nullable=False),  # `scans.sightings.post_key`
    Column("scan", ForeignKey("scans.id"), nullable=False, index=True),  # the newest of the post
    Column("queue", String(60), nullable=False),
    Column("state", String(10), nullable=False),  # waiting | decided | settled
    Column("created_at", String(27), nullable=False),
    Column("closed_at", String(27)),
    # Who looks at it now: a token that is new with every taking, and until when, Unix time by the database's clock.
    Column("reviewer", String(100)),
    Column("reviewer_name", String(200)),
    Column("lease", String(32)),
    Column("lease_until", Double),
    Index("ix_review_items_state", "account_id", "state", "queue", "id"),
    Index(
        "ix_review_items_open",
        "account_id",
        "post",
        unique=True,
        sqlite_where=text("closed_at IS NULL"),
        postgresql_where=text("closed_at IS NULL"),
    ),
)

# Items that a reviewer is not offered again: skipped, or proposed or passed on by that reviewer.
review_skips = Table(
    "review_skips",
    metadata,
    Column("item", ForeignKey("review_items.id"), primary_key=True, autoincrement=False),
    Column("reviewer", String(100), primary_key=True),
    Column("skipped_at", String(27), nullable=False),
)

review_comments = Table(
    "review_comments",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("comment_id", String(40), nullable=False, unique=True),
    Column("item", ForeignKey("review_items.id"), nullable=False, index=True),
    Column("reviewer", String(100), nullable=False),
    Column("reviewer_name", String(200), nullable=False),
    Column("text", Text, nullable=False),
    Column("created_at", String(27), nullable=False),
)

# How a platform runs a queue; one that has no row is open to all of its reviewers.
review_queues = Table(
    "review_queues",
    metadata,
    Column("account_id", ForeignKey("accounts.id"), primary_key=True),
    Column("name", String(60), primary_key=True),
    Column("reviewers", Json(list), nullable=False),  # ids or labels of API keys; empty: all
    Column("second_opinion", String(10)),  # never | restrict | always; none: as the setting says
)

# Never changed and never deleted: a later one of the same subject takes its place.
decisions = Table(
    "decisions",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("decision_id", String(40), nullable=False, unique=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("subject_kind", String(20), nullable=False),  # scan | match | standing | claim | ...
    Column("subject_id", String(100), nullable=False),
    Column("number", Integer, nullable=False),  # 1, 2, ... of the subject: of two people at once one is refused
    # Of a scan: what tells the same post and content when it is scanned again.
    Column("post", Bytes(32)),
    Column("digest", Bytes(32)),
    Column("item", ForeignKey("review_items.id"), index=True),
    Column("outcome", String(20), nullable=False),
    Column(
        "final", Boolean, nullable=False
    ),  # not so of a proposal that waits for a second opinion, and of an escalation
    Column("automated", Boolean, nullable=False),
    Column("reviewer", String(100)),
    Column("reviewer_name", String(200)),
    Column("reason", String(60), nullable=False),
    Column("note", Text),
    Column("terms", Json(dict), nullable=False),  # territory, until, ground, source
    Column("supersedes", ForeignKey("decisions.id"), unique=True),
    Column("decided_at", String(27), nullable=False),
    UniqueConstraint("account_id", "subject_kind", "subject_id", "number"),
    Index("ix_decisions_account", "account_id", "id"),
    Index("ix_decisions_post", "account_id", "post"),
)

# What the poster of a restricted post was told, as it was told then.
statements_of_reasons = Table(
    "statements_of_reasons",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("statement_id", String(40), nullable=False, unique=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("decision", ForeignKey("decisions.id"), nullable=False, unique=True),
    Column("record", Json(dict), nullable=False),
    Column("appeal_until", String(10), nullable=False),  # until then what it rests on is kept
    Column("made_at", String(27), nullable=False),
    Index("ix_statements_of_reasons_account", "account_id", "id"),
)

# Confirmed cases: the same bytes, or posts that show a work, stay down.
stay_down = Table(
    "stay_down",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("stay_down_id", String(40), nullable=False, unique=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("digest", Bytes(32)),  # one of these two
    Column("work", ForeignKey("works.id")),
    Column("coverage", Double, nullable=False),  # least share of the work that a match must show
    Column("decision", ForeignKey("decisions.id"), index=True),  # that confirmed the case
    Column("reason", String(60), nullable=False),
    Column("note", Text),
    Column("except_accounts", Json(list), nullable=False),
    Column("except_works", Json(list), nullable=False),
    Column("created_at", String(27), nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("expires_at", String(27)),
    Column("ended_at", String(27)),
    Index("ix_stay_down_digest", "account_id", "digest"),
    Index("ix_stay_down_work", "account_id", "work"),
)
