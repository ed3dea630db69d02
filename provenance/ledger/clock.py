"""The time that checkpoints are signed with: never before that of the checkpoint before.

A clock that is set back would date new entries before old ones. A small step, as NTP and leap seconds make, is bridged
by repeating the last time. A larger one stops the log until the clock is right. If the clock was ahead before, what it
signed cannot be unsaid: the operator says so while he replaces the log's keys (`accounts.log_keys`), and the first
checkpoint of the new ones bears the true time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from ..errors import LedgerReadOnly
from ..tlog.signed_checkpoint import signed_time
from ..tlog.verification import moment

TOLERANCE = 60  # seconds that a clock may be set back without notice


class CheckpointClock:
    """The clock of one log in this process. Thread-safe.

    Attributes:
        last: POSIX seconds of the newest checkpoint it knows, None before the first.
    """

    def __init__(self, now: Callable[[], float] | None = None) -> None:
        """``now`` gives POSIX seconds; without it the machine's clock does."""
        self.last: int | None = None
        self._now = now or (lambda: time.time())
        self._forgiven = False
        self._lock = threading.Lock()

    def follow(self, signed: bytes) -> None:
        """Take this for the log's last checkpoint, a signed note of its own."""
        with self._lock:
            self.last = signed_time(signed)

    def time(self) -> int:
        """POSIX seconds to sign the next checkpoint with.

        Raises:
            LedgerReadOnly: the clock is behind the last checkpoint.
        """
        now = int(self._now())
        with self._lock:
            if self.last is None or self._forgiven or now >= self.last:
                return now
            if self.last - now <= TOLERANCE:
                return self.last
            raise LedgerReadOnly(
                f"this machine's clock says {moment(now)}, but the log's last checkpoint was signed at "
                f"{moment(self.last)}, and none may be dated before it: set the clock right. If it is right, it was "
                "ahead then: replace the log's keys with `sourcemark key rotate --log --clock-was-ahead`",
                reason="clock_behind",
            )

    def forgive(self, forgiven: bool, first: int | None = None) -> None:
        """Whether the next checkpoints may be dated before the last one: only while the log's keys are replaced.

        Args:
            first: POSIX seconds of the log's first checkpoint, before which no clock can be right.

        Raises:
            LedgerReadOnly: this machine's is.
        """
        now = int(self._now())
        if forgiven and first is not None and now < first - TOLERANCE:
            raise LedgerReadOnly(
                f"this machine's clock says {moment(now)}, but the log began at {moment(first)}: set it right first",
                reason="clock_behind",
            )
        with self._lock:
            self._forgiven = forgiven
