"""What reposts do to pictures: each function takes RGB pixels and gives the bytes of another file.

``open_picture`` takes any picture file the fingerprints package reads.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageEnhance, ImageFont, ImageStat

from fingerprints.errors import UnreadableMedia
from fingerprints.image.decoding import canonical, opened
from fingerprints.model import Limits

LARGEST = 1600  # pixels of the longer side that a repost keeps at most, as platforms do
SMALLEST = 64  # pixels of the shorter side; a half of less shows nothing
FLATTEST = 4.0  # standard deviation of the grey values, 0..255; flatter ones only match exactly


def open_picture(data: bytes) -> Image.Image:
    """The first frame as a viewer shows it, in RGB, at most LARGEST pixels long.

    The bytes are decoded in this process: give it only files that the decoder process has read before.

    Raises:
        UnreadableMedia: damaged, ``too_small`` or ``no_texture``.
        LimitExceeded: too many pixels.
    """
    with opened(data, Limits(), draft=False) as source:
        source.picture.draft(None, (LARGEST, LARGEST))  # a large JPEG decodes faster to a fraction of its size
        picture = canonical(source.picture, full=True)[0]
    if min(picture.size) < SMALLEST:
        raise UnreadableMedia("too_small", f"the picture is only {picture.width} x {picture.height} pixels")
    if ImageStat.Stat(picture.convert("L")).stddev[0] < FLATTEST:
        raise UnreadableMedia("no_texture", "the picture is nearly of one colour")
    picture.thumbnail((LARGEST, LARGEST))
    return picture


def _saved(picture: Image.Image, format: str, **options: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, format, **options)
    return out.getvalue()


def recompressed(picture: Image.Image) -> bytes:
    return _saved(picture, "JPEG", quality=40)


def halved(picture: Image.Image) -> bytes:
    size = max(1, picture.width // 2), max(1, picture.height // 2)
    return _saved(picture.resize(size, Image.Resampling.LANCZOS), "JPEG", quality=85)


def mirrored(picture: Image.Image) -> bytes:
    return _saved(picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT), "JPEG", quality=85)


def edited(picture: Image.Image) -> bytes:
    """Brighter, more contrast, and a small watermark in the lower right corner."""
    bright = ImageEnhance.Contrast(ImageEnhance.Brightness(picture).enhance(1.12)).enhance(1.06)
    height = max(12, min(bright.size) // 18)
    mark = "daily-mist.example"
    draw = ImageDraw.Draw(bright, "RGBA")
    font = ImageFont.load_default(size=height * 0.62)
    width = draw.textlength(mark, font=font) + height
    right, bottom = bright.width - height * 0.5, bright.height - height * 0.5
    draw.rounded_rectangle((right - width, bottom - height, right, bottom), height / 4, fill=(0, 0, 0, 110))
    draw.text((right - width / 2, bottom - height / 2), mark, font=font, fill=(255, 255, 255, 215), anchor="mm")
    return _saved(bright, "JPEG", quality=85)


def as_webp(picture: Image.Image) -> bytes:
    return _saved(picture, "WEBP", quality=75, method=2)


def as_png(picture: Image.Image) -> bytes:
    return _saved(picture, "PNG", compress_level=3)


@dataclass(frozen=True, slots=True)
class PictureChange:
    """One thing done to a picture, with its name in file names and its description for people."""

    name: str
    ending: str
    make: Callable[[Image.Image], bytes]
    english: str
    chinese: str


CHANGES = (
    PictureChange("recompressed", ".jpg", recompressed, "saved again at JPEG quality 40", "以 JPEG 质量 40 重新压缩"),
    PictureChange("mirrored", ".jpg", mirrored, "mirrored left to right", "左右镜像"),
    PictureChange("half", ".jpg", halved, "resized to 50 %", "缩小到 50 %"),
    PictureChange("edited", ".jpg", edited, "brightened, with a watermark in a corner", "调亮，角落加了水印"),
    PictureChange("webp", ".webp", as_webp, "converted to WebP", "转换为 WebP"),
    PictureChange("png", ".png", as_png, "converted to PNG", "转换为 PNG"),
)
