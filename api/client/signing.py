"""Checks of what a service asks to be signed, and the statements that are written here."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from provenance.errors import BadInput, VerificationFailed
from provenance.json_input import parse
from provenance.schemas import Claim, NewWork
from provenance.tlog import envelope, merkle, receipt, statement
from provenance.tlog.encoding import b64, unb64
from provenance.tlog.proof import parse_proof

_AMENDING = re.compile(r"amendments/[0-9]+/" + re.escape(receipt.ENTRY))
# What the statement of an open registration may hold.
_OPENED = {"claim", "fingerprint"}
_SAID = {"nonce", "after", "medium", "algorithms", "commitments", "opens"}


def claimed(claim: Mapping[str, Any]) -> dict[str, Any]:
    """What is claimed, as the service writes it down too."""
    given = parse(NewWork, dict(claim))
    if given.evidence:
        raise BadInput("evidence: bring it forward when the work is registered: its entries are signed too")
    known = given.model_dump(include=set(Claim.model_fields))
    return Claim.model_validate(known).model_dump(exclude_none=True, exclude_defaults=True)


def check_prepared(origin: str, prepared: Mapping[str, Any], digest: bytes, claim: Mapping[str, Any]) -> bytes:
    """The statement that a service prepared, to be signed.

    Args:
        digest: SHA-256 of the work's exact bytes.

    Raises:
        VerificationFailed: it is anything but the registration of these bytes under this claim, for this log.
    """
    payload, opening = prepared.get("statement"), prepared.get("opening")
    if not isinstance(payload, str):
        raise VerificationFailed("the service's answer has no statement")
    raw = unb64(payload)
    leaf = envelope.parse_statement(raw)
    if leaf.kind != "registration" or leaf.host != envelope.host_of(origin):
        raise VerificationFailed("the service prepared another statement than a registration for its log")
    if leaf.digests != [digest.hex()] or not leaf.predicate.keys() <= _SAID:
        raise VerificationFailed("the service prepared a statement about other bytes")
    if (leaf.predicate.get("opens") is None) != (claim.get("opens") is None):
        raise VerificationFailed("the service prepared a statement that opens another sealed work")
    _check_opening(leaf.predicate["commitments"], opening, claim)
    return raw


def _check_opening(commitments: Mapping[str, str], opening: Any, claim: Mapping[str, Any]) -> None:
    # a picture, sound or film comes with what its file says of its rights as well
    if not isinstance(opening, dict) or opening.keys() != commitments.keys() or not opening.keys() >= _OPENED:
        raise VerificationFailed("the statement does not commit to a claim and a fingerprint, both shown")
    if not opening.keys() <= {*_OPENED, "metadata"}:
        raise VerificationFailed("the statement commits to something else than claim, fingerprint and metadata")
    for name, each in opening.items():
        if statement.commit(unb64(each["salt"]), each["record"]) != commitments[name]:
            raise VerificationFailed(f"the service's statement commits to another {name}")
    mine = claimed(claim)
    said = opening.get("claim", {}).get("record", {})
    defaults = {name: said.get(name) for name in ("title", "owner") if name not in mine}  # the service's own
    if said != {**defaults, **mine}:
        raise VerificationFailed("the service's statement claims something else than you do")


def sealed(origin: str, after: envelope.After, data: bytes, claim: Mapping[str, Any]) -> tuple[dict[str, Any], Any]:
    """The statement that registers sealed bytes, and its openings: salt and record by name."""
    seal = secrets.token_bytes(envelope.SALT_SIZE)
    records: dict[str, Any] = {"claim": claimed(claim), "seal": {"salt": b64(seal)}}
    salts = {name: secrets.token_bytes(envelope.SALT_SIZE) for name in records}
    made = statement.sealed_registration(
        origin,
        digest=statement.sealed_digest(seal, data),
        commitments={name: statement.commit(salts[name], record) for name, record in records.items()},
        after=after,
    )
    return made, {name: {"salt": b64(salts[name]), "record": record} for name, record in records.items()}


Writer = Callable[..., dict[str, Any]]


def amended(
    origin: str, after: envelope.After, files: Mapping[str, bytes], write: Writer, changes: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The statement that claims something else of a work, and its new claim.

    Args:
        files: the work's receipt, verified.
        write: `statement.amendment`, or `statement.transfer` with its ``to``.

    Returns:
        The statement, and the opening of its commitment.

    Raises:
        VerificationFailed: the receipt does not show the present claim.
    """
    newest = max((name for name in files if _AMENDING.fullmatch(name)), default=receipt.ENTRY)
    folder = newest.removesuffix(receipt.ENTRY)
    shown = json.loads(files.get(folder + receipt.OPENING, b"{}")).get("claim")
    if shown is None:
        raise VerificationFailed("the receipt does not show the present claim: nothing is signed in its place")
    registration, superseded = (
        statement.refer(parse_proof(files[at + receipt.PROOF]).index, merkle.leaf_hash(files[at + receipt.ENTRY]))
        for at in ("", folder)
    )
    kept = {name: value for name, value in {**shown["record"], **changes}.items() if value is not None}
    record = Claim.model_validate(kept).model_dump(exclude_none=True, exclude_defaults=True)
    salt = secrets.token_bytes(envelope.SALT_SIZE)
    made = write(
        origin,
        registration=registration,
        supersedes=superseded,
        commitments={"claim": statement.commit(salt, record)},
        after=after,
    )
    return made, {"claim": {"salt": b64(salt), "record": record}}
