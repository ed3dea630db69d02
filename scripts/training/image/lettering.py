"""Colours, invented words, and ways of lettering them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from benchmarks.image.drawn import Rng

Colour = tuple[int, int, int]
WHITE: Colour = (255, 255, 255)
_CONSONANTS = [*"bcdfghklmnprstvw", "st", "ch", "tr", "br"]
_VOWELS = [*"aeiou", "ea", "ou"]


def colour(r: Rng, low: int = 0, high: int = 256) -> Colour:
    red, green, blue = (int(c) for c in r.integers(low, high, 3))
    return red, green, blue


def shaded(of: Colour, by: float) -> Colour:
    """A colour so many times as bright."""
    red, green, blue = (min(255, int(c * by)) for c in of)
    return red, green, blue


def prose(r: Rng, count: int, least: int = 1) -> str:
    """Invented words.

    Args:
        count: of words.
        least: syllables of a word; three at most.
    """
    chosen = [
        "".join(str(r.choice(_CONSONANTS)) + str(r.choice(_VOWELS)) for _ in range(int(r.integers(least, 4))))
        for _ in range(count)
    ]
    return " ".join(word + str(r.choice(["", "n", "s", "r"])) for word in chosen)


@lru_cache(64)
def _font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


class Hand:
    """A way of lettering: slant, width and weight of the one fount that Pillow carries."""

    def __init__(self, r: Rng) -> None:
        self.slant = float(r.choice([0, 0, 0, 0.2, 0.35]))
        self.width = float(r.uniform(0.75, 1.25))
        self.weight = int(r.integers(0, 2))

    def write(self, page: Image.Image, at: Sequence[float], text: str, size: float, fill: Colour = (0, 0, 0)) -> None:
        """Writes one line."""
        if not text:
            return
        font = _font(max(size, 6))
        box = font.getbbox(text, stroke_width=self.weight)
        wide, high = math.ceil(box[2]) + 4, math.ceil(box[3]) + 4
        mask = Image.new("L", (wide, high))
        ImageDraw.Draw(mask).text((1, 1), text, 255, font, stroke_width=self.weight)
        out = (max(1, round(wide * self.width + self.slant * high)), high)
        lean = (1 / self.width, self.slant / self.width, -self.slant * high / self.width, 0, 1, 0)
        mask = mask.transform(out, Image.Transform.AFFINE, lean, Image.Resampling.BICUBIC)
        page.paste(fill, (round(at[0]), round(at[1])), mask)

    def lines(
        self, page: Image.Image, r: Rng, box: Sequence[float], size: float, fill: Colour = (0, 0, 0), step: float = 1.4
    ) -> None:
        """Fills a box with ragged lines."""
        x, y, right, bottom = box
        per_letter = 0.52 * size * self.width
        while y + size <= bottom:
            text = prose(r, int((right - x) / per_letter / 4) + 1)[: int((right - x) / per_letter * r.uniform(0.7, 1))]
            self.write(page, (x, y), text, size, fill)
            y += step * size
