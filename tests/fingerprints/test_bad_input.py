"""What people and attackers send instead of a text or a picture: one clear reason each, and the worker lives on.

Broken and enormous pictures have a file of their own, test_bad_pictures.
"""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fingerprints.errors import FingerprintError, LimitExceeded, UnreadableMedia, UnsupportedMedium
from fingerprints.image.examples import saved, scene
from fingerprints.model import Limits
from fingerprints.sandbox.pool import Sandbox
from fingerprints.sniff import sniff
from fingerprints.source import Source
from fingerprints.text.examples import words

pytestmark = pytest.mark.slow

JPEG, PNG = saved(scene(1), "JPEG"), saved(scene(1))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(1, Limits()) as made:
        yield made


REFUSED = {
    "empty": (b"", UnreadableMedia, "empty"),
    "PNG name on a JPEG body": (b"\x89PNG\r\n\x1a\n" + JPEG, UnreadableMedia, "damaged"),
    "PNG with a broken header": (PNG[:20] + b"\xff\xff\xff" + PNG[23:], UnreadableMedia, "damaged"),
    "PDF": (b"%PDF-1.7\n1 0 obj", UnreadableMedia, "damaged"),
    "zip": (b"PK\x03\x04" + bytes(30), UnsupportedMedium, "archive"),
    "gzip": (b"\x1f\x8b\x08" + bytes(30), UnsupportedMedium, "archive"),
    "doc": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), UnsupportedMedium, "office_document"),
    "SVG": (b"<?xml version='1.0'?><!-- a > b --><svg xmlns='x'/>", UnsupportedMedium, "svg"),
    "bare SVG": (b"\n <svg width='1'><script>alert(1)</script></svg>", UnsupportedMedium, "svg"),
    "XML": (b"<?xml version='1.0'?><rss/>", UnsupportedMedium, "xml"),
    "program": (b"\x7fELF\x02\x01\x01" + bytes(90), UnsupportedMedium, "executable"),
    "PGP": (b"-----BEGIN PGP MESSAGE-----\n\nabc", UnsupportedMedium, "encrypted"),
    "random bytes": (np.random.default_rng(1).bytes(5000), UnsupportedMedium, "unknown_binary"),
    "NUL bytes": (b"hello\x00world\x00", UnreadableMedia, "nul_bytes"),
    "invalid UTF-8": (b"hello \xff\xfe world", UnreadableMedia, "undecodable"),
    "half a UTF-16 unit": (b"\xff\xfea\x00b", UnreadableMedia, "undecodable"),
    "invalid GB18030": ("这是我们的家，他说不要来了".encode("gb18030") + b"\xff\xff", UnreadableMedia, "undecodable"),
    "only a mark": (b"\xef\xbb\xbf", UnreadableMedia, "empty"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_one_reason(sandbox: Sandbox, case: str) -> None:
    data, kind, reason = REFUSED[case]
    with pytest.raises(FingerprintError) as caught:
        sandbox.examine(Source.blob(data))
    assert (type(caught.value), caught.value.reason) == (kind, reason)
    assert "\n" not in str(caught.value)


def test_a_bomb_is_refused_by_its_declared_size(sandbox: Sandbox, png: Callable[[int, int, int], bytes]) -> None:
    bomb = png(30_000, 30_000, 30_000)
    assert len(bomb) < 1_000_000
    with pytest.raises(LimitExceeded) as caught:
        sandbox.examine(Source.blob(bomb))
    assert caught.value.reason == "too_many_pixels"
    assert "30000 x 30000" in str(caught.value)


def test_a_hundred_megabytes_of_text(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_bytes(b"word " * 20_000_000)
    with Sandbox(1, Limits()) as sandbox, pytest.raises(LimitExceeded) as caught:
        sandbox.examine(Source.file(path))
    assert caught.value.reason == "too_large"


def test_the_largest_text_is_read(sandbox: Sandbox) -> None:
    size = Limits().max_text_bytes
    data = (words(1, 20_000) * 200).encode()[:size]
    assert len(data) == size
    made = sandbox.examine(Source.blob(data)).fingerprint
    assert made.fingerprintable
    assert made.facts["characters"] == len(data)


def palette_with_alpha() -> bytes:
    picture = scene(1).quantize(64)
    out = io.BytesIO()
    picture.save(out, "PNG", transparency=bytes(range(0, 256, 4)))
    return out.getvalue()


READ = {
    "CMYK": (saved(scene(1).convert("CMYK"), "JPEG"), None),
    "palette with alpha": (palette_with_alpha(), None),
    "rubbish after the end": (JPEG + b"<script>" * 1000, None),
}


@pytest.mark.parametrize("case", READ)
def test_odd_but_read(sandbox: Sandbox, case: str) -> None:
    data, reason = READ[case]
    assert sandbox.examine(Source.blob(data)).fingerprint.reason == reason


FORMATS = {
    "png": PNG, "jpeg": JPEG, "gif": saved(scene(1), "GIF"), "webp": saved(scene(1), "WEBP"), "bmp": saved(scene(1), "BMP"),
    "tiff": saved(scene(1), "TIFF"), "avif": saved(scene(1), "AVIF"), "jp2": saved(scene(1), "JPEG2000"),
    "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "mp4": b"\0\0\0\x18ftypisom\0\0\0\0isomavc1",
    "mov": b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "m4a": b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42", "mp3": b"ID3\x04" + bytes(20),
    "flac": b"fLaC" + bytes(9), "ogg": b"OggS" + bytes(9), "wav": b"RIFF\0\0\0\0WAVEfmt ", "avi": b"RIFF\0\0\0\0AVI LIST",
    "pdf": b"%PDF-1.7\n", "aac": b"\xff\xf1\x50\x80\x02\x1f\xfc\x21", "webm": b"\x1a\x45\xdf\xa3\0\0\0\x42\x82\x84webm", "mkv": b"\x1a\x45\xdf\xa3\0\0matroska",
    "html": b"\n<!DOCTYPE html>\n<p>x", "plain": b"# Markdown\n\nwith `<b>` in it",
}  # fmt: skip
MEDIUM = {"html": "text", "plain": "text", "pdf": "text"} | dict.fromkeys(
    ("mp3", "flac", "ogg", "wav", "aac", "m4a"), "audio"
)
MEDIUM |= dict.fromkeys(("mp4", "mov", "avi", "webm", "mkv"), "video")


@pytest.mark.parametrize("format", FORMATS)
def test_sniff(format: str) -> None:
    assert sniff(Source.blob(FORMATS[format])) == (MEDIUM.get(format, "image"), format)


@pytest.mark.parametrize(
    ("data", "format"),
    [
        ((b"\xff\xfb\x90\x64" + bytes(413)) * 3, "mp3"),
        ("\ufeff<html><body>x".encode("utf-16-le"), "html"),
        ("\ufeffplain".encode("utf-16"), "plain"),
        (b"a" * 300 + b"\x00" + b"b" * 300, "plain"),
        (b"<p>a fragment</p>", "html"),
        (b"intro <p>a</p><p>b</p><div>c</div>", "html"),
        (b"if a < b and c > d: pass", "plain"),
        (b"a <p> b", "plain"),
        (b"<a is less than b", "plain"),
        (b"<angle brackets> & more", "plain"),
        (b"std::vector<int> a; <b> is a tag, </b> too", "plain"),
        (b"<p>one", "html"),
        (b"<div class='x' id=y>one", "html"),
        ("<h1>题目</h1>正文".encode("gb18030"), "html"),
        ("<p>hello</p>".encode("utf-16-le"), "html"),
        ("hello, world".encode("utf-32-be"), "plain"),
        (b"  %PDF-1.4\n", "pdf"),
        (b"the header is %PDF-1.4", "plain"),
    ],
)
def test_sniff_by_content(data: bytes, format: str) -> None:
    assert sniff(Source.blob(data))[1] == format


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(data=st.data())
def test_damaged_files_give_an_answer_or_a_reason(sandbox: Sandbox, data: st.DataObject) -> None:
    whole = FORMATS[data.draw(st.sampled_from(["png", "jpeg", "gif", "webp", "bmp", "tiff", "avif", "jp2", "html"]))]
    raw = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 8))):
        raw[data.draw(st.integers(0, min(len(raw) - 1, 4000)))] = data.draw(st.integers(0, 255))
    reason = None
    try:
        sandbox.examine(Source.blob(bytes(raw[: data.draw(st.integers(1, len(raw)))])))
    except FingerprintError as error:
        reason = error.reason
    assert reason != "decoder_crashed"
