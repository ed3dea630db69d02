"""The ledger: what waits, what has an index, what was signed, and the salts behind its commitments."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, String, Table, Text

from .base import Bytes, Json, RowId, metadata

log_state = Table(
    "log_state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # always 1: the row the sequencer locks
    Column("origin", String(500), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("root", Bytes(32), nullable=False),
    Column("frontier", Bytes, nullable=False),
    Column("keys_index", BigInteger),  # of the newest log-key entry, none while the first keys are in force
    Column("claims_size", BigInteger, nullable=False),  # competing claims are recorded for all entries below
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
