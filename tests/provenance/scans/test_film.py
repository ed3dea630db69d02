"""Film through the business: what it shows and what is heard in it, statuses, verdicts, evidence, parts of posts."""

from __future__ import annotations

import io
import tempfile
from functools import cache

import numpy as np
import pytest
from PIL import Image

from fingerprints.audio.examples import tune, wav
from fingerprints.image.examples import photograph, saved
from fingerprints.video.examples import encoded, film
from provenance.application import Application
from provenance.scans import evidence
from provenance.schemas import MatchRecord
from tests.fingerprints import encoding
from tests.provenance.conftest import register_work, scan_upload

pytestmark = pytest.mark.slow

RED = (0xE6, 0x19, 0x4B)


@cache
def work() -> bytes:
    return encoded(film(1, 1))


@cache
def with_tune(data: bytes, seed: int) -> bytes:
    """A film's pictures with a tune."""
    with tempfile.NamedTemporaryFile(suffix=".mkv") as shown:
        shown.write(data)
        shown.flush()
        how = ("-map", "1:v", "-map", "0:a", "-c:v", "copy")
        return encoding.encoded("a.mkv", *how, data=wav(tune(seed, 8)), inputs=("-i", shown.name))


def slides(*pictures: Image.Image) -> bytes:
    """A film that shows pictures, three seconds each."""
    shown = (np.asarray(each.convert("L").resize((320, 240))) for each in pictures)
    return encoded(np.concatenate([np.repeat(each[None], 30, axis=0) for each in shown]), rate=10)


def animated(frames: list[Image.Image], format: str, milliseconds: int) -> bytes:
    out = io.BytesIO()
    frames[0].save(out, format, save_all=True, append_images=frames[1:], duration=milliseconds, loop=0)
    return out.getvalue()


def outlined(picture: bytes) -> int:
    """Pixels of the first match's colour."""
    with Image.open(io.BytesIO(picture)) as drawn:
        assert drawn.format == "PNG"
        pixels = np.asarray(drawn.convert("RGB")).astype(int)
    return int((np.abs(pixels - RED).sum(axis=2) == 0).sum())


def only(application: Application, upload: bytes) -> MatchRecord:
    (match,) = scan_upload(application, upload).matches
    return match


def test_what_matched_is_said(sqlite_application: Application) -> None:
    """Pictures, sound or both, with the seconds in each and where the work's frame lies."""
    registered = register_work(sqlite_application, with_tune(work(), 7))
    assert (registered.medium, registered.fingerprintable) == ("video", True)
    mirrored = encoded(film(1, 1)[24:, :, ::-1])
    both = only(sqlite_application, with_tune(work(), 7))
    seen = only(sqlite_application, mirrored)
    heard = only(sqlite_application, with_tune(encoded(film(3, 3)), 7))
    assert {match.work_id for match in (both, seen, heard)} == {registered.work_id}
    assert both.transform == {"exact": True}
    assert (seen.transform["by"], seen.transform["mirrored"]) == ("picture", True)
    assert heard.transform["by"] == "sound"
    (stretch,) = seen.segments
    assert stretch.unit == "second"
    assert stretch.work[0] - stretch.upload[0] == pytest.approx(2, abs=0.3)  # type: ignore[operator]
    assert stretch.quad is not None
    assert stretch.quad[0][0] > stretch.quad[1][0]  # the work's left is on the right
    assert all(segment.quad is None for segment in heard.segments)


def test_a_registered_picture_is_found_in_a_film_and_a_recording_as_its_music(application: Application) -> None:
    picture, other = photograph(5), photograph(6)
    photo = register_work(application, saved(picture, "JPEG"), title="Photo")
    song = register_work(application, wav(tune(7, 20)), title="Song")
    shown = with_tune(slides(other, picture), 7)
    found = {match.work_id: match for match in scan_upload(application, shown).matches}
    assert set(found) == {photo.work_id, song.work_id}
    (stretch,) = found[str(photo.work_id)].segments
    assert (stretch.unit, stretch.upload) == ("second", pytest.approx([3, 8], abs=0.3))  # until the music ends
    assert stretch.quad is not None
    assert stretch.quad[2] == pytest.approx([320, 240], abs=8)
    assert found[str(photo.work_id)].transform["by"] == "picture"
    assert found[str(song.work_id)].transform["by"] == "sound"
    assert scan_upload(application, slides(other)).matches == []


def test_what_nobody_could_see_is_never_clear(sqlite_application: Application) -> None:
    register_work(sqlite_application, work())
    other = encoded(film(4, 4))
    blind = encoding.encoded("a.mkv", "-c:s", "srt", data=b"1\n00:00:00,000 --> 00:00:09,000\nHello\n")
    for name, data in {"half": other[: len(other) // 2], "subtitles": blind, "no film": other[:600]}.items():
        found = scan_upload(sqlite_application, data)
        assert (name, found.status, found.verdict) == (name, "decode_partial", "review")


def test_a_match_is_drawn_in_pairs(sqlite_application: Application) -> None:
    photo = photograph(5)
    register_work(sqlite_application, work())
    register_work(sqlite_application, saved(photo, "JPEG"))
    for upload in (encoded(film(1, 1)[24:]), slides(photo)):
        found = scan_upload(sqlite_application, upload)
        assert found.scan_id is not None
        assert outlined(evidence.picture(sqlite_application.db, found.scan_id)) > 2000


def test_a_film_in_a_post_is_a_part_of_it(sqlite_application: Application) -> None:
    registered = register_work(sqlite_application, work(), owner="Marta Salt", title="The Salt Ferry")
    caption = "Video by Marta Salt"
    found = scan_upload(sqlite_application, encoded(film(1, 1)[24:]), caption=caption)
    assert [match.work_id for match in found.matches] == [registered.work_id]
    assert found.matches[0].marking["owner_marked"] is True


@pytest.mark.parametrize("format", ["GIF", "WEBP", "AVIF"])
def test_an_animated_picture_shows_a_film_and_a_film_an_animated_picture(
    sqlite_application: Application, format: str
) -> None:
    film_work = register_work(sqlite_application, work(), title="Film")
    frames = [Image.fromarray(each) for each in film(1, 1)[12:72:2]]
    (match,) = scan_upload(sqlite_application, animated(frames, format, 1000 // 6)).matches
    assert (match.work_id, match.transform["by"]) == (film_work.work_id, "picture")
    assert match.segments[0].work[0] - match.segments[0].upload[0] == pytest.approx(1, abs=0.4)  # type: ignore[operator]
    drawn = [photograph(seed, (320, 240)) for seed in (21, 22, 23)]
    register_work(sqlite_application, animated(drawn, format, 1500), title="Animation")
    found = scan_upload(sqlite_application, slides(*drawn)).matches
    assert [match.title for match in found] == ["Animation"]
    assert len(found[0].segments) == 3
