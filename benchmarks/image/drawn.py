"""Pictures drawn by code, each from a seed: what people register, and what only shares a layout with it.

A chart, a post or a branded picture has a template, which many others have too, and contents of its own.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from fingerprints.image.examples import photograph

SIDE = 500  # pixels of the longer side
TEMPLATES = 4  # of each kind
_SHAPES = ((500, 375), (375, 500), (500, 333), (500, 500))
_INKS = ((24, 60, 120), (170, 40, 40), (20, 110, 70), (90, 50, 130))
_WORDS = """
    harbour market winter council bridge season record river ferry garden school price summer bakery station valley
    night island library weather orchard village forest concert museum kitchen railway mountain evening autumn
""".split()  # noqa: SIM905  a list of thirty strings is harder to read

Rng = np.random.Generator


def of_levels(levels: np.ndarray) -> Image.Image:
    """A picture of levels, which may lie beyond 0 to 255, shape (height, width, 3)."""
    return Image.fromarray(levels.clip(0, 255).astype(np.uint8))


def words(r: Rng, count: int) -> str:
    return " ".join(r.choice(_WORDS, count).tolist())


def write(draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, size: int, fill: object = "black") -> None:
    draw.text(at, text, fill=fill, font=ImageFont.load_default(size))


def photo(seed: int, template: int = 0) -> Image.Image:
    """A photograph in one of four shapes; it has no template."""
    return photograph(seed, _SHAPES[seed % len(_SHAPES)])


def chart(seed: int, template: int) -> Image.Image:
    """A publisher's chart: frame, axis, lettering and colours are the template's, title and values the seed's."""
    r, ink = np.random.default_rng([seed, 1]), _INKS[template]
    page = Image.new("RGB", (SIDE, 375), (255, 255, 255) if template % 2 else (246, 241, 232))
    draw = ImageDraw.Draw(page)
    draw.rectangle((0, 0, SIDE, 8), fill=ink)
    write(draw, (20, 16), words(r, 3).capitalize(), 22)
    write(draw, (20, 44), f"Index, {2000 + template} = 100", 13, (90, 90, 90))
    for line in range(6):
        y = 80 + 44 * line
        draw.line((50, y, 480, y), fill=(205, 205, 205))
        write(draw, (16, y - 8), str(250 - 50 * line), 13, (90, 90, 90))
    values = r.uniform(30, 215, 14)
    places = [(65.0 + 31 * n, 300.0 - value) for n, value in enumerate(values.tolist())]
    if template < TEMPLATES // 2:
        for x, y in places:
            draw.rectangle((x - 9, y, x + 9, 300), fill=ink)
    else:
        draw.line(places, fill=ink, width=4)
        for x, y in places:
            draw.ellipse((x - 5, y - 5, x + 5, y + 5), fill="white", outline=ink, width=2)
    for n, (x, _) in enumerate(places):
        write(draw, (x - 12, 306), f"{2010 + n}"[2:], 13, (90, 90, 90))
    draw.line((50, 300, 480, 300), fill="black", width=2)
    write(draw, (20, 346), f"Source: Office of Figures {template + 1}   The Daily Example", 12, (90, 90, 90))
    return page


def post(seed: int, template: int, picture: Image.Image | None = None) -> Image.Image:
    """A screenshot of an app that shows a picture: its bars, buttons and icons are the template's.

    Args:
        picture: what is shown; None: a photograph of the seed's own.
    """
    r, ink = np.random.default_rng([seed, 2]), _INKS[template]
    dark = template == 1
    page = Image.new("RGB", (450, 800), (18, 20, 24) if dark else (252, 252, 252))
    draw, letters = ImageDraw.Draw(page), (235, 235, 235) if dark else (20, 20, 20)
    write(draw, (16, 6), "09:41", 16, letters)
    for bar in range(4):
        draw.rectangle((370 + 8 * bar, 20 - 4 * bar, 375 + 8 * bar, 22), fill=letters)
    draw.rectangle((410, 8, 436, 22), outline=letters, width=2)
    draw.rectangle((0, 32, 450, 80), fill=ink)
    write(draw, (16, 42), ("Chirper", "Nightly", "Framely", "Townhall")[template], 26, "white")
    draw.ellipse((404, 44, 428, 68), outline="white", width=3)
    draw.line((425, 65, 436, 76), fill="white", width=3)
    draw.ellipse((14, 92, 58, 136), fill=tuple(int(c) for c in r.integers(40, 220, 3)))
    write(draw, (68, 94), words(r, 2).replace(" ", "_"), 18, letters)
    write(draw, (68, 116), f"{int(r.integers(2, 59))} min", 14, (130, 130, 130))
    shown = photograph(seed) if picture is None else picture
    shown = shown.resize((450, max(1, min(420, round(450 * shown.height / shown.width)))), Image.Resampling.LANCZOS)
    page.paste(shown, (0, 146))
    y = 156 + shown.height
    draw.polygon(
        [(24, y + 26), (10, y + 12), (17, y + 4), (24, y + 10), (31, y + 4), (38, y + 12)], outline=ink, width=3
    )
    draw.ellipse((60, y + 4, 84, y + 24), outline=letters, width=3)
    draw.polygon([(110, y + 4), (136, y + 14), (110, y + 26)], outline=letters, width=3)
    draw.rectangle((412, y + 3, 428, y + 26), outline=letters, width=3)
    write(draw, (14, y + 34), f"{int(r.integers(20, 9000))} people like this", 16, letters)
    for line in range(3):
        write(draw, (14, y + 60 + 24 * line), words(r, 5), 16, letters)
    draw.rectangle((0, 752, 450, 800), fill=(40, 42, 48) if dark else (236, 236, 236))
    for n in range(5):
        draw.rounded_rectangle((28 + 88 * n, 762, 56 + 88 * n, 790), 4 + 3 * n, outline=letters, width=3)
    return page


def branded(seed: int, template: int) -> Image.Image:
    """A photograph in a publisher's frame: its mark, name, band and pattern are the template's."""
    r, ink = np.random.default_rng([seed, 3]), _INKS[template]
    page = photograph(seed, (500, 500))
    draw = ImageDraw.Draw(page)
    draw.rectangle((0, 400, 500, 500), fill=ink)
    for n in range(12):
        draw.polygon([(n * 44, 400), (n * 44 + 22, 386), (n * 44 + 44, 400)], fill="white", outline=ink, width=2)
    draw.regular_polygon((52, 450, 36), 3 + template, fill="white")
    draw.regular_polygon((52, 450, 18), 5 + template, rotation=20, fill=ink)
    write(draw, (100, 412), ("EXAMPLE TIMES", "RADIO NORTH", "OPEN MAPS", "CITY DESK")[template], 18, "white")
    write(draw, (100, 440), words(r, 4).capitalize(), 22, "white")
    return page


DRAWN: dict[str, Callable[[int, int], Image.Image]] = {
    "photo": photo,
    "chart": chart,
    "post": post,
    "branded": branded,
}
_TURN = ("photo", "chart", "photo", "post", "photo", "branded", "photo")  # what a set is made of


def kind(number: int) -> str:
    """What the work of this number is."""
    return _TURN[number % len(_TURN)]


def work(number: int, seed: int = 1) -> Image.Image:
    """The work of this number, below ten million; it depends on its number and the seed only."""
    return DRAWN[kind(number)](seed * 10_000_000 + number, number // len(_TURN) % TEMPLATES)
