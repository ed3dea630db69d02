"""Answers that are not what was asked for are refused, whoever they come from."""

from __future__ import annotations

import pickle
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import pytest

from provenance.errors import Unavailable
from provenance.search.cluster.asking import Moved, Shards
from provenance.search.cluster.layout import Installation, Layout
from provenance.search.cluster.moments import Moment
from provenance.search.cluster.questions import BUILD, Answer, Ask, ask_from

LAYOUT = Layout(Installation("log.test.example", "ab"), 2, 2)
MOMENT = Moment(7, b"last")


def rightly(ask: Ask) -> Answer:
    return Answer(ask.number, BUILD, ask.installation, ask.shard, ask.shards, ask.moment, values=(ask.shard,))


class Between:
    """In place of a courier: each replica answers as told, or never."""

    def __init__(self, **changed: dict[str, Any] | None) -> None:
        self.changed = changed
        self.asked: list[tuple[int, int]] = []
        self.futures: dict[tuple[int, int], Future[bytes]] = {}

    def send(self, shard: int, replica: int, what: bytes) -> Future[bytes]:
        self.asked.append((shard, replica))
        future = self.futures[shard, replica] = Future()
        changes = self.changed.get(f"s{shard}r{replica}", {})
        if changes is not None:
            future.set_result(replace(rightly(ask_from(what)), **changes).to_bytes())
        return future


def ask(between: Between, times: int = 1) -> list[Any]:
    shards = Shards(between, LAYOUT, 0.2)  # type: ignore[arg-type]
    return [[answer.values[0] for answer in shards.ask(MOMENT, "a", ("__len__", ()))] for _ in range(times)]


WRONG = [
    {"number": 0},
    {"build": ("1", "older/1")},
    {"installation": Installation("log.test.example", "cd")},
    {"shard": 1},
    {"shards": 3},
    {"moment": Moment(6, b"last")},
    {"moment": Moment(7, b"another")},
    {"refusal": "behind", "detail": "it has come to position 3"},
    {"refusal": "version"},
]


@pytest.mark.parametrize("wrong", [*WRONG, None], ids=str)
def test_another_replica_is_asked(wrong: dict[str, Any] | None) -> None:
    assert ask(Between(s0r0=wrong), 3) == [[0, 1]] * 3


@pytest.mark.parametrize("wrong", [*WRONG, None], ids=str)
def test_nothing_is_answered_without_a_shard(wrong: dict[str, Any] | None) -> None:
    with pytest.raises(Unavailable, match=r"1 of 2 shards of the index are missing \(shard 0: ") as caught:
        ask(Between(s0r0=wrong, s0r1=wrong))
    assert caught.value.reason == "index_incomplete"


def test_bytes_that_are_no_answer_are_refused() -> None:
    between = Between(s0r0=None, s0r1=None)
    shards = Shards(between, LAYOUT, 5)  # type: ignore[arg-type]
    send = between.send

    def spoilt(shard: int, replica: int, what: bytes) -> Future[bytes]:
        future = send(shard, replica, what)
        if not future.done():
            future.set_result(b"junk" if replica else pickle.dumps([1]))
        return future

    between.send = spoilt  # type: ignore[method-assign]
    with pytest.raises(Unavailable, match="1 of 2"):
        shards.ask(MOMENT, "a", ("__len__", ()))


def test_a_shard_that_has_gone_on_is_asked_about_a_later_moment() -> None:
    beyond = {"refusal": "beyond", "moment": MOMENT}
    with pytest.raises(Moved):
        ask(Between(s1r0=beyond, s1r1=beyond))


def test_a_replica_that_owes_an_answer_is_not_asked_again_until_it_comes() -> None:
    between = Between(s0r0=None, s0r1=None)
    shards = Shards(between, LAYOUT, 0.1)  # type: ignore[arg-type]
    for _ in range(3):
        with pytest.raises(Unavailable):
            shards.ask(MOMENT, "a", ("__len__", ()))
    assert sorted(place for place in between.asked if place[0] == 0) == [(0, 0), (0, 1)]
    late = between.futures[0, 1]
    late.set_result(b"late")  # whatever it is: nobody waits for it
    between.changed = {"s0r0": None}
    assert [answer.values[0] for answer in shards.ask(MOMENT, "a", ("__len__", ()))] == [0, 1]
