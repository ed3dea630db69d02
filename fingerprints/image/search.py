"""From an upload to the works it contains: look up, align, compare, classify. Only here is a picture decided.

Visual words vote for works, and for how the upload would be mirrored or inverted; codes propose whole copies in eight
orientations. The first works by votes, and those whose votes agree on a geometry, are aligned with all their keypoints;
where none is conclusive, whole pictures whose codes are near are put on each other. The hypotheses that pass the
prefilter are compared, and the classifier decides.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..index.interface import Found, Load, View
from ..index.postings import SLOT_BITS
from ..model import Fingerprint, Match, Quad, Segment
from . import codebook, codec
from .alignment import vote_strength
from .classifier import passing, scores
from .codec import Frame
from .comparison import compare
from .features import MatchedRegion, measure
from .hypotheses import (
    CODE_RADIUS,
    SIMILAR_BITS,
    Hypothesis,
    conclusive,
    explained_keypoints,
    from_keypoints,
    from_whole_pictures,
)
from .keypoints import INVERTED, MIRRORED, VARIANTS
from .prefilter import PrefilterFeatures
from .query import Query
from .transforms import clip_polygon, corners, jacobian, polygon_area

_RADIUS = 4  # of 24 bits of a signature
_DISTANCE_BITS = _RADIUS.bit_length()
_SOFTNESS = 2.0  # bits; a vote that is off by so many weighs 1/e
_CAP = 2048  # postings of one word
_BY_VOTES = 16  # works, each in one form, that are looked at, besides the first of each of nine parts of the upload
_FIRST = 2  # of these, which are aligned whatever is seen at first, unless another work is there for certain: letters
# leave few keypoints to agree
_BY_CODE = 16  # works with the nearest codes
_CELLS = 3
_VOTERS = 96  # keypoints of the upload that are asked first about a work, those with the nearest and rarest words
_STRONG = 0.5  # of `vote_strength`, from which a work is aligned unless another explains it; else the strongest
_OUTDONE = 0.1  # of the strongest; what is fainter is chance, not even the fourth of a collage's works (.15 and more)
_RIVAL = 0.7  # of the strongest: so strong works are aligned whatever else is certain; one may be registered twice
_MOST, _FAINT = 16, 2  # works that are aligned at most; of these, faint ones: unrelated pictures have many
_CLEARLY = 0.1  # of the gain of a work's earlier alignment, by which a later one must exceed it; keypoints come first
_UPRIGHT, _BY_LIKENESS = 2, 4  # orientations asked for so: as it is and mirrored; works looked at
_FRAMES = 6  # frames of an animated upload that are searched for
_SAME_PLACE = 4  # bits of signature within which another work has the same place

Floats = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Sighting:
    """One alignment of a frame of the upload with a frame of a work, measured."""

    upload: Frame
    work: Frame
    frame_number: int  # of the work's frame
    matrix: Floats
    variant: int
    prefilter: PrefilterFeatures
    region: MatchedRegion
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class _Way:
    """A work in one form, and what votes for it."""

    work: int
    variant: int
    voters: NDArray[np.int64]  # keypoints of the upload
    agree: float  # see `vote_strength`


def search(query: Fingerprint, view: View, load: Load, seen: View | None = None) -> Found:
    """The registered pictures that an upload contains."""
    if not query.fingerprintable:
        works = view.works(view.by_keys(query.keys, 64).slots).tolist()
        same = {work: verify(query, other) for work, other in load(works).items()}
        return Found({work: match for work, match in same.items() if match is not None})
    found: dict[int, Match] = {}
    for frame_number, frame in enumerate(codec.frames(query)[:_FRAMES]):
        for work, (candidate, sighting) in sightings(Query(frame), view, load).items():
            if sighting.score >= 0.5 and (work not in found or sighting.score > found[work].score):
                found[work] = _match(query, candidate, sighting, frame_number)
    return Found(found)


def sightings(
    query: Query, view: View, load: Load, *, undecided: bool = False
) -> dict[int, tuple[Fingerprint, Sighting]]:
    """The best alignment with each work that had enough in common to be compared.

    Args:
        undecided: ask no classifier, because one is to be fitted: compare what the prefilter would leave out too;
            scores are 0.
    """
    asked = _votes(query, view)
    close = view.by_codes(query.codes, CODE_RADIUS)
    close_slots = close.slots[np.argsort(-close.similarity, kind="stable")[:_BY_CODE]]
    voted = view.works(np.array([slot for slot, _ in asked], dtype=np.int32)).tolist()
    near = list(dict.fromkeys(view.works(close_slots).tolist()))
    loaded = dict(load(list(dict.fromkeys((*voted, *near)))))
    ways = [
        _Way(work, which, voters, _agree(query, loaded[work], which, voters))
        for work, ((_, which), voters) in zip(voted, asked.items(), strict=True)
        if work in loaded
    ]
    tried = sorted((way for way in ways if way.agree), key=lambda way: -way.agree)
    tried = [way for way in tried if way.agree >= _OUTDONE * tried[0].agree]
    strong = [way for way in tried if way.agree >= _STRONG]
    aligned = _aligned(query, loaded, strong[:1])
    first = conclusive(query.frame, (each for _, each in aligned))
    works = near
    if first is not None:
        aligned += _aligned(query, loaded, _of_works(_besides(query, loaded, strong, first), _MOST))
    else:
        most = min(len({way.work for way in strong}) + _FAINT, _MOST)
        others = [way for way in dict.fromkeys((*_of_works(tried, most), *ways[:_FIRST])) if way not in strong[:1]]
        aligned += _aligned(query, loaded, others)
        like = view.by_codes(query.codes[:_UPRIGHT], SIMILAR_BITS)
        alike = view.works(like.slots[np.argsort(-like.similarity, kind="stable")]).tolist()
        alike = [work for work in dict.fromkeys(alike) if work not in near]  # a work may have several codes
        alike = alike[:_BY_LIKENESS]
        if missing := [work for work in alike if work not in loaded]:
            loaded.update(load(missing))
        works = list(dict.fromkeys((*(way.work for way in (*strong[:1], *others)), *near, *alike)))
    aligned += _wholes(query, loaded, works, aligned, distant=first is None)
    return {work: (loaded[work], sighting) for work, sighting in _best(query, aligned, view, undecided).items()}


def _agree(query: Query, candidate: Fingerprint, which: int, voters: NDArray[np.int64]) -> float:
    """How strongly some keypoints of the upload agree on a transform of a work."""
    alike = query.variants[which][voters]
    frames = codec.frames(candidate)
    return max((vote_strength(query.frame, each, voters, alike @ each.unit.T, which) for each in frames), default=0.0)


def _besides(query: Query, loaded: Mapping[int, Fingerprint], strong: Sequence[_Way], first: Hypothesis) -> list[_Way]:
    """Of strong ways those that a work which is there for certain does not explain: they are nearly as strong as the
    strongest, or are strong elsewhere."""
    elsewhere = ~explained_keypoints(query.frame, first)
    return [
        way
        for way in strong[1:]
        if way.agree >= _RIVAL * strong[0].agree
        or _agree(query, loaded[way.work], way.variant, way.voters[elsewhere[way.voters]]) >= _STRONG
    ]


def _of_works(ways: Sequence[_Way], most: int) -> list[_Way]:
    """The ways of the first works of these."""
    works = list(dict.fromkeys(way.work for way in ways))[:most]
    return [way for way in ways if way.work in works]


def _aligned(query: Query, loaded: Mapping[int, Fingerprint], ways: Sequence[_Way]) -> list[tuple[int, Hypothesis]]:
    return [(way.work, each) for way in ways for each in from_keypoints(query, loaded[way.work], (way.variant,))]


def _wholes(
    query: Query,
    loaded: Mapping[int, Fingerprint],
    works: Iterable[int],
    besides: Sequence[tuple[int, Hypothesis]],
    *,
    distant: bool,
) -> list[tuple[int, Hypothesis]]:
    out: list[tuple[int, Hypothesis]] = []
    for work in works:
        if work in loaded:
            known = [each for other, each in besides if other == work]
            out += [(work, each) for each in from_whole_pictures(query, loaded[work], known, distant=distant)]
    return out


def verify(query: Fingerprint, candidate: Fingerprint) -> Match | None:
    """Whether an upload contains a work, and where; no index is asked how rare what they share is."""
    if not query.fingerprintable or not candidate.fingerprintable:
        same = query.reason == candidate.reason and query.detail == candidate.detail
        return _identical(query, candidate) if same else None
    best: Sighting | None = None
    shown = 0
    for frame_number, frame in enumerate(codec.frames(query)):
        asked = Query(frame)
        aligned = from_keypoints(asked, candidate, range(VARIANTS))
        aligned += from_whole_pictures(asked, candidate, aligned, distant=conclusive(asked.frame, aligned) is None)
        found = _best(asked, [(0, each) for each in aligned], None).get(0)
        if found is not None and (best is None or found.score > best.score):
            best, shown = found, frame_number
    return _match(query, candidate, best, shown) if best is not None and best.score >= 0.5 else None


def _votes(query: Query, view: View) -> dict[tuple[int, int], NDArray[np.int64]]:
    """The slots and forms most words vote for, and the keypoints that have these words, nearest and rarest first."""
    keys, points, variants = query.keys()
    hits = view.by_near_keys(keys, codebook.WORD_BITS, _RADIUS, _CAP)
    if not len(hits.slots):
        return {}
    many = len(query.frame.points)
    of_form, point = variants[hits.asked], points[hits.asked]
    # What many works have says little: each keypoint and form shares itself out among its hits.
    common = np.bincount(of_form * many + point)
    # A word votes for a work once, with its nearest hit, however often it comes again in both: letters and windows do
    # (Jegou, Douze, Schmid, On the burstiness of visual elements, 2009). One number a hit, because those sort fastest:
    # slot 24 bits, form 2, word 16, distance 3, keypoint as many as it takes.
    bits = many.bit_length()
    word = (keys >> codebook.SIGNATURE_BITS).astype(np.int64)[hits.asked]
    pair = hits.slots.astype(np.int64) * VARIANTS + of_form
    hit = np.sort(((pair << codebook.WORD_BITS | word) << _DISTANCE_BITS | hits.distance) << bits | point)
    point, hit = hit & ((1 << bits) - 1), hit >> bits
    distance, hit = hit & ((1 << _DISTANCE_BITS) - 1), hit >> _DISTANCE_BITS
    pair = hit >> codebook.WORD_BITS
    weight = np.exp(-((distance / _SOFTNESS) ** 2)) / (1 + np.log2(common[pair % VARIANTS * many + point]))
    vote = np.where(np.diff(hit, prepend=-1), weight, 0)
    starts = np.flatnonzero(np.diff(pair, prepend=-1))
    total = np.add.reduceat(vote, starts)
    chosen = list(np.argsort(-total, kind="stable")[:_BY_VOTES])
    frame = query.frame
    cell = np.minimum((frame.points * _CELLS / (frame.width, frame.height)).astype(int), _CELLS - 1) @ (1, _CELLS)
    ends = np.concatenate((starts[1:], [len(pair)]))
    group = np.repeat(np.arange(len(starts)), ends - starts)
    local = np.bincount(group * _CELLS**2 + cell[point], weights=vote, minlength=len(starts) * _CELLS**2)
    local = local.reshape(len(starts), _CELLS**2)
    chosen += local.argmax(axis=0)[local.any(axis=0)].tolist()
    out = {}
    for n in dict.fromkeys(int(c) for c in chosen):
        mine = slice(starts[n], ends[n])
        best = point[mine][np.argsort(-weight[mine], kind="stable")]
        voters = np.array(list(dict.fromkeys(best.tolist()))[:_VOTERS])
        out[divmod(int(pair[starts[n]]), VARIANTS)] = voters
    return out


def _best(
    query: Query, aligned: Sequence[tuple[int, Hypothesis]], view: View | None, undecided: bool = False
) -> dict[int, Sighting]:
    """Of each work's alignments with an upload's frame the one under which they share most."""
    if not undecided:
        aligned = [aligned[n] for n in passing([each.prefilter for _, each in aligned])]
    best: dict[int, tuple[Hypothesis, Floats, MatchedRegion]] = {}
    rarities = _rarities([each for _, each in aligned], view)
    for (work, each), rarity in zip(aligned, rarities, strict=True):
        comparison = compare(query.frame, each.work, each.matrix, each.variant)
        region = measure(query.frame, each.work, each.alignment, comparison, rarity, each.prefilter)
        if work not in best or region.gain - best[work][2].gain > _CLEARLY * abs(best[work][2].gain):
            best[work] = each, comparison.matrix, region
    features = [region.features for _, _, region in best.values()]
    sure = len(best) * [0.0] if undecided else scores(features).tolist()
    return {
        work: Sighting(query.frame, each.work, each.frame_number, matrix, each.variant, each.prefilter, region, score)
        for (work, (each, matrix, region)), score in zip(best.items(), sure, strict=True)
    }


def _rarities(aligned: Sequence[Hypothesis], view: View | None) -> list[Floats]:
    """Of each alignment's inliers one by the number of registered works that have such a keypoint."""
    none = np.zeros(0, dtype=np.int64)
    inliers = [each.alignment.work_inliers if each.alignment is not None else none for each in aligned]
    if view is None or not aligned:
        return [np.ones(len(these)) for these in inliers]
    # asked for all at once: a look-up costs more than what it finds
    keys = codebook.keys(np.concatenate([e.work.vectors[these] for e, these in zip(aligned, inliers, strict=True)]))
    hits = view.by_near_keys(keys[:, 0], codebook.WORD_BITS, _SAME_PLACE, _CAP)
    pairs = np.unique(hits.asked << SLOT_BITS | hits.slots)  # one number each: sorting pairs takes ten times as long
    rarity = 1 / np.maximum(np.bincount(pairs >> SLOT_BITS, minlength=len(keys)), 1)
    return np.split(rarity, np.cumsum([len(these) for these in inliers[:-1]]))


def _match(query: Fingerprint, candidate: Fingerprint, sighting: Sighting, frame: int) -> Match:
    upload, work, box = sighting.upload, sighting.work, sighting.region.box
    mine, theirs = codec.size(query), codec.size(candidate)
    to_upload = np.array(mine) / (upload.width, upload.height)
    to_work = np.array(theirs) / (work.width, work.height)
    there = corners(sighting.matrix, box)
    seen = polygon_area(clip_polygon(there, upload.width, upload.height)) / max(polygon_area(there), 1e-9)
    left, top, right, bottom = box
    here = corners(np.eye(3), box)
    segment = Segment(
        _quad(np.clip(there, 0, (upload.width, upload.height)) * to_upload), _quad(here * to_work), "pixel"
    )
    middle = np.array(((left + right) / 2, (top + bottom) / 2))
    linear = np.diag(to_upload) @ jacobian(sighting.matrix, middle) @ np.diag(1 / to_work)
    mirrored = bool(sighting.variant & MIRRORED)
    turned = linear @ np.diag((-1.0, 1.0)) if mirrored else linear
    rotation = math.degrees(math.atan2(turned[1, 0] - turned[0, 1], turned[0, 0] + turned[1, 1])) % 360
    transform: dict[str, bool | float] = {
        "mirrored": mirrored,
        "inverted": bool(sighting.variant & INVERTED),
        "rotation": round(rotation, 1) % 360,
        "scale": math.sqrt(abs(float(np.linalg.det(linear)))),
    }
    if len(codec.frames(query)) > 1:
        transform["frame"] = float(frame)
    if len(codec.frames(candidate)) > 1:
        transform["work_frame"] = float(sighting.frame_number)
    coverage_work = (right - left) * (bottom - top) * seen / (work.width * work.height)
    return Match(
        sighting.score, sighting.region.features.extent.upload_share, min(coverage_work, 1.0), (segment,), transform
    )


def _identical(query: Fingerprint, candidate: Fingerprint) -> Match:
    upload, work = (_quad(corners(np.eye(3), (0, 0, *codec.size(of)))) for of in (query, candidate))
    segment = Segment(upload, work, "pixel")
    transform: dict[str, bool | float] = {"mirrored": False, "inverted": False, "rotation": 0.0, "scale": 1.0}
    return Match(1.0, 1.0, 1.0, (segment,), {**transform, "identical_pixels": True})


def _quad(points: Floats) -> Quad:
    a, b, c, d = ((float(x), float(y)) for x, y in points)
    return a, b, c, d


__all__ = ["Sighting", "search", "sightings", "verify"]
