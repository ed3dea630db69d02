"""Families of pictures drawn by code: members have a template, a place, a person or a maker in common, and contents of
their own.

What is shared (lettering, colours, layout, scenery) is drawn by random numbers of the family's, so that no two families
have one template; what is a member's own, by numbers of its own.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from benchmarks.image.drawn import Rng
from scripts.training.image.lettering import WHITE, Hand, colour, prose, shaded
from scripts.training.image.scenery import blob, emblem, facade, grain, ground, scenery, sky, tinted
from scripts.training.image.sheets import app, chart, comic, document, map_, slide, text_page, ui_page


def photo(style: Rng, r: Rng) -> Image.Image:
    """A photograph; nothing is shared."""
    return scenery(r)


def texture(style: Rng, r: Rng) -> Image.Image:
    """Bricks, checks, pebbles, grass: another piece of one pattern."""
    size = (480, 360)
    which, dark, light = int(style.integers(4)), colour(style, 0, 150), colour(style, 90, 256)
    step = int(style.integers(12, 44))
    picture = tinted(ground(r, size, 0.85 if which < 3 else 0.97, 2, 9), dark, light)
    draw = ImageDraw.Draw(picture)
    if which == 0:
        for row, y in enumerate(range(-int(r.integers(step)), size[1], step)):
            for x in range(-int(r.integers(step)) - row % 2 * step, size[0], 2 * step):
                draw.rectangle((x, y, x + 2 * step - 4, y + step - 4), fill=shaded(dark, float(r.uniform(0.7, 1.2))))
    elif which == 1:
        inks = [colour(style) for _ in range(3)]
        for n, at in enumerate(range(-int(r.integers(step)), max(size), step)):
            for stripe in ((at, 0, at + step // 3, size[1]), (0, at, size[0], at + step // 3)):
                mask = Image.new("L", size)
                ImageDraw.Draw(mask).rectangle(stripe, fill=110)
                picture.paste(inks[n % 3], mask=mask)
    elif which == 2:
        for x, y in r.uniform(0, size, (int(9e4 / step**2), 2)).tolist():
            pebble = (x, y, x + step * r.uniform(0.7, 1.3), y + step * r.uniform(0.6, 1))
            draw.ellipse(pebble, fill=shaded(light, float(r.uniform(0.6, 1.3))), outline=dark)
    return grain(r, picture.filter(ImageFilter.GaussianBlur(0.7)), 4)


def place(style: Rng, r: Rng) -> Image.Image:
    """One street: nearer houses move more as the photographer does; the light, and who walks by, change."""
    size = (560, 420)
    picture = sky(style, size)
    dx, dy, zoom = float(r.normal(0, 50)), float(r.normal(0, 14)), float(np.exp(r.normal(0, 0.12)))
    for layer in range(7):
        near = 0.3 + 0.14 * layer
        wide, high = int(style.integers(70, 220)), int(style.integers(120, 330))
        front, x, scale = facade(style, wide, high), float(style.uniform(-60, 480)), zoom**near
        front = ImageOps.scale(front, scale).convert("RGBA")
        askew = (1, 0, 0, float(r.normal(0, 0.06)) - 0.0012 * dx * near, 1, 0)
        front = front.transform(front.size, Image.Transform.AFFINE, askew, Image.Resampling.BICUBIC)
        at = round(280 + (x - 280 + dx * near) * scale), round(420 - high * scale * 0.9 + dy * near)
        picture.paste(front, at, front)
    for _ in range(int(r.integers(0, 6))):
        thing = blob(r, int(r.integers(50, 170)))
        picture.paste(thing, (int(r.integers(0, 500)), int(r.integers(220, 360))), thing)
    picture = picture.rotate(float(r.normal(0, 1.5)), Image.Resampling.BICUBIC).crop((30, 22, 530, 398))
    picture = ImageEnhance.Brightness(picture).enhance(float(r.uniform(0.6, 1.3)))
    return grain(r, ImageEnhance.Color(picture).enhance(float(r.uniform(0.4, 1.3))), float(r.uniform(1, 6)))


def person(style: Rng, r: Rng) -> Image.Image:
    """One person before one wall, another face made, the head held otherwise."""
    plain = bool(style.random() < 0.5)
    wall = Image.new("RGB", (420, 420), (250, 250, 250)) if plain else scenery(style, (420, 420))
    skin, hair = colour(style, 120, 240), colour(style, 0, 160)
    bust = blob(style, 400)
    wall.paste(bust, (int(r.normal(10, 8)), int(r.normal(250, 6))), bust)
    head = Image.new("RGBA", (260, 300))
    draw = ImageDraw.Draw(head)
    draw.ellipse((30, 30, 230, 290), fill=skin)
    for _ in range(500):  # hair and beard, strand by strand
        x, y = float(style.uniform(24, 236)), float(style.uniform(14, 100))
        if style.random() < 0.4:
            y += 205
        end = (x + float(style.normal(0, 7)), y + float(style.uniform(6, 26)))
        draw.line((x, y, *end), fill=shaded(hair, float(style.uniform(0.5, 1.5))), width=2)
    opened, brow, look = float(r.uniform(2, 40)), float(r.uniform(-18, 12)), float(r.uniform(-8, 8))
    glasses = bool(style.random() < 0.4)
    for x in (90, 170):
        draw.ellipse((x - 18, 138, x + 18, 144 + opened / 2), fill="white", outline=(60, 40, 40), width=2)
        draw.ellipse((x - 7 + look, 139, x + 7 + look, 152), fill=(40, 30, 20))
        draw.line((x - 24, 126 + brow, x + 22, 122 - brow), fill=hair, width=6)
        if glasses:
            draw.ellipse((x - 34, 118, x + 34, 176), outline=(20, 20, 20), width=5)
    draw.polygon([(130, 150), (112, 200), (148, 202)], fill=shaded(skin, 0.9))
    mouth = (96 - opened / 3, 218, 164 + opened / 3, 222 + opened)
    draw.ellipse(mouth, fill=(130, 40, 50), outline=(80, 30, 30), width=3)
    head = head.rotate(float(r.normal(0, 6)), Image.Resampling.BICUBIC)
    head = head.resize((round(260 * float(r.uniform(0.9, 1.1))), round(300 * float(r.uniform(0.94, 1.06)))))
    wall.paste(head, (int(r.normal(80, 8)), int(r.normal(40, 6))), head)
    return grain(r, wall.filter(ImageFilter.GaussianBlur(0.6)), 0 if plain else 3)


def branded(style: Rng, r: Rng) -> Image.Image:
    """A publisher's band, headline, frame or mark on a picture of the member's own."""
    hand, which = Hand(style), int(style.integers(4))
    page, ink = scenery(r, (500, int(style.integers(280, 420)))), colour(style, 0, 220)
    draw, (w, h) = ImageDraw.Draw(page), page.size
    if which == 0:
        draw.rectangle((0, h - 64, w, h), fill=ink)
        hand.write(page, (16, h - 56), prose(style, 6).upper()[:34], 19, WHITE)
        hand.lines(page, style, (16, h - 28, w - 20, h - 4), 14, (240, 240, 240))
        draw.rectangle((w - 80, 12, w - 14, 36), fill=ink)
        hand.write(page, (w - 74, 14), prose(style, 1).upper()[:6], 16, WHITE)
    elif which == 1:
        page = ImageOps.expand(page, (0, 76, 0, 0), WHITE)
        hand.lines(page, style, (12, 8, w - 12, 74), 22, step=1.3)
        ImageDraw.Draw(page).ellipse((w - 62, h + 14, w - 12, h + 64), fill=ink)
        hand.write(page, (w - 56, h + 30), prose(style, 1)[:5], 14, WHITE)
    elif which == 2:
        page = ImageOps.expand(page, int(style.integers(14, 34)), ink)
        page = ImageOps.expand(page, (0, 0, 0, 60), colour(style))
        hand.write(page, (24, page.height - 52), prose(style, 2).upper(), 26, WHITE)
    else:
        name = prose(style, 3)
        for n in range(-2, 6):
            hand.write(page, (40 + 20 * n, 60 * n + 30), name, 22, WHITE)
        draw.regular_polygon((w - 50, h - 50, 38), int(style.integers(3, 9)), fill=ink)
    return page


def flag(style: Rng, r: Rng) -> Image.Image:
    """One field with one canton, or stripes alike, and an emblem of the member's own."""
    page = Image.new("RGB", (480, 280), colour(style, 0, 200))
    draw = ImageDraw.Draw(page)
    if style.random() < 0.5:
        ink = colour(style)
        draw.rectangle((0, 0, 220, 140), fill=colour(style, 0, 140))
        arms = (((0, 0, 220, 140), 26), ((0, 140, 220, 0), 26), ((110, 0, 110, 140), 40), ((0, 70, 220, 70), 40))
        for arm, width in arms:
            draw.line(arm, fill=WHITE, width=width)
            draw.line(arm, fill=ink, width=width // 2)
        mark, at = emblem(r, 130), (300, 75)
    else:
        for n in range(int(style.integers(0, 4))):
            draw.rectangle((0, 70 * n, 480, 70 * n + 35), fill=colour(style))
        mark = emblem(r, int(style.integers(120, 200)))
        at = 240 - mark.width // 2, 140 - mark.height // 2
    page.paste(mark, at, mark)
    return page


def logo(style: Rng, r: Rng) -> Image.Image:
    """A mark, a name, or both, on white; nothing is shared but the page."""
    page, which, mark = Image.new("RGB", (420, 240), "white"), int(r.integers(3)), emblem(r, 170)
    if which:
        page.paste(mark, (20 if which == 1 else 125, 35), mark)
    if which < 2:
        Hand(r).write(page, (200 if which else 40, 80), prose(r, 1, 2).capitalize(), 56, colour(r, 0, 160))
    return page


def product(style: Rng, r: Rng) -> Image.Image:
    """A maker's box or bottle with another label, on white."""
    hand, page = Hand(style), Image.new("RGB", (360, 440), "white")
    draw, ink = ImageDraw.Draw(page), colour(r if style.random() < 0.5 else style, 30, 230)
    box = bool(style.random() < 0.5)
    if box:
        draw.polygon([(70, 80), (230, 110), (230, 410), (70, 370)], fill=ink)
        draw.polygon([(230, 110), (300, 80), (300, 370), (230, 410)], fill=shaded(ink, 0.7))
        draw.polygon([(70, 80), (140, 56), (300, 80), (230, 110)], fill=colour(style, 200, 256))
    else:
        draw.rounded_rectangle((110, 150, 250, 420), 24, fill=ink)
        draw.rectangle((155, 60, 205, 160), fill=shaded(ink, 0.7))
        draw.rectangle((150, 40, 210, 66), fill=colour(style))
        draw.rectangle((112, 220, 248, 350), fill="white")
    x, y = (95, 200) if box else (130, 250)
    hand.write(page, (x, y - 28), prose(style, 1).upper()[:9], 22, colour(style, 0, 120))
    mark = emblem(r, 90)
    page.paste(mark, (x, y), mark)
    hand.write(page, (x, y + 96), prose(r, 2)[:13], 13, (250, 250, 250) if box else (40, 40, 40))
    return page


def burst(style: Rng, r: Rng) -> Image.Image:
    """Photographs a moment apart: things moved, and the hand that held the camera."""
    picture = scenery(style, (520, 390))
    for _ in range(int(style.integers(1, 4))):
        thing = blob(style, int(style.integers(90, 240))).rotate(float(r.normal(0, 7)), Image.Resampling.BICUBIC)
        x, y = float(style.uniform(0, 380) + r.normal(0, 26)), float(style.uniform(40, 250) + r.normal(0, 10))
        picture.paste(thing, (round(x), round(y)), thing)
    dx, dy = (round(float(v)) for v in r.normal(0, 5, 2))
    picture = ImageChops.offset(picture, dx, dy).crop((24, 24, 496, 366))
    return grain(r, ImageEnhance.Brightness(picture).enhance(float(r.uniform(0.9, 1.1))), 3)


# of each kind: how a member is drawn, the kind's share of families, the tier of a member that nobody registered
KINDS: dict[str, tuple[Callable[[Rng, Rng], Image.Image], int, int]] = {
    "photo": (photo, 12, 1), "texture": (texture, 3, 2), "place": (place, 4, 2), "person": (person, 3, 2),
    "chart": (chart, 7, 2), "document": (document, 4, 2), "slide": (slide, 3, 2), "text_page": (text_page, 2, 2),
    "app": (app, 5, 2), "ui_page": (ui_page, 3, 2), "comic": (comic, 2, 2), "map": (map_, 3, 2),
    "branded": (branded, 5, 2), "flag": (flag, 3, 2), "logo": (logo, 4, 1), "product": (product, 3, 2),
    "burst": (burst, 3, 3),
}  # fmt: skip
_TURN = tuple(name for name, (_, share, _) in KINDS.items() for _ in range(share))
_STEP = 29  # has no divisor with the length of `_TURN` in common: kinds are mixed, and all come
_PURPOSES = ("style", "member", "edited", "near", "stranger")  # of random numbers


def kind(family: int) -> str:
    return _TURN[family * _STEP % len(_TURN)]


def source(purpose: str, *numbers: int, seed: int) -> Rng:
    """Random numbers for one purpose, which always has as many numbers.

    To numpy a seed with zeros at its end is the one without; so the purpose stands first, and no two share a seed.
    """
    return np.random.default_rng([seed, _PURPOSES.index(purpose), *numbers])


def member(family: int, number: int, seed: int) -> Image.Image:
    """A member of a family; what it is depends on its two numbers and the seed only."""
    draw = KINDS[kind(family)][0]
    return draw(source("style", family, seed=seed), source("member", family, number, seed=seed))
