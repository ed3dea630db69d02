"""Every format, mode and colour space comes out as the same picture: in sRGB, the right way up, at most 1024 long."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from fingerprints.errors import UnreadableMedia
from fingerprints.image.decoding import frames, opened, pixel_digest
from fingerprints.image.examples import saved, scene
from fingerprints.model import Limits
from fingerprints.sniff import sniff
from fingerprints.source import Source
from tests.fingerprints import pictures
from tests.fingerprints.pictures import ADOBE_GAMMA, ADOBE_RGB, DISPLAY_P3

pytestmark = pytest.mark.slow

SCENE = scene(1)
PIXELS = np.asarray(SCENE)
GREY = np.asarray(SCENE.convert("L"))
HEIF_ENC, EXIFTOOL = shutil.which("heif-enc"), shutil.which("exiftool")
needs_heif = pytest.mark.skipif(HEIF_ENC is None, reason="heif-enc is not installed (see scripts/debian-test-packages)")


def decoded(data: bytes, most: int = 200) -> list[Image.Image]:
    with opened(data, Limits()) as source:
        return list(frames(source.picture, most))


def off(data: bytes, expected: np.ndarray = PIXELS) -> float:
    """Levels by which the decoded picture differs from what was meant, on average."""
    frame = decoded(data)[0]
    assert frame.mode == "RGB"
    shown = np.asarray(frame, dtype=np.float64)
    expected = np.repeat(expected[..., None], 3, axis=2) if expected.ndim == 2 else expected
    assert shown.shape == expected.shape
    return float(np.abs(shown - expected).mean())


def heic(path: Path, picture: Image.Image, *options: str, **save: object) -> bytes:
    assert HEIF_ENC
    picture.save(path / "in.png", **save)
    subprocess.run(
        [HEIF_ENC, path / "in.png", "-o", path / "out.heic", *options], check=True, stdout=subprocess.DEVNULL
    )
    return (path / "out.heic").read_bytes()


# --- formats ---------------------------------------------------------------------------------------------------------


def deep(pixels: np.ndarray) -> np.ndarray:
    return pixels.astype(np.uint16) * 257


WITH_ALPHA = np.dstack((PIXELS, np.asarray(Image.linear_gradient("L").resize(SCENE.size))))
ON_WHITE = np.rint(255 + (PIXELS.astype(float) - 255) * WITH_ALPHA[..., 3:] / 255)
GREY_ALPHA = np.dstack((GREY, WITH_ALPHA[..., 3]))
GREY_ON_WHITE = np.rint(255 + (GREY.astype(float) - 255) * WITH_ALPHA[..., 3] / 255)
BITS = np.asarray(SCENE.convert("1").convert("L"))
LAB = np.rint(pictures.lab(pictures.linear(PIXELS)) * (2.55, 1, 1)).astype(np.int16).astype(np.uint8)
PALETTE = SCENE.quantize(64)
FEW = np.asarray(PALETTE.convert("RGB"))

CASES: dict[str, tuple[str, Callable[[], bytes], np.ndarray, float]] = {
    "JPEG": ("jpeg", lambda: saved(SCENE, "JPEG", quality=95), PIXELS, 3),
    "JPEG, progressive": ("jpeg", lambda: saved(SCENE, "JPEG", quality=95, progressive=True), PIXELS, 3),
    "JPEG, grey": ("jpeg", lambda: saved(SCENE.convert("L"), "JPEG", quality=95), GREY, 2),
    "JPEG, CMYK": ("jpeg", lambda: saved(SCENE.convert("CMYK"), "JPEG", quality=95, subsampling=0), PIXELS, 3),
    "JPEG, YCCK": ("jpeg", lambda: pictures.ycck(SCENE.convert("CMYK")), PIXELS, 3),
    "JPEG, the first of several": ("jpeg", lambda: saved(SCENE, "MPO", save_all=True, append_images=[scene(2)], quality=95), PIXELS, 3),
    "PNG": ("png", lambda: saved(SCENE), PIXELS, 0),
    "PNG, interlaced": ("png", lambda: pictures.png(PIXELS, 2, interlaced=True), PIXELS, 0),
    "PNG, 16 bits": ("png", lambda: pictures.png(deep(PIXELS), 2), PIXELS, 0),
    "PNG, 16 bits, interlaced": ("png", lambda: pictures.png(deep(PIXELS), 2, interlaced=True), PIXELS, 0),
    "PNG, 16 bits grey": ("png", lambda: pictures.png(deep(GREY), 0), GREY, 0),
    "PNG, 16 bits, alpha": ("png", lambda: pictures.png(deep(WITH_ALPHA), 6), ON_WHITE, 0.6),
    "PNG, 16 bits grey, alpha": ("png", lambda: pictures.png(deep(GREY_ALPHA), 4), GREY_ON_WHITE, 0.6),
    "PNG, alpha": ("png", lambda: pictures.png(WITH_ALPHA, 6, interlaced=True), ON_WHITE, 0.6),
    "PNG, grey alpha": ("png", lambda: pictures.png(GREY_ALPHA, 4), GREY_ON_WHITE, 0.6),
    "PNG, palette": ("png", lambda: saved(PALETTE), FEW, 0),
    "PNG, 1 bit": ("png", lambda: saved(SCENE.convert("1")), BITS, 0),
    "GIF": ("gif", lambda: saved(PALETTE, "GIF"), FEW, 0),
    "WebP": ("webp", lambda: saved(SCENE, "WEBP", quality=95), PIXELS, 4),
    "WebP, lossless, alpha": ("webp", lambda: saved(Image.fromarray(WITH_ALPHA), "WEBP", lossless=True, exact=True), ON_WHITE, 0.6),
    "AVIF": ("avif", lambda: saved(SCENE, "AVIF", quality=95), PIXELS, 4),
    "AVIF, alpha": ("avif", lambda: saved(Image.fromarray(WITH_ALPHA), "AVIF", quality=95), ON_WHITE, 4),
    "TIFF": ("tiff", lambda: saved(SCENE, "TIFF"), PIXELS, 0),
    "TIFF, LZW": ("tiff", lambda: saved(SCENE, "TIFF", compression="tiff_lzw"), PIXELS, 0),
    "TIFF, CMYK": ("tiff", lambda: saved(SCENE.convert("CMYK"), "TIFF"), PIXELS, 1),
    "TIFF, 16 bits": ("tiff", lambda: pictures.tiff(deep(PIXELS), 2), PIXELS, 0),
    "TIFF, 16 bits grey": ("tiff", lambda: pictures.tiff(deep(GREY), 1), GREY, 0),
    "TIFF, 12 of 16 bits": ("tiff", lambda: pictures.tiff(GREY.astype(np.uint16) * 16 + 15, 1), GREY, 0.6),
    "TIFF, L*a*b*": ("tiff", lambda: pictures.tiff(LAB, 8), PIXELS, 2),
    "TIFF, floats 0..1": ("tiff", lambda: pictures.tiff(GREY.astype(np.float32) / 255, 1), GREY, 0),
    "TIFF, floats of another range": ("tiff", lambda: pictures.tiff((GREY.astype(np.float32) - GREY.min()) * 9 - 70, 1), np.rint((GREY - GREY.min()) * (255 / float(np.ptp(GREY)))), 0.6),
    "TIFF, 32 bits": ("tiff", lambda: pictures.tiff(np.where(GREY.min() == GREY, 0, GREY).astype(np.int32) * 10**6, 1), np.where(GREY.min() == GREY, 0, np.rint(GREY * (255 / float(GREY.max())))), 0.6),
    "TIFF, the first page": ("tiff", lambda: saved(SCENE, "TIFF", save_all=True, append_images=[scene(2), scene(3)]), PIXELS, 0),
    "BMP": ("bmp", lambda: saved(SCENE, "BMP"), PIXELS, 0),
    "BMP, palette": ("bmp", lambda: saved(PALETTE, "BMP"), FEW, 0),
    "BMP, 1 bit": ("bmp", lambda: saved(SCENE.convert("1"), "BMP"), BITS, 0),
    "JPEG 2000": ("jp2", lambda: saved(SCENE, "JPEG2000"), PIXELS, 0),
    "JPEG 2000, code stream": ("jp2", lambda: saved(SCENE, "JPEG2000", no_jp2=True), PIXELS, 0),
    "JPEG 2000, lossy": ("jp2", lambda: saved(SCENE, "JPEG2000", quality_mode="rates", quality_layers=[8], irreversible=True), PIXELS, 6),
    "JPEG 2000, 16 bits": ("jp2", lambda: saved(Image.fromarray(deep(GREY)), "JPEG2000"), GREY, 0),
    "JPEG 2000, alpha": ("jp2", lambda: saved(Image.fromarray(WITH_ALPHA), "JPEG2000"), ON_WHITE, 0.6),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_every_format_and_mode_is_the_same_picture(case: str) -> None:
    format, make, expected, tolerance = CASES[case]
    data = make()
    assert sniff(Source.blob(data)) == ("image", format)
    assert off(data, expected) <= tolerance
    assert len(decoded(data)) == (2 if "alpha" in case else 1)  # on white and on black


@needs_heif
@pytest.mark.parametrize("case", ["plain", "alpha", "10 bits", "grey"])
def test_heic(tmp_path: Path, case: str) -> None:
    picture, expected, options = {
        "plain": (SCENE, PIXELS, []),
        "alpha": (Image.fromarray(WITH_ALPHA), ON_WHITE, []),
        "10 bits": (None, PIXELS, ["-b", "10"]),
        "grey": (SCENE.convert("L"), GREY, []),
    }[case]
    if picture is None:
        (tmp_path / "in.png").write_bytes(pictures.png(deep(PIXELS), 2))
        assert HEIF_ENC
        subprocess.run([HEIF_ENC, "-q", "95", *options, tmp_path / "in.png", "-o", tmp_path / "out.heic"], check=True, stdout=subprocess.DEVNULL)  # fmt: skip
        data = (tmp_path / "out.heic").read_bytes()
    else:
        data = heic(tmp_path, picture, "-q", "95", *options)
    assert sniff(Source.blob(data)) == ("image", "heic")
    assert off(data, expected) <= 5


# --- colours ---------------------------------------------------------------------------------------------------------

P3, ADOBE = pictures.rgb_profile(DISPLAY_P3), pictures.rgb_profile(ADOBE_RGB, ADOBE_GAMMA)
PRESS = pictures.cmyk_profile()


def wide(space: str) -> tuple[Image.Image, bytes]:
    if space == "Display P3":
        return pictures.in_space(SCENE, DISPLAY_P3), P3
    return pictures.in_space(SCENE, ADOBE_RGB, ADOBE_GAMMA), ADOBE


LOSSLESS = {"PNG": {}, "TIFF": {}, "WEBP": {"lossless": True}}
LOSSY = {"JPEG": {"quality": 95, "subsampling": 0}, "AVIF": {"quality": 95, "subsampling": "4:4:4"}}


@pytest.mark.parametrize("space", ["Display P3", "Adobe RGB"])
@pytest.mark.parametrize("format", [*LOSSLESS, *LOSSY])
def test_wide_gamut_is_converted(space: str, format: str) -> None:
    picture, profile = wide(space)
    options = {**LOSSLESS, **LOSSY}[format]
    converted = off(saved(picture, format, icc_profile=profile, **options))
    misread = off(saved(picture, format, **options))
    assert converted <= (2 if format in LOSSLESS else 4)
    assert misread >= converted + 3


@pytest.mark.parametrize("mode", ["P", "RGBA"])
def test_the_profile_holds_for_palettes_and_below_alpha(mode: str) -> None:
    picture, profile = wide("Display P3")
    if mode == "RGBA":
        picture.putalpha(Image.fromarray(WITH_ALPHA[..., 3]))
        assert off(saved(picture, icc_profile=profile), ON_WHITE) <= 2
    else:
        few = pictures.in_space(PALETTE.convert("RGB"), DISPLAY_P3).quantize(64, dither=Image.Dither.NONE)
        assert off(saved(few, icc_profile=profile), FEW) <= 2.5


@needs_heif
def test_wide_gamut_of_a_phone(tmp_path: Path) -> None:
    picture, profile = wide("Display P3")
    converted = off(heic(tmp_path, picture, "-q", "95", "-p", "chroma=444", icc_profile=profile))
    assert converted <= 4
    assert off(heic(tmp_path, picture, "-q", "95", "-p", "chroma=444")) >= converted + 3


def test_grey_with_a_profile() -> None:
    levels = np.rint(pictures.linear(GREY) ** (1 / 1.8) * 255).astype(np.uint8)
    picture = Image.fromarray(levels)
    assert off(saved(picture, icc_profile=pictures.grey_profile(1.8)), GREY) <= 2
    assert off(saved(picture), GREY) >= 10


@pytest.mark.parametrize("format", ["JPEG", "TIFF", "YCCK"])
def test_inks_are_shown_as_the_press_prints_them(format: str) -> None:
    inks = np.concatenate((255 - PIXELS, np.asarray(scene(2).convert("L"))[..., None] // 3), axis=-1)
    expected = np.rint(pictures.encoded(pictures.printed(inks)) * 255)
    picture = Image.frombytes("CMYK", SCENE.size, inks.tobytes())
    if format == "YCCK":
        data, plain = pictures.ycck(picture, icc_profile=PRESS), pictures.ycck(picture)
    else:
        options = {"quality": 95, "subsampling": 0} if format == "JPEG" else {}
        data, plain = saved(picture, format, icc_profile=PRESS, **options), saved(picture, format, **options)
    assert off(data, expected) <= (2 if format == "TIFF" else 4)
    assert off(plain, expected) >= 15


def test_a_profile_of_srgb_changes_nothing() -> None:
    for profile in (pictures.rgb_profile(pictures.SRGB), pictures.rgb_profile(pictures.SRGB, 2.2)):
        assert off(saved(SCENE, icc_profile=profile)) <= 3
    assert off(saved(SCENE, icc_profile=pictures.rgb_profile(pictures.SRGB))) == 0


def test_a_profile_of_other_channels_is_ignored() -> None:
    assert off(saved(SCENE, icc_profile=PRESS)) == 0
    assert off(saved(SCENE.convert("L"), icc_profile=P3), GREY) == 0
    assert off(saved(SCENE, "TIFF", icc_profile=pictures.grey_profile(1.8))) == 0


@pytest.mark.parametrize(
    "damage",
    ["rubbish", "empty", "half", "no tags", "tag beyond the end", "black", "red", "dim", "pale", "inverted", "wavy"],
)
def test_a_damaged_profile_is_ignored(damage: str) -> None:
    picture, profile = wide("Display P3")
    broken = bytearray(profile)
    if damage == "black":
        broken = bytearray(pictures.rgb_profile([(0.68, 0.32), (0.265, 0.69), (0.15, 0.06)], 1.0))
        at = broken.index(b"curv")
        broken[at + 12 : at + 14] = b"\xff\xff"
    if damage == "red":
        at = broken.index(b"XYZ ", 400)
        broken[at + 8 : at + 20] = bytes(12)
    if damage == "tag beyond the end":
        broken[128 + 4 + 3 * 12 + 4] = 0x7F
    data = {
        "rubbish": b"\xa5" * 600,
        "empty": b"",
        "half": profile[: len(profile) // 2],
        "no tags": profile[:128] + bytes(4),
        "dim": pictures.rgb_profile(DISPLAY_P3, table=(0, 20_000)),
        "pale": pictures.rgb_profile(DISPLAY_P3, table=(30_000, 65_535)),
        "inverted": pictures.rgb_profile(DISPLAY_P3, table=(65_535, 0)),
        "wavy": pictures.rgb_profile(DISPLAY_P3, table=(0, 50_000, 9_000, 65_535)),
    }
    made = saved(picture, "TIFF", icc_profile=data.get(damage, bytes(broken)))
    assert off(made) == off(saved(picture, "TIFF"))


def test_flipped_bits_in_a_profile_never_make_another_picture() -> None:
    picture, profile = wide("Display P3")
    unread, random, kept = off(saved(picture, "TIFF")), np.random.default_rng(5), 0
    for _ in range(150):
        broken = bytearray(profile)
        for at in random.integers(128, len(profile), 2):
            broken[at] ^= 1 << int(random.integers(8))
        found = off(saved(picture, "TIFF", icc_profile=bytes(broken)))
        assert found < 30
        kept += found < unread
    assert kept > 30


# --- size and orientation --------------------------------------------------------------------------------------------


SIZES = [(2600, 1950), (2048, 1000), (1501, 2047), (1025, 700), (1024, 768), (9000, 40), (40, 9000), (5000, 1)]


@pytest.mark.parametrize(
    ("format", "size"),
    [(format, size) for format in ("JPEG", "PNG", "TIFF", "JPEG2000") for size in SIZES]
    + [("JPEG", (4000, 3000)), ("JPEG", (3000, 4001)), ("JPEG2000", (4097, 1201))],
)
def test_frames_are_at_most_1024_long_and_sizes_are_told_in_full(format: str, size: tuple[int, int]) -> None:
    data = saved(SCENE.resize(size), format, **({"compress_level": 1} if format == "PNG" else {}))
    with opened(data, Limits()) as source:
        assert (source.width, source.height) == size
        (frame,) = frames(source.picture, 1)
    assert max(frame.size) == min(1024, max(size))
    longer, shorter = max(size), min(size)
    assert min(frame.size) == max(1, round(shorter * max(frame.size) / longer))
    reference = np.asarray(SCENE.resize(frame.size, Image.Resampling.BOX), dtype=float)
    if shorter > 100:
        assert np.abs(np.asarray(frame) - reference).mean() < 4


def test_a_twelve_megapixel_jpeg_is_scaled_by_the_decoder() -> None:
    with opened(saved(SCENE.resize((4000, 3000)), "JPEG"), Limits()) as source:
        assert source.picture.size == (2000, 1500)
    with opened(saved(SCENE.resize((8192, 600)), "JPEG"), Limits()) as source:
        assert source.picture.size == (1024, 75)
    with opened(saved(SCENE.resize((4000, 3000)), "JPEG"), Limits(), draft=False) as source:
        assert source.picture.size == (4000, 3000)


TURNED = {
    1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270,
}  # fmt: skip


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "TIFF, LZW", "AVIF", "PNG, after the pixels"])
def test_all_eight_orientations(orientation: int, format: str) -> None:
    turn = TURNED[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = SCENE.transpose(turn) if turn is not None else SCENE
    if format == "PNG, after the pixels":
        whole = saved(stored)
        data = whole[:-12] + pictures.chunk(b"eXIf", exif.tobytes()[6:]) + whole[-12:]
    else:
        options = {"TIFF, LZW": {"compression": "tiff_lzw"}, "AVIF": {"quality": 95}, "JPEG": {"quality": 95}}
        data = saved(
            stored,
            format.split(",")[0],
            exif=exif,
            **options.get(format, {"lossless": True} if format == "WEBP" else {}),
        )
    with opened(data, Limits()) as source:
        assert (source.width, source.height) == SCENE.size
    assert off(data) <= 4
    if format.startswith(("PNG", "TIFF")):
        assert pixel_digest(data, Limits()) == pixel_digest(saved(SCENE, "BMP"), Limits())


@needs_heif
@pytest.mark.skipif(EXIFTOOL is None, reason="exiftool is not installed (see scripts/debian-test-packages)")
def test_a_heic_is_turned_by_its_boxes_alone(tmp_path: Path) -> None:
    """ISO/IEC 23008-12, 6.5.10 and A.2.1: EXIF's orientation says nothing that the boxes have not done."""
    (tmp_path / "a.heic").write_bytes(heic(tmp_path, SCENE, "-q", "95"))
    command = [EXIFTOOL, "-q", "-n", "-overwrite_original", "-EXIF:Orientation=6", str(tmp_path / "a.heic")]
    subprocess.run(list(map(str, command)), check=True)
    assert off((tmp_path / "a.heic").read_bytes()) <= 5


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_is_none(value: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = value
    assert off(saved(SCENE, "PNG", exif=exif)) == 0


# --- animations ------------------------------------------------------------------------------------------------------

FEW_SCENES = [scene(seed, 120, 90) for seed in range(1, 6)]
ANIMATED = {"GIF": {}, "WEBP": {"quality": 90}, "PNG": {}, "AVIF": {"quality": 90, "speed": 9}}


def animation(format: str, shown: list[Image.Image], duration: int | list[int] = 100) -> bytes:
    return saved(shown[0], format, save_all=True, append_images=shown[1:], duration=duration, **ANIMATED[format])


def which(frame: Image.Image) -> int:
    """The number of the scene that a frame shows."""
    distances = [np.abs(np.asarray(frame, dtype=float) - np.asarray(s)).mean() for s in FEW_SCENES]
    best = int(np.argmin(distances))
    assert distances[best] < 15
    return best


@pytest.mark.parametrize("format", ANIMATED)
def test_every_frame_of_a_short_animation(format: str) -> None:
    assert [which(f) for f in decoded(animation(format, FEW_SCENES))] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("format", ANIMATED)
def test_a_long_animation_is_sampled_to_its_end(format: str) -> None:
    order = [n // 8 for n in range(40)]
    found = [which(f) for f in decoded(animation(format, [_numbered(n, FEW_SCENES[n // 8]) for n in range(40)]), 10)]
    assert found == [order[n] for n in range(0, 40, 4)]


@pytest.mark.parametrize("format", ANIMATED)
def test_of_a_group_of_frames_the_one_shown_longest_counts(format: str) -> None:
    """A flicker of other pictures does not hide the one that stays."""
    shown = [_numbered(n, FEW_SCENES[1 + n % 4]) for n in range(40)]
    shown[17] = FEW_SCENES[0]
    found = [which(f) for f in decoded(animation(format, shown, [2000 if n == 17 else 20 for n in range(40)]), 5)]
    assert len(found) == 5
    assert found[2] == 0


def _numbered(n: int, picture: Image.Image) -> Image.Image:
    """A picture with a mark of its own, so that no writer merges two frames into one."""
    out = picture.copy()
    out.paste((n * 6, 255 - n * 6, n * 3), (n * 2, 0, n * 2 + 30, 10))
    return out


def test_an_animation_that_declares_frames_it_does_not_have() -> None:
    data = animation("PNG", FEW_SCENES)
    at = data.index(b"acTL") + 4
    lying = data[: at - 4] + b"acTL" + (900).to_bytes(4, "big") + data[at + 4 : at + 8]
    lying += pictures.chunk(b"acTL", lying[at:])[-4:] + data[at + 12 :]
    with pytest.raises(UnreadableMedia) as caught:
        decoded(lying)
    assert caught.value.reason == "truncated"


def test_transparent_frames_lie_on_the_ones_before() -> None:
    first = FEW_SCENES[0].quantize(64)
    patch = Image.new("RGBA", first.size, (0, 0, 0, 0))
    patch.paste((255, 0, 0, 255), (50, 40, 90, 80))
    made = decoded(saved(first.convert("RGBA"), "GIF", save_all=True, append_images=[patch], disposal=1))
    assert len(made) == 2
    assert made[1].getpixel((60, 60))[0] > 200  # type: ignore[index]
    assert np.abs(np.asarray(made[1], dtype=float)[82:] - np.asarray(made[0])[82:]).mean() < 3


def test_metadata_may_be_large_but_not_endless() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "a" * 3_000_000, zip=True)
    assert off(saved(SCENE, pnginfo=info)) == 0


def test_floats_that_are_no_numbers() -> None:
    values = GREY.astype(np.float32) / 255
    values[:40], values[40:80], values[80:90] = np.nan, np.inf, -np.inf
    frame = np.asarray(decoded(pictures.tiff(values, 1))[0])[..., 0].astype(int)
    assert frame[:40].max() == 0
    assert frame[40:80].min() == 255
    assert frame[80:90].max() == 0
    assert np.abs(frame[90:] - GREY[90:]).max() <= 1


def test_noise_on_one_level_is_no_content() -> None:
    noise = np.random.default_rng(1).random((90, 90), dtype=np.float32)
    for pixels in (30_000 + noise, (30_000 + noise * 3).astype(np.uint16), (10**9 + noise * 10**5).astype(np.int32)):
        frame = np.asarray(decoded(pictures.tiff(pixels, 1))[0])
        assert np.ptp(frame) <= 1
