"""How one search asks all shards: what answers have told beside is not asked again, for each question is a round."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fingerprints.index.interface import Positions, Rows

from .asking import Shards
from .moments import Moment
from .questions import Beside


class Consultation:
    """See `fingerprints.index.joined.Ask`; of one moment, by one thread."""

    def __init__(self, shards: Shards, moment: Moment, algorithm: str) -> None:
        self._shards, self._moment, self._algorithm = shards, moment, algorithm
        self._lengths: list[int] | None = None
        self._rows: Beside | None = None  # what was told of registrations, by their positions, ascending

    def __call__(self, question: str, *args: Any) -> Sequence[Any]:
        if question == "__len__" and self._lengths is not None:
            return self._lengths
        if question == "rows_at" and (rows := self._known(*args)) is not None:
            return [rows]
        answers = self._shards.ask(self._moment, self._algorithm, question, *args)
        told = [answer.beside for answer in answers if answer.beside is not None]
        if told:
            self._lengths = [each.length for each in told]
            if any(len(each.positions) for each in told):
                self._rows = _joined(told)
        return [answer.value for answer in answers]

    def _known(self, positions: Positions) -> Rows | None:
        """What was told of all of these registrations; None if it was not of each."""
        if self._rows is None:
            return None
        at = np.searchsorted(self._rows.positions, positions)
        at[at == len(self._rows.positions)] = 0
        if (self._rows.positions[at] != positions).any():
            return None
        return Rows(np.arange(len(positions)), self._rows.accounts[at], self._rows.sizes[at])


def _joined(told: Sequence[Beside]) -> Beside:
    positions = np.concatenate([each.positions for each in told])
    order = np.argsort(positions)
    accounts, sizes = (np.concatenate([getattr(each, name) for each in told]) for name in ("accounts", "sizes"))
    return Beside(sum(each.length for each in told), positions[order], accounts[order], sizes[order])
