"""What many recordings have in common - a jingle, a loop, a sample of a library - and how little it says of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .alignment import Line, Stretch, heard
from .peaks import Peaks

_MIN_RECORDINGS = 4  # that share a sound, from which it is common
_WEIGHT = 0.02  # of what is common
_WHOLE = 0.8  # share of a work's duration; a work that is a jingle, and no more, is found by it
_CELL_SECONDS = 0.25  # in which recordings are counted
_EDGE = 1.0  # seconds by which stretches of the same sound end differently
_AROUND = 10.0  # seconds before and after a stretch that are compared
_MIN_AROUND = 40  # peaks there, to tell one recording from another
_SAME = 0.3  # share of them that is heard in the same recording

Held = tuple[int, Stretch]  # by which work


def weighed(laid: Mapping[int, Sequence[Stretch]], works: Mapping[int, Peaks]) -> dict[int, list[Stretch]]:
    """The stretches of each work, with less evidence where the upload's sound is common.

    One recording that is registered many times is not common: what comes before and after the stretch is the same.
    """
    every = [(number, each) for number, stretches in laid.items() for each in stretches]
    parts = [held for held in every if not _is_whole(held, works)]
    out: dict[int, list[Stretch]] = {number: [] for number in laid}
    for number, each in every:
        if not _is_whole((number, each), works):
            each = replace(each, evidence=each.evidence * (1 - (1 - _WEIGHT) * _common(each, parts, works)))
        out[number].append(each)
    return out


def _is_whole(held: Held, works: Mapping[int, Peaks]) -> bool:
    time = works[held[0]].time
    return held[1].work[1] - held[1].work[0] >= _WHOLE * float(time[-1] - time[0])


def _common(stretch: Stretch, parts: Sequence[Held], works: Mapping[int, Peaks]) -> float:
    """The share of a stretch's time that is heard in many recordings, too."""
    start, stop = stretch.upload
    over = [held for held in parts if held[1].upload[0] < stop and held[1].upload[1] > start]
    if len({number for number, _ in over}) < _MIN_RECORDINGS:
        return 0.0
    recordings: list[list[Held]] = []
    for held in over:
        known = next((each for each in recordings if _same_recording(held, each[0], works)), None)
        if known is None:
            recordings.append([held])
        else:
            known.append(held)
    cells = np.arange(start, stop, _CELL_SECONDS) + _CELL_SECONDS / 2
    covered: list[NDArray[np.bool_]] = [
        np.any([(cells > each.upload[0] - _EDGE) & (cells < each.upload[1] + _EDGE) for _, each in recording], axis=0)
        for recording in recordings
    ]
    return float((np.sum(covered, axis=0) >= _MIN_RECORDINGS).mean())


def _same_recording(a: Held, b: Held, works: Mapping[int, Peaks]) -> bool:
    """Whether two works are the same before and after what both have in common with the upload, or nothing is there."""
    if a[0] == b[0]:
        return True
    one, other = a[1].line, b[1].line
    line = Line(one.tempo / other.tempo, one.offset - other.offset * one.tempo / other.tempo, one.cents - other.cents)
    mine, theirs = works[a[0]], works[b[0]]
    start, stop = a[1].work
    time = mine.time
    ends = np.sort(theirs.time[[0, -1]] * line.tempo + line.offset)
    near = ((time > start - _AROUND) & (time < start)) | ((time > stop) & (time < stop + _AROUND))
    around = mine.where(near & (time > ends[0]) & (time < ends[1]))
    if len(around) < _MIN_AROUND:
        return True
    return len(heard(line, theirs, around)[0]) > _SAME * len(around)
