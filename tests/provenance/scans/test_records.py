"""Scans and matches as rows: read back as they were answered, page by page, and forgotten."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from provenance.accounts import accounts
from provenance.application import Application
from provenance.database.tables import matches, previews, scans, works
from provenance.database.tables import sightings as seen_works
from provenance.errors import BadInput, NotFound
from provenance.scans import records, scanning, sightings
from provenance.schemas import ScanItem, ScanResult, SightingRecord
from tests.provenance.conftest import ESSAY, ESSAY_ZH, encoded, mirrored, picture, register_work, scan_upload

pytestmark = pytest.mark.slow


def number_of(application: Application, work_id: str | None) -> int:
    with application.db.read() as connection:
        return connection.execute(sa.select(works.c.id).where(works.c.work_id == work_id)).scalar_one()


def test_what_was_answered_is_read_back_to_the_byte(application: Application) -> None:
    register_work(application, encoded(picture(1)), licence="CC-BY-4.0")
    register_work(application, ESSAY.encode(), external_id="a-1", source_urls=["https://salt.example/a/1"])
    register_work(application, f"{ESSAY} ".encode(), owner="John Thief")
    answers = [
        scan_upload(application, encoded(mirrored(picture(1))), external_id="p-1", caption="Photo: Marta Salt"),
        scan_upload(application, f"By Marta Salt\n\n{ESSAY}".encode(), account="City Daily", path="posts/1.txt"),
        scan_upload(application, b"Hello there"),
        scan_upload(application, ESSAY_ZH.encode(), post_url="https://p.example/9"),
    ]
    assert [len(each.matches) for each in answers] == [1, 2, 0, 0]
    for each in answers:
        assert each.scan_id is not None
        assert records.get(application.db, each.scan_id).model_dump_json() == each.model_dump_json()
    read: list[ScanResult] = []
    after: int | None = 0
    while after is not None:
        page, after = records.page(application.db, None, after=after, limit=2)
        assert len(page) == 2
        read += page
    assert read == answers


def test_a_file_name_that_is_not_unicode_is_recorded(application: Application) -> None:
    result = scan_upload(application, ESSAY.encode(), path="caf\udce9.txt")
    assert result.scan_id is not None
    assert records.get(application.db, result.scan_id).path == "caf\udce9.txt"


def test_one_verdict_stands_in_the_answer_the_scan_and_its_match(sqlite_application: Application) -> None:
    application = sqlite_application
    register_work(application, ESSAY.encode())
    answered = [scan_upload(application, ESSAY.encode(), account=name).verdict for name in ("Marta Salt", "City Daily")]
    with application.db.read() as connection:
        stored = connection.execute(sa.select(scans.c.verdict, matches.c.verdict).join(matches)).all()
    assert answered == ["own", "uncredited"]
    assert [tuple(row) for row in stored] == [("own", "own"), ("uncredited", "uncredited")]
    assert [s.verdict for s in sightings.page(application.db, None)[0]] == answered


def test_what_could_not_be_read_is_answered_and_not_recorded(sqlite_application: Application, tmp_path: Path) -> None:
    assert scan_upload(sqlite_application, b"").status == "undecodable"
    assert scan_upload(sqlite_application, tmp_path / "gone").reason == "file_missing"
    only_errors = [scanning.Upload(ScanItem(external_id="x"), BadInput("bad line"))]
    (result,) = sqlite_application.scanner.scan(accounts.local(sqlite_application.db), only_errors)
    assert (result.status, result.verdict, result.scan_id) == ("error", "review", None)
    assert result.error is not None
    assert records.page(sqlite_application.db, None) == ([], None)


def test_another_accounts_scan_is_not_found(sqlite_application: Application) -> None:
    result = scan_upload(sqlite_application, ESSAY.encode())
    assert result.scan_id is not None
    local = accounts.local(sqlite_application.db)
    assert records.get(sqlite_application.db, result.scan_id, local.id) == result
    assert records.page(sqlite_application.db, local.id) == ([result], None)
    with pytest.raises(NotFound):
        records.get(sqlite_application.db, result.scan_id, "acct_other")
    with pytest.raises(NotFound):
        records.get(sqlite_application.db, "scan_none")
    assert records.page(sqlite_application.db, "acct_other") == ([], None)


def test_forgetting_a_work_leaves_the_others_and_the_bare_facts(application: Application) -> None:
    gone = register_work(application, encoded(picture(1)), title="The Unrepeatable Harbour", external_id="x-1")
    kept = register_work(application, encoded(picture(2)), title="Stays", external_id="x-2")
    of_gone, of_kept = (scan_upload(application, encoded(mirrored(picture(n)))) for n in (1, 2))
    with application.db.write() as connection:
        records.forget(connection, number_of(application, gone.work_id))
    assert of_gone.scan_id is not None
    assert of_kept.scan_id is not None
    assert records.get(application.db, of_kept.scan_id) == of_kept
    left = records.get(application.db, of_gone.scan_id)
    before, after = of_gone.matches[0], left.matches[0]
    assert after == before.model_copy(update={"external_id": None, "title": "", "owner": "", "marking": {}})
    assert left == of_gone.model_copy(update={"matches": [after]})
    with application.db.read() as connection:
        shown = connection.execute(sa.select(scans.c.scan_id).join(previews)).scalars().all()
    assert shown == [of_kept.scan_id]
    assert [s.marking == {} for s in sightings.page(application.db, None)[0]] == [True, False]
    assert kept.work_id == of_kept.matches[0].work_id


# --- sightings -----------------------------------------------------------------------------------------------------
def ids(found: tuple[list[SightingRecord], int | None]) -> list[str]:
    return [each.work_id for each in found[0]]


def test_sightings_are_looked_up_by_account_work_owner_and_date(application: Application) -> None:
    accounts.create(application.db, accounts.NewAccount(name="rival", kind="producer"))
    first = register_work(application, ESSAY.encode(), owner="MARTA Salt", title="First").work_id
    second = register_work(application, ESSAY_ZH.encode(), owner="玛尔塔", account="rival").work_id
    assert first is not None
    assert second is not None
    posts = [ESSAY, ESSAY_ZH, ESSAY]
    results = [
        scan_upload(application, text.encode(), post_url=f"https://p.example/{n}", account=f"Account {n}")
        for n, text in enumerate(posts)
    ]
    local, rival = accounts.local(application.db), accounts.find(application.db, "rival")
    assert ids(sightings.page(application.db, None)) == [first, second, first]
    assert ids(sightings.page(application.db, local.id)) == [first, first]
    assert ids(sightings.page(application.db, rival.id)) == [second]
    assert ids(sightings.page(application.db, None, work_ids=[second])) == [second]
    assert ids(sightings.page(application.db, None, work_ids=[])) == []
    assert ids(sightings.page(application.db, rival.id, work_ids=[first])) == []
    assert ids(sightings.page(application.db, None, owner=" marta SALT")) == [first, first]
    assert ids(sightings.page(application.db, None, since=results[1].scanned_at)) == [second, first]
    assert ids(sightings.page(application.db, None, since="2999")) == []

    seen = sightings.page(application.db, None)[0][1]
    match = results[1].matches[0]
    assert (seen.title, seen.owner, seen.post_url) == ("The Salt Ferry", "玛尔塔", "https://p.example/1")
    assert (seen.account, seen.seen_at, seen.verdict) == ("Account 1", results[1].scanned_at, results[1].verdict)
    assert (seen.score, seen.coverage, seen.segments) == (match.score, match.coverage, match.segments)
    assert (seen.transform, seen.marking) == (match.transform, match.marking)


def test_sightings_come_in_pages(sqlite_application: Application) -> None:
    application = sqlite_application
    register_work(application, ESSAY.encode())
    for number in range(3):
        scan_upload(application, ESSAY.encode(), external_id=f"post-{number}")
    everything, end = sightings.page(application.db, None, limit=3)
    assert (len(everything), end) == (3, None)
    first, after = sightings.page(application.db, None, limit=2)
    assert after is not None
    rest, end = sightings.page(application.db, None, limit=2, after=after)
    assert (first + rest, end) == (everything, None)
    assert len({each.sighting_id for each in everything}) == 3


def test_a_post_is_one_sighting_of_a_work_however_often_it_is_scanned(application: Application) -> None:
    for name in ("Riverside Forum", "City Daily"):
        accounts.create(application.db, accounts.NewAccount(name=name, kind="platform"))
    work = register_work(application, ESSAY.encode())
    post = {"post_url": "https://p.example/1", "external_id": "post-1"}
    first = scan_upload(application, ESSAY.encode(), platform="Riverside Forum", **post)
    scan_upload(application, ESSAY.encode(), platform="City Daily", **post)
    scan_upload(application, ESSAY.encode(), platform="Riverside Forum", external_id="post-1")
    edited = f"By Marta Salt\n\n{ESSAY}"
    last = scan_upload(application, edited.encode(), platform="Riverside Forum", account="Ann", **post)
    found, _ = sightings.page(application.db, None, work_ids=[str(work.work_id)])
    assert [(s.platform, s.scans, s.post_url) for s in found] == [
        ("Riverside Forum", 2, "https://p.example/1"),
        ("City Daily", 1, "https://p.example/1"),
        ("Riverside Forum", 1, None),
    ]
    seen = found[0]
    assert (seen.scan_id, seen.account) == (last.scan_id, "Ann")
    assert (seen.first_seen_at, seen.seen_at) == (first.scanned_at, last.scanned_at)
    assert seen.marking == last.matches[0].marking != first.matches[0].marking
    assert first.scan_id is not None
    assert records.get(application.db, first.scan_id) == first  # the scans stay as they were


def test_a_post_without_a_name_is_known_by_its_bytes_and_its_account(sqlite_application: Application) -> None:
    register_work(sqlite_application, ESSAY.encode())
    for upload, account in ((ESSAY, "Ann"), (ESSAY, "Ann"), (ESSAY, "Bo"), (f"{ESSAY}!", "Ann")):
        scan_upload(sqlite_application, upload.encode(), account=account)
    assert [s.scans for s in sightings.page(sqlite_application.db, None)[0]] == [2, 1, 1]


def test_scans_of_one_post_at_a_time_make_one_sighting(application: Application) -> None:
    register_work(application, ESSAY.encode())

    def scan(_: int) -> None:
        scan_upload(application, ESSAY.encode(), post_url="https://p.example/1")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(scan, range(8)))
    assert [s.scans for s in sightings.page(application.db, None)[0]] == [8]


def test_a_works_own_id_is_shown_to_its_own_account_only(application: Application) -> None:
    accounts.create(application.db, accounts.NewAccount(name="Riverside Forum", kind="platform"))
    register_work(application, ESSAY.encode(), external_id="a-1")
    for platform, shown in ((None, "a-1"), ("Riverside Forum", None)):
        result = scan_upload(application, ESSAY.encode(), platform=platform)
        assert result.scan_id is not None
        assert result.matches[0].external_id == shown
        assert records.get(application.db, result.scan_id).matches[0].external_id == shown


def test_a_dry_run_answers_the_same_and_leaves_nothing(application: Application) -> None:
    register_work(application, ESSAY.encode())
    register_work(application, encoded(picture(1)))
    tables = (scans, matches, seen_works, previews)

    def rows() -> list[int]:
        with application.db.read() as connection:
            return [connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() for table in tables]

    uploads = [ESSAY.encode(), encoded(mirrored(picture(1)))]
    tried = [scan_upload(application, each, dry_run=True) for each in uploads]
    assert rows() == [0, 0, 0, 0]
    done = [scan_upload(application, each) for each in uploads]
    assert rows() == [2, 2, 2, 1]
    for before, after in zip(tried, done, strict=True):
        assert before.scan_id is None
        assert before == after.model_copy(update={"scan_id": None, "scanned_at": before.scanned_at})


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (None, None),
        ("2026-01-31", "2026-01-31T00:00:00.000000Z"),
        ("2026-01-31T08:30:00+08:00", "2026-01-31T00:30:00.000000Z"),
        ("2026-01-31T00:30:00.000001Z", "2026-01-31T00:30:00.000001Z"),
    ],
)
def test_since_is_utc_where_it_names_no_zone(given: str | None, stored: str | None) -> None:
    assert sightings.parse_since(given) == stored
