"""How one search asks all shards: what was announced is asked together, and what answers have told beside is not asked
again, for each question is a round."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fingerprints.index.interface import Codes, Positions, Rows

from .asking import Shards
from .moments import Moment
from .questions import Beside, Question


class Consultation:
    """See `fingerprints.index.joined.Ask`; of one moment, by one thread."""

    def __init__(self, shards: Shards, moment: Moment, algorithm: str) -> None:
        self._shards, self._moment, self._algorithm = shards, moment, algorithm
        self._announced: list[Question] = []
        self._early: list[tuple[Question, Sequence[Any]]] = []  # answers to what is not asked yet
        self._lengths: list[int] | None = None
        self._detailed = np.iinfo(np.int64).max  # up to which position some shard may have details
        self._told: list[Beside] = []  # of registrations that answers have named

    def soon(self, question: str, *args: Any) -> None:
        self._announced.append((question, args))

    def __call__(self, question: str, *args: Any) -> Sequence[Any]:
        known = self._known(question, args)
        if known is not None:
            return known
        announced, self._announced = self._announced, []
        asked = [(question, args), *(each for each in announced if not _same(each, question, args))]
        answers = self._shards.ask(self._moment, self._algorithm, *asked)
        values = [[answer.values[n] for answer in answers] for n in range(len(asked))]
        self._early += zip(asked[1:], values[1:], strict=True)
        told = [answer.beside for answer in answers if answer.beside is not None]
        self._lengths = [each.length for each in told]
        self._detailed = max(each.detailed for each in told)
        self._told += [each for each in told if len(each.positions)]
        return values[0]

    def _known(self, question: str, args: tuple[Any, ...]) -> Sequence[Any] | None:
        """The answers, as far as they follow from others."""
        if question == "__len__":
            return self._lengths
        if question == "fingerprints_at":
            return [] if (args[0] > self._detailed).all() else None
        if question in ("rows_at", "first_codes"):
            return self._of_named(question, args[0])
        for n, (early, answers) in enumerate(self._early):
            if _same(early, question, args):
                del self._early[n]
                return answers
        return None

    def _of_named(self, question: str, positions: Positions) -> Sequence[Any] | None:
        """What was told of all of these registrations; None if it was not of each."""
        if not self._told:
            return None
        places = np.full(len(positions), -1)
        accounts, sizes = np.zeros_like(positions), np.zeros_like(positions)
        codes: Codes = np.zeros((len(positions), 4), dtype=np.uint64)
        for told in self._told:
            if question == "first_codes" and told.codes is None:
                continue
            here, at = _places(told.positions, positions)
            places[here] = here
            accounts[here], sizes[here] = told.accounts[at], told.sizes[at]
            if told.codes is not None:
                codes[here] = told.codes[at]
        if (places < 0).any():
            return None
        return [codes if question == "first_codes" else Rows(places, accounts, sizes)]


def _same(announced: Question, question: str, args: tuple[Any, ...]) -> bool:
    name, objects = announced
    return name == question and len(objects) == len(args) and all(a is b for a, b in zip(objects, args, strict=True))


def _places(told: Positions, asked: Positions) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which of the positions asked for were told of, and where each stands there."""
    at = np.searchsorted(told, asked)
    at[at == len(told)] = 0
    here = np.flatnonzero(told[at] == asked)
    return here, at[here]
