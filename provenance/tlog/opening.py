"""Openings: what stands behind the commitments of a statement, kept outside the log where it can be erased. Pure."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json

from ..errors import SourcemarkError
from . import statement
from .encoding import b64, unb64
from .envelope import SALT_SIZE, Leaf


@dataclass(frozen=True, slots=True)
class Opening:
    """Salt, 32 bytes, and record behind one commitment of a statement."""

    salt: bytes
    record: Any

    @classmethod
    def of(cls, record: Any) -> Opening:
        """With a fresh salt."""
        return cls(secrets.token_bytes(SALT_SIZE), record)

    @property
    def commitment(self) -> str:
        return statement.commit(self.salt, self.record)

    def to_json(self) -> dict[str, Any]:
        return {"salt": b64(self.salt), "record": self.record}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Opening:
        """Raises `VerificationFailed`, `KeyError` or `TypeError` for what is no opening."""
        return cls(unb64(data["salt"]), data["record"])


def opens(leaf: Leaf, name: str, salt: bytes, record: Any) -> bool:
    """Whether a salt and a record are those that an entry commits to under a name."""
    promised = leaf.predicate.get("commitments", {}).get(name)
    if promised is not None and promised == _usual_commitment(salt, record):
        return True
    try:
        return promised is not None and Opening(salt, record).commitment == promised
    except SourcemarkError:  # a record that no statement could commit to
        return False


def _usual_commitment(salt: bytes, record: Any) -> str | None:
    """The commitment to a record whose form with sorted keys is its canonical one, as of nearly all, in half the time.

    Of others it is the commitment to bytes that no statement commits to.
    """
    if not isinstance(record, dict) or len(salt) != SALT_SIZE:
        return None
    try:
        written = to_json({key: record[key] for key in sorted(record)})
    except ValueError:  # it has no form at all, such as half of a surrogate pair
        return None
    return "sha256:" + hashlib.sha256(statement.COMMITMENT + salt + written).hexdigest()
