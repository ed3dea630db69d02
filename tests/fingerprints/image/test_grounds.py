"""What is transparent is looked at on two grounds: art of one colour is no blank page, and a blank page is nobody's."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.fingerprints.finding import made, match


def logo(seed: int, level: int) -> Image.Image:
    random = np.random.default_rng(seed)
    picture = Image.new("RGBA", (400, 400), (level, level, level, 0))
    draw = ImageDraw.Draw(picture)
    for x, y, size in zip(
        *random.integers(0, 350, (2, 25)).tolist(), random.integers(20, 90, 25).tolist(), strict=True
    ):
        draw.ellipse((x, y, x + size, y + size), outline=(level, level, level, 255), width=6)
    return picture


def saved(picture: Image.Image, format: str = "PNG") -> bytes:
    out = io.BytesIO()
    picture.save(out, format)
    return out.getvalue()


def on(ground: tuple[int, int, int], picture: Image.Image) -> Image.Image:
    page = Image.new("RGB", picture.size, ground)
    page.paste(picture, mask=picture.getchannel("A"))
    return page


@pytest.mark.parametrize("level", [255, 0, 128], ids=["white", "black", "grey"])
def test_a_logo_of_one_colour_is_found_on_any_ground_and_is_not_another(level: int) -> None:
    work = made(saved(logo(1, level)))
    assert work.fingerprintable
    for ground in ((20, 30, 60), (230, 220, 200)):
        if abs(ground[0] - level) > 60:
            assert match(made(saved(on(ground, logo(1, level)), "JPEG"), thorough=True), work) is not None
    assert match(made(saved(logo(1, level)), thorough=True), work) is not None
    assert match(made(saved(logo(2, level)), thorough=True), work) is None
    blank = made(saved(Image.new("RGB", (400, 400), (level, level, level))), thorough=True)
    assert match(blank, work) is None


def test_blank_pictures_of_equal_pixels_are_no_copies_of_each_other() -> None:
    white = Image.new("RGB", (300, 200), "white")
    work, upload = made(saved(white)), made(saved(white, "BMP"), thorough=True)
    assert (work.reason, upload.reason) == ("no_texture", "no_texture")
    assert match(upload, work) is None
    assert match(made(saved(Image.new("RGBA", (300, 200), (9, 9, 9, 0)))), work) is None
    assert match(made(saved(white)), work) is not None  # the same bytes are


def test_a_small_icon_is_found_by_its_pixels_and_not_where_only_its_ground_is_the_same() -> None:
    icon = logo(3, 255).resize((24, 24))
    work = made(saved(icon))
    assert work.reason == "too_small"
    assert match(made(saved(icon, "TIFF"), thorough=True), work) is not None
    assert match(made(saved(logo(4, 255).resize((24, 24))), thorough=True), work) is None
    assert match(made(saved(Image.new("RGB", (24, 24), "white")), thorough=True), work) is None
