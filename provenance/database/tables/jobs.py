"""Work that takes long, and what accounts are told of: the outbox, where it is sent, and what came of that."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from .base import Bytes, Json, RowId, metadata

jobs = Table(
    "jobs",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("job_id", String(40), nullable=False, unique=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("argument", Bytes),  # JSON; not there before all its files are, nor when the job has ended
    Column("state", String(10), nullable=False),  # queued | running | done | failed | cancelled
    Column("progress", Float, nullable=False),
    Column("attempts", Integer, nullable=False),
    # When a worker may take it, Unix time by the database's clock: of a running one that is the end of its lease.
    Column("due", Double, nullable=False),
    Column("holder", String(32)),
    Column("cancel", Boolean, nullable=False),  # somebody wants it to end
    Column("result", Json(none_as_null=True)),
    Column("error", Json(none_as_null=True)),
    Column("created_at", String(27), nullable=False),
    Column("started_at", String(27)),
    Column("ended_at", String(27)),
    Index("ix_jobs_account", "account_id", "id"),
    Index("ix_jobs_state", "state", "due"),
)

# What became of each item of a batch, saved in groups: an attempt goes on where the one before it ended.
job_results = Table(
    "job_results",
    metadata,
    Column("job", ForeignKey("jobs.id"), primary_key=True, autoincrement=False),
    Column("item", Integer, primary_key=True, autoincrement=False),
    Column("data", Json(dict), nullable=False),
)

# The files that a job reads, in pieces; gone when it has ended.
job_inputs = Table(
    "job_inputs",
    metadata,
    Column("job", ForeignKey("jobs.id"), primary_key=True, autoincrement=False),
    Column("file", Integer, primary_key=True, autoincrement=False),  # from 0
    Column("number", Integer, primary_key=True, autoincrement=False),  # from 0
    Column("data", Bytes, nullable=False),
)

# The file that a job writes, in pieces of whole lines: an attempt goes on after the last one.
job_files = Table(
    "job_files",
    metadata,
    Column("job", ForeignKey("jobs.id"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),  # from 0
    Column("data", Text, nullable=False),
    Column("items", Integer, nullable=False),  # of the list, that are in it
    Column("after", BigInteger),  # cursor of the list that is written; null: all of it is
)

# Where an account is told: an address that webhooks go to, or a mailbox.
endpoints = Table(
    "endpoints",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("endpoint_id", String(40), nullable=False, unique=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("kind", String(10), nullable=False),  # webhook | mail
    Column("address", Text, nullable=False),
    Column("events", Json(list), nullable=False),  # that are told without a watch
    Column("secrets", Json(list), nullable=False),  # of signatures, newest first: {"secret", "until"}
    Column("lang", String(2)),  # of mail: en | zh
    Column("created_at", String(27), nullable=False),
    Column("failing_since", String(27)),
    Column("disabled_at", String(27)),
    Column("disabled_reason", String(20)),  # failing | gone
    Column("failures", Integer, nullable=False),  # attempts in a row that did not reach it
    # When a worker may take it, Unix time by the database's clock: the end of a lease, or of a pause after a failure.
    Column("due", Double, nullable=False),
    Column("holder", String(32)),
    Index("ix_endpoints_account", "account_id", "id"),
)

# Which sightings of its works a rights holder is told of, and where.
watches = Table(
    "watches",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("watch_id", String(40), nullable=False, unique=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("endpoint", ForeignKey("endpoints.id"), nullable=False, index=True),
    Column("work_ids", Json(list), nullable=False),  # empty: every work
    Column("verdicts", Json(list), nullable=False),  # empty: every verdict
    Column("coverage", Float, nullable=False),  # of the work or of the upload, at least
    Column("created_at", String(27), nullable=False),
    Index("ix_watches_account", "account_id", "id"),
)

# The outbox: written in the transaction of what happened.
events = Table(
    "events",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("event_id", String(40), nullable=False, unique=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("event", String(40), nullable=False),
    Column("data", Json(dict), nullable=False),
    Column("created_at", String(27), nullable=False, index=True),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("event", ForeignKey("events.id"), nullable=False, index=True),
    Column("endpoint", ForeignKey("endpoints.id"), nullable=False),
    Column("subject", String(80), nullable=False),  # events of one subject are delivered one after the other
    Column("state", String(10), nullable=False),  # pending | delivered | dead
    Column("attempts", Integer, nullable=False),
    Column("due", Double, nullable=False),  # Unix time by the database's clock
    Column("answer", String(200)),  # to the last attempt: an HTTP status, or what kept it from coming
    Column("attempted_at", String(27)),
    UniqueConstraint("endpoint", "event"),
    Index("ix_deliveries_state", "endpoint", "state", "id"),
    Index("ix_deliveries_subject", "endpoint", "state", "subject", "id"),
)
