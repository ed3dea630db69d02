"""What scans have taught: how templates and quotations are known for what they are.

A lesson is a fingerprint of the keys that no reported match explains (`fingerprints.text.boilerplate`). Only the newest
are kept, in the database and in memory. Unlike the index of works this one may be a moment behind another process: a
lesson more or less decides nothing that a registration promised.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

import sqlalchemy as sa

from fingerprints.index.interface import Change
from fingerprints.index.memory import MemoryIndex
from fingerprints.model import Fingerprint

from ..database.engine import Database
from ..database.tables import lessons, scans

_logger = logging.getLogger(__name__)
_LEAST = 2  # keys of a lesson that is worth keeping: no passage is judged by fewer


class Lessons:
    """The lessons of one installation, as one process knows them. Thread-safe."""

    def __init__(self, db: Database, most: int) -> None:
        """
        Args:
            most: how many of the newest are kept; 0 for none.
        """
        self._db, self._most = db, most
        self._lock = threading.Lock()
        self._index = MemoryIndex()
        self._upto = 0  # scans of which the lessons are known
        self._own: set[str] = set()  # those learnt here and not yet read back

    @property
    def index(self) -> MemoryIndex:
        """For `fingerprints.registry.search`."""
        return self._index

    def add(self, scan_id: str, lesson: Fingerprint | None) -> None:
        """Learn at once from a scan that is about to be recorded."""
        if self._most and lesson is not None and len(lesson.keys) >= _LEAST:
            with self._lock:
                self._own.add(scan_id)
                self._apply([lesson])

    def refresh(self) -> None:
        """Learn from what other processes scanned; forget what is too old."""
        if not self._most:
            return
        with self._lock:
            if len(self._index) > 2 * self._most:
                self._index, self._upto, self._own = MemoryIndex(), 0, set()
            with self._db.read() as connection:
                newest = connection.execute(
                    sa.select(lessons.c.scan, scans.c.scan_id, lessons.c.data)
                    .join(scans, scans.c.id == lessons.c.scan)
                    .where(lessons.c.scan > self._upto)
                    .order_by(lessons.c.scan.desc())
                    .limit(self._most)
                ).all()
            if not newest:
                return
            self._upto = newest[0].scan
            made = [self._read(row.data) for row in reversed(newest) if row.scan_id not in self._own]
            self._own.difference_update(row.scan_id for row in newest)
            self._apply([lesson for lesson in made if lesson is not None])

    def rows(self, taught: Sequence[tuple[int, Fingerprint | None]]) -> list[dict[str, object]]:
        """What to insert for scans with these internal numbers."""
        return [
            {"scan": scan, "data": lesson.index_bytes()}
            for scan, lesson in taught
            if self._most and lesson is not None and len(lesson.keys) >= _LEAST
        ]

    def forget(self, connection: sa.Connection) -> None:
        """Delete what is too old."""
        oldest = connection.execute(
            sa.select(lessons.c.scan).order_by(lessons.c.scan.desc()).offset(2 * self._most).limit(1)
        ).scalar()
        if oldest is not None:
            connection.execute(lessons.delete().where(lessons.c.scan <= oldest))

    def _apply(self, made: Sequence[Fingerprint]) -> None:
        first = self._index.position + 1
        self._index.apply(Change(first + n, first + n, lesson) for n, lesson in enumerate(made))

    def _read(self, data: bytes) -> Fingerprint | None:
        try:
            return Fingerprint.from_bytes(data, b"")
        except ValueError:
            _logger.warning("a lesson of an unknown format is passed over")
            return None
