"""Forms: another filling is no copy, however much of the form is the same; a copy of a filling is."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from benchmarks.image.forms import EDITS
from benchmarks.image.forms_drawn import Family
from fingerprints.image import codec
from fingerprints.image.examples import saved
from fingerprints.image.slots import Placed, Slots, shared_facts, slots
from fingerprints.model import Fingerprint
from tests.fingerprints.finding import made, search

FAMILIES = [
    Family("receipt", "en", 1),
    Family("receipt", "zh", 3),
    Family("certificate", "en", 3),
    Family("invoice", "zh", 1),
    Family("seats", "en", 1),
    Family("results", "zh", 3),
]


def upload(picture: Image.Image) -> Fingerprint:
    return made(saved(picture, "JPEG", quality=85), thorough=True)


@pytest.fixture(scope="module")
def works() -> list[Fingerprint]:
    """Of each family the first filling."""
    return [made(saved(family.filled(0, 7), "JPEG", quality=90)) for family in FAMILIES]


@pytest.mark.parametrize("number", range(len(FAMILIES)), ids=[f"{f.kind}-{f.language}" for f in FAMILIES])
def test_another_filling_is_no_copy_and_a_copy_of_a_filling_is(number: int, works: list[Fingerprint]) -> None:
    family, r = FAMILIES[number], np.random.default_rng(number)
    assert search(upload(family.filled(100, 7)), works).matches == {}
    assert search(upload(EDITS["poor"](family.filled(101, 7), r)), works).matches == {}
    for edit in ("as it is", "poor", "captioned"):
        found = search(upload(EDITS[edit](family.filled(0, 7), r)), works)
        assert list(found.matches) == [number], edit


def _slots(one: Image.Image, other: Image.Image) -> Slots:
    """Of two pictures of one size, laid on each other."""
    work, shown = codec.frames(made(saved(one)))[0], codec.frames(upload(other))[0]
    return slots(shown, work, np.diag((shown.width / work.width, shown.height / work.height, 1.0)), 0)


def page(lines: int, facts: int) -> Image.Image:
    """Labels that are always the same, and beside each a number."""
    r, out = np.random.default_rng(facts), Image.new("RGB", (480, 60 + 40 * lines), "white")
    draw, font = ImageDraw.Draw(out), ImageFont.load_default(22)
    for n in range(lines):
        draw.text((20, 30 + 40 * n), f"Entry of column {chr(65 + n)}", "black", font)
        draw.text((280, 30 + 40 * n), str(int(r.integers(10**8, 10**9))), "black", font)
    return out


def test_other_facts_are_other_strokes_of_the_same_ink() -> None:
    same, other = _slots(page(9, 1), page(9, 1)), _slots(page(9, 1), page(9, 2))
    assert not same.filled_otherwise
    assert other.filled_otherwise
    assert other.places >= 9


def test_what_is_laid_over_strokes_is_no_other_fact() -> None:
    picture = page(9, 1)
    covered = picture.copy()
    draw = ImageDraw.Draw(covered)
    for n in range(0, 9, 2):
        draw.rectangle((270, 24 + 40 * n, 470, 60 + 40 * n), fill=(200, 30, 60))
        draw.text((280, 26 + 40 * n), "not for sale", "yellow", ImageFont.load_default(30))
    assert not _slots(picture, covered).filled_otherwise
    blurred = Image.open(io.BytesIO(saved(picture.resize((120, 105)), "JPEG", quality=50))).resize(picture.size)
    assert not _slots(picture, blurred.convert("RGB")).filled_otherwise


def test_of_two_fillings_an_upload_has_the_facts_of_one_or_of_neither() -> None:
    first, second = (codec.frames(made(saved(page(9, n))))[0] for n in (1, 2))
    sibling = Placed(second, np.eye(3), 0)

    def facts(of: Image.Image) -> float:
        shown = codec.frames(upload(of))[0]
        scale = np.diag((shown.width / first.width, shown.height / first.height, 1.0))
        return shared_facts(Placed(shown, scale, 0), first, sibling)

    assert facts(page(9, 1)) > 0.8
    assert facts(page(9, 2)) < 0.2
    assert facts(page(9, 3)) < 0.5
    # Works that are no two fillings of one form have no facts to tell them by.
    assert shared_facts(Placed(second, np.eye(3), 0), first, Placed(first, np.eye(3), 0)) == 1.0
