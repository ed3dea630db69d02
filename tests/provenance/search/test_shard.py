"""A shard of an index on a cluster, asked in this process; `tests/extras/cluster` has whole clusters."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fingerprints import text
from provenance.application import Application
from provenance.config import Settings
from provenance.search.cluster import shard
from provenance.search.cluster.layout import Layout, installation
from provenance.search.cluster.moments import Moment, newest
from provenance.search.cluster.questions import BUILD, Ask, answer_to
from tests.provenance.conftest import ESSAY, register_work


def asked(held: shard.Shard, layout: Layout, moment: Moment) -> object:
    ask = Ask(1, BUILD, layout.installation, 0, layout.shards, moment, 30.0, text.ALGORITHM, "__len__", ())
    return answer_to(ask, held.ask(ask.to_bytes())).value


@pytest.fixture
def held_of(
    postgres: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[int], tuple[Application, shard.Shard, Layout]]]:
    """Makes an installation and its only shard, which follows the log when it is asked."""
    monkeypatch.setattr(shard.Shard, "_follow", lambda self: None)
    settings = Settings(home=tmp_path / "home", database_url=postgres(template="migrated"), workers=1, job_threads=0)
    with Application(settings) as application:
        layout = Layout(installation(application.db), 1, 1)
        made: list[shard.Shard] = []

        def held(tail: int) -> tuple[Application, shard.Shard, Layout]:
            made.append(shard.Shard(layout, 0, settings.url, 30, "session", str(tmp_path / "segments"), tail))
            return application, made[0], layout

        yield held
        for each in made:
            each._db.close()


def test_a_segment_that_is_cut_short_is_opened_anew(
    held_of: Callable[[int], tuple[Application, shard.Shard, Layout]], tmp_path: Path
) -> None:
    application, held, layout = held_of(1)
    for n in range(2):
        register_work(application, f"{n} {ESSAY}".encode())
    now = newest(application.db)
    assert asked(held, layout, now) == 2
    (path,) = tmp_path.glob("segments/*/*/*.segment")
    os.truncate(path, 100)
    assert asked(held, layout, now) == 2
    held._follower.condense()
    assert asked(held, layout, now) == 2
    assert held._follower.is_whole()


def test_the_newest_moment_stays_when_two_have_caught_up_with_it(
    held_of: Callable[[int], tuple[Application, shard.Shard, Layout]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shard, "_KEPT_SECONDS", 0.0)
    application, held, layout = held_of(0)
    register_work(application, ESSAY.encode())
    now = newest(application.db)
    assert asked(held, layout, now) == 1
    follower = held._follower
    held._advance(now.position)  # of the thread that follows the log, which waited for the question meanwhile
    held._drop_old()
    assert asked(held, layout, now) == 1
    assert held._follower is follower  # nothing was made anew
