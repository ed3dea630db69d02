"""A database that an earlier version wrote, brought to the newest schema: nothing that was answered is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from provenance.config import Settings
from provenance.database.engine import HEAD, MIGRATIONS, Database
from provenance.database.tables import entries, log_state, matches, prepared_statements, works
from provenance.errors import Unavailable
from provenance.scans import records, sightings
from provenance.schemas import ScanResult

pytestmark = pytest.mark.slow

TIME = "2026-01-31T12:00:00.000000Z"
ORIGIN = "log.test.example/sourcemark"


@pytest.fixture
def before(empty_settings: Settings) -> Iterator[Database]:
    """A database at 0006, where the matches of a scan stood in its result only."""
    empty_settings.home.mkdir()
    db = Database(empty_settings.url, 5)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with db.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0006")
    yield db
    db.close()


def a_match(number: int, **values: Any) -> dict[str, Any]:
    return {
        "work_id": f"work_{number}",
        "external_id": f"article-{number}",
        "title": f"Title {number}",
        "owner": "玛尔塔",
        "score": 0.9123,
        "coverage": {"upload": 0.25, "work": 1.0},
        "segments": [{"upload": [120, 860], "work": [0, 740], "unit": "codepoint"}],
        "transform": {"rotation": 0.0, "mirrored": False, "scale": 0.9998592952061723},
        "reuse": "excerpt",
        "common": 0.125,
        "marking": {"verdict": "missing", "use": "excerpt", "evidence": [], "credit_place": None},
        "permission": {"licence": None, "state": "none", "grant_id": None, "findings": ["permission_missing"]},
        "registered_at": TIME,
        "receipt": {"origin": ORIGIN, "index": number, "size": None},
        "competing": ["work_9"],
        **values,
    }


def a_result(number: int, *found: dict[str, Any], **values: Any) -> dict[str, Any]:
    return {
        "external_id": None,
        "scan_id": f"scan_{number}",
        "path": f"posts/{number}.txt",
        "medium": "text",
        "status": "matched" if found else "no_match",
        "reason": None,
        "verdict": "uncredited" if found else "clear",
        "matches": list(found),
        "log_size": 3,
        "scanned_at": TIME,
        "error": None,
        **values,
    }


SEGMENT = {"upload": [[0.0, 0.5]] * 4, "work": [[1.0, 2.25]] * 4, "unit": "pixel"}
ERASED = {"external_id": None, "title": "", "owner": "", "marking": {}}
RESULTS = [
    a_result(1, a_match(2, segments=[SEGMENT], reuse=None, common=0.0, competing=[]), a_match(1, **ERASED)),
    a_result(2, external_id="post-2", path=None, status="too_short", reason="too_short"),
    a_result(3, a_match(1, score=0.5, title="x" * 9000), path="caf\udce9.txt", medium="image"),
]
# In another order than the matches of the answers, with ids that leave gaps.
SIGHTINGS = [(3, 1, 1), (4, 1, 2), (9, 3, 1)]


def fill(
    db: Database, posts: tuple[str, ...] = ("https://p.example/1", "https://p.example/2", "https://p.example/3")
) -> None:
    """Three scans of two registered works, as 0006 stored them; ``posts``: the addresses of what was scanned."""
    old = sa.MetaData()
    with db.write() as connection:
        old.reflect(connection, only=["accounts", "scans", "sightings"])

        def insert(table: sa.Table, **values: Any) -> None:
            connection.execute(table.insert().values(values))

        insert(old.tables["accounts"], id="acct", name="a", kind="platform", created_at=TIME)
        insert(log_state, id=1, origin=ORIGIN, size=3, root=b"", frontier=b"", claims_size=3)
        for number in (1, 2):
            key = bytes([number]) * 32
            insert(
                works, id=number, work_id=f"work_{number}", account_id="acct", identity=key, digest=key, medium="text",
                title="now", owner="now", owner_key="now", claim={}, leaf_hash=key, registered_at=TIME,
            )  # fmt: skip
            insert(
                entries, idx=number, leaf=b"", leaf_hash=key, kind="registration", keyid="k", integrated_at=TIME
            )  # fmt: skip
        for number, result in enumerate(RESULTS, 1):
            columns = {name: result[name] for name in ("scan_id", "status", "verdict", "log_size", "scanned_at")}
            insert(
                old.tables["scans"],
                id=number,
                account_id="acct",
                digest=bytes(32),
                post_url=posts[number - 1],
                result=result,
                **columns,
            )
        for number, scan, work in SIGHTINGS:
            match = next(m for m in RESULTS[scan - 1]["matches"] if m["work_id"] == f"work_{work}")
            insert(
                old.tables["sightings"], id=number, sighting_id=f"sight_{number}", scan=scan, work=work,
                verdict="uncredited", score=match["score"], coverage_upload=match["coverage"]["upload"],
                coverage_work=match["coverage"]["work"], seen_at=TIME,
            )  # fmt: skip


def test_answers_stay_what_they_were(before: Database) -> None:
    fill(before)
    before.migrate()
    kept, after = records.page(before, None)
    assert after is None
    answered = [ScanResult.model_validate(each) for each in RESULTS]
    assert [result.model_dump() for result in kept] == [result.model_dump() for result in answered]
    with before.read() as connection:
        columns = {column["name"] for column in sa.inspect(connection).get_columns("scans")}
        assert "result" not in columns


def test_sightings_keep_their_ids_and_their_order(before: Database) -> None:
    fill(before)
    before.migrate()
    first, after = sightings.page(before, None, limit=2)
    rest, end = sightings.page(before, None, after=after or 0)
    assert (after, end) == (4, None)
    assert [(s.sighting_id, s.work_id, s.score) for s in (*first, *rest)] == [
        ("sight_3", "work_1", 0.9123),
        ("sight_4", "work_2", 0.9123),
        ("sight_9", "work_1", 0.5),
    ]
    assert first[1].segments[0].model_dump() == {**SEGMENT, "quad": None}
    assert (first[0].marking, first[1].marking["verdict"]) == ({}, "missing")
    assert {s.title for s in (*first, *rest)} == {""}  # no entry of a log backs the titles of these works


def test_scans_of_one_post_become_one_sighting(before: Database) -> None:
    fill(before, ("https://p.example/1", "https://p.example/2", "https://p.example/1"))
    before.migrate()
    found, _ = sightings.page(before, None)
    assert [(s.sighting_id, s.work_id, s.scans, s.scan_id) for s in found] == [
        ("sight_3", "work_1", 2, "scan_3"),
        ("sight_4", "work_2", 1, "scan_1"),
    ]


def test_a_works_own_id_leaves_the_scans_of_others(before: Database) -> None:
    fill(before)
    with before.write() as connection:
        connection.execute(
            sa.text("INSERT INTO accounts (id, name, kind, created_at) VALUES ('other', 'b', 'producer', 'x')")
        )
        connection.execute(works.update().where(works.c.id == 2).values(account_id="other"))
    before.migrate()
    (first, _, third), _ = records.page(before, None)
    assert [match.external_id for match in (*first.matches, *third.matches)] == [None, None, "article-1"]


def test_a_match_after_the_migration_has_an_id_of_its_own(before: Database) -> None:
    fill(before)
    before.migrate()
    with before.write() as connection:
        row = connection.execute(sa.select(matches).where(matches.c.id == 9)).mappings().one()
        values = {**row, "rank": 1, "work": 2}
        del values["id"]
        made = connection.execute(matches.insert().values(values))
        assert made.inserted_primary_key is not None
        assert made.inserted_primary_key[0] > 9


def test_nothing_stored_is_no_hindrance(before: Database) -> None:
    before.migrate()
    assert records.page(before, None) == ([], None)


def test_an_erasure_after_the_migration_leaves_nothing_on_the_disk(before: Database) -> None:
    if not before.is_sqlite:
        pytest.skip("PostgreSQL's files are its own business")
    fill(before)
    before.migrate()
    with before.write() as connection:
        connection.exec_driver_sql("PRAGMA secure_delete = ON")
        records.forget(connection, 2)
    before.close()  # the last connection takes the write-ahead log with it
    folder = Path(str(before.url.database)).parent
    assert not [path for path in folder.iterdir() if b"article-2" in path.read_bytes()]
    assert [path for path in folder.iterdir() if b"article-1" in path.read_bytes()]


def test_what_waits_moves_to_a_new_table_and_what_was_learned_is_gone(before: Database) -> None:
    fill(before)
    old = sa.MetaData()
    keys = bytes([7]) * 32
    with before.write() as connection:
        old.reflect(connection, only=["drafts", "lessons"])
        prepared = {
            "statement_hash": keys, "account_id": "acct", "identity": keys, "claim": {"title": "钟"},
            "fingerprint": b"print", "created_at": TIME,
        }  # fmt: skip
        connection.execute(old.tables["drafts"].insert().values(prepared))
        connection.execute(old.tables["lessons"].insert().values(scan=1, data=b"learned"))
    before.migrate()
    with before.read() as connection:
        assert connection.execute(sa.select(prepared_statements)).mappings().one() == prepared
        assert not {"drafts", "lessons", "learned_boilerplate"} & set(sa.inspect(connection).get_table_names())


def test_a_large_table_gets_its_index_while_others_write(before: Database) -> None:
    """A writer that is not done stops nobody from making it, but its end is waited for; one left half made is made anew."""
    if before.is_sqlite:
        pytest.skip("SQLite makes indexes in the migration")
    url = before.url.render_as_string(hide_password=False)
    one, two = Database(url, 20), Database(url, 1)
    with before.alone() as connection, before.write() as writer:
        writer.execute(sa.text("LOCK TABLE scans IN ROW EXCLUSIVE MODE"))
        with pytest.raises(Unavailable) as caught:
            two.migrate()  # it waits for the writer, longer than it may
        assert caught.value.reason == "database_busy"
        valid = sa.text("SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_scans_scanned_at'::regclass")
        assert connection.execute(valid).scalar() is False
    one.migrate()
    with before.read() as connection:
        assert connection.execute(valid).scalar() is True
    assert one.revision() == HEAD
    one.close()
    two.close()


def test_a_migration_waits_for_a_table_no_longer_than_others(before: Database) -> None:
    """Somebody reads a table that it changes: it gives up and has changed nothing; the next time it works."""
    if before.is_sqlite:
        pytest.skip("a reader of SQLite stops no writer")
    migrating = Database(before.url.render_as_string(hide_password=False), 1)
    with before.read() as connection:
        tables = sa.inspect(connection).get_table_names()
        connection.execute(sa.text("SELECT 1 FROM scans")).first()
        with pytest.raises(Unavailable) as caught:
            migrating.migrate()
    assert caught.value.reason == "database_busy"
    assert migrating.revision() == "0006"
    with before.read() as connection:
        assert sa.inspect(connection).get_table_names() == tables
    migrating.migrate()
    assert migrating.revision() == HEAD
    migrating.close()
