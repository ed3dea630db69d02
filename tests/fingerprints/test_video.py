"""Film is found by its pictures and by its sound."""

import numpy as np
import pytest

from fingerprints import registry
from fingerprints.audio.examples import tune, wav
from fingerprints.errors import UnreadableMedia
from fingerprints.model import Fingerprint
from tests.fingerprints import encoding
from tests.fingerprints.finding import made, match, search

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", ["a.mp4", "a.webm", "a.ts"])
def test_a_film_is_found_by_a_recording_and_a_recording_by_a_film(name: str) -> None:
    song, film = encoding.recording(), encoding.film(name)
    assert made(film).medium == "video"
    assert "partial" not in made(film).facts
    for upload, work in ((film, song), (song, film), (encoding.film("a.mkv"), film)):
        found = match(made(upload, thorough=True), made(work))
        assert found is not None
        assert found.segments[0].unit == "second"
    assert match(made(film, thorough=True), made(wav(tune(99, 6)))) is None


@pytest.mark.parametrize("name", ["a.mp4", "a.webm", "a.mkv", "a.wma"])
def test_sound_alone_in_a_container_of_film_is_a_recording(name: str) -> None:
    found = made(encoding.encoded(name))
    assert (found.medium, found.algorithm, found.reason) == ("audio", registry.MEDIA["audio"].ALGORITHM, None)


def test_film_without_sound_is_found_by_its_pictures() -> None:
    mute = encoding.encoded("a.mp4", "-map", "1:v", "-c:v", "mpeg4", inputs=encoding.PICTURE)
    found = match(made(encoding.film("a.mp4"), thorough=True), made(mute))
    assert found is not None
    assert found.transform["by"] == "picture"
    both = match(made(encoding.film("a.webm"), thorough=True), made(encoding.film("a.mp4")))
    assert both is not None
    assert both.transform["by"] == "both"


def test_film_that_was_registered_by_its_bytes_is_still_found() -> None:
    film = made(encoding.film("a.mp4"))
    old = Fingerprint("video", "sourcemark-exact/1", film.digest, reason="not_fingerprinted")
    assert match(film, old) is not None


def test_encrypted_film_is_refused() -> None:
    key = "00112233445566778899aabbccddeeff"
    options = ("-encryption_scheme", "cenc-aes-ctr", "-encryption_key", key, "-encryption_kid", key)
    with pytest.raises(UnreadableMedia) as refused:
        made(encoding.encoded("a.mp4", "-c:v", "mpeg4", *options, inputs=encoding.PICTURE))
    assert refused.value.reason == "encrypted"


def test_film_that_shows_and_sounds_nothing_says_so() -> None:
    dark = ("-f", "lavfi", "-i", "color=black:s=96x64:r=10:d=4")
    found = made(encoding.encoded("a.mkv", "-c:v", "mpeg4", data=wav(np.zeros(90_000)), inputs=dark))
    assert (found.medium, found.reason) == ("video", "no_texture")
    assert [each.reason for each in found.also] == ["silent"]
    assert search(found, []).reason is None
