"""Scanning: near copies found, nothing else, with marking and verdict; sightings for the owner."""

import json
import os

import pytest
from PIL import Image

from fingerprints.source import Source
from provenance.accounts import accounts
from provenance.application import Application
from provenance.auditing import fsck
from provenance.database.tables import openings
from provenance.errors import BadInput, NotFound
from provenance.scans import records, scanning, sightings
from provenance.schemas import RegistrationItem, ScanItem
from provenance.works import drafts
from provenance.works.receipt_builder import build_receipt
from provenance.works.registration import RegistrationRequest
from tests.provenance.conftest import ESSAY, ESSAY_ZH, encoded, mirrored, picture, register_work, scan_upload

pytestmark = pytest.mark.slow

CREDIT = "作者：玛尔塔  来源：盐岛周刊 https://salt.example/a/1\n转载请注明出处\n\n"


def test_a_text_with_its_credit(application: Application) -> None:
    work = register_work(
        application,
        ESSAY_ZH.encode(),
        title="盐岛渡船",
        owner="玛尔塔",
        source_name="盐岛周刊",
        source_urls=["https://salt.example/a/1"],
        licence="reprint-with-credit",
        external_id="zh-1",
    )
    result = scan_upload(
        application, (CREDIT + ESSAY_ZH).encode(), post_url="https://p.example/9", account="城市慢生活"
    )
    assert result.status == "matched"
    match = result.matches[0]
    assert match.work_id == work.work_id
    assert match.external_id == "zh-1"
    assert match.score >= 0.5
    assert match.coverage.work > 0.95
    assert match.segments[0].unit == "codepoint"
    a, b = match.segments[0].upload
    assert abs(a - len(CREDIT)) <= 5
    assert b <= len(CREDIT) + len(ESSAY_ZH)
    assert match.marking["owner_marked"]
    assert match.marking["source_traceable"]
    assert match.marking["verdict"] == "compliant"
    assert result.verdict == "licensed"
    seen, _ = sightings.page(application.db, None, work_ids=[work.work_id])
    assert [s.post_url for s in seen] == ["https://p.example/9"]
    assert seen[0].marking["verdict"] == "compliant"


def test_without_a_credit_or_with_a_wrong_one(application: Application) -> None:
    register_work(application, ESSAY.encode(), owner="Marta Salt", source_urls=["https://salt.example/a/1"])
    assert scan_upload(application, ESSAY.encode(), account="City Daily").verdict == "uncredited"
    wrong = scan_upload(application, b"By John Thief\n\n" + ESSAY.encode(), account="City Daily")
    assert wrong.verdict == "uncredited"
    assert wrong.matches[0].marking["verdict"] == "wrong_owner"
    assert scan_upload(application, ESSAY.encode(), account="Marta Salt").verdict == "own"


@pytest.mark.parametrize("edit", ["reencoded", "smaller", "mirrored", "png"])
def test_near_copies_of_a_picture(sqlite_application: Application, edit: str) -> None:
    application = sqlite_application
    original = picture(3)
    work = register_work(application, encoded(original, quality=92))
    upload = {
        "reencoded": lambda: encoded(original, quality=35),
        "smaller": lambda: encoded(original.resize((320, 240))),
        "mirrored": lambda: encoded(mirrored(original)),
        "png": lambda: encoded(original, "PNG"),
    }[edit]()
    result = scan_upload(application, upload, caption="photo: somebody")
    assert [m.work_id for m in result.matches] == [work.work_id]
    assert bool(result.matches[0].transform.get("mirrored", False)) == (edit == "mirrored")
    assert result.matches[0].segments[0].unit == "pixel"


def test_what_became_of_the_originals_metadata(sqlite_application: Application) -> None:
    application = sqlite_application
    exif = Image.Exif()
    exif[315], exif[33432] = "Marta Salt", "Marta Salt 2024"
    work = register_work(application, encoded(picture(3), exif=exif))
    stripped = scan_upload(application, encoded(picture(3), quality=60)).matches[0].marking
    assert stripped["rmi_state"] == "compared"
    assert {d["tag"]: d["state"] for d in stripped["rmi_diff"]} == {"Artist": "stripped", "Copyright": "stripped"}
    exif[33432] = "City Daily"
    altered = scan_upload(application, encoded(picture(3), quality=60, exif=exif)).matches[0].marking
    assert {d["tag"]: d["state"] for d in altered["rmi_diff"]} == {"Artist": "kept", "Copyright": "altered"}
    # in the log only as a commitment, in the receipt opened, and fsck compares the two
    opening = json.loads(build_receipt(application.db, application.log, work.work_id or "")["opening.json"])
    assert ["exif", "Artist", "Marta Salt"] in opening["metadata"]["record"]["fields"]
    assert fsck.check(application.db, application.log)["problems"] == []


def test_a_registration_without_metadata_says_so(sqlite_application: Application) -> None:
    application = sqlite_application
    register_work(application, encoded(picture(3)))
    with application.db.write() as connection:  # as a registration from before metadata was kept, or an erased one
        connection.execute(openings.delete().where(openings.c.name == drafts.METADATA))
    marking = scan_upload(application, encoded(picture(3), quality=60)).matches[0].marking
    assert (marking["rmi_state"], marking["rmi_diff"]) == ("original_not_recorded", [])


def test_unrelated_uploads_match_nothing(sqlite_application: Application) -> None:
    application = sqlite_application
    register_work(application, encoded(picture(3)))
    register_work(application, ESSAY.encode())
    for upload in (encoded(picture(4)), ESSAY_ZH.encode()):
        result = scan_upload(application, upload)
        assert (result.status, result.verdict, result.matches) == ("no_match", "clear", [])


def test_html_counts_in_the_code_points_that_were_submitted(sqlite_application: Application) -> None:
    application = sqlite_application
    register_work(application, ESSAY.encode())
    page = f"<!doctype html><html><body><p>Hello &amp; welcome.</p><p>{ESSAY}</p></body></html>"
    match = scan_upload(application, page.encode()).matches[0]
    a, b = match.segments[0].upload
    assert page[int(a) : int(b)].startswith("The ferry to the salt")
    assert page[int(a) : int(b)].endswith(("place", "place."))


def test_an_unreadable_upload_has_its_own_status(sqlite_application: Application) -> None:
    application = sqlite_application
    cut = encoded(picture(1))[:2000]
    result = scan_upload(application, cut)
    assert (result.status, result.reason) == ("undecodable", "truncated")
    assert result.error is not None
    assert scan_upload(application, b"").status == "undecodable"
    assert scan_upload(application, "短".encode()).status == "too_short"


def test_scans_are_read_back_by_their_account_only(sqlite_application: Application) -> None:
    application = sqlite_application
    result = scan_upload(application, ESSAY.encode())
    assert records.get(application.db, result.scan_id) == result
    other = accounts.create(application.db, accounts.NewAccount(name="other", kind="platform"))
    with pytest.raises(NotFound):
        records.get(application.db, result.scan_id, other.id)
    assert records.page(application.db, other.id) == ([], None)
    assert [r.scan_id for r in records.page(application.db, None)[0]] == [result.scan_id]


def test_results_keep_the_order_of_the_uploads(sqlite_application: Application) -> None:
    application = sqlite_application
    uploads = [
        scanning.Upload(
            ScanItem(external_id=str(n)), BadInput("bad line") if n % 3 == 0 else Source.text(f"{n} {ESSAY}")
        )
        for n in range(10)
    ]
    results = list(application.scanner.scan(accounts.local(application.db), uploads))
    assert [r.external_id for r in results] == [str(n) for n in range(10)]
    assert [r.status == "error" for r in results] == [n % 3 == 0 for n in range(10)]


def test_progress_is_told_by_item_before_the_group_is_answered(sqlite_application: Application) -> None:
    application, told = sqlite_application, []
    local = accounts.local(application.db)
    uploads = [scanning.Upload(ScanItem(), Source.text(f"{n} {ESSAY}")) for n in range(3)]
    answers = application.scanner.scan(local, uploads, examined=lambda: told.append("scan"))
    requests = [RegistrationRequest(RegistrationItem(owner="A"), Source.text(f"{n} {ESSAY}")) for n in range(3)]
    registered = application.registrar.register(local, requests, examined=lambda: told.append("register"))
    next(answers)
    next(registered)
    assert told == ["scan"] * 3 + ["register"] * 3


def test_sightings_by_owner_and_date(application: Application) -> None:
    register_work(application, ESSAY.encode(), owner="MARTA Salt")
    scan_upload(application, ESSAY.encode(), post_url="https://p.example/1")
    assert len(sightings.page(application.db, None, owner="marta salt")[0]) == 1
    assert sightings.page(application.db, None, owner="marta")[0] == []
    assert sightings.page(application.db, None, since=sightings.parse_since("2999-01-01"))[0] == []
    assert len(sightings.page(application.db, None, since=sightings.parse_since("2020-01-01"))[0]) == 1
    with pytest.raises(BadInput):
        sightings.parse_since("yesterday")


def test_a_registered_copy_neither_accuses_nor_clears(application: Application) -> None:
    """Somebody registers another's work: whose claim counts is for a person, whichever owner the post credits."""
    register_work(application, ESSAY.encode(), owner="Marta Salt", source_urls=["https://salt.example/a/1"])
    post = f"By Marta Salt, https://salt.example/a/1\n\n{ESSAY}".encode()
    before = scan_upload(application, post, account="City Daily").verdict
    assert before != "uncredited"
    assert scan_upload(application, ESSAY.encode(), account="Marta Salt").verdict == "own"
    register_work(application, f"{ESSAY} ".encode(), owner="John Thief", source_urls=["https://thief.example/1"])
    for upload, account in (
        (post, "City Daily"),
        (ESSAY.encode(), "Marta Salt"),
        (ESSAY.encode(), "John Thief"),
        (f"By John Thief, https://thief.example/1\n\n{ESSAY}".encode(), "City Daily"),
    ):
        result = scan_upload(application, upload, account=account)
        assert len(result.matches) == 2
        assert result.verdict == "review"
    assert scan_upload(application, ESSAY.encode(), account="City Daily").verdict == "uncredited"


def test_names_in_the_works_own_text_are_no_credits(sqlite_application: Application) -> None:
    story = f"{ESSAY}\n\nBy Anna Bell\n\nThat is what stood on the jar, in pencil, under the date and the weight."
    register_work(sqlite_application, story.encode(), owner="Marta Salt")
    for upload in (story, f"<!doctype html><html><body><p>{story}</p></body></html>"):
        assert scan_upload(sqlite_application, upload.encode()).matches[0].marking["verdict"] == "missing"
    wrong = scan_upload(sqlite_application, f"By Anna Bell\n\n{ESSAY}".encode())
    assert wrong.matches[0].marking["verdict"] == "wrong_owner"


def test_a_withdrawn_rival_is_not_shown(sqlite_application: Application) -> None:

    register_work(sqlite_application, ESSAY.encode())
    rival = register_work(sqlite_application, f"{ESSAY} ".encode(), owner="John Thief")
    sqlite_application.withdrawals.withdraw(accounts.local(sqlite_application.db), rival.work_id)
    assert scan_upload(sqlite_application, ESSAY.encode()).matches[0].competing == []


def test_what_cannot_be_reached_is_an_error_not_bad_content(sqlite_application: Application, tmp_path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "gone", tmp_path, tmp_path / "pipe"):
        assert scan_upload(sqlite_application, path).status == "error"
