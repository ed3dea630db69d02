"""From an upload to the works it contains: look up, align, compare, weigh. Only here is a picture decided.

Visual words vote for works, and for how the upload would be mirrored or inverted; codes propose whole copies in eight
orientations. The works whose votes agree on a geometry are aligned with all their keypoints and compared.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from ..index.protocol import Found, Load, View
from ..index.runs import SLOT_BITS
from ..model import Fingerprint, Match, Quad, Segment
from . import codebook, stored
from .alignment import Alignment, agreeing, align, guided
from .comparing import compare
from .hashing import SIDE, codes, distances
from .keypoints import FORMS, INVERTED, MIRRORED, form
from .stored import Frame
from .weighing import Weighed, area, clipped, corners, score, weigh

_PROBES = 4  # words asked for a keypoint as it is; of the other forms half as many
_RADIUS = 6  # of 24 bits of a signature
_DISTANCE_BITS = _RADIUS.bit_length()
_CAP = 2048  # postings of one word
_INVERTED_SHARE = 2  # inverted forms are rare: of their keypoints every so many are asked for
_BY_VOTES = 20  # works that are looked at, besides the first of each of nine parts of the upload
_BY_CODE = 16  # works with the nearest codes
_CELLS = 3
_VOTERS = 96  # keypoints of one work that are asked first, those that voted most
_STRONG = 0.5  # of `agreeing`, from which a work is aligned; of works that are fainter, the strongest
_OUTDONE = 0.1  # of the strongest; what is fainter is chance, not even the fourth of a collage's works (.15 and more)
_COMPARED, _FAINT = 16, 2  # works that are aligned at most; of these, faint ones: unrelated pictures have many
_WITNESSES = 6  # places that agree, for a comparison unless the codes are near
_SURPRISE = 12.0  # of `Alignment`, likewise: chance gives it once in 160,000 tries, a query makes some thousands
_PLENTY = 12  # from which laying the whole pictures on each other is not tried besides
_CODE_RADIUS = 31
_MIRRORING = (1, 2, 4, 7)  # orientations of `hashing.codes`
_FRAMES = 6  # frames of an animated upload that are searched for
_SAME_PLACE = 4  # bits of signature within which another work has the same place
_CODE_ZERO = 128  # bits at which codes say nothing

Floats = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Sighting:
    """One alignment of a frame of the upload with a frame of a work, weighed."""

    upload: Frame
    work: Frame
    number: int  # of the work's frame
    matrix: Floats
    form: int
    weighed: Weighed

    @cached_property
    def score(self) -> float:
        return score(self.weighed.evidence)


class Query:
    """One frame of an upload, prepared once for all works."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        whole = frame.descriptors if frame.descriptors is not None else codebook.restored(frame.vectors)
        self._vectors = [codebook.projected(form(whole, which)) if which else frame.vectors for which in range(FORMS)]
        self.forms = [codebook.unit(vectors) for vectors in self._vectors]
        small = cv2.resize(frame.grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        plain = codes(np.asarray(small, dtype=np.uint8))
        self.codes = np.concatenate((plain, ~plain))  # inversion changes every bit; orientation by position modulo 8

    def keys(self) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]:
        """All keys to look up, and the keypoint and the form of each."""
        found, points, forms_ = [], [], []
        for which, vectors in enumerate(self._vectors):
            step = _INVERTED_SHARE if which & INVERTED else 1
            probes = _PROBES if which == 0 else _PROBES // 2
            made = codebook.keys(vectors[::step], probes)
            found.append(made.ravel())
            points.append(np.repeat(np.arange(0, len(vectors), step), probes))
            forms_.append(np.full(made.size, which))
        return np.concatenate(found), np.concatenate(points), np.concatenate(forms_)


def search(query: Fingerprint, view: View, load: Load, seen: View | None = None) -> Found:
    """The registered pictures that an upload contains."""
    if not query.fingerprintable:
        works = view.works(view.by_keys(query.keys, 64).slots).tolist()
        same = {work: verify(query, other) for work, other in load(works).items()}
        return Found({work: match for work, match in same.items() if match is not None})
    found: dict[int, Match] = {}
    for number, frame in enumerate(stored.frames(query)[:_FRAMES]):
        for work, (candidate, sighting) in sightings(Query(frame), view, load).items():
            if sighting.score >= 0.5 and (work not in found or sighting.score > found[work].score):
                found[work] = _match(query, candidate, sighting, number)
    return Found(found)


def sightings(query: Query, view: View, load: Load) -> dict[int, tuple[Fingerprint, Sighting]]:
    """The best alignment with each work that had enough in common to be compared."""
    asked = _votes(query, view)
    close = view.by_codes(query.codes, _CODE_RADIUS)
    near = close.slots[np.argsort(-close.similarity, kind="stable")[:_BY_CODE]]
    slots = np.concatenate((np.array([slot for slot, _ in asked], dtype=np.int32), near))
    loaded = load(list(dict.fromkeys(view.works(slots).tolist())))
    by_slot = dict(zip(slots.tolist(), view.works(slots).tolist(), strict=True))
    tried: list[tuple[float, int, int]] = []  # how strongly, work, form
    for (slot, which), voters in asked.items():
        candidate = loaded.get(by_slot[slot])
        if candidate is None or not candidate.fingerprintable:
            continue
        agree = max(
            agreeing(query.frame, frame, voters, query.forms[which][voters] @ frame.unit.T, which)
            for frame in stored.frames(candidate)
        )
        if agree:
            tried.append((agree, by_slot[slot], which))
    tried.sort(key=lambda t: -t[0])
    tried = [each for each in tried if each[0] >= _OUTDONE * tried[0][0]]
    strong = {work for agree, work, _ in tried if agree >= _STRONG}  # these come first
    most = min(len(strong) + _FAINT, _COMPARED)
    chosen: dict[int, set[int]] = {}
    for _, work, which in tried:
        if work in chosen or len(chosen) < most:
            chosen.setdefault(work, set()).add(which)
    for slot in near.tolist():
        if by_slot[slot] in loaded:
            chosen.setdefault(by_slot[slot], set())
    out = {}
    for work, forms_ in chosen.items():
        best = _best(query, loaded[work], sorted(forms_), view)
        if best is not None:
            out[work] = loaded[work], best
    return out


def verify(query: Fingerprint, candidate: Fingerprint) -> Match | None:
    """Whether an upload contains a work, and where; no index is asked how rare what they share is."""
    if not query.fingerprintable or not candidate.fingerprintable:
        same = query.reason == candidate.reason and query.detail == candidate.detail
        return _identical(query, candidate) if same else None
    best: Sighting | None = None
    shown = 0
    for number, frame in enumerate(stored.frames(query)):
        found = _best(Query(frame), candidate, range(FORMS), None)
        if found is not None and (best is None or found.score > best.score):
            best, shown = found, number
    return _match(query, candidate, best, shown) if best is not None and best.score >= 0.5 else None


def _votes(query: Query, view: View) -> dict[tuple[int, int], NDArray[np.int64]]:
    """The slots and forms most keypoints vote for, and the keypoints that do, best first."""
    keys, points, forms_ = query.keys()
    hits = view.by_near_keys(keys, codebook.WORD_BITS, _RADIUS, _CAP)
    if not len(hits.slots):
        return {}
    many = len(query.frame.points)
    asked = (forms_ * many + points)[hits.asked]
    # A keypoint votes for a work once, with the nearest word; one number a hit, because those sort fastest.
    hit = np.sort((hits.slots.astype(np.int64) * (FORMS * many) + asked) << _DISTANCE_BITS | hits.distance)
    vote = hit >> _DISTANCE_BITS
    first = np.flatnonzero(np.diff(vote, prepend=-1))
    pair, point = np.divmod(vote[first], many)
    # What many works have says little: each keypoint and form shares itself out among its hits.
    common = np.bincount(asked)[pair % FORMS * many + point]
    distance = hit[first] & ((1 << _DISTANCE_BITS) - 1)
    weight = np.exp(-((distance / 4.0) ** 2)) / (1 + np.log2(common))
    starts = np.flatnonzero(np.diff(pair, prepend=-1))
    total = np.add.reduceat(weight, starts)
    chosen = list(np.argsort(-total, kind="stable")[:_BY_VOTES])
    frame = query.frame
    cell = np.minimum((frame.points * _CELLS / (frame.width, frame.height)).astype(int), _CELLS - 1) @ (1, _CELLS)
    ends = np.concatenate((starts[1:], [len(pair)]))
    number = np.repeat(np.arange(len(starts)), ends - starts)
    local = np.bincount(number * _CELLS**2 + cell[point], weights=weight, minlength=len(starts) * _CELLS**2)
    local = local.reshape(len(starts), _CELLS**2)
    chosen += local.argmax(axis=0)[local.any(axis=0)].tolist()
    return {
        (int(pair[starts[n]] // FORMS), int(pair[starts[n]] % FORMS)): point[starts[n] : ends[n]][
            np.argsort(-weight[starts[n] : ends[n]], kind="stable")[:_VOTERS]
        ]
        for n in dict.fromkeys(int(c) for c in chosen)
    }


def _best(query: Query, candidate: Fingerprint, forms_: Sequence[int], view: View | None) -> Sighting | None:
    """The alignment of an upload's frame with a work's under which they share most."""
    away = distances(query.codes, candidate.codes)
    seen: list[Sighting] = []
    for n, work in enumerate(stored.frames(candidate)):
        nearest = int(away[:, n].argmin())
        close = int(away[nearest, n]) <= _CODE_RADIUS
        code = max(0.0, 1 - float(away[nearest, n]) / _CODE_ZERO)
        options: list[tuple[Floats, int, Alignment | None]] = []
        for which in forms_:
            alike = query.forms[which] @ work.unit.T
            by = align(query.frame, work, alike, which)
            if by is not None:
                by = guided(query.frame, work, by.matrix, which, alike, by.tried, by.votes) or by
                if close or (len(by.places) >= _WITNESSES and by.surprise >= _SURPRISE):
                    options.append((by.matrix, which, by))
        if close and max((by.votes for _, _, by in options if by is not None), default=0) < _PLENTY:
            which = INVERTED * (nearest >= 8) | MIRRORED * (nearest % 8 in _MIRRORING)
            matrix = _whole(query.frame, work, nearest % 8)
            by = guided(query.frame, work, matrix, which, query.forms[which] @ work.unit.T, 0, 0)
            options.append((by.matrix if by is not None else matrix, which, by))
        for matrix, which, used in options:
            compared = compare(query.frame, work, matrix, which)
            weighed = weigh(query.frame, work, used, compared, matrix, _rarity(work, used, view), code)
            seen.append(Sighting(query.frame, work, n, matrix, which, weighed))
    return max(seen, key=lambda each: each.weighed.gain, default=None)


def _rarity(work: Frame, by: Alignment | None, view: View | None) -> Floats:
    """Of each of an alignment's places one by the number of registered works that have such a place."""
    if by is None:
        return np.zeros(0)
    if view is None:
        return np.ones(len(by.places))
    keys = codebook.keys(work.vectors[by.places])[:, 0]
    hits = view.by_near_keys(keys, codebook.WORD_BITS, _SAME_PLACE, _CAP)
    pairs = np.unique(hits.asked << SLOT_BITS | hits.slots)  # one number each: sorting pairs takes ten times as long
    return np.asarray(1 / np.maximum(np.bincount(pairs >> SLOT_BITS, minlength=len(keys)), 1))


def _whole(upload: Frame, work: Frame, orientation: int) -> Floats:
    """The transform that lays the whole work on the whole upload: the orientation of `hashing.codes` undone."""
    points = []
    for x, y in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0)):
        if orientation & 4:
            x, y = y, x
        points.append(
            ((1 - x if orientation & 1 else x) * upload.width, (1 - y if orientation & 2 else y) * upload.height)
        )
    origin, right, down = np.array(points)
    out = np.eye(3)
    out[:2, 0], out[:2, 1], out[:2, 2] = (right - origin) / work.width, (down - origin) / work.height, origin
    return out


def _match(query: Fingerprint, candidate: Fingerprint, sighting: Sighting, frame: int) -> Match:
    upload, work, box = sighting.upload, sighting.work, sighting.weighed.box
    mine, theirs = stored.size(query), stored.size(candidate)
    to_upload = np.array(mine) / (upload.width, upload.height)
    to_work = np.array(theirs) / (work.width, work.height)
    there = corners(sighting.matrix, box)
    seen = area(clipped(there, upload.width, upload.height)) / max(area(there), 1e-9)
    left, top, right, bottom = box
    here = corners(np.eye(3), box)
    segment = Segment(
        _quad(np.clip(there, 0, (upload.width, upload.height)) * to_upload), _quad(here * to_work), "pixel"
    )
    linear = np.diag(to_upload) @ sighting.matrix[:2, :2] @ np.diag(1 / to_work)
    mirrored = bool(sighting.form & MIRRORED)
    turned = linear @ np.diag((-1.0, 1.0)) if mirrored else linear
    rotation = math.degrees(math.atan2(turned[1, 0] - turned[0, 1], turned[0, 0] + turned[1, 1])) % 360
    transform: dict[str, bool | float] = {
        "mirrored": mirrored,
        "inverted": bool(sighting.form & INVERTED),
        "rotation": round(rotation, 1) % 360,
        "scale": math.sqrt(abs(float(np.linalg.det(linear)))),
    }
    if len(stored.frames(query)) > 1:
        transform["frame"] = float(frame)
    if len(stored.frames(candidate)) > 1:
        transform["work_frame"] = float(sighting.number)
    coverage_work = (right - left) * (bottom - top) * seen / (work.width * work.height)
    return Match(sighting.score, sighting.weighed.evidence.of_upload, min(coverage_work, 1.0), (segment,), transform)


def _identical(query: Fingerprint, candidate: Fingerprint) -> Match:
    upload, work = (_quad(corners(np.eye(3), (0, 0, *stored.size(of)))) for of in (query, candidate))
    segment = Segment(upload, work, "pixel")
    transform: dict[str, bool | float] = {"mirrored": False, "inverted": False, "rotation": 0.0, "scale": 1.0}
    return Match(1.0, 1.0, 1.0, (segment,), {**transform, "identical_pixels": True})


def _quad(points: Floats) -> Quad:
    a, b, c, d = ((float(x), float(y)) for x, y in points)
    return a, b, c, d


__all__ = ["Query", "Sighting", "search", "sightings", "verify"]
