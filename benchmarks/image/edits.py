"""What people do to pictures, alone and combined."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

from benchmarks.image.drawn import Rng, of_levels, photo, post, words, write

Edit = Callable[[Image.Image, Rng], Image.Image]


def poor(picture: Image.Image, quality: int) -> Image.Image:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return Image.open(out).convert("RGB")


def grey(picture: Image.Image) -> Image.Image:
    return ImageOps.grayscale(picture).convert("RGB")


def resized(picture: Image.Image, x: float, y: float | None = None) -> Image.Image:
    return picture.resize(
        (max(1, round(picture.width * x)), max(1, round(picture.height * (y or x)))), Image.Resampling.BICUBIC
    )


def crop(picture: Image.Image, r: Rng, share: float) -> Image.Image:
    """A rectangle of this share of the area, of about the same shape, anywhere but in the upper quarter (the sky)."""
    side = share**0.5
    w, h = round(picture.width * side), round(picture.height * side)
    x = int(r.integers(0, picture.width - w + 1))
    y = int(r.integers(min(picture.height // 4, picture.height - h), picture.height - h + 1))
    return picture.crop((x, y, x + w, y + h))


def turned(picture: Image.Image, r: Rng) -> Image.Image:
    return picture.rotate(float(r.uniform(4, 356)), expand=True, fillcolor="white", resample=Image.Resampling.BICUBIC)


def noisy(picture: Image.Image, r: Rng) -> Image.Image:
    levels = np.asarray(picture, dtype=float)
    return of_levels(levels + r.normal(0, 22, levels.shape))


def captioned(picture: Image.Image, r: Rng) -> Image.Image:
    bar = picture.height // 5
    out = ImageOps.expand(picture, (0, bar, 0, bar), "white")
    draw = ImageDraw.Draw(out)
    for y in (bar // 6, out.height - bar + bar // 6):
        write(draw, (12, y), words(r, 3).upper(), max(bar // 2, 10))
    return out


def lettered(picture: Image.Image, r: Rng) -> Image.Image:
    """Text over about two fifths of the picture."""
    out = picture.copy()
    draw = ImageDraw.Draw(out)
    size = picture.height // 6
    for n in range(4):
        draw.text(
            (8, 8 + n * picture.height // 4), words(r, 2).upper(), fill="white", font=ImageFont.load_default(size),
            stroke_width=4, stroke_fill="black",
        )  # fmt: skip
    return out


def sticker(picture: Image.Image, r: Rng) -> Image.Image:
    out = picture.copy()
    draw = ImageDraw.Draw(out)
    size = min(picture.size) // 5
    x = int(r.integers(size, max(picture.width - size, size + 1)))
    y = int(r.integers(size, max(picture.height - size, size + 1)))
    draw.ellipse((x - size, y - size, x + size, y + size), fill=(255, 214, 40), outline="black", width=3)
    for side in (-1, 1):
        draw.ellipse(
            (x + side * size // 2 - 8, y - size // 3 - 8, x + side * size // 2 + 8, y - size // 3 + 8), fill="black"
        )
    draw.arc((x - size // 2, y - size // 4, x + size // 2, y + size // 2), 10, 170, fill="black", width=5)
    return out


def pixelated(picture: Image.Image, r: Rng) -> Image.Image:
    """A third of the width and half of the height in coarse squares."""
    out = picture.copy()
    w, h = picture.width // 3, picture.height // 2
    x, y = int(r.integers(0, picture.width - w)), int(r.integers(0, picture.height - h))
    part = out.crop((x, y, x + w, y + h))
    out.paste(part.resize((w // 16, h // 16)).resize((w, h), Image.Resampling.NEAREST), (x, y))
    return out


def perspective(picture: Image.Image, r: Rng) -> Image.Image:
    w, h = picture.size
    shift = r.uniform(0.03, 0.12, 8) * np.array([w, h] * 4) * np.array([1, 1, 1, -1, -1, -1, -1, 1])
    corners = np.array([0, 0, 0, h, w, h, w, 0]) + shift
    return picture.transform((w, h), Image.Transform.QUAD, corners.tolist(), Image.Resampling.BICUBIC)


def screenshot(picture: Image.Image, r: Rng) -> Image.Image:
    return post(int(r.integers(1 << 30)), int(r.integers(4)), picture)


def inside(picture: Image.Image, r: Rng) -> Image.Image:
    """The picture on a fifth of another one."""
    out = photo(int(r.integers(1 << 30))).resize((900, 700))
    small = picture.copy()
    small.thumbnail((420, 340))
    out.paste(small, (int(r.integers(0, 900 - small.width)), int(r.integers(0, 700 - small.height))))
    return out


def collage(pictures: Sequence[Image.Image]) -> Image.Image:
    """Two pictures side by side, or four in a square; each is cut to a square first."""
    rows = len(pictures) // 2
    sheet = Image.new("RGB", (620, 310 * rows), "white")
    for n, picture in enumerate(pictures):
        sheet.paste(ImageOps.fit(picture, (300, 300)), (5 + 310 * (n % 2), 5 + 310 * (n // 2)))
    return sheet


# What leaves the whole picture to be seen; these are done to every kind of work.
WHOLE: dict[str, Edit] = {
    "reencode_q10": lambda p, r: poor(p, 10),
    "resize_quarter": lambda p, r: resized(p, 0.25),
    "resize_4x": lambda p, r: resized(p, 4),
    "aspect": lambda p, r: resized(p, 1, 0.75),
    "grey": lambda p, r: grey(p),
    "blur": lambda p, r: p.filter(ImageFilter.GaussianBlur(2.5)),
    "noise": noisy,
    "contrast": lambda p, r: ImageEnhance.Color(ImageEnhance.Contrast(p).enhance(1.5)).enhance(1.6),
    "border": lambda p, r: ImageOps.expand(p, min(p.size) // 6, "black"),
    "caption_bars": captioned,
    "screenshot": screenshot,
}
# These are done to photographs only: of a chart or an app's page they can leave nothing but its template.
OTHERS: dict[str, Edit] = {
    "crop_50": lambda p, r: crop(p, r, 0.5),
    "crop_25": lambda p, r: crop(p, r, 0.25),
    "crop_10": lambda p, r: crop(p, r, 0.1),
    "mirror": lambda p, r: ImageOps.mirror(p),
    "rotate": turned,
    "perspective": perspective,
    "invert": lambda p, r: ImageOps.invert(p),
    "text_over": lettered,
    "sticker": sticker,
    "pixelated_part": pixelated,
    "inside_another": inside,
    "combo_mirror_crop_poor": lambda p, r: poor(crop(ImageOps.mirror(p), r, 0.5), 20),
    "combo_rotate_grey_border": lambda p, r: ImageOps.expand(
        ImageOps.grayscale(turned(p, r)).convert("RGB"), 40, "black"
    ),
    "combo_crop_caption_screenshot": lambda p, r: screenshot(captioned(crop(p, r, 0.5), r), r),
}
COLLAGES = {"collage_2": 2, "collage_4": 4}
