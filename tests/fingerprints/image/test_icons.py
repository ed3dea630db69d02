"""Icons: too small for keypoints to say much, and found nevertheless, in any container and size; others are not."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from fingerprints.image.examples import saved
from tests.fingerprints.finding import made, match, search


def icon(seed: int, side: int) -> Image.Image:
    """Discs in a rounded square, as app icons are."""
    random = np.random.default_rng(seed)
    picture = Image.new("RGB", (256, 256), "white")
    draw = ImageDraw.Draw(picture)
    colours = random.integers(0, 256, (5, 3)).tolist()
    draw.rounded_rectangle((8, 8, 248, 248), 50, fill=tuple(colours[0]))
    for colour in colours[1:]:
        x, y, wide, high = random.integers((30, 30, 30, 30), (150, 150, 90, 90)).tolist()
        draw.ellipse((x, y, x + wide, y + high), fill=tuple(colour))
    return picture.resize((side, side), Image.Resampling.LANCZOS)


@pytest.mark.parametrize("side", [32, 40, 48, 64])
def test_a_copy_of_an_icon_is_found_in_any_container_and_size(side: int) -> None:
    picture = icon(1, side)
    work = made(saved(picture))
    assert work.fingerprintable
    for data, scale in (
        (saved(picture, "WEBP", lossless=True), 1.0),
        (saved(picture, "BMP"), 1.0),
        (saved(picture, "JPEG", quality=85), 1.0),
        (saved(picture.resize((2 * side, 2 * side), Image.Resampling.NEAREST)), 2.0),
        (saved(picture.resize((3 * side, 3 * side), Image.Resampling.BICUBIC)), 3.0),
    ):
        found = match(made(data, thorough=True), work)
        assert found is not None
        assert found.score >= 0.5
        assert found.transform["scale"] == pytest.approx(scale, rel=0.05)


def test_other_icons_in_the_same_frame_are_not_found() -> None:
    works = [made(saved(icon(seed, 40))) for seed in range(6)]
    for seed in range(12, 18):
        assert not search(made(saved(icon(seed, 40)), thorough=True), works).matches
    same_shapes_other_colours = saved(Image.fromarray(255 - np.asarray(icon(1, 40))[..., ::-1] // 2))
    assert 1 not in search(made(same_shapes_other_colours, thorough=True), works).matches


def test_a_lossless_copy_of_any_picture_is_found_whatever_is_in_it() -> None:
    page = Image.new("RGB", (300, 200), "white")
    ImageDraw.Draw(page).polygon([(150, 20), (280, 180), (20, 180)], fill="red")
    work = made(saved(page))
    assert work.fingerprintable
    out = io.BytesIO()
    page.save(out, "TIFF")
    found = match(made(out.getvalue(), thorough=True), work)
    assert found is not None
    assert (found.score, found.coverage_upload, found.coverage_work) == (1.0, 1.0, 1.0)
    assert not found.transform["mirrored"]  # which it might be: the figure is its own mirror image
