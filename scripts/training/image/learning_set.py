"""A case set to fit the rules of pictures to: families of pictures that resemble each other, and copies edited hard.

    python scripts/training/image/learning_set.py FOLDER [--seed 11] [--families 690] [--copies 1300] [--strangers 700]

makes a case set (see benchmarks/common/cases.py). Of every family one member is registered, of every seventh two,
unless they are photographs a moment apart; two more of each but photographs are distractors of the tier of their kind
(`families.KINDS`), a third of them edited slightly, a sixth as hard as copies are. Strangers are members of families of
which nobody registered any, a third of them with one to three edits, some in collages (tier 1). The same seed gives the
same pictures (with one version of numpy and Pillow).

`generate.py` makes an easier set, whose figures mean something beside those of other methods; here many copies are
covered until little is left, because that is where a classifier has to decide.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.image.drawn import Rng
from benchmarks.image.edits import Edit
from fingerprints.image.examples import saved
from scripts.training.image import varied
from scripts.training.image.families import KINDS, kind, member, source

FIRST_STRANGER = 1_000_000  # families from here on are nobody's
MIN_FAMILIES = 10  # families, so that a collage has four pictures to choose from
TWO_REGISTERED_EVERY = 7  # of so many families one has two members registered
UNREGISTERED_MEMBERS = 2  # members of a family that nobody registered
PICTURES = ("photo", "place", "person", "burst", "comic")  # a part of these is more than a template
SMALL = ("logo", "flag", "product")  # of these a panel may hide all that is their own
COLLAGED = tuple(name for name in KINDS if name not in ("logo", "text_page"))  # recognised when small
Made = tuple[Image.Image, Rng, dict[str, Any]]  # the picture, what it is saved by, what its line says
# each mention makes it once more often
_WEIGHTY = (
    "text_panel", "screen_photo", "on_a_post", "text_all_over", "text_all_over", "text_all_over", *varied.PARTS,
)  # fmt: skip
_SLIGHT = ("reencoded", "smaller", "aspect", "lights", "grey", "shifted", "coloured", "bordered", "blurred")


def _choice(family: int) -> list[str]:
    """The edits of a family's kind, which leave something of its own."""
    if kind(family) in PICTURES:
        return list(varied.ALL)
    return [name for name in varied.EDITS if name != "text_panel" or kind(family) not in SMALL]


def _edit(r: Rng, turn: int, family: int) -> tuple[str, Edit]:
    """What is done to a family's picture, and its name: of eight, two have two edits, two three."""
    choice = _choice(family)
    if turn < 4:
        count = 2 + turn % 2
        return f"combo{count}", varied.combined(r, count, choice)
    name = str(r.choice([*choice, *(each for each in _WEIGHTY if each in choice)]))
    return name, varied.ALL[name]


def edited(turn: int, families: int, seed: int) -> Made:
    """An upload that reuses works: of nine one is a collage, two have two edits, two three."""
    r = source("edited", turn, seed=seed)
    if turn % 9 == 8:
        count = int(r.integers(2, 5))
        chosen = r.choice([f for f in range(families) if kind(f) in COLLAGED], count, replace=False).tolist()
        made = varied.collage([member(f, 0, seed) for f in chosen], r)
        return made, r, {"expected": [f"w{f}_0" for f in chosen], "transform": f"collage{count}"}
    family = int(r.integers(families))
    name, edit = _edit(r, turn % 9, family)
    return edit(member(family, 0, seed), r), r, {"expected": [f"w{family}_0"], "transform": name}


def near(family: int, number: int, seed: int) -> Made:
    """Another member of a registered family: a third edited slightly, a sixth as hard as copies."""
    r = source("near", family, number, seed=seed)
    picture, turn = member(family, number, seed), int(r.integers(6))
    if turn == 0:
        picture = _edit(r, int(r.integers(8)), family)[1](picture, r)
    elif turn < 3:
        picture = varied.ALL[str(r.choice(_SLIGHT))](picture, r)
    return picture, r, {"expected": [], "transform": f"distractor_{kind(family)}", "tier": KINDS[kind(family)][2]}


def stranger(number: int, seed: int) -> Made:
    """A member of a family that nobody has registered: as it is, edited, or with others in a collage."""
    r = source("stranger", number, seed=seed)
    family = FIRST_STRANGER + number
    picture = member(family, 0, seed)
    if number % 3 == 0:
        picture = varied.combined(r, int(r.integers(1, 4)), _choice(family))(picture, r)
    elif number % 11 == 1:
        others = range(family, family + int(r.integers(2, 5)) * FIRST_STRANGER, FIRST_STRANGER)
        picture = varied.collage([member(each, 0, seed) for each in others], r)
    return picture, r, {"expected": [], "transform": f"distractor_{kind(family)}", "tier": 1}


def _encoded(picture: Image.Image, r: Rng) -> tuple[str, bytes]:
    """The ending of a file's name, and the file."""
    by, quality = r.random(), int(r.integers(60, 95))
    if by < 0.8:
        return "jpg", saved(picture, "JPEG", quality=quality)
    return ("png", saved(picture, "PNG")) if by < 0.9 else ("webp", saved(picture, "WEBP", quality=quality - 10))


_MAKERS: dict[str, Callable[..., Made]] = {"edited": edited, "near": near, "stranger": stranger}
# folder, name, what is made (a work or one of `_MAKERS`), of what numbers
_Job = tuple[Path, str, str, tuple[int, ...]]


def _written(job: _Job) -> dict[str, Any]:
    """Draws and writes one picture; its line."""
    folder, name, what, numbers = job
    if what == "work":
        known: dict[str, Any] = {"category": kind(numbers[0])}
        path, data = f"refs/{name}.jpg", saved(member(*numbers), "JPEG", quality=90)
    else:
        picture, r, known = _MAKERS[what](*numbers)
        ending, data = _encoded(picture, r)
        path = f"queries/{name}.{ending}"
    (folder / path).write_bytes(data)
    return {"id": name, "path": path, **known}


def write_set(folder: Path, families: int, copies: int, strangers: int, seed: int) -> None:
    """Writes the set.

    Args:
        families: `MIN_FAMILIES` at least, so that there are four of `COLLAGED` kinds.
    """
    for part in ("refs", "queries"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    works = [
        (f, n) for f in range(families) for n in range(2 if f % TWO_REGISTERED_EVERY == 0 and kind(f) != "burst" else 1)
    ]
    resembling = [(f, n) for f in range(families) for n in range(2, 2 + UNREGISTERED_MEMBERS) if kind(f) != "photo"]
    queries: list[_Job] = [(folder, f"c{n}", "edited", (n, families, seed)) for n in range(copies)]
    queries += [(folder, f"n{f}_{n}", "near", (f, n, seed)) for f, n in resembling]
    queries += [(folder, f"s{n}", "stranger", (n, seed)) for n in range(strangers)]
    jobs: dict[str, list[_Job]] = {
        "refs": [(folder, f"w{f}_{n}", "work", (f, n, seed)) for f, n in works],
        "queries": queries,
    }
    with get_context("spawn").Pool() as pool:  # forking a process that has threads is deprecated since Python 3.12
        for part, each in jobs.items():
            lines = [json.dumps(line) + "\n" for line in pool.map(_written, each, chunksize=8)]
            (folder / f"{part}.jsonl").write_text("".join(lines), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--families", type=int, default=690, help=f"{MIN_FAMILIES} at least")
    parser.add_argument("--copies", type=int, default=1300)
    parser.add_argument("--strangers", type=int, default=700)
    given = parser.parse_args()
    if given.families < MIN_FAMILIES:
        parser.error(f"at least {MIN_FAMILIES} families")
    write_set(given.folder, given.families, given.copies, given.strangers, given.seed)


if __name__ == "__main__":
    main()
