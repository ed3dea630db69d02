"""Works, their fingerprints, what competes with them, what their owners allow and what shows whose they are."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, String, Table, Text

from .base import Bytes, Json, RowId, metadata

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

# Entries of the log at or above `log_state.claims_size` whose competing claims are recorded: others before are not yet.
claims_ahead = Table("claims_ahead", metadata, Column("idx", BigInteger, primary_key=True, autoincrement=False))

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

# What is brought forward for a claim (`evidence`): a digest of a document, or an address and a date.
claim_evidence = Table(
    "claim_evidence",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("evidence_id", String(40), nullable=False, unique=True),
    Column("work", ForeignKey("works.id"), nullable=False, index=True),
    Column("item", Json(dict), nullable=False),
    Column("leaf_hash", Bytes(32), nullable=False, unique=True),
    Column("added_at", String(27), nullable=False),
    Column("withdrawn_at", String(27)),
    Column("withdrawal_hash", Bytes(32), unique=True),
)

# Whose claim counts (`claim_decisions`), decided by a person. The decision is committed to in the log.
claim_decisions = Table(
    "claim_decisions",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("decision_id", String(40), nullable=False, unique=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),  # who decided
    Column("work", ForeignKey("works.id"), nullable=False, index=True),  # whose claim is limited
    Column("terms", Json(dict), nullable=False),
    Column("leaf_hash", Bytes(32), nullable=False, unique=True),
    Column("decided_at", String(27), nullable=False),
    Column("reversed_at", String(27)),
    Column("reversal_hash", Bytes(32), unique=True),
    Column("reversal_reason", Text),
)
