"""Boilerplate learned from scans: how templates and quotations are told from reuse.

Of a text upload the keys that no reported match explains are kept (`fingerprints.text.boilerplate`), of the newest
uploads only, in the database and in memory. Unlike the index of works this one may be a moment behind another process:
one upload more or less decides nothing that a registration promised.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import TypeGuard

import sqlalchemy as sa

from fingerprints.index.interface import Change
from fingerprints.index.memory import MemoryIndex
from fingerprints.model import Fingerprint

from ..database.engine import Database
from ..database.tables import learned_boilerplate, scans

_logger = logging.getLogger(__name__)
_MIN_KEYS = 2  # of an upload that is worth keeping: no passage is decided by fewer


class LearnedBoilerplate:
    """The boilerplate that one installation has learned, as one process knows it. Thread-safe."""

    def __init__(self, db: Database, max_uploads: int) -> None:
        """
        Args:
            max_uploads: of how many of the newest it is kept; 0 for none.
        """
        self._db, self._max_uploads = db, max_uploads
        self._lock = threading.Lock()
        self._index = MemoryIndex()
        self._position = 0  # internal number of the newest scan that was read
        self._own: set[str] = set()  # scans learned from here and not yet read back

    @property
    def index(self) -> MemoryIndex:
        """For `fingerprints.registry.propose`."""
        return self._index

    def add(self, scan_id: str, keys: Fingerprint | None) -> None:
        """Learn at once from a scan that is about to be recorded."""
        if self._worth_keeping(keys):
            with self._lock:
                self._own.add(scan_id)
                self._apply([keys])

    def refresh(self) -> None:
        """Learn from what other processes scanned; forget what is too old."""
        if not self._max_uploads:
            return
        with self._lock:
            if len(self._index) > 2 * self._max_uploads:
                self._index, self._position, self._own = MemoryIndex(), 0, set()
            with self._db.read() as connection:
                newest = connection.execute(
                    sa.select(learned_boilerplate.c.scan, scans.c.scan_id, learned_boilerplate.c.data)
                    .join(scans, scans.c.id == learned_boilerplate.c.scan)
                    .where(learned_boilerplate.c.scan > self._position)
                    .order_by(learned_boilerplate.c.scan.desc())
                    .limit(self._max_uploads)
                ).all()
            if not newest:
                return
            self._position = newest[0].scan
            made = [self._read(row.data) for row in reversed(newest) if row.scan_id not in self._own]
            self._own.difference_update(row.scan_id for row in newest)
            self._apply([keys for keys in made if keys is not None])

    def record(self, connection: sa.Connection, learned: Sequence[tuple[int, Fingerprint | None]]) -> None:
        """Store what was learned from scans with these internal numbers, and delete what is too old."""
        rows = [{"scan": scan, "data": keys.index_bytes()} for scan, keys in learned if self._worth_keeping(keys)]
        if not rows:
            return
        connection.execute(learned_boilerplate.insert(), rows)
        oldest = connection.execute(
            sa.select(learned_boilerplate.c.scan)
            .order_by(learned_boilerplate.c.scan.desc())
            .offset(2 * self._max_uploads)
            .limit(1)
        ).scalar()
        if oldest is not None:
            connection.execute(learned_boilerplate.delete().where(learned_boilerplate.c.scan <= oldest))

    def _worth_keeping(self, keys: Fingerprint | None) -> TypeGuard[Fingerprint]:
        return self._max_uploads > 0 and keys is not None and len(keys.keys) >= _MIN_KEYS

    def _apply(self, learned: Sequence[Fingerprint]) -> None:
        first = self._index.position + 1
        self._index.apply(Change(first + n, first + n, keys) for n, keys in enumerate(learned))

    def _read(self, data: bytes) -> Fingerprint | None:
        try:
            return Fingerprint.from_bytes(data, b"")
        except ValueError:
            _logger.warning("learned boilerplate of an unknown format is passed over")
            return None
