"""Recordings and film through the business: statuses, reasons, verdicts, evidence."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from fingerprints.audio.examples import tune, wav
from provenance.application import Application
from provenance.errors import NotFound
from provenance.scans import evidence, evidence_page, sightings
from tests.fingerprints import encoding
from tests.provenance.conftest import register_work, scan_upload

pytestmark = pytest.mark.slow

RATE = 22_050


def test_a_recording_is_found_in_a_film_and_a_part_of_it_in_other_sound(application: Application) -> None:
    work = tune(7, 20)
    registered = register_work(application, wav(work))
    assert (registered.medium, registered.fingerprintable) == ("audio", True)
    film = encoding.encoded("a.mp4", "-c:v", "mpeg4", "-shortest", data=wav(work), inputs=encoding.PICTURE)
    found = scan_upload(application, film)
    assert (found.medium, found.status, found.verdict) == ("video", "matched", "uncredited")
    other = tune(8, 12)
    mixed = wav(np.concatenate((other, work[4 * RATE : 14 * RATE])))
    (match,) = scan_upload(application, mixed).matches
    assert match.work_id == registered.work_id
    assert {segment.unit for segment in match.segments} == {"second"}
    longest = max(match.segments, key=lambda segment: segment.upload[1] - segment.upload[0])
    assert longest.upload[0] - longest.work[0] == pytest.approx(8, abs=0.2)
    assert 12 - 1 < longest.upload[0] < longest.upload[1] < 22 + 1


def test_why_nothing_was_found_is_said(sqlite_application: Application) -> None:
    application = sqlite_application
    register_work(application, wav(tune(7, 8)))
    silence = np.zeros(8 * RATE)
    whole = encoding.encoded("a.flac", data=wav(tune(9, 12)))
    mute = encoding.encoded("a.mp4", "-map", "1:v", "-c:v", "mpeg4", inputs=encoding.PICTURE)
    wanted = {
        "another": (wav(tune(9, 8)), "no_match", None, "clear"),
        "silent": (wav(silence), "silent", "silent", "clear"),
        "short": (wav(tune(9, 2)), "too_short", "too_short", "clear"),
        "mute": (mute[:8] + b"M4A " + mute[12:], "no_match", "no_sound", "clear"),
        "no film": (b"\x1aE\xdf\xa3" + bytes(4000), "decode_partial", "decode_partial", "review"),
        "half": (whole[: len(whole) // 2], "decode_partial", "decode_partial", "review"),
        "empty": (wav(silence[:0]), "undecodable", "damaged", "review"),
    }
    for name, (data, status, reason, verdict) in wanted.items():
        found = scan_upload(application, data)
        assert (name, found.status, found.reason, found.verdict) == (name, status, reason, verdict)


def test_a_match_is_drawn_with_both_recordings(sqlite_application: Application) -> None:
    work = tune(7, 20)
    register_work(sqlite_application, wav(work))
    upload = wav(np.concatenate((tune(8, 12), work[4 * RATE : 14 * RATE])))
    found = scan_upload(sqlite_application, upload)
    assert found.scan_id is not None
    with Image.open(io.BytesIO(evidence.picture(sqlite_application.db, found.scan_id))) as drawn:
        assert drawn.format == "PNG"
        pixels = np.asarray(drawn.convert("RGB")).astype(int)
    outlined = np.abs(pixels - (0xE6, 0x19, 0x4B)).sum(axis=2) == 0
    assert outlined[40:100].sum() > 100  # the upload, above
    assert outlined[200:280].sum() > 100  # the work
    (seen,), _ = sightings.page(sqlite_application.db, None)
    page = evidence_page.make(sqlite_application.db, seen.sighting_id, None)
    assert page.picture is not None
    assert b"data:image/png" in page.html
    silence = wav(np.zeros(8 * RATE))
    register_work(sqlite_application, silence)
    copied = scan_upload(sqlite_application, silence)
    assert copied.scan_id is not None
    with pytest.raises(NotFound):
        evidence.picture(sqlite_application.db, copied.scan_id)


def test_a_match_in_what_could_be_read_stays_a_match(sqlite_application: Application) -> None:
    whole = encoding.encoded("a.flac", data=wav(tune(9, 16)))
    registered = register_work(sqlite_application, whole)
    found = scan_upload(sqlite_application, whole[: len(whole) // 2])
    assert (found.status, [match.work_id for match in found.matches]) == ("matched", [registered.work_id])


def test_what_is_registered_without_being_found_altered(sqlite_application: Application) -> None:
    for data, reason in ((wav(np.zeros(8 * RATE)), "silent"), (wav(tune(3, 2)), "too_short")):
        registered = register_work(sqlite_application, data)
        assert (registered.fingerprintable, registered.reason) == (False, reason)
        assert scan_upload(sqlite_application, data).status == "matched"
