"""The secrets of webhooks as the database holds them: sealed (`ledger.kept_cipher`), each bound to its endpoint.

Whoever reads the database alone can sign nothing.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from ..config import Settings
from ..errors import LedgerReadOnly
from ..ledger.kept_cipher import KeptCipher

FILE = "webhooks.pem"
_USE = b"sourcemark: secrets of webhooks, version 1"


class WebhookSecrets:
    """Seals and opens secrets. Thread-safe."""

    def __init__(self, settings: Settings) -> None:
        self._cipher = KeptCipher(settings, FILE, _USE, "the secrets of webhooks")

    def seal(self, endpoint_id: str, secret: str, until: str | None = None) -> dict[str, Any]:
        """A secret as it is stored, with the moment until which it signs; raises as `KeptCipher.seal`."""
        sealed = self._cipher.seal(secret.encode(), endpoint_id)
        return {"sealed": base64.b64encode(sealed).decode(), "until": until}

    def open(self, endpoint_id: str, stored: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Secrets of an endpoint, each with its ``secret`` and ``until``; also of before they were sealed.

        Raises:
            LedgerReadOnly: the key is not here, or cannot be used.
        """
        return [{"secret": self._open(endpoint_id, each), "until": each["until"]} for each in stored]

    def _open(self, endpoint_id: str, stored: Mapping[str, Any]) -> str:
        if not is_sealed(stored):
            return str(stored["secret"])
        try:
            return self._cipher.open(base64.b64decode(stored["sealed"]), endpoint_id).decode()
        except ValueError:
            raise LedgerReadOnly(
                f"the secret of {endpoint_id} does not open with {self._cipher.path}: restore that file from your "
                f"backup, or make a new secret by `sourcemark webhook rotate {endpoint_id} --keep-hours 0`",
                reason="key_damaged",
            ) from None


def is_sealed(stored: Mapping[str, Any]) -> bool:
    """Whether a secret is stored sealed: those of older databases are not, until something is sent there."""
    return "sealed" in stored
