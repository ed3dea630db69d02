"""What is a copy of a film and what only looks like one: drawn pictures, without a decoder."""

from __future__ import annotations

import hashlib
import tracemalloc
from functools import cache

import cv2
import numpy as np
import pytest

from fingerprints import video
from fingerprints.medium import Found
from fingerprints.model import Fingerprint, Match
from fingerprints.video import codec, features, planes
from fingerprints.video.examples import HEIGHT, RATE, WIDTH, Frames, film, inside
from tests.fingerprints.finding import search

pytestmark = pytest.mark.slow


def _made(frames: Frames, rate: float = RATE, *, thorough: bool = False) -> Fingerprint:
    """The fingerprint of pictures that were decoded."""
    keypoints, small = features.Collector(thorough=thorough), planes.Collector(thorough=thorough)
    each_second = planes.UPLOAD_RATE if thorough else planes.WORK_RATE
    seconds, step = len(frames) / rate, -1
    for number, frame in enumerate(frames):
        at = number / rate
        if int(at * each_second + 0.01) > step:  # the first picture of each step, as the decoder gives them
            step = int(at * each_second + 0.01)
            keypoints.add(at, frame)
            small.add(at, frame)
    found = keypoints.finished(seconds)
    height, width = frames.shape[1:]
    return Fingerprint(
        "video",
        video.ALGORITHM,
        hashlib.sha256(frames.tobytes() + f"{rate} {thorough}".encode()).digest(),
        keys=found.keys[:, 0] if not thorough else np.zeros(0, dtype=np.uint64),
        detail=codec.pack(codec.Film(width, height, seconds, thorough, found, small.finished(seconds))),
        facts={"seconds": seconds, "seconds_read": seconds},
    )


@cache
def _work() -> Fingerprint:
    return _made(film(1, 1))


def _found(frames: Frames, rate: float = RATE) -> Found:
    return search(_made(frames, rate, thorough=True), [_work()])


def _matched(frames: Frames, rate: float = RATE) -> Match:
    return _found(frames, rate).matches[0]


def test_where_in_both_a_piece_stands() -> None:
    cut = film(1, 1)[2 * RATE : 7 * RATE]
    (segment,) = _matched(np.concatenate((film(2, 2)[: 3 * RATE], cut))).segments
    assert np.abs(np.subtract(segment.upload, (3, 8))).max() < 0.3
    assert np.abs(np.subtract(segment.work, (2, 7))).max() < 0.3


@pytest.mark.parametrize(
    ("edit", "corners"),
    [
        ("as it is", ((0, 0), (160, 0), (160, 120), (0, 120))),
        ("mirrored", ((160, 0), (0, 0), (0, 120), (160, 120))),
        ("turned", ((120, 0), (120, 160), (0, 160), (0, 0))),
        ("cropped", ((-20, -10), (140, -10), (140, 110), (-20, 110))),
        ("small in another", ((6, 50), (94, 50), (94, 116), (6, 116))),
        ("framed", ((0, 30), (160, 30), (160, 150), (0, 150))),
    ],
)
def test_where_the_frame_of_the_work_lies(edit: str, corners: tuple[tuple[float, float], ...]) -> None:
    plain = film(1, 1)
    frames = {
        "as it is": plain,
        "mirrored": plain[:, :, ::-1],
        "turned": np.rot90(plain, -1, axes=(1, 2)),
        "cropped": plain[:, 10:110, 20:140],
        "small in another": inside(plain, film(2, 2)),
        "framed": np.pad(plain, ((0, 0), (30, 30), (0, 0))),
    }[edit]
    found = _matched(np.ascontiguousarray(frames))
    quad = found.segments[0].quad
    assert quad is not None
    assert np.abs(np.subtract(quad, corners)).max() < 5
    assert bool(found.transform.get("mirrored", False)) == (edit == "mirrored")
    assert found.transform["by"] == "picture"


def test_a_film_that_runs_slower_says_how_much() -> None:
    found = _matched(film(1, 1), RATE / 1.25)
    assert found.transform["speed"] == pytest.approx(0.8, abs=0.02)


def test_what_is_dark_and_covered_in_part_is_found() -> None:
    frames = (film(1, 1) * 0.6).astype(np.uint8)
    frames[:, 90:112, 10:150] = 200
    assert _matched(frames).score >= 0.5


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_the_same_place_at_another_time_accuses_nobody(seed: int) -> None:
    found = _found(film(1, seed))
    assert (dict(found.matches), found.reason) == ({}, "static_match")


def test_a_still_of_the_work_is_no_copy() -> None:
    found = _found(np.repeat(film(1, 1)[40:41], 6 * RATE, axis=0))
    assert not found.matches


@pytest.mark.parametrize("level", [0, 128])
def test_a_plain_picture_matches_nothing(level: int) -> None:
    found = _found(np.full((4 * RATE, HEIGHT, WIDTH), level, dtype=np.uint8))
    assert (dict(found.matches), found.reason) == ({}, None)


def test_a_work_is_looked_up_as_an_upload_is() -> None:
    other = _made(film(1, 1)[RATE:])
    assert search(other, [_work()]).matches[0].coverage_work > 0.7


def test_small_pictures_are_kept_about_as_they_are() -> None:
    kept = codec.film(_work())
    assert kept is not None
    sharp = np.stack([cv2.resize(each, (32, 24), interpolation=cv2.INTER_AREA) for each in film(1, 1)[:: RATE // 2]])
    assert np.abs(kept.work_pictures.astype(float) - sharp).mean() < 12
    assert len(kept.small) < 200 * kept.seconds * 2


def test_a_picture_stays_until_the_next() -> None:
    small = planes.Collector(thorough=True)
    for at, level in ((0.0, 10), (0.5, 200)):
        small.add(at, np.full((64, 64), level, dtype=np.uint8))
    kept = planes.SharpPictures(small.finished(1.25))
    assert [int(kept.picture(number).mean()) // 100 for number in range(kept.count)] == [0] * 4 + [2] * 6


def test_a_detail_of_another_layout_is_refused() -> None:
    work = _work()
    with pytest.raises(ValueError, match="unknown layout"):
        codec.film(Fingerprint("video", video.ALGORITHM, work.digest, detail=b"\x09" + work.detail[1:]))


def test_an_intro_that_many_works_share_accuses_nobody() -> None:
    intro = film(9, 9, 4)
    works = [_made(np.concatenate((intro, film(20 + n, n, 6)))) for n in range(4)]
    works += [_made(film(40 + n, n, 4)) for n in range(12)]
    other = _made(np.concatenate((intro, film(30, 30, 6))), thorough=True)
    found = search(other, works)
    assert (dict(found.matches), found.reason) == ({}, "template_only")
    copy = _made(np.concatenate((intro, film(21, 1, 6))), thorough=True)
    assert list(search(copy, works).matches) == [1]


def test_a_film_that_many_registered_is_found_by_a_piece_of_it() -> None:
    works = [_made(film(1, 1, 10), RATE + n / 1000) for n in range(4)] + [_made(film(40 + n, n, 4)) for n in range(12)]
    piece = _made(film(1, 1, 10)[3 * RATE : 7 * RATE], thorough=True)
    assert len(search(piece, works).matches) == 4


def test_a_still_of_hours_takes_no_memory() -> None:
    small = planes.Collector(thorough=False)
    tracemalloc.start()
    small.add(0.0, film(1, 1, 1)[0])
    before, _ = tracemalloc.get_traced_memory()
    kept = small.finished(3600.0)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(planes.unpacked(kept)) == 3600 * planes.WORK_RATE
    assert most - before < 1_000_000


def test_a_film_with_too_few_small_pictures_is_an_error() -> None:
    small = planes.Collector(thorough=False)
    small.add(0.0, film(1, 1, 1)[0])
    with pytest.raises(ValueError, match="too few small pictures"):
        planes.unpacked(small.finished(20.0)[:-12])
