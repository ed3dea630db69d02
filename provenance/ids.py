"""Public identifiers: a prefix that says what it is, and 96 bits."""

from __future__ import annotations

import secrets


def new_id(prefix: str, request_id: bytes | None = None) -> str:
    """For example ``work_9f8e...``; never guessable, never reused.

    Args:
        request_id: of a request that may be carried out again (`idempotency.once`): it gives the same id each time, so
            that what it made before is found.
    """
    return f"{prefix}_{secrets.token_hex(12) if request_id is None else request_id.hex()[:24]}"
