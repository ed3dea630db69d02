"""Scans, what they found, and where works were seen."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from .base import Bytes, Json, RowId, metadata

# With its matches, all that was answered: `scans.records` puts the answer together again.
scans = Table(
    "scans",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("scan_id", String(40), nullable=False, unique=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("external_id", Text),
    Column("path", Json(none_as_null=True)),  # a file's name need not be Unicode, which no database text can hold
    Column("digest", Bytes(32)),
    Column("medium", String(10)),
    Column("status", String(20), nullable=False),
    Column("reason", String(40)),
    Column("file_facts", Json(dict), nullable=False, server_default="{}"),  # as answered; of a post its parts have them
    Column("verdict", String(20), nullable=False),
    Column("post_url", Text),
    Column("posting_account", Text),
    Column("posting_account_id", String(200)),
    Column("category", Text),
    Column("flags", Json(list), nullable=False, server_default="[]"),
    Column("log_size", BigInteger, nullable=False),
    Column("scanned_at", String(27), nullable=False, index=True),
    # What the platform's policy decided, and on what (`policy.facts`); empty of scans of before there were policies.
    Column("action", String(20)),
    Column("rule", String(60)),
    Column("reason_code", String(40)),
    Column("policy_version", String(40)),
    Column("queue", String(60)),
    Column("note", Json(dict, none_as_null=True)),
    Column("facts", Json(dict, none_as_null=True)),
    Column("post", Bytes(32)),  # `scans.sightings.post_key`; empty of scans of before there was a queue
    Index("ix_scans_account", "account_id", "id"),
    Index("ix_scans_post", "account_id", "post"),
)

# What a post is made of; an upload that is one file or one text has no rows here.
parts = Table(
    "parts",
    metadata,
    Column("scan", ForeignKey("scans.id"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),  # from 0, in the order of the answer
    Column("name", Text, nullable=False),
    Column("medium", String(10)),
    Column("status", String(20), nullable=False),
    Column("reason", String(40)),
    Column("facts", Json(dict), nullable=False, server_default="{}"),
    Column("verdict", String(20), nullable=False),
    Column("digest", Bytes(32)),
    Column("error", Json(none_as_null=True)),
)

# A work seen in a post: told to the work's account. Every scan of the post that finds the work is a match of it.
sightings = Table(
    "sightings",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("sighting_id", String(40), nullable=False, unique=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),  # the platform that reported it
    Column("post", Bytes(32), nullable=False),  # `scans.sightings.post_key`
    Column("work", ForeignKey("works.id"), nullable=False),
    UniqueConstraint("account_id", "post", "work"),
    Index("ix_sightings_work", "work", "id"),
)

# A work found in an upload, or in one part of a post.
matches = Table(
    "matches",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("sighting", ForeignKey("sightings.id"), nullable=False),
    Column("scan", ForeignKey("scans.id"), nullable=False),
    Column("part", Integer, nullable=False),  # its number; 0 where the upload is no post
    Column("rank", Integer, nullable=False),  # 0 is the surest match of its scan
    Column("work", ForeignKey("works.id"), nullable=False),
    Column("verdict", String(20), nullable=False),
    Column("score", Float, nullable=False),
    Column("coverage_upload", Float, nullable=False),
    Column("coverage_work", Float, nullable=False),
    Column("common", Float, nullable=False),
    Column("segments", Json(list), nullable=False),
    Column("transform", Json(dict), nullable=False),
    Column("reuse", String(20)),
    Column("marking", Json(dict), nullable=False),  # empty once the work is erased: the report quotes names
    Column("permission", Json(dict), nullable=False),
    Column("decided", Json(none_as_null=True)),  # the decision whose claim counts that it fell under
    Column("competing", Json(list), nullable=False),  # public ids of the works that claimed the same content then
    Column("passages", Json(list), nullable=False),  # of a text, what the upload says there (`scans.passages`)
    # The work as it was shown then; empty once it is erased. Its own id is shown to its own account only.
    Column("external_id", Text),
    Column("title", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("credit_line", Text),  # likewise
    UniqueConstraint("scan", "rank"),
    UniqueConstraint("scan", "part", "work"),
    Index("ix_matches_work", "work", "id"),
    Index("ix_matches_sighting", "sighting", "id"),
)

# Small copies of matched picture uploads (`evidence`).
previews = Table(
    "previews",
    metadata,
    Column("scan", ForeignKey("scans.id"), primary_key=True, autoincrement=False),
    Column("part", Integer, primary_key=True, autoincrement=False),  # as in `matches`
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("data", Bytes, nullable=False),
)
