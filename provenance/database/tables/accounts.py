"""Accounts and their keys; the official accounts that platforms keep, with qualifications and standing."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from .base import Bytes, Json, RowId, metadata

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
    Column("limits", Json(dict, none_as_null=True)),  # `quotas.KeyLimits`; null: those of the settings
)

# What keys have sent, added to by every process from time to time.
key_usage = Table(
    "key_usage",
    metadata,
    Column("key_id", ForeignKey("api_keys.id"), primary_key=True),
    Column("period", String(10), primary_key=True),  # 2026-01-31, a day, or 2026-01, a month; UTC
    Column("requests", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
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

# Accounts of a platform's own, as the platform has recorded them (`accounts.official`).
official_accounts = Table(
    "official_accounts",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("platform", ForeignKey("accounts.id"), nullable=False),
    Column("account_id", String(200), nullable=False),  # the platform's own id
    Column("name", Text, nullable=False),
    Column("names", Json(list), nullable=False),
    Column("entity", String(20), nullable=False),
    Column("registered_in", String(2)),
    Column("operates_in", String(2)),
    Column("categories", Json(list), nullable=False),
    Column("operator_id", String(200)),
    Column("operator_name", Text),
    Column("linked_account", ForeignKey("accounts.id")),
    Column("verification", String(20), nullable=False),
    Column("verified_by", Text),
    Column("verified_at", String(40)),
    Column("contact", Json(none_as_null=True)),  # personal: it can be erased, and stands nowhere else
    Column("created_at", String(27), nullable=False),
    Column("updated_at", String(27), nullable=False),
    UniqueConstraint("platform", "account_id"),
    Index("ix_official_accounts_operator", "platform", "operator_id"),
)

# What an official account is called, as names are compared.
official_names = Table(
    "official_names",
    metadata,
    Column("official", ForeignKey("official_accounts.id"), primary_key=True, autoincrement=False),
    Column("key", String(300), primary_key=True),
    Index("ix_official_names_key", "key"),
)

qualifications = Table(
    "qualifications",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("qualification_id", String(40), nullable=False, unique=True),
    Column("official", ForeignKey("official_accounts.id"), nullable=False, index=True),
    Column("kind", String(40), nullable=False),
    Column("number", Text, nullable=False),
    Column("scope", Text),
    Column("issuer", Text),
    Column("valid_from", String(10)),
    Column("valid_until", String(10), nullable=False, index=True),
    Column("recorded_at", String(27), nullable=False),
    Column("ended_at", String(27)),
    Column("warned_at", String(27)),
)

# What was decided about the standing of official accounts; nothing is changed or deleted, a later row takes back.
standing_decisions = Table(
    "standing_decisions",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("decision_id", String(40), nullable=False, unique=True),
    Column("official", ForeignKey("official_accounts.id"), nullable=False, index=True),
    Column("act", String(10), nullable=False),  # count | appeal | uphold | reverse
    Column("counter", String(40), nullable=False),
    Column("about", ForeignKey("standing_decisions.id")),  # the count that is appealed, upheld or reversed
    Column("subject", String(100)),  # public id of the scan or notice that led to it
    Column("reason", Text, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("decided_at", String(27), nullable=False),
    Column("level_before", Integer, nullable=False),
    Column("level_after", Integer, nullable=False),
    UniqueConstraint("about", "act"),
)

# People who sign in to the pages; programs use API keys.
people = Table(
    "people",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("name_key", String(200), nullable=False, unique=True),  # as names are compared at sign-in
    Column("scopes", Json(list), nullable=False),
    Column("password", String(200), nullable=False),  # Argon2id, in PHC's form
    Column("second_factor", Bytes()),  # sealed (`accounts.second_factor`); null: none
    Column("second_factor_used", BigInteger),  # the latest time step whose code was taken
    Column("recovery", Json(list), nullable=False),  # SHA-256 of each unused recovery code, hexadecimal
    Column("created_at", String(27), nullable=False),
    Column("disabled_at", String(27)),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("person", ForeignKey("people.id"), index=True),  # null: signed in by an API key
    Column("api_key", ForeignKey("api_keys.id"), index=True),
    Column("secret_hash", Bytes(32), nullable=False, unique=True),  # SHA-256 of 256 random bits
    Column("browser", String(300), nullable=False),
    Column("created_at", String(27), nullable=False),
    Column("seen_at", String(27), nullable=False),
    Column("expires_at", String(27), nullable=False, index=True),
    Column("revoked_at", String(27)),
)

# Links that make a person, or give one another password; each works once.
invitations = Table(
    "invitations",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("person", ForeignKey("people.id")),  # whose password is set anew; null: somebody new
    Column("scopes", Json(list), nullable=False),
    Column("secret_hash", Bytes(32), nullable=False, unique=True),
    Column("created_at", String(27), nullable=False),
    Column("expires_at", String(27), nullable=False),
    Column("used_at", String(27)),
)
