"""What the entries of the log change in an index of works: its change feed.

A registration is named by its position, the size of the log right after its entry; so is the work, for an index.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from fingerprints import registry
from fingerprints.index.interface import Change
from fingerprints.model import Fingerprint

from ..database.backlog import log_size
from ..database.engine import Database
from ..database.tables import entries, fingerprints, works
from ..ledger import work_columns

_logger = logging.getLogger(__name__)
_ENDS = (("withdrawal", works.c.withdrawal_hash), ("erasure", works.c.erasure_hash))


@dataclass(frozen=True, slots=True)
class Share:
    """Of all works those whose number has this remainder: what one shard holds."""

    remainder: int
    divisor: int


class Feed:
    """Reads changes, of all works or of a share of them, from the database. Thread-safe."""

    def __init__(self, db: Database, share: Share | None = None) -> None:
        self._db = db
        self._share = sa.true() if share is None else works.c.id % share.divisor == share.remainder
        self._shared = "" if share is None else f" {share.remainder}/{share.divisor}"

    def size(self) -> int:
        """How many entries the log has, as every process sees it."""
        with self._db.read() as connection:
            return log_size(connection)

    def seal(self, position: int) -> str | None:
        """What these works' state at a size of the log is recognised by: the last entry, which names the log and its
        place in it, and which share; None where the log is shorter."""
        with self._db.read() as connection:
            found = connection.execute(sa.select(entries.c.leaf_hash).where(entries.c.idx == position - 1)).scalar()
        return None if found is None else bytes(found).hex() + self._shared

    def changes(self, start: int, stop: int, *, detail: bool = False) -> list[Change]:
        """What the entries from ``start`` up to, not including, ``stop`` change in an index.

        Args:
            detail: with the fingerprints' details, which searching does without.
        """
        registered = entries.alias()
        window = (entries.c.idx >= start, entries.c.idx < stop, self._share)
        columns = (entries.c.idx, works.c.id, works.c.account_id, fingerprints.c.algorithm, fingerprints.c.data)
        with self._db.read() as connection:
            added = connection.execute(
                sa.select(*columns, fingerprints.c.detail if detail else sa.literal(b"").label("detail"))
                .join(works, works.c.leaf_hash == entries.c.leaf_hash)
                .join(fingerprints, fingerprints.c.work == works.c.id)
                .where(*window)
            ).all()
            removed = [
                Change(row.idx + 1, row.registered + 1, None)
                for kind, column in _ENDS
                for row in connection.execute(
                    sa.select(
                        entries.c.idx,
                        registered.c.idx.label("registered"),
                        column.label("hash"),
                        entries.c.leaf,
                        works.c.leaf_hash,
                    )
                    .join(works, column == entries.c.leaf_hash)
                    .join(registered, registered.c.leaf_hash == works.c.leaf_hash)
                    .where(*window)
                )
                if work_columns.ends(row.leaf, row.hash, row.leaf_hash, kind)
            ]
        newest = {row.id: row.algorithm for row in sorted(added, key=lambda row: registry.version(row.algorithm))}
        changes = list(removed)
        for row in added:
            if row.algorithm != newest[row.id]:
                continue  # kept because the log commits to it
            try:
                found = self._read(row, detail)
            except ValueError:
                _logger.error("the fingerprint of work %d is damaged and cannot be matched: run ledger fsck", row.id)
                continue
            changes.append(Change(row.idx + 1, row.idx + 1, found, _number(row.account_id)))
        changes.sort(key=lambda change: change.position)
        return changes

    def pages(self, start: int, stop: int, size: int) -> Iterator[list[Change]]:
        """The same with details, so many entries at a time."""
        for first in range(start, stop, size):
            yield self.changes(first, min(first + size, stop), detail=True)

    def erased(self, start: int, stop: int) -> list[int]:
        """Which registrations the entries of a range have erased."""
        registered = entries.alias()
        with self._db.read() as connection:
            found = connection.execute(
                sa.select(registered.c.idx)
                .join(works, works.c.leaf_hash == registered.c.leaf_hash)
                .join(entries, entries.c.leaf_hash == works.c.erasure_hash)
                .where(entries.c.idx >= start, entries.c.idx < stop, self._share)
                .order_by(registered.c.idx)
            ).scalars()
            return [idx + 1 for idx in found]

    def _read(self, row: Any, detail: bool) -> Fingerprint:
        """Raises ``ValueError`` where a row is damaged."""
        if row.algorithm not in registry.ALGORITHMS:
            return self._upgraded(row.id, row.algorithm)
        return Fingerprint.from_bytes(row.data + row.detail) if detail else Fingerprint.from_bytes(row.data, b"")

    def _upgraded(self, work: int, algorithm: str) -> Fingerprint:
        """The fingerprint of a work that an older version registered, by today's algorithm where it can be made."""
        row = (fingerprints.c.work == work, fingerprints.c.algorithm == algorithm)
        with self._db.read() as connection:
            kept = connection.execute(sa.select(fingerprints.c.data, fingerprints.c.detail).where(*row)).one()
        old = Fingerprint.from_bytes(kept.data + kept.detail)
        new = registry.MEDIA[old.medium].upgrade(old)
        if new is None:
            return old
        values = {"work": work, "algorithm": new.algorithm, "data": new.index_bytes(), "detail": new.detail_bytes()}
        with contextlib.suppress(sa.exc.IntegrityError), self._db.write() as connection:  # another process was first
            connection.execute(fingerprints.insert().values(values))
        return new


def _number(account_id: str) -> int:
    """An account as an index holds it."""
    return int.from_bytes(hashlib.sha256(account_id.encode()).digest()[:7], "big")
