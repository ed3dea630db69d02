"""Charts, papers, screens, comics and maps, drawn by code: a maker's template, and contents of the member's own.

Every function takes two generators: what the members of a family share is drawn from the first, what is a member's own
from the second.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.image.drawn import Rng
from scripts.training.image.lettering import WHITE, Colour, Hand, colour, prose, shaded
from scripts.training.image.scenery import ground, scenery

Box = tuple[float, float, float, float]
_LIGHT_GREY, _GREY = (215, 215, 215), (90, 90, 90)


def _bars(draw: ImageDraw.ImageDraw, box: Box, style: Rng, r: Rng, inks: list[Colour], count: int) -> None:
    left, top, right, bottom = box
    for n, value in enumerate(r.uniform(0.08, 0.95, count).tolist()):
        x, wide = left + (right - left) * (n + 0.15) / count, 0.7 * (right - left) / count
        draw.rectangle((x, bottom - value * (bottom - top), x + wide, bottom), fill=inks[0])


def _lines(draw: ImageDraw.ImageDraw, box: Box, style: Rng, r: Rng, inks: list[Colour], count: int) -> None:
    left, top, right, bottom = box
    for k in range(int(style.integers(1, 5))):
        level = np.clip(np.cumsum(r.normal(0, 0.1, count)) + r.uniform(0.3, 0.7), 0.02, 0.98).tolist()
        points = [(left + (right - left) * (n + 0.5) / count, bottom - v * (bottom - top)) for n, v in enumerate(level)]
        draw.line(points, fill=inks[k], width=3)
        for x, y in points if k % 2 else ():
            draw.ellipse((x - 4, y - 4, x + 4, y + 4), fill=inks[k])


def _pie(draw: ImageDraw.ImageDraw, box: Box, style: Rng, r: Rng, inks: list[Colour], count: int) -> None:
    ends = [0.0, *np.cumsum(r.dirichlet(np.full(5, 3.0))).tolist()]
    x, y, radius = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2, (box[3] - box[1]) / 2
    for k, (start, end) in enumerate(pairwise(ends)):
        around = (x - radius, y - radius, x + radius, y + radius)
        draw.pieslice(around, 360 * start - 90, 360 * end - 90, fill=inks[k], outline="white", width=2)


def _points(draw: ImageDraw.ImageDraw, box: Box, style: Rng, r: Rng, inks: list[Colour], count: int) -> None:
    left, top, right, bottom = box
    for n, (x, y) in enumerate(r.uniform((left, top), (right, bottom), (90, 2)).tolist()):
        draw.ellipse((x - 3, y - 3, x + 3, y + 3), fill=inks[n % 2])


def _stacks(draw: ImageDraw.ImageDraw, box: Box, style: Rng, r: Rng, inks: list[Colour], count: int) -> None:
    left, top, right, bottom = box
    for n, parts in enumerate(r.uniform(0.08, 0.95, (count, 4)).tolist()):
        x, y = left + (right - left) * (n + 0.15) / count, bottom
        for ink, part in zip(inks, parts, strict=False):
            up = part * (bottom - top) / 4
            draw.rectangle((x, y - up, x + 0.7 * (right - left) / count, y), fill=ink)
            y -= up


def _ranks(draw: ImageDraw.ImageDraw, box: Box, style: Rng, r: Rng, inks: list[Colour], count: int) -> None:
    """Bars that lie, longest first."""
    left, top, right, bottom = box
    for n, value in enumerate(sorted(r.uniform(0.08, 0.95, count).tolist(), reverse=True)):
        y = top + (bottom - top) * (n + 0.15) / count
        draw.rectangle((left, y, left + value * (right - left), y + 0.7 * (bottom - top) / count), fill=inks[0])


def _candles(draw: ImageDraw.ImageDraw, box: Box, style: Rng, r: Rng, inks: list[Colour], count: int) -> None:
    left, top, right, bottom = box
    level = 0.5
    for n, change in enumerate(r.normal(0, 0.05, 3 * count).tolist()):
        x, new = left + (right - left) * (n + 0.5) / (3 * count), min(max(level + change, 0.05), 0.95)
        high, low = sorted((bottom - level * (bottom - top), bottom - new * (bottom - top)))
        draw.line((x, high - 6, x, low + 6), fill=(60, 60, 60))
        draw.rectangle((x - 3, high, x + 3, low + 1), fill=inks[0] if change > 0 else inks[1])
        level = new


_CHARTS: tuple[Callable[[ImageDraw.ImageDraw, Box, Rng, Rng, list[Colour], int], None], ...] = (
    _bars, _lines, _pie, _points, _stacks, _ranks, _candles,
)  # fmt: skip


def _plot(page: Image.Image, box: Box, hand: Hand, style: Rng, r: Rng, labels: Rng) -> None:
    """Axes, their lettering, and what they measure."""
    draw, inks = ImageDraw.Draw(page), [colour(style, 20, 220) for _ in range(6)]
    how, count = _CHARTS[int(style.integers(len(_CHARTS)))], int(style.integers(6, 15))
    left, top, right, bottom = box
    if how is _ranks:
        for n in range(count):
            y = top + (bottom - top) * (n + 0.2) / count
            hand.write(page, (left - 50, y), prose(labels, 1)[:8], 11, _GREY)
    elif how is not _pie:
        for line in range(6):
            y = top + (bottom - top) * line / 5
            draw.line((left, y, right, y), fill=_LIGHT_GREY)
            hand.write(page, (left - 34, y - 7), str(50 * (5 - line)), 11, _GREY)
        for n in range(0, count, max(1, count // 6)):
            hand.write(page, (left + (right - left) * n / count, bottom + 5), prose(labels, 1)[:6], 11, _GREY)
    if how is not _pie:
        draw.line((left, top, left, bottom, right, bottom), fill=(40, 40, 40), width=2)
    how(draw, box, style, r, inks, count)
    for k in range(int(style.integers(0, 4))):
        x = left + 90 * k
        draw.rectangle((x, bottom + 26, x + 10, bottom + 36), fill=inks[k])
        hand.write(page, (x + 14, bottom + 23), prose(labels, 1)[:8], 12, (60, 60, 60))


def chart(style: Rng, r: Rng) -> Image.Image:
    """Frame, axes, lettering and colours are the publisher's, often the title and the labels too."""
    hand = Hand(style)
    width, height = int(style.integers(440, 640)), int(style.integers(300, 420))
    page = Image.new("RGB", (width, height), WHITE if style.random() < 0.6 else colour(style, 235, 256))
    words = style if style.random() < 0.6 else r
    hand.write(page, (20, 12), prose(words, 5).capitalize(), float(style.integers(14, 22)), (30, 30, 30))
    plots = int(style.choice([1, 1, 1, 1, 1, 2, 3]))
    wide = (width - 20) / plots
    seed = int(style.integers(1 << 40))
    for n in range(plots):  # small ones beside each other are of one kind
        box = (70 + n * wide, 60.0, n * wide + wide - 4, height - 60.0)
        _plot(page, box, hand, np.random.default_rng(seed), r, words)
    hand.write(page, (20, height - 16), "Source: " + prose(style, 3), 10, (120, 120, 120))
    return page


def _invoice(page: Image.Image, hand: Hand, style: Rng, r: Rng, ink: Colour) -> None:
    draw = ImageDraw.Draw(page)
    draw.rectangle((float(style.integers(20, 300)), 16, 390, 22), fill=ink)
    for n in range(4):
        hand.write(page, (30, 64 + 16 * n), prose(style, 2).title() + ":", 11, (70, 70, 70))
        hand.write(page, (190, 64 + 16 * n), prose(r, 2).title(), 11)
    draw.rectangle((24, 150, 376, 170), fill=ink)
    for k, x in enumerate((30, 250, 320)):
        hand.write(page, (x, 154), prose(style, 1)[: 9 - 2 * k], 11, WHITE)
    for n in range(int(r.integers(3, 12))):
        y = 176 + 22 * n
        hand.write(page, (30, y), prose(r, 2), 12)
        hand.write(page, (250, y), str(int(r.integers(1, 40))), 12)
        hand.write(page, (320, y), f"{r.integers(5, 9000) / 10:.2f}", 12)
        draw.line((24, y + 18, 376, y + 18), fill=_LIGHT_GREY)
    for n in range(3):
        hand.write(page, (230, 450 + 18 * n), prose(style, 1)[:9], 13, ink)
        hand.write(page, (310, 450 + 18 * n), f"{r.integers(500, 90000) / 10:.2f}", 13)
    hand.lines(page, style, (30, 516, 370, 550), 9, (120, 120, 120))


def _form(page: Image.Image, hand: Hand, style: Rng, r: Rng, ink: Colour) -> None:
    draw, pen = ImageDraw.Draw(page), Hand(r)
    for n in range(12):
        y = 70 + 36 * n
        hand.write(page, (30, y), prose(style, 2).capitalize(), 11, (50, 50, 50))
        draw.rectangle((150, y - 4, 370, y + 22), outline=(120, 120, 120))
        pen.write(page, (158, y), prose(r, int(r.integers(1, 4)))[:24], 14, (20, 30, 140))


def _columns(page: Image.Image, hand: Hand, style: Rng, r: Rng, ink: Colour) -> None:
    size, columns = float(style.uniform(8, 12)), int(style.integers(1, 4))
    for k in range(columns):
        x = 30 + 345 * k / columns
        hand.lines(page, r, (x, 70, x + 330 / columns - 8, 535), size, (40, 40, 40))


def document(style: Rng, r: Rng) -> Image.Image:
    """An invoice, a form filled in by hand, or a page in columns; some were photographed, each in its own light."""
    hand = Hand(style)
    page = Image.new("RGB", (400, 560), WHITE if style.random() < 0.7 else colour(style, 225, 250))
    ink, how = colour(style, 0, 170), (_invoice, _form, _columns)[int(style.integers(3))]
    title = prose(r if how is _columns else style, 4).title()
    hand.write(page, (30, 26), title, float(style.integers(13, 22)), ink)
    how(page, hand, style, r, ink)
    if style.random() < 0.4:
        light = (0.75 + 0.25 * ground(r, page.size, 0.3, octaves=3))[..., None] * r.uniform(0.85, 1, 3)
        page = Image.fromarray((np.asarray(page) * light).astype(np.uint8))
        page = page.rotate(float(r.normal(0, 1)), Image.Resampling.BICUBIC, fillcolor=(190, 185, 180))
    return page


def slide(style: Rng, r: Rng) -> Image.Image:
    hand = Hand(style)
    dark = bool(style.random() < 0.4)
    page = Image.new("RGB", (560, 315), colour(style, 0, 60) if dark else WHITE)
    draw, ink = ImageDraw.Draw(page), colour(style, 20, 200)
    letters = (240, 240, 240) if dark else (40, 40, 40)
    bar = int(style.integers(3))
    draw.rectangle(((0, 0, 560, 52), (0, 0, 22, 315), (0, 285, 560, 315))[bar], fill=ink)
    if style.random() < 0.6:
        draw.regular_polygon((520, 26, 18), int(style.integers(3, 8)), fill=colour(style, 120, 256))
    hand.write(page, (36, 14), prose(r, 4).title(), 24, WHITE if bar == 0 else letters)
    beside = bool(r.random() < 0.4)
    for n in range(int(r.integers(2, 6))):
        draw.ellipse((36, 84 + 38 * n, 44, 92 + 38 * n), fill=ink)
        hand.write(page, (54, 78 + 38 * n), prose(r, 7)[: 27 if beside else 45], 16, letters)
    if beside:
        page.paste(scenery(r, (170, 130)), (370, 90))
    hand.write(page, (36, 292), prose(style, 3), 12, letters)
    return page


def text_page(style: Rng, r: Rng) -> Image.Image:
    hand = Hand(style)
    page = Image.new("RGB", (420, 540), WHITE)
    hand.write(page, (30, 24), prose(r, 4).capitalize(), 18)
    hand.lines(page, r, (30, 60, 395, 520), float(style.uniform(9, 16)), (30, 30, 30), float(style.uniform(1.2, 1.7)))
    return page


def app(style: Rng, r: Rng, shown: Image.Image | None = None) -> Image.Image:
    """A post in an app or on a site: bars, buttons and icons are the app's; the picture, its name and words its own.

    Args:
        shown: the picture; None: one of the member's own.
    """
    hand = Hand(style)
    dark, wide = bool(style.random() < 0.35), bool(style.random() < 0.3)
    width, height = (680, 520) if wide else (380, 680)
    back, letters = ((16, 18, 22), (230, 230, 230)) if dark else ((252, 252, 252), (25, 25, 25))
    page = Image.new("RGB", (width, height), back)
    draw, ink = ImageDraw.Draw(page), colour(style, 30, 220)
    body = width - 230 if wide else width
    draw.rectangle((0, 0, width, 44), fill=ink if style.random() < 0.6 else back)
    hand.write(page, (16, 10), prose(style, 1).title(), 22, letters)
    for n in range(int(style.integers(2, 6))):
        draw.ellipse((width - 34 - 34 * n, 12, width - 14 - 34 * n, 32), outline=letters, width=2)
    draw.ellipse((14, 54, 50, 90), fill=colour(r))
    hand.write(page, (60, 54), prose(r, 2).replace(" ", "_"), 15, letters)
    hand.write(page, (60, 74), f"{int(r.integers(2, 59))} min", 11, (130, 130, 130))
    y, margin = 100, int(style.choice([0, 0, 14, 24]))
    if style.random() < 0.5:
        hand.lines(page, r, (16, y, body - 16, y + 44), 14, letters)
        y += 48
    shown = scenery(r) if shown is None else shown
    by = min((body - 2 * margin) / shown.width, 0.6 * height / shown.height)
    shown = shown.resize((max(1, round(shown.width * by)), max(1, round(shown.height * by))), Image.Resampling.LANCZOS)
    page.paste(shown, ((body - shown.width) // 2, y))
    y += shown.height + 10
    for n in range(int(style.integers(3, 6))):
        fill = ink if n == 0 else None
        draw.regular_polygon((26 + 44 * n, y + 10, 11), int(style.integers(3, 7)), outline=letters, fill=fill)
    hand.write(page, (16, y + 26), f"{int(r.integers(20, 9000))} likes", 13, letters)
    hand.lines(page, r, (16, y + 48, body - 16, min(y + 140, height - 50)), 13, letters)
    if wide:
        for n in range(6):
            draw.rectangle((body + 16, 70 + 70 * n, width - 16, 128 + 70 * n), outline=(150, 150, 150))
            hand.lines(page, style, (body + 24, 78 + 70 * n, width - 24, 124 + 70 * n), 12, letters)
    else:
        draw.rectangle((0, height - 44, width, height), fill=(36, 38, 44) if dark else (238, 238, 238))
        for n in range(5):
            icon = (24 + 74 * n, height - 34, 48 + 74 * n, height - 10)
            draw.rounded_rectangle(icon, 4 + 2 * n, outline=letters, width=3)
    return page


def ui_page(style: Rng, r: Rng) -> Image.Image:
    """A table, cards, or a dialogue in one program's frame."""
    hand, ink = Hand(style), colour(style, 20, 200)
    page = Image.new("RGB", (560, 350), colour(style, 238, 256))
    draw = ImageDraw.Draw(page)
    draw.rectangle((0, 0, 110, 350), fill=shaded(ink, 0.4))
    for n in range(7):
        draw.rectangle((12, 52 + 30 * n, 24, 64 + 30 * n), fill=(200, 200, 200))
        hand.write(page, (30, 50 + 30 * n), prose(style, 1)[:9], 12, (230, 230, 230))
    hand.write(page, (126, 12), prose(style, 2).title(), 18, (40, 40, 40))
    which = int(style.integers(3))
    if which == 0:
        draw.rectangle((126, 46, 546, 66), fill=ink)
        for n in range(int(r.integers(4, 12))):
            for k in range(4):
                hand.write(page, (130 + 104 * k, 72 + 22 * n), prose(r, 1)[:9], 11, (60, 60, 60))
            draw.line((126, 90 + 22 * n, 546, 90 + 22 * n), fill=_LIGHT_GREY)
    elif which == 1:
        for n in range(int(r.integers(3, 7))):
            x, y = 126 + 142 * (n % 3), 50 + 146 * (n // 3)
            draw.rounded_rectangle((x, y, x + 130, y + 132), 8, fill="white", outline=(200, 200, 200))
            page.paste(scenery(r, (114, 60)), (x + 8, y + 8))
            hand.lines(page, r, (x + 8, y + 74, x + 120, y + 128), 11)
    else:
        draw.rounded_rectangle((180, 80, 480, 290), 8, fill="white", outline=(160, 160, 160), width=2)
        hand.write(page, (196, 92), prose(r, 3).title(), 16)
        hand.lines(page, r, (196, 124, 464, 220), 13, (80, 80, 80))
        draw.rounded_rectangle((380, 244, 464, 274), 6, fill=ink)
        hand.write(page, (396, 250), prose(style, 1)[:6], 14, WHITE)
    return page


def comic(style: Rng, r: Rng) -> Image.Image:
    """Panels under one title, with other pictures and other words in them."""
    hand, across, down = Hand(style), int(style.integers(1, 4)), int(style.integers(1, 3))
    dark, gap = bool(style.random() < 0.4), int(style.integers(6, 16))
    wide, high = 540 // across, (420 if down > 1 else 300) // down
    back = colour(style, 0, 30) if dark else colour(style, 225, 256)
    page = Image.new("RGB", (across * wide + gap, down * high + 50 + gap), back)
    draw = ImageDraw.Draw(page)
    hand.write(page, (gap, 10), prose(style, 4).upper(), 22, (230, 220, 220) if dark else colour(style, 0, 120))
    for n in range(across * down):
        x, y = gap + n % across * wide, 46 + gap + n // across * high
        page.paste(scenery(r, (wide - gap, high - gap)), (x, y))
        if style.random() < 0.8:
            draw.ellipse((x + 8, y + 6, x + wide - gap - 20, y + 54), fill="white", outline="black", width=2)
            hand.lines(page, r, (x + 28, y + 16, x + wide - gap - 40, y + 48), 12)
    return page


def _counties(page: Image.Image, hand: Hand, style: Rng, r: Rng, ink: Colour) -> None:
    draw, step = ImageDraw.Draw(page), int(style.integers(18, 36))
    land = ground(r, page.size, 0.4, octaves=3) > r.uniform(0.35, 0.5)
    at = np.stack(np.meshgrid(*2 * [np.arange(40) * step], indexing="ij"), axis=-1) + r.normal(0, 2.5, (40, 40, 2))
    shades = [tuple(int(255 + t * (c - 255)) for c in ink) for t in (0.1, 0.3, 0.55, 0.8, 1)]
    for i in range(2, page.width // step - 1):
        for j in range(3, page.height // step - 2):
            if land[j * step, i * step]:
                outline = [tuple(at[i + a, j + b].tolist()) for a, b in ((0, 0), (1, 0), (1, 1), (0, 1))]
                draw.polygon(outline, fill=shades[int(r.integers(5))], outline="white")
    hand.write(page, (20, 10), prose(style, 5).capitalize(), 17)
    for n, shade in enumerate(shades):
        draw.rectangle((30 + 70 * n, 366, 44 + 70 * n, 378), fill=shade)
        hand.write(page, (48 + 70 * n, 364), f"{20 * n}-{20 * n + 19}", 11)


def _streets(page: Image.Image, hand: Hand, style: Rng, r: Rng, ink: Colour) -> None:
    draw, water, road = ImageDraw.Draw(page), colour(style, 150, 230), colour(style, 230, 256)
    edge, pin = colour(style, 180, 225), colour(style, 30, 230)
    for _ in range(int(r.integers(1, 4))):
        bank = (np.cumsum(r.normal(0, 16, 14)) + r.uniform(40, 350)).tolist()
        draw.line([(40 * n - 10, y) for n, y in enumerate(bank)], fill=water, width=int(r.integers(6, 26)))
    turn = float(r.uniform(-0.6, 0.6))
    for n in range(-8, 20):
        along, across = (260.0, n * 34 + r.normal(0, 6)), (260 + n * 40 + r.normal(0, 8), 0.0)
        for t, (x, y) in ((turn, along), (turn + math.pi / 2, across)):
            c, s, main = 900 * math.cos(t), 900 * math.sin(t), bool(r.random() < 0.15)
            line = (x - c, y - s, x + c, y + s)
            draw.line(line, fill=ink if main else edge, width=7 if main else 4)
            draw.line(line, fill=road, width=4 if main else 2)
    for x, y in r.uniform(0, (440, 370), (int(r.integers(4, 14)), 2)).tolist():
        hand.write(page, (x, y), prose(r, 1).title(), 12, (70, 70, 70))
    x, y = r.uniform(60, 330, 2).tolist()
    draw.polygon([(x - 8, y - 12), (x + 8, y - 12), (x, y)], fill=pin)
    draw.ellipse((x - 10, y - 26, x + 10, y - 6), fill=pin, outline="white", width=2)
    draw.rounded_rectangle((10, 10, 130, 40), 6, fill="white", outline=(150, 150, 150))
    hand.write(page, (20, 16), prose(style, 2), 13)


def map_(style: Rng, r: Rng) -> Image.Image:
    """Counties in shades of one ink, or streets with a pin."""
    hand, paper, ink = Hand(style), colour(style, 215, 256), colour(style, 0, 140)
    page = Image.new("RGB", (520, 390), paper)
    (_counties if style.random() < 0.5 else _streets)(page, hand, style, r, ink)
    return page
