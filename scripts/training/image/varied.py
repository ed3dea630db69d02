"""What people do to pictures, in every strength, alone and two or three at once; no two uploads are lettered alike."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from benchmarks.image.drawn import Rng, of_levels
from benchmarks.image.edits import Edit, crop, grey, perspective, poor, resized
from scripts.training.image.lettering import WHITE, Colour, Hand, colour, prose
from scripts.training.image.scenery import emblem, scenery
from scripts.training.image.sheets import app


def _between(r: Rng, low: float, high: float) -> float:
    return float(r.uniform(low, high))


def _rotated(p: Image.Image, r: Rng, degrees: float) -> Image.Image:
    back = ("white", "black", colour(r))[int(r.integers(3))]
    kept = bool(r.random() < 0.7)
    return p.rotate(degrees * float(r.choice([-1, 1])), Image.Resampling.BICUBIC, expand=kept, fillcolor=back)


def _coloured(p: Image.Image, r: Rng) -> Image.Image:
    """A filter: channels mixed, curves bent."""
    mix = np.eye(3) + r.normal(0, 0.22, (3, 3))
    levels = (np.asarray(p, dtype=np.float32) / 255) @ mix
    bent = np.clip(levels, 0, 1) ** r.uniform(0.55, 1.8, 3)
    return of_levels(255 * bent)


def _lights(p: Image.Image, r: Rng) -> Image.Image:
    for kind in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        p = kind(p).enhance(_between(r, 0.5, 1.6))
    return p


def _sharper(p: Image.Image, r: Rng) -> Image.Image:
    return p.filter(ImageFilter.UnsharpMask(_between(r, 1, 4), int(r.integers(80, 300)), 2))


def _sepia(p: Image.Image, r: Rng) -> Image.Image:
    dark, light = colour(r, 0, 90), colour(r, 170, 256)
    return ImageOps.colorize(ImageOps.grayscale(p), dark, light)


def _outlined(page: Image.Image, hand: Hand, at: tuple[float, float], text: str, size: float, fill: Colour) -> None:
    """Letters that can be read on anything."""
    for dx, dy in ((-2, 0), (2, 0), (0, -2), (0, 2)):
        hand.write(page, (at[0] + dx, at[1] + dy), text, size)
    hand.write(page, at, text, size, fill)


def _lettered(p: Image.Image, r: Rng, lines: int, size: float) -> Image.Image:
    out, hand = p.copy(), Hand(r)
    fill, motley = WHITE if r.random() < 0.6 else colour(r), bool(r.random() < 0.5)
    for n in range(lines):
        if motley:
            hand, fill = Hand(r), colour(r)
        y = p.height * (n + _between(r, 0, 0.3)) / lines
        _outlined(out, hand, (_between(r, 0, 20), y), prose(r, 9)[: int(1.9 * p.width / size)], size, fill)
    return out


def text_overlay(p: Image.Image, r: Rng) -> Image.Image:
    size = p.height / _between(r, 7, 14)
    return _lettered(p, r, int(r.integers(2, 6)), size)


def text_all_over(p: Image.Image, r: Rng) -> Image.Image:
    size = p.height / _between(r, 5, 12)
    return _lettered(p, r, max(4, int(p.height / size / _between(r, 1.05, 1.5))), size)


def text_panel(p: Image.Image, r: Rng) -> Image.Image:
    """A panel of letters on a quarter to nearly a half of the picture."""
    out, (w, h) = p.copy(), p.size
    share, ratio = _between(r, 0.25, 0.45), _between(r, 0.6, 1.6)
    wide = min(0.95 * w, math.sqrt(share * w * h * ratio))
    high = min(0.95 * h, share * w * h / wide)
    x, y = _between(r, 0, w - wide), _between(r, 0, h - high)
    back, letters = (WHITE, (20, 20, 20)) if r.random() < 0.5 else (colour(r, 0, 90), (240, 240, 240))
    panel = Image.new("RGB", (round(wide), round(high)), back)
    Hand(r).lines(panel, r, (8, 8, wide - 8, high - 4), h / _between(r, 11, 22), letters)
    alpha = 255 if r.random() < 0.7 else 200
    out.paste(panel, (round(x), round(y)), Image.new("L", panel.size, alpha))
    return out


def watermark(p: Image.Image, r: Rng) -> Image.Image:
    hand, size, text = Hand(r), p.height / _between(r, 8, 18), prose(r, 2)
    mask = Image.new("RGB", p.size)
    for n in range(int(r.integers(1, 7))):
        at = (_between(r, 0, 0.6) * p.width, (n * _between(r, 0.1, 0.2)) % 0.9 * p.height)
        hand.write(mask, at, text, size, (int(r.integers(90, 190)),) * 3)
    return Image.composite(Image.new("RGB", p.size, WHITE), p, mask.convert("L"))


def caption(p: Image.Image, r: Rng) -> Image.Image:
    bar = int(p.height * _between(r, 0.12, 0.35))
    back, letters = (WHITE, (0, 0, 0)) if r.random() < 0.5 else ((0, 0, 0), WHITE)
    top = bool(r.random() < 0.7)
    out = ImageOps.expand(p, (0, bar if top else 0, 0, 0 if top and r.random() < 0.6 else bar), back)
    hand = Hand(r)
    start = 6 if top else p.height + 6
    hand.lines(out, r, (10, start, p.width - 10, start + bar - 6), bar / 4, letters)
    return out


def stickers(p: Image.Image, r: Rng) -> Image.Image:
    out = p.copy()
    for _ in range(int(r.integers(1, 4))):
        mark = emblem(r, max(8, int(min(p.size) * _between(r, 0.12, 0.36))))
        out.paste(mark, (int(_between(r, 0, p.width - mark.width)), int(_between(r, 0, p.height - mark.height))), mark)
    return out


def covered(p: Image.Image, r: Rng) -> Image.Image:
    """Parts in coarse squares, blurred, or of one colour."""
    out = p.copy()
    for _ in range(int(r.integers(1, 4))):
        w, h = (min(side, max(16, int(side * _between(r, 0.15, 0.4)))) for side in p.size)
        x, y = int(_between(r, 0, p.width - w)), int(_between(r, 0, p.height - h))
        part = out.crop((x, y, x + w, y + h))
        how, cell = int(r.integers(3)), int(r.integers(8, 20))
        if how == 0:
            part = part.resize((max(1, w // cell), max(1, h // cell))).resize((w, h), Image.Resampling.NEAREST)
        elif how == 1:
            part = part.filter(ImageFilter.GaussianBlur(cell))
        else:
            part = Image.new("RGB", (w, h), colour(r))
        out.paste(part, (x, y))
    return out


def letterbox(p: Image.Image, r: Rng) -> Image.Image:
    """In a story: above and below it its own blur, a colour, or black."""
    tall = (450, 800)
    if r.random() < 0.4:
        out = ImageOps.fit(p, tall).filter(ImageFilter.GaussianBlur(18))
    else:
        out = Image.new("RGB", tall, colour(r) if r.random() < 0.5 else (0, 0, 0))
    fitted = ImageOps.contain(p, (450, 620))
    out.paste(fitted, ((450 - fitted.width) // 2, (800 - fitted.height) // 2))
    if r.random() < 0.5:
        _outlined(out, Hand(r), (30, 60), prose(r, 3), 30, WHITE)
    return out


def inside(p: Image.Image, r: Rng) -> Image.Image:
    back = scenery(r, (900, 675))
    small = ImageOps.contain(p, (int(900 * _between(r, 0.28, 0.6)), int(675 * _between(r, 0.28, 0.6))))
    back.paste(small, (int(_between(r, 0, 900 - small.width)), int(_between(r, 0, 675 - small.height))))
    return back


def on_a_post(p: Image.Image, r: Rng) -> Image.Image:
    return app(np.random.default_rng(int(r.integers(1 << 40))), r, p)


def screen_photo(p: Image.Image, r: Rng) -> Image.Image:
    """A photograph of a screen: askew, moire, a bright corner, a dark frame."""
    p = ImageOps.expand(resized(p, 1.4), int(r.integers(8, 40)), (12, 12, 14))
    levels = np.asarray(p, dtype=np.float32)
    y, x = np.mgrid[: p.height, : p.width]
    a, b, angle = _between(r, 2.2, 4.5), _between(r, 3, 14), _between(r, -0.2, 0.2)
    stripes = 1 + b / 100 * np.sin(2 * np.pi * (x * math.cos(angle) + y * math.sin(angle)) / a)
    away = (x / p.width - r.random()) ** 2 + (y / p.height - r.random()) ** 2
    light = _between(r, 0, 70) * np.exp(-away / 0.15)
    levels = levels * stripes[..., None] * _between(r, 0.6, 1) + light[..., None] + r.normal(0, 5, levels.shape)
    shown = of_levels(levels).filter(ImageFilter.GaussianBlur(_between(r, 0.5, 1.4)))
    return resized(_rotated(perspective(shown, r), r, _between(r, 0, 4)), _between(r, 0.5, 0.8))


def _posterised(p: Image.Image, r: Rng) -> Image.Image:
    return ImageOps.posterize(p, int(r.integers(1, 4)))


def _palette(p: Image.Image, r: Rng) -> Image.Image:
    few = p.quantize(int(r.choice([8, 16, 32, 64])))
    if r.random() < 0.6:
        few = p.quantize(palette=few, dither=Image.Dither.FLOYDSTEINBERG)
    return few.convert("RGB")


def _noisy(p: Image.Image, r: Rng) -> Image.Image:
    levels = np.asarray(p, dtype=np.float32)
    if r.random() < 0.3:
        hit = r.random(levels.shape[:2]) < _between(r, 0.02, 0.1)
        return of_levels(np.where(hit[..., None], 255 * r.integers(0, 2, (*hit.shape, 1)), levels))
    return of_levels(levels + r.normal(0, _between(r, 10, 40), levels.shape))


def _painted(p: Image.Image, r: Rng) -> Image.Image:
    """Restyled: strokes instead of detail, edges drawn."""
    smooth = p.filter(ImageFilter.ModeFilter(int(r.choice([5, 7, 9]))))
    edges = ImageOps.invert(ImageOps.grayscale(p.filter(ImageFilter.FIND_EDGES)))
    return Image.blend(smooth, edges.convert("RGB"), _between(r, 0.0, 0.45))


def _bordered(p: Image.Image, r: Rng) -> Image.Image:
    w, h = (int(side * _between(r, 0.03, 0.3)) for side in p.size)
    return ImageOps.expand(p, (w, h, int(w * _between(r, 0.5, 1.5)), int(h * _between(r, 0.5, 1.5))), colour(r))


def _aspect(p: Image.Image, r: Rng) -> Image.Image:
    by = _between(r, 0.6, 0.9)
    return resized(p, by, 1) if r.random() < 0.5 else resized(p, 1, by)


def _shifted(p: Image.Image, r: Rng) -> Image.Image:
    """Trimmed by a little, turned by a little: hardly to be seen."""
    w, h = p.size
    left, top, right, bottom = (r.uniform(0, 0.025, 4) * (w, h, w, h)).round().tolist()
    p = p.crop((int(left), int(top), int(w - right), int(h - bottom)))
    return p if r.random() < 0.6 else p.rotate(_between(r, -1.2, 1.2), Image.Resampling.BICUBIC)


# what leaves the whole picture, and done to any kind of work
EDITS: dict[str, Edit] = {
    "reencoded": lambda p, r: poor(p, int(r.integers(5, 60))),
    "smaller": lambda p, r: resized(p, _between(r, 0.2, 0.5)),
    "larger": lambda p, r: resized(p, _between(r, 1.8, 3.5)),
    "aspect": _aspect,
    "shifted": _shifted,
    "grey": lambda p, r: grey(p),
    "coloured": _coloured,
    "lights": _lights,
    "sepia": _sepia,
    "sharper": _sharper,
    "blurred": lambda p, r: p.filter(ImageFilter.GaussianBlur(_between(r, 1, 3.2))),
    "noise": _noisy,
    "posterised": _posterised,
    "palette": _palette,
    "painted": _painted,
    "mirrored": lambda p, r: ImageOps.mirror(p),
    "flipped": lambda p, r: ImageOps.flip(p),
    "turned_90": lambda p, r: p.transpose(Image.Transpose.ROTATE_90),
    "turned_180": lambda p, r: p.transpose(Image.Transpose.ROTATE_180),
    "rotated_little": lambda p, r: _rotated(p, r, _between(r, 1, 8)),
    "rotated": lambda p, r: _rotated(p, r, _between(r, 8, 80)),
    "perspective": perspective,
    "inverted": lambda p, r: ImageOps.invert(p),
    "inverted_mirrored": lambda p, r: ImageOps.invert(ImageOps.mirror(p)),
    "bordered": _bordered,
    "letterbox": letterbox,
    "caption": caption,
    "watermark": watermark,
    "stickers": stickers,
    "covered": covered,
    "text_overlay": text_overlay,
    "text_all_over": text_all_over,
    "text_panel": text_panel,
    "on_a_post": on_a_post,
    "inside": inside,
    "screen_photo": screen_photo,
}


def _part(p: Image.Image, r: Rng, low: float, high: float) -> Image.Image:
    """A crop of a share of the area between these, of three the one with most in it: nobody lifts a bare wall."""
    crops = [crop(p, r, _between(r, low, high)) for _ in range(3)]
    return max(crops, key=lambda each: float(np.asarray(each.filter(ImageFilter.FIND_EDGES)).mean()))


# what leaves a part; of a chart or a page it may leave nothing but the template
PARTS: dict[str, Edit] = {
    "crop_60": lambda p, r: _part(p, r, 0.5, 0.85),
    "crop_35": lambda p, r: _part(p, r, 0.25, 0.5),
    "crop_10": lambda p, r: _part(p, r, 0.1, 0.2),
}
ALL = EDITS | PARTS
_FRAMES = ("on_a_post", "inside", "letterbox")  # what a picture is put into
# of each group a combination has one at most
_GROUPS = ((*_FRAMES, "crop_10"), tuple(PARTS), ("inverted", "inverted_mirrored"))


def combined(r: Rng, count: int, choice: Sequence[str]) -> Edit:
    """Some edits one after another, of those named."""
    names: list[str] = []
    while len(names) < count:
        name = str(r.choice(choice))
        beside = {name}.union(*(group for group in _GROUPS if name in group))
        if beside.isdisjoint(names):
            names.append(name)
    names.sort(key=lambda name: name in _FRAMES)  # last

    def edit(p: Image.Image, r: Rng) -> Image.Image:
        for name in names:
            p = ALL[name](p, r)
        return p

    return edit


def collage(pictures: Sequence[Image.Image], r: Rng) -> Image.Image:
    """Two to four pictures, whole or cut to cells, with or without gaps."""
    count, gap = len(pictures), int(r.integers(0, 14))
    across = 2 if count > 2 or r.random() < 0.6 else 1
    down = math.ceil(count / across)
    wide, high = 320, int(320 * _between(r, 0.7, 1.1))
    sheet = Image.new("RGB", (across * (wide + gap) + gap, down * (high + gap) + gap), colour(r))
    whole = bool(r.random() < 0.4)
    for n, picture in enumerate(pictures):
        cell = (wide * 2 + gap, high) if count == 3 and n == 2 else (wide, high)
        put = ImageOps.pad(picture, cell, color=colour(r)) if whole else ImageOps.fit(picture, cell)
        sheet.paste(put, (gap + n % across * (wide + gap), gap + n // across * (high + gap)))
    return sheet
