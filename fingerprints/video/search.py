"""From an upload to the films it shows: look up, place, follow through time. Only here is film decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..audio.search import covered
from ..index.interface import Statistics, View
from ..medium import Found
from ..model import Fingerprint, Match, Quad, Segment, Span
from . import alignment, candidates, codec
from .alignment import Pairs, Placement, WorkKeys
from .candidates import FilmProposal, Hint
from .codec import Film
from .common import Shown, is_common
from .features import PLANE_SIDE
from .motion import Agreement, Line, Overlay
from .planes import UPLOAD_RATE
from .timing import NO_TIMING, Timing, timing

_MIN_WITNESSES = 5  # places of the work that agree on where its frame lies
_MIN_MOTION = 0.5  # correlation of what changes
_MIN_CHANGED_MOTION = 0.82  # likewise at another speed: many are tried, and other takes of one scene are found so
_MIN_SHORT_MOTION, _SHORT = 0.62, 4.0  # likewise of a stretch of fewer seconds
_MIN_CHANGED_SHORT_MOTION = 0.85  # of both
# At another speed, where so many places agree or keypoints are seen in time, and where both.
_MIN_PLACED_MOTION, _PLACED, _MIN_SUPPORTED_MOTION = 0.65, 30, 0.55
# Of a stretch whose motion is not this clear, the pictures must be so much alike, or so many places agree: another take
# of a scene moves alike for a while.
_CLEAR_MOTION, _MIN_LIKENESS_OF_ALL, _MANY_WITNESSES = 0.8, 0.86, 16
_RATHER_CLEAR = 0.7, 0.8  # both of them
_MIN_TIMELY_MOTION = 0.42  # where keypoints say it too
# Where keypoints are against it, although the work's frame is as large in the upload's, or as good as that.
_MIN_UNTIMELY_MOTION, _MIN_LARGE = 0.83, 0.9
_MIN_CHANGING = 1.0  # grey levels, below which nothing moves that could be compared
_MIN_LIKENESS, _SHARE_OF_LIKENESS = 0.3, 0.75  # of the pictures of one second; of the stretch's median
_MIN_SECONDS = 2.5  # of one stretch
_MAX_GAP = 0.75  # seconds within a stretch that may be unlike
_MOSTLY = 0.8  # of a window; where so much is known no more is looked for
_ATTEMPTS = 2  # transforms of a hint
_SHARE_SEEN = 0.9  # of a window; where less is seen, the line is looked for once more
_AROUND = 1.0  # seconds, in which it is then
_NEAR_LINE = 0.3  # seconds by which a work's key frame may lie off a line
_SLACK, _MAX_CHANGE = 1.2, 0.28  # seconds, and share, by which keypoints that agree may lie off the line
_MIN_SPEED_CHANGE = 0.01  # less is the coarseness of measuring
_STATIC_LIKENESS = 0.6  # from which a stretch shows what the work shows

Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """A stretch of the upload that shows a work.

    Attributes:
        upload: seconds.
        line: where it lies in the work.
        placement: where the work's frame lies in the upload's.
        likeness: of the pictures, in the middle.
        agreement: of what moves.
        timing: of keypoints.
    """

    upload: Span
    line: Line
    placement: Placement
    likeness: float
    agreement: Agreement
    timing: Timing = NO_TIMING

    @property
    def seconds(self) -> float:
        return self.upload[1] - self.upload[0]

    @property
    def is_copy(self) -> bool:
        """Whether the same is shown at the same times."""
        motion = self.agreement.motion
        if self.agreement.changing < _MIN_CHANGING:
            return False
        if self.timing.is_wrong and motion < _MIN_UNTIMELY_MOTION and self.placement.enlargement >= _MIN_LARGE:
            return False
        return motion >= self._needed or (motion >= _MIN_TIMELY_MOTION and self.timing.is_certain)

    @property
    def _needed(self) -> float:
        """Of motion, where that alone must say it."""
        changed, short = abs(self.line.speed - 1) >= _MIN_SPEED_CHANGE, self.seconds < _SHORT
        if changed and short:
            return _MIN_CHANGED_SHORT_MOTION
        if changed:
            support = (self.placement.witnesses >= _PLACED) + self.timing.is_right
            return (_MIN_CHANGED_MOTION, _MIN_PLACED_MOTION, _MIN_SUPPORTED_MOTION)[support]
        return _MIN_SHORT_MOTION if short else _MIN_MOTION

    @property
    def suffices(self) -> bool:
        """Whether this stretch alone says that a work is shown."""
        motion, likeness = self.agreement.motion, self.likeness
        clear = motion >= _CLEAR_MOTION or likeness >= _MIN_LIKENESS_OF_ALL
        clear = clear or (motion >= _RATHER_CLEAR[0] and likeness >= _RATHER_CLEAR[1])
        needed = _MIN_WITNESSES if clear or self.timing.is_certain else _MANY_WITNESSES
        return self.is_copy and self.placement.witnesses >= needed and self.seconds >= _MIN_SECONDS

    @property
    def is_static(self) -> bool:
        """Whether it looks like the work, but nothing says that it was filmed at the same time."""
        return not self.is_copy and self.likeness >= _STATIC_LIKENESS and self.placement.witnesses >= _MIN_WITNESSES


def propose(query: Fingerprint, view: View) -> FilmProposal:
    """Look an upload up; see `Medium.propose`."""
    upload = codec.film(query)
    return FilmProposal(()) if upload is None else candidates.look_up(upload.features, upload.seconds, view)


def decide(
    query: Fingerprint, proposal: FilmProposal, works: Mapping[int, Fingerprint], statistics: Statistics
) -> Found:
    """The registered films that an upload shows; see `Medium.decide`."""
    upload = codec.film(query)
    if upload is None:
        return Found({}, "decode_partial" if query.facts.get("partial") else None)
    films = {number: film for number in proposal.works if number in works and (film := codec.film(works[number]))}
    found = {
        number: stretches(upload, work, [hint for hint in proposal.hints if hint.work == number])
        for number, work in films.items()
    }
    shown: list[Shown] = [(films[n], each.line, each.upload) for n, of in found.items() for each in of if each.is_copy]
    out: dict[int, Match] = {}
    common = False
    for number, work in films.items():
        enough = [each for each in found[number] if each.suffices]
        if any(not is_common((work, each.line, each.upload), shown) for each in enough):
            out[number] = _match(upload, work, [each for each in found[number] if each.is_copy])
        else:
            common = common or bool(enough)
    if out:
        return Found(out, None)
    if common:
        return Found({}, "template_only")
    static = any(each.is_static for of in found.values() for each in of)
    return Found({}, "static_match" if static else "decode_partial" if query.facts.get("partial") else None)


def stretches(upload: Film, work: Film, hints: Sequence[Hint]) -> list[Stretch]:
    """Where a work is shown in an upload, each second of the upload once."""
    keys = WorkKeys(work.features)
    taken = np.zeros(int(np.ceil(upload.seconds * UPLOAD_RATE)) + 1, dtype=np.bool_)
    found: list[Stretch] = []
    for hint in hints:
        windows = [(hint.start, hint.stop)]
        while windows:
            start, stop = windows.pop()
            if taken[round(start * UPLOAD_RATE) : round(stop * UPLOAD_RATE)].mean() > _MOSTLY:
                continue
            tried = _in_window(upload, work, keys, (start, stop), taken, mirrored=hint.mirrored)
            found += tried
            if tried and tried[-1].suffices:
                begin, end = tried[-1].upload
                taken[round(begin * UPLOAD_RATE) : round(end * UPLOAD_RATE)] = True
                windows += [rest for rest in ((start, begin), (end, stop)) if rest[1] - rest[0] >= _MIN_SECONDS]
    return found


def _in_window(
    upload: Film, work: Film, keys: WorkKeys, window: Span, taken: NDArray[np.bool_], *, mirrored: bool
) -> list[Stretch]:
    """Stretches of a window that may show the work, until one certainly does.

    Args:
        taken: which steps of `UPLOAD_RATE` a stretch is known of.
    """
    features = upload.features
    inside = (features.until > window[0]) & (features.time < window[1])
    inside &= ~taken[np.minimum((features.time * UPLOAD_RATE).astype(np.int64), len(taken) - 1)]
    alike = pairs = keys.pairs(features, np.flatnonzero(inside), mirrored=mirrored)
    found: list[Stretch] = []
    for _ in range(_ATTEMPTS):
        placement = alignment.place(features, work.features, pairs, mirrored=mirrored)
        if placement is None:
            break
        stretch = _followed(upload, work, pairs, placement, window)
        if stretch is not None:
            when = timing(upload, work, alike, stretch.placement, stretch.line, stretch.upload)
            found.append(replace(stretch, timing=when))
            if found[-1].suffices:
                break
        pairs = pairs.where(~np.isin(pairs.upload, placement.pairs.upload))
    return found


def _followed(upload: Film, work: Film, pairs: Pairs, placement: Placement, window: Span) -> Stretch | None:
    """The stretch of a window in which a placed work is seen."""
    found = _seen(upload, work, placement, window, _offsets(upload, work, placement, sum(window) / 2))
    if found is None:
        return None
    # What else is in the window tells nothing of the line, and now it is known which keypoints may agree.
    better = alignment.refit(upload.features, work.features, _along(upload, work, pairs, found.line), placement)
    short = found.seconds < _SHARE_SEEN * (window[1] - window[0])
    for again in (placement,) * short + ((better,) if better is not None else ()):
        here = float(found.line.work_time(sum(found.upload) / 2))
        other = _seen(upload, work, again, found.upload, (here - _AROUND, here + _AROUND))
        if other is not None and other.agreement.motion > found.agreement.motion:
            found = other
    return found


def _along(upload: Film, work: Film, pairs: Pairs, line: Line) -> Pairs:
    """The pairs that lie on a line of time against time."""
    there = np.asarray(line.work_time(upload.features.time[pairs.upload].astype(np.float64)))
    first, last = work.features.time[pairs.work], work.features.until[pairs.work]
    return pairs.where((there > first - _NEAR_LINE) & (there < last + _NEAR_LINE))


def _offsets(upload: Film, work: Film, placement: Placement, middle: float) -> Span:
    """Between which seconds of the work a second of the upload may lie, as the keypoints that agree have it."""
    at = upload.features.time[placement.pairs.upload].astype(np.float64)
    slack = _SLACK + _MAX_CHANGE * np.abs(at - middle)
    first = work.features.time[placement.pairs.work] - at - slack
    last = work.features.until[placement.pairs.work] - at + slack
    return float(np.percentile(first, 10)) + middle, float(np.percentile(last, 90)) + middle


def _seen(upload: Film, work: Film, placement: Placement, window: Span, offsets: Span) -> Stretch | None:
    """The stretch of some seconds of the upload in which a placed work is seen; None where none is.

    Args:
        offsets: between which seconds of the work the middle of the window lies.
    """
    first, stop = int(window[0] * UPLOAD_RATE), int(np.ceil(window[1] * UPLOAD_RATE))
    lasts = window[1] - window[0]
    overlay = Overlay(upload, work, placement.matrix, (first, stop), (offsets[0] - lasts, offsets[1] + lasts))
    line = overlay.best_line(*offsets, sum(window) / 2) if overlay.enough else None
    if line is None:
        return None
    like = overlay.likeness(line, np.arange(len(overlay.upload)))
    begin, end = _run(like)
    if end - begin < UPLOAD_RATE:
        return None
    theirs, ours = overlay.numbers(line)
    inside = (ours >= begin) & (ours < end)
    agreement = overlay.agreement(line, (theirs[inside], ours[inside]))
    span = (begin + first) / UPLOAD_RATE, min((end + first) / UPLOAD_RATE, upload.seconds)
    return Stretch(span, line, placement, float(np.median(like[begin:end])), agreement)


def _run(like: Doubles) -> tuple[int, int]:
    """The longest run of pictures that are alike, short gaps included, and long ones of pictures that may be: black, or
    of one colour."""
    typical = float(np.median(like[like >= _MIN_LIKENESS])) if (like >= _MIN_LIKENESS).any() else 1.0
    at = np.flatnonzero(like >= max(_MIN_LIKENESS, _SHARE_OF_LIKENESS * typical))
    if not len(at):
        return 0, 0
    unlike = np.concatenate(([0], np.cumsum(like < _MIN_LIKENESS)))[at]
    breaks = np.flatnonzero((np.diff(at) > _MAX_GAP * UPLOAD_RATE) & (np.diff(unlike) > 0))
    starts, ends = at[np.concatenate(([0], breaks + 1))], at[np.concatenate((breaks, [len(at) - 1]))] + 1
    longest = int((ends - starts).argmax())
    return int(starts[longest]), int(ends[longest])


def _match(upload: Film, work: Film, found: Sequence[Stretch]) -> Match:
    best = max(found, key=lambda each: each.seconds * each.agreement.motion)
    segments = tuple(_segment(upload, work, each) for each in sorted(found, key=lambda each: each.upload))
    transform: dict[str, bool | float | str] = {"by": "picture"}
    if abs(best.line.speed - 1) >= _MIN_SPEED_CHANGE:
        transform["speed"] = round(best.line.speed, 3)
    if best.placement.mirrored:
        transform["mirrored"] = True
    motion = max(each.agreement.motion for each in found if each.suffices)
    return Match(
        score=round(min(1.0, 0.5 + 0.5 * (motion - _MIN_MOTION) / (1 - _MIN_MOTION)), 4),
        coverage_upload=covered([each.upload for each in found], upload.seconds),
        coverage_work=covered([_in_work(work, each) for each in found], work.seconds),
        segments=segments,
        transform=transform,
    )


def _segment(upload: Film, work: Film, found: Stretch) -> Segment:
    there = _in_work(work, found)
    return Segment(
        (round(found.upload[0], 2), round(found.upload[1], 2)),
        (round(there[0], 2), round(there[1], 2)),
        "second",
        _quad(upload, work, found.placement),
    )


def _in_work(work: Film, found: Stretch) -> Span:
    start, stop = (min(max(float(found.line.work_time(at)), 0.0), work.seconds) for at in found.upload)
    return start, stop


def _quad(upload: Film, work: Film, placement: Placement) -> Quad:
    """The corners of the work's frame in pixels of the upload's, clockwise from the work's top left."""
    scale = PLANE_SIDE / max(work.width, work.height)
    right, down = work.width * scale, work.height * scale
    corners = np.array(((0, 0), (right, 0), (right, down), (0, down))) @ placement.matrix[:, :2].T
    corners = (corners + placement.matrix[:, 2]) * (max(upload.width, upload.height) / PLANE_SIDE)
    a, b, c, d = ((round(float(x), 1), round(float(y), 1)) for x, y in corners)
    return a, b, c, d
