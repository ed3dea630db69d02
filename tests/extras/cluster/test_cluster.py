"""An index on a Ray cluster answers as one index, or says that it cannot."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import pytest

from benchmarks.cluster.local_nodes import LocalNodes
from fingerprints import registry
from fingerprints.index.joined import JoinedView
from fingerprints.model import Fingerprint
from fingerprints.source import Source
from provenance.application import Application
from provenance.errors import Unavailable
from provenance.search.cluster import asking, moments
from provenance.search.cluster.consultation import Consultation
from provenance.search.cluster.layout import Installation
from provenance.search.cluster.sharded_follower import ShardedFollower
from provenance.search.matching import Search
from provenance.search.signals import PHASH
from tests.provenance.conftest import register_work, scan_upload

Opener = Callable[..., Application]
TEXT = "The ferry left the harbour an hour late because the pilot could not find the lamp that marks the {}. ".format
WHOLE_SECONDS = 90  # on a busy machine; a process starts in a few


def a_text(seed: int) -> bytes:
    words = ("outer rock", "grey buoy", "long wall", "third pier", "old light", "sand bank", "low bridge")
    return "".join(TEXT(words[(seed * 31 + n * n + n * seed) % len(words)] + f" {seed * n}") for n in range(8)).encode()


def examples() -> Iterator[tuple[str, bytes, Mapping[str, bytes]]]:
    for medium in ("text", "image"):
        for example in registry.MEDIA[medium].example_works():  # type: ignore[index]
            yield f"{medium}-{example.name}", example.work, {**example.copies, **example.others}


def whole(application: Application) -> int:
    """Waits until all shards answer."""
    stop = time.monotonic() + WHOLE_SECONDS
    while True:
        try:
            return application.follower.refresh()
        except Unavailable:
            if time.monotonic() > stop:
                raise
            time.sleep(0.2)


def said(search: Search) -> object:
    return [(each.work.work_id, each.match) for each in search.found], search.reason, search.log_size


def shards_of(application: Application) -> asking.Shards:
    follower = application.follower
    assert isinstance(follower, ShardedFollower)
    return follower._connected()


def a_query(application: Application, text: bytes) -> Fingerprint:
    return application.examiner.examine(Source.blob(text), thorough=True).fingerprint


def processes(application: Application) -> list[int]:
    return [part.process for part in application.follower.parts() if part.process is not None]


def test_answers_are_those_of_one_index(opened: Opener) -> None:
    one, spread = opened(address=""), opened()
    for _, work, _ in examples():
        register_work(one, work)
    whole(spread)
    held = [part.works for part in spread.follower.parts()]
    assert sum(filter(None, held)) == len(list(examples()))
    assert all(held)
    matched = 0
    for name, _, others in examples():
        for edit, data in others.items():
            query = a_query(one, data)
            expected = one.matcher.find(query)
            assert said(spread.matcher.find(query)) == said(expected), (name, edit)
            matched += bool(expected.found)
    assert matched > 30
    code = registry.MEDIA["image"].example_works()[0].work
    value = one.signals.of(a_query(one, code))[PHASH]
    assert spread.signals.near(PHASH, value) == one.signals.near(PHASH, value) != []


def test_what_another_process_registered_or_withdrew_is_known_at_once(opened: Opener) -> None:
    one, spread = opened(address=""), opened()
    whole(spread)
    registered = register_work(one, a_text(1))
    query = a_query(one, a_text(1))
    assert [each.work.work_id for each in spread.matcher.find(query).found] == [registered.work_id]
    later = register_work(spread, a_text(1) + b"And then it left.")
    assert later.competing == [registered.work_id]
    assert registered.work_id is not None
    one.withdrawals.withdraw(one_account(one), registered.work_id)
    assert registered.work_id not in [each.work.work_id for each in spread.matcher.find(query).found]


def one_account(application: Application):  # type: ignore[no-untyped-def]
    from provenance.accounts import accounts

    return accounts.local(application.db)


def test_nothing_is_clear_while_a_shard_is_missing(opened: Opener) -> None:
    one, spread = opened(address=""), opened()
    polite = opened(index_incomplete="status")
    for n in range(6):
        register_work(one, a_text(n))
    whole(spread)
    whole(polite)
    expected = [said(one.matcher.find(a_query(one, a_text(n)))) for n in range(6)]
    victim = next(part for part in spread.follower.parts() if part.shard == 1)
    assert victim.process is not None
    # A killed process may be back before the next question: a stopped one surely does not answer it.
    os.kill(victim.process, signal.SIGSTOP)
    whys = set()
    for _ in range(2):
        with pytest.raises(Unavailable) as caught:
            spread.matcher.find(a_query(one, a_text(0)))
        whys.add((caught.value.reason, caught.value.status, "shard 1" in caught.value.detail))
    assert whys == {("index_incomplete", 503, True)}
    scan = scan_upload(polite, a_text(0))
    assert (scan.status, scan.verdict) == ("incomplete", "review")
    os.kill(victim.process, signal.SIGKILL)
    stop = time.monotonic() + WHOLE_SECONDS
    while victim.process in processes(spread):
        assert time.monotonic() < stop
        with contextlib.suppress(Unavailable):
            assert said(spread.matcher.find(a_query(one, a_text(0)))) == expected[0]
    whole(spread)
    new = next(part for part in spread.follower.parts() if part.shard == 1)
    assert new.process != victim.process
    assert [said(spread.matcher.find(a_query(one, a_text(n)))) for n in range(6)] == expected


def test_a_replica_answers_while_the_other_is_gone(opened: Opener) -> None:
    one, spread = opened(address=""), opened(index_shards=2, index_replicas=2)
    register_work(one, a_text(3))
    whole(spread)
    stop = time.monotonic() + WHOLE_SECONDS
    while any(part.position != one.follower.log_size() for part in spread.follower.parts()):
        assert time.monotonic() < stop
        time.sleep(0.2)
    query = a_query(one, a_text(3))
    expected = said(one.matcher.find(query))
    victim = spread.follower.parts()[0].process
    assert victim is not None
    os.kill(victim, signal.SIGKILL)
    assert [said(spread.matcher.find(query)) for _ in range(20)] == [expected] * 20


def test_two_installations_never_mix(opened: Opener) -> None:
    one, two = opened("one"), opened("two")
    register_work(opened("one", address=""), a_text(5))
    whole(one)
    whole(two)
    assert len(one.matcher.find(a_query(one, a_text(5))).found) == 1
    assert two.matcher.find(a_query(one, a_text(5))).found == []
    assert not set(processes(one)) & set(processes(two))
    shards = shards_of(one)
    shards.layout = replace(shards.layout, installation=Installation("two.test.example/log", "0"))
    with pytest.raises(Unavailable, match="belongs to another installation: one"):
        shards.ask(moments.newest(one.db), "", ("__len__", ()))


def test_a_shard_of_another_version_is_refused(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    spread = opened()
    whole(spread)
    monkeypatch.setattr(asking, "BUILD", ("1", "sourcemark-text/99:later"))
    with pytest.raises(Unavailable, match="another version of Sourcemark"):
        spread.follower.refresh()


def test_a_shard_answers_of_the_moment_it_is_asked_about_or_not_at_all(opened: Opener) -> None:
    one, spread = opened(address=""), opened()
    whole(spread)
    algorithm = registry.MEDIA["text"].ALGORITHM
    before = moments.newest(one.db)
    register_work(one, a_text(8))
    register_work(one, a_text(9))
    shards, now = shards_of(spread), moments.newest(one.db)
    length = JoinedView(Consultation(shards, now, algorithm))
    assert len(length) == 2
    assert len(JoinedView(Consultation(shards, before, algorithm))) == 0  # kept for a while
    between = moments.at(one.db, now.position - 1)
    with pytest.raises(asking.Moved):
        shards.ask(between, algorithm, ("__len__", ()))
    with pytest.raises(Unavailable, match="no such moment as position 77"):
        shards.ask(moments.Moment(77, b"x" * 32), algorithm, ("__len__", ()))
    assert len(length) == 2


def test_without_its_head_the_service_stays_up_and_says_why(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_gcs_rpc_server_reconnect_timeout_s", "3")
    with LocalNodes(2) as nodes:
        spread = opened(address=nodes.address, index_shards=1, index_seconds=5)
        register_work(opened(address=""), a_text(2))
        size = spread.follower.log_size()
        whole(spread)
        nodes.kill_head()
        stop = time.monotonic() + WHOLE_SECONDS
        why = ""
        while "cannot be reached" not in why:
            assert time.monotonic() < stop, why
            try:
                assert spread.follower.refresh() == size  # shards elsewhere go on until their nodes miss the head
            except Unavailable as error:
                why = error.detail
            time.sleep(0.5)
        assert nodes.address in why
        assert spread.follower.log_size() == size
