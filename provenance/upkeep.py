"""What an installation does by the clock, in whatever process of it stays up."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from . import retention
from .accounts import qualifications, quotas
from .application import Application
from .cases import links
from .database.tables import stamp
from .errors import SourcemarkError

_logger = logging.getLogger(__name__)
_FIRST = 60  # seconds from the start until each duty is performed for the first time, at most
_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_USAGE_DAYS = 400  # that it is kept how much a key has sent


@dataclass(frozen=True, slots=True)
class Duty:
    """Something that is done again and again.

    Attributes:
        seconds: from the end of one time to the beginning of the next.
    """

    name: str
    seconds: int
    act: Callable[[], object]

    def perform(self) -> None:
        """Do it once; what goes wrong is told in the log and tried again the next time."""
        try:
            self.act()
        except SourcemarkError as error:
            _logger.warning("%s: not done now: %s", self.name, error.detail)
        except Exception:
            _logger.exception("%s: not done now", self.name)


def duties(app: Application) -> list[Duty]:
    """The duties of an installation with these settings; any number of its processes may have them."""
    settings = app.settings

    def warn() -> None:
        app.start()
        qualifications.warn(app.db, settings.qualification_warning_days)

    def purge() -> None:
        app.start()
        retention.purge(app.db, settings)
        links.purge(app.db)
        app.case_erasures.purge(settings.keep_parties_days)
        quotas.purge(app.db, stamp(datetime.now(UTC) - timedelta(days=_USAGE_DAYS)))

    def settle() -> None:
        app.start()
        app.claims.settle_left_behind()

    def keep_clocks() -> None:
        app.start()
        app.automatic.run_due()

    def condense() -> None:
        app.start()
        app.follower.condense()

    found = [Duty("warnings of qualifications", _HOUR, warn), Duty("purge", _DAY, purge)]
    found.append(Duty("competing claims", _MINUTE, settle))
    found.append(Duty("clocks of complaints", _MINUTE, keep_clocks))
    found.append(Duty("segments of the index", _MINUTE // 2, condense))
    if settings.tsa_url is not None:  # of a log that has gone quiet: its last entries get a time-stamp too
        interval = max(1, min(60, settings.tsa_interval_seconds))
        found.append(Duty("time-stamp", interval, app.log.timestamper.stamp_if_due))
    return found


class Upkeep:
    """Performs the duties of an installation in threads of a process, each in one of its own."""

    def __init__(self, app: Application) -> None:
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._repeat, args=(duty,), name=duty.name, daemon=True) for duty in duties(app)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def begin_stop(self) -> None:
        """Begin nothing more."""
        self._stop.set()

    def stop(self, seconds: float = 5.0) -> None:
        """Begin nothing more, and wait so long for what is under way; each step of it is a transaction."""
        self.begin_stop()
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _repeat(self, duty: Duty) -> None:
        pause = min(duty.seconds, _FIRST)
        while not self._stop.wait(pause):
            duty.perform()
            pause = duty.seconds
