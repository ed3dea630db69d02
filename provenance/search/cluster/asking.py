"""Asks all shards the same, each at one of its replicas, until one deadline; nothing is left out in silence."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import count
from typing import Any

from ...errors import Unavailable
from .courier import Courier, Undelivered
from .layout import Layout
from .moments import BEGINNING, Moment
from .questions import BUILD, STATUS, Answer, Ask, BadAnswer, Question, answer_to

_RETRY_SECONDS = 2
_MAX_NAMED = 3  # missing shards that a message names

Place = tuple[int, int]  # shard, replica


class Moved(Exception):
    """A shard has gone on past the moment that was asked about: ask about a later one."""


class Missing(Exception):
    """A replica did not answer, or not what it was asked."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked of the view for an algorithm at a moment."""

    moment: Moment
    algorithm: str
    questions: tuple[Question, ...]


class Shards:
    """The shards of one layout. Thread-safe."""

    def __init__(self, courier: Courier, layout: Layout, seconds: float) -> None:
        """
        Args:
            seconds: how long a question may take.
        """
        self.layout = layout
        self._courier = courier
        self._seconds = seconds
        self._numbers = count(1)
        self._owed: dict[Place, Future[bytes]] = {}  # the first answers that were due and did not come

    def ask(self, moment: Moment, algorithm: str, *questions: Question) -> list[Answer]:
        """The answers of all shards, in their order.

        Args:
            questions: methods of `Part`, of the view for this algorithm at this moment.

        Raises:
            Moved: see there.
            Unavailable: a shard is missing (``index_incomplete``).
        """
        stop = time.monotonic() + self._seconds
        asked = _Asked(moment, algorithm, questions)
        tries = [_Tries(self, shard, asked, stop) for shard in range(self.layout.shards)]
        answers, missing = [], []
        for each in tries:
            try:
                answers.append(each.answer())
            except Missing as error:
                missing.append(str(error))
        if missing:
            named = "; ".join(missing[:_MAX_NAMED]) + ("; ..." if len(missing) > _MAX_NAMED else "")
            raise Unavailable(
                f"{len(missing)} of {self.layout.shards} shards of the index are missing ({named}): try again, and see "
                "`sourcemark index status`",
                reason="index_incomplete",
                retry_after=_RETRY_SECONDS,
            )
        return answers

    def statuses(self) -> dict[Place, Mapping[str, Any]]:
        """What every replica says of itself; of one that does not answer its ``trouble`` only."""
        stop = time.monotonic() + self._seconds
        asked = _Asked(BEGINNING, "", ((STATUS, ()),))
        places = [(n, m) for n in range(self.layout.shards) for m in range(self.layout.replicas)]
        sent = {place: self.send(place, asked, self._seconds) for place in places}
        found: dict[Place, Mapping[str, Any]] = {}
        for place, (ask, future) in sent.items():
            try:
                found[place] = self.answer(place, ask, future, stop).values[0]
            except Missing as error:
                found[place] = {"trouble": str(error)}
        return found

    def stop(self) -> int:
        """End all actors of the installation, and say how many there were.

        Raises:
            Unavailable: the cluster cannot be reached.
        """
        try:
            return int(self._courier.send_stop().result(self._seconds))
        except (Undelivered, TimeoutError) as error:
            raise Unavailable(str(error) or "the Ray cluster does not answer", reason="index_incomplete") from error

    def replicas(self) -> list[int]:
        """In which order replicas are asked: they take turns."""
        first = next(self._numbers)
        return [(first + n) % self.layout.replicas for n in range(self.layout.replicas)]

    def is_silent(self, place: Place) -> bool:
        """Whether a replica still owes an answer that was due: it is not asked again until it gives one."""
        owed = self._owed.get(place)
        if owed is None or owed.done():
            self._owed.pop(place, None)
            return False
        return True

    def send(self, place: Place, asked: _Asked, seconds: float) -> tuple[Ask, Future[bytes]]:
        layout, number = self.layout, next(self._numbers)
        ask = Ask(
            number,
            BUILD,
            layout.installation,
            place[0],
            layout.shards,
            asked.moment,
            seconds,
            asked.algorithm,
            asked.questions,
        )
        return ask, self._courier.send(*place, ask.to_bytes())

    def answer(self, place: Place, ask: Ask, future: Future[bytes], stop: float) -> Answer:
        """What a replica answers until a moment of the monotonic clock.

        Raises:
            Missing, Moved: see there.
        """
        try:
            answer = answer_to(ask, future.result(max(0.0, stop - time.monotonic())))
        except TimeoutError:
            self._owed.setdefault(place, future)
            raise Missing("it has not answered in time") from None
        except (Undelivered, BadAnswer) as error:
            raise Missing(str(error)) from error
        if answer.refusal == "beyond":
            raise Moved(answer.detail)
        if answer.refusal is not None:
            raise Missing(answer.detail)
        return answer


class _Tries:
    """What is asked of one shard: the first replica is asked at once, the next ones when those before it fail."""

    def __init__(self, shards: Shards, shard: int, asked: _Asked, stop: float) -> None:
        self._shards, self._shard, self._asked, self._stop = shards, shard, asked, stop
        self._left = shards.replicas()
        self._why = ""
        self._moved: Moved | None = None
        self._sent = self._next()

    def answer(self) -> Answer:
        while self._sent is not None:
            place, until, ask, future = self._sent
            try:
                return self._shards.answer(place, ask, future, until)
            except Missing as error:
                self._why = str(error)
            except Moved as error:
                self._moved = error
            self._sent = self._next()
        if self._moved is not None:
            raise self._moved
        raise Missing(f"shard {self._shard}: {self._why}")

    def _next(self) -> tuple[Place, float, Ask, Future[bytes]] | None:
        while self._left:
            tries = len(self._left)
            place = self._shard, self._left.pop(0)
            if self._shards.is_silent(place):
                self._why = "it has not answered for some time"
                continue
            now = time.monotonic()
            seconds = max(0.0, self._stop - now) / tries
            return place, now + seconds, *self._shards.send(place, self._asked, seconds)
        return None
