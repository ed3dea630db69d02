"""Where the cheap look finds letters, and that it finds none in pictures without them."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from fingerprints.reading import lettering
from tests.fingerprints.written_pages import signed, wrapped, written
from tests.provenance.conftest import ESSAY, ESSAY_ZH, picture


def regions(of: Image.Image) -> list[lettering.Box]:
    return lettering.regions(np.ascontiguousarray(np.asarray(of)[:, :, ::-1]))


@pytest.mark.parametrize("text", [ESSAY_ZH, ESSAY])
@pytest.mark.parametrize("size", [16, 26, 40])
def test_every_line_of_a_page_is_seen(text: str, size: int) -> None:
    lines = wrapped(text.replace("\n", " " if " " in text else ""), 480 // size * (2 if " " in text else 1))
    seen = regions(written(lines, size=size))
    for number in range(len(lines)):
        middle = 40 + number * round(1.6 * size) + 0.8 * size
        assert any(top <= middle <= bottom for _, top, _, bottom in seen), number


def test_a_dark_page_is_seen() -> None:
    assert regions(written(["the night bus hums"], ink=(220, 220, 220), ground=(10, 10, 10)))


@pytest.mark.parametrize("size", [14, 24])
def test_a_mark_in_the_corner_is_seen(size: int) -> None:
    ground = Image.new("RGB", (900, 600), (70, 90, 120))
    (*_, right, bottom) = max(regions(signed(ground, "Photo: North Bank", size=size)), key=lambda box: box[3])
    assert right > 800
    assert bottom > 540


def test_pictures_without_letters_are_left_alone() -> None:
    plain = [Image.new("RGB", (640, 480), "white"), *(picture(seed) for seed in range(6))]
    noise = np.random.default_rng(7).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    assert [regions(each) for each in [*plain, Image.fromarray(noise)]] == [[]] * 8
