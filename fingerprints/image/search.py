"""From an upload to the works it contains: look up, align, compare, classify. Only here is a picture decided.

Of the works that visual words vote for, those whose votes agree on a geometry, and the first whatever they say, are
aligned with all their keypoints; unless that explains the whole upload, whole pictures that are alike are aligned with
each other. The alignments that the prefilter lets through are compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..index.interface import Statistics, View
from ..medium import Found
from ..model import Fingerprint, Match
from . import codebook, codec
from .alignment import vote_strength
from .candidates import FrameCandidates, Vote, look_up
from .classifier import passing, scores
from .comparison import compare
from .hypotheses import Hypothesis, conclusive, explained_keypoints, from_keypoints, from_whole_pictures
from .likeness import MAX_COPY_SIDE, MAX_ICON_SIDE, likeness
from .measurement import MatchedRegion, measure
from .probing import near_keys
from .query import Query
from .reporting import Scored, identical, match, whole
from .verification import is_another, is_sibling

_MIN_SCORE = 0.5  # that is reported
_MAX_FRAMES = 6  # of an animated upload, that are searched for
_MAX_BY_PIXELS = 64  # works with the same pixels
_ALWAYS_ALIGNED = 2  # of the first votes, unless a work explains the upload: letters leave few keypoints to agree
_STRONG = 0.5  # of `vote_strength`, from which a work is aligned unless another explains it; else the strongest
_MIN_SHARE = 0.1  # of the strongest; what is fainter is chance: the fourth of a collage's works has .15 and more
_RIVAL_SHARE = 0.7  # of the strongest: such works are aligned whatever explains the upload; one may be registered twice
_MAX_ALIGNED, _MAX_FAINT = 16, 2  # works; of these, faint ones: unrelated pictures have many
_MIN_GAIN_INCREASE = 0.1  # of the earlier gain, by which a later hypothesis must exceed it; keypoints come first

Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True, eq=False)
class ImageProposal:
    """The works that an upload may contain.

    Attributes:
        frames: by each of the upload's first frames.
        same_pixels: where nothing but its pixels is known of the upload: the works with the same ones.
    """

    frames: tuple[FrameCandidates, ...] = ()
    same_pixels: tuple[int, ...] = ()

    @property
    def works(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys((*self.same_pixels, *(work for frame in self.frames for work in frame.works))))


@dataclass(frozen=True, slots=True, eq=False)
class _Ranked:
    """A vote, and how strongly its keypoints agree on a transform; see `vote_strength`."""

    vote: Vote
    agreement: float

    @property
    def work(self) -> int:
        return self.vote.work


def propose(query: Fingerprint, view: View) -> ImageProposal:
    """Look an upload up; see `Medium.propose`.

    For every frame the index is asked three times: for visual words near those of the keypoints, for codes within
    `CODE_RADIUS` of the frame's, and, where the registry is not large, for codes within `SIMILAR_BITS`. The last scans
    all codes, and `decide` uses it unless keypoints explain the upload; asking it first keeps every question about
    candidates in one place.
    """
    if not query.fingerprintable:
        return ImageProposal(same_pixels=tuple(view.by_keys(query.keys, _MAX_BY_PIXELS).positions.tolist()))
    return ImageProposal(tuple(look_up(Query(frame), view) for frame in codec.frames(query)[:_MAX_FRAMES]))


def decide(
    query: Fingerprint, proposal: ImageProposal, works: Mapping[int, Fingerprint], statistics: Statistics
) -> Found:
    """The registered pictures that an upload contains; see `Medium.decide`.

    One number of everything registered is asked for, once a frame: how many works have a keypoint like each of those
    that agree. Which do is known only after alignment.
    """
    if not query.fingerprintable:
        same = {work: identical(query, works[work]) for work in proposal.same_pixels if work in works}
        return Found({work: found for work, found in same.items() if found is not None})
    found: dict[int, Match] = {}
    for number, frame in enumerate(proposal.frames):
        for work, seen in _matches(query, frame, works, statistics, number).items():
            if work not in found or seen.score > found[work].score:
                found[work] = seen
    return Found(found)


def _matches(
    query: Fingerprint, frame: FrameCandidates, works: Mapping[int, Fingerprint], statistics: Statistics, number: int
) -> dict[int, Match]:
    """The works that one frame contains, one of the upload's; ``number`` is its own."""
    scored = {
        work: each for work, each in best_alignments(frame, works, statistics).items() if each.score >= _MIN_SCORE
    }
    kept = [work for work, each in scored.items() if not is_another(each)]
    out = {
        work: match(query, works[work], scored[work], number)
        for work in kept
        if not is_sibling(scored[work], [each for other, each in scored.items() if other != work])
    }
    for work, whole_picture in _alike(query, frame, works, number).items():
        if work not in out or whole_picture.score > out[work].score:
            out[work] = whole_picture
    return out


def _alike(
    query: Fingerprint, frame: FrameCandidates, works: Mapping[int, Fingerprint], number: int
) -> dict[int, Match]:
    """Of the works with near codes those whose small picture is the frame's, and of icons those that look the same.

    Args:
        number: of the upload's frame.
    """
    mine = frame.query.frame
    out: dict[int, Match] = {}
    for work in (each for each in frame.by_code if each in works):
        icon = max(codec.size(works[work])) <= MAX_ICON_SIDE and max(codec.size(query)) <= MAX_COPY_SIDE
        for work_frame, theirs in enumerate(codec.frames(works[work])):
            score = likeness(mine, theirs) if icon or mine.thumbnail == theirs.thumbnail else 0.0
            if score and (work not in out or score > out[work].score):
                out[work] = whole(query, works[work], score, number, work_frame)
    return out


def best_alignments(
    frame: FrameCandidates, works: Mapping[int, Fingerprint], statistics: Statistics, *, unclassified: bool = False
) -> dict[int, Scored]:
    """The best alignment with each work that had enough in common to be compared.

    Args:
        unclassified: for fitting classifiers: compare what the prefilter would leave out too; scores are 0.
    """
    query = frame.query
    ranked = [_Ranked(vote, _agreement(query, works[vote.work], vote)) for vote in frame.votes if vote.work in works]
    tried = sorted((each for each in ranked if each.agreement), key=lambda each: -each.agreement)
    tried = [each for each in tried if each.agreement >= _MIN_SHARE * tried[0].agreement]
    strong = [each for each in tried if each.agreement >= _STRONG]
    aligned = _from_keypoints(query, works, strong[:1])
    explaining = conclusive(query.frame, (each for _, each in aligned))
    whole: Iterable[int] = frame.by_code
    if explaining is not None:
        aligned += _from_keypoints(
            query, works, _of_first_works(_unexplained(query, works, strong, explaining), _MAX_ALIGNED)
        )
    else:
        most = min(len({each.work for each in strong}) + _MAX_FAINT, _MAX_ALIGNED)
        others = dict.fromkeys((*_of_first_works(tried, most), *ranked[:_ALWAYS_ALIGNED]))
        rest = [each for each in others if each not in strong[:1]]
        aligned += _from_keypoints(query, works, rest)
        whole = dict.fromkeys((*(each.work for each in (*strong[:1], *rest)), *frame.by_code, *frame.alike))
    aligned += _from_whole_pictures(query, works, whole, aligned, distant=explaining is None)
    return _best(frame, aligned, statistics, unclassified)


def _agreement(query: Query, work: Fingerprint, vote: Vote, among: NDArray[np.bool_] | None = None) -> float:
    """How strongly the voters agree on a transform of a work.

    Args:
        among: only those of the upload's keypoints.
    """
    voters = vote.voters if among is None else vote.voters[among[vote.voters]]
    descriptors = query.variants[vote.variant][voters]
    frames = codec.frames(work)
    return max(
        (vote_strength(query.frame, each, voters, descriptors @ each.unit.T, vote.variant) for each in frames),
        default=0.0,
    )


def _unexplained(
    query: Query, works: Mapping[int, Fingerprint], strong: Sequence[_Ranked], explaining: Hypothesis
) -> list[_Ranked]:
    """Of strong votes those that a work which explains the upload does not: they are nearly as strong as the
    strongest, or are strong elsewhere."""
    elsewhere = ~explained_keypoints(query.frame, explaining)
    return [
        each
        for each in strong[1:]
        if each.agreement >= _RIVAL_SHARE * strong[0].agreement
        or _agreement(query, works[each.work], each.vote, elsewhere) >= _STRONG
    ]


def _of_first_works(ranked: Sequence[_Ranked], most: int) -> list[_Ranked]:
    """The votes for the first works of these."""
    works = list(dict.fromkeys(each.work for each in ranked))[:most]
    return [each for each in ranked if each.work in works]


def _from_keypoints(
    query: Query, works: Mapping[int, Fingerprint], ranked: Iterable[_Ranked]
) -> list[tuple[int, Hypothesis]]:
    return [
        (each.work, hypothesis)
        for each in ranked
        for hypothesis in from_keypoints(query, works[each.work], (each.vote.variant,))
    ]


def _from_whole_pictures(
    query: Query,
    works: Mapping[int, Fingerprint],
    which: Iterable[int],
    aligned: Sequence[tuple[int, Hypothesis]],
    *,
    distant: bool,
) -> list[tuple[int, Hypothesis]]:
    out: list[tuple[int, Hypothesis]] = []
    for work in which:
        if work in works:
            already = [each for number, each in aligned if number == work]
            out += [(work, each) for each in from_whole_pictures(query, works[work], already, distant=distant)]
    return out


def _best(
    frame: FrameCandidates, aligned: Sequence[tuple[int, Hypothesis]], statistics: Statistics, unclassified: bool
) -> dict[int, Scored]:
    """Of each work's hypotheses for an upload's frame the one under which they share most."""
    if not unclassified:
        aligned = [aligned[n] for n in passing([each.prefilter for _, each in aligned])]
    upload = frame.query.frame
    best: dict[int, tuple[Hypothesis, Floats, MatchedRegion]] = {}
    rarities = _rarities([each for _, each in aligned], statistics, frame.registered)
    for (work, each), rarity in zip(aligned, rarities, strict=True):
        comparison = compare(upload, each.work, each.matrix, each.variant)
        region = measure(upload, each.work, each.alignment, comparison, rarity, each.prefilter)
        if work not in best or region.gain - best[work][2].gain > _MIN_GAIN_INCREASE * abs(best[work][2].gain):
            best[work] = each, comparison.matrix, region
    features = [region.features for _, _, region in best.values()]
    sure = len(best) * [0.0] if unclassified else scores(features).tolist()
    return {
        work: Scored(
            upload,
            each.work,
            each.frame_number,
            matrix,
            each.variant,
            each.alignment,
            each.prefilter,
            region,
            score,
        )
        for (work, (each, matrix, region)), score in zip(best.items(), sure, strict=True)
    }


def _rarities(aligned: Sequence[Hypothesis], statistics: Statistics, registered: int) -> list[Floats]:
    """Of each hypothesis' inliers one by the number of registered works that have such a keypoint."""
    if not aligned:
        return []
    none = np.zeros(0, dtype=np.int64)
    inliers = [each.alignment.work_inliers if each.alignment is not None else none for each in aligned]
    # Asked for all at once: a look-up costs more than what it finds.
    vectors = np.concatenate([e.work.vectors[these] for e, these in zip(aligned, inliers, strict=True)])
    counts = statistics.count_near_keys(near_keys([codebook.described(vectors)], registered))
    return np.split(1 / np.maximum(counts, 1), np.cumsum([len(these) for these in inliers[:-1]]))
