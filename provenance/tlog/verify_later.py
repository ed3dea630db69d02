"""The later entries about a work in a receipt, each proven like the registration and replayed by the log's rules. Pure.

`verify_amendments` and `verify_evidence` say what they must be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ..errors import VerificationFailed
from . import envelope, receipt
from .key_directory import KeyDirectory

_FOLDER = re.compile(r"((amendments|evidence)/[0-9]{1,4}/)" + re.escape(receipt.ENTRY) + r"\Z", re.ASCII)
_KEYS = re.compile(
    r"((?:amendments|evidence)/[0-9]{1,4}/)(keys/[0-9]{1,3}/)" + re.escape(receipt.ENTRY) + r"\Z", re.ASCII
)

Files = Mapping[str, bytes]


class Proven(Protocol):
    """An entry whose inclusion in the reader's log holds: its content, index, origin, and when that log was signed."""

    @property
    def leaf(self) -> envelope.Leaf: ...
    @property
    def index(self) -> int: ...
    @property
    def origin(self) -> str: ...


class Later:
    """What a receipt brings beside the registration; each of these replays once, in the order of the log.

    Attributes:
        entry: the registration.
        prove: the entry in a folder of the receipt, proven.
        logged_at: when its checkpoint was signed, POSIX seconds.
    """

    def __init__(
        self,
        files: Files,
        entry: Proven,
        prove: Callable[[str], Proven],
        logged_at: Callable[[Any], int | None],
        opened: Callable[[bytes, Mapping[str, str]], dict[str, Any]],
    ) -> None:
        """
        Args:
            opened: the records of an opening.json, checked against the commitments of a statement.
        """
        self.entry, self.prove, self.logged_at = entry, prove, logged_at
        self._files = files
        self._opened = opened
        self._earlier = {entry.index: files[receipt.ENTRY]}
        self._directory = KeyDirectory(entry.origin)

    def folders(self, *kinds: str) -> list[str]:
        """Those of these kinds that have an entry, in the order of their names."""
        return sorted(found[1] for name in self._files if (found := _FOLDER.match(name)) and found[2] in kinds)

    def replay(self, folder: str, proven: Proven) -> None:
        """Its keys, then itself; raises `VerificationFailed` where who signed it could not."""
        self._enrol(folder, proven)
        raw = self._files[folder + receipt.ENTRY]
        self._directory.replay(proven.index, raw, self._earlier.__getitem__)
        self._earlier[proven.index] = raw

    def _enrol(self, folder: str, proven: Proven) -> None:
        """Add the keys that an entry rests on to the directory, in the order of the log."""
        names = (found for name in sorted(self._files) if (found := _KEYS.match(name)))
        keys = [(found[1] + found[2], self.prove(found[1] + found[2])) for found in names if found[1] == folder]
        for place, enrolment in sorted(keys, key=lambda each: each[1].index):
            if enrolment.origin != proven.origin:
                raise VerificationFailed("a key was enrolled in another log")
            if enrolment.leaf.kind != "key-enrol" or enrolment.index >= proven.index:
                raise VerificationFailed("a key was not enrolled before the entry it signed")
            if envelope.enrolled_key(enrolment.leaf)[0] not in self._directory.known:
                self._directory.replay(enrolment.index, self._files[place + receipt.ENTRY], _no_entry)

    def record(self, folder: str, proven: Proven, name: str) -> dict[str, Any] | None:
        """The record behind a commitment of it; None where it is not shown."""
        if folder + receipt.OPENING not in self._files:
            return None
        found = self._opened(self._files[folder + receipt.OPENING], proven.leaf.predicate["commitments"]).get(name)
        return found if isinstance(found, dict) else None


def _no_entry(index: int) -> bytes:
    raise VerificationFailed(f"an enrolment names entry {index}")
