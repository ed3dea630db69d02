"""One simple figure: the star of another flag is no copy of a flag, nor one emblem of another; copies are found."""

import math

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from fingerprints.image.examples import saved
from fingerprints.model import Match
from tests.fingerprints.finding import made, match, search

Colour = tuple[int, int, int]
RED, YELLOW, GREEN, BLUE, WHITE = (218, 37, 29), (255, 255, 0), (0, 158, 73), (65, 137, 221), (255, 255, 255)


def star(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, fill: Colour) -> None:
    points = []
    for n in range(10):
        length, angle = radius * (0.382 if n % 2 else 1), math.pi * (n / 5 - 0.5)
        points.append((x + length * math.cos(angle), y + length * math.sin(angle)))
    draw.polygon(points, fill=fill)


def flag(ground: Colour, fill: Colour, radius: float, stripe: Colour | None = None) -> Image.Image:
    out = Image.new("RGB", (600, 400), ground)
    draw = ImageDraw.Draw(out)
    if stripe is not None:
        draw.rectangle((0, 200, 600, 400), fill=stripe)
    star(draw, 300, 200, radius, fill)
    return out


def emblem(seed: int) -> Image.Image:
    """A disc with two small shapes on a dark ground."""
    r = np.random.default_rng(seed)
    colours = [tuple(each) for each in r.integers(60, 256, (3, 3)).tolist()]
    out = Image.new("RGB", (800, 450), tuple(r.integers(10, 60, 3).tolist()))
    draw = ImageDraw.Draw(out)
    draw.ellipse((336, 161, 464, 289), fill=colours[0])
    for colour in colours[1:]:
        x, y = r.integers((360, 190), (420, 250)).tolist()
        draw.regular_polygon((x, y, int(r.integers(10, 22))), int(r.integers(3, 7)), int(r.integers(90)), fill=colour)
    return out


def found(picture: Image.Image, work: Image.Image) -> Match | None:
    return match(made(saved(picture, "JPEG", quality=85), thorough=True), made(saved(work)))


@pytest.mark.parametrize(
    "other",
    [
        flag(RED, YELLOW, 65, GREEN),
        flag(BLUE, WHITE, 80),
        ImageOps.mirror(flag(WHITE, RED, 50, GREEN)),
        flag(GREEN, WHITE, 115).rotate(144),
    ],
    ids=["two stripes", "blue", "white and green", "turned"],
)
def test_the_star_of_another_flag_is_no_copy(other: Image.Image) -> None:
    assert found(other, flag(RED, YELLOW, 115)) is None


@pytest.mark.parametrize("edit", ["as it is", "smaller", "darker", "bordered", "mirrored"])
def test_a_copy_of_a_flag_is_found(edit: str) -> None:
    work = flag(RED, YELLOW, 115)
    copies = {
        "as it is": work,
        "smaller": work.resize((240, 160)),
        "darker": ImageEnhance.Brightness(work).enhance(0.8),
        "bordered": ImageOps.expand(work, 60, "white"),
        "mirrored": ImageOps.mirror(work),
    }
    assert found(copies[edit], work) is not None


def test_other_emblems_on_plain_ground_are_no_copies() -> None:
    works = [made(saved(emblem(seed))) for seed in range(8)]
    for seed in range(20, 25):
        assert search(made(saved(emblem(seed), "JPEG", quality=85), thorough=True), works).matches == {}
    assert search(made(saved(emblem(3), "JPEG", quality=85), thorough=True), works).matches.keys() >= {3}
