"""The policies of platforms."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, String, Table, Text, UniqueConstraint

from .base import RowId, metadata

# Every version that was ever set: decisions name theirs, and the one of the highest number is in force.
policies = Table(
    "policies",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("number", Integer, nullable=False),  # 1, 2, ... of the account
    Column("version", String(40), nullable=False),  # the number and the head of the content's SHA-256
    Column("content", Text, nullable=False),  # TOML
    Column("set_at", String(27), nullable=False),
    UniqueConstraint("account_id", "number"),
)
