"""The index of registered works, which follows the log: a change is visible when its entry has an index."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import sqlalchemy as sa

from fingerprints import registry
from fingerprints.index.interface import Change, View
from fingerprints.index.memory import MemoryIndex
from fingerprints.model import Fingerprint

from ..database.backlog import log_size
from ..database.engine import Database
from ..database.tables import entries, fingerprints, works
from ..ledger import work_columns

_logger = logging.getLogger(__name__)
_NO_WORK = -1  # a change that moves the index's position and touches no work
_PAGE = 16_384  # entries read at a time while the index catches up: fewer, larger segments to merge


T = TypeVar("T")


class WorkIndex(Protocol):
    """The index of works that are registered and not withdrawn, wherever it is.

    Attributes:
        position: the log size up to which it has come.
    """

    @property
    def position(self) -> int: ...

    def refresh(self) -> int:
        """Bring the index up to the log, and return its size: what was answered is findable.

        Raises:
            Unavailable: the database cannot be reached, or a part of the index (``index_incomplete``).
        """
        ...

    def consult(self, algorithm: str, use: Callable[[View], T]) -> tuple[T, int]:
        """What is made of a view that holds all that is in the log now, and the log size it covers.

        Args:
            algorithm: of the fingerprints that the view is of.
            use: may be called again with a later view.

        Raises:
            Unavailable: as `refresh`.
        """
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Share:
    """Of all works those whose number has this remainder: what one shard holds."""

    remainder: int
    divisor: int


class Follower:
    """Keeps one process's index of works, or of a share of them, up to date with the log. Thread-safe.

    Attributes:
        index: derived from the database, in memory only.
    """

    def __init__(self, db: Database, share: Share | None = None) -> None:
        self.index = MemoryIndex()
        self._db = db
        self._share = sa.true() if share is None else works.c.id % share.divisor == share.remainder
        self._lock = threading.Lock()

    @property
    def position(self) -> int:
        return self.index.position

    def refresh(self) -> int:
        """See `WorkIndex`. One cheap query when nothing is new, so it runs before every search."""
        size = self._log_size()
        if self.position >= size:
            return self.position
        with self._lock:
            while self.position < size:
                self._step(size)
        return size

    def consult(self, algorithm: str, use: Callable[[View], T]) -> tuple[T, int]:
        size = self.refresh()
        return use(self.index.view(algorithm)), size

    def step(self, size: int) -> int:
        """Come some way towards a log size that there is, and return how far."""
        with self._lock:
            if self.position < size:
                self._step(size)
            return self.position

    def close(self) -> None:
        """Nothing is open."""

    def _step(self, size: int) -> None:
        start = self.position
        self.index.apply(self._changes(start, min(size, start + _PAGE)))

    def _log_size(self) -> int:
        """How many entries the log has, as every process sees it."""
        with self._db.read() as connection:
            return log_size(connection)

    def _changes(self, start: int, stop: int) -> Iterable[Change]:
        """What the entries from ``start`` up to, not including, ``stop`` change in the index."""
        window = (entries.c.idx >= start, entries.c.idx < stop, self._share)
        with self._db.read() as connection:
            added = connection.execute(
                sa.select(entries.c.idx, works.c.id, works.c.account_id, fingerprints.c.algorithm, fingerprints.c.data)
                .join(works, works.c.leaf_hash == entries.c.leaf_hash)
                .join(fingerprints, fingerprints.c.work == works.c.id)
                .where(*window)
            ).all()
            removed = [
                (row.idx, row.id)
                for kind, column in (("withdrawal", works.c.withdrawal_hash), ("erasure", works.c.erasure_hash))
                for row in connection.execute(
                    sa.select(entries.c.idx, works.c.id, column.label("hash"), entries.c.leaf, works.c.leaf_hash)
                    .join(works, column == entries.c.leaf_hash)
                    .where(*window)
                )
                if work_columns.ends(row.leaf, row.hash, row.leaf_hash, kind)
            ]
        changes = [Change(idx + 1, work, None) for idx, work in removed]
        newest = {row.id: row.algorithm for row in sorted(added, key=lambda row: registry.version(row.algorithm))}
        for idx, work, account, algorithm, data in added:
            if algorithm != newest[work]:
                continue  # kept because the log commits to it
            old = algorithm not in registry.ALGORITHMS
            try:
                found = self._upgraded(work, algorithm) if old else Fingerprint.from_bytes(data, b"")
                changes.append(Change(idx + 1, work, found, _number(account)))
            except ValueError:
                _logger.error("the fingerprint of work %d is damaged and cannot be matched: run ledger fsck", work)
        changes.sort(key=lambda change: change.position)
        if not changes or changes[-1].position < stop:
            changes.append(Change(stop, _NO_WORK, None))
        return changes

    def _upgraded(self, work: int, algorithm: str) -> Fingerprint:
        """The fingerprint of a work that an older version registered, by today's algorithm where it can be made."""
        row = (fingerprints.c.work == work, fingerprints.c.algorithm == algorithm)
        with self._db.read() as connection:
            kept = connection.execute(sa.select(fingerprints.c.data, fingerprints.c.detail).where(*row)).one()
        old = Fingerprint.from_bytes(kept.data + kept.detail)
        new = registry.MEDIA[old.medium].upgrade(old)
        if new is None:
            return old
        values = {"work": work, "algorithm": new.algorithm, "data": new.index_bytes(), "detail": new.detail}
        with contextlib.suppress(sa.exc.IntegrityError), self._db.write() as connection:  # another process was first
            connection.execute(fingerprints.insert().values(values))
        return new


def _number(account_id: str) -> int:
    """An account as an index holds it."""
    return int.from_bytes(hashlib.sha256(account_id.encode()).digest()[:7], "big")


def forget(connection: sa.Connection, work: int) -> None:
    """Delete the fingerprints of an erased work; every index drops it when it reads the entry of the erasure."""
    connection.execute(fingerprints.delete().where(fingerprints.c.work == work))
