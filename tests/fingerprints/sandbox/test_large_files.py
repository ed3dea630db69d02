"""A film of ten hours fits: sound and film are hashed and searched in pieces, their tags are read where they stand."""

import re
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from fingerprints import metadata
from fingerprints.errors import UnreadableMedia
from fingerprints.model import Field, Limits
from fingerprints.sandbox.pool import Sandbox
from fingerprints.source import Source

pytestmark = pytest.mark.slow

MEMORY = 1 << 30  # bytes that a decoder may have here
SIZE = 1100 << 20  # more than that
LARGER = 2100 << 20  # and than fits in 31 bits
LIMITS = Limits(max_bytes=1 << 40, cpu_seconds=120, wall_seconds=500, memory_bytes=MEMORY)
HELD = 400 << 20  # bytes that a decoder may need to hold, its libraries included
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" dc:rights="(c) Weirside Films"/></rdf:RDF></x:xmpmeta>'
)


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + kind + body


def element(kind: str, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return bytes.fromhex(kind) + (len(body) | 1 << 56).to_bytes(8, "big") + body


def sparse(path: Path, size: int, before: bytes, after: bytes) -> None:
    with path.open("wb") as file:
        file.write(before)
        file.seek(size - len(after))
        file.write(after)


def mp4(path: Path, size: int) -> set[Field]:
    data = box(b"data", b"\0\0\0\1", bytes(4), b"Long Crossing")
    end = box(b"moov", box(b"udta", box(b"meta", bytes(4), box(b"ilst", box(b"\xa9nam", data))))) + box(b"uuid", XMP)
    start = box(b"ftyp", b"isom", bytes(4))
    sparse(path, size, start + struct.pack(">I4sQ", 1, b"mdat", size - len(start) - len(end)), end)
    return {Field("mp4", "title", "Long Crossing"), Field("xmp", "dc:rights", "(c) Weirside Films")}


def mkv(path: Path, size: int) -> set[Field]:
    tag = element("67c8", element("45a3", b"ARTIST"), element("4487", b"Noor Haddad"))
    end = element("1254c367", element("7373", tag))
    start = element("1a45dfa3", element("4282", b"matroska"))
    segment = bytes.fromhex("18538067") + (size - len(start) - 12 | 1 << 56).to_bytes(8, "big")
    start += segment + element("1549a966", element("7ba9", b"Long Crossing"))
    cluster = bytes.fromhex("1f43b675") + (size - len(start) - 12 - len(end) | 1 << 56).to_bytes(8, "big")
    sparse(path, size, start + cluster, end)
    return {Field("matroska", "title", "Long Crossing"), Field("matroska", "artist", "Noor Haddad")}


def mp3(path: Path, size: int) -> set[Field]:
    frame = b"TIT2" + struct.pack(">I", 14) + b"\0\0\3Long Crossing"
    sparse(
        path,
        size,
        b"ID3\3\0\0" + bytes([0, 0, 0, len(frame)]) + frame,
        b"TAG" + b"Noor Haddad".rjust(41).ljust(125, b"\0"),
    )
    return {Field("id3", "title", "Long Crossing"), Field("id3", "artist", "Noor Haddad")}


@pytest.mark.parametrize(("make", "size"), [(mp4, LARGER), (mkv, SIZE)])
def test_a_film_of_any_length_fits(make: Callable[[Path, int], set[Field]], size: int, tmp_path: Path) -> None:
    path = tmp_path / "film"
    wanted = make(path, size)
    with Sandbox(1, LIMITS) as sandbox:
        found = sandbox.examine(Source.file(path))
        (worker,) = sandbox._running
        status = Path(f"/proc/{worker._process.pid}/status").read_text()
    assert found.fingerprint.medium == "video"
    assert wanted <= set(found.fields)
    held = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert held is not None
    assert int(held[1]) << 10 < HELD


def test_a_long_file_without_any_sound_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    wanted = mp3(path, SIZE)
    assert wanted <= set(metadata.read(Source.file(path), "mp3"))
    with Sandbox(1, LIMITS) as sandbox:
        with pytest.raises(UnreadableMedia) as refused:
            sandbox.examine(Source.file(path))
        assert refused.value.reason == "damaged"
