"""Sound of all containers and codecs that people publish is decoded, as ffmpeg itself encodes it."""

import struct

import numpy as np
import pytest

from fingerprints import audio, registry
from fingerprints.audio.examples import tune, wav
from fingerprints.errors import UnreadableMedia
from fingerprints.ffmpeg import container, sound
from fingerprints.ffmpeg.reading import Reading
from fingerprints.model import Limits
from fingerprints.sniff import sniff
from fingerprints.source import Source
from tests.fingerprints import encoding
from tests.fingerprints.finding import made, match

pytestmark = pytest.mark.slow

LIMITS = Limits()


@pytest.mark.parametrize("name", encoding.SOUNDS)
def test_sound_is_recognised_decoded_and_found(name: str) -> None:
    _, format, codec = encoding.SOUNDS[name]
    data = encoding.sound(name)
    found = registry.examine(Source.blob(data), LIMITS)
    facts = found.fingerprint.facts
    assert (found.fingerprint.medium, found.format, facts["format"], facts["codec"]) == ("audio", format, format, codec)
    assert facts["seconds"] == pytest.approx(encoding.SECONDS, abs=0.15)
    assert facts["seconds_read"] == pytest.approx(encoding.SECONDS, abs=0.15)
    assert facts["channels"] == 1
    assert "partial" not in facts
    assert found.fingerprint.reason is None
    assert match(made(encoding.recording(), thorough=True), found.fingerprint) is not None


@pytest.mark.parametrize("name", encoding.FILMS)
def test_the_sound_of_film_is_decoded(name: str) -> None:
    _, format, codec = encoding.FILMS[name]
    source = Source.blob(encoding.film(name))
    assert sniff(source) == ("video", format)
    held = container.read(source, LIMITS)
    assert [stream.codec for stream in held.sounds] == [codec]
    assert [(stream.width, stream.height) for stream in held.pictures] == [(96, 64)]
    assert held.pictures[0].frames >= 10
    facts = audio.examine(source, format, LIMITS).fingerprint.facts
    assert facts["seconds_read"] == pytest.approx(encoding.SECONDS, abs=0.15)
    assert "partial" not in facts


def test_samples_have_two_channels_whatever_there_are() -> None:
    left, right = tune(1, 3), -tune(1, 3)
    for channels, count in (([left], 1), ([left, right], 2)):
        source, reading = Source.blob(wav(*channels)), Reading()
        assert container.read(source, LIMITS).sounds[0].channels == count
        with sound.samples(source, LIMITS, 11_025, reading) as blocks:
            both = np.concatenate(list(blocks)).astype(float)
        assert both.shape == (pytest.approx(3 * 11_025, abs=2), 2)
        assert reading.seconds == pytest.approx(3, abs=0.01)
        assert np.corrcoef(both.T)[0, 1] == pytest.approx(1 if count == 1 else -1, abs=0.01)


def test_decoding_ends_at_the_longest_that_is_taken() -> None:
    facts = audio.examine(Source.blob(encoding.recording()), "wav", Limits(max_seconds=2)).fingerprint.facts
    assert (facts["seconds"], facts["seconds_read"], facts["partial"]) == (encoding.SECONDS, 2, True)


def test_a_cover_is_no_film_and_attachments_are_left_alone() -> None:
    cover = ("-map", "0", "-map", "1", "-frames:v", "1", "-c:v", "png", "-disposition:v", "attached_pic")
    picture = ("-f", "lavfi", "-i", "color=red:s=32x32:r=1:d=60")
    song = Source.blob(encoding.encoded("a.m4a", *cover, "-c:a", "aac", inputs=picture))
    held = container.read(song, LIMITS)
    assert (len(held.sounds), held.pictures) == (1, ())
    attached = encoding.encoded("a.mka", "-attach", __file__, "-metadata:s:t", "mimetype=text/plain", "-c:a", "flac")
    assert container.read(Source.blob(attached), LIMITS).pictures == ()
    assert made(attached).facts.get("partial") is None


def test_of_a_thousand_streams_the_first_is_heard() -> None:
    many = encoding.encoded("a.mka", *["-map", "0:a"] * 1000, "-t", "0.05", "-c:a", "pcm_u8", "-ar", "8000")
    held = container.read(Source.blob(many), LIMITS)
    assert len(held.sounds) == 1000
    assert audio.examine(Source.blob(many), "mkv", LIMITS).fingerprint.facts["seconds_read"] == pytest.approx(
        0.05, abs=0.02
    )


def test_a_file_of_pictures_alone_has_no_sound() -> None:
    mute = bytearray(encoding.encoded("a.mp4", "-map", "1:v", "-c:v", "mpeg4", inputs=encoding.PICTURE))
    mute[8:12] = b"M4A "
    found = made(bytes(mute))
    assert (found.medium, found.reason) == ("audio", "no_sound")


@pytest.mark.parametrize(
    ("rate", "channels", "bits"),
    [(0, 1, 16), (4_000_000_000, 1, 16), (2_000_000_000, 1, 16), (44_100, 0, 16), (44_100, 64, 16), (8000, 65_535, 16)],
)
def test_absurd_headers_are_refused(rate: int, channels: int, bits: int) -> None:
    with pytest.raises(UnreadableMedia) as refused:
        made(_pcm(rate, channels, bits, bytes(20_000)))
    assert refused.value.reason == "damaged"


@pytest.mark.parametrize(("rate", "channels", "bits"), [(400_000, 1, 16), (100, 2, 16), (22_050, 12, 16), (8000, 1, 7)])
def test_odd_headers_are_read(rate: int, channels: int, bits: int) -> None:
    found = made(_pcm(rate, channels, bits, bytes(12_000)))
    assert found.reason in ("too_short", "silent")
    assert found.facts["sample_rate"] == rate


def _pcm(rate: int, channels: int, bits: int, data: bytes) -> bytes:
    frame = channels * bits // 8
    head = struct.pack("<IHHIIHH", 16, 1, channels, rate, rate * frame % 2**32, frame % 65_536, bits)
    body = b"WAVEfmt " + head + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body
