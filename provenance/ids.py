"""Public identifiers: a prefix that says what it is, and 96 random bits."""

from __future__ import annotations

import secrets


def new_id(prefix: str) -> str:
    """For example ``work_9f8e...``; never guessable, never reused."""
    return f"{prefix}_{secrets.token_hex(12)}"
