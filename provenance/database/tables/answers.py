"""Answers already given, by Idempotency-Key."""

from __future__ import annotations

from sqlalchemy import Column, Double, Integer, String, Table

from .base import Bytes, Json, metadata

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
