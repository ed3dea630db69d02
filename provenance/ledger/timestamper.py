"""Time-stamps of the log's checkpoints, kept in the database: taken from time to time, beside the sequencer.

Nothing waits for an authority: an entry is acknowledged without its time-stamp, which covers it as soon as a checkpoint
of the log that holds it has one.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from ..config import Settings
from ..database.engine import Database
from ..database.tables import now, timestamps
from ..errors import BadInput, Misconfigured, SourcemarkError, Unavailable, VerificationFailed
from ..tlog import timestamp
from ..tlog.signed_checkpoint import signed_time
from ..tlog.verification import moment
from .clock import TOLERANCE
from .reader import LogReader
from .timestamp_authority import TimestampAuthority

_logger = logging.getLogger(__name__)
_RETRY = 30.0  # seconds after a failure


class Timestamper:
    """The time-stamps of one log. Thread-safe; several processes may share the database."""

    def __init__(self, db: Database, settings: Settings, reader: LogReader) -> None:
        self._db = db
        self._settings = settings
        self._reader = reader
        self._authority: TimestampAuthority | None = None
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._not_before = 0.0

    def start(self) -> None:
        """Raises `Misconfigured` if the settings are no use."""
        settings = self._settings
        if settings.tsa_url is None or self._authority is not None:
            return
        try:
            roots = timestamp.roots_of(settings.tsa_roots)
        except VerificationFailed as error:
            raise Misconfigured(f"SOURCEMARK_TSA_CA: {error.detail}") from error
        try:
            self._authority = TimestampAuthority(settings.tsa_url, roots, settings.tsa_seconds)
        except BadInput as error:
            raise Misconfigured(f"SOURCEMARK_TSA_URL: {error.detail}") from error

    def close(self) -> None:
        """Wait for a stamp that is being taken, at most as long as the authority may take."""
        if self._thread is not None:
            self._thread.join(self._settings.tsa_seconds + 1)
        if self._authority is not None:
            self._authority.close()

    def wake(self) -> None:
        """Take a stamp in the background if one is due."""
        if self._authority is None or time.monotonic() < self._not_before:
            return
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._try, name="timestamper", daemon=True)
                self._thread.start()

    def _try(self) -> None:
        try:
            while self.stamp_if_due():  # what was published meanwhile, too
                pass
        except SourcemarkError as error:
            _logger.warning("no time-stamp: %s", error.detail)

    def stamp_if_due(self) -> bool:
        """Stamp the newest published checkpoint, unless it is stamped or another was a short time ago.

        Returns:
            Whether it did.

        Raises:
            Unavailable: the authority or the database.
        """
        if self._authority is None:
            return False
        published = self._reader.read()
        last = self._last()
        if published is None or (last is not None and last[0] >= published.size):
            return False
        interval = self._settings.tsa_interval_seconds
        if last is not None and 0 <= (age := (datetime.now(UTC) - last[1]).total_seconds()) < interval:
            self._not_before = time.monotonic() + interval - age
            return False
        self.stamp()
        return True

    def stamp(self) -> None:
        """Stamp the newest published checkpoint now; raises `Unavailable`."""
        published = self._reader.read()
        if self._authority is None or published is None:
            return
        self._not_before = time.monotonic() + _RETRY
        token = self._authority.stamp(published.raw)
        self._not_before = time.monotonic() + self._settings.tsa_interval_seconds
        row = {"size": published.size, "note": published.raw, "token": token, "created_at": now()}
        try:
            with self._db.write() as connection:
                connection.execute(timestamps.insert().values(row))
        except IntegrityError:
            _logger.info("another process stamped the checkpoint of %d entries first", published.size)
        try:
            self.check_clock()
        except Unavailable as error:
            _logger.error("%s", error.detail)

    @property
    def configured(self) -> bool:
        """Whether there is an authority to ask."""
        return self._authority is not None

    def check_clock(self) -> None:
        """Compare the log's clock with that of the authority, where they last met.

        Raises:
            Unavailable: a checkpoint bears a later time than the token that was taken of it afterwards.
        """
        with self._db.read() as connection:
            row = connection.execute(
                sa.select(timestamps.c.note, timestamps.c.token).order_by(timestamps.c.size.desc()).limit(1)
            ).first()
        signed = None if row is None else signed_time(row.note)
        if row is not None and signed is not None:
            stamped = int(timestamp.read(row.token, row.note).time.timestamp())
            if signed - stamped > TOLERANCE:
                raise Unavailable(
                    f"the log signed at {moment(signed)} what the authority stamped at {moment(stamped)}: this "
                    "machine's clock is ahead, or was; set it right",
                    reason="clock_ahead",
                )

    def _last(self) -> tuple[int, datetime] | None:
        with self._db.read() as connection:
            row = connection.execute(
                sa.select(timestamps.c.size, timestamps.c.created_at).order_by(timestamps.c.size.desc()).limit(1)
            ).first()
        return None if row is None else (row.size, datetime.fromisoformat(row.created_at))

    def covering(self, index: int, *, newest: bool = False) -> Iterator[tuple[int, bytes, bytes]]:
        """Size, checkpoint and token of those that cover an entry, in the order of time or the newest first."""
        order = timestamps.c.size.desc() if newest else timestamps.c.size
        with self._db.read() as connection:
            rows = connection.execute(
                sa.select(timestamps.c.size, timestamps.c.note, timestamps.c.token)
                .where(timestamps.c.size > index)
                .order_by(order)
                .limit(100)
            ).all()
        yield from ((size, bytes(note), bytes(token)) for size, note, token in rows)

    def problems(self) -> Iterator[str]:
        """Stored time-stamps that are not over their checkpoints, or do not hold under the configured roots."""
        roots = timestamp.roots_of(self._settings.tsa_roots) if self._settings.tsa_url is not None else None
        after = -1
        while True:
            with self._db.read() as connection:
                rows = connection.execute(
                    sa.select(timestamps).where(timestamps.c.size > after).order_by(timestamps.c.size).limit(1000)
                ).all()
            for row in rows:
                try:
                    if roots is None:
                        timestamp.read(row.token, row.note)
                    else:
                        timestamp.verify(row.token, row.note, roots)
                except VerificationFailed as error:
                    yield f"the time-stamp of the log of {row.size} entries: {error.detail}"
            if not rows:
                return
            after = rows[-1].size
