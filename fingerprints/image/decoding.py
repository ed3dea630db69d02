"""Bytes to canonical pixels: the picture as a viewer shows it, in RGB, small enough to work with.

Canonical: EXIF orientation applied, transparency on white, more than 8 bits scaled by the picture's own range, CMYK and
palettes converted. The declared size is checked before a pixel is decoded.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import numpy as np
import pi_heif
from numpy.typing import NDArray
from PIL import Image, ImageSequence, UnidentifiedImageError

from ..errors import FingerprintError, LimitExceeded, UnreadableMedia
from ..model import Limits

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF", "HEIF", "TIFF", "BMP", "JPEG2000")
_DRAFT = 512  # pixels of the longer side that a JPEG is decoded to at least; the decoder's own scaling is nearly free
_WORKING = 1024  # larger pictures are averaged down in their own mode before any conversion
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
_AVERAGED = ("L", "RGB", "RGBA", "LA", "CMYK", "YCbCr", "LAB", "HSV", "F", "I")


@cache
def _prepare() -> None:
    pi_heif.register_heif_opener()
    Image.MAX_IMAGE_PIXELS = None  # this module's own limit is checked instead, on the same declared size


@dataclass(frozen=True, slots=True)
class Opened:
    """A picture that is not decoded yet, and its declared size in pixels the way it is shown."""

    picture: Image.Image
    width: int
    height: int


@contextmanager
def opened(data: bytes, limits: Limits, *, draft: bool = True) -> Iterator[Opened]:
    """Open a picture and check its size; nothing is decoded yet.

    Args:
        data: the bytes of the file.
        limits: ``max_pixels`` is what counts here.
        draft: let a large JPEG decode to a fraction of its size.

    Raises:
        UnreadableMedia: ``truncated``, ``damaged``, ``mislabelled``; also for what goes wrong inside the block.
        LimitExceeded: ``too_many_pixels``.
    """
    _prepare()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about metadata; what matters raises
        try:
            with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
                width, height = picture.size
                if width * height > limits.max_pixels:
                    raise LimitExceeded(
                        "too_many_pixels",
                        f"the picture has {width} x {height} pixels, more than {limits.max_pixels}; send a smaller one",
                    )
                if draft and picture.format == "JPEG" and max(picture.size) >= 2 * _DRAFT:
                    scale = _DRAFT / max(picture.size)
                    picture.draft(None, (max(int(width * scale), 64), max(int(height * scale), 64)))
                turned = _orientation(picture) in _SIDEWAYS
                yield Opened(picture, *((height, width) if turned else (width, height)))
        except (FingerprintError, MemoryError):
            raise
        except Exception as error:
            # A damaged file makes a decoder raise anything: OSError, SyntaxError, KeyError, struct.error ...
            raise _unreadable(error, data) from None


def _unreadable(error: Exception, data: bytes) -> UnreadableMedia:
    said = "unknown header" if isinstance(error, UnidentifiedImageError) else str(error).lower()
    short = data[:4] == b"RIFF" and int.from_bytes(data[4:8], "little") + 8 > len(data)
    if short or any(word in said for word in ("truncated", "end of file", "unexpected end", "eof", "incomplete")):
        return UnreadableMedia("truncated", "the picture ends too early; send the whole file")
    return UnreadableMedia("damaged", f"the picture is damaged ({said[:80] or type(error).__name__}); export it again")


def frames(picture: Image.Image, most: int) -> Iterator[Image.Image]:
    """The frames of a picture in canonical form, at most ``most``; most pictures have one."""
    if getattr(picture, "n_frames", 1) == 1:
        yield canonical(picture)
        return
    for number, frame in enumerate(ImageSequence.Iterator(picture)):
        if number == most:
            return
        if number and frame.size != picture.size:
            return  # pages of a document or a thumbnail, not an animation
        yield canonical(frame)


def canonical(frame: Image.Image, *, full: bool = False) -> Image.Image:
    """One frame as RGB the right way up, averaged down when it is large and ``full`` is not asked for."""
    orientation = _orientation(frame)  # before loading, after which some formats forget it
    frame.load()
    if not full and max(frame.size) >= 2 * _WORKING and frame.mode in _AVERAGED:
        frame = frame.reduce(max(frame.size) // _WORKING)
    frame = _rgb(frame)
    return frame.transpose(orientation) if orientation is not None else frame


def _orientation(frame: Image.Image) -> Image.Transpose | None:
    """What EXIF asks for; a corrupt EXIF asks for nothing."""
    try:
        value = frame.getexif().get(0x0112)
    except Exception:
        return None
    return _ORIENTATIONS.get(value if isinstance(value, int) else 0)


def _rgb(frame: Image.Image) -> Image.Image:
    if frame.mode.startswith(("I", "F")):
        return Image.fromarray(_eight_bits(np.asarray(frame))).convert("RGB")
    if frame.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in frame.info:
        frame = frame.convert("RGBA")
        white = Image.new("RGB", frame.size, (255, 255, 255))
        white.paste(frame, mask=frame.getchannel("A"))
        return white
    if frame.mode == "LAB":
        from PIL import ImageCms

        transform = ImageCms.buildTransform(ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB")
        converted = ImageCms.applyTransform(frame, transform)
        assert converted is not None
        return converted
    return frame.convert("RGB")


def _eight_bits(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Deep grey levels scaled by their own range to 0..255, what is not a number to 0; in strips, to save memory."""
    strips = range(0, len(values), 256)
    ranges = []
    for top in strips:
        strip = values[top : top + 256].astype(np.float64)
        finite = strip[np.isfinite(strip)]
        if len(finite):
            ranges.append((finite.min(), finite.max()))
    low, high = (min(r[0] for r in ranges), max(r[1] for r in ranges)) if ranges else (0.0, 0.0)
    factor = 255.0 / (high - low) if high > low else 0.0
    out = np.zeros(values.shape, dtype=np.uint8)
    for top in strips:
        strip = values[top : top + 256].astype(np.float64)
        out[top : top + 256] = np.where(np.isfinite(strip), strip - low, 0.0) * factor
    return out


def small_grey(frame: Image.Image, side: int) -> NDArray[np.uint8]:
    """A canonical frame as grey levels, squeezed to a square of ``side`` pixels."""
    return np.asarray(frame.convert("L").resize((side, side), Image.Resampling.LANCZOS), dtype=np.uint8)


def stored_code(grey: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """ImageHash's own ``phash`` of a small grey picture, 256 bits, shape (1, 4): the code that is kept of a work."""
    import imagehash  # brings SciPy along: only the decoder process needs it

    bits = imagehash.phash(Image.fromarray(grey), hash_size=16).hash
    return np.packbits(bits.reshape(1, -1), axis=1).view(">u8").astype(np.uint64)


def pixel_digest(data: bytes, limits: Limits) -> bytes:
    """SHA-256 of the first frame's canonical pixels at full size: the same for every lossless copy of a picture."""
    digest = hashlib.sha256()
    with opened(data, limits, draft=False) as source:
        frame = canonical(source.picture, full=True)
        digest.update(b"%d x %d" % frame.size)
        for top in range(0, frame.height, 256):
            digest.update(frame.crop((0, top, frame.width, min(top + 256, frame.height))).tobytes())
    return digest.digest()
