"""Which works a frame of an upload may show: visual words vote, codes find whole copies. Only here is the index asked
for candidates.

Visual words vote for works, and for whether the upload would be mirrored or inverted; codes propose whole copies in
eight orientations, and pictures that look alike from afar.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..index.interface import Codes, NearKeyHits, Positions, View
from . import codebook
from .hypotheses import CODE_RADIUS, SIMILAR_BITS
from .keypoints import VARIANTS
from .probing import SIGNATURE_RADIUS, near_keys
from .query import Query

_DISTANCE_BITS = SIGNATURE_RADIUS.bit_length()
_REGISTRATION_BITS = 30  # for a registration in a sorted hit
_SOFTNESS = 2.0  # bits; a vote that is off by so many weighs 1/e
_BY_DISTANCE = np.exp(-((np.arange(SIGNATURE_RADIUS + 1) / _SOFTNESS) ** 2))
_MAX_SORTED = 1 << 18  # hits; of more only the promising are
_MAX_PROMISING = 4096  # sums of votes
_HITS_BITS = 2  # a sum is of 2 to 4 hits on average; where most are of none, partition takes ten times as long
_MIX = np.uint64(0x9E3779B97F4A7C15)
_MAX_BY_VOTES = 16  # works, each in one variant, besides the first of each of nine parts of the upload
_CELLS = 3  # parts a side
_MAX_VOTERS = 96  # keypoints of the upload that are asked first about a work, those with the nearest and rarest words
_MAX_BY_CODE = 16  # registrations with the nearest codes
_UPRIGHT = 2  # orientations in which pictures that look alike are looked for: as it is and mirrored
_MAX_ALIKE = 4  # works that look alike
# Registrations up to which they are looked for, which is a scan: of more, as many as are taken look so by chance. (Two
# random codes differ in 128 bits, give or take 8. Within 94 bits are 2.6 of 100,000 works, 26 of a million.)
_MAX_SCANNED = 200_000


@dataclass(frozen=True, slots=True, eq=False)
class Vote:
    """A work in one variant, and what votes for it.

    Attributes:
        variant: mirrored or inverted; see `keypoints.permuted`.
        voters: shape (n,), keypoints of the upload that have a word of the work, nearest and rarest first.
    """

    work: int
    variant: int
    voters: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class FrameCandidates:
    """The works that one frame of an upload may show.

    Attributes:
        query: the frame.
        votes: by visual words, most votes first, then the first of each part of the upload.
        by_code: whole copies, nearest code first.
        alike: works that look alike from afar and are not among the copies; compared only where keypoints have not
            explained_keypoints the upload.
        registered: how many pictures are.
    """

    query: Query
    votes: tuple[Vote, ...]
    by_code: tuple[int, ...]
    alike: tuple[int, ...]
    registered: int

    @property
    def works(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys((*(vote.work for vote in self.votes), *self.by_code, *self.alike)))


def look_up(query: Query, view: View) -> FrameCandidates:
    """Look one frame of an upload up."""
    close, upright = view.by_codes(query.codes, CODE_RADIUS), query.codes[:_UPRIGHT]
    if len(view) <= _MAX_SCANNED:
        view.soon("by_codes", upright, SIMILAR_BITS)
    voted = votes(query, view)
    nearest = close.positions[np.argsort(-close.similarity, kind="stable")[:_MAX_BY_CODE]]
    by_code = tuple(dict.fromkeys(nearest.tolist()))
    alike = tuple(work for work in _alike(upright, view) if work not in by_code)[:_MAX_ALIKE]
    return FrameCandidates(query, voted, by_code, alike, len(view))


def _alike(codes: Codes, view: View) -> list[int]:
    """Works that look alike from afar, nearest first; of a large registry none."""
    if len(view) > _MAX_SCANNED:
        return []
    like = view.by_codes(codes, SIMILAR_BITS)
    nearest: list[int] = like.positions[np.argsort(-like.similarity, kind="stable")].tolist()
    return nearest


def votes(query: Query, view: View) -> tuple[Vote, ...]:
    """The works and variants most words vote for, in all and in each part of the upload."""
    words, points, variants = query.words()
    near = near_keys(words, len(view))
    hits = view.by_near_keys(near)
    if not len(hits.positions):
        return ()
    many = len(query.frame.points)
    # What many works have says little: each keypoint and variant shares itself out among its hits.
    asker = variants * many + points
    common = np.bincount(asker, np.bincount(hits.asked, minlength=len(asker)))
    weights = _BY_DISTANCE / (1 + np.log2(np.maximum(common[asker], 1)))[:, None]
    if len(hits.positions) > _MAX_SORTED:
        hits = _promising(hits, variants, weights)
    # A word votes for a work once, with its nearest hit, however often it comes again in both: letters and windows do
    # (Jegou, Douze, Schmid, On the burstiness of visual elements, 2009). One number a hit, because those sort fastest:
    # registration 30 bits, variant 2, word 16, distance 3, keypoint as many as it takes.
    bits = many.bit_length()
    word = (near.keys >> codebook.SIGNATURE_BITS).astype(np.int64)[hits.asked]
    registration, named = _numbered(hits.positions)
    pair = registration * VARIANTS + variants[hits.asked]
    hit = np.sort(((pair << codebook.WORD_BITS | word) << _DISTANCE_BITS | hits.distance) << bits | points[hits.asked])
    point, hit = hit & ((1 << bits) - 1), hit >> bits
    distance, hit = hit & ((1 << _DISTANCE_BITS) - 1), hit >> _DISTANCE_BITS
    pair = hit >> codebook.WORD_BITS
    weight = _BY_DISTANCE[distance] / (1 + np.log2(common[pair % VARIANTS * many + point]))
    vote = np.where(np.diff(hit, prepend=-1), weight, 0)
    starts = np.flatnonzero(np.diff(pair, prepend=-1))
    ends = np.concatenate((starts[1:], [len(pair)]))
    chosen = _chosen(query, point, vote, starts, ends)
    works, variants = np.divmod(pair[starts[chosen]], VARIANTS)
    works = works if named is None else named[works]
    out = []
    for n, work, which in zip(chosen, works.tolist(), variants.tolist(), strict=True):
        mine = slice(starts[n], ends[n])
        best = point[mine][np.argsort(-weight[mine], kind="stable")]
        voters = np.array(list(dict.fromkeys(best.tolist()))[:_MAX_VOTERS])
        out.append(Vote(work, which, voters))
    return tuple(out)


def _promising(hits: NearKeyHits, variants: NDArray[np.int64], weights: NDArray[np.float64]) -> NearKeyHits:
    """The hits of those works and variants that could have most votes: of a large registry nearly all have a few hits.

    Each is counted by a number that another may share, and words that come again are counted again; so a sum may be
    more than the votes, never less.

    Args:
        variants: of each key asked for, shape (n,).
        weights: of each key and distance, shape (n, radius + 1).
    """
    pair = (hits.positions * VARIANTS + variants[hits.asked]).astype(np.uint64)
    bits = len(pair).bit_length() - _HITS_BITS
    number = (pair * _MIX >> np.uint64(64 - bits)).view(np.int64)
    sums = np.bincount(number, weights.ravel()[hits.asked * weights.shape[1] + hits.distance], 1 << bits)
    kept = np.flatnonzero((sums >= np.partition(sums, -_MAX_PROMISING)[-_MAX_PROMISING])[number])
    return NearKeyHits(hits.asked[kept], hits.positions[kept], hits.distance[kept])


def _numbered(positions: Positions) -> tuple[NDArray[np.int64], Positions | None]:
    """Numbers of `_REGISTRATION_BITS` for registrations, in their order, and what each stands for where it is not the
    position itself."""
    if positions.max() < 1 << _REGISTRATION_BITS:
        return positions, None
    named, numbers = np.unique(positions, return_inverse=True)
    return numbers, named


def _chosen(
    query: Query,
    point: NDArray[np.int64],
    vote: NDArray[np.float64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
) -> list[int]:
    """Which runs of hits, each of one registration and variant, have most votes, in all and in each part of the upload.

    Args:
        point, vote: of each hit, shape (h,).
        starts, ends: of each run, shape (r,).
    """
    total = np.add.reduceat(vote, starts)
    chosen = np.argsort(-total, kind="stable")[:_MAX_BY_VOTES].tolist()
    frame = query.frame
    cell = np.minimum((frame.points * _CELLS / (frame.width, frame.height)).astype(int), _CELLS - 1) @ (1, _CELLS)
    number = np.repeat(np.arange(len(starts)), ends - starts)
    local = np.bincount(number * _CELLS**2 + cell[point], weights=vote, minlength=len(starts) * _CELLS**2)
    local = local.reshape(len(starts), _CELLS**2)
    chosen += local.argmax(axis=0)[local.any(axis=0)].tolist()
    return list(dict.fromkeys(chosen))
