"""Three painted plates for the demo, each from a seed: a ginkgo branch, marbled ink, fields from the air.

They belong to this project.
"""

from __future__ import annotations

import numpy as np

from .canvas import (
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
    noise,
    smooth,
    stretch,
)


def ginkgo(seed: int = 3) -> bytes:
    """A branch of ginkgo in watercolour on rough paper, growing in from the lower left."""
    rng = np.random.default_rng(seed)
    paper = noise(rng, 160, 110, octaves=3, gain=0.7)
    fibre = np.gradient(paper, axis=1) + np.gradient(paper, axis=0)
    picture = np.empty((*SHAPE, 3), dtype=np.float32)
    picture[:] = (0.955, 0.93, 0.87)
    lay(picture, (0.80, 0.86, 0.84), 0.8 * smooth(-0.1, 1.0, noise(rng, 3, 2) + 0.9 * glow(930, 210, 420) - 0.35))
    lay(picture, (0.93, 0.80, 0.68), 0.6 * smooth(0.1, 1.0, noise(rng, 3, 2) + 0.8 * glow(150, 640, 330) - 0.3))
    picture *= (1 + 0.10 * fibre)[..., None]

    t = np.linspace(0, 1, 60)
    main = np.stack(
        (-30 + 1120 * t + 40 * np.sin(5 * t), 760 - 480 * t - 170 * t * (1 - t) + 26 * np.sin(9 * t)), axis=1
    )
    twigs = [main]
    for at, angle, length in ((14, -1.35, 290), (24, 0.12, 330), (33, -1.25, 235), (42, 0.35, 250), (50, -1.1, 150)):
        bend = rng.uniform(-0.5, 0.5)
        s = np.linspace(0, 1, 24)[:, None]
        way = np.concatenate((np.cos(angle + bend * s), np.sin(angle + bend * s)), axis=1)
        twigs.append(main[at] + length * s * way)
    wood = Stencil()
    for order, twig in enumerate(twigs):
        for k in range(len(twig) - 1):
            thin = 1 - k / len(twig)
            wood.line(twig[k : k + 2], (15 if order == 0 else 6.5) * thin**0.8 + 1.5)
    bark = wood.mask() * (0.86 + 0.14 * noise(rng, 90, 40, octaves=3))
    lay(picture, (0.31, 0.22, 0.17), 0.92 * np.clip(bark, 0, 1))

    stems, leaves = Stencil(), []
    greens = ((0.86, 0.66, 0.13), (0.78, 0.70, 0.20), (0.55, 0.62, 0.23), (0.91, 0.57, 0.12), (0.36, 0.52, 0.29))
    for order, twig in enumerate(twigs):
        for k in range(7 if order == 0 else 5, len(twig), 5 if order == 0 else 4):
            for _ in range(2):
                angle = (
                    float(rng.uniform(-np.pi, 0.15 * np.pi)) if rng.random() < 0.75 else float(rng.uniform(0, np.pi))
                )
                size = float(rng.uniform(40, 84))
                colour = np.array(greens[int(rng.choice(5, p=(0.3, 0.22, 0.2, 0.16, 0.12)))]) * rng.uniform(0.88, 1.08)
                stalk = size * rng.uniform(0.5, 0.9)
                foot = twig[k] + stalk * np.array((np.cos(angle), np.sin(angle)))
                stems.line((twig[k], foot), 2.6)
                leaves.append((foot, angle, size, colour))
    lay(picture, (0.47, 0.43, 0.16), 0.9 * stems.mask())
    for foot, angle, size, colour in leaves:
        _leaf(picture, rng, foot, angle, size, colour)
    for _ in range(260):
        x, y = rng.normal((880, 610), (190, 100))
        _drop(picture, float(x), float(y), float(rng.exponential(1.6) + 0.6), greens[int(rng.integers(4))])
    picture *= (1 + 0.07 * fibre)[..., None]
    return finish(picture, rng, 0.008)


def _patch(x: float, y: float, radius: int) -> tuple[slice, slice] | None:
    """The part of the canvas around a point, or None outside."""
    rows = slice(max(0, int(y) - radius), min(HEIGHT, int(y) + radius))
    columns = slice(max(0, int(x) - radius), min(WIDTH, int(x) + radius))
    return (rows, columns) if rows.start < rows.stop and columns.start < columns.stop else None


def _leaf(picture: Floats, rng: np.random.Generator, foot: Floats, angle: float, size: float, colour: Floats) -> None:
    """A fan with a cleft, fine radiating veins, pigment gathered at the rim; in place."""
    x, y = float(foot[0]), float(foot[1])
    where = _patch(x, y, int(size * 1.06) + 2)
    if where is None:
        return
    dx, dy = X[:, where[1]] - np.float32(x), Y[where[0]] - np.float32(y)
    turn = (np.arctan2(dy, dx) - angle + np.pi) % (2 * np.pi) - np.pi
    far = np.hypot(dx, dy)
    phase, opening = rng.uniform(0, 6), rng.uniform(0.95, 1.25)
    rim = size * (0.97 + 0.05 * np.sin(7 * turn + phase) + 0.025 * np.sin(19 * turn + 2 * phase))
    rim = rim * (1 - 0.38 * np.exp(-((turn / 0.075) ** 2)))
    edge = np.minimum((rim - far), (opening - np.abs(turn)) * np.maximum(far, 1) * 0.9)
    body = np.clip(edge + 0.5, 0, 1)
    pigment = 0.55 + 0.40 * np.exp(-np.clip(edge, 0, None) / 2.5) + 0.18 * np.clip(far / size, 0, 1)
    pigment += 0.16 * np.sin(turn * 62 + 0.7 * np.sin(far / 9)) * np.clip(far / size, 0.2, 1)
    wash = noise(rng, 3, 3, octaves=3, shape=(body.shape[0], body.shape[1]))
    pigment = np.clip(pigment + 0.22 * wash, 0.15, 1.0)
    view = picture[where]
    tinted = view * (1 - pigment[..., None] * (1 - colour.astype(np.float32)) * 1.02)
    lay(view, tinted * 0.62 + 0.38 * colour.astype(np.float32) * (1.12 - 0.45 * pigment[..., None]), body)


def _drop(picture: Floats, x: float, y: float, radius: float, colour: tuple[float, float, float]) -> None:
    where = _patch(x, y, int(radius) + 3)
    if where is not None:
        far = np.hypot(X[:, where[1]] - np.float32(x), Y[where[0]] - np.float32(y))
        lay(picture[where], colour, 0.6 * np.clip(np.float32(radius) - far + 0.5, 0, 1))


def ink(seed: int = 11) -> bytes:
    """Marbled ink: bands of black and indigo drawn out by swirls on grey paper, a red seal at the edge."""
    rng = np.random.default_rng(seed)
    swirl_x, swirl_y = noise(rng, 3, 2, octaves=3), noise(rng, 3, 2, octaves=3)
    fine = noise(rng, 8, 6, octaves=4)
    u = X / 210 + 1.9 * swirl_x + 0.20 * fine
    v = Y / 210 + 1.9 * swirl_y - 0.20 * fine
    rings = np.hypot(u - 1.7, v - 2.2) * 5.2 + 1.4 * np.sin(u * 1.3 + v)
    bands = 0.5 + 0.5 * np.sin(rings * np.pi)
    flood = smooth(-0.5, 0.9, noise(rng, 2, 2, octaves=4) + 0.8 * glow(380, 480, 430) - 0.2)
    paper = noise(rng, 90, 200, octaves=3, gain=0.7)
    picture = gradient(0.5 + 0.5 * paper, (0.0, (0.86, 0.86, 0.83)), (1.0, (0.94, 0.93, 0.89)))
    lay(picture, (0.17, 0.23, 0.36), 0.75 * smooth(0.30, 0.95, bands) * flood)
    lay(picture, (0.05, 0.05, 0.07), 0.93 * smooth(0.62, 0.88, bands + 0.18 * fine) * smooth(0.12, 0.8, flood))
    specks = Stencil()
    for _ in range(130):
        x, y = rng.normal((880, 230), (170, 120))
        specks.disc(float(x), float(y), float(rng.exponential(1.9) + 0.5))
    lay(picture, (0.07, 0.07, 0.09), 0.85 * specks.mask())
    seal = Stencil()
    seal.polygon(((1082, 668), (1140, 664), (1143, 724), (1084, 727)))
    for row in ((1094, 684, 1130, 682), (1096, 700, 1132, 698), (1096, 714, 1118, 713), (1111, 676, 1112, 718)):
        seal.line((row[:2], row[2:]), 4, tone=0.0)
    lay(picture, (0.72, 0.13, 0.10), 0.9 * seal.mask() * np.clip(0.9 + 0.5 * paper, 0, 1))
    return finish(picture, rng)


def fields(seed: int = 5) -> bytes:
    """Ploughed fields from the air: odd-shaped plots, each with its own furrows, cut by a river and its trees."""
    rng = np.random.default_rng(seed)
    plots = 42
    sites = np.stack((rng.uniform(-60, WIDTH + 60, plots), rng.uniform(-60, HEIGHT + 60, plots)), axis=1)
    warp_x, warp_y = 26 * noise(rng, 4, 3, octaves=3), 26 * noise(rng, 4, 3, octaves=3)
    across, down = X + warp_x, Y + warp_y
    half_x, half_y = across[::2, ::2], down[::2, ::2]
    first, second = np.full((2, *half_x.shape), np.inf, dtype=np.float32)
    owner = np.zeros(half_x.shape, dtype=np.intp)
    for k, (x, y) in enumerate(sites.astype(np.float32)):
        far = np.hypot(half_x - x, (half_y - y) * np.float32(1.25))
        owner[far < first] = k
        second = np.minimum(second, np.maximum(first, far))
        first = np.minimum(first, far)
    owner = owner.repeat(2, axis=0).repeat(2, axis=1)
    between = stretch(second - first, SHAPE)
    crops = np.array(
        (
            (0.47, 0.55, 0.24),
            (0.72, 0.66, 0.33),
            (0.33, 0.44, 0.22),
            (0.80, 0.72, 0.46),
            (0.50, 0.39, 0.26),
            (0.62, 0.62, 0.30),
        ),
        dtype=np.float32,
    )
    tints = crops[rng.integers(0, 6, plots)] * rng.uniform(0.82, 1.12, (plots, 1)).astype(np.float32)
    angles, pitches = rng.uniform(0, np.pi, plots), rng.uniform(6, 17, plots)
    kx, ky = (np.float32(2 * np.pi) * f(angles) / pitches for f in (np.cos, np.sin))
    furrow = np.sin(kx.astype(np.float32)[owner] * across + ky.astype(np.float32)[owner] * down)
    soil = noise(rng, 20, 14, octaves=5, gain=0.6)
    picture = tints[owner] * (1 + 0.10 * furrow + 0.20 * soil)[..., None]
    hedge = np.clip(1 - between / 7, 0, 1)
    lay(picture, (0.16, 0.24, 0.12), 0.9 * smooth(0.2, 0.7, hedge * (0.8 + 0.5 * soil)))
    course = 250 + 0.52 * X + 120 * np.sin(X / 205) + 40 * np.sin(X / 83)
    away = np.abs(Y - course + 22 * warp_x / 26) / np.sqrt(1 + 0.4 * np.cos(X / 205) ** 2)
    lay(picture, (0.17, 0.27, 0.13), smooth(0, 1, np.clip((44 + 30 * soil - away) / 6, 0, 1)) * 0.9)
    lay(picture, (0.24, 0.42, 0.46) + 0.05 * soil[..., None], np.clip(25 - away, 0, 1))
    light = 1.06 - 0.30 * smooth(-0.2, 0.9, noise(rng, 2, 2, octaves=4))
    return finish(picture * light[..., None], rng)
