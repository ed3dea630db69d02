"""The index's segments over a real installation: written, merged, shared, erased from, and made again when damaged."""

from __future__ import annotations

import errno
import os
import random
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from fingerprints.index import segment_file
from provenance import backups
from provenance.accounts import accounts
from provenance.application import Application
from provenance.config import Settings
from provenance.database import copies
from provenance.database.engine import Database
from provenance.database.tables import entries, fingerprints, works
from provenance.search import segment_store
from tests.provenance.conftest import register_work, scan_upload

pytestmark = pytest.mark.slow

WORKS = 14
NUMBERS = (0, 5, WORKS - 1)


def text(number: int) -> str:
    r = random.Random(number)
    return " ".join("".join(r.choices("abcdefghijklmnopqrstuvwxyz", k=r.randint(3, 9))) for _ in range(120))


def fill(application: Application, first: int, stop: int) -> None:
    for number in range(first, stop):
        register_work(application, text(number).encode(), title=str(number))


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Path:
    """The home of an installation that has works and no segments, and beside it its database of five works before."""
    home = tmp_path_factory.mktemp("filled") / "home"
    home.mkdir(mode=0o700)
    shutil.copy(migrated, home / "sourcemark.db")
    with Application(Settings(home=home, workers=1, index_tail=0)) as application:
        fill(application, 0, WORKS - 5)
        backups.save(application.db, application.settings, home.parent / "earlier")
        fill(application, WORKS - 5, WORKS)
    return home


@pytest.fixture
def settings_of(filled: Path, tmp_path: Path) -> Settings:
    shutil.copytree(filled, tmp_path / "home")
    return Settings(home=tmp_path / "home", workers=1, index_tail=3)


@pytest.fixture
def opened(settings_of: Settings) -> Iterator[Application]:
    with Application(settings_of) as application:
        yield application


def files(of: Application | Settings) -> list[str]:
    folder = (of.settings if isinstance(of, Application) else of).index_dir
    return sorted(path.name for path in folder.iterdir() if path.name != "lock")


def found(application: Application, number: int) -> list[str]:
    """Titles of the works that half of a text is from."""
    return [match.title for match in scan_upload(application, text(number)[:500].encode(), dry_run=True).matches]


def finds(application: Application, *but: int) -> None:
    for number in {*NUMBERS, *but}:
        assert found(application, number) == ([] if number in but else [str(number)])


def size(application: Application) -> int:
    return application.follower.refresh()


def work(application: Application, number: int) -> str:
    with application.db.read() as connection:
        return connection.execute(sa.select(works.c.work_id).where(works.c.title == str(number))).scalar_one()


def stored(application: Application, number: int) -> bytes:
    """What is kept of a work."""
    query = sa.select(fingerprints.c.data, fingerprints.c.detail).join(works, works.c.id == fingerprints.c.work)
    with application.db.read() as connection:
        row = connection.execute(query.where(works.c.title == str(number))).one()
    return bytes(row.data + row.detail)


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == segment_store.__name__]


def test_a_start_opens_segments_and_a_search_reads_no_detail_from_the_database(
    application: Application, tmp_path: Path
) -> None:
    settings = application.settings.model_copy(update={"index_tail": 3})
    fill(application, 0, 4)
    with Application(settings) as first:
        first.follower.condense()
        assert len(files(first)) == len(first.follower.index.segments) == 1
        assert size(first) == first.follower.index.segments[-1].coverage.stop
    fill(application, 4, 5)
    with application.db.write() as connection:
        kept = sa.select(works.c.id).where(works.c.title == "4")
        connection.execute(fingerprints.update().where(fingerprints.c.work.not_in(kept)).values(detail=b""))
    with Application(settings) as second:
        assert [found(second, number) for number in (0, 3, 4)] == [["0"], ["3"], ["4"]]
        assert len(second.follower.index.segments) == 1
    with Application(settings.model_copy(update={"index_tail": 0})) as without:
        assert found(without, 0) == []  # the database's details are gone


def test_segments_are_written_as_the_log_grows_and_merged(opened: Application, settings_of: Settings) -> None:
    finds(opened)
    assert opened.follower.index.segments[-1].coverage.stop == size(opened)  # this start was far behind
    for first in range(WORKS, WORKS + 16, 4):
        fill(opened, first, first + 4)
        (settings_of.index_dir / "0-9-9.segment.partial").write_bytes(b"of a process that was killed")
        opened.follower.condense()
        names = files(opened)
        assert len(names) == len(opened.follower.index.segments) <= 4
    first, *rest = [each.coverage.stop - each.coverage.start for each in opened.follower.index.segments]
    assert 3 * first > sum(rest)
    assert max(rest) >= 12
    finds(opened)
    with Application(settings_of) as another:
        finds(another)
        assert [each.path.name for each in another.follower.index.segments] == names


def test_a_process_that_never_rests_writes_segments_while_it_registers(opened: Application) -> None:
    size(opened)
    fill(opened, WORKS, WORKS + 16)
    assert len(opened.follower.index.segments) > 1
    assert size(opened) - opened.follower.index.segments[-1].coverage.stop <= 16


def test_processes_use_the_same_segments_and_one_writes_at_a_time(opened: Application, settings_of: Settings) -> None:
    with Application(settings_of) as other:
        size(opened), size(other)
        fill(opened, WORKS, WORKS + 4)
        size(other)
        with segment_store.file_lock(settings_of.index_dir / "lock", 1):
            before = files(opened)
            opened.follower.condense()
            assert files(opened) == before
        opened.follower.condense()
        fill(opened, WORKS + 4, WORKS + 5)
        assert found(other, WORKS + 4) == [str(WORKS + 4)]
        mine, theirs = ([each.path.name for each in one.follower.index.segments] for one in (opened, other))
        assert mine == theirs == files(opened)
        assert other.follower.check_segments().unusable == {}


def test_a_start_uses_what_another_process_makes_meanwhile(settings_of: Settings) -> None:
    with Application(settings_of) as first, Application(settings_of) as second:
        building = threading.Event()
        pages = first.follower._feed.pages

        def slow(*window: int) -> Iterator[Any]:
            building.set()
            time.sleep(0.5)
            return pages(*window)

        first.follower._feed.pages = slow  # type: ignore[method-assign]
        thread = threading.Thread(target=first.follower.refresh)
        thread.start()
        assert building.wait(30)
        second.follower.refresh()
        thread.join()
        assert len(files(settings_of)) == 1
        assert len(second.follower.index.segments) == 1
        finds(second)


def test_searches_go_on_while_two_processes_write_segments(opened: Application, settings_of: Settings) -> None:
    failures: list[object] = []
    stop = threading.Event()

    def condense(one: Application) -> None:
        while not stop.is_set():
            try:
                one.follower.condense()
            except Exception as error:
                failures.append(error)

    with Application(settings_of) as other:
        threads = [threading.Thread(target=condense, args=(one,)) for one in (opened, other)]
        for thread in threads:
            thread.start()
        for number in range(WORKS, WORKS + 12):
            fill((opened, other)[number % 2], number, number + 1)
            for one in (opened, other):
                size(one)
                if len(one.follower.index) != number + 1:
                    failures.append(len(one.follower.index))
        stop.set()
        for thread in threads:
            thread.join()
        assert failures == []
        for one in (opened, other):
            finds(one)
            assert found(one, WORKS + 11) == [str(WORKS + 11)]


def test_what_is_withdrawn_is_not_found_and_what_is_erased_leaves_the_files(
    opened: Application, settings_of: Settings
) -> None:
    local = accounts.local(opened.db)
    with Application(settings_of) as other:
        finds(other)
        finds(opened)
        detail = stored(opened, 5)[-200:]
        assert sum(detail in (settings_of.index_dir / name).read_bytes() for name in files(opened)) == 1
        opened.withdrawals.withdraw(local, work(opened, 0))
        opened.erasures.erase(local, work(opened, 5))
        for one in (opened, other):
            finds(one, 0, 5)
        other.follower.condense()
        assert not any(detail in (settings_of.index_dir / name).read_bytes() for name in files(opened))
        for one in (opened, other):
            one.follower.condense()
            finds(one, 0, 5)
            assert [each.path.name for each in one.follower.index.segments] == files(opened)
    with Application(settings_of) as later:
        finds(later, 0, 5)
        assert len(later.follower.index) == WORKS - 2


def test_a_work_that_is_erased_while_its_segment_is_written_leaves_it_the_next_time(
    opened: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    detail = stored(opened, 5)[-200:]
    pages = segment_store.Feed.pages

    def erasing(feed: segment_store.Feed, *window: Any) -> Iterator[Any]:
        monkeypatch.undo()
        yield from list(pages(feed, *window))
        opened.db.engine.dispose()
        with Application(opened.settings.model_copy(update={"index_tail": 0})) as another:
            another.erasures.erase(accounts.local(another.db), work(another, 5))

    monkeypatch.setattr(segment_store.Feed, "pages", erasing)
    size(opened)
    raw = [(opened.settings.index_dir / name).read_bytes() for name in files(opened)]
    assert any(detail in each for each in raw)
    finds(opened, 5)
    opened.follower.condense()
    assert not any(detail in (opened.settings.index_dir / name).read_bytes() for name in files(opened))
    finds(opened, 5)


def damage_file(path: Path, damage: str) -> None:
    raw = bytearray(path.read_bytes())
    match damage:
        case "short":
            path.write_bytes(raw[: len(raw) // 3])
        case "arrays":
            at = segment_file.File(path)._footer()["start"] + 80
            raw[at] ^= 1
            path.write_bytes(raw)
        case "record":
            raw[segment_file.File(path).spans[0].tolist()[0] + 60] ^= 1
            path.write_bytes(raw)
        case "newer":
            path.write_bytes(raw.replace(b'"format":1', b'"format":2'))


@pytest.mark.parametrize(
    ("damage", "which"), [("short", 0), ("arrays", -1), ("record", 0), ("record", -1), ("newer", -1)]
)
def test_a_damaged_segment_is_named_and_made_again(
    opened: Application, settings_of: Settings, damage: str, which: int, caplog: pytest.LogCaptureFixture
) -> None:
    size(opened)
    fill(opened, WORKS, WORKS + 4)
    opened.follower.condense()
    names = [each.path.name for each in opened.follower.index.segments]
    assert len(names) == 2
    damage_file(settings_of.index_dir / names[which], damage)
    caplog.clear()
    with Application(settings_of) as later:
        finds(later)
        assert found(later, WORKS + 3) == [str(WORKS + 3)]
        state = later.follower.check_segments()
        assert list(state.unusable) == [names[which]]
        assert any(names[which] in line and "made again" in line for line in told(caplog))
        finds(later)
    with Application(settings_of) as again:
        finds(again)
        assert again.follower.check_segments().unusable == {}
        assert again.follower.check_segments().count == len(files(again)) > 0


def test_a_segment_that_is_cut_short_while_it_is_open_is_opened_anew(
    opened: Application, settings_of: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    size(opened)
    fill(opened, WORKS, WORKS + 4)
    opened.follower.condense()
    for _ in range(2):
        path = opened.follower.index.segments[0].path
        os.truncate(path, 100)  # what is read of the pages behind that ends a process
        finds(opened)
        assert found(opened, WORKS + 3) == [str(WORKS + 3)]
        assert any(path.name in line and "cut short" in line for line in told(caplog))
        opened.follower.condense()
        assert all(segment_file.File(settings_of.index_dir / name).is_whole() for name in files(opened))
        caplog.clear()


def test_segments_of_another_log_are_not_used(
    opened: Application, settings_of: Settings, tmp_path: Path, migrated: Path, caplog: pytest.LogCaptureFixture
) -> None:
    size(opened)
    other = Settings(home=tmp_path / "other", workers=1, index_tail=3)
    other.home.mkdir()
    shutil.copy(migrated, other.home / "sourcemark.db")
    with Application(other) as application:
        fill(application, 100, 110)
        size(application)
        shutil.rmtree(other.index_dir, ignore_errors=True)
    shutil.copytree(settings_of.index_dir, other.index_dir)
    (name,) = files(other)
    with Application(other) as application:
        finds(application, *NUMBERS)
        assert found(application, 104) == ["104"]
        assert any(name in line and "another log" in line for line in told(caplog))
        application.follower.condense()
        assert name not in files(other)


def test_a_database_of_an_earlier_state_has_segments_of_its_own(
    opened: Application, settings_of: Settings, filled: Path, caplog: pytest.LogCaptureFixture
) -> None:
    local = accounts.local(opened.db)
    size(opened)
    opened.withdrawals.withdraw(local, work(opened, 5))
    opened.erasures.erase(local, work(opened, 5))
    opened.follower.condense()
    opened.close()
    for name in ("sourcemark.db-wal", "sourcemark.db-shm"):
        (settings_of.home / name).unlink(missing_ok=True)
    shutil.copy(filled.parent / "earlier" / copies.SQLITE, settings_of.home / "sourcemark.db")
    with Application(settings_of) as earlier:  # it is read-only, and searches
        assert found(earlier, 5) == ["5"]
        assert found(earlier, WORKS - 1) == []
        assert any("another log, or of entries" in line for line in told(caplog))


def test_over_a_full_disk_the_index_stays_in_memory_and_says_so_once(
    opened: Application, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(segment_file.Writer, "record", full)
        finds(opened)
        for _ in range(3):
            opened.follower.condense()
        assert opened.follower.index.segments == ()
        assert files(opened) == []
        state = opened.follower.check_segments()
        assert state.trouble is not None
        assert "No space" in state.trouble
        assert len([line for line in told(caplog) if "No space" in line]) == 1
        finds(opened)
    state = opened.follower.check_segments()
    assert (state.trouble, state.count, state.position) == (None, 1, size(opened))
    finds(opened)


def test_a_folder_that_cannot_be_used_is_told(settings_of: Settings, caplog: pytest.LogCaptureFixture) -> None:
    settings_of.index_dir.write_text("in the way")
    with Application(settings_of) as application:
        finds(application)
        assert str(settings_of.index_dir) in str(application.follower.check_segments().trouble)
    assert len(told(caplog)) == 1


def test_a_backup_has_no_segments_and_a_restored_installation_makes_its_own(
    opened: Application, settings_of: Settings, tmp_path: Path
) -> None:
    size(opened)
    backups.save(opened.db, settings_of, tmp_path / "backup")
    assert not [path for path in (tmp_path / "backup").rglob("*") if path.suffix == ".segment"]
    opened.close()
    for path in settings_of.home.glob("sourcemark.db*"):
        path.unlink()
    (settings_of.index_dir / "left over").write_text("")
    db = Database(settings_of.url, 5)
    backups.load(db, settings_of, tmp_path / "backup")
    db.close()
    assert not settings_of.index_dir.exists()
    with Application(settings_of) as restored:
        finds(restored)
        assert len(files(restored)) == 1


def test_positions_are_those_of_the_log(opened: Application) -> None:
    size(opened)
    with opened.db.read() as connection:
        rows = connection.execute(
            sa.select(works.c.title, entries.c.idx).join(entries, entries.c.leaf_hash == works.c.leaf_hash)
        ).all()
    view = opened.follower.index.view("any")
    at = np.array([row.idx + 1 for row in rows])
    kept = view.fingerprints_at(at)
    assert {position: each.to_bytes() for position, each in kept.items()} == {
        row.idx + 1: stored(opened, int(row.title)) for row in rows
    }
