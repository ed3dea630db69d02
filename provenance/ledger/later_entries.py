"""What the log has said later about a registration or a grant: amendments, transfers, withdrawals, erasures.

A row that leaves out such an entry looks like one that never had it; only the log's own order tells. The few entries of
these kinds are read once in a process, and followed from there.
"""

from __future__ import annotations

import threading
from collections.abc import Collection
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from ..database.backlog import log_size
from ..database.engine import Database
from ..database.tables import entries
from ..errors import VerificationFailed
from ..tlog import envelope, merkle

_KINDS = (*envelope.AMENDING, "withdrawal", "erasure")
_known: WeakKeyDictionary[Database, _Known] = WeakKeyDictionary()
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class _Later:
    """An entry about another one: its index, kind and leaf hash."""

    index: int
    kind: str
    leaf_hash: bytes


class _Known:
    """What was read of a log, by the leaf hash that it is about."""

    def __init__(self) -> None:
        self.size = 0
        self.about: dict[bytes, list[_Later]] = {}


class LaterEntries:
    """What the log had said when this was made. Read it before the rows, which are never behind the log."""

    def __init__(self, connection: sa.Connection, db: Database) -> None:
        self._size = log_size(connection)
        with _lock:
            known = _known.setdefault(db, _Known())
            if known.size < self._size:
                _read(connection, known, self._size)
        self._about = known.about

    def ended(self, leaf_hash: bytes, kind: str = "withdrawal") -> bool:
        """Whether an entry withdraws (or erases) what another one has put into the log."""
        return any(each.kind == kind for each in self._of(leaf_hash))

    def amendment(self, leaf_hash: bytes) -> bytes | None:
        """Leaf hash of the newest amendment or transfer of the work with this registration."""
        found = [each.leaf_hash for each in self._of(leaf_hash) if each.kind in envelope.AMENDING]
        return found[-1] if found else None

    def shows_newest(self, leaf_hash: bytes, chain: Collection[bytes]) -> bool:
        """Whether the amendments that a row knows of include the newest one of the log; one may wait behind it.

        Args:
            chain: their leaf hashes.
        """
        newest = self.amendment(leaf_hash)
        return newest is None or newest in chain

    def _of(self, leaf_hash: bytes) -> list[_Later]:
        return [each for each in self._about.get(leaf_hash, ()) if each.index < self._size]


def _read(connection: sa.Connection, known: _Known, size: int) -> None:
    some = (entries.c.idx >= known.size, entries.c.idx < size, entries.c.kind.in_(_KINDS))
    query = sa.select(entries.c.idx, entries.c.leaf).where(*some).order_by(entries.c.idx)
    for index, raw in connection.execute(query):
        try:
            leaf = envelope.parse_leaf(raw)
        except VerificationFailed:
            continue  # the auditors' matter
        if leaf.kind in _KINDS:
            about = bytes.fromhex(leaf.predicate["leafHash"])
            known.about.setdefault(about, []).append(_Later(index, leaf.kind, merkle.leaf_hash(raw)))
    known.size = size
