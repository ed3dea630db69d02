"""Files that are cut, damaged, encrypted, or made to open others."""

import random
import struct
from pathlib import Path

import pytest

from fingerprints import audio
from fingerprints.audio.examples import tune, wav
from fingerprints.errors import UnreadableMedia
from fingerprints.ffmpeg import container
from fingerprints.ffmpeg.truncation import is_cut
from fingerprints.model import Limits
from fingerprints.source import Source
from tests.fingerprints import encoding
from tests.fingerprints.finding import made, search

pytestmark = pytest.mark.slow

LIMITS = Limits()
# Nothing in an mp4 file can be read without its index, which ffmpeg writes at the end.
INDEX_LAST = ("a.m4a", "alac.m4a")


@pytest.mark.parametrize("name", [name for name in encoding.SOUNDS if name not in INDEX_LAST])
def test_half_a_file_is_read_in_part(name: str) -> None:
    data = encoding.sound(name)
    assert not is_cut(Source.blob(data))
    half = made(data[: len(data) // 2 + 101], thorough=True)
    assert half.facts["partial"] is True
    assert half.facts["seconds_read"] == pytest.approx(encoding.SECONDS / 2, abs=1.1)  # Ogg has pages of a second


@pytest.mark.parametrize("name", ["a.webm", "a.mkv", "a.avi", "a.flv", "a.wmv"])
def test_half_a_film_is_heard_in_part(name: str) -> None:
    data = encoding.film(name)
    assert not is_cut(Source.blob(data))
    half = audio.examine(Source.blob(data[: len(data) // 2]), "any", LIMITS)
    assert half.fingerprint.facts["partial"] is True


@pytest.mark.parametrize("name", INDEX_LAST)
def test_a_file_without_its_index_is_refused(name: str) -> None:
    data = encoding.sound(name)
    with pytest.raises(UnreadableMedia) as refused:
        made(data[: len(data) // 2])
    assert refused.value.reason == "damaged"


def test_a_recording_from_a_pipe_is_whole() -> None:
    data = encoding.recording()
    assert not is_cut(Source.blob(data[:4] + b"\xff\xff\xff\xff" + data[8:]))
    assert is_cut(Source.blob(data[:-100]))


@pytest.mark.parametrize(("name", "seconds"), [("a.flac", 8), ("a.aac", 10), ("alac.m4a", 8)])
def test_flipped_bits_are_noticed_and_the_rest_is_found(name: str, seconds: int) -> None:
    # Of what is damaged in many places, enough must be left in one piece.
    whole = encoding.encoded(name, *encoding.SOUNDS[name][0], data=wav(tune(7, seconds)))
    damaged, draw = bytearray(whole), random.Random(3)
    for _ in range(6):
        damaged[draw.randrange(len(whole) // 2, len(whole) * 3 // 4)] ^= 1 << draw.randrange(8)
    upload = made(bytes(damaged), thorough=True)
    assert upload.facts["partial"] is True
    found = search(upload, [made(whole)])
    assert (list(found.matches), found.reason) == ([0], None)
    assert search(upload, []).reason == "decode_partial"


def test_one_flipped_bit_is_noticed_where_a_format_has_checksums() -> None:
    for name in ("a.flac", "a.ogg", "a.opus"):
        damaged = bytearray(encoding.sound(name))
        damaged[len(damaged) // 2] ^= 1
        assert made(bytes(damaged), thorough=True).facts.get("partial") is True, name


@pytest.mark.parametrize("extension", [b"", b"ID3\x04\0\0\0\0\0\0"])
@pytest.mark.parametrize(
    "playlist",
    [
        b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n%s\n#EXT-X-ENDLIST\n",
        b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:%s\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile '%s'\n",
        b"<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011' type='static'><Period><AdaptationSet "
        b"mimeType='audio/wav'><Representation id='1' bandwidth='1'><BaseURL>%s</BaseURL></Representation>"
        b"</AdaptationSet></Period></MPD>",
        b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\na=control:%s\n",
    ],
)
def test_playlists_open_nothing(playlist: bytes, extension: bytes, tmp_path: Path) -> None:
    neighbour = tmp_path / "neighbour.wav"
    neighbour.write_bytes(encoding.recording())
    path = tmp_path / "song.mp3"
    path.write_bytes(extension + playlist % str(neighbour).encode())
    with pytest.raises(UnreadableMedia) as refused:
        container.read(Source.file(path), LIMITS)
    assert refused.value.reason == "damaged"


def test_a_film_cannot_refer_to_another_file(tmp_path: Path) -> None:
    """The data of a track stand in a neighbour (QuickTime file format: ``dref`` with an ``alis`` entry)."""
    whole = encoding.encoded("a.mov", "-c:a", "pcm_s16le")
    (tmp_path / "neighbour.mov").write_bytes(whole)
    at = whole.find(b"url \x00\x00\x00\x01") - 4
    path = str(tmp_path / "neighbour.mov").encode()
    alias = bytes(10) + bytes(28) + bytes(12) + b"\x0dneighbour.mov".ljust(64, b"\0") + bytes(16) + bytes(4) + bytes(16)
    alias += struct.pack(">HH", 2, len(path)) + path + bytes(len(path) % 2) + b"\xff\xff\x00\x00"
    entry = struct.pack(">I4sI", 12 + len(alias), b"alis", 0) + alias
    evil = bytearray(whole[:at] + entry + whole[at + 12 :])
    for box in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        size = evil.find(box) - 4
        evil[size : size + 4] = struct.pack(">I", int.from_bytes(evil[size : size + 4], "big") + len(entry) - 12)
    sound = whole.find(b"mdat") + 4
    evil[sound : sound + len(encoding.recording()) - 44] = bytes(len(encoding.recording()) - 44)
    (tmp_path / "film.mov").write_bytes(evil)
    assert Path(tmp_path / "film.mov").stat().st_size == len(whole) + len(entry) - 12
    with pytest.raises(UnreadableMedia) as refused:
        audio.examine(Source.file(tmp_path / "film.mov"), "mov", LIMITS)
    assert refused.value.reason == "damaged"


def test_encrypted_sound_is_refused() -> None:
    key = "00112233445566778899aabbccddeeff"
    options = ("-encryption_scheme", "cenc-aes-ctr", "-encryption_key", key, "-encryption_kid", key)
    with pytest.raises(UnreadableMedia) as refused:
        made(encoding.encoded("a.m4a", *options))
    assert refused.value.reason == "encrypted"
    assert "without protection" in str(refused.value)
