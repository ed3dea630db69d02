"""One type for whatever is read: the same bytes, the same errors, readers that do not disturb each other."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fingerprints import registry
from fingerprints.errors import LimitExceeded, UnreadableMedia
from fingerprints.model import Limits
from fingerprints.source import CHUNK, Source

DATA = os.urandom(CHUNK + 4321)


@pytest.fixture(params=["file", "blob", "spooled", "descriptor", "fetched"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Source]:
    path = tmp_path / "a.bin"
    path.write_bytes(DATA + (b"more" if request.param == "descriptor" else b""))
    if request.param == "spooled":
        with tempfile.SpooledTemporaryFile(max_size=len(DATA) + 1) as file:
            file.write(DATA)
            yield Source.spooled(file)
    elif request.param == "descriptor":
        with path.open("rb") as handle:
            yield Source.descriptor(handle.fileno(), len(DATA))
    elif request.param == "fetched":
        yield Source.fetched(lambda: path.open("rb"))
    else:
        yield Source.file(path) if request.param == "file" else Source.blob(DATA)


def test_all_are_the_same_stream(source: Source) -> None:
    assert source.size == len(DATA)
    assert source.declared is None
    assert source.read(len(DATA)) == DATA
    assert source[:10] == DATA[:10]
    assert source[5 : 2 * len(DATA)] == DATA[5:]
    assert source[-7:-3] == DATA[-7:-3]
    assert source[9:3] == source[len(DATA) :] == b""
    assert b"".join(source.chunks()) == DATA
    assert b"".join(source.chunks(77)) == DATA[77:]
    assert source.sha256() == hashlib.sha256(DATA).digest()
    with source.opened() as held:
        assert (held.size, held[3:9]) == (len(DATA), DATA[3:9])
    with source.shared() as (number, size):
        assert size == len(DATA)
        assert os.pread(number, size, 0) == DATA


@pytest.mark.parametrize("size", [0, 1, CHUNK])
def test_a_small_upload_needs_no_disk(size: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    with tempfile.SpooledTemporaryFile(max_size=CHUNK) as file:
        file.write(DATA[:size])
        file.seek(1)
        assert Source.spooled(file).read(CHUNK) == DATA[:size]
        assert file.tell() == 1


def test_readers_have_positions_of_their_own(source: Source) -> None:
    with source.open() as first, source.open() as second:
        assert first.read(100) == second.read(100) == DATA[:100]
        assert second.seek(-20, os.SEEK_END) == len(DATA) - 20
        assert second.read() == DATA[-20:]
        assert first.read(10) == DATA[100:110]
        assert first.seek(5, os.SEEK_CUR) == first.tell() == 115
        first.seek(len(DATA) + 9)
        assert first.read() == b""
        with pytest.raises(ValueError, match=r"position|negative"):
            first.seek(-1)


@pytest.mark.parametrize("at", [0, 500, CHUNK - 9, CHUNK - 5, CHUNK, len(DATA) - 10])
def test_bytes_are_found_across_chunks(source: Source, at: int) -> None:
    needle = DATA[at : at + 10]
    assert source.find(needle) == at
    assert source.find(needle, at) == at
    assert source.find(needle, at + 1) == -1
    assert (source.count(needle), source.count(needle[::-1])) == (1, 0)


def test_a_limit_is_a_limit(source: Source) -> None:
    with pytest.raises(LimitExceeded) as caught:
        source.read(len(DATA) - 1)
    assert caught.value.reason == "too_large"


def test_text_says_its_format_and_keeps_half_a_pair() -> None:
    assert Source.text("a").declared == "plain"
    made = Source.text("字\ud800", "html")
    assert made.declared == "html"
    assert made.read(10) == b"\xe5\xad\x97\xed\xa0\x80"


@pytest.mark.parametrize("text", ["字\ud800", "\ud83d" + "\ude00"])
def test_half_a_pair_is_no_text(text: str) -> None:
    with pytest.raises(UnreadableMedia, match="half of a surrogate pair") as caught:
        registry.examine(Source.text(text), Limits())
    assert caught.value.reason == "undecodable"


def _fifo(path: Path) -> Path:
    os.mkfifo(path)
    return path


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (lambda folder: folder / "none", "file_missing"),
        (lambda folder: folder, "is_a_directory"),
        (lambda folder: _fifo(folder / "fifo"), "not_a_file"),
        (lambda folder: Path("/dev/zero"), "not_a_file"),
        (lambda folder: folder / ("n" * 300), "file_unreadable"),
        (lambda folder: folder / "a\0b", "file_unreadable"),
    ],
)
@pytest.mark.parametrize("use", [lambda s: s.open(), lambda s: s.size, lambda s: s[:9], lambda s: s.sha256()])
def test_what_is_no_file_is_named(
    made: Callable[[Path], Path], reason: str, use: Callable[[Source], Any], tmp_path: Path
) -> None:
    with pytest.raises(UnreadableMedia) as caught:
        use(Source.file(made(tmp_path)))
    assert caught.value.reason == reason


def test_a_file_that_becomes_shorter_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "shrinking.bin"
    path.write_bytes(DATA)
    with Source.file(path).opened() as source:
        os.truncate(path, 1000)
        for use in (
            lambda: source.read(len(DATA)),
            source.sha256,
            lambda: source[500:2000],
            lambda: source.open().read(),
        ):
            with pytest.raises(UnreadableMedia) as caught:
                use()
            assert caught.value.reason == "file_changed"


def test_bytes_in_memory_cannot_be_written_by_who_gets_their_descriptor() -> None:
    with Source.blob(b"text").shared() as (number, _):
        for change in (lambda: os.pwrite(number, b"x", 0), lambda: os.ftruncate(number, 0)):
            with pytest.raises(OSError, match=r"."):
                change()
