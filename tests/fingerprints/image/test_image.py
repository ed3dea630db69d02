import imagehash
import numpy as np
import pytest
from PIL import Image

from fingerprints import image
from fingerprints.image.decoding import small_grey
from fingerprints.image.examples import chart, saved, scene
from fingerprints.image.phash import codes
from fingerprints.model import Limits
from tests.fingerprints.finding import match

pytestmark = pytest.mark.slow


def bits(code: np.ndarray) -> np.ndarray:
    return np.unpackbits(code.astype(">u8").view(np.uint8)).astype(bool)


def oriented(grey: np.ndarray, orientation: int) -> np.ndarray:
    """A square array turned; bits of ``orientation``: 1 mirrored left to right, 2 top to bottom, 4 then transposed."""
    if orientation & 1:
        grey = grey[:, ::-1]
    if orientation & 2:
        grey = grey[::-1, :]
    return grey.T if orientation & 4 else grey


@pytest.mark.parametrize("seed", range(3))
def test_the_eight_codes_are_imagehash_s_of_the_eight_turned_pictures(seed: int) -> None:
    grey = small_grey(scene(seed), 64)
    for orientation, code in enumerate(codes(grey)):
        turned = Image.fromarray(np.ascontiguousarray(oriented(grey, orientation)))
        assert np.array_equal(imagehash.phash(turned, hash_size=16).hash.ravel(), bits(code))


def test_the_stored_code_is_imagehash_s_of_the_picture() -> None:
    assert np.array_equal(
        imagehash.phash(scene(1), hash_size=16).hash.ravel(), bits(image.fingerprint(saved(scene(1))).codes[0])
    )


@pytest.mark.parametrize("turn", list(Image.Transpose))
def test_segment_and_transform_say_how_the_work_lies_on_the_upload(turn: Image.Transpose) -> None:
    picture = scene(1)
    upload = picture.transpose(turn).resize((150, 200) if turn.name in SIDEWAYS else (200, 150))
    found = match(image.fingerprint(saved(upload), thorough=True), image.fingerprint(saved(picture)))
    assert found is not None
    assert found.transform["scale"] == pytest.approx(0.5, rel=0.02)
    assert found.transform["inverted"] is False
    (segment,) = found.segments
    assert np.allclose(segment.work, ((0, 0), (400, 0), (400, 300), (0, 300)), atol=4)
    # The corner the segment names for the work's top left corner holds the same colours.
    marked = picture.copy()
    marked.paste((255, 0, 255), (0, 0, 40, 40))
    turned = marked.transpose(turn)
    x, y = (np.array(segment.upload[0]) * 2).astype(int)  # type: ignore[call-overload]
    inside = min(max(x, 5), turned.width - 5), min(max(y, 5), turned.height - 5)
    assert turned.getpixel(inside) == (255, 0, 255)
    again = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if found.transform["mirrored"] else picture
    again = again.rotate(-round(float(found.transform["rotation"]) / 90) * 90, expand=True)
    assert _off(float(found.transform["rotation"])) < 1
    assert np.array_equal(np.asarray(again), np.asarray(picture.transpose(turn)))


def _off(degrees: float) -> float:
    return abs((degrees + 45) % 90 - 45)


SIDEWAYS = ("ROTATE_90", "ROTATE_270", "TRANSPOSE", "TRANSVERSE")


def test_sizes_are_those_a_viewer_shows() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    made = image.fingerprint(saved(scene(1), "JPEG", exif=exif))
    assert (made.facts["width"], made.facts["height"]) == (300, 400)


@pytest.mark.parametrize(
    ("mode", "format"),
    [
        ("L", "PNG"), ("1", "PNG"), ("P", "PNG"), ("RGBA", "PNG"), ("LA", "PNG"), ("I;16", "PNG"), ("I;16", "TIFF"),
        ("F", "TIFF"), ("CMYK", "JPEG"), ("CMYK", "TIFF"), ("LAB", "TIFF"), ("YCbCr", "TIFF"), ("RGB", "JPEG2000"),
        ("L", "BMP"), ("P", "GIF"), ("RGBA", "WEBP"), ("RGB", "AVIF"),
    ],
)  # fmt: skip
def test_every_mode_is_the_same_picture(mode: str, format: str) -> None:
    picture = scene(1)
    if mode == "I;16":
        deep: Image.Image = Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 200 + 3000)
    elif mode == "F":
        deep = Image.fromarray(np.asarray(picture.convert("L")).astype(np.float32) / 255)
    elif mode == "LAB":
        from PIL import ImageCms

        srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        made = ImageCms.applyTransform(picture, ImageCms.buildTransform(srgb, lab, "RGB", "LAB"))
        assert made is not None
        deep = made
    else:
        deep = picture.convert(mode)
    upload = image.fingerprint(saved(deep, format))
    assert match(upload, image.fingerprint(saved(picture))) is not None


def test_transparency_lies_on_white() -> None:
    clear = scene(1).convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(clear.size))
    on_white = Image.new("RGB", clear.size, "white")
    on_white.paste(clear, mask=clear.getchannel("A"))
    assert np.array_equal(image.fingerprint(saved(clear)).codes, image.fingerprint(saved(on_white)).codes)


def animation(pictures: list[Image.Image], format: str = "GIF") -> bytes:
    return saved(pictures[0], format, save_all=True, append_images=pictures[1:], duration=100)


def test_an_animation_is_found_by_any_of_its_different_frames() -> None:
    pictures = [scene(1), scene(1), scene(2), scene(3)]
    made = image.fingerprint(animation(pictures))
    assert made.codes.shape == (3, 4)
    for seed in (1, 2, 3):
        assert match(image.fingerprint(saved(scene(seed))), made) is not None
    assert match(image.fingerprint(saved(scene(9))), made) is None
    assert image.fingerprint(animation(pictures), Limits(max_frames=2)).codes.shape == (2, 4)


@pytest.mark.parametrize(
    ("size", "reason"),
    [((2, 1), "too_small"), ((1, 5000), "too_small"), ((31, 400), "too_small"), ((64, 64), "no_texture")],
)
def test_pictures_without_content_match_by_their_exact_pixels(size: tuple[int, int], reason: str) -> None:
    red, blue = (Image.new("RGB", size, colour) for colour in ("red", "blue"))
    for each in (red, blue):
        each.putpixel((0, 0), (0, 90, 0))
    made = image.fingerprint(saved(red))
    assert made.reason == reason
    assert not len(made.codes)
    same = image.fingerprint(saved(red, "BMP"))
    found = match(same, made)
    assert found is not None
    assert found.transform["identical_pixels"] is True
    assert np.array_equal(same.keys, made.keys)
    assert match(image.fingerprint(saved(blue)), made) is None
    assert match(image.fingerprint(saved(scene(1))), made) is None


def flag(colours: tuple[str, ...], across: bool) -> Image.Image:
    out = Image.new("RGB", (300, 200))
    for n, colour in enumerate(colours):
        box = (n * 100, 0, n * 100 + 100, 200) if across else (0, n * 67, 300, n * 67 + 67)
        out.paste(Image.new("RGB", (box[2] - box[0], box[3] - box[1]), colour), box)
    return out


def test_flags_gradients_and_charts_of_one_template_are_not_copies_of_each_other() -> None:
    plain = [
        flag(("black", "red", "gold"), False),
        flag(("red", "white", "blue"), False),
        flag(("green", "white", "red"), True),
    ]
    plain += [Image.linear_gradient("L").resize((300, 200)), Image.radial_gradient("L").resize((300, 200))]
    made = [image.fingerprint(saved(p)) for p in plain + [chart(seed) for seed in range(8)]]
    for n, one in enumerate(made):
        for other in made[n + 1 :]:
            assert match(one, other) is None


def test_a_large_jpeg_is_decoded_small_and_found_all_the_same() -> None:
    large = saved(scene(1).resize((4000, 3000)), "JPEG", quality=80)
    found = match(image.fingerprint(large), image.fingerprint(saved(scene(1))))
    assert found is not None
    assert found.transform["scale"] == pytest.approx(10, rel=0.02)
    assert np.allclose(found.segments[0].upload, ((0, 0), (4000, 0), (4000, 3000), (0, 3000)), atol=40)
