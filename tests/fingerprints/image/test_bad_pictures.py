"""Pictures that are broken, enormous, empty of content or lying: each its own reason, through the real decoder process."""

from __future__ import annotations

import functools
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fingerprints import registry
from fingerprints.errors import FingerprintError, LimitExceeded, UnreadableMedia, UnsupportedMedium
from fingerprints.image.examples import saved, scene
from fingerprints.model import Fingerprint, Limits
from fingerprints.sandbox.pool import Sandbox
from fingerprints.sniff import sniff
from fingerprints.source import Source
from tests.fingerprints import pictures
from tests.fingerprints.finding import made, match

pytestmark = pytest.mark.slow

SCENE = scene(1)
PIXELS = np.asarray(SCENE)
HEIF_ENC = shutil.which("heif-enc")
PNG, JPEG, GIF = saved(SCENE), saved(SCENE, "JPEG"), saved(SCENE, "GIF")
SIZE = struct.pack(">II", 400, 300)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(1, Limits()) as made:
        yield made


def answer(sandbox: Sandbox, data: bytes) -> str:
    """The reason of an error, or of a fingerprint without content, or "read"."""
    try:
        return sandbox.examine(Source.blob(data)).fingerprint.reason or "read"
    except FingerprintError as error:
        said = str(error)
        assert "\n" not in said
        assert len(said) > 20
        return error.reason


def several(format: str, **options: object) -> bytes:
    small = [scene(seed, 100, 80) for seed in range(1, 5)]
    return saved(small[0], format, save_all=True, append_images=small[1:], duration=50, **options)


def heic() -> bytes:
    if HEIF_ENC is None:
        pytest.skip("heif-enc is not installed (see scripts/debian-test-packages)")
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder) / "in.png", Path(folder) / "out.heic"
        source.write_bytes(saved(scene(1, 160, 120)))
        subprocess.run([HEIF_ENC, source, "-o", made], check=True, stdout=subprocess.DEVNULL)
        return made.read_bytes()


FORMATS: dict[str, Callable[[], bytes]] = {
    "JPEG": lambda: JPEG,
    "JPEG, progressive": lambda: saved(SCENE, "JPEG", progressive=True),
    "JPEG, CMYK with a profile": lambda: pictures.ycck(SCENE.convert("CMYK"), icc_profile=pictures.cmyk_profile(5)),
    "PNG": lambda: PNG,
    "PNG, interlaced, 16 bits": lambda: pictures.png(PIXELS.astype(np.uint16) * 257, 2, interlaced=True),
    "PNG, palette": lambda: saved(SCENE.quantize(64)),
    "APNG": lambda: several("PNG"),
    "GIF": lambda: GIF,
    "GIF, animated": lambda: several("GIF"),
    "WebP": lambda: saved(SCENE, "WEBP"),
    "WebP, lossless": lambda: saved(SCENE, "WEBP", lossless=True),
    "WebP, animated": lambda: several("WEBP"),
    "AVIF": lambda: saved(SCENE, "AVIF"),
    "AVIF, animated": lambda: several("AVIF"),
    "TIFF": lambda: saved(SCENE, "TIFF"),
    "TIFF, LZW": lambda: saved(SCENE, "TIFF", compression="tiff_lzw"),
    "TIFF, JPEG": lambda: saved(SCENE, "TIFF", compression="jpeg"),
    "TIFF, floats": lambda: pictures.tiff(PIXELS[..., 0].astype(np.float32), 1),
    "TIFF, L*a*b*": lambda: pictures.tiff(PIXELS, 8),
    "BMP": lambda: saved(SCENE, "BMP"),
    "JPEG 2000": lambda: saved(SCENE, "JPEG2000"),
    "JPEG 2000, code stream": lambda: saved(SCENE, "JPEG2000", no_jp2=True, quality_mode="rates", quality_layers=[20]),
    "HEIC": heic,
}


# --- broken ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", FORMATS)
def test_cut_off_anywhere(sandbox: Sandbox, format: str) -> None:
    """No cut-off picture passes for the whole one, and all say the same of themselves."""
    whole = FORMATS[format]()
    assert answer(sandbox, whole) == "read"
    cuts = sorted({64, 100, 200, 500, *(len(whole) * n // 24 for n in range(1, 24)), len(whole) - 200, len(whole) - 80})
    found = {cut: answer(sandbox, whole[:cut]) for cut in cuts if 64 <= cut < len(whole)}
    if format == "GIF, animated":
        # A GIF says nowhere how long it is; cut between two frames, it is a shorter one for every viewer.
        assert list(found.values()).count("read") <= 2
        found = {cut: reason for cut, reason in found.items() if reason != "read"}
    assert set(found.values()) == {"truncated"}, {cut: reason for cut, reason in found.items() if reason != "truncated"}


@pytest.mark.parametrize("format", FORMATS)
def test_flipped_bits_and_lost_pieces(sandbox: Sandbox, format: str) -> None:
    whole = FORMATS[format]()
    random = np.random.default_rng(zlib.crc32(format.encode()))
    for round_ in range(24):
        broken = bytearray(whole)
        # The structure is in the beginning of some formats and at the end of others.
        low, high = ((0, min(len(whole), 400)), (0, len(whole)), (max(0, len(whole) - 400), len(whole)))[round_ % 3]
        for at in random.integers(low, high, int(random.integers(1, 12))):
            broken[at] = int(random.integers(256))
        if round_ % 4 == 3:
            at = int(random.integers(len(broken)))
            del broken[at : at + int(random.integers(1, 300))]
        assert answer(sandbox, bytes(broken)) not in ("decoder_crashed", "time_limit", "cpu_limit")
    assert answer(sandbox, whole) == "read"


@pytest.mark.parametrize("name", ["picture.jpg", "picture.txt", "picture.mp3", "picture"])
def test_a_name_says_nothing(sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(PNG)
    assert sandbox.examine(Source.file(tmp_path / name)).format == "png"


@pytest.mark.parametrize("head", [8, 9, 20, 33])
def test_hardly_a_head(sandbox: Sandbox, head: int) -> None:
    assert answer(sandbox, PNG[:head]) == "truncated"


def exif_jpeg(body: bytes) -> bytes:
    return JPEG[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + JPEG[2:]


METADATA = {
    "EXIF that points nowhere": exif_jpeg(b"Exif\0\0MM\0*\xff\xff\xff\xf0" + bytes(20)),
    "EXIF that points to itself": exif_jpeg(
        b"Exif\0\0II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0\x08\0\0\0"
    ),
    "EXIF cut off": exif_jpeg(b"Exif\0\0II*\0"),
    "EXIF of rubbish": exif_jpeg(b"Exif\0\0" + bytes(range(256)) * 20),
    "orientation as a text": exif_jpeg(b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x02\0\x04\0\0\0six\0\0\0\0\0"),
    "XMP that is no XML": exif_jpeg(b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta <<<&&& \xff\xfe"),
    "XMP of many entities": exif_jpeg(
        b"http://ns.adobe.com/xap/1.0/\0<!DOCTYPE a [<!ENTITY a 'aaaaaaaaaa'>"
        + b"".join(b"<!ENTITY %c '%s'>" % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(12))
        + b"]><x:xmpmeta xmlns:x='adobe:ns:meta/'>&m;</x:xmpmeta>"
    ),
    "ICC cut off": saved(SCENE, "JPEG", icc_profile=pictures.rgb_profile(pictures.DISPLAY_P3)[:200]),
    "ICC of rubbish": saved(SCENE, "WEBP", icc_profile=b"\xa5" * 999),
    "IPTC of rubbish": JPEG[:2] + b"\xff\xed\x00\x30Photoshop 3.0\x008BIM\x04\x04" + b"\xff" * 28 + JPEG[2:],
}


@pytest.mark.parametrize("case", METADATA)
def test_corrupt_metadata_does_not_touch_the_picture(sandbox: Sandbox, case: str) -> None:
    found = sandbox.examine(Source.blob(METADATA[case])).fingerprint
    assert found.reason is None
    assert (found.facts["width"], found.facts["height"]) == (400, 300)
    same = match(found, made(PNG))
    assert same is not None
    assert not same.transform["rotation"]


# --- nothing to compare ----------------------------------------------------------------------------------------------


def lossless(picture: Image.Image) -> list[bytes]:
    return [
        saved(picture),
        saved(picture, "BMP"),
        saved(picture, "TIFF"),
        saved(picture, "WEBP", lossless=True, exact=True),
    ]


@pytest.mark.parametrize(
    ("size", "reason"),
    [
        *[((side, side), "too_small") for side in (2, 8, 31)],
        *[(size, "too_small") for size in ((1, 400), (400, 1), (31, 400), (3000, 31), (16_000, 1), (1, 16_000))],
        *[(size, "no_texture") for size in ((32, 32), (500, 400), (3000, 2000))],
    ],
)
def test_without_content_only_the_same_pixels_match(sandbox: Sandbox, size: tuple[int, int], reason: str) -> None:
    colours = {"red": (200, 0, 0), "nearly red": (200, 0, 1), "white": (255, 255, 255), "black": (0, 0, 0)}

    def read(data: bytes) -> Fingerprint:
        found = sandbox.examine(Source.blob(data)).fingerprint
        assert found.reason == reason
        assert not found.fingerprintable
        assert not len(found.codes)
        return found

    def dotted(colour: tuple[int, int, int], size: tuple[int, int] = size) -> Image.Image:
        """A blank picture would be nobody's."""
        out = Image.new("RGB", size, colour)
        out.putpixel((size[0] - 1, size[1] - 1), (0, 120, 0))
        return out

    first = [read(data) for data in lossless(dotted(colours["red"]))]
    for found in first:
        assert match(found, first[0]) is not None
    for other in ("nearly red", "white", "black"):
        assert match(read(saved(dotted(colours[other]))), first[0]) is None
    wider = dotted(colours["red"], (size[0] + 1, size[1]))
    assert match(sandbox.examine(Source.blob(saved(wider))).fingerprint, first[0]) is None
    assert match(sandbox.examine(Source.blob(JPEG)).fingerprint, first[0]) is None


def test_small_pictures_with_content_are_not_confused(sandbox: Sandbox) -> None:
    found = [sandbox.examine(Source.blob(saved(scene(seed, 40, 20)))).fingerprint for seed in range(5)]
    assert {f.reason for f in found} == {"too_small"}
    assert all((match(a, b) is not None) == (a is b) for a in found for b in found)


# --- enormous or lying -----------------------------------------------------------------------------------------------


@functools.cache  # a second: not while tests are collected
def zeros() -> bytes:
    return zlib.compress(bytes(300_000_000), 9)


def with_chunk(kind: bytes, body: bytes) -> bytes:
    return PNG[:33] + pictures.chunk(kind, body) + PNG[33:]


def header(width: int, height: int) -> bytes:
    return pictures.chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))


def claiming(data: bytes, find: bytes, put: bytes) -> bytes:
    assert find in data
    return data.replace(find, put)


LARGE = struct.pack(">II", 40_000, 30_000)
ENORMOUS: dict[str, tuple[Callable[[], bytes], str]] = {
    "PNG": (lambda: PNG[:8] + header(50_000, 50_000) + PNG[33:], "too_many_pixels"),
    "JPEG": (lambda: claiming(JPEG, struct.pack(">HH", 300, 400), struct.pack(">HH", 65_500, 65_500)), "too_many_pixels"),
    "GIF screen": (lambda: pictures.gif((65_535, 65_535), (0, 0, 1, 1)), "too_many_pixels"),
    "GIF frame larger than its screen": (lambda: pictures.gif((1, 1), (0, 0, 65_535, 65_535)), "too_many_pixels"),
    "GIF later frame, enormous": (lambda: pictures.gif((1, 1), (0, 0, 1, 1), (0, 0, 65_535, 65_535)), "too_many_pixels"),
    "GIF later frame, too large": (lambda: pictures.gif((1, 1), (0, 0, 1, 1), (0, 0, 11_000, 11_000)), "too_many_pixels"),
    "WebP": (lambda: b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8X\x0a\0\0\0" + bytes(4) + b"\xfe\x3f\0\xfe\x3f\0", "too_many_pixels"),
    "BMP": (lambda: b"BM" + struct.pack("<IIIIiiHHIIiiII", 100, 0, 54, 40, 40_000, 40_000, 1, 24, 0, 0, 0, 0, 0, 0) + bytes(46), "too_many_pixels"),
    "JPEG 2000": (lambda: claiming(saved(SCENE, "JPEG2000", no_jp2=True), SIZE, LARGE), "too_many_pixels"),
    "AVIF": (lambda: claiming(saved(SCENE, "AVIF"), b"ispe\0\0\0\0" + SIZE, b"ispe\0\0\0\0" + struct.pack(">II", 16_000, 16_000)), "too_many_pixels"),
    "TIFF": (lambda: pictures.tiff(PIXELS, 2, t256=(60_000,), t257=(60_000,), t278=(60_000,)), "too_many_pixels"),
    "HEIC that lies about its size": (lambda: heic().replace(b"ispe\0\0\0\0" + struct.pack(">II", 160, 120), b"ispe\0\0\0\0" + struct.pack(">II", 9000, 9000)), "damaged"),
    "zTXt": (lambda: with_chunk(b"zTXt", b"Comment\0\0" + zeros()), "metadata_too_large"),
    "iTXt": (lambda: with_chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zeros()), "metadata_too_large"),
    "iCCP": (lambda: with_chunk(b"iCCP", b"x\0\0" + zeros()), "metadata_too_large"),
    "zTXt after the pixels": (lambda: PNG[:-12] + pictures.chunk(b"zTXt", b"Comment\0\0" + zeros()) + PNG[-12:], "metadata_too_large"),
    "many zTXt": (lambda: PNG[:33] + pictures.chunk(b"zTXt", b"C\0\0" + zlib.compress(bytes(15 << 20))) * 40 + PNG[33:], "metadata_too_large"),
    "PNG with more data than pixels": (lambda: PNG[:8] + header(400, 300) + pictures.chunk(b"IDAT", zeros()) + PNG[-12:], "no_texture"),
    "JPEG of many scans": (lambda: many_scans(400, 300, 101), "too_many_scans"),
    "TIFF strip that ends too early": (lambda: pictures.tiff(PIXELS, 2, t256=(9000,), t257=(9000,), t278=(9000,)), "truncated"),
    "TIFF strip beyond the end": (lambda: pictures.tiff(PIXELS, 2, t273=(2**31,)), "truncated"),
    "TIFF strips of no rows": (lambda: pictures.tiff(PIXELS, 2, t278=(0,)), "damaged"),
    "TIFF not compressed as it says": (lambda: pictures.tiff(PIXELS, 2, t259=(5,)), "damaged"),
    "TIFF of 100,000 times one strip": (lambda: pictures.tiff(PIXELS, 2, t257=(100_000,), t278=(1,), t273=(8,) * 100_000, t279=(1200,) * 100_000), "read"),
    "TIFF of float colours": (lambda: pictures.tiff(PIXELS.astype(np.float32), 2), "pixel_format"),
    "TIFF of double floats": (lambda: pictures.tiff(PIXELS[..., 0].astype(np.float64), 1), "pixel_format"),
    "TIFF of L*a*b* in 16 bits": (lambda: pictures.tiff(PIXELS.astype(np.uint16), 8), "pixel_format"),
    "TIFF of floats that are no numbers": (lambda: pictures.tiff(np.full((90, 90), np.nan, dtype=np.float32), 1), "no_texture"),
    "TIFF of infinite floats": (lambda: pictures.tiff(np.full((90, 90), np.inf, dtype=np.float32), 1), "no_texture"),
    "TIFF of noise on one level": (lambda: pictures.tiff(np.random.default_rng(1).normal(9000, 1, (90, 90)).astype(np.float32), 1), "no_texture"),
}  # fmt: skip
CLASSES = {"too_many_pixels": LimitExceeded, "metadata_too_large": LimitExceeded, "too_many_scans": LimitExceeded,
           "damaged": UnreadableMedia, "truncated": UnreadableMedia, "pixel_format": UnsupportedMedium}  # fmt: skip


def many_scans(width: int, height: int, count: int) -> bytes:
    """A small progressive JPEG whose last scan, one that says nothing new, comes again and again."""
    whole = saved(Image.new("L", (width, height)), "JPEG", progressive=True, quality=50)
    last = whole[whole.rindex(b"\xff\xda") : -2]
    return whole[:-2] + last * (count - whole.count(b"\xff\xda")) + b"\xff\xd9"


@pytest.mark.parametrize("case", ENORMOUS)
def test_enormous_or_lying(sandbox: Sandbox, case: str) -> None:
    make, reason = ENORMOUS[case]
    data = make()
    started = time.monotonic()
    if reason in CLASSES:
        with pytest.raises(CLASSES[reason]):
            sandbox.examine(Source.blob(data))
    assert answer(sandbox, data) == reason
    assert time.monotonic() - started < 20


def test_a_picture_at_the_pixel_limit_fits_into_the_default_memory(
    sandbox: Sandbox, png: Callable[[int, int, int], bytes]
) -> None:
    assert answer(sandbox, png(10_000, 10_000, 10_000)) == "no_texture"
    clear = Image.linear_gradient("L").resize((10_000, 10_000), Image.Resampling.NEAREST)
    assert answer(sandbox, saved(Image.merge("RGBA", [clear] * 4), "TIFF", compression="tiff_lzw")) != "memory_limit"


@pytest.mark.parametrize("full", [True, False])
def test_a_gif_of_ten_thousand_frames_ends_in_bounded_time(sandbox: Sandbox, full: bool) -> None:
    if full:  # 8,000 megapixels in 25 MB
        one = saved(Image.new("P", (1000, 800)), "GIF")
        start = 13 + (3 << (one[10] & 7) + 1)  # after the header and the palette
        data = one[:start] + one[start:-1] * 10_000 + b";"
    else:
        data = pictures.gif((1600, 1200), *[(n % 50, n // 50 % 50, 1, 1) for n in range(10_000)])
    assert answer(sandbox, data) in ("read", "no_texture")  # and not cpu_limit


# --- other formats ---------------------------------------------------------------------------------------------------

DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg" width="9"/>'
NOT_TAKEN = {
    "a comment first": (b"<!-- made by hand --><svg\n width='9'/>", "svg"),
    "a document type with entities": (
        b'<?xml version="1.0"?>\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x.dtd" [\n<!ENTITY ns "x">\n]>\n'
        + DRAWING,
        "svg",
    ),
    "a style sheet first": (b'<?xml version="1.0"?><?xml-stylesheet href="a.css"?>' + DRAWING, "svg"),
    "a prefix": (b'<ns0:svg xmlns:ns0="http://www.w3.org/2000/svg"/>', "svg"),
    "UTF-16": ("\ufeff" + DRAWING.decode()).encode("utf-16-le"),
    "a mark": (b"\xef\xbb\xbf" + DRAWING, "svg"),
    "Photoshop": (b"8BPS\0\1" + bytes(30), "picture_format"),
    "JPEG XL": (b"\xff\x0a\xfa\x1f" + bytes(30), "picture_format"),
    "JPEG XL in boxes": (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(30), "picture_format"),
    "an icon": (b"\0\0\1\0\1\0" + bytes(30), "picture_format"),
}


@pytest.mark.parametrize("case", NOT_TAKEN)
def test_formats_that_are_not_taken_say_what_to_do(sandbox: Sandbox, case: str) -> None:
    data, reason = NOT_TAKEN[case] if isinstance(NOT_TAKEN[case], tuple) else (NOT_TAKEN[case], "svg")
    with pytest.raises(UnsupportedMedium) as caught:
        sandbox.examine(Source.blob(data))
    assert caught.value.reason == reason
    assert "export it as PNG" in str(caught.value)


@pytest.mark.parametrize(
    "text", [b"<p>an <svg width='9'/> in a page</p>", b"a line\n<svg>", b"<!-- a comment --> and a text"]
)
def test_a_drawing_inside_a_text_makes_no_drawing(text: bytes) -> None:
    assert sniff(Source.blob(text))[0] == "text"


@pytest.mark.parametrize("row", [b"<!---->", b"<!-- -->\n", b"<?xml ?>", b"<!--", b"<?xml ", b"<!doctype a [", b" "])
def test_what_stands_before_the_root_is_read_once(row: bytes) -> None:
    started = time.monotonic()
    sniff(Source.blob((b"<!-- -->" + row * 9000)[:65_000] + b"the end"))
    assert time.monotonic() - started < 1


# --- the limits of the process ---------------------------------------------------------------------------------------


def refused(limits: Limits, data: bytes) -> str:
    with Sandbox(1, limits) as sandbox:
        with pytest.raises(LimitExceeded) as caught:
            sandbox.examine(Source.blob(data))
        assert (
            sandbox.examine(Source.blob(PNG)).fingerprint.reason is None
        )  # the next file is read as if nothing had been
        return caught.value.reason


def test_bytes() -> None:
    assert refused(Limits(max_bytes=len(PNG)), PNG + b"x") == "too_large"


def test_pixels() -> None:
    limits = Limits(max_pixels=400 * 300)
    assert refused(limits, saved(scene(1, 401, 300))) == "too_many_pixels"
    with Sandbox(1, limits) as sandbox:
        assert answer(sandbox, PNG) == "read"


def test_memory(png: Callable[[int, int, int], bytes]) -> None:
    assert refused(Limits(memory_bytes=500 << 20), saved(Image.new("CMYK", (9900, 9900)), "TIFF", compression="tiff_lzw")) == "memory_limit"  # fmt: skip


def test_cpu_time() -> None:
    assert refused(Limits(cpu_seconds=1), many_scans(8000, 8000, 100)) == "cpu_limit"


def test_wall_time() -> None:
    started = time.monotonic()
    assert refused(Limits(wall_seconds=2), many_scans(8000, 8000, 100)) == "time_limit"
    assert time.monotonic() - started < 20


def test_frames() -> None:
    """More frames than the limit are no error: fewer are taken, from the whole length."""
    shown = [scene(1 + n // 10) for n in range(30)]
    for n, frame in enumerate(shown):
        frame.paste((n * 8, 0, 0), (n * 9, 0, n * 9 + 9, 9))
    data = saved(shown[0], "WEBP", save_all=True, append_images=shown[1:], quality=80)
    with Sandbox(1, Limits(max_frames=3)) as sandbox:
        found = sandbox.examine(Source.blob(data)).fingerprint
        assert [match(sandbox.examine(Source.blob(saved(scene(seed)))).fingerprint, found) is not None for seed in (1, 2, 3, 4)] == [True, True, True, False]  # fmt: skip


CONFINED = """
import os, sys
from fingerprints.model import Limits
from fingerprints.sandbox.worker import _confine
import numpy
_confine(Limits())
try:
    {attempt}
except (OSError, MemoryError) as error:
    sys.exit(type(error).__name__ + " " + os.strerror(getattr(error, "errno", 0) or 0))
sys.exit("nothing stopped it")
"""


@pytest.mark.parametrize(
    ("attempt", "said"),
    [
        ("open('{file}', 'wb', buffering=0).write(b'x')", "OSError File too large"),
        ("keep = [open('/dev/null') for _ in range(64)]", "OSError Too many open files"),
        ("keep = b'x' * (2 << 30)", "MemoryError Success"),
        ("keep = numpy.ones(300_000_000)", "MemoryError Success"),
    ],
)
def test_what_a_decoder_that_was_taken_over_cannot_do(tmp_path: Path, attempt: str, said: str) -> None:
    """The worker's own confinement, asked for what no decoder asks for."""
    code = CONFINED.format(attempt=attempt.format(file=tmp_path / "written"))
    root = Path(registry.__file__).parent.parent
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert done.stderr.strip() == said
    written = tmp_path / "written"
    assert not written.exists() or written.stat().st_size == 0
