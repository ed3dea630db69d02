"""The colours of a decoded picture as a viewer shows them: sRGB, eight bits, on white, and on black.

An embedded ICC profile (ISO 15076-1) is applied by LittleCMS, relative colorimetric with black point compensation, as
browsers and photo editors do. A profile is trusted by what it does: one that does not keep black dark, white light and
grey grey is damaged and ignored, one that changes nothing is sRGB by whatever name and costs nothing.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

_MAX_PROFILE_BYTES = 4 << 20  # bytes; the profiles of printing presses have up to 3 MB
_INVISIBLE_LEVELS = 2  # levels of difference that nobody sees
_MAX_BLACK, _MIN_WHITE, _MAX_TINT = 112, 200, 64  # how a grey axis may end and lean: black ink on newsprint is no black
_STRIP_ROWS = 256  # rows that are scaled at a time
_MIN_SPREAD_SHARE = 1e-3  # a spread below this share of the values is noise on one level
# CMYK without a profile is mixed as every browser does; only what follows has colours to be told from its numbers.
_GROUNDS = ((255, 255, 255), (0, 0, 0))
_SPACES = {"RGB": "RGB ", "L": "GRAY", "CMYK": "CMYK"}


def plain(frame: Image.Image) -> Image.Image:
    """A decoded frame in a mode that can be averaged: L, LA, RGB, RGBA, CMYK, YCbCr, LAB or HSV."""
    info, mode = frame.info, frame.mode
    if mode.startswith(("I", "F")):
        return _eight_bits(frame)
    if mode in ("PA", "La", "RGBa") or "transparency" in info:
        return frame.convert("RGBA")
    if mode in ("P", "RGBX"):
        return frame.convert("RGB")
    if mode in ("RGBA", "LA") and frame.getchannel("A").getextrema() == (255, 255):
        return frame.convert(mode[:-1])
    return frame.convert("L") if mode == "1" else frame


def srgb(frame: Image.Image, profile: object) -> tuple[Image.Image, ...]:
    """A frame that `plain` gave as RGB: one new picture, or of a frame with transparency one on white and one on black.

    On one ground alone, art of that colour would be a blank page.

    Args:
        profile: what the file says is its ICC profile.
    """
    profile = profile if isinstance(profile, bytes) else b""
    if frame.mode not in ("RGBA", "LA"):
        return (_converted(frame, profile),)
    opaque, alpha = _converted(frame.convert(frame.mode[:-1]), profile), frame.getchannel("A")
    grounds = [Image.new("RGB", frame.size, colour) for colour in _GROUNDS]
    for ground in grounds:
        ground.paste(opaque, mask=alpha)
    return tuple(grounds)


def _converted(frame: Image.Image, profile: bytes) -> Image.Image:
    transform = _lab() if frame.mode == "LAB" else _transform(profile, frame.mode) if profile else None
    if transform is None:
        return frame.convert("RGB")
    converted = ImageCms.applyTransform(frame, transform)
    assert converted is not None
    return converted


@cache
def _lab() -> ImageCms.ImageCmsTransform:
    return ImageCms.buildTransform(ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB")


@lru_cache(maxsize=8)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """From a profile to sRGB; None where there is nothing to change or nothing to be trusted."""
    if mode not in _SPACES or len(profile) > _MAX_PROFILE_BYTES or profile[16:20] != _SPACES[mode].encode():
        return None
    axis, probe = _probe(mode)
    try:
        transform = ImageCms.buildTransform(
            ImageCms.getOpenProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
        applied = ImageCms.applyTransform(probe, transform)
    except MemoryError:
        raise
    except Exception:  # LittleCMS says of a damaged profile whatever it stumbled over first
        return None
    assert applied is not None
    shown = np.asarray(applied, dtype=np.int16)[0]
    grey = shown[:axis]
    leans = (grey.max(axis=1) - grey.min(axis=1)).max()
    darkens = (np.diff(grey.mean(axis=1)) < -_INVISIBLE_LEVELS).any()
    if grey[0].max() > _MAX_BLACK or grey[-1].min() < _MIN_WHITE or leans > _MAX_TINT or darkens:
        return None
    if mode == "CMYK":
        return transform
    changed = np.abs(shown - np.asarray(probe.convert("RGB"), dtype=np.int16)[0]).max()
    return transform if changed > _INVISIBLE_LEVELS else None


@cache
def _probe(mode: str) -> tuple[int, Image.Image]:
    """Colours to try a profile with, one row: first so many on the grey axis from black to white."""
    levels = np.arange(0, 256, 17, dtype=np.uint8)
    if mode == "L":
        return len(levels), Image.fromarray(levels[None])
    if mode == "CMYK":
        black = np.zeros((1, len(levels), 4), dtype=np.uint8)
        black[..., 3] = 255 - levels
        return len(levels), Image.frombytes("CMYK", (len(levels), 1), black.tobytes())
    few = np.arange(0, 256, 51, dtype=np.uint8)
    cube = np.stack(np.meshgrid(few, few, few), axis=-1).reshape(-1, 3)
    return len(levels), Image.fromarray(np.concatenate((np.repeat(levels[:, None], 3, axis=1), cube))[None])


def _eight_bits(frame: Image.Image) -> Image.Image:
    """Grey levels of 16 or 32 bits or floats as eight.

    Unsigned 16 bits run from 0 to the highest bit that is used: cameras and scanners write 10, 12 or 14. Floats within
    0..1 are taken as they are; anything else from its smallest to its largest value. What is no number is black.
    """
    low, high = math.inf, -math.inf
    for strip in _strips(frame):
        finite = strip[np.isfinite(strip)]
        if len(finite):
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    if low > high:
        low, high = 0.0, 0.0
    if frame.mode.startswith("I;16"):
        low, high = 0.0, float(2 ** max(int(high).bit_length(), 8) - 1)
    elif frame.mode == "F" and low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    elif high - low <= _MIN_SPREAD_SHARE * max(abs(low), abs(high)):
        high = low
    factor = 255.0 / (high - low) if high > low else 0.0
    out = np.empty((frame.height, frame.width), dtype=np.uint8)
    for number, strip in enumerate(_strips(frame)):
        levels = np.nan_to_num((np.clip(strip, low, high) - low) * factor, nan=0.0)
        out[number * _STRIP_ROWS : number * _STRIP_ROWS + len(strip)] = np.rint(levels)
    return Image.fromarray(out)


def _strips(frame: Image.Image) -> Iterator[NDArray[np.float64]]:
    for top in range(0, frame.height, _STRIP_ROWS):
        yield np.asarray(frame.crop((0, top, frame.width, min(top + _STRIP_ROWS, frame.height)))).astype(np.float64)
