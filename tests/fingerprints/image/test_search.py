"""What people do to pictures, through a real index: found, located, told how; and others left alone."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable
from typing import Any, get_type_hints

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

from fingerprints import image
from fingerprints.image import (
    alignment,
    candidates,
    classifier,
    codebook,
    codec,
    comparison,
    features,
    hypotheses,
    keypoints,
    measurement,
    prefilter,
)
from fingerprints.image import search as picture_search
from fingerprints.image.examples import photograph, saved
from fingerprints.image.query import Query
from fingerprints.image.transforms import clip_polygon, polygon_area, transformed
from fingerprints.index.interface import View
from fingerprints.model import Fingerprint, Match, Preview, Segment
from tests.fingerprints.finding import indexed, made, search

pytestmark = pytest.mark.slow

WORKS = [saved(photograph(seed), "JPEG", quality=92) for seed in range(1, 9)]
SIZE = (640, 480)
PANEL = ("the council has met again", "and nothing was decided", "about the bridge, the quay", "or the bells")


@pytest.fixture(scope="module")
def works() -> list[Fingerprint]:
    return [made(work) for work in WORKS]


def found_in(picture: Image.Image, works: list[Fingerprint]) -> dict[int, Match]:
    upload = made(saved(picture, "JPEG", quality=80), thorough=True)
    return dict(search(upload, works, indexed(works)).matches)


def opened(number: int) -> Image.Image:
    return Image.open(io.BytesIO(WORKS[number])).convert("RGB")


def captioned(picture: Image.Image) -> Image.Image:
    out = Image.new("RGB", (picture.width, picture.height + 120), "white")
    out.paste(picture, (0, 60))
    draw = ImageDraw.Draw(out)
    draw.text((20, 10), "WHEN THE FERRY IS LATE", fill="black", font=ImageFont.load_default(36))
    draw.text((20, out.height - 50), "AND THE TEA IS COLD", fill="black", font=ImageFont.load_default(36))
    return out


def lettered(picture: Image.Image) -> Image.Image:
    out = picture.copy()
    draw = ImageDraw.Draw(out)
    for n, line in enumerate(("BREAKING", "the harbour", "IS CLOSED", "until noon")):
        draw.text(
            (20, 20 + n * 110), line, fill="white", font=ImageFont.load_default(80), stroke_width=4, stroke_fill="black"
        )
    return out


def covered(picture: Image.Image) -> Image.Image:
    """Two fifths of it under a panel of text."""
    out = picture.copy()
    draw = ImageDraw.Draw(out)
    draw.rectangle((0, 40, out.width, 40 + out.height * 2 // 5), fill="black")
    for n in range(4):
        draw.text((14, 50 + n * 45), PANEL[n], fill="white", font=ImageFont.load_default(36))
    return out


def posted(picture: Image.Image, text: str = "Nobody expected the fog to lift before ten. #ferry") -> Image.Image:
    page = Image.new("RGB", (540, 960), (250, 250, 250))
    draw = ImageDraw.Draw(page)
    draw.ellipse((20, 20, 70, 70), fill=(90, 120, 200))
    draw.text((90, 30), "harbour_daily", fill="black", font=ImageFont.load_default(22))
    page.paste(picture.resize((540, 405)), (0, 100))
    for line in range(8):
        draw.text((20, 530 + 40 * line), text, fill=(40, 40, 40), font=ImageFont.load_default(18))
    return page


def inside(picture: Image.Image) -> Image.Image:
    out = photograph(77).resize((900, 700))
    out.paste(picture.resize((400, 300)), (350, 250))
    return out


EDITS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "crop to a fifth": lambda p: p.crop((200, 100, 490, 320)),
    "mirrored": ImageOps.mirror,
    "inverted": ImageOps.invert,
    "mirrored and inverted": lambda p: ImageOps.mirror(ImageOps.invert(p)),
    "turned by 33 degrees": lambda p: p.rotate(-33, expand=True, fillcolor="white", resample=Image.Resampling.BICUBIC),
    "small": lambda p: p.resize((160, 120)),
    "large": lambda p: p.resize((1920, 1440)),
    "stretched": lambda p: p.resize((640, 360)),
    "grey": lambda p: ImageOps.grayscale(p).convert("RGB"),
    "blurred": lambda p: p.filter(ImageFilter.GaussianBlur(3)),
    "bordered": lambda p: ImageOps.expand(p, 90, "black"),
    "captioned": captioned,
    "lettered": lettered,
    "two fifths covered": covered,
    "in a post": posted,
    "inside another picture": inside,
    "mirrored, cropped and poor": lambda p: ImageOps.mirror(p).crop((60, 40, 560, 420)).filter(ImageFilter.GaussianBlur(1)),
}  # fmt: skip


@pytest.mark.parametrize("edit", EDITS)
def test_edited_copies_are_found_and_nothing_else(edit: str, works: list[Fingerprint]) -> None:
    found = found_in(EDITS[edit](opened(2)), works)
    assert set(found) == {2}
    match = found[2]
    assert 0.5 <= match.score <= 1
    assert match.transform["mirrored"] is ("mirrored" in edit)
    assert match.transform["inverted"] is ("inverted" in edit)


def test_other_pictures_match_nothing(works: list[Fingerprint]) -> None:
    for seed in range(20, 32):
        assert found_in(photograph(seed), works) == {}
    post = made(saved(posted(photograph(51), "Two boats went out and only one of them is back"), "JPEG", quality=90))
    for seed in (50, 52, 53, 54):
        assert found_in(posted(photograph(seed)), [*works, post]) == {}


def test_every_source_of_a_collage_is_found_where_it_is(works: list[Fingerprint]) -> None:
    sheet = Image.new("RGB", (1000, 760), "white")
    corners = {0: (0, 0), 3: (510, 0), 5: (0, 385), 6: (510, 385)}
    for number, corner in corners.items():
        sheet.paste(opened(number).resize((490, 367)), corner)
    found = found_in(sheet, works)
    assert set(found) == set(corners)
    for number, (x, y) in corners.items():
        (segment,) = found[number].segments
        wanted = ((x, y), (x + 490, y), (x + 490, y + 367), (x, y + 367))
        assert np.allclose(segment.upload, wanted, atol=25)
        assert found[number].coverage_upload == pytest.approx(0.237, abs=0.04)
        assert found[number].coverage_work == pytest.approx(1, abs=0.12)


def test_a_work_inside_another_and_one_registered_many_times_are_all_found(works: list[Fingerprint]) -> None:
    picture = opened(1)
    picture.paste(opened(2).resize((176, 132)), (440, 330))
    again = [made(saved(opened(1), "JPEG", quality=quality)) for quality in range(60, 72)]
    assert set(found_in(picture, [*works, *again])) == {1, 2, *range(len(works), len(works) + len(again))}


def test_small_works_inside_one_are_found_besides_it(works: list[Fingerprint]) -> None:
    for number in (2, 3, 5):
        picture = opened(0)
        picture.paste(opened(number).resize((128, 96)), (330, 250))
        assert set(found_in(picture, works)) == {0, number}


def test_every_work_of_a_large_collage_is_found() -> None:
    works = [made(saved(photograph(seed), "JPEG", quality=92)) for seed in range(1, 17)]
    sheet = Image.new("RGB", (4 * 320, 4 * 240))
    for n in range(16):
        sheet.paste(photograph(n + 1).resize((320, 240)), (n % 4 * 320, n // 4 * 240))
    assert len(found_in(sheet, works)) == 16


def test_a_work_is_aligned_with_an_upload_once(works: list[Fingerprint]) -> None:
    registered = [*works, *(made(saved(opened(1), "JPEG", quality=quality)) for quality in (60, 70, 80))]
    frame = codec.frames(made(saved(opened(1), "JPEG", quality=50), thorough=True))[0]
    numbers: list[int] = []
    best = picture_search._best

    def counted(query: Query, aligned: Any, *rest: Any) -> Any:
        numbers.extend(work for work, each in aligned if each.variant == 0)
        return best(query, aligned, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(picture_search, "_best", counted)
        view = indexed(registered).view(image.ALGORITHM)
        picture_search.best_alignments(candidates.look_up(Query(frame), view), dict(enumerate(registered, 1)), view)
    assert {2, 9, 10, 11} <= set(numbers)  # positions: one more than the place among the registered
    assert len(set(numbers)) == len(numbers)


def test_the_region_of_a_crop_is_where_it_was_cut(works: list[Fingerprint]) -> None:
    box = (160, 96, 480, 336)
    found = found_in(opened(4).crop(box), works)
    (segment,) = found[4].segments
    left, top, right, bottom = box
    assert np.allclose(segment.work, ((left, top), (right, top), (right, bottom), (left, bottom)), atol=40)
    assert found[4].coverage_work == pytest.approx(0.25, abs=0.1)
    assert found[4].transform["scale"] == pytest.approx(1, rel=0.03)


def test_a_turn_is_measured(works: list[Fingerprint]) -> None:
    for degrees in (7.0, 90.0, 200.0):
        turned = opened(1).rotate(-degrees, expand=True, resample=Image.Resampling.BICUBIC)
        assert float(found_in(turned, works)[1].transform["rotation"]) == pytest.approx(degrees, abs=1.5)


@pytest.mark.parametrize("left", [40, 560])
@pytest.mark.parametrize("near_side", ["left", "right"])
def test_a_tilted_picture_is_found_wherever_it_lies(left: int, near_side: str, works: list[Fingerprint]) -> None:
    width, height = 544, 408
    short = 0.19 * height  # by which the far side is shorter at each end
    here, there = (0, short) if near_side == "left" else (short, 0)
    right, top = left + width, 300
    quad = ((left, top + here), (right, top + there), (right, top + height - there), (left, top + height - here))
    flat = np.array([(0, 0), (SIZE[0], 0), SIZE, (0, SIZE[1])], dtype=np.float32)
    tilt = cv2.getPerspectiveTransform(flat, np.array(quad, dtype=np.float32))
    wall = cv2.warpPerspective(np.asarray(opened(2)), tilt, (1250, 1000), borderValue=(200, 200, 200))
    match = found_in(Image.fromarray(wall), works)[2]
    assert np.allclose(match.segments[0].upload, quad, atol=25)
    assert float(match.transform["scale"]) == pytest.approx(0.72, abs=0.04)
    assert (float(match.transform["rotation"]) + 180) % 360 == pytest.approx(180, abs=3)


def test_an_animation_says_which_frame_it_was(works: list[Fingerprint]) -> None:
    moving = saved(photograph(90), "WEBP", save_all=True, append_images=[opened(3), photograph(91)], duration=100)
    upload = made(moving, thorough=True)
    found = search(upload, works, indexed(works)).matches
    assert set(found) == {3}
    assert found[3].transform["frame"] == 1.0


def test_a_known_transform_finds_the_places_that_letters_hid_and_becomes_exact(works: list[Fingerprint]) -> None:
    (work,) = codec.frames(works[2])
    (upload,) = codec.frames(made(saved(lettered(opened(2)), "JPEG", quality=80), thorough=True))
    alike = codebook.unit(upload.vectors) @ work.unit.T
    scale = upload.width / work.width
    exact = np.diag((scale, scale, 1.0))
    rough = exact @ np.array([[1.01, 0.01, -1.5], [-0.01, 0.99, 1.5], [0, 0, 1]])
    voted = alignment.align(upload, work, alike, 0)
    known = alignment.guided_matching(upload, work, rough, 0, alike, 0, 0)
    assert voted is not None
    assert known is not None
    assert len(known.work_inliers) > len(voted.work_inliers)
    assert len(set(known.work_inliers.tolist())) == len(known.work_inliers)
    corners = np.array([(0, 0), (work.width, 0), (work.width, work.height), (0, work.height)], dtype=float)
    assert np.abs(transformed(known.matrix, corners) - corners * scale).max() < 1.5 * scale
    assert (
        alignment.guided_matching(upload, work, np.diag((scale, scale, 1.0)) @ np.diag((0.5, 0.5, 1)), 0, alike, 0, 0)
        is None
    )


def test_inliers_are_significant_by_what_is_around_them(works: list[Fingerprint]) -> None:
    """A copy's places stand alone; of a picture that looks alike everywhere as many pairs stand beside them."""
    (work,), (other,) = codec.frames(works[2]), codec.frames(works[3])
    (upload,) = codec.frames(made(saved(opened(2), "JPEG", quality=80), thorough=True))
    scale = upload.width / work.width
    exact = np.diag((scale, scale, 1.0))
    copy = alignment.guided_matching(upload, work, exact, 0, codebook.unit(upload.vectors) @ work.unit.T, 0, 0)
    all_alike = np.ones((len(upload.points), len(other.points)), dtype=np.float32)
    pattern = alignment.guided_matching(upload, other, exact, 0, all_alike, 0, 0)
    assert copy is not None
    assert pattern is not None
    assert len(pattern.work_inliers) > 12
    assert pattern.significance < 12 < copy.significance


def test_how_strongly_places_agree_is_less_the_more_were_tried(works: list[Fingerprint]) -> None:
    (work,), (other,) = codec.frames(works[2]), codec.frames(works[3])
    (upload,) = codec.frames(made(saved(opened(2), "JPEG", quality=80), thorough=True))
    alike, stranger = (codebook.unit(upload.vectors) @ each.unit.T for each in (work, other))
    voters = np.arange(96)
    same = alignment.vote_strength(upload, work, voters, alike[voters], 0)
    assert same > 4 * alignment.vote_strength(upload, other, voters, stranger[voters], 0)
    assert alignment.vote_strength(upload, work, voters[:2], alike[:2], 0) == 0


def test_where_nearly_all_places_are_alike_each_pair_counts() -> None:
    # 120 places of the upload, each with eighteen of the work like it, and some that are like one only.
    alike = np.random.default_rng(1).uniform(0, 0.3, (150, 200)).astype(np.float32)
    alike[:120, :18] = np.linspace(0.94, 0.95, 18)
    few, many = alike.copy(), alike.copy()
    few[range(120, 130), range(20, 30)] = 0.95
    many[range(120, 150), range(20, 50)] = 0.95
    left, _, weight = alignment.putative_matches(few)
    assert set(weight[left < 120].round(2).tolist()) == {0.6}
    left, _, weight = alignment.putative_matches(many)
    assert weight[left < 120].max() < 0.2 < 0.9 < weight[left >= 120].min()
    faint = np.where(few > 0.5, few - 0.15, few)
    left, _, weight = alignment.putative_matches(faint)
    assert weight[left < 120].max() < 0.2


def ring(spokes: int) -> Image.Image:
    out = Image.new("RGB", (560, 560), "white")
    spoke = np.array([(125, -22), (125, 8), (190, 14), (190, 22), (255, 26), (255, -26)], dtype=float)
    for turn in np.arange(spokes) * 2 * np.pi / spokes:
        about = np.array([(np.cos(turn), np.sin(turn)), (-np.sin(turn), np.cos(turn))])
        ImageDraw.Draw(out).polygon([(x, y) for x, y in (spoke @ about + 280).tolist()], fill="black")
    return out


def test_a_ring_of_equal_spokes_is_found_and_aligned_as_it_stands() -> None:
    rings = [ring(spokes) for spokes in (16, 24)]
    works = [made(saved(each, "JPEG", quality=92)) for each in rings]
    for number, each in enumerate(rings):
        assert set(found_in(each.rotate(8, expand=True, fillcolor="grey"), works)) == {number}
        post = posted(each)
        assert set(found_in(post, works)) == {number}
        (upload,) = codec.frames(made(saved(post, "JPEG", quality=60), thorough=True))
        (hypothesis,) = hypotheses.from_keypoints(Query(upload), works[number], (0,))
        assert hypothesis.alignment is not None
        assert hypothesis.alignment.significance > 200


@pytest.mark.parametrize("which", range(1, keypoints.VARIANTS))
def test_a_mirrored_or_inverted_picture_has_the_permuted_descriptors(which: int) -> None:
    grey = np.asarray(photograph(5).convert("L"))
    turned = grey[:, ::-1] if which & keypoints.MIRRORED else grey
    turned = 255 - turned if which & keypoints.INVERTED else turned
    one, other = keypoints.detect(grey, 200), keypoints.detect(np.ascontiguousarray(turned), 200)
    mine = codebook.unit(codebook.projected(one.descriptors))
    theirs = codebook.unit(codebook.projected(keypoints.permuted(other.descriptors, which)))
    plain = codebook.unit(codebook.projected(other.descriptors))
    assert ((mine @ theirs.T).max(axis=1) > 0.9).mean() > 0.7
    assert ((mine @ plain.T).max(axis=1) > 0.9).mean() < 0.3


def test_what_is_kept_of_a_work_is_small_and_comes_back(works: list[Fingerprint]) -> None:
    for work, data in zip(works, WORKS, strict=True):
        (small,) = codec.thumbnails(work)
        assert len(work.to_bytes()) - len(small) <= 10_000
        with Image.open(io.BytesIO(small)) as shown:
            assert max(shown.size) == codec.THUMBNAIL_SIDE
        grey = np.asarray(Image.open(io.BytesIO(data)).convert("L"))
        seen = keypoints.detect(np.asarray(cv2.resize(grey, (256, 192), interpolation=cv2.INTER_AREA)), 350)
        (frame,) = codec.frames(work)
        assert len(frame.points) == len(seen)
        assert np.abs(frame.points - seen.points).max() < 0.01
        assert np.abs(np.log2(frame.sizes / seen.sizes)).max() < 1 / 16


def test_keys_are_words_and_signatures_that_a_poor_copy_mostly_shares() -> None:
    picture = photograph(6)
    fine = keypoints.detect(np.asarray(picture.convert("L")), 300)
    vectors = codebook.projected(fine.descriptors)
    described = codebook.described(vectors, 2)
    asked = described.keys
    assert (codebook.keys(vectors) == asked[:, 0]).all()
    assert (asked < 1 << 40).all()
    words = asked >> np.uint64(codebook.SIGNATURE_BITS)
    assert all(len(set(row)) == 2 for row in words.tolist())
    # What the poor copy's signatures differ in is mostly what was told least surely.
    poor = codebook.keys(codebook.decoded(codebook.encoded(vectors)))
    same_word = poor >> np.uint64(codebook.SIGNATURE_BITS) == words[:, 0]
    differing = (poor ^ asked[:, 0])[same_word]
    few = described.least_sure(6, 12)[same_word, 0]
    assert (np.bitwise_count(few) == 6).all()
    assert not (few & np.uint64(0xFFF)).any()
    upper = differing & np.uint64(0xFFF000)
    assert np.bitwise_count(upper & few).sum() > 3 * np.bitwise_count(upper & ~few).sum() > 0
    assert not described.least_sure(0, 0).any()
    decoded = codebook.decoded(codebook.encoded(vectors))
    assert (codebook.unit(decoded) * codebook.unit(vectors)).sum(axis=1).mean() > 0.9


@pytest.mark.parametrize("number", range(3))
def test_a_sign_that_comes_again_and_again_does_not_outvote_a_picture(number: int, works: list[Fingerprint]) -> None:
    def wallpaper(sign: str) -> Image.Image:
        out = Image.new("RGB", SIZE, "white")
        for x in range(6, SIZE[0], 40):
            for y in range(4, SIZE[1], 40):
                ImageDraw.Draw(out).text((x, y), sign, fill="black", font=ImageFont.load_default(28))
        return out

    view = indexed([*works, *(made(saved(wallpaper(sign))) for sign in "RGBK&")]).view(image.ALGORITHM)
    upload = wallpaper("R")
    upload.paste(opened(number).resize((160, 120)), (200, 120))
    (frame,) = codec.frames(made(saved(upload, "JPEG", quality=80), thorough=True))
    first, *_ = candidates.votes(Query(frame), view)
    assert (first.work, first.variant) == (number + 1, 0)


def test_pixelated_parts_keep_their_brightness_and_another_view_lies_elsewhere(works: list[Fingerprint]) -> None:
    def seen(picture: Image.Image) -> features.Features:
        (frame,) = codec.frames(made(saved(picture, "JPEG", quality=90), thorough=True))
        view = indexed(works).view(image.ALGORITHM)
        proposed = candidates.look_up(Query(frame), view)
        return picture_search.best_alignments(proposed, dict(enumerate(works, 1)), view)[1].region.features

    def patched(source: Image.Image) -> Image.Image:
        out = opened(0)
        for x in range(60, 600, 180):
            for y in range(150, 480, 130):
                out.paste(source.crop((x, y, x + 90, y + 80)), (x, y))
        return out

    tiles = opened(0).resize((64, 48), Image.Resampling.BOX).resize(SIZE, Image.Resampling.NEAREST)
    assert seen(opened(0)).levels.other_correlation == 1
    assert seen(patched(tiles)).levels.other_correlation > 0.7
    assert seen(patched(opened(1))).levels.other_correlation < 0.5
    across, down = np.meshgrid(np.arange(640, dtype=np.float32), np.arange(480, dtype=np.float32))
    wave = 4 * np.sin(down / 25) + 4 * np.sin(across / 31)
    bent = Image.fromarray(cv2.remap(np.asarray(opened(0)), across + wave, down, cv2.INTER_LINEAR))
    assert seen(opened(0)).general.block_shift < 0.2 < seen(bent).general.block_shift


def compared(upload: Image.Image, work: Image.Image) -> comparison.Comparison:
    (mine,) = codec.frames(made(saved(upload, "JPEG", quality=90), thorough=True))
    (theirs,) = codec.frames(made(saved(work, "JPEG", quality=90)))
    return comparison.compare(mine, theirs, np.diag((mine.width / theirs.width, mine.height / theirs.height, 1.0)), 0)


def chart(*heights: int) -> Image.Image:
    out = Image.new("RGB", SIZE, "white")
    for n, height in enumerate(heights):
        ImageDraw.Draw(out).rectangle((60 + 90 * n, 440 - height, 120 + 90 * n, 440), fill=(40 + 20 * n, 90, 140))
    return out


def test_letters_lie_on_a_chart_and_other_values_take_something_of_it_away() -> None:
    mine, others = chart(120, 300, 210, 340, 90, 260), chart(310, 150, 330, 120, 270, 200)
    copy = compared(lettered(mine), mine)
    assert copy.pixels.work_edges_removed < 0.01
    assert copy.pixels.upload_edges_added - 0.2 > copy.pixels.upload_edges_inserted > 0.2
    assert copy.pixels.level_share < 0.8 < copy.pixels.smooth_level_share
    half = mine.copy()
    ImageDraw.Draw(half).rectangle((0, 0, 330, 480), fill=(170, 170, 170))
    under = compared(half, mine)  # something lies over the edges that are gone
    assert under.pixels.work_edges_missing > 0.4
    assert under.pixels.work_edges_removed < 0.01
    assert compared(others, mine).pixels.work_edges_removed > 0.2
    filtered = compared(others.point([round(0.4 * level + 60) for level in range(256)] * 3), mine)
    assert filtered.pixels.work_edges_removed > 0.2
    assert filtered.pixels.upload_edges_inserted > 0.2
    assert compared(chart(120), mine).pixels.work_edges_removed > 0.6
    lettered_other = compared(lettered(others), mine)
    assert lettered_other.pixels.work_edges_removed > 0.1
    assert copy.pixels.smooth_level_share > lettered_other.pixels.smooth_level_share + 0.05
    assert copy.pixels.level_share > lettered_other.pixels.level_share + 0.05


@pytest.mark.parametrize("dark", [0.4, 0.7, 1.0])
@pytest.mark.parametrize("flat", [0.4, 0.75, 1.0])
def test_levels_lie_near_one_line_under_letters_too(dark: float, flat: float) -> None:
    work = photograph(3)
    filtered = work.point([round(dark * (128 + flat * (level - 128))) for level in range(256)] * 3)
    slope, offset = compared(lettered(filtered), work).line
    assert slope == pytest.approx(dark * flat, rel=0.1)
    assert offset + 128 * slope == pytest.approx(128 * dark, abs=8)


def test_what_was_made_so_bright_that_it_is_cut_still_lies_near_the_line() -> None:
    found = compared(lettered(ImageEnhance.Brightness(photograph(3)).enhance(2)), photograph(3))
    assert found.pixels.smooth_level_share > 0.85


def test_paper_between_dark_letters_has_the_level_it_had() -> None:
    mine = chart(120, 300, 210, 340, 90, 260)
    upload = mine.copy()
    draw = ImageDraw.Draw(upload)
    for n in range(8):
        ink, font = ("black", "yellow", "white", "#222")[n % 4], ImageFont.load_default(66)
        draw.text((4, 59 * n - 10), "BREAKING the harbour"[n:], ink, font, stroke_width=5, stroke_fill="#602")
    found = compared(upload, mine)
    assert found.line[0] == pytest.approx(1, abs=0.1)
    assert found.pixels.smooth_level_share > 0.9


def test_the_best_rectangle_is_that_of_brute_force() -> None:
    r = np.random.default_rng(3)
    for _ in range(20):
        gain = r.normal(-0.3, 1, (5, 6))
        top, left, bottom, right = measurement.best_rectangle(gain)
        every = [
            gain[a:b, c:d].sum() for a in range(5) for b in range(a + 1, 6) for c in range(6) for d in range(c + 1, 7)
        ]
        assert gain[top:bottom, left:right].sum() == pytest.approx(max(every))


def test_a_polygon_is_cut_to_the_picture() -> None:
    square = np.array([(-10.0, -10.0), (50.0, -10.0), (50.0, 50.0), (-10.0, 50.0)])
    assert polygon_area(clip_polygon(square, 40, 30)) == pytest.approx(1200)
    assert polygon_area(clip_polygon(square + 100, 40, 30)) == 0
    half = transformed(np.array([[0.0, -1, 20], [1, 0, 0], [0, 0, 1]]), square)
    assert polygon_area(half) == pytest.approx(polygon_area(square))


def features_of(value: Callable[[str], float]) -> features.Features:
    """Made features: the value of each by its name."""
    groups: dict[str, dict[str, float]] = {}
    for name in features.FEATURES:
        group, feature = name.split(".")
        groups.setdefault(group, {})[feature] = value(name)
    kinds = get_type_hints(features.Features)
    return features.Features(**{group: kinds[group](**values) for group, values in groups.items()})


def test_features_are_one_row_in_the_order_of_their_names() -> None:
    numbers = {name: float(n) for n, name in enumerate(features.FEATURES)}
    made_up = features_of(numbers.__getitem__)
    assert made_up.row() == tuple(map(float, range(len(features.FEATURES))))
    assert made_up.pixels.level_share == numbers["pixels.level_share"]


def test_the_classifier_is_sure_of_nothing_and_of_everything_and_bounded_between() -> None:
    r = np.random.default_rng(1)
    counts = {
        "keypoints.log_inliers": 5.0,
        "keypoints.log_rare_inliers": 5.0,
        "keypoints.log_inlier_blocks": 4.5,
        "rectangle.log_agreeing_blocks": 5.3,
        "general.log_textured_blocks": 5.3,
        "levels.log_median_residual": 0.3,
    }
    against = {
        "keypoints.work_unmatched_share",
        "keypoints.upload_unmatched_share",
        "visible_work.replaced_share",
        "visible_work.replaced_share_inside",
        "visible_work.largest_hole_share",
        "pixels.work_edges_missing",
        "pixels.upload_edges_added",
        "pixels.work_edges_removed",
        "pixels.upload_edges_inserted",
        "pixels.edge_blocks_lost",
        "differences.hard_edged_share",
        "levels.log_median_residual",
        "general.block_shift",
        "general.anisotropy",
    }
    assert {*counts, *against} <= set(features.FEATURES)
    nothing = features_of(lambda name: 1.0 if name in against else 0.0)
    all_ = features_of(lambda name: counts.get(name, 0.0 if name in against else 0.95))
    wild = [features_of(lambda name: float(r.normal(0, 10.0 ** r.uniform(-2, 6)))) for _ in range(200)]
    scores = classifier.scores([nothing, all_, *wild])
    assert scores[0] < 0.1
    assert scores[1] > 0.9
    assert ((scores >= 0) & (scores <= 1)).all()
    assert classifier.scores(wild[:1]) == pytest.approx(scores[2:3])
    assert len(classifier.scores([])) == len(classifier.passing([])) == 0


def test_votes_tell_where_everything_around_is_alike_too(works: list[Fingerprint]) -> None:
    (upload,) = codec.frames(made(saved(opened(2), "JPEG", quality=80), thorough=True))
    query = Query(upload)
    (plain,) = (each.alignment for each in hypotheses.from_keypoints(query, works[2], (0,)))
    assert plain is not None
    letters = dataclasses.replace(plain, significance=2.0)
    assert plain.votes > 30
    assert hypotheses._is_plausible(letters)
    assert not hypotheses._is_plausible(dataclasses.replace(letters, votes=13))
    assert not hypotheses._is_plausible(
        dataclasses.replace(letters, work_inliers=plain.work_inliers[:4], upload_inliers=plain.upload_inliers[:4])
    )


def test_the_prefilter_tells_a_copy_from_keypoints_that_agree_by_chance(works: list[Fingerprint]) -> None:
    upload = Query(codec.frames(made(saved(lettered(opened(2)), "JPEG"), thorough=True))[0])

    def seen(work: Fingerprint) -> list[prefilter.PrefilterFeatures]:
        return [each.prefilter for each in hypotheses.from_keypoints(upload, work, range(keypoints.VARIANTS))]

    assert len(classifier.passing(seen(works[2])))
    chance = [each for n, work in enumerate(works) if n != 2 for each in seen(work)]
    assert not len(classifier.passing(chance))
    bare = dataclasses.replace(chance[0], code_similarity=0.0)
    assert not len(classifier.passing([bare]))
    alike = dataclasses.replace(bare, code_similarity=0.4)  # whole pictures that are alike are compared
    assert classifier.passing([alike]).tolist() == [0]
    # So are those that are aligned though no place agrees, but not all.
    unmatched = {"work_unmatched_share", "upload_unmatched_share"}
    whole = prefilter.PrefilterFeatures(
        **{name: 1.0 if name in unmatched else 0.0 for name in classifier.PREFILTER_FEATURES}
    )
    assert classifier.passing([bare, *[whole] * (classifier.MAX_DOUBTFUL + 3)]).tolist() == list(
        range(1, 1 + classifier.MAX_DOUBTFUL)
    )
    clear = seen(works[2])[0]
    assert len(classifier.passing([clear] * (classifier.MAX_DOUBTFUL + 3))) == classifier.MAX_DOUBTFUL + 3


def test_a_picture_under_letters_is_found_though_no_word_votes_for_it(
    monkeypatch: pytest.MonkeyPatch, works: list[Fingerprint]
) -> None:
    monkeypatch.setattr(candidates, "votes", lambda query, view: ())
    assert set(found_in(lettered(opened(2)), works)) == {2}
    mirrored = found_in(ImageOps.mirror(covered(opened(3))), works)
    assert set(mirrored) == {3}
    assert mirrored[3].transform["mirrored"] is True
    assert found_in(lettered(photograph(50)), works) == {}


def test_a_picture_under_letters_is_found_though_another_work_has_these_letters(
    monkeypatch: pytest.MonkeyPatch, works: list[Fingerprint]
) -> None:
    page = Image.new("RGB", SIZE, "white")
    for n, line in enumerate((3, 1, 2, 0)):
        ImageDraw.Draw(page).text((14, 20 + n * 60), PANEL[line], fill="black", font=ImageFont.load_default(36))
    votes = candidates.votes

    def for_the_page(query: Query, view: View) -> tuple[candidates.Vote, ...]:
        return tuple(vote for vote in votes(query, view) if vote.work == len(works) + 1)

    monkeypatch.setattr(candidates, "votes", for_the_page)
    assert 3 in found_in(covered(opened(3)), [*works, made(saved(page, "JPEG"))])


def test_a_whole_picture_is_a_hypothesis_on_one_of_its_shape() -> None:
    work = made(saved(photograph(3), "JPEG"))
    wide = photograph(3).resize((SIZE[0] * 21 // 20, SIZE[1]))
    for picture, expected in ((lettered(photograph(3)), 1), (lettered(wide), 0)):
        upload = Query(codec.frames(made(saved(picture, "JPEG"), thorough=True))[0])
        near = dataclasses.replace(hypotheses._nearest(upload, work)[0], bits=hypotheses.SIMILAR_BITS)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(hypotheses, "_nearest", lambda query, candidate, near=near: [near])
            proposed = hypotheses.from_whole_pictures(upload, work, [], distant=True)
        assert len(proposed) == expected
        for each in proposed:
            assert np.allclose(
                transformed(each.matrix, np.array([(0, 0), (256, 192)])), [(0, 0), upload.frame.grey.shape[::-1]]
            )
            assert hypotheses.from_whole_pictures(upload, work, proposed, distant=True) == []


def test_the_drawing_shows_both_pictures_outlined(works: list[Fingerprint]) -> None:
    quad = ((10.0, 10.0), (600.0, 10.0), (600.0, 400.0), (10.0, 400.0))
    (small,) = codec.thumbnails(works[0])
    match = Match(1.0, 1.0, 1.0, (Segment(quad, quad, "pixel"),))
    drawn = image.render(Preview(*SIZE, small), [(works[0], match)] * 2)
    assert drawn is not None
    with Image.open(io.BytesIO(drawn)) as sheet:
        assert sheet.format == "PNG"
        assert sheet.height == 2 * 320 + 3 * 16
        colours = {colour for _, colour in sheet.convert("RGB").getcolors(1 << 24) or ()}
    assert {(230, 25, 75), (0, 114, 178)} <= colours
