"""What programs of others import: `Client`, `AsyncClient`, and the errors that they raise. See docs/client.md."""

from __future__ import annotations

from api.client import AsyncClient, Client, Refused
from provenance.errors import BadInput, SourcemarkError, Unavailable, VerificationFailed

__all__ = ["AsyncClient", "BadInput", "Client", "Refused", "SourcemarkError", "Unavailable", "VerificationFailed"]
