"""Whether a recording marks its owner and source: in the fields of its file, in the caption."""

import pytest

from fingerprints.audio.examples import tune, wav
from provenance.application import Application
from tests.fingerprints import encoding
from tests.provenance.conftest import register_work, scan_upload

pytestmark = pytest.mark.slow

SONG = wav(tune(7, 4))
PAGE = "https://northbank.example/s/1"
CLAIM = {
    "title": "River Song", "owner": "Lin Zhaoyun", "source_name": "North Bank", "source_urls": [PAGE],
    "licence": "CC-BY-4.0",
}  # fmt: skip
CREDIT = {"artist": "Lin Zhaoyun", "copyright": "© Lin Zhaoyun, CC BY 4.0", "comment": f"Source: North Bank {PAGE}"}
PLACES = {
    "a.mp3": "id3", "a.m4a": "mp4", "alac.m4a": "mp4", "a.flac": "vorbis", "a.ogg": "vorbis", "a.opus": "vorbis",
    "16.wav": "id3", "a.aiff": "id3", "a.wma": "asf",
}  # fmt: skip


def with_fields(name: str, fields: dict[str, str]) -> bytes:
    arguments = encoding.SOUNDS.get(name, ((),))[0]
    written = [word for field, value in fields.items() for word in ("-metadata", f"{field}={value}")]
    return encoding.encoded(name, *arguments, *written, data=SONG)


def test_a_credit_in_the_fields_of_a_file_counts(sqlite_application: Application) -> None:
    register_work(sqlite_application, SONG, **CLAIM)
    for name, place in PLACES.items():
        credited = scan_upload(sqlite_application, with_fields(name, CREDIT))
        assert (name, credited.verdict) == (name, "licensed")
        (match,) = credited.matches
        assert {each["where"] for each in match.marking["evidence"]} == {place}
        bare = scan_upload(sqlite_application, with_fields(name, {"title": "River Song", "artist": "Somebody Else"}))
        assert (name, bare.verdict) == (name, "uncredited")
        assert {"owner_not_marked", "source_not_marked"} <= set(bare.matches[0].marking["reasons"])
        assert bare.matches[0].credit_line is not None


@pytest.mark.parametrize(
    ("caption", "verdict"),
    [
        (f"Music: Lin Zhaoyun / North Bank, {PAGE}, CC BY 4.0", "licensed"),
        (f"音乐：Lin Zhaoyun，来源：North Bank {PAGE}，CC BY 4.0", "licensed"),
        ("Music: Lin Zhaoyun", "review"),
        ("Music: Somebody Else", "uncredited"),
        ("What a tune for a Sunday.", "uncredited"),
    ],
)
def test_a_caption_credits_the_recording(sqlite_application: Application, caption: str, verdict: str) -> None:
    register_work(sqlite_application, SONG, **CLAIM)
    assert scan_upload(sqlite_application, with_fields("a.mp3", {}), caption=caption).verdict == verdict


def test_the_credit_line_that_is_offered_credits(sqlite_application: Application) -> None:
    register_work(sqlite_application, SONG, **CLAIM)
    (match,) = scan_upload(sqlite_application, SONG).matches
    assert match.credit_line is not None
    assert scan_upload(sqlite_application, SONG, caption=match.credit_line).verdict == "licensed"
