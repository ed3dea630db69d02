"""Bytes to canonical pixels: the picture as a viewer shows it, in sRGB, small enough to work with.

Canonical: EXIF orientation applied, at most 1024 pixels long, in the colours that `color` describes. The declared
size is checked before a pixel is decoded.
"""

from __future__ import annotations

import hashlib
import io
import math
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import numpy as np
import pi_heif
from numpy.typing import NDArray
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    Jpeg2KImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from .. import sniff
from ..errors import FingerprintError, LimitExceeded, UnreadableMedia, UnsupportedMedium
from ..model import Limits
from ..source import Source
from .color import plain, srgb
from .truncation import cut_short

_PLUGINS: dict[str, Callable[[io.BytesIO], Image.Image]] = {
    # Of the several pictures that phones put into one JPEG the first is the picture, so no MPO plugin.
    "jpeg": JpegImagePlugin.JpegImageFile,
    "png": PngImagePlugin.PngImageFile,
    "gif": GifImagePlugin.GifImageFile,
    "webp": WebPImagePlugin.WebPImageFile,
    "avif": AvifImagePlugin.AvifImageFile,
    "heic": pi_heif.HeifImageFile,
    "tiff": TiffImagePlugin.TiffImageFile,
    "bmp": BmpImagePlugin.BmpImageFile,
    "jp2": Jpeg2KImagePlugin.Jpeg2KImageFile,
}
_ANIMATED = ("GIF", "PNG", "WEBP", "AVIF")  # what the others hold besides are pages, previews and depth maps
_MAX_CANONICAL_SIDE = 1024  # pixels of the longer side; larger pictures are averaged down to it
_MIN_DRAFT_SIDE = 32  # pixels of the shorter side that the decoder does not scale below
_MAX_HALVINGS = 3  # of a side by the decoder: JPEG knows no more
_BLANK_LEVELS = 6  # by which the pixels of a blank picture may lie off its first one
_MAX_METADATA_BYTES = 16 << 20  # bytes one compressed piece of metadata may unpack to
# How decoders and OpenCV say that the worker's memory is used up.
_NO_MEMORY = (
    "out of memory",
    "memory allocation",
    "can't allocate",
    "insufficient memory",
    "failed to allocate",
    "cannot allocate",
)
_MAX_SCANS = 100  # passes over a progressive JPEG, which has about ten; each costs the time of a whole picture
_MAX_ANIMATION_FACTOR = 5  # times the pixel limit that an animation may decode to
_UNTIMED = 100.0  # milliseconds that browsers show a frame for which says no time
_MIN_FRAME_PIXELS = 10_000  # pixels that the smallest frame counts as: what it costs to get to it
# EXIF 2.3, tag 0x0112.
_ORIENTATIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = {_ORIENTATIONS[n] for n in (5, 6, 7, 8)}


def warm() -> None:
    """Load what decoding needs later, before memory is limited."""
    import imagehash  # noqa: F401


@cache
def _prepare() -> None:
    # One thread a worker: the pool is the parallelism, and threads cost address space.
    pi_heif.options.DECODE_THREADS = 1
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    PngImagePlugin.MAX_TEXT_CHUNK = _MAX_METADATA_BYTES


@dataclass(frozen=True, slots=True)
class Opened:
    """A picture that is not decoded yet, and its full size in pixels the way it is shown."""

    picture: Image.Image
    width: int
    height: int


@contextmanager
def opened(data: bytes, limits: Limits, *, draft: bool = True) -> Iterator[Opened]:
    """Open a picture and check its size; but for PNG, nothing is decoded yet.

    Args:
        data: the bytes of the file.
        limits: ``max_pixels`` is what counts here.
        draft: let a large JPEG or JPEG 2000 decode to a fraction of its size, no smaller than canonical pixels are.

    Raises:
        UnreadableMedia: ``truncated``, ``damaged``; also for what goes wrong inside the block.
        UnsupportedMedium: ``pixel_format``.
        LimitExceeded: ``too_many_pixels``, ``too_many_scans``, ``metadata_too_large``.
    """
    _prepare()
    Image.MAX_IMAGE_PIXELS = limits.max_pixels  # Pillow raises from twice as many on, before it asks for the memory
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about metadata; what matters raises
        try:
            with _open(data) as picture:
                width, height = picture.size
                _check_size(picture, limits.max_pixels)
                if draft:
                    _draft(picture, data)
                turned = _orientation(picture) in _SIDEWAYS
                yield Opened(picture, *((height, width) if turned else (width, height)))
        except (FingerprintError, MemoryError):
            raise
        except Exception as error:
            # A damaged file makes a decoder raise anything: OSError, SyntaxError, KeyError, struct.error ...
            raise _problem(error, data, limits) from None


def _open(data: bytes) -> Image.Image:
    medium, format = sniff.sniff(Source.blob(data))
    plugin = _PLUGINS.get(format)
    if plugin is None:
        raise UnreadableMedia("mislabelled", f"this is {medium} ({format}), not a picture")
    if format == "jpeg" and (scans := data.count(b"\xff\xda")) > _MAX_SCANS:
        raise LimitExceeded(
            "too_many_scans", f"the JPEG is stored in {scans} passes, more than {_MAX_SCANS}; save it again"
        )
    # The plugin itself: Image.open would try all of them and say only that none took it.
    return plugin(io.BytesIO(data))


def _check_size(picture: Image.Image, max_pixels: int) -> None:
    if picture.width * picture.height > max_pixels:
        raise _too_large(f"{picture.width} x {picture.height}", max_pixels)


def _too_large(size: str, max_pixels: int) -> LimitExceeded:
    return LimitExceeded(
        "too_many_pixels", f"the picture has {size} pixels, more than {max_pixels}; send a smaller one"
    )


def _draft(picture: Image.Image, data: bytes) -> None:
    """Let the decoder scale: nearly free in JPEG, and of JPEG 2000 only the coarser resolutions are decoded."""
    width, height = picture.size
    ratios = max(width, height) / _MAX_CANONICAL_SIDE, min(width, height) / _MIN_DRAFT_SIDE
    halvings = min(_MAX_HALVINGS, *(int(math.log2(max(ratio, 1))) for ratio in ratios))
    if picture.format == "JPEG":
        picture.draft(None, (width >> halvings, height >> halvings))
    elif isinstance(picture, Jpeg2KImagePlugin.Jpeg2KImageFile):
        picture.reduce = _resolutions(picture.size, data, halvings)


def _resolutions(size: tuple[int, int], data: bytes, halvings: int) -> int:
    """How many resolutions of a JPEG 2000 may be left out, by its main header (ISO/IEC 15444-1, A.5.1 and A.6.1)."""
    start = data.find(b"\xff\x4f\xff\x51")
    coding = data.find(b"\xff\x52\x00", start)
    if min(start, coding) < 0 or len(data) < coding + 10 or data[start + 16 : start + 24] != bytes(8):
        return 0
    halvings = min(halvings, data[coding + 9])
    # Pillow rounds the size of what it asks for, the standard rounds it up.
    while any(-(-side >> halvings) != side + (1 << halvings >> 1) >> halvings for side in size):
        halvings -= 1
    return halvings


def _problem(error: Exception, data: bytes, limits: Limits) -> Exception:
    said = str(error).lower()
    if isinstance(error, Image.DecompressionBombError) and (pixels := re.search(r"\((\d+) pixels", said)):
        return _too_large(pixels[1], limits.max_pixels)
    # A library that does not load any more says what it likes.
    caused = isinstance(error, ImportError) or isinstance(error.__cause__ or error.__context__, MemoryError)
    # Of a PNG it means that zlib found no room to begin (Pillow, ZipDecode.c); of raw pixels, that they are damaged.
    caused |= "bad configuration" in said and data.startswith(b"\x89PNG")
    if caused or any(words in said for words in _NO_MEMORY):
        return MemoryError(said)
    if "decompressed data too large" in said or "too much memory used in text chunks" in said:
        return LimitExceeded(
            "metadata_too_large", "the picture's metadata unpacks to too much; save it without metadata"
        )
    if cut_short(data) or any(word in said for word in ("truncated", "end of file", "unexpected end", "incomplete")):
        return UnreadableMedia("truncated", "the picture ends too early; send the whole file")
    if "unknown pixel mode" in said or "unsupported bmp" in said:
        return UnsupportedMedium(
            "pixel_format", "pixels stored this way are not taken; export it as PNG or JPEG and send that"
        )
    return UnreadableMedia("damaged", f"the picture is damaged ({said[:80] or type(error).__name__}); export it again")


def frames(picture: Image.Image, max_frames: int) -> Iterator[Image.Image]:
    """The frames of a picture in canonical form, at most ``max_frames``; most pictures have one.

    A frame with transparency comes twice, on white and on black.

    Of an animation with more frames, groups of equal length over all of it each give the frame that is shown longest.
    Frames beyond `_MAX_ANIMATION_FACTOR` times the pixel limit are not reached: most formats decode every frame before
    the one wanted.

    Raises:
        UnreadableMedia: ``truncated`` for an animation with fewer frames than it declares.
        LimitExceeded: ``too_many_pixels`` when a frame enlarges the picture.
    """
    total = _reachable(picture)
    if total == 1:
        yield from canonical(picture)
        return
    pixels = Image.MAX_IMAGE_PIXELS or Limits().max_pixels
    orientation = _orientation(picture)
    group = max(1, math.ceil(total / max_frames))
    for first in range(0, total, group):
        longest, best = -1.0, tuple[Image.Image, ...]()
        for number in range(first, min(first + group, total)):
            try:
                picture.seek(number)
                _check_size(picture, pixels)
                picture.load()
            except EOFError:
                raise UnreadableMedia("truncated", "the animation has fewer frames than it says; send it all") from None
            duration = picture.info.get("duration", 0)
            if not best or duration > longest:
                longest, best = duration, _to_canonical(picture, orientation)
        yield from best


def timed_frames(picture: Image.Image) -> Iterator[tuple[float, Image.Image]]:
    """The frames of an animation on white, each with the second from which on it is shown; none of a still picture.

    The last comes twice, the second time when it ends. Where frames are missing or damaged, it ends there.
    """
    total, at, last = _reachable(picture), 0.0, None
    for number in range(total if total > 1 else 0):
        try:
            picture.seek(number)
            last = plain(picture)
        except (EOFError, OSError, ValueError):
            break
        last = srgb(_shrunk(last), None)[0]
        yield at, last
        at += float(picture.info.get("duration", 0) or _UNTIMED) / 1000
    if last is not None:
        yield at, last


def _reachable(picture: Image.Image) -> int:
    """How many frames are looked at, see `frames`."""
    total = getattr(picture, "n_frames", 1) if picture.format in _ANIMATED else 1
    pixels = Image.MAX_IMAGE_PIXELS or Limits().max_pixels
    most = _MAX_ANIMATION_FACTOR * pixels // (picture.width * picture.height + _MIN_FRAME_PIXELS)
    return int(max(1, min(total, most)))


def canonical(frame: Image.Image, *, full: bool = False) -> tuple[Image.Image, ...]:
    """One frame as RGB the right way up, on each ground of `srgb`; averaged down when it is large and ``full`` is not
    asked for."""
    orientation = _orientation(frame)  # before loading, after which some formats forget it
    frame.load()
    return _to_canonical(frame, orientation, full=full)


def _to_canonical(
    frame: Image.Image, orientation: Image.Transpose | None, *, full: bool = False
) -> tuple[Image.Image, ...]:
    profile = frame.info.get("icc_profile")
    frame = plain(frame)
    grounds = srgb(frame if full else _shrunk(frame), profile)
    return grounds if orientation is None else tuple(each.transpose(orientation) for each in grounds)


def _shrunk(frame: Image.Image) -> Image.Image:
    longer = max(frame.size)
    if longer <= _MAX_CANONICAL_SIDE:
        return frame
    width, height = (max(1, round(side * _MAX_CANONICAL_SIDE / longer)) for side in frame.size)
    return frame.resize((width, height), Image.Resampling.BOX, reducing_gap=1.5)


def _orientation(frame: Image.Image) -> Image.Transpose | None:
    """What EXIF asks for and the decoder has not done yet; a corrupt EXIF asks for nothing."""
    if frame.format == "TIFF":
        return None  # Pillow turns it as it loads it
    if frame.format == "PNG" and "exif" not in frame.info:
        frame.load()  # it may follow the pixels
    try:
        value = frame.getexif().get(0x0112)
    except MemoryError:
        raise
    except Exception:
        return None
    return _ORIENTATIONS.get(value if isinstance(value, int) else 0)


def small_grey(frame: Image.Image, side: int) -> NDArray[np.uint8]:
    """A canonical frame as grey levels, squeezed to a square of ``side`` pixels."""
    return np.asarray(frame.convert("L").resize((side, side), Image.Resampling.LANCZOS), dtype=np.uint8)


def stored_code(grey: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """ImageHash's own ``phash`` of a small grey picture, 256 bits, shape (1, 4): the code that is kept of a work."""
    import imagehash  # brings SciPy along: only the decoder process needs it

    bits = imagehash.phash(Image.fromarray(grey), hash_size=16).hash
    return np.packbits(bits.reshape(1, -1), axis=1).view(">u8").astype(np.uint64)


def pixel_digest(data: bytes, limits: Limits) -> bytes | None:
    """SHA-256 of the first frame's canonical pixels at full size: the same for every lossless copy of a picture.

    Returns:
        None for a picture of one colour: an empty page is nobody's.
    """
    digest, blank = hashlib.sha256(), True
    with opened(data, limits, draft=False) as source:
        for frame in canonical(source.picture, full=True):
            digest.update(b"%d x %d" % frame.size)
            first = np.asarray(frame.crop((0, 0, 1, 1)), dtype=np.int16)
            for top in range(0, frame.height, 256):
                strip = np.asarray(frame.crop((0, top, frame.width, min(top + 256, frame.height))))
                blank = blank and int(np.abs(strip - first).max()) <= _BLANK_LEVELS
                digest.update(strip.tobytes())
    return None if blank else digest.digest()
