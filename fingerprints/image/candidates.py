"""Which works a frame of an upload may show: visual words vote, codes find whole copies. Only here is the index asked
for candidates.

Visual words vote for works, and for whether the upload would be mirrored or inverted; codes propose whole copies in
eight orientations, and pictures that look alike from afar.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..index.interface import Positions, View
from . import codebook
from .hypotheses import CODE_RADIUS, SIMILAR_BITS
from .keypoints import VARIANTS
from .query import Query

_SIGNATURE_RADIUS = 4  # of 24 bits, within which a signature votes
_DISTANCE_BITS = _SIGNATURE_RADIUS.bit_length()
_REGISTRATION_BITS = 30  # for a registration in a sorted hit
_SOFTNESS = 2.0  # bits; a vote that is off by so many weighs 1/e
MAX_POSTINGS = 2048  # of one word that are looked at
_MAX_BY_VOTES = 16  # works, each in one variant, besides the first of each of nine parts of the upload
_CELLS = 3  # parts a side
_MAX_VOTERS = 96  # keypoints of the upload that are asked first about a work, those with the nearest and rarest words
_MAX_BY_CODE = 16  # registrations with the nearest codes
_UPRIGHT = 2  # orientations in which pictures that look alike are looked for: as it is and mirrored
_MAX_ALIKE = 4  # works that look alike


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
    """

    query: Query
    votes: tuple[Vote, ...]
    by_code: tuple[int, ...]
    alike: tuple[int, ...]

    @property
    def works(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys((*(vote.work for vote in self.votes), *self.by_code, *self.alike)))


def look_up(query: Query, view: View) -> FrameCandidates:
    """Look one frame of an upload up."""
    close = view.by_codes(query.codes, CODE_RADIUS)
    nearest = close.positions[np.argsort(-close.similarity, kind="stable")[:_MAX_BY_CODE]]
    by_code = tuple(dict.fromkeys(nearest.tolist()))
    like = view.by_codes(query.codes[:_UPRIGHT], SIMILAR_BITS)
    alike = dict.fromkeys(like.positions[np.argsort(-like.similarity, kind="stable")].tolist())
    return FrameCandidates(
        query, votes(query, view), by_code, tuple(work for work in alike if work not in by_code)[:_MAX_ALIKE]
    )


def votes(query: Query, view: View) -> tuple[Vote, ...]:
    """The works and variants most words vote for, in all and in each part of the upload."""
    keys, points, variants = query.keys()
    hits = view.by_near_keys(keys, codebook.WORD_BITS, _SIGNATURE_RADIUS, MAX_POSTINGS)
    if not len(hits.positions):
        return ()
    many = len(query.frame.points)
    variant, point = variants[hits.asked], points[hits.asked]
    # What many works have says little: each keypoint and variant shares itself out among its hits.
    common = np.bincount(variant * many + point)
    # A word votes for a work once, with its nearest hit, however often it comes again in both: letters and windows do
    # (Jegou, Douze, Schmid, On the burstiness of visual elements, 2009). One number a hit, because those sort fastest:
    # registration 30 bits, variant 2, word 16, distance 3, keypoint as many as it takes.
    bits = many.bit_length()
    word = (keys >> codebook.SIGNATURE_BITS).astype(np.int64)[hits.asked]
    registration, named = _numbered(hits.positions)
    pair = registration * VARIANTS + variant
    hit = np.sort(((pair << codebook.WORD_BITS | word) << _DISTANCE_BITS | hits.distance) << bits | point)
    point, hit = hit & ((1 << bits) - 1), hit >> bits
    distance, hit = hit & ((1 << _DISTANCE_BITS) - 1), hit >> _DISTANCE_BITS
    pair = hit >> codebook.WORD_BITS
    weight = np.exp(-((distance / _SOFTNESS) ** 2)) / (1 + np.log2(common[pair % VARIANTS * many + point]))
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
