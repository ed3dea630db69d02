"""A shard of an index on a cluster, asked in this process; `tests/extras/cluster` has whole clusters."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fingerprints import image, registry, text
from fingerprints.index.interface import View
from fingerprints.index.joined import JoinedView
from fingerprints.medium import Found, Medium
from fingerprints.model import Fingerprint
from fingerprints.source import Source
from provenance.application import Application
from provenance.config import Settings
from provenance.database.engine import Database
from provenance.search import matching
from provenance.search.cluster import shard
from provenance.search.cluster.asking import Shards
from provenance.search.cluster.consultation import Consultation
from provenance.search.cluster.layout import Layout, installation
from provenance.search.cluster.moments import Moment, newest
from provenance.search.cluster.questions import BUILD, Ask, answer_to, ask_from
from tests.provenance.conftest import ESSAY, register_work


def asked(held: shard.Shard, layout: Layout, moment: Moment) -> object:
    ask = Ask(1, BUILD, layout.installation, 0, layout.shards, moment, 30.0, text.ALGORITHM, (("__len__", ()),))
    return answer_to(ask, held.ask(ask.to_bytes())).values[0]


class Here:
    """In place of a courier: shards in this process; what each was asked is noted."""

    def __init__(self, shards: list[shard.Shard]) -> None:
        self.shards = shards
        self.asked: list[tuple[str, ...]] = []

    def send(self, number: int, _replica: int, what: bytes) -> Future[bytes]:
        self.asked.append(tuple(name for name, _ in ask_from(what).questions))
        future: Future[bytes] = Future()
        future.set_result(self.shards[number].ask(what))
        return future


@dataclass
class Spread:
    """An installation, and the shards of its index, which follow the log when they are asked."""

    application: Application
    folder: Path
    held: list[shard.Shard] = field(default_factory=list)

    def divide(self, shards: int, tail: int) -> Layout:
        layout = Layout(installation(self.application.db), shards, 1)
        url = self.application.settings.url
        self.held += [shard.Shard(layout, n, url, 30, "session", str(self.folder), tail) for n in range(shards)]
        return layout


@pytest.fixture
def spread(postgres: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Spread]:
    monkeypatch.setattr(shard.Shard, "_follow", lambda self: None)
    settings = Settings(home=tmp_path / "home", database_url=postgres(template="migrated"), workers=1, job_threads=0)
    with Application(settings) as application:
        made = Spread(application, tmp_path / "segments")
        yield made
        for each in made.held:
            each._db.close()


def decided(view: View, query: Fingerprint, db: Database) -> tuple[Found, int]:
    """What is found, and how many of the fingerprints came from the database."""
    candidates = registry.propose(query, view)
    kept = dict(view.fingerprints_at(np.array(candidates.works, dtype=np.int64)))
    prints = matching._fingerprints(db, view, candidates.works)
    return registry.decide(query, candidates, prints, view), len(prints) - len(kept)


@pytest.mark.parametrize("tail", [0, 1], ids=["memory", "segments"])
@pytest.mark.parametrize(
    ("medium", "rounds"),
    [
        (text, [("by_keys", "by_digest")]),
        (image, [("code_hits", "by_digest"), ("by_near_keys", "code_hits"), ("count_near_keys",)]),
    ],
    ids=["text", "image"],
)
def test_a_search_asks_few_rounds_and_is_answered_as_by_one_index(
    spread: Spread, medium: Medium[Any], rounds: list[tuple[str, ...]], tail: int
) -> None:
    application = spread.application
    examples = [each for each in medium.example_works() if medium.fingerprint(each.work).fingerprintable][:3]
    for each in examples:
        register_work(application, each.work)
    layout, now = spread.divide(2, tail), newest(application.db)
    for each in examples:
        for data in list(each.copies.values())[:1]:
            query = application.examiner.examine(Source.blob(data), thorough=True).fingerprint
            expected, _ = decided(application.follower.index.view(medium.ALGORITHM), query, application.db)
            here = Here(spread.held)
            view = JoinedView(Consultation(Shards(here, layout, 30.0), now, medium.ALGORITHM))  # type: ignore[arg-type]
            found, read = decided(view, query, application.db)
            assert (found.matches, found.reason) == (expected.matches, expected.reason)
            assert found.matches
            asked = here.asked[::2]  # each of the two shards the same
            assert asked == here.asked[1::2]
            assert asked.count(("fingerprints_at",)) == (2 if tail else 0)
            assert (read > 0) == (not tail)
            asked = [names for names in asked if names != ("fingerprints_at",)]
            assert asked[:2] == rounds[:2]
            assert set(asked[2:]) <= set(rounds[2:])


def test_a_segment_that_is_cut_short_is_opened_anew(
    spread: Spread,
) -> None:
    application = spread.application
    layout = spread.divide(1, 1)
    (held,) = spread.held
    for n in range(2):
        register_work(application, f"{n} {ESSAY}".encode())
    now = newest(application.db)
    assert asked(held, layout, now) == 2
    (path,) = spread.folder.glob("*/*/*.segment")
    os.truncate(path, 100)
    assert asked(held, layout, now) == 2
    held._follower.condense()
    assert asked(held, layout, now) == 2
    assert held._follower.is_whole()


def test_the_newest_moment_stays_when_two_have_caught_up_with_it(
    spread: Spread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shard, "_KEPT_SECONDS", 0.0)
    application = spread.application
    layout = spread.divide(1, 0)
    (held,) = spread.held
    register_work(application, ESSAY.encode())
    now = newest(application.db)
    assert asked(held, layout, now) == 1
    follower = held._follower
    held._advance(now.position)  # of the thread that follows the log, which waited for the question meanwhile
    held._drop_old()
    assert asked(held, layout, now) == 1
    assert held._follower is follower  # nothing was made anew
