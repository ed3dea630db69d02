"""A case set of drawn tunes: edited copies, and recordings that nobody registered."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.signal import butter, sosfilt

from fingerprints.audio.examples import Sound, played_faster, tune, under_noise, wav

RATE = 22_050
SECONDS = 24
_BEATS = 0.3, 0.25, 0.4  # tunes of one tempo are told apart worst


def _clipped(sound: Sound) -> Sound:
    return sound[7 * RATE : 13 * RATE]


def _telephoned(sound: Sound) -> Sound:
    heard: Sound = sosfilt(butter(4, (300, 3400), "bandpass", fs=RATE, output="sos"), sound)
    return heard


EDITS: dict[str, Callable[[Sound], Sound]] = {
    "clip of 6 s": _clipped,
    "telephone": _telephoned,
    "noise 5 dB": lambda sound: under_noise(sound, 5),
    "noise 0 dB": lambda sound: under_noise(sound, 0),
    "played 3 % faster": lambda sound: played_faster(sound, 1.03),
    "played 10 % faster": lambda sound: played_faster(sound, 1.1),
    "clip in other sound": lambda sound: np.concatenate((tune(9001, 8), _clipped(sound), tune(9002, 8))),
    "clip, faster, noise": lambda sound: under_noise(played_faster(_clipped(sound), 1.05), 8),
    "backwards": lambda sound: sound[::-1],
}


def write_cases(folder: Path, works: int, others: int) -> None:
    """Write a case set of so many works, each of which has one copy by every edit."""
    lines: dict[str, list[dict[str, object]]] = {"refs": [], "queries": []}

    def write(part: str, name: str, sound: Sound, **known: object) -> None:
        path = f"{part}/{name}.wav"
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(wav(0.9 * sound / max(1.0, float(np.abs(sound).max()))))
        lines[part].append({"id": name, "path": path, **known})

    for n in range(works):
        work = tune(n, SECONDS, beat=_BEATS[n % 3])
        write("refs", f"w{n}", work)
        for number, (edit, changed) in enumerate(EDITS.items()):
            write("queries", f"w{n}-{number}", changed(work), expected=[f"w{n}"], transform=edit)
    for n in range(others):
        other = tune(works + n, SECONDS / 2, beat=_BEATS[n % 3])
        write("queries", f"other-{n}", other, expected=[], transform="another tune", tier=1)
    for part, rows in lines.items():
        (folder / f"{part}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
