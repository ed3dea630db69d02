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
from provenance.schemas import ScanItem
from provenance.works import drafts
from provenance.works.receipt_builder import build_receipt
from tests.provenance.conftest import ESSAY, ESSAY_ZH, encoded, mirrored, picture, register_work, scan_upload

CREDIT = "作者：玛尔塔  来源：盐岛周刊 https://salt.example/a/1\n转载请注明出处\n\n"


def test_a_text_with_its_credit(service: Application) -> None:
    work = register_work(
        service,
        ESSAY_ZH.encode(),
        title="盐岛渡船",
        owner="玛尔塔",
        source_name="盐岛周刊",
        source_urls=["https://salt.example/a/1"],
        licence="reprint-with-credit",
        external_id="zh-1",
    )
    result = scan_upload(service, (CREDIT + ESSAY_ZH).encode(), post_url="https://p.example/9", account="城市慢生活")
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
    seen, _ = sightings.page(service.db, None, work_ids=[work.work_id])
    assert [s.post_url for s in seen] == ["https://p.example/9"]
    assert seen[0].marking["verdict"] == "compliant"


def test_without_a_credit_or_with_a_wrong_one(service: Application) -> None:
    register_work(service, ESSAY.encode(), owner="Marta Salt", source_urls=["https://salt.example/a/1"])
    assert scan_upload(service, ESSAY.encode(), account="City Daily").verdict == "uncredited"
    wrong = scan_upload(service, b"By John Thief\n\n" + ESSAY.encode(), account="City Daily")
    assert wrong.verdict == "uncredited"
    assert wrong.matches[0].marking["verdict"] == "wrong_owner"
    assert scan_upload(service, ESSAY.encode(), account="Marta Salt").verdict == "own"


@pytest.mark.parametrize("edit", ["reencoded", "smaller", "mirrored", "png"])
def test_near_copies_of_a_picture(sqlite_service: Application, edit: str) -> None:
    service = sqlite_service
    original = picture(3)
    work = register_work(service, encoded(original, quality=92))
    upload = {
        "reencoded": lambda: encoded(original, quality=35),
        "smaller": lambda: encoded(original.resize((320, 240))),
        "mirrored": lambda: encoded(mirrored(original)),
        "png": lambda: encoded(original, "PNG"),
    }[edit]()
    result = scan_upload(service, upload, caption="photo: somebody")
    assert [m.work_id for m in result.matches] == [work.work_id]
    assert bool(result.matches[0].transform.get("mirrored", False)) == (edit == "mirrored")
    assert result.matches[0].segments[0].unit == "pixel"


def test_what_became_of_the_originals_metadata(sqlite_service: Application) -> None:
    service = sqlite_service
    exif = Image.Exif()
    exif[315], exif[33432] = "Marta Salt", "Marta Salt 2024"
    work = register_work(service, encoded(picture(3), exif=exif))
    stripped = scan_upload(service, encoded(picture(3), quality=60)).matches[0].marking
    assert stripped["rmi_state"] == "compared"
    assert {d["tag"]: d["state"] for d in stripped["rmi_diff"]} == {"Artist": "stripped", "Copyright": "stripped"}
    exif[33432] = "City Daily"
    altered = scan_upload(service, encoded(picture(3), quality=60, exif=exif)).matches[0].marking
    assert {d["tag"]: d["state"] for d in altered["rmi_diff"]} == {"Artist": "kept", "Copyright": "altered"}
    # in the log only as a commitment, in the receipt opened, and fsck compares the two
    opening = json.loads(build_receipt(service.db, service.log, work.work_id or "")["opening.json"])
    assert ["exif", "Artist", "Marta Salt"] in opening["metadata"]["record"]["fields"]
    assert fsck.check(service.db, service.log)["problems"] == []


def test_a_registration_without_metadata_says_so(sqlite_service: Application) -> None:
    service = sqlite_service
    register_work(service, encoded(picture(3)))
    with service.db.write() as connection:  # as a registration from before metadata was kept, or an erased one
        connection.execute(openings.delete().where(openings.c.name == drafts.METADATA))
    marking = scan_upload(service, encoded(picture(3), quality=60)).matches[0].marking
    assert (marking["rmi_state"], marking["rmi_diff"]) == ("original_not_recorded", [])


def test_unrelated_uploads_match_nothing(sqlite_service: Application) -> None:
    service = sqlite_service
    register_work(service, encoded(picture(3)))
    register_work(service, ESSAY.encode())
    for upload in (encoded(picture(4)), ESSAY_ZH.encode()):
        result = scan_upload(service, upload)
        assert (result.status, result.verdict, result.matches) == ("no_match", "clear", [])


def test_html_counts_in_the_code_points_that_were_submitted(sqlite_service: Application) -> None:
    service = sqlite_service
    register_work(service, ESSAY.encode())
    page = f"<!doctype html><html><body><p>Hello &amp; welcome.</p><p>{ESSAY}</p></body></html>"
    match = scan_upload(service, page.encode()).matches[0]
    a, b = match.segments[0].upload
    assert page[int(a) : int(b)].startswith("The ferry to the salt")
    assert page[int(a) : int(b)].endswith(("place", "place."))


def test_an_unreadable_upload_has_its_own_status(sqlite_service: Application) -> None:
    service = sqlite_service
    cut = encoded(picture(1))[:2000]
    result = scan_upload(service, cut)
    assert (result.status, result.reason) == ("undecodable", "truncated")
    assert result.error is not None
    assert scan_upload(service, b"").status == "undecodable"
    assert scan_upload(service, "短".encode()).status == "too_short"


def test_scans_are_read_back_by_their_account_only(sqlite_service: Application) -> None:
    service = sqlite_service
    result = scan_upload(service, ESSAY.encode())
    assert records.get(service.db, result.scan_id) == result
    other = accounts.create(service.db, accounts.NewAccount(name="other", kind="platform"))
    with pytest.raises(NotFound):
        records.get(service.db, result.scan_id, other.id)
    assert records.page(service.db, other.id) == ([], None)
    assert [r.scan_id for r in records.page(service.db, None)[0]] == [result.scan_id]


def test_results_keep_the_order_of_the_uploads(sqlite_service: Application) -> None:
    service = sqlite_service
    uploads = [
        scanning.Upload(
            ScanItem(external_id=str(n)), BadInput("bad line") if n % 3 == 0 else Source.text(f"{n} {ESSAY}")
        )
        for n in range(10)
    ]
    results = list(service.scanner.scan(accounts.local(service.db), uploads))
    assert [r.external_id for r in results] == [str(n) for n in range(10)]
    assert [r.status == "error" for r in results] == [n % 3 == 0 for n in range(10)]


def test_sightings_by_owner_and_date(service: Application) -> None:
    register_work(service, ESSAY.encode(), owner="MARTA Salt")
    scan_upload(service, ESSAY.encode(), post_url="https://p.example/1")
    assert len(sightings.page(service.db, None, owner="marta salt")[0]) == 1
    assert sightings.page(service.db, None, owner="marta")[0] == []
    assert sightings.page(service.db, None, since=sightings.parse_since("2999-01-01"))[0] == []
    assert len(sightings.page(service.db, None, since=sightings.parse_since("2020-01-01"))[0]) == 1
    with pytest.raises(BadInput):
        sightings.parse_since("yesterday")


def test_a_registered_copy_neither_accuses_nor_clears(service: Application) -> None:
    """Somebody registers another's work: whose claim counts is for a person, whichever owner the post credits."""
    register_work(service, ESSAY.encode(), owner="Marta Salt", source_urls=["https://salt.example/a/1"])
    post = f"By Marta Salt, https://salt.example/a/1\n\n{ESSAY}".encode()
    before = scan_upload(service, post, account="City Daily").verdict
    assert before != "uncredited"
    assert scan_upload(service, ESSAY.encode(), account="Marta Salt").verdict == "own"
    register_work(service, f"{ESSAY} ".encode(), owner="John Thief", source_urls=["https://thief.example/1"])
    for upload, account in (
        (post, "City Daily"),
        (ESSAY.encode(), "Marta Salt"),
        (ESSAY.encode(), "John Thief"),
        (f"By John Thief, https://thief.example/1\n\n{ESSAY}".encode(), "City Daily"),
    ):
        result = scan_upload(service, upload, account=account)
        assert len(result.matches) == 2
        assert result.verdict == "review"
    assert scan_upload(service, ESSAY.encode(), account="City Daily").verdict == "uncredited"


def test_names_in_the_works_own_text_are_no_credits(sqlite_service: Application) -> None:
    story = f"{ESSAY}\n\nBy Anna Bell\n\nThat is what stood on the jar, in pencil, under the date and the weight."
    register_work(sqlite_service, story.encode(), owner="Marta Salt")
    for upload in (story, f"<!doctype html><html><body><p>{story}</p></body></html>"):
        assert scan_upload(sqlite_service, upload.encode()).matches[0].marking["verdict"] == "missing"
    wrong = scan_upload(sqlite_service, f"By Anna Bell\n\n{ESSAY}".encode())
    assert wrong.matches[0].marking["verdict"] == "wrong_owner"


def test_a_withdrawn_rival_is_not_shown(sqlite_service: Application) -> None:

    register_work(sqlite_service, ESSAY.encode())
    rival = register_work(sqlite_service, f"{ESSAY} ".encode(), owner="John Thief")
    sqlite_service.withdrawals.withdraw(accounts.local(sqlite_service.db), rival.work_id)
    assert scan_upload(sqlite_service, ESSAY.encode()).matches[0].competing == []


def test_what_cannot_be_reached_is_an_error_not_bad_content(sqlite_service: Application, tmp_path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "gone", tmp_path, tmp_path / "pipe"):
        assert scan_upload(sqlite_service, path).status == "error"
