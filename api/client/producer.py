"""What producers do: register, amend, withdraw, erase; with a key that they keep, or one that the service keeps."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

from provenance.errors import VerificationFailed
from provenance.json_input import parse
from provenance.schemas import Amendment, Claim, NewWork, RegistrationResult, Transfer, WorkRecord
from provenance.tlog import envelope, merkle, receipt, statement, verify
from provenance.tlog.encoding import canonical
from provenance.tlog.keys import SigningKey
from provenance.tlog.proof import parse_proof

from . import jobs as later
from . import keys, signing
from .calls import Call, Flow, Listing, content, encode_text, given, new_key, path, read_file, read_model
from .errors import Refused
from .session import Session, log_head, log_origin


def register(
    session: Session,
    source: Path | str,
    claim: Mapping[str, Any],
    key: SigningKey | None = None,
    *,
    idempotency_key: str | None = None,
) -> Flow[RegistrationResult]:
    """Register a file, or a text given as such.

    Args:
        claim: title, owner and so on, as a line of `sourcemark register --batch` has them; with ``opens`` and
            ``seal`` it opens a sealed work.
        key: yours, which signs here and is enrolled first if it is your first; None for one that the service keeps.
        idempotency_key: makes the same registration, sent again by you, answered again; one is made by default.

    Returns:
        What became of it, as `POST /v1/works` answers.
    """
    parse(NewWork, dict(claim))
    if key is None:
        call = _new_work(path("works"), source, claim, idempotency_key or new_key())
        return (yield from later.answered(session, call, RegistrationResult))
    data = encode_text(source) if isinstance(source, str) else read_file(source)
    yield from keys.enrol(session, key, first_only=True)
    prepared = yield _new_work(path("works", "prepare"), source, claim, None)
    origin = yield from log_origin(session)
    payload = signing.check_prepared(origin, prepared.json(), hashlib.sha256(data).digest(), claim)
    signed = statement.assemble(payload, [(key.keyid, key.sign(envelope.pae(payload)))])
    submitted = yield from keys.submit(signed)
    return read_model(RegistrationResult, submitted.get("work"), prepared.service)


def register_sealed(
    session: Session,
    source: Path | bytes,
    claim: Mapping[str, Any],
    key: SigningKey,
    *,
    keep: Callable[[dict[str, Any]], object],
    tell: bool = True,
) -> Flow[RegistrationResult]:
    """Register a work of which nobody learns anything, the service included: it is hashed and sealed here.

    Args:
        claim: what is claimed, committed to in the log.
        keep: is given the openings before anything is sent: salt and record by name. Without the one named "seal"
            nobody will be able to prove what was sealed.
        tell: let the service know the claim, so that it can list the work by its title.

    Returns:
        What became of it, as `POST /v1/works` answers.
    """
    data = source if isinstance(source, bytes) else read_file(source)
    yield from keys.enrol(session, key, first_only=True)
    origin, after = yield from log_head(session)
    made, opening = signing.sealed(origin, after, data, claim)
    keep(opening)
    leaf = statement.sign(made, key)
    submitted = yield from keys.submit(leaf, {"claim": opening["claim"]} if tell else None)
    return read_model(RegistrationResult, submitted.get("work"), "the service")


def get_work(session: Session, work_id: str) -> Flow[WorkRecord]:
    """A work of yours."""
    return (yield Call("GET", path("works", work_id))).model(WorkRecord)


def works(session: Session) -> Listing[WorkRecord]:
    """All of yours, read page by page."""
    return Listing(path("works"), WorkRecord)


def credit(
    session: Session, work_id: str, format: Literal["text", "html", "xmp"] = "text", lang: str = "en"
) -> Flow[str]:
    """The credit line of a work that passes the marking check."""
    answer = yield Call("GET", path("works", work_id, "credit"), query=given(format=format, lang=lang))
    return answer.body.decode()


def withdraw(session: Session, work_id: str, key: SigningKey | None = None) -> Flow[WorkRecord]:
    """Withdraw a registration, by a key that may act for the one that registered it; returns the work."""
    if key is None:
        return (yield Call("DELETE", path("works", work_id))).model(WorkRecord)
    entry, index = yield from _entry(session, work_id)
    origin, after = yield from log_head(session)
    made = statement.withdrawal(origin, registration=merkle.leaf_hash(entry), index=index, after=after)
    yield from keys.submit(statement.sign(made, key))
    return (yield from get_work(session, work_id))


def erase(session: Session, work_id: str, key: SigningKey | None = None) -> Flow[WorkRecord]:
    """Delete what is personal about a registration, for good; it is withdrawn first. Returns the work."""
    if key is None:
        return (yield Call("POST", path("works", work_id, "erasure"))).model(WorkRecord)
    entry, index = yield from _entry(session, work_id)
    if (yield from get_work(session, work_id)).withdrawn_at is None:
        yield from withdraw(session, work_id, key)
    origin, after = yield from log_head(session)
    made = statement.erasure(
        origin,
        entry=merkle.leaf_hash(entry),
        index=index,
        erased=list(envelope.parse_leaf(entry).predicate["commitments"]),
        after=after,
    )
    yield from keys.submit(statement.sign(made, key))
    return (yield from get_work(session, work_id))


def amend(
    session: Session, work_id: str, changes: Mapping[str, Any], key: SigningKey | None = None
) -> Flow[WorkRecord]:
    """Claim something else of a work, by a key that may act for it; returns the work.

    Args:
        changes: fields as `POST /v1/works/{work_id}/amendments` takes them; what is left out stays.
    """
    wanted = parse(Amendment, dict(changes)).model_dump(exclude_unset=True)
    if key is None:
        return (yield Call("POST", path("works", work_id, "amendments"), wanted, repeatable=False)).model(WorkRecord)
    return (yield from _amend(session, work_id, statement.amendment, wanted, key))


def transfer(
    session: Session,
    work_id: str,
    owner: str,
    key: SigningKey | None = None,
    *,
    owner_aliases: Sequence[str] = (),
    to: str | None = None,
) -> Flow[WorkRecord]:
    """Name another owner of a work, signed for the present one; returns the work, as it was where it is gone.

    Args:
        to: whose the work is from then on: the keyid of an enrolled key where ``key`` signs, else an account.
    """
    changes = {"owner": owner, "owner_aliases": list(owner_aliases)}
    if key is not None:
        return (yield from _amend(session, work_id, partial(statement.transfer, to=to), changes, key))
    wanted = parse(Transfer, {**changes, "to": to}).model_dump(exclude_none=True)
    return (yield Call("POST", path("works", work_id, "transfer"), wanted, repeatable=False)).model(WorkRecord)


def fetch_receipt(
    session: Session, work_id: str, opening: Mapping[str, Any] | None = None, policy: bytes | None = None
) -> Flow[dict[str, bytes]]:
    """The files of a receipt, verified.

    Args:
        opening: what the service does not know of a sealed work, as `register_sealed` gave it to ``keep``; it is added.
        policy: the log's policy as you got it elsewhere; None takes the receipt's own.
    """
    files = receipt.from_zip((yield Call("GET", path("works", work_id, "receipt"))).body)
    if opening is not None:
        files[receipt.OPENING] = canonical(dict(opening))
    done = verify.verify_receipt(files, policy=policy)
    if not done.ok:
        failed = next(check for check in done.checks if check.state == "failed")
        raise VerificationFailed(f"the service's receipt does not hold: {failed.name}: {failed.detail}")
    return files


def _new_work(to: str, source: Path | str, claim: Mapping[str, Any], key: str | None) -> Call:
    body, files = content(source, claim)
    return Call("POST", to, body, files=files, idempotency_key=key)


def _entry(session: Session, work_id: str) -> Flow[tuple[bytes, int]]:
    """The entry of a work's registration, and its index, from its receipt."""
    files = yield from fetch_receipt(session, work_id)
    return files[receipt.ENTRY], parse_proof(files[receipt.PROOF]).index


def _amend(
    session: Session, work_id: str, write: signing.Writer, changes: Mapping[str, Any], key: SigningKey
) -> Flow[WorkRecord]:
    files = yield from fetch_receipt(session, work_id)
    before = yield from get_work(session, work_id)
    origin, after = yield from log_head(session)
    made, opening = signing.amended(origin, after, files, write, changes)
    yield from keys.submit(statement.sign(made, key), opening)
    try:
        return (yield from get_work(session, work_id))
    except Refused:  # it is another account's now
        return before.model_copy(update={"claim": Claim.model_validate(opening["claim"]["record"])})
