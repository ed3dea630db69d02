"""From an upload to the recordings it contains: look up, align, count what is heard. Only here is sound decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..index.interface import Statistics, View
from ..medium import Found
from ..model import Fingerprint, Match, Segment, Span
from . import alignment, candidates, codec, triples
from .alignment import Stretch, WorkTriples
from .candidates import Hint, SoundProposal
from .peaks import Peaks

_MIN_EVIDENCE = 120.0  # of one stretch, natural logarithm of a ratio of likelihoods
_MIN_CHANGED_EVIDENCE = 205.0  # of one that was played faster, slower, higher or lower: many more are tried
_UNCHANGED = 0.012, 30.0  # of tempo, and cents: what is closer is as it was
_MIN_SECONDS = 2.5  # of one stretch: shorter ones are syllables and notes that recordings have in common
_SECONDS_OF_MANY_SOUNDS = 5.0  # in a shorter stretch, two or three such may be all; it must say so much more
_MIN_FURTHER = 60.0  # of further stretches of a work that has one such
_MAX_STRETCHES = 64
_AROUND = 3.0  # seconds before and after a stretch that its line is laid through, too
_SOFT = 25.0  # cents, as the index is asked
_MIN_SPEED_CHANGE, _MIN_PITCH_CHANGE = 0.01, 20.0  # of tempo, and cents: less is the coarseness of measuring


def propose(query: Fingerprint, view: View) -> SoundProposal:
    """Look an upload up; see `Medium.propose`."""
    return candidates.look_up(codec.peaks(query), view)


def decide(
    query: Fingerprint, proposal: SoundProposal, works: Mapping[int, Fingerprint], statistics: Statistics
) -> Found:
    """The registered recordings that an upload contains; see `Medium.decide`."""
    upload = codec.peaks(query)
    out: dict[int, Match] = {}
    for number in proposal.works:
        if (work := works.get(number)) is None:
            continue
        hints = [hint for hint in proposal.hints if hint.work == number]
        stretches = _stretches(upload, codec.peaks(work), hints)
        if any(_suffices(each) for each in stretches):
            out[number] = _match(query, work, stretches)
    partial = bool(query.facts.get("partial", False))
    return Found(out, "decode_partial" if partial and not out else None)


def _suffices(found: Stretch) -> bool:
    """Whether one stretch alone says that a work is heard."""
    lasts = found.upload[1] - found.upload[0]
    if lasts < _MIN_SECONDS:
        return False
    changed = abs(found.line.tempo - 1) > _UNCHANGED[0] or abs(found.line.cents) > _UNCHANGED[1]
    needed = _MIN_CHANGED_EVIDENCE if changed else _MIN_EVIDENCE
    return found.evidence >= needed * max(1.0, _SECONDS_OF_MANY_SOUNDS / lasts)


def _stretches(upload: Peaks, work: Peaks, hints: Sequence[Hint]) -> list[Stretch]:
    """Where a work is heard in the upload, each part of the upload once."""
    theirs = triples.find(work, triples.WORK_NEIGHBOURS, only_strongest=True)
    names, kept = triples.names(theirs, len(work)), WorkTriples.of(theirs, work)
    taken = np.zeros(len(upload), dtype=np.bool_)
    found: list[Stretch] = []
    for hint in hints:
        a, b = np.searchsorted(upload.time, (hint.start, hint.stop)).tolist()
        if taken[a:b].mean() > 0.8:
            continue
        part = upload.slice(a, b)
        asked = triples.find(part, triples.QUERY_NEIGHBOURS, only_strongest=False)
        points = np.unique(
            np.concatenate(
                [alignment.points(asked, part.time, kept, hint.tempo, hint.cents + soft) for soft in (-_SOFT, _SOFT)]
            ),
            axis=0,
        )
        near = upload.between(hint.start - _AROUND, hint.stop + _AROUND)
        while len(found) < _MAX_STRETCHES:
            free = points[~taken[np.searchsorted(upload.time, points[:, 0].astype(np.float32))]]
            lines = [alignment.refined(line, near, work) for line in alignment.best_lines(free, hint.tempo)]
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
    segments = tuple(
        Segment(_within(each.upload, lasts), _within(each.work, seconds(work)), "second")
        for each in sorted(stretches, key=lambda each: each.upload)
    )
    transform: dict[str, bool | float] = {}
    if abs(best.line.tempo - 1) >= _MIN_SPEED_CHANGE:
        transform["speed"] = round(best.line.tempo, 4)
    if abs(best.line.cents) >= _MIN_PITCH_CHANGE:
        transform["pitch"] = round(-best.line.cents / 100, 2)
    evidence = sum(each.evidence for each in stretches)
    return Match(
        score=round(evidence / (evidence + _MIN_EVIDENCE), 4),
        coverage_upload=_covered([each.upload for each in stretches], lasts),
        coverage_work=_covered([each.work for each in stretches], seconds(work)),
        segments=segments,
        transform=transform,
    )


def seconds(of: Fingerprint) -> float:
    """How much of a recording was read."""
    return float(of.facts.get("seconds_read", 0.0))


def _within(span: Span, lasts: float) -> Span:
    return round(max(span[0], 0.0), 2), round(min(span[1], lasts), 2)


def _covered(spans: Sequence[Span], lasts: float) -> float:
    """The share that spans cover together."""
    total, reached = 0.0, 0.0
    for start, stop in sorted(spans):
        total += max(0.0, stop - max(start, reached))
        reached = max(reached, stop)
    return round(min(1.0, total / lasts), 4) if lasts else 0.0
