"""What programs of others import: the clients, the errors that they raise, webhooks. See docs/client.md."""

from __future__ import annotations

from api.client import AsyncClient, Client, Event, Refused, verify_webhook
from provenance.errors import BadInput, SourcemarkError, Unavailable, VerificationFailed

__all__ = [
    "AsyncClient",
    "BadInput",
    "Client",
    "Event",
    "Refused",
    "SourcemarkError",
    "Unavailable",
    "VerificationFailed",
    "verify_webhook",
]
