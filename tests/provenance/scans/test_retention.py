"""What has been kept long enough goes, nothing else does, and the ledger stays whole."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from fingerprints.source import Source
from provenance import retention, upkeep
from provenance.accounts import accounts
from provenance.application import Application
from provenance.auditing import fsck
from provenance.config import Settings
from provenance.database.tables import (
    matches,
    now,
    parts,
    previews,
    review_items,
    scans,
    sightings,
    stamp,
    statements_of_reasons,
)
from provenance.retention import Purged
from provenance.scans import evidence_page, posts, records
from provenance.scans.sightings import page
from provenance.schemas import NewPost
from tests.api.test_api import image_bytes
from tests.provenance.conftest import ESSAY, register_work, scan_upload

OLD = stamp(datetime.now(UTC) - timedelta(days=40))


def settings_of(application: Application, **days: int) -> Settings:
    return application.settings.model_copy(update={f"keep_{name}_days": count for name, count in days.items()})


def age(application: Application, *scan_ids: str | None) -> None:
    with application.db.write() as connection:
        connection.execute(scans.update().where(scans.c.scan_id.in_(scan_ids)).values(scanned_at=OLD))
        connection.execute(statements_of_reasons.update().values(appeal_until=OLD[:10]))


def count(application: Application, table: sa.Table) -> int:
    with application.db.read() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


@pytest.fixture
def filled(application: Application) -> dict[str, str | None]:
    """Posts of 40 days ago and of today, of a picture, a text, and of nothing that anybody registered."""
    register_work(application, ESSAY.encode())
    register_work(application, image_bytes())
    post = {"account": "Poster", "account_id": "u-1", "caption": "By Marta Salt"}
    made = {
        "old text": scan_upload(application, ESSAY.encode(), post_url="https://p.example/1", **post).scan_id,
        "new text": scan_upload(application, ESSAY.encode(), post_url="https://p.example/1", **post).scan_id,
        "old picture": scan_upload(application, image_bytes(), post_url="https://p.example/2", **post).scan_id,
        "old nothing": scan_upload(application, b"Nothing that anybody has registered.", **post).scan_id,
        "new nothing": scan_upload(application, b"Nothing else that anybody has registered.", **post).scan_id,
    }
    age(application, *(scan for name, scan in made.items() if name.startswith("old")))
    return made


def test_each_setting_deletes_what_it_says(application: Application, filled: dict[str, str | None]) -> None:
    db = application.db
    assert retention.purge(db, application.settings) == Purged()
    assert retention.purge(db, settings_of(application, copies=41, names=41, matched=41, unmatched=41)) == Purged()

    assert retention.purge(db, settings_of(application, copies=30)) == Purged(copies=2)
    assert count(application, previews) == 0
    shown = {seen.post_url: seen for seen in page(db, None)[0]}
    assert evidence_page.make(db, shown["https://p.example/2"].sighting_id, None, "en").picture is None

    assert retention.purge(db, settings_of(application, names=30)) == Purged(names=3)
    old = records.get(db, str(filled["old picture"]), None)
    assert (old.path, old.external_id, old.verdict, old.matches[0].marking) == (None, None, "review", {})
    assert {seen.post_url for seen in page(db, None)[0]} == {"https://p.example/1", None}
    with db.read() as connection:
        kept = connection.execute(sa.select(scans).where(scans.c.scan_id == filled["old nothing"])).one()
    assert not {"Poster", "u-1"} & set(map(str, kept))

    assert retention.purge(db, settings_of(application, unmatched=30)) == Purged(unmatched_scans=1)
    assert retention.purge(db, settings_of(application, matched=30)) == Purged(matched_scans=2)
    assert [seen.post_url for seen in page(db, None)[0]] == ["https://p.example/1"]  # the new scan of that post is left
    assert (count(application, scans), count(application, matches), count(application, sightings)) == (2, 1, 1)
    everything = settings_of(application, copies=30, names=30, matched=30, unmatched=30)
    assert retention.purge(db, everything) == Purged()  # nothing is done twice
    report = fsck.check(db, application.log, processes=1)
    assert report["problems"] == []
    assert report["size"] > 2


def test_what_a_review_rests_on_stays_without_copies_and_names(
    sqlite_application: Application, request: pytest.FixtureRequest
) -> None:
    application = sqlite_application
    register_work(application, image_bytes())
    scan = scan_upload(application, image_bytes(), post_url="https://p.example/2", account="Poster").scan_id
    with application.db.write() as connection:
        row = connection.execute(sa.select(scans).where(scans.c.scan_id == scan)).one()
        connection.execute(review_items.delete())
        connection.execute(
            review_items.insert().values(
                item_id="item_1", account_id=row.account_id, post=bytes(32), scan=row.id, queue="q", state="waiting",
                created_at=now(),
            )
        )  # fmt: skip
    age(application, scan)
    due = settings_of(application, copies=30, names=30, matched=30, unmatched=30)
    assert retention.purge(application.db, due) == Purged(copies=1, names=1)
    assert len(records.get(application.db, str(scan), None).matches) == 1


def test_many_go_in_groups(sqlite_application: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    from provenance.scans import retention as of_scans

    monkeypatch.setattr(of_scans, "_GROUP", 2)
    made = [scan_upload(sqlite_application, f"Note {n} that nobody registered.".encode()).scan_id for n in range(5)]
    age(sqlite_application, *made[:4])
    due = settings_of(sqlite_application, unmatched=30)
    assert retention.purge(sqlite_application.db, due).unmatched_scans == 4
    assert count(sqlite_application, scans) == 1


def test_a_service_purges_by_itself(sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "_FIRST", 0)
    with Application(sqlite_settings.model_copy(update={"keep_unmatched_days": 30})) as application:
        scan = scan_upload(application, b"Nothing that anybody has registered.").scan_id
        age(application, scan)
        running = upkeep.Upkeep(application)
        running.start()
        deadline = time.monotonic() + 20
        while count(application, scans) and time.monotonic() < deadline:
            time.sleep(0.02)
        running.stop()
        assert count(application, scans) == 0


def test_the_parts_of_a_post_go_with_it(sqlite_application: Application) -> None:
    application = sqlite_application
    register_work(application, image_bytes())
    page = NewPost(html="<p>A page that nobody has registered.</p><img src='a.jpg'>", account="Poster")
    upload = posts.of_post(page, [("a.jpg", Source.blob(image_bytes()))])
    scan = next(application.scanner.scan(accounts.local(application.db), [upload])).scan_id
    age(application, scan)
    with application.db.write() as connection:
        connection.execute(review_items.delete())
    assert retention.purge(application.db, settings_of(application, names=30)) == Purged(names=1)
    assert {part.name for part in records.get(application.db, str(scan), None).parts} == {""}
    assert retention.purge(application.db, settings_of(application, matched=30)) == Purged(matched_scans=1)
    assert [count(application, table) for table in (scans, parts, matches, previews)] == [0, 0, 0, 0]
