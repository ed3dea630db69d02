"""What the row of a work must hold, by its entry in the log and what opens it: who writes and who checks ask here.

The log commits to a claim and a fingerprint and names digest, medium and signer. Everything that the row of a work says
beside them follows from these, but for its `external_id`, which is the account's own note.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from ..database.tables import owner_key
from ..errors import VerificationFailed
from ..schemas import Claim
from ..tlog import envelope, merkle

SEALED = "sealed"  # the medium of a work of which nothing is known, and the reason why it cannot be found
ERASED = "erased"  # the reason why an erased work cannot be found
_HEAD = struct.Struct("<5sI")  # what a fingerprint begins with: magic and the length of its head, which is JSON
_NO_REASON = b'"reason":null}'


def public_id(prefix: str, leaf_hash: bytes) -> str:
    """The public id of what an entry makes, such as ``work_9f8e...``: the prefix and 96 bits of the leaf hash."""
    return f"{prefix}_{leaf_hash[:12].hex()}"


def identity(account_id: str, owner: str, digest: bytes) -> bytes:
    """Of what is registered by whom: a second registration of the same is answered with the first.

    Args:
        owner: as `owner_key` gives it.
    """
    return hashlib.sha256(b"\0".join((account_id.encode(), owner.encode(), digest))).digest()


def sealed_identity(digest: bytes) -> bytes:
    """The same for everybody and for good: a sealed statement can be read in the log, and would else be sent again
    under another signature."""
    return hashlib.sha256(SEALED.encode() + b"\0" + digest).digest()


def claimed(claim: Mapping[str, Any]) -> dict[str, Any]:
    """What a claim says, without what it leaves out: the form in which the log commits to it."""
    return {name: value for name, value in claim.items() if value or value not in (None, "", [])}


def shows_claim(claim: Any, repeated: tuple[str, str, str], record: Any) -> bool:
    """Whether the columns of a work that repeat its claim say what an opened record says.

    Args:
        claim: the column of that name.
        repeated: the columns `title`, `owner` and `owner_key`.
        record: empty where nothing is known of the claim.
    """
    if not isinstance(claim, Mapping):
        return False
    title, owner = claim.get("title", ""), claim.get("owner", "")
    if not isinstance(title, str) or not isinstance(owner, str):
        return False
    if repeated[:2] != (title, owner) or repeated[2] != owner_key(owner):
        return False
    return _is_claimed(claim, record)


def _is_claimed(claim: Mapping[str, Any], record: Any) -> bool:
    said = claimed(claim)
    if said == record:
        return True
    # What a client committed to may be written otherwise than a claim is kept: with spaces, or more fields.
    if not isinstance(record, Mapping):
        return False
    try:
        return said == claimed(Claim.model_validate(dict(record)).model_dump())
    except ValidationError:
        return False


def shows_terms(terms: Any, record: Any) -> bool:
    """Whether what a row of something attached says is an opened record, in which yes and no are 1 and 0."""
    return isinstance(terms, Mapping) and bool(
        {name: value for name, value in terms.items() if value is not None} == record
    )


def ends(raw: bytes | None, ended_by: bytes | None, target: bytes, kind: str = "withdrawal") -> bool:
    """Whether an entry withdraws, or erases, what another one has put into the log.

    Args:
        raw: the entry's bytes, None where the log has none.
        ended_by: the leaf hash that a row names.
        target: leaf hash of the registration or grant.
    """
    if raw is None or ended_by is None or merkle.leaf_hash(raw) != ended_by:
        return False
    try:
        leaf = envelope.parse_leaf(raw)
    except VerificationFailed:
        return False
    return leaf.kind == kind and leaf.predicate["leafHash"] == target.hex()


def kept_claim(claim: Mapping[str, Any]) -> Claim:
    """The claim of a work's row; an empty one where the row holds none that a claim can be."""
    try:
        return Claim.model_validate(claim)
    except ValidationError:
        return Claim()


def fingerprint_reason(data: bytes) -> str | None:
    """Why a stored fingerprint finds only exact copies, without reading more than its head.

    Raises:
        ValueError: these bytes do not begin like a fingerprint.
    """
    if len(data) < _HEAD.size:
        raise ValueError("not a fingerprint")
    _, size = _HEAD.unpack_from(data)
    head = data[_HEAD.size : _HEAD.size + size]
    if head.endswith(_NO_REASON):  # the usual one, and the last of its keys
        return None
    reason = json.loads(head).get("reason")
    return None if reason is None else str(reason)
