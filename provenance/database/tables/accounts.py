"""Accounts and their keys."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, String, Table

from .base import Bytes, Json, metadata

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
