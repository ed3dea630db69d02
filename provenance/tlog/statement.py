"""Statements: what can be said in the log, written and signed. Pure; `envelope` reads them and knows their form.

Personal data enters a statement only as salted commitments.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import VerificationFailed
from .encoding import b64, canonical
from .envelope import (
    MAX_LEAF,
    PAYLOAD_TYPE,
    SALT_SIZE,
    SEALED,
    STATEMENT_TYPE,
    After,
    host_of,
    pae,
    parse_leaf,
)
from .keys import SigningKey

COMMITMENT = b"sourcemark/commit/v1\0"  # what a commitment hashes: this, the salt and the record in canonical JSON

Reference = Mapping[str, Any]  # an earlier entry of the same log: ``index`` and ``leafHash``, hex


def commit(salt: bytes, record: Any) -> str:
    """A commitment to a record that can later be opened, or made unopenable by deleting the salt.

    Args:
        salt: 32 random bytes.
        record: JSON of objects, lists, strings, integers.
    """
    if len(salt) != SALT_SIZE:
        raise VerificationFailed("a salt has 32 bytes")
    return "sha256:" + hashlib.sha256(COMMITMENT + salt + canonical(record)).hexdigest()


def _statement(
    origin: str, kind: str, digests: Sequence[bytes], after: After, predicate: dict[str, Any]
) -> dict[str, Any]:
    size, root = after
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"digest": {"sha256": digest.hex()}} for digest in digests],
        "predicateType": f"https://{host_of(origin)}/{kind}/v1",
        "predicate": {
            "nonce": b64(secrets.token_bytes(16)),
            "after": {"size": size, "root": b64(root)},
            **predicate,
        },
    }


def key_enrol(
    origin: str,
    *,
    public_key: bytes,
    custody: str,
    after: After,
    recovery: str | None = None,
    commitments: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """A key enters the log, signed by itself; in a rotation by the old key too.

    Args:
        custody: "producer" where the private key never left its owner, "service" where the service keeps it.
        after: size and root of a checkpoint the signer has seen: the statement is not older than that.
        recovery: keyid of an enrolled key that may act for this one when it is lost or stolen.
        commitments: with one named "account" to the record ``{"account": id}``: whose key it is.
    """
    digest = hashlib.sha256(public_key).digest()
    predicate: dict[str, Any] = {"publicKey": b64(public_key), "custody": custody}
    if commitments is not None:
        predicate["commitments"] = dict(commitments)
    if recovery is not None:
        predicate["recovery"] = recovery
    return _statement(origin, "key-enrol", [digest], after, predicate)


def key_revoke(origin: str, *, keyid: str, after: After) -> dict[str, Any]:
    """A key leaves the log: entries after this one may not be signed by it. Signed by who may act for it."""
    return _statement(origin, "key-revoke", [bytes.fromhex(keyid)], after, {"keyid": keyid})


def registration(
    origin: str,
    *,
    digest: bytes,
    medium: str,
    algorithms: Sequence[str],
    commitments: Mapping[str, str],
    after: After,
    opens: Reference | None = None,
) -> dict[str, Any]:
    """A work with this SHA-256 is claimed; what is claimed stands in the commitments.

    Args:
        opens: the sealed registration of the same work that this one opens, with ``salt``: 32 bytes in base64.
    """
    predicate = {"medium": medium, "algorithms": list(algorithms), "commitments": dict(commitments)}
    if opens is not None:
        predicate["opens"] = dict(opens)
    return _statement(origin, "registration", [digest], after, predicate)


def sealed_digest(salt: bytes, work: bytes) -> bytes:
    """What a sealed registration names instead of the work's SHA-256: nobody without the salt can test a guess."""
    if len(salt) != SALT_SIZE:
        raise VerificationFailed("a salt has 32 bytes")
    return hashlib.sha256(salt + work).digest()


def sealed_registration(origin: str, *, digest: bytes, commitments: Mapping[str, str], after: After) -> dict[str, Any]:
    """A work is claimed of which nothing is revealed.

    Args:
        digest: see `sealed_digest`.
        commitments: with one named "seal" to the record ``{"salt": base64}``.
    """
    predicate = {"sealed": SEALED, "commitments": dict(commitments)}
    return _statement(origin, "registration", [digest], after, predicate)


def refer(index: int, leaf_hash: bytes) -> dict[str, Any]:
    """A reference to an earlier entry of the same log."""
    return {"index": index, "leafHash": leaf_hash.hex()}


def withdrawal(origin: str, *, registration: bytes, index: int, after: After) -> dict[str, Any]:
    """The registration, or the grant, with this leaf hash is withdrawn, signed by who may act for its signer."""
    return _statement(origin, "withdrawal", [registration], after, refer(index, registration))


def erasure(origin: str, *, entry: bytes, index: int, erased: Sequence[str], after: After) -> dict[str, Any]:
    """Salts and records behind commitments of the entry with this leaf hash were deleted; its proof stays."""
    predicate = {**refer(index, entry), "erased": sorted(erased)}
    return _statement(origin, "erasure", [entry], after, predicate)


def log_key(
    origin: str, *, old: Sequence[str], new: Sequence[str], subject: bytes, after: After, successor: str | None = None
) -> dict[str, Any]:
    """The log's keys change, or the log ends: signed by its old Ed25519 key and by the new one.

    Args:
        old, new: verifier keys (C2SP signed-note), Ed25519 first; without new ones the log ends with this entry.
        subject: SHA-256 of the old raw Ed25519 key.
        successor: origin of the log that goes on, when this one ends.
    """
    predicate: dict[str, Any] = {"replaces": list(old), "keys": list(new)}
    if successor is not None:
        predicate["successor"] = successor
    return _statement(origin, "log-key", [subject], after, predicate)


def attached(
    origin: str, kind: str, *, registration: bytes, index: int, commitments: Mapping[str, str], after: After
) -> dict[str, Any]:
    """Something is said about the work with this registration, and stands in a commitment.

    A `withdrawal` of the entry's own leaf ends it.

    Args:
        kind: "grant": a reuse is allowed; to whom and how far stands in "terms". "evidence": "item" is brought forward
            to show whose the work is. Both by who may act for the work. "claim-decision": how far its claim counts for
            those who follow the signer's decisions stands in "terms".
    """
    predicate = {**refer(index, registration), "commitments": dict(commitments)}
    return _statement(origin, kind, [registration], after, predicate)


def case_digest(case_id: str) -> bytes:
    """The digest by which every entry of a case names it."""
    return hashlib.sha256(case_id.encode()).digest()


def case_step(
    origin: str,
    kind: str,
    *,
    case: bytes,
    step: str,
    follows: bytes | None,
    commitments: Mapping[str, str],
    after: After,
) -> dict[str, Any]:
    """A step of a complaint was taken; signed for the service that keeps the case.

    Args:
        kind: "notice", "counter-notice", "decision" or "appeal".
        case: see `case_digest`.
        follows: leaf hash of the case's step before, so that none can be left out; None of the first.
        commitments: "facts", which name nobody; "said", where a person said something.
    """
    predicate: dict[str, Any] = {"step": step, "commitments": dict(commitments)}
    if follows is not None:
        predicate["follows"] = follows.hex()
    return _statement(origin, kind, [case], after, predicate)


def amendment(
    origin: str, *, registration: Reference, supersedes: Reference, commitments: Mapping[str, str], after: After
) -> dict[str, Any]:
    """Of the work with this registration something else is claimed from now on; the owner stays.

    Args:
        supersedes: the entry in which the claim stood until now: the registration, or the amendment or transfer before.
        commitments: with one named "claim" to the whole new claim.
    """
    return _amending(origin, "amendment", registration, supersedes, commitments, after)


def transfer(
    origin: str,
    *,
    registration: Reference,
    supersedes: Reference,
    commitments: Mapping[str, str],
    after: After,
    to: str | None = None,
) -> dict[str, Any]:
    """The work with this registration has another owner, who stands in the claim; signed for the one before.

    Args:
        supersedes, commitments: as of `amendment`.
        to: keyid of the key that may act for the work from now on in place of the one that could until now.
    """
    made = _amending(origin, "transfer", registration, supersedes, commitments, after)
    if to is not None:
        made["predicate"]["to"] = to
    return made


def _amending(
    origin: str,
    kind: str,
    registration: Reference,
    supersedes: Reference,
    commitments: Mapping[str, str],
    after: After,
) -> dict[str, Any]:
    predicate = {**registration, "supersedes": dict(supersedes), "commitments": dict(commitments)}
    return _statement(origin, kind, [bytes.fromhex(registration["leafHash"])], after, predicate)


def sign(statement: Mapping[str, Any], *signers: SigningKey) -> bytes:
    """The leaf: the statement in its envelope, signed by each key."""
    payload = canonical(statement)
    return assemble(payload, [(key.keyid, key.sign(pae(payload))) for key in signers])


def add_signature(leaf: bytes, key: SigningKey) -> bytes:
    """The leaf with one more signature, behind the others."""
    parsed = parse_leaf(leaf)
    signatures = [*parsed.signatures, (key.keyid, key.sign(pae(parsed.payload)))]
    return assemble(parsed.payload, signatures)


def assemble(payload: bytes, signatures: Sequence[tuple[str, bytes]]) -> bytes:
    """The leaf of a statement that was signed elsewhere: keyid and signature of each signer."""
    written = [{"keyid": keyid, "sig": b64(signature)} for keyid, signature in signatures]
    return _fitting(canonical({"payload": b64(payload), "payloadType": PAYLOAD_TYPE, "signatures": written}))


def _fitting(leaf: bytes) -> bytes:
    if len(leaf) > MAX_LEAF:
        raise VerificationFailed(f"the statement has {len(leaf)} bytes, at most {MAX_LEAF} fit into the log")
    return leaf
