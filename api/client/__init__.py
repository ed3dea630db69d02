"""A client of the HTTP API in Python, blocking (`Client`) and for asyncio (`AsyncClient`).

    import sourcemark
    from provenance.ledger import key_files

    client = sourcemark.Client("https://sourcemark.example", "smk_...")
    key = key_files.load_signing_key(Path("my.pem"))
    client.register(Path("novel.txt"), {"title": "Novel", "owner": "Ada"}, key)

With a key given, what is signed is signed here: the service never sees the private key. It is checked before: that it
is about these bytes, claims what was given, and is written for this log. Answers are the objects of
`provenance.schemas`.
"""

from __future__ import annotations

from .client import AsyncClient, Client
from .errors import Refused
from .webhooks import Event, verify_webhook

__all__ = ["AsyncClient", "Client", "Event", "Refused", "verify_webhook"]
