"""The tables. Times are ISO 8601 UTC text of fixed width, so that both databases sort them alike.

The log's own order is the only order: a registration becomes visible to matching when its entry has an index, a
withdrawal likewise, so ``entries.idx`` is also the change sequence that every index follows.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Dialect,
    Double,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Bytes(LargeBinary):
    """Bytes that the drivers take as they are: wrapping each in a buffer took a tenth of a large registration."""

    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> None:
        return None

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        if dialect.name == "sqlite":
            return _stored_bytes
        processor: Callable[[Any], Any] | None = super().result_processor(dialect, coltype)  # type: ignore[no-untyped-call]
        return processor


def _stored_bytes(value: Any) -> bytes | None:
    """SQLite keeps what it is given: text where bytes belong is other bytes than were signed, and breaks no answer."""
    return value if value is None or isinstance(value, bytes) else str(value).encode("utf-8", "replace")


class Json(TypeDecorator[Any]):
    """JSON of one kind. What cannot be read, or is of another kind, reads as an empty one.

    So an edited row may be damaged itself, and keeps no answer from others; that it says otherwise than the log is
    found.
    """

    impl = JSON
    cache_ok = True

    def __init__(self, kind: type = object, **options: Any) -> None:
        """
        Args:
            kind: dict, list, or object for any; an unreadable value of any kind is None.
        """
        super().__init__(**options)
        self.kind = kind

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        decode = super().result_processor(dialect, coltype)
        kind = self.kind

        def read(value: Any) -> Any:
            try:
                found = value if decode is None else decode(value)
            except (ValueError, TypeError, RecursionError):
                found = None
            if value is None or isinstance(found, kind) or kind is object:
                return found
            return kind()

        return read


# SQLite gives row ids only to INTEGER; PostgreSQL should have 64 bits.
RowId = BigInteger().with_variant(Integer, "sqlite")


def owner_key(owner: str) -> str:
    """An owner's name without differences of width and case."""
    return unicodedata.normalize("NFKC", owner).casefold().strip()


def now() -> str:
    """The present instant as every table stores it: 2026-01-31T12:00:00.000000Z."""
    return stamp(datetime.now(UTC))


def stamp(moment: datetime) -> str:
    """An instant in UTC as every table stores it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


# --- accounts and keys -------------------------------------------------------------------------------------------
accounts = Table(
    "accounts",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("kind", String(20), nullable=False),  # producer | platform | rights_holder | administrator
    Column("default_owner", String(500)),
    Column("created_at", String(27), nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("label", String(200), nullable=False),
    Column("secret_hash", Bytes(32), nullable=False, unique=True),  # SHA-256 of 256 random bits
    Column("scopes", Json(list), nullable=False),
    Column("created_at", String(27), nullable=False),
    Column("revoked_at", String(27)),
)

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("keyid", String(64), primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("public_key", Bytes(32), nullable=False),
    Column("custody", String(20), nullable=False),  # producer | service
    Column("created_at", String(27), nullable=False),
    # As the log has it; the sequencer writes these with the entry.
    Column("enrolled_index", BigInteger),
    Column("revoked_index", BigInteger),
    Column("predecessor", String(64)),
    Column("recovery", String(64)),
)

# --- the ledger --------------------------------------------------------------------------------------------------
log_state = Table(
    "log_state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # always 1: the row the sequencer locks
    Column("origin", String(500), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("root", Bytes(32), nullable=False),
    Column("frontier", Bytes, nullable=False),
    Column("keys_index", BigInteger),  # of the newest log-key entry, none while the first keys are in force
    Column("claims_size", BigInteger, nullable=False),  # competing claims are recorded for entries below this
    # From this index on the ids of works follow from their entries; before, they were drawn by lot.
    Column("ids_from", BigInteger, nullable=False, server_default="0"),
)

pending_entries = Table(
    "pending_entries",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("leaf", Bytes, nullable=False),
    Column("leaf_hash", Bytes(32), nullable=False, unique=True),
    Column("kind", String(40), nullable=False),
    Column("keyid", String(64), nullable=False),
    Column("created_at", String(27), nullable=False),
    Column("refused", Text),  # why the sequencer will never take it
)

entries = Table(
    "entries",
    metadata,
    Column("idx", BigInteger, primary_key=True, autoincrement=False),
    Column("leaf", Bytes, nullable=False),
    Column("leaf_hash", Bytes(32), nullable=False, unique=True),
    Column("kind", String(40), nullable=False),
    Column("keyid", String(64), nullable=False),
    Column("integrated_at", String(27), nullable=False),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("root", Bytes(32), nullable=False),
    Column("frontier", Bytes, nullable=False),
    Column("note", Bytes, nullable=False),
    Column("created_at", String(27), nullable=False),
)

# RFC 3161 time-stamps over the exact bytes of published checkpoints.
timestamps = Table(
    "timestamps",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("note", Bytes, nullable=False),
    Column("token", Bytes, nullable=False),
    Column("created_at", String(27), nullable=False),
)

# Salts and records behind the commitments in the log: the erasable part.
openings = Table(
    "openings",
    metadata,
    Column("leaf_hash", Bytes(32), primary_key=True),
    Column("name", String(40), primary_key=True),
    Column("salt", Bytes(32), nullable=False),
    Column("record", Json(), nullable=False),
)

# --- works -------------------------------------------------------------------------------------------------------
works = Table(
    "works",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("work_id", String(40), nullable=False, unique=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("external_id", String(500)),
    # SHA-256 of account, owner and content digest; empty once withdrawn, so that the work can be registered again.
    Column("identity", Bytes(32), unique=True),
    Column("digest", Bytes(32), nullable=False, index=True),
    Column("medium", String(10), nullable=False),  # text | image | audio | video | sealed
    Column("reason", String(40)),  # why only exact copies can be found, if so
    Column("title", Text, nullable=False),
    Column("owner", Text, nullable=False),
    # The owner as look-ups compare it: databases fold case differently, so it is folded here.
    Column("owner_key", String(1000), nullable=False, index=True),
    Column("claim", Json(dict), nullable=False),
    Column("opens", String(40)),  # public id of the sealed work that this one opens
    Column("leaf_hash", Bytes(32), nullable=False, unique=True),
    # Of the newest entry that amends or transfers the work: the present claim stands there, else in the registration.
    Column("amendment_hash", Bytes(32)),
    Column("withdrawal_hash", Bytes(32), unique=True),
    Column("registered_at", String(27), nullable=False),
    Column("withdrawn_at", String(27)),
    Column("erased_at", String(27)),  # claim, salts and fingerprint are gone; the log's entry stays
    Column("erasure_hash", Bytes(32)),
    Index("ix_works_account", "account_id", "id"),
    Index("ix_works_amendment_hash", "amendment_hash", unique=True),
    Index("ix_works_erasure_hash", "erasure_hash", unique=True),
)

# Erased works that the database's files may still hold (`works.erasure`).
unfinished_erasures = Table(
    "unfinished_erasures",
    metadata,
    Column("work", ForeignKey("works.id"), primary_key=True, autoincrement=False),
)

# Statements prepared for their owners to sign; gone when the signed form comes back, or after a day.
prepared_statements = Table(
    "prepared_statements",
    metadata,
    Column("statement_hash", Bytes(32), primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("identity", Bytes(32), nullable=False),
    Column("claim", Json(dict), nullable=False),
    Column("fingerprint", Bytes, nullable=False),
    Column("created_at", String(27), nullable=False, index=True),
)

# One row an algorithm: what was committed to in the log stays, a newer algorithm's has a row beside it. `data` and
# `detail` together are `Fingerprint.to_bytes`; apart, because an index needs no detail.
fingerprints = Table(
    "fingerprints",
    metadata,
    Column("work", ForeignKey("works.id"), primary_key=True, autoincrement=False),
    Column("algorithm", String(60), primary_key=True),
    Column("data", Bytes, nullable=False),
    Column("detail", Bytes, nullable=False),
)

competing_claims = Table(
    "competing_claims",
    metadata,
    Column("work", ForeignKey("works.id"), primary_key=True, autoincrement=False),
    Column("earlier", ForeignKey("works.id"), primary_key=True, autoincrement=False),
    Column("score", Float, nullable=False),
    Column("coverage_work", Float, nullable=False),
    Column("coverage_earlier", Float, nullable=False),
    Index("ix_competing_claims_earlier", "earlier"),
)

# What an owner allows beside the licence (`grants`); the terms are committed to in the log.
grants = Table(
    "grants",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("grant_id", String(40), nullable=False, unique=True),
    Column("work", ForeignKey("works.id"), nullable=False, index=True),
    Column("terms", Json(dict), nullable=False),
    Column("leaf_hash", Bytes(32), nullable=False, unique=True),
    Column("given_at", String(27), nullable=False),
    Column("revoked_at", String(27)),
    Column("revocation_hash", Bytes(32), unique=True),
)

# --- scans -------------------------------------------------------------------------------------------------------
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
    Column("verdict", String(20), nullable=False),
    Column("post_url", Text),
    Column("posting_account", Text),
    Column("log_size", BigInteger, nullable=False),
    Column("scanned_at", String(27), nullable=False),
    Index("ix_scans_account", "account_id", "id"),
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

# A work found in an upload.
matches = Table(
    "matches",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("sighting", ForeignKey("sightings.id"), nullable=False),
    Column("scan", ForeignKey("scans.id"), nullable=False),
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
    Column("competing", Json(list), nullable=False),  # public ids of the works that claimed the same content then
    Column("passages", Json(list), nullable=False),  # of a text, what the upload says there (`scans.passages`)
    # The work as it was shown then; empty once it is erased. Its own id is shown to its own account only.
    Column("external_id", Text),
    Column("title", Text, nullable=False),
    Column("owner", Text, nullable=False),
    UniqueConstraint("scan", "rank"),
    UniqueConstraint("scan", "work"),
    Index("ix_matches_work", "work", "id"),
    Index("ix_matches_sighting", "sighting", "id"),
)

# Small copies of matched picture uploads (`evidence`).
previews = Table(
    "previews",
    metadata,
    Column("scan", ForeignKey("scans.id"), primary_key=True, autoincrement=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("data", Bytes, nullable=False),
)

# --- answers already given, by Idempotency-Key --------------------------------------------------------------------
idempotency = Table(
    "idempotency",
    metadata,
    Column("account_id", String(40), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("request_hash", Bytes(32), nullable=False),
    Column("status", Integer),  # empty while the first request is still being answered
    Column("answer", Json()),
    Column("created_at", String(27), nullable=False, index=True),
    # While it is being answered: by whom, and until when that counts, Unix time by the database's clock.
    Column("holder", String(32)),
    Column("lease_until", Double),
)
