"""Everything one process needs, held together: settings, database, ledger, decoder processes, index.

A service is made without touching anything and started at its first use, so that a server can come up before its
database does and answer "not now" until then.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType

import sqlalchemy as sa

from fingerprints import registry
from fingerprints.errors import FingerprintError
from fingerprints.index.interface import Change
from fingerprints.index.memory import MemoryIndex
from fingerprints.model import Examination, Fingerprint
from fingerprints.sandbox.pool import Sandbox

from .config import Settings
from .database.engine import Database
from .database.tables import entries, fingerprints, log_state, works
from .errors import BadContent, SourcemarkError, Unavailable, from_fingerprint_error, from_os_error
from .ledger.log import Log
from .schemas import Inline, Source
from .search.boilerplate import Lessons
from .tlog.keys import SigningKey

_logger = logging.getLogger(__name__)
_NO_WORK = -1  # a change that moves the index's position and touches no work
_PAGE = 16_384  # entries read at a time while the index catches up: fewer, larger runs to merge


class Service:
    """One process's share of an installation. Thread-safe; close it, or use it as a context manager."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.db = Database(settings.url, settings.database_timeout_seconds)
        self.log = Log(self.db, settings)
        self.sandbox = Sandbox(settings.workers, settings.limits, settings.anchors)
        self.index = MemoryIndex()
        self.signing_keys: dict[str, SigningKey] = {}  # those in use, opened
        self.lessons = Lessons(self.db, settings.remembered_uploads)
        self._pool = ThreadPoolExecutor(settings.workers, thread_name_prefix="examine")
        self._start_lock = threading.Lock()
        self._index_lock = threading.Lock()
        self._started = False

    def __enter__(self) -> Service:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Make the home folder, bring the database to the newest schema, open the log. Does nothing the second time.

        Raises:
            Unavailable: the home folder cannot be written or the database cannot be reached; try again later.
            LedgerReadOnly: the ledger's stores disagree.
        """
        if self._started:
            return
        with self._start_lock:
            if self._started:
                return
            try:
                self.settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
                self.db.create_file()
            except OSError as error:
                raise Unavailable(
                    f"the folder {self.settings.home} cannot be made ({error.strerror}): set SOURCEMARK_HOME",
                    reason="storage",
                ) from error
            self.db.migrate()
            try:
                self.log.start()
            except OSError as error:
                raise from_os_error(error, self.settings.home) from error
            self._started = True

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)
        self.sandbox.close()
        self.log.close()
        self.db.close()

    # --- reading uploads -----------------------------------------------------------------------------------------
    def examine(self, source: Source, *, thorough: bool = False) -> Examination:
        """Read one upload in a decoder process; raises the user's view of what is wrong with it.

        Args:
            thorough: for a search: look closer than is kept of a work.
        """
        try:
            if isinstance(source, Inline):
                return self.sandbox.examine(source.text.encode(), source.format)
            return self.sandbox.examine(source, thorough=thorough)
        except UnicodeEncodeError:  # JSON can hold half of a surrogate pair, text cannot
            raise BadContent(
                "the text holds half of a surrogate pair, which is not Unicode text", reason="undecodable"
            ) from None
        except FingerprintError as error:
            raise from_fingerprint_error(error) from error

    def examine_all(
        self, sources: Sequence[Source | SourcemarkError], *, thorough: bool = False
    ) -> list[Examination | SourcemarkError]:
        """Read many files in parallel; the answers are in the order of the sources, errors in their places."""

        def one(source: Source | SourcemarkError) -> Examination | SourcemarkError:
            if isinstance(source, SourcemarkError):
                return source
            try:
                return self.examine(source, thorough=thorough)
            except SourcemarkError as error:
                return error

        return list(self._pool.map(one, sources))

    # --- the index -----------------------------------------------------------------------------------------------
    def log_size(self) -> int:
        """How many entries the log has, as every process sees it."""
        with self.db.read() as connection:
            return int(connection.execute(sa.select(log_state.c.size)).scalar() or 0)

    def refresh(self) -> int:
        """Bring this process's index up to the log; returns the log size it now covers.

        One cheap query when nothing is new, so it runs before every search: what was answered is findable.
        """
        size = self.log_size()
        if self.index.position >= size:
            return self.index.position
        with self._index_lock:
            while self.index.position < size:
                start = self.index.position
                stop = min(size, start + _PAGE)
                self.index.apply(self._changes(start, stop))
        return size

    def _renewed(self, work: int, algorithm: str) -> Fingerprint:
        """The fingerprint of a work that an older version registered, by today's algorithm where it can be made."""
        row = (fingerprints.c.work == work, fingerprints.c.algorithm == algorithm)
        with self.db.read() as connection:
            kept = connection.execute(sa.select(fingerprints.c.data, fingerprints.c.detail).where(*row)).one()
        old = Fingerprint.from_bytes(kept.data + kept.detail)
        new = registry.renewed(old)
        if new is None:
            return old
        values = {"work": work, "algorithm": new.algorithm, "data": new.index_bytes(), "detail": new.detail}
        with contextlib.suppress(sa.exc.IntegrityError), self.db.write() as connection:  # another process was first
            connection.execute(fingerprints.insert().values(values))
        return new

    def _changes(self, start: int, stop: int) -> Iterable[Change]:
        window = (entries.c.idx >= start, entries.c.idx < stop)
        with self.db.read() as connection:
            added = connection.execute(
                sa.select(entries.c.idx, works.c.id, fingerprints.c.algorithm, fingerprints.c.data)
                .join(works, works.c.leaf_hash == entries.c.leaf_hash)
                .join(fingerprints, fingerprints.c.work == works.c.id)
                .where(*window)
            ).all()
            removed = [
                row
                for column in (works.c.withdrawal_hash, works.c.erasure_hash)
                for row in connection.execute(
                    sa.select(entries.c.idx, works.c.id).join(works, column == entries.c.leaf_hash).where(*window)
                )
            ]
        changes = [Change(idx + 1, work, None) for idx, work in removed]
        newest = {row.id: row.algorithm for row in sorted(added, key=lambda row: registry.version(row.algorithm))}
        for idx, work, algorithm, data in added:
            if algorithm != newest[work]:
                continue  # kept because the log commits to it
            old = algorithm not in registry.ALGORITHMS and algorithm != registry.EXACT
            try:
                found = self._renewed(work, algorithm) if old else Fingerprint.from_bytes(data, b"")
                changes.append(Change(idx + 1, work, found))
            except ValueError:
                _logger.error("the fingerprint of work %d is damaged and cannot be matched: run ledger fsck", work)
        changes.sort(key=lambda change: change.position)
        if not changes or changes[-1].position < stop:
            changes.append(Change(stop, _NO_WORK, None))
        return changes
