"""Openings: what stands behind the commitments of a statement, kept outside the log where it can be erased. Pure."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
    try:
        return promised is not None and Opening(salt, record).commitment == promised
    except SourcemarkError:  # a record that no statement could commit to
        return False
