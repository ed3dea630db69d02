"""Drawn films (`fingerprints.video.examples`), edited as people edit films, and a case set of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from fingerprints.video.examples import HEIGHT, RATE, WIDTH, Frames, encoded, film, inside

SECONDS = 12


def cropped(frames: Frames) -> Frames:
    """Without a fifth of each side."""
    down, across = frames.shape[1] // 5, frames.shape[2] // 5
    return np.ascontiguousarray(frames[:, down:-down, across : frames.shape[2] - across])


def noisy(frames: Frames) -> Frames:
    noise = np.random.default_rng(1).normal(0, 8, (RATE, *frames.shape[1:]))
    return np.stack([np.clip(each + noise[n % RATE], 0, 255) for n, each in enumerate(frames)]).astype(np.uint8)


def _turned(frames: Frames) -> Frames:
    return np.stack([cv2.rotate(each, cv2.ROTATE_90_CLOCKWISE) for each in frames]).astype(np.uint8)


def _boxed(frames: Frames) -> Frames:
    return np.pad(frames, ((0, 0), (20, 20), (0, 0)))


def _subtitled(frames: Frames) -> Frames:
    out = frames.copy()
    for number, each in enumerate(out):
        said = f"line {number // (2 * RATE)} of what is said"
        cv2.putText(each, said, (8, HEIGHT - 10), cv2.FONT_HERSHEY_SIMPLEX, 0.4, 255, 1, cv2.LINE_AA)
    return out


def _inside_another(frames: Frames) -> Frames:
    return inside(frames, film(900, 900, SECONDS), 0.6)


def _between_others(frames: Frames) -> Frames:
    return np.concatenate((film(901, 901, 4), frames[3 * RATE : 8 * RATE], film(902, 902, 4)))


EDITS: dict[str, tuple[Callable[[Frames], Frames], float]] = {  # what is done, and how much faster it plays
    "re-encoded": (lambda frames: frames, 1),
    "noise": (noisy, 1),
    "mirrored": (lambda frames: frames[:, :, ::-1], 1),
    "cropped to a third": (cropped, 1),
    "letterbox": (_boxed, 1),
    "turned by 90 degrees": (_turned, 1),
    "subtitles": (_subtitled, 1),
    "clip of 5 s": (lambda frames: frames[4 * RATE : 9 * RATE], 1),
    "5 s between others": (_between_others, 1),
    "small in another": (_inside_another, 1),
    "10 % faster": (lambda frames: frames, 1.1),
    "mirrored, cropped, subtitles": (lambda frames: _subtitled_any(cropped(frames[:, :, ::-1])), 1),
}


def _subtitled_any(frames: Frames) -> Frames:
    """Of any size."""
    return _subtitled(np.stack([cv2.resize(each, (WIDTH, HEIGHT)) for each in frames]).astype(np.uint8))


def write_cases(folder: Path, works: int, others: int) -> None:
    """Write a case set of so many works, each of which has one copy by every edit; of the others that nobody registered
    every second one is of a work's place at another time."""
    lines: dict[str, list[dict[str, object]]] = {"refs": [], "queries": []}

    def write(part: str, name: str, data: bytes, **known: object) -> None:
        path = f"{part}/{name}.mkv"
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
        lines[part].append({"id": name, "path": path, **known})

    for n in range(works):
        work = film(n, n, SECONDS)
        write("refs", f"w{n}", encoded(work))
        for number, (edit, (changed, speed)) in enumerate(EDITS.items()):
            data = encoded(changed(work), RATE * speed, ("-crf", "30"))
            write("queries", f"w{n}-{number}", data, expected=[f"w{n}"], transform=edit)
    for n in range(others):
        same = n % 2 == 1
        place = n // 2 % works if same else works + n
        what = "the same place at another time" if same else "another film"
        data = encoded(film(place, 5000 + n, SECONDS), arguments=("-crf", "30"))
        write("queries", f"other-{n}", data, expected=[], transform=what, tier=1 + same)
    for part, rows in lines.items():
        (folder / f"{part}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
