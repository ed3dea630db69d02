"""A case set of pictures drawn by code: works, edited copies, and pictures that nobody registered.

    python benchmarks/image/generate.py FOLDER [--works 300] [--copies 540] [--distractors 1200] [--seed 1]

makes a case set (see benchmarks/common/cases.py). The same seed gives the same pictures (with one version of numpy and
Pillow). Half of the distractors are tier 1, other photographs; the others tier 2, charts, posts and branded pictures
with a registered one's template and contents of their own.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from itertools import count as count_from
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.image.drawn import kind, work
from benchmarks.image.edits import COLLAGES, OTHERS, WHOLE, collage
from fingerprints.image.examples import saved

FAR = 5_000_000  # pictures from here on are nobody's works
LEAST = 8  # works, so that there are four photographs for a collage
TRANSFORMS = (*WHOLE, *OTHERS, *COLLAGES)
_TIERS = {1: ("photo",), 2: ("chart", "post", "branded")}


def strangers(tier: int, count: int, seed: int = 1) -> Iterator[tuple[str, Image.Image]]:
    """Pictures that are no works, and their kinds: photographs, or what has the template of some works."""
    numbers = (n for n in count_from(FAR) if kind(n) in _TIERS[tier])
    return ((kind(n), work(n, seed)) for n in islice(numbers, count))


def edited(turn: int, count: int, seed: int = 1) -> tuple[str, Image.Image, list[int]]:
    """An upload that reuses some of the first ``count`` works: the edit (in turn), the picture, the works' numbers."""
    r = np.random.default_rng([seed, 7, turn])
    photographs = [n for n in range(count) if kind(n) == "photo"]
    name = TRANSFORMS[turn % len(TRANSFORMS)]
    if name in COLLAGES:
        chosen = r.choice(photographs, COLLAGES[name], replace=False).tolist()
        return name, collage([work(n, seed) for n in chosen]), chosen
    anything = name in WHOLE and turn // len(TRANSFORMS) % 2
    number = int(r.integers(count)) if anything else int(r.choice(photographs))
    return name, (WHOLE | OTHERS)[name](work(number, seed), r), [number]


def write_cases(folder: Path, count: int, copies: int, distractors: int, seed: int) -> None:
    for part in ("refs", "queries"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    lines: dict[str, list[dict[str, object]]] = {"refs": [], "queries": []}

    def write(part: str, name: str, picture: Image.Image, quality: int, **known: object) -> None:
        path = f"{part}/{name}.jpg"
        (folder / path).write_bytes(saved(picture, "JPEG", quality=quality))
        lines[part].append({"id": name, "path": path, **known})

    for n in range(count):
        write("refs", f"w{n}", work(n, seed), 92, category=kind(n))
    for turn in range(copies):
        name, made, numbers = edited(turn, count, seed)
        write("queries", f"{name}-{turn}", made, 80, expected=[f"w{n}" for n in numbers], transform=name)
    for tier, share in ((1, distractors - distractors // 2), (2, distractors // 2)):
        for n, (what, picture) in enumerate(strangers(tier, share, seed)):
            write("queries", f"tier{tier}-{n}", picture, 85, expected=[], transform=f"distractor_{what}", tier=tier)
    for part, rows in lines.items():
        (folder / f"{part}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--works", type=int, default=300, help=f"at least {LEAST}")
    parser.add_argument("--copies", type=int, default=540)
    parser.add_argument("--distractors", type=int, default=1200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if given.works < LEAST:
        parser.error(f"at least {LEAST} works")
    write_cases(given.folder, given.works, given.copies, given.distractors, given.seed)


if __name__ == "__main__":
    main()
