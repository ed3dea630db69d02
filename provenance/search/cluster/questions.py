"""What a service sends to shards and what they answer, as bytes; and whether an answer is the one that was asked for.

Bytes are pickled: whoever reaches the ports of a Ray cluster can run code in it anyhow.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fingerprints import registry
from fingerprints.index.interface import Codes, Positions

from .layout import Installation
from .moments import Moment

Build = tuple[str, ...]
BUILD: Build = ("2", *sorted(registry.ALGORITHMS))  # of this format, and of every fingerprint: shards of others differ
STATUS = "status"  # a question that needs no position
Question = tuple[str, tuple[Any, ...]]  # a method of the view, and what it is called with

Refusal = Literal["behind", "beyond", "version", "installation", "layout", "question"]


@dataclass(frozen=True, slots=True)
class Ask:
    """Questions to one shard, answered together.

    Attributes:
        number: of the question; no two of a service are the same.
        moment: the answer is of the index as it was then.
        seconds: how long the shard may take to catch up with it.
        algorithm: of the view that is asked.
    """

    number: int
    build: Build
    installation: Installation
    shard: int
    shards: int
    moment: Moment
    seconds: float
    algorithm: str
    questions: tuple[Question, ...]

    def to_bytes(self) -> bytes:
        return pickle.dumps(self, pickle.HIGHEST_PROTOCOL)


@dataclass(frozen=True, slots=True, eq=False)
class Beside:
    """What a shard tells beside its answers, because it would be asked next.

    Attributes:
        length: of the view.
        detailed: up to which position it has fingerprints with their details.
        positions: shape (n,), ascending: registrations that the answers name, by their keys.
        accounts, sizes: shape (n,), see `View`.
        codes: shape (n, 4), the first of each; none where that would be many.
    """

    length: int
    detailed: int
    positions: Positions
    accounts: NDArray[np.int64]
    sizes: NDArray[np.int64]
    codes: Codes | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What one shard answers, with what it was asked.

    Attributes:
        values: one for each question.
        refusal: why there are none; ``detail`` says it to a person.
    """

    number: int
    build: Build
    installation: Installation
    shard: int
    shards: int
    moment: Moment
    values: tuple[Any, ...] = ()
    beside: Beside | None = None
    refusal: Refusal | None = None
    detail: str = ""

    def to_bytes(self) -> bytes:
        return pickle.dumps(self, pickle.HIGHEST_PROTOCOL)


class BadAnswer(Exception):
    """What came back is not an answer to the question."""


def answer_to(ask: Ask, raw: bytes) -> Answer:
    """The answer of a shard, if it is one to this question.

    Raises:
        BadAnswer: it is another question's, another shard's or installation's, of another moment or version.
    """
    try:
        answer = pickle.loads(raw)  # noqa: S301  # from an actor of this installation
    except Exception as error:
        raise BadAnswer(f"its answer cannot be read: {type(error).__name__}") from error
    if not isinstance(answer, Answer) or answer.build != ask.build:
        raise BadAnswer("it runs another version of Sourcemark")
    if answer.installation != ask.installation:
        raise BadAnswer(f"it belongs to another installation: {answer.installation}")
    if (answer.shard, answer.shards) != (ask.shard, ask.shards):
        raise BadAnswer(f"it is shard {answer.shard} of {answer.shards}")
    if answer.number != ask.number:
        raise BadAnswer("it answered another question")
    if answer.refusal is None and answer.moment != ask.moment:
        raise BadAnswer(f"it answered of position {answer.moment.position}, not {ask.moment.position}")
    return answer


def ask_from(raw: bytes) -> Ask:
    """The question that these bytes are."""
    ask = pickle.loads(raw)  # noqa: S301  # from a service of this installation
    if not isinstance(ask, Ask):
        raise TypeError(f"{type(ask).__name__} is no question")
    return ask
