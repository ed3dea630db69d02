"""ExifTool, a writer that shares no code with this project, plants fields; every one must be read back.

Where ExifTool can only read (ID3, Vorbis comments, Matroska), the test writes the file byte by byte from the format's
specification, and ExifTool says what it reads: the same as we do.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from fingerprints import metadata, sniff
from fingerprints.source import Source

EXIFTOOL = shutil.which("exiftool")
pytestmark = [
    pytest.mark.skipif(EXIFTOOL is None, reason="exiftool is not installed (see scripts/debian-test-packages)"),
    pytest.mark.slow,
]

OWNER, PLACE, TITLE = "顾南舟 Zoë", "潮声读本", "码头边的理发店"
RIGHTS, URL, LICENCE = (
    "© 2024 顾南舟",
    "https://chaosheng.example.cn/p/Ab93Kd",
    "https://creativecommons.org/licenses/by/4.0/",
)

XMP = {
    "XMP-dc:Creator": ("dc:creator", OWNER), "XMP-dc:Rights": ("dc:rights", RIGHTS), "XMP-dc:Title": ("dc:title", TITLE),
    "XMP-dc:Source": ("dc:source", URL), "XMP-photoshop:Credit": ("photoshop:Credit", PLACE),
    "XMP-photoshop:Source": ("photoshop:Source", PLACE), "XMP-xmpRights:UsageTerms": ("xmpRights:UsageTerms", "CC BY 4.0"),
    "XMP-xmpRights:WebStatement": ("xmpRights:WebStatement", LICENCE), "XMP-cc:License": ("cc:license", LICENCE),
    "XMP-cc:AttributionName": ("cc:attributionName", OWNER), "XMP-cc:AttributionURL": ("cc:attributionURL", URL),
    "XMP-plus:CopyrightOwnerName": ("plus:CopyrightOwnerName", OWNER),
    "XMP-iptcExt:DigitalSourceType": ("Iptc4xmpExt:DigitalSourceType", "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"),
}  # fmt: skip
EXIF = {
    "IFD0:Artist": ("Artist", OWNER), "IFD0:Copyright": ("Copyright", RIGHTS),
    "IFD0:ImageDescription": ("ImageDescription", TITLE), "IFD0:XPAuthor": ("XPAuthor", OWNER),
    "ExifIFD:UserComment": ("UserComment", URL),
}  # fmt: skip
IIM = {
    "IPTC:By-line": ("By-line", OWNER), "IPTC:CopyrightNotice": ("CopyrightNotice", RIGHTS), "IPTC:Source": ("Source", PLACE),
    "IPTC:Credit": ("Credit", PLACE), "IPTC:ObjectName": ("ObjectName", TITLE),
    "IPTC:SpecialInstructions": ("SpecialInstructions", URL),
}  # fmt: skip
PNG = {
    "PNG:Author": ("Author", "Zoe Ash"),
    "PNG:Copyright": ("Copyright", "(c) Zoe Ash"),
    "PNG:Source": ("Source", URL),
}
ITEMS = {
    "ItemList:Artist": ("artist", OWNER), "ItemList:Title": ("title", TITLE), "ItemList:Comment": ("comment", URL),
    "ItemList:Copyright": ("copyright", RIGHTS), "ItemList:Description": ("description", PLACE),
}  # fmt: skip
KEYS = {
    "Keys:Artist": ("artist", OWNER), "Keys:Author": ("author", OWNER), "Keys:Copyright": ("copyright", RIGHTS),
    "Keys:Title": ("title", TITLE), "Keys:Publisher": ("publisher", PLACE), "Keys:Comment": ("comment", URL),
}  # fmt: skip
USER = {
    "UserData:Artist": ("artist", OWNER), "UserData:Copyright": ("copyright", RIGHTS), "UserData:Author": ("author", OWNER),
    "UserData:Comment": ("comment", URL), "UserData:Information": ("information", PLACE),
}  # fmt: skip


def _picture(format: str, **more: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (16, 16), (9, 60, 120)).save(out, format, **more)
    return out.getvalue()


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", 8 + len(body)) + kind + body


def _movie(brand: bytes) -> bytes:
    """The least that is a movie: a file type, a movie header without tracks, an empty media data box."""
    header = struct.pack(">IIIII", 0, 0, 0, 1000, 0) + struct.pack(">IH", 0x10000, 0x100) + bytes(10)
    header += struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000) + bytes(24) + struct.pack(">I", 1)
    return _box(b"ftyp", brand + bytes(4) + brand) + _box(b"moov", _box(b"mvhd", header)) + _box(b"mdat", b"")


def _heic() -> bytes:
    """An AVIF under HEIC's brands: the boxes that hold metadata are the same (ISO/IEC 23008-12)."""
    data = _picture("AVIF")
    size = int.from_bytes(data[:4], "big")
    return _box(b"ftyp", b"heic" + bytes(4) + b"mif1heic") + data[size:]


CASES = [
    pytest.param("jpg", lambda: _picture("JPEG"), {"xmp": XMP, "exif": EXIF, "iim": IIM}, id="JPEG"),
    pytest.param("png", lambda: _picture("PNG"), {"xmp": XMP, "exif": EXIF, "iim": IIM, "png": PNG}, id="PNG"),
    pytest.param("tif", lambda: _picture("TIFF"), {"xmp": XMP, "exif": EXIF, "iim": IIM}, id="TIFF"),
    pytest.param("webp", lambda: _picture("WEBP"), {"xmp": XMP, "exif": EXIF}, id="WebP"),
    pytest.param("gif", lambda: _picture("GIF"), {"xmp": XMP, "gif": {"Comment": ("Comment", OWNER)}}, id="GIF"),
    pytest.param("avif", lambda: _picture("AVIF"), {"xmp": XMP, "exif": EXIF}, id="AVIF"),
    pytest.param("heic", _heic, {"xmp": XMP, "exif": EXIF}, id="HEIC"),
    pytest.param("m4a", lambda: _movie(b"M4A "), {"mp4": ITEMS, "xmp": XMP}, id="M4A"),
    pytest.param("mp4", lambda: _movie(b"isom"), {"mp4": {**ITEMS, **KEYS}, "xmp": XMP}, id="MP4"),
    pytest.param("mov", lambda: _movie(b"qt  "), {"mp4": {**KEYS, **USER}, "xmp": XMP}, id="MOV"),
]


def _run(*arguments: str | bytes | Path) -> bytes:
    assert EXIFTOOL
    done = subprocess.run([EXIFTOOL, *arguments], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    return done.stdout


def _plant(path: Path, wanted: dict[str, dict[str, tuple[str, str]]], *options: str) -> None:
    tags = [f"-{tag}={value}" for group in wanted.values() for tag, (_, value) in group.items()]
    _run("-q", "-overwrite_original", "-codedcharacterset=utf8", *options, *tags, path)


def _read(path: Path) -> set[tuple[str, str, str]]:
    data = path.read_bytes()
    return {(f.where, f.tag, f.value) for f in metadata.read(Source.blob(data), sniff.sniff(Source.blob(data))[1])}


@pytest.mark.parametrize(("suffix", "make", "wanted"), CASES)
def test_every_planted_field_is_read_back(tmp_path: Path, suffix: str, make: object, wanted: object) -> None:
    assert callable(make)
    assert isinstance(wanted, dict)
    path = tmp_path / f"planted.{suffix}"
    path.write_bytes(make())
    _plant(path, wanted)
    found = _read(path)
    missing = {
        (where, tag, value) for where, group in wanted.items() for tag, value in group.values()
    } - found  # fmt: skip
    assert not missing


@pytest.mark.parametrize("codec", ["gbk", "utf-8"])
@pytest.mark.parametrize("suffix", ["jpg", "tif"])
def test_gbk_in_exif_and_iim(tmp_path: Path, suffix: str, codec: str) -> None:
    path = tmp_path / f"gbk.{suffix}"
    path.write_bytes(_picture("JPEG" if suffix == "jpg" else "TIFF"))
    # ExifTool passes bytes through where the terminal and the field are said to have the same encoding
    same = ["-charset", "Latin", "-charset", "exif=Latin", "-charset", "iptc=Latin"]
    values = {"-IFD0:Artist": "顾南舟", "-IPTC:By-line": "顾南舟", "-IPTC:Source": "潮声读本"}
    _run("-q", "-overwrite_original", *same, *(f"{k}=".encode() + v.encode(codec) for k, v in values.items()), path)
    assert "顾南舟".encode(codec) in path.read_bytes()
    assert {("exif", "Artist", "顾南舟"), ("iim", "By-line", "顾南舟"), ("iim", "Source", "潮声读本")} <= _read(path)


# Formats that ExifTool reads and does not write


def _id3(encoding: int) -> bytes:
    codec = {0: "gbk", 1: "utf-16", 3: "utf-8"}[encoding]
    end = b"\x00\x00" if encoding == 1 else b"\x00"

    def frame(name: bytes, body: bytes) -> bytes:
        return name + struct.pack(">IH", len(body), 0) + body

    def text(name: bytes, value: str) -> bytes:
        return frame(name, bytes([encoding]) + value.encode(codec))

    frames = text(b"TPE1", "顾南舟") + text(b"TIT2", TITLE) + text(b"TCOP", "2024 顾南舟")
    frames += frame(b"WOAS", URL.encode()) + frame(b"WCOP", LICENCE.encode())
    frames += frame(
        b"COMM", bytes([encoding]) + b"zho" + (b"\xff\xfe" if encoding == 1 else b"") + end + PLACE.encode(codec)
    )
    frames += frame(b"TXXX", bytes([encoding]) + "Source".encode(codec) + end + PLACE.encode(codec))
    size = len(frames)
    head = bytes([size >> 21 & 127, size >> 14 & 127, size >> 7 & 127, size & 127])
    return b"ID3\x03\x00\x00" + head + frames + b"\xff\xfb\x90\x00" + bytes(413)


@pytest.mark.parametrize("encoding", [0, 1, 3])
def test_id3(tmp_path: Path, encoding: int) -> None:
    path = tmp_path / "tagged.mp3"
    path.write_bytes(_id3(encoding))
    found = _read(path)
    assert found == {
        ("id3", "artist", "顾南舟"), ("id3", "title", TITLE), ("id3", "copyright", "2024 顾南舟"), ("id3", "source", URL),
        ("id3", "license", LICENCE), ("id3", "comment", PLACE), ("id3", "source", PLACE),
    }  # fmt: skip
    if encoding:  # ExifTool takes the first encoding for what it says, Latin-1
        theirs = json.loads(_run("-j", path))[0]
        assert (theirs["Artist"], theirs["Title"], theirs["SourceURL"]) == ("顾南舟", TITLE, URL)


COMMENTS = {
    "ARTIST": OWNER,
    "TITLE": TITLE,
    "COPYRIGHT": RIGHTS,
    "CONTACT": URL,
    "LICENSE": LICENCE,
    "ORGANIZATION": PLACE,
}


def _comments() -> bytes:
    pairs = [f"{k}={v}".encode() for k, v in COMMENTS.items()]
    listed = b"".join(struct.pack("<I", len(p)) + p for p in pairs)
    return struct.pack("<I", 4) + b"test" + struct.pack("<I", len(pairs)) + listed


def _flac() -> bytes:
    info = struct.pack(">HH", 4096, 4096) + bytes(6) + struct.pack(">Q", 44100 << 44 | 1 << 41 | 15 << 36) + bytes(16)
    body = _comments()
    return (
        b"fLaC" + b"\x00" + struct.pack(">I", len(info))[1:] + info + b"\x84" + struct.pack(">I", len(body))[1:] + body
    )


def _ogg() -> bytes:
    """Two pages of Opus headers (RFC 7845). The checksum is that of RFC 3533."""

    def page(sequence: int, packet: bytes, flags: int) -> bytes:
        laces = bytes([255] * (len(packet) // 255) + [len(packet) % 255])
        head = b"OggS\x00" + bytes([flags]) + bytes(8) + struct.pack("<II", 7, sequence)
        whole = head + bytes(4) + bytes([len(laces)]) + laces + packet
        crc = 0
        for byte in whole:
            crc ^= byte << 24
            for _ in range(8):
                crc = (crc << 1 ^ (0x04C11DB7 if crc & 0x80000000 else 0)) & 0xFFFFFFFF
        return whole[:22] + struct.pack("<I", crc) + whole[26:]

    head = b"OpusHead\x01\x01" + struct.pack("<HIhB", 0, 48000, 0, 0)
    return page(0, head, 2) + page(1, b"OpusTags" + _comments(), 0) + page(2, b"\xfc\xff\xfe", 4)


@pytest.mark.parametrize(("name", "make"), [("a.flac", _flac), ("a.opus", _ogg)])
def test_vorbis_comments(tmp_path: Path, name: str, make: object) -> None:
    assert callable(make)
    path = tmp_path / name
    path.write_bytes(make())
    found = {value for _, _, value in _read(path)}
    assert set(COMMENTS.values()) <= found
    theirs = json.loads(_run("-j", "-charset", "utf8", path))[0]
    assert set(COMMENTS.values()) <= set(map(str, theirs.values()))


def _element(kind: int, body: bytes) -> bytes:
    return kind.to_bytes((kind.bit_length() + 7) // 8, "big") + struct.pack(">Q", 1 << 56 | len(body)) + body


def _matroska(*, first: bool = False) -> bytes:
    head = _element(0x1A45DFA3, _element(0x4282, b"matroska") + _element(0x4287, b"\x04") + _element(0x4285, b"\x02"))
    info = _element(0x1549A966, _element(0x2AD7B1, b"\x0f\x42\x40") + _element(0x7BA9, TITLE.encode()))
    simple = b"".join(
        _element(0x67C8, _element(0x45A3, k.encode()) + _element(0x4487, v.encode())) for k, v in COMMENTS.items()
    )
    tags = _element(0x1254C367, _element(0x7373, _element(0x63C0, b"") + simple))
    cluster = _element(0x1F43B675, bytes(64))
    return head + _element(0x18538067, info + (tags + cluster if first else cluster + tags))


def test_matroska(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    path.write_bytes(_matroska())
    found = _read(path)
    assert {("matroska", k.lower(), v) for k, v in COMMENTS.items()} <= found
    path.write_bytes(_matroska(first=True))  # ExifTool does not look behind the clusters
    assert _read(path) == found
    theirs = json.loads(_run("-j", "-charset", "utf8", path))[0]
    assert {OWNER, TITLE, RIGHTS, LICENCE} <= set(map(str, theirs.values()))


def test_a_live_recording_of_unknown_length_keeps_its_tags(tmp_path: Path) -> None:
    data = re.sub(rb"\x1f\x43\xb6\x75\x01[\x00-\xff]{7}", b"\x1f\x43\xb6\x75\x01" + b"\xff" * 7, _matroska())
    path = tmp_path / "a.mkv"
    path.write_bytes(data)
    assert ("matroska", "artist", OWNER) in _read(path)
