"""A producer's keys: enrolled and revoked in the log, by statements that are signed here."""

from __future__ import annotations

from typing import Any

from provenance.tlog import statement
from provenance.tlog.encoding import b64
from provenance.tlog.keys import SigningKey

from .calls import Call, Flow, path
from .session import Session, log_head


def enrol(
    session: Session,
    key: SigningKey,
    *,
    old: SigningKey | None = None,
    recovery: str | None = None,
    first_only: bool = False,
) -> Flow[dict[str, Any] | None]:
    """Enrol a key of yours in the log.

    Args:
        old: your present key, which names this one its successor; needed unless it is your first.
        recovery: keyid of your enrolled key that may revoke this one; it may sign in place of ``old``.
        first_only: do nothing when the account has any key that is not the service's.
    """
    if first_only:
        mine = [each for each in (yield from signing_keys(session)) if each["custody"] == "producer"]
        if mine:
            return None
    origin, after = yield from log_head(session)
    made = statement.key_enrol(origin, public_key=key.public, custody="producer", after=after, recovery=recovery)
    return (yield from submit(statement.sign(made, key, *([] if old is None else [old]))))


def revoke(session: Session, keyid: str, signer: SigningKey) -> Flow[dict[str, Any]]:
    """Revoke a key, signed by itself, a successor or its recovery key."""
    origin, after = yield from log_head(session)
    return (yield from submit(statement.sign(statement.key_revoke(origin, keyid=keyid, after=after), signer)))


def signing_keys(session: Session) -> Flow[list[dict[str, Any]]]:
    """Your keys, as `GET /v1/signing-keys` lists them."""
    answer = yield Call("GET", path("signing-keys"))
    return list(answer.json()["items"])


def submit(leaf: bytes, opening: Any = None) -> Flow[dict[str, Any]]:
    """Send a signed statement; sent twice it is answered again, not carried out again."""
    body = {"leaf": b64(leaf)} if opening is None else {"leaf": b64(leaf), "opening": opening}
    answer = yield Call("POST", path("statements"), body)
    return answer.json()
