"""One shard of an index, in an actor of its own: it follows the database and answers for its share of the works."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np

from fingerprints.index.interface import Part, Positions

from ...database.engine import Database
from ...errors import SourcemarkError
from ..feed import Share
from ..follower import Follower, Held
from . import moments
from .layout import Layout, installation
from .moments import BEGINNING, Moment
from .questions import BUILD, STATUS, Answer, Ask, Beside, Refusal, ask_from

_logger = logging.getLogger(__name__)
_KEPT_SECONDS = 30.0  # that a moment can still be asked about after a newer one has come; a search takes less
_CONNECTIONS = 9  # to its database: one to follow the log, one for each question it works on
_CONDENSING_PERIOD = 30.0  # seconds between looks at the segments; what was erased leaves them then
_MOST_CODES = 1024  # told beside an answer; Ray takes several times as long for answers above 100 kB
_PERIOD = 1.0  # seconds between looks at the database, so that little is left to do when somebody asks


Pooling = Literal["session", "transaction"]


class _Refused(Exception):
    def __init__(self, refusal: Refusal, detail: str) -> None:
        super().__init__(detail)
        self.refusal: Refusal = refusal
        self.detail = detail


class Shard:
    """Answers questions about the works of one shard, each at the moment of the log that it names. Thread-safe.

    What it holds is derived from the database. A new process begins with the segments in its machine's folder, or with
    nothing, and refuses what it is not far enough for.
    """

    def __init__(
        self,
        layout: Layout,
        shard: int,
        database_url: str,
        timeout_seconds: int,
        pooling: Pooling,
        folder: str,
        tail: int,
    ) -> None:
        """
        Args:
            folder: of its machine, for the segments of all shards there; see `Follower`.
            tail: see `Follower`.
        """
        self._layout, self._shard = layout, shard
        self._db = Database(database_url, timeout_seconds, _CONNECTIONS, pooling=pooling)
        # Processes share a folder, so that replicas that meet on one machine share their pages.
        self._folder = Path(folder, layout.installation.database, f"shard-{shard}-of-{layout.shards}")
        self._tail = tail
        self._lock = threading.Lock()
        self._begin()
        self._trouble = ""
        threading.Thread(target=self._follow, name="follow", daemon=True).start()

    def ask(self, raw: bytes) -> bytes:
        """Answer one question; see `questions`."""
        asked = ask_from(raw)
        values, beside, refusal, detail = (), None, None, ""
        try:
            values, beside = self._answer(asked)
        except _Refused as refused:
            refusal, detail = refused.refusal, refused.detail
        return Answer(
            asked.number,
            BUILD,
            self._layout.installation,
            self._shard,
            self._layout.shards,
            asked.moment,
            values,
            beside,
            refusal,
            detail,
        ).to_bytes()

    def _answer(self, asked: Ask) -> tuple[tuple[Any, ...], Beside | None]:
        if asked.build != BUILD:
            raise _Refused("version", f"it runs another version of Sourcemark: {' '.join(BUILD)}")
        if asked.installation != self._layout.installation:
            raise _Refused("installation", f"it belongs to another installation: {self._layout.installation}")
        if (asked.shard, asked.shards) != (self._shard, self._layout.shards):
            raise _Refused("layout", f"it is shard {self._shard} of {self._layout.shards}")
        if asked.questions == ((STATUS, ()),):
            return (self._status(),), None
        if unknown := [name for name, _ in asked.questions if name not in _QUESTIONS]:
            raise _Refused("question", f"there is no question {unknown[0]!r:.60}")
        held = self._held(asked)
        view = held.views[asked.algorithm]
        values = tuple(getattr(view, name)(*arguments) for name, arguments in asked.questions)
        named = [value.positions for (name, _), value in zip(asked.questions, values, strict=True) if name == "by_keys"]
        return values, _beside(view, held.detailed, np.unique(np.concatenate([_NONE, *named])))

    def _held(self, asked: Ask) -> Held:
        """What it held at a moment of the log; it catches up with a later one."""
        if not self._lock.acquire(timeout=asked.seconds):
            raise _Refused("behind", f"it is busy catching up with the log, at position {self._follower.position}")
        try:
            if not self._follower.is_whole():
                self._begin()
            if asked.moment not in self._moments:
                self._catch_up(asked)
            _, held = self._moments[asked.moment]
            return held
        except SourcemarkError as error:
            raise _Refused("behind", f"it cannot follow the database: {error.detail}") from error
        finally:
            self._lock.release()

    def _catch_up(self, asked: Ask) -> None:
        stop = time.monotonic() + asked.seconds
        if self._follower.position >= asked.moment.position and self._is_past(asked.moment):
            raise _Refused("beyond", f"it is at position {self._follower.position} already")
        if moments.at(self._db, asked.moment.position) != asked.moment:
            raise _Refused("behind", f"its database has no such moment as position {asked.moment.position}")
        while self._follower.position < asked.moment.position:
            if time.monotonic() > stop:
                raise _Refused("behind", f"it has come to position {self._follower.position}")
            self._advance(asked.moment.position)
        if asked.moment not in self._moments:  # a segment that another replica has made reaches further
            raise _Refused("beyond", f"it is at position {self._follower.position} already")

    def _is_past(self, moment: Moment) -> bool:
        """Whether the log has gone on since; if not, it is another than the one followed, and all begins anew."""
        now = moments.newest(self._db)
        if now.position > moment.position or now in self._moments:
            return True
        self._begin()
        return False

    def _begin(self) -> None:
        """With nothing."""
        share = Share(self._shard, self._layout.shards)
        self._follower = Follower(self._db, share, folder=self._folder, tail=self._tail)
        self._moments: dict[Moment, tuple[float, Held]] = {}  # in their order; since when, and what was held then
        self._keep(BEGINNING, self._follower.step(0))

    def _advance(self, position: int) -> None:
        """One step towards a position of the log."""
        newest = next(reversed(self._moments))
        if moments.at(self._db, newest.position) != newest:  # the database was restored
            _logger.warning("the log is another than before: the shard is made anew")
            self._begin()
        held = self._follower.step(position)
        self._keep(moments.at(self._db, held.position), held)

    def _keep(self, moment: Moment, held: Held) -> None:
        if moment not in self._moments:  # whoever waited for the lock may find that there was nothing left to do
            self._moments[moment] = time.monotonic(), held
        self._drop_old()

    def _drop_old(self) -> None:
        long_ago = time.monotonic() - _KEPT_SECONDS
        for (moment, _), (_, (replaced, _)) in pairwise(list(self._moments.items())):
            if replaced < long_ago:
                del self._moments[moment]

    def _follow(self) -> None:
        """Follow the log for ever, step by step, so that questions come in between."""
        condensed = time.monotonic()
        while True:
            try:
                if installation(self._db) != self._layout.installation:
                    raise SourcemarkError("its database is another installation's")
                size = moments.newest(self._db).position
                self._trouble = ""
                while self._follower.position < size:
                    with self._lock:
                        self._advance(size)
                    time.sleep(0)  # whoever waits for the lock may have it
                with self._lock:
                    self._drop_old()
                if time.monotonic() > condensed + _CONDENSING_PERIOD:
                    condensed = time.monotonic()
                    self._follower.condense()
            except SourcemarkError as error:
                self._trouble = error.detail
            except Exception:
                self._trouble = "it cannot follow the database: its log says why"
                _logger.exception("the shard does not follow the log")
            time.sleep(_PERIOD)

    def _status(self) -> Mapping[str, Any]:
        return {
            "position": self._follower.position,
            "works": len(self._follower.index),
            "machine": socket.gethostname(),
            "process": os.getpid(),
            "trouble": self._trouble or None,
        }


def _beside(view: Part, detailed: int, named: Positions) -> Beside:
    rows = view.rows_at(named)
    here = named[rows.places]
    codes = view.first_codes(here) if len(here) <= _MOST_CODES else None
    return Beside(len(view), detailed, here, rows.accounts, rows.sizes, codes)


_NONE: Positions = np.zeros(0, dtype=np.int64)
_QUESTIONS = frozenset(
    (
        "__len__",
        "by_digest",
        "by_keys",
        "by_near_keys",
        "code_hits",
        "count_near_keys",
        "fingerprints_at",
        "first_codes",
        "rows_at",
    )
)
