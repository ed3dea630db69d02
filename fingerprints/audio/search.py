"""From an upload to the recordings it contains: look up, align, count what is heard. Only here is sound decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from ..index.interface import Statistics, View
from ..medium import Found
from ..model import Fingerprint, Match, Segment, Span
from . import alignment, candidates, codec, commonness, triples
from .alignment import KeyedTriples, Stretch
from .candidates import Change, Hint, SoundProposal
from .peaks import Peaks

_MIN_EVIDENCE = 100.0  # of one stretch, natural logarithm of a ratio of likelihoods
_MIN_CHANGED_EVIDENCE = 150.0  # of one that was played faster, slower, higher or lower: many more are tried
_UNCHANGED = 0.012, 30.0  # of tempo, and cents: what is closer is as it was
_MIN_SECONDS = 3.0  # of one stretch: shorter ones are syllables and notes that recordings have in common
_SECONDS_OF_MANY_SOUNDS = 5.0  # in a shorter stretch, two or three such may be all; it must say so much more
_MIN_FURTHER = 60.0  # of further stretches of a work that has one such
_MAX_STRETCHES = 64
_MAX_LOST_END = 1.5  # seconds at either end, where peaks have no surroundings
_AROUND = 3.0  # seconds before and after a stretch that its line is laid through, too
_MAX_KEPT = 32  # triples of stretches and changes, a megabyte each
_SOFT = 25.0  # cents, as the index is asked
_MIN_SPEED_CHANGE, _MIN_PITCH_CHANGE = 0.01, 20.0  # of tempo, and cents: less is the coarseness of measuring


def propose(query: Fingerprint, view: View) -> SoundProposal:
    """Look an upload up; see `Medium.propose`."""
    return candidates.look_up(codec.peaks(query), view)


def decide(
    query: Fingerprint, proposal: SoundProposal, works: Mapping[int, Fingerprint], statistics: Statistics
) -> Found:
    """The registered recordings that an upload contains; see `Medium.decide`."""
    upload, turned = _Upload(codec.peaks(query)), _Upload(codec.peaks(query).backwards())
    laid: dict[int, list[Stretch]] = {}
    kept: dict[int, Peaks] = {}
    for number in proposal.works:
        if (work := works.get(number)) is not None:
            kept[number] = codec.peaks(work)
            laid[number] = _laid(upload, turned, kept[number], [hint for hint in proposal.hints if hint.work == number])
    laid = commonness.weighed(laid, kept)
    out = {
        number: _match(query, works[number], stretches)
        for number, stretches in laid.items()
        if any(_suffices(each) for each in stretches)
    }
    partial = bool(query.facts.get("partial", False))
    return Found(out, "decode_partial" if partial and not out else None)


def _suffices(found: Stretch) -> bool:
    """Whether one stretch alone says that a work is heard."""
    lasts = found.upload[1] - found.upload[0]
    if lasts < _MIN_SECONDS:
        return False
    changed = abs(found.line.tempo - 1) > _UNCHANGED[0] or abs(found.line.cents) > _UNCHANGED[1]  # or backwards
    needed = _MIN_CHANGED_EVIDENCE if changed else _MIN_EVIDENCE
    return found.evidence >= needed * max(1.0, _SECONDS_OF_MANY_SOUNDS / lasts)


class _Upload:
    """An upload's peaks and their triples, which are the same for every work."""

    def __init__(self, peaks: Peaks) -> None:
        self.peaks = peaks
        self._found = lru_cache(_MAX_KEPT)(self._find)
        self.triples = lru_cache(_MAX_KEPT)(self._triples)

    def _find(self, start: float, stop: float) -> tuple[triples.Triples, Peaks]:
        part = self.peaks.between(start, stop)
        return triples.find(part, triples.QUERY_NEIGHBOURS, only_strongest=False), part

    def _triples(self, start: float, stop: float, change: Change) -> KeyedTriples:
        """Those of a stretch of time, as they would be before such a change."""
        found, part = self._found(start, stop)
        return KeyedTriples.of_upload(found, part, change.tempo, (change.cents - _SOFT, change.cents + _SOFT))


def _laid(upload: _Upload, turned: _Upload, work: Peaks, hints: Sequence[Hint]) -> list[Stretch]:
    """Where a work is heard in the upload as it is, and where it is not, in the upload played backwards."""
    theirs = triples.find(work, triples.WORK_NEIGHBOURS, only_strongest=True)
    names, kept = triples.names(theirs, len(work)), KeyedTriples.of_work(theirs, work)
    forwards = _stretches(upload, work, names, kept, [hint for hint in hints if not hint.change.backwards])
    if any(_suffices(each) for each in forwards):
        return forwards
    mirrored = [replace(hint, start=-hint.stop, stop=-hint.start) for hint in hints if hint.change.backwards]
    backwards = [
        replace(each, line=replace(each.line, tempo=-each.line.tempo), upload=(-each.upload[1], -each.upload[0]))
        for each in _stretches(turned, work, names, kept, mirrored)
    ]
    return backwards if any(_suffices(each) for each in backwards) else forwards


def _stretches(
    asked: _Upload, work: Peaks, names: triples.Keys, kept: KeyedTriples, hints: Sequence[Hint]
) -> list[Stretch]:
    """Where a work is heard in the upload, each part of the upload once."""
    upload = asked.peaks
    taken = np.zeros(len(upload), dtype=np.bool_)
    found: list[Stretch] = []
    for hint in hints:
        a, b = np.searchsorted(upload.time, (hint.start, hint.stop)).tolist()
        if taken[a:b].mean() > 0.8:
            continue
        points = alignment.points(asked.triples(hint.start, hint.stop, hint.change), kept)
        near = upload.between(hint.start - _AROUND, hint.stop + _AROUND)
        while len(found) < _MAX_STRETCHES:
            free = points[~taken[np.searchsorted(upload.time, points[:, 0].astype(np.float32))]]
            lines = [alignment.refined(line, near, work) for line in alignment.best_lines(free, hint.change.tempo)]
            each = [alignment.stretch(line, upload, work, names, taken) for line in lines]
            best = max((one for one in each if one is not None), key=lambda one: one.evidence, default=None)
            if best is None or best.evidence < _MIN_FURTHER:
                break
            found.append(best)
            taken |= (upload.time >= best.upload[0]) & (upload.time <= best.upload[1])
    return found


def _match(query: Fingerprint, work: Fingerprint, stretches: Sequence[Stretch]) -> Match:
    best = max(stretches, key=lambda each: each.evidence)
    lasts = seconds(query)
    spans = [_to_ends(each, lasts, seconds(work)) for each in sorted(stretches, key=lambda each: each.upload)]
    transform: dict[str, bool | float] = {}
    if best.line.tempo < 0:
        transform["reversed"] = True
    if abs(abs(best.line.tempo) - 1) >= _MIN_SPEED_CHANGE:
        transform["speed"] = round(abs(best.line.tempo), 4)
    if abs(best.line.cents) >= _MIN_PITCH_CHANGE:
        transform["pitch"] = round(-best.line.cents / 100, 2)
    evidence = sum(each.evidence for each in stretches)
    return Match(
        score=round(evidence / (evidence + _MIN_EVIDENCE), 4),
        coverage_upload=covered([here for here, _ in spans], lasts),
        coverage_work=covered([there for _, there in spans], seconds(work)),
        segments=tuple(Segment(here, there, "second") for here, there in spans),
        transform=transform,
    )


def seconds(of: Fingerprint) -> float:
    """How much of a recording was read."""
    return float(of.facts.get("seconds_read", 0.0))


def _to_ends(found: Stretch, upload: float, work: float) -> tuple[Span, Span]:
    """Where a stretch lies in both, up to the nearer end of upload or work where that is only a moment away.

    Args:
        upload, work: seconds that each lasts.
    """
    tempo = abs(found.line.tempo)
    before, after = found.upload[0], upload - found.upload[1]
    before_there, after_there = found.work[0] / tempo, (work - found.work[1]) / tempo
    if found.line.tempo < 0:
        before_there, after_there = after_there, before_there
    left, right = (max(0.0, min(pair)) for pair in ((before, before_there), (after, after_there)))
    left, right = (each if each <= _MAX_LOST_END else 0.0 for each in (left, right))
    at = found.upload[0] - left, found.upload[1] + right
    if found.line.tempo < 0:
        left, right = right, left
    there = found.work[0] - left * tempo, found.work[1] + right * tempo
    return _within(at, upload), _within(there, work)


def _within(span: Span, lasts: float) -> tuple[float, float]:
    return round(max(span[0], 0.0), 2), round(min(span[1], lasts), 2)


def covered(spans: Sequence[Span], lasts: float) -> float:
    """The share that spans cover together."""
    total, reached = 0.0, 0.0
    for start, stop in sorted(spans):
        total += max(0.0, stop - max(start, reached))
        reached = max(reached, stop)
    return round(min(1.0, total / lasts), 4) if lasts else 0.0
