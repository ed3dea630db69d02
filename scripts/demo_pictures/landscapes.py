"""Two painted views for the demo, each from a seed: mountains at dusk and a harbour at night.

They belong to this project.
"""

from __future__ import annotations

import numpy as np

from .canvas import (
    DOWN,
    HEIGHT,
    SHAPE,
    WIDTH,
    Floats,
    Stencil,
    X,
    Y,
    finish,
    glow,
    gradient,
    lay,
    line_noise,
    noise,
    smooth,
    soften,
    stretch,
)


def mountains(seed: int = 7) -> bytes:
    """Ridges fading into a dusk sky, the sun low on the right, pines in front."""
    rng = np.random.default_rng(seed)
    sky = gradient(
        DOWN + 0.03 * noise(rng, 2, 3, octaves=3),
        (0.0, (0.09, 0.10, 0.26)),
        (0.22, (0.30, 0.22, 0.44)),
        (0.38, (0.72, 0.40, 0.47)),
        (0.52, (0.97, 0.66, 0.44)),
        (0.62, (1.00, 0.83, 0.60)),
    )
    sun_x, sun_y = 850, 372
    sky += 0.34 * glow(sun_x, sun_y, 330)[..., None] * np.array((1.0, 0.62, 0.30), dtype=np.float32)
    clouds = smooth(0.05, 0.75, noise(rng, 2, 11, octaves=6, gain=0.55) - 1.1 * np.abs(DOWN - 0.27))
    lay(
        sky,
        gradient(DOWN, (0.1, (0.42, 0.28, 0.46)), (0.34, (1.0, 0.60, 0.46)), (0.5, (1.0, 0.85, 0.62))),
        0.75 * clouds,
    )
    stars = np.zeros(SHAPE, dtype=np.float32)
    stars[rng.integers(0, 230, 170), rng.integers(0, WIDTH, 170)] = rng.uniform(0.3, 1.0, 170)
    sky += (np.clip(1 - 4 * DOWN, 0, 1) * stars * (1 - clouds))[..., None]
    sun = Stencil()
    sun.disc(sun_x, sun_y, 46)
    lay(sky, (1.0, 0.95, 0.80), sun.mask())

    picture = sky
    layers = (  # base row, height of the peaks, cells, colour at the ridge, mist at its foot
        (405, 95, 3, (0.80, 0.53, 0.52), (0.98, 0.74, 0.58)),
        (455, 120, 4, (0.62, 0.41, 0.49), (0.90, 0.64, 0.57)),
        (525, 120, 3, (0.43, 0.31, 0.45), (0.72, 0.50, 0.54)),
        (600, 105, 4, (0.27, 0.21, 0.36), (0.48, 0.35, 0.47)),
        (672, 80, 3, (0.15, 0.13, 0.26), (0.29, 0.23, 0.37)),
        (745, 70, 3, (0.06, 0.06, 0.14), (0.09, 0.08, 0.17)),
    )
    for depth, (base, peaks, cells, ridge_colour, mist) in enumerate(layers):
        lean = (WIDTH / 2 - X[0]) / WIDTH * (90 if depth % 2 else -60)
        ridge = base - lean - peaks * line_noise(rng, cells, gain=0.52 if depth < 5 else 0.4)
        top = int(ridge.min()) - 1
        below = Y[top:] - ridge
        face = gradient(below, (0.0, ridge_colour), (150.0, mist))
        rock = noise(rng, 9, 3, octaves=6, gain=0.62, shape=(HEIGHT - top, WIDTH))
        slope = np.gradient(rock, axis=1) - 0.5 * np.gradient(rock, axis=0)
        face *= (1 + (1.0 + 0.5 * depth) * np.clip(slope, -0.15, 0.15))[..., None]
        lay(picture[top:], face, np.clip(below, 0, 1))
        if depth == 4:
            lay(picture, (0.55, 0.40, 0.52), 0.30 * np.clip(noise(rng, 3, 14), 0, 1) * smooth(560, 690, Y))
    pines = Stencil()
    for x in np.sort(np.concatenate((rng.normal(190, 150, 46), rng.normal(1130, 90, 16), rng.uniform(0, WIDTH, 18)))):
        column = int(np.clip(x, 0, WIDTH - 1))
        tall = float(rng.uniform(46, 128) * (1.35 - 0.55 * np.clip(abs(x - 160) / 500, 0, 1)))
        _pine(pines, rng, float(x), float(ridge[column]) + 26, tall)
    lay(picture, (0.035, 0.035, 0.085), pines.mask())
    return finish(picture, rng)


def _pine(stencil: Stencil, rng: np.random.Generator, x: float, foot: float, tall: float) -> None:
    stencil.line(((x, foot), (x, foot - tall)), 2.0)
    tiers = int(tall / 8)
    for tier in range(tiers):
        share = tier / tiers
        y = foot - tall * (0.1 + 0.9 * share)
        reach = tall * 0.21 * (1 - share) ** 0.9 + 1.5
        left, right = reach * rng.uniform(0.7, 1.15, 2)
        stencil.polygon(((x - left, y + 6), (x, y - tall * 0.09), (x + right, y + 6), (x, y + 1)))


def harbour(seed: int = 21) -> bytes:
    """A city at night behind a harbour: lit windows, a moon, boats, and all of it again in the water."""
    rng = np.random.default_rng(seed)
    shore = 500
    picture = gradient(
        DOWN + 0.04 * noise(rng, 3, 2, octaves=3),
        (0.0, (0.03, 0.05, 0.14)),
        (0.40, (0.08, 0.12, 0.27)),
        (0.58, (0.30, 0.22, 0.33)),
        (0.64, (0.52, 0.33, 0.31)),
    )
    haze = smooth(0.0, 1.1, noise(rng, 3, 7, octaves=6))
    lay(picture, (0.24, 0.24, 0.40), 0.55 * haze)
    moon_x, moon_y = 248, 138
    picture += 0.30 * glow(moon_x, moon_y, 120)[..., None] * np.array((0.75, 0.82, 1.0), dtype=np.float32)
    disc = Stencil()
    disc.disc(moon_x, moon_y, 40)
    moon = disc.mask()
    lay(picture, (0.90, 0.88, 0.80), moon)
    lay(picture, (0.60, 0.61, 0.62), 0.6 * moon * smooth(-0.1, 0.6, noise(rng, 26, 18, octaves=4)))

    for colour, tallest, lit, wide in (
        ((0.13, 0.13, 0.24), 300, 0.16, (26, 62)),
        ((0.075, 0.08, 0.16), 215, 0.34, (34, 86)),
        ((0.035, 0.04, 0.09), 105, 0.42, (40, 110)),
    ):
        _street(picture, rng, shore, colour, tallest, lit, wide)
    _crane(picture, 1010, shore)
    places = np.arange(18, WIDTH, 47) + rng.uniform(-8, 8, 26)
    along = rng.uniform(0.55, 1.0, 26) @ np.exp(-(((X - places[:, None]) / 7) ** 2))
    lamps = (along * np.exp(-(((Y - shore + 9) / 7) ** 2))).astype(np.float32)
    picture += (lamps + 0.8 * soften(lamps, 14))[..., None] * np.array((1.0, 0.72, 0.36), dtype=np.float32)
    picture += (
        0.5
        * soften(np.clip(picture[..., 0] - 0.55, 0, 1), 12)[..., None]
        * np.array((1.0, 0.75, 0.45), dtype=np.float32)
    )
    _water(picture, rng, shore)
    for x, y, size in ((330, 640, 1.25), (455, 600, 0.8), (905, 690, 1.6), (128, 585, 0.6)):
        _boat(picture, rng, x, y, size)
    return finish(picture, rng, 0.014)


def _street(
    picture: Floats,
    rng: np.random.Generator,
    shore: int,
    colour: tuple[float, float, float],
    tallest: float,
    lit: float,
    wide: tuple[int, int],
) -> None:
    """A row of houses with lit windows, higher towards the right third; in place."""
    windows = np.array(((1.0, 0.82, 0.48), (1.0, 0.70, 0.36), (0.96, 0.92, 0.80), (0.62, 0.80, 1.0)), dtype=np.float32)
    x = -10
    while x < WIDTH:
        width = int(rng.integers(*wide))
        crowd = 0.35 + 0.65 * np.exp(-(((x - 760) / 330) ** 2)) + 0.18 * np.exp(-(((x - 150) / 110) ** 2))
        top = int(shore - tallest * crowd * rng.uniform(0.55, 1.12) - 18)
        left, right = max(0, x), min(WIDTH, x + width)
        if right > left:
            tint = np.array(colour, dtype=np.float32) * rng.uniform(0.85, 1.2)
            shade = np.linspace(1.15, 0.85, right - left, dtype=np.float32)[:, None]
            picture[top:shore, left:right] = tint * shade
            if rng.random() < 0.35:
                mast = (left + right) // 2
                picture[max(0, top - int(rng.integers(14, 44))) : top, mast : mast + 2] = tint
        pitch_x, pitch_y = int(rng.integers(7, 11)), int(rng.integers(9, 14))
        columns, rows = max(1, (width - 8) // pitch_x), max(1, (shore - top - 12) // pitch_y)
        on = rng.random((rows, columns)) < lit * rng.uniform(0.4, 1.5)
        on |= (rng.random((rows, 1)) < 0.06) & (rng.random((rows, columns)) < 0.8)
        for row, column in np.argwhere(on):
            wx, wy = x + 5 + column * pitch_x, top + 7 + row * pitch_y
            if 0 <= wx < WIDTH - 5:
                picture[wy : wy + pitch_y - 5, wx : wx + pitch_x - 4] = windows[
                    rng.choice(4, p=(0.45, 0.27, 0.2, 0.08))
                ] * rng.uniform(0.55, 1.0)
        x += width + int(rng.integers(-6, 8))


def _crane(picture: Floats, x: float, shore: int) -> None:
    drawn = Stencil()
    top = shore - 250
    for side in (-26, 26):
        drawn.line(((x + side, shore), (x + side * 0.35, top + 46)), 4)
    drawn.line(((x - 120, top + 52), (x + 190, top + 20)), 5)
    drawn.line(((x, top), (x - 116, top + 50)), 2)
    drawn.line(((x, top), (x + 186, top + 20)), 2)
    drawn.line(((x, top), (x, top + 60)), 5)
    for k in range(6):
        y = shore - 30 * k
        drawn.line(((x - 26 + 2.6 * k, y), (x + 23 - 2.6 * k, y - 28)), 2)
    drawn.line(((x + 150, top + 24), (x + 150, top + 120)), 1.2)
    drawn.polygon(((x + 138, top + 120), (x + 162, top + 120), (x + 162, top + 138), (x + 138, top + 138)))
    lay(picture, (0.23, 0.13, 0.13), drawn.mask())
    picture += 0.9 * glow(x, top, 5)[..., None] * np.array((1.0, 0.15, 0.10), dtype=np.float32)


def _water(picture: Floats, rng: np.random.Generator, shore: int) -> None:
    """Mirror what is above the shore into the water below, torn by ripples that widen towards the viewer; in place."""
    rows = HEIGHT - shore
    near = (np.arange(rows, dtype=np.float32) / rows)[:, None]
    swell = noise(rng, 5, 46, octaves=4, gain=0.62, shape=(rows, WIDTH))
    chop = noise(rng, 36, 120, octaves=2, shape=(rows, WIDTH))
    source_y = np.clip(shore - 2 - near * rows * 1.45 + (8 + 60 * near) * swell, 0, shore - 1).astype(np.intp)
    source_x = np.clip(X + (3 + 16 * near) * chop, 0, WIDTH - 1).astype(np.intp)
    seen = picture[source_y, source_x]
    streaked = np.stack([stretch(stretch(seen[..., k], (rows // 9, WIDTH)), (rows, WIDTH)) for k in range(3)], axis=-1)
    water = 0.45 * seen + 0.55 * streaked
    water *= (0.80 - 0.35 * near + 0.16 * swell + 0.10 * chop)[..., None]
    water += np.array((0.012, 0.026, 0.055), dtype=np.float32)
    picture[shore:] = np.clip(water, 0, 1)
    picture[shore - 3 : shore + 2] *= 0.35


def _boat(picture: Floats, rng: np.random.Generator, x: float, y: float, size: float) -> None:
    hull, cabin, rig = Stencil(), Stencil(), Stencil()
    place = np.array((x, y))
    hull.polygon(place + size * np.array(((-62, -12), (70, -20), (52, 10), (-48, 10))))
    cabin.polygon(place + size * np.array(((-34, -12), (-30, -36), (8, -38), (14, -15))))
    rig.line(place + size * np.array(((26, -18), (24, -128))), 1.6 * size)
    rig.line(place + size * np.array(((25, -124), (68, -20))), 0.7)
    rig.line(place + size * np.array(((25, -124), (-60, -14))), 0.7)
    shape = hull.mask()
    deep = round(15 * size)
    lay(picture, (0.0, 0.008, 0.02), 0.75 * soften(np.roll(shape, deep, axis=0), 6))
    lay(picture, gradient((Y - y) / (20 * size) + 0 * X, (-1.0, (0.30, 0.10, 0.09)), (0.6, (0.09, 0.03, 0.05))), shape)
    lay(picture, (0.26, 0.27, 0.33), cabin.mask())
    lay(picture, (0.20, 0.20, 0.26), rig.mask())
    window = Stencil()
    for k in range(3):
        left = -27 + 12 * k
        window.polygon(place + size * np.array(((left, -31), (left + 8, -31), (left + 8, -22), (left, -22))))
    lay(picture, (1.0, 0.80, 0.42), window.mask() * np.float32(rng.uniform(0.7, 1.0)))
    lamp = glow(x + 24 * size, y - 130 * size, 6 * size)
    fall = np.exp(-np.clip(Y - y, 0, None) / 60) * (0.5 + 0.5 * np.sin(Y * 0.9 + rng.uniform(0, 6)))
    fall = np.exp(-(((X - x - 24 * size) / (7 * size)) ** 2)) * (smooth(y + 12, y + 40, Y) * fall)
    picture += (lamp + 0.35 * fall)[..., None] * np.array((1.0, 0.78, 0.45), dtype=np.float32)
