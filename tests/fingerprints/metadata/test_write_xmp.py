"""A packet or comments go into a copy of a file: read back here and by ExifTool, the rest byte for byte what it was."""

from __future__ import annotations

import io
import json
import shutil
import struct
import subprocess
import wave
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fingerprints import metadata
from fingerprints.errors import FingerprintError, LimitExceeded, UnreadableMedia, UnsupportedMedium
from fingerprints.metadata import write_id3, write_vorbis, write_xmp
from fingerprints.sniff import sniff
from fingerprints.source import Source
from tests.fingerprints.metadata.test_exiftool import EXIFTOOL, _flac, _heic, _movie, _ogg, _picture

pytestmark = pytest.mark.slow

FFMPEG = shutil.which("ffmpeg")
OWNER = "顾南舟 Zoë"


def _packet(owner: str = OWNER) -> bytes:
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator><rdf:Seq><rdf:li>'
        f"{owner}</rdf:li></rdf:Seq></dc:creator></rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def _wav() -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(8000)
        sound.writeframes(bytes(range(251)))
    return out.getvalue()


FRAME = b"\xff\xfb\x90\x64" + bytes(413)  # MPEG-1 layer III, 128 kbit/s, 44100 Hz


def _id3(version: int) -> bytes:
    content = b"\x00" + b"kept artist " * 20
    size = write_id3._synchsafe(len(content)) if version == 4 else struct.pack(">I", len(content))
    frame = b"TPE1" + size + b"\x00\x00" + content
    return b"ID3" + bytes([version, 0, 0]) + write_id3._synchsafe(len(frame) + 30) + frame + bytes(30) + 4 * FRAME


def _animation() -> bytes:
    frames = [Image.new("P", (16, 16), n) for n in (1, 2, 3)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], loop=0, comment=b"kept")
    return out.getvalue()


def _open_ended() -> bytes:
    """A movie whose last box goes to the end of the file and does not say where that is."""
    data = _movie(b"isom")
    return data[:-8] + bytes(4) + b"mdat" + b"frames"


FILES = {
    "jpg": lambda: _picture("JPEG"), "png": lambda: _picture("PNG"), "webp": lambda: _picture("WEBP"),
    "gif": lambda: _picture("GIF"), "animated.gif": _animation, "tif": lambda: _picture("TIFF"),
    "lzw.tif": lambda: _picture("TIFF", compression="tiff_lzw"), "jp2": lambda: _picture("JPEG2000"), "wav": _wav,
    "avif": lambda: _picture("AVIF"), "heic": _heic, "mp4": lambda: _movie(b"isom"), "open.mp4": _open_ended, "m4a": lambda: _movie(b"M4A "), "mov": lambda: _movie(b"qt  "),
    "mp3": lambda: 4 * FRAME, "v3.mp3": lambda: _id3(3), "v4.mp3": lambda: _id3(4),
}  # fmt: skip


def _embedded(data: bytes, packet: bytes) -> bytes:
    return write_xmp.with_packet(data, sniff(Source.blob(data))[1], packet)


@pytest.mark.parametrize("name", FILES)
def test_a_packet_is_read_back_and_replaced(name: str, tmp_path: Path) -> None:
    data = FILES[name]()
    once = _embedded(data, _packet("Somebody Before"))
    assert sniff(Source.blob(once)) == sniff(Source.blob(data))
    twice = _embedded(once, _packet())
    found = [(f.where, f.tag, f.value) for f in metadata.read(Source.blob(twice), sniff(Source.blob(twice))[1])]
    assert [f for f in found if f[1] == "dc:creator"] == [("xmp", "dc:creator", OWNER)]
    before = {(f.where, f.tag, f.value) for f in metadata.read(Source.blob(data), sniff(Source.blob(data))[1])}
    assert before <= set(found)
    if EXIFTOOL:
        path = tmp_path / f"a.{name.rpartition('.')[2]}"
        path.write_bytes(twice)
        shown = subprocess.run(
            [EXIFTOOL, "-j", "-a", "-G1", "-Creator", "-Warning", "-Error", path], capture_output=True
        )
        read = json.loads(shown.stdout)[0]
        assert read["XMP-dc:Creator"] == OWNER
        assert not {"ExifTool:Warning", "ExifTool:Error"} & read.keys()


@pytest.mark.parametrize("name", ["gif", "animated.gif", "tif", "lzw.tif", "jp2", "avif"])
def test_no_pixel_changes(name: str) -> None:
    data = FILES[name]()
    for number in range(getattr(Image.open(io.BytesIO(data)), "n_frames", 1)):
        before, after = (Image.open(io.BytesIO(d)) for d in (data, _embedded(data, _packet())))
        before.seek(number)
        after.seek(number)
        assert before.convert("RGB").tobytes() == after.convert("RGB").tobytes()


def test_the_metadata_of_an_avif_stays_where_it_is_found(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[315] = "kept"
    data = _picture("AVIF", exif=exif, xmp=_packet("Somebody Before"))
    marked = _embedded(data, _packet())
    picture = Image.open(io.BytesIO(marked))
    assert picture.getexif()[315] == "kept"
    assert OWNER in picture.info["xmp"].decode()
    assert b"Somebody Before" not in marked


def test_the_sound_is_what_it_was() -> None:
    for version in (3, 4):
        assert _embedded(_id3(version), _packet()).endswith(4 * FRAME)
    with wave.open(io.BytesIO(_embedded(_wav(), _packet()))) as sound:
        assert sound.readframes(1000) == bytes(range(251))
    movie = _movie(b"isom")
    assert _embedded(movie, _packet()).startswith(movie)
    assert b"frames" in _embedded(_open_ended(), _packet())


@pytest.mark.parametrize(("format", "make"), [("flac", _flac), ("opus", _ogg)])
def test_comments(format: str, make: object, tmp_path: Path) -> None:
    assert callable(make)
    data = make()
    added, defaults = {"COPYRIGHT": "© " + OWNER, "LICENSE": "CC BY 4.0"}, {"ARTIST": "not written", "MOOD": "written"}
    marked = write_vorbis.with_comments(data, format, added, defaults)
    kind = sniff(Source.blob(data))[1]
    values = {f.tag: f.value for f in metadata.read(Source.blob(marked), kind)}
    before = {f.tag: f.value for f in metadata.read(Source.blob(data), kind)}
    assert values == {**before, "copyright": "© " + OWNER, "license": "CC BY 4.0", "mood": "written"}
    again = write_vorbis.with_comments(marked, format, added, defaults)
    assert {f.tag: f.value for f in metadata.read(Source.blob(again), kind)} == values
    assert len(again) == len(marked)
    if EXIFTOOL:
        path = tmp_path / f"a.{format}"
        path.write_bytes(marked)
        read = json.loads(subprocess.run([EXIFTOOL, "-j", "-charset", "utf8", path], capture_output=True).stdout)[0]
        assert read["Copyright"] == "© " + OWNER


def test_comments_that_need_more_pages_renumber_the_rest() -> None:
    data = _ogg()
    marked = write_vorbis.with_comments(data, "opus", {"LYRICS": "la " * 60_000}, {})
    pages = list(write_vorbis._pages(marked))
    assert [p.sequence for p in pages] == list(range(len(pages)))
    assert len(pages) > len(list(write_vorbis._pages(data)))
    assert pages[-1].body == list(write_vorbis._pages(data))[-1].body
    assert b"".join(p.to_bytes() for p in pages) == marked  # every checksum is right
    assert b"".join(p.to_bytes() for p in write_vorbis._pages(data)) == data  # as that of RFC 3533 is


@pytest.mark.skipif(FFMPEG is None, reason="ffmpeg is not installed")
@pytest.mark.parametrize("name", ["mp3", "flac", "ogg", "opus", "wav", "m4a", "mp4", "mov"])
def test_ffmpeg_decodes_the_same(name: str, tmp_path: Path) -> None:
    assert FFMPEG
    source = "testsrc=duration=1:size=64x48:rate=5" if name in ("mp4", "mov") else "sine=duration=1"
    one, two = tmp_path / f"one.{name}", tmp_path / f"two.{name}"
    made = subprocess.run(
        [FFMPEG, "-v", "error", "-f", "lavfi", "-i", source, "-metadata", "title=kept", one], check=False
    )
    if made.returncode:
        pytest.skip(f"this ffmpeg cannot write {name}")
    data = one.read_bytes()
    format = sniff(Source.blob(data))[1]
    comments = format in ("flac", "ogg", "opus")
    two.write_bytes(
        write_vorbis.with_comments(data, format, {"COPYRIGHT": OWNER}, {}) if comments else _embedded(data, _packet())
    )
    heard = [
        subprocess.run([FFMPEG, "-v", "error", "-i", p, "-f", "md5", "-"], capture_output=True, check=True).stdout
        for p in (one, two)
    ]
    assert heard[0] == heard[1]
    assert "kept" in {f.value for f in metadata.read(Source.blob(two.read_bytes()), format)}


@pytest.mark.parametrize("format", ["mkv", "webm", "aiff", "wma", "bmp", "plain"])
def test_what_has_no_place_is_refused_in_one_line(format: str) -> None:
    with pytest.raises(UnsupportedMedium, match=rf"{format}.*show the credit line beside it") as refused:
        write_xmp.with_packet(b"x" * 100, format, _packet())
    assert "\n" not in str(refused.value)


def test_what_cannot_be_followed_is_refused() -> None:
    for data, format in (
        (b"GIF89a", "gif"), (_picture("GIF")[:-1], "gif"), (b"II*\x00\xff\xff\x00\x00", "tiff"), (_picture("TIFF")[:9], "tiff"),
        (_movie(b"isom")[:-3], "mp4"), (_picture("AVIF")[:-3], "avif"), (_movie(b"isom"), "avif"), (_wav()[:-40], "wav"), (b"", "mp4"),
    ):  # fmt: skip
        with pytest.raises(UnreadableMedia):
            write_xmp.with_packet(data, format, _packet())
    with pytest.raises(UnsupportedMedium, match="BigTIFF"):
        write_xmp.with_packet(b"II+\x00" + bytes(20), "tiff", _packet())
    with pytest.raises(UnsupportedMedium, match="ID3"):
        write_xmp.with_packet(b"ID3\x02\x00\x00\x00\x00\x00\x00" + FRAME, "mp3", _packet())
    with pytest.raises(UnsupportedMedium, match="several streams"):
        write_vorbis.with_comments(_ogg() + _ogg().replace(b"\x07\x00\x00\x00", b"\x08\x00\x00\x00"), "opus", {}, {})
    with pytest.raises(LimitExceeded, match="64 KB"):
        write_xmp.with_packet(_picture("JPEG"), "jpeg", b"x" * 70_000)


@given(st.sampled_from(sorted(FILES)), st.integers(0, 400), st.binary(max_size=4))
def test_damaged_files_give_an_answer(name: str, at: int, bytes_: bytes) -> None:
    data = FILES[name]()
    hurt = data[:at] + bytes_ + data[at + len(bytes_) :]
    for format in {"jpg": "jpeg", "tif": "tiff"}.get(name.rpartition(".")[2], name.rpartition(".")[2]), "flac", "ogg":
        try:
            if format in ("flac", "ogg"):
                write_vorbis.with_comments(hurt, format, {"A": "b"}, {})
            else:
                write_xmp.with_packet(hurt, format, _packet())
        except FingerprintError:
            pass
