"""A shard of an index on a cluster, asked in this process; `tests/extras/cluster` has whole clusters."""

from __future__ import annotations

from collections.abc import Callable
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


def test_the_newest_moment_stays_when_two_have_caught_up_with_it(
    postgres: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shard.Shard, "_follow", lambda self: None)
    monkeypatch.setattr(shard, "_KEPT_SECONDS", 0.0)
    settings = Settings(home=tmp_path / "home", database_url=postgres(template="migrated"), workers=1, job_threads=0)
    with Application(settings) as application:
        layout = Layout(installation(application.db), 1, 1)
        held = shard.Shard(layout, 0, settings.url, 30, "session", str(tmp_path / "segments"), 0)
        register_work(application, ESSAY.encode())
        now = newest(application.db)
        assert asked(held, layout, now) == 1
        follower = held._follower
        held._advance(now.position)  # of the thread that follows the log, which waited for the question meanwhile
        held._drop_old()
        assert asked(held, layout, now) == 1
        assert held._follower is follower  # nothing was made anew
        held._db.close()
