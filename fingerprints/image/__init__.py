"""Pictures: a 256-bit perceptual code finds whole copies in eight orientations, a block-wise comparison decides.

The first version finds copies of the whole picture: re-encoded, resized, stretched, recoloured, mirrored, turned by
right angles, lightly marked. Crops, collages and pictures inside pictures are not found yet.
"""

from __future__ import annotations

import hashlib
import math
import struct
import zlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .. import sniff
from ..errors import UnreadableMedia
from ..index.protocol import Found, Load, View
from ..model import CODE_WORDS, KEY_BYTES, Fingerprint, Limits, Match, Medium, Quad, Segment
from .comparing import MINIMUM_BLOCKS, score, textured
from .hashing import SIDE, Grey, codes, distances, oriented

__all__ = ["ALGORITHM", "NAME", "RADIUS", "fingerprint", "query_codes", "search", "verify"]

NAME: Medium = "image"
ALGORITHM = "sourcemark-image/1:phash16-grey64"
RADIUS = 56  # bits; the measured copies lie below 40 but for heavy edits, unrelated pictures from 80 up

_SHORTEST = 32  # pixels of the shorter side below which there is nothing to compare
_DIFFERENT = 32  # bits from which a frame of an animation is another picture
_FRAMES = 32  # different frames kept
_CANDIDATES = 64  # works that are compared with one upload
_TRIED = 16  # nearest pairs of frame and orientation that are compared
_HEAD = struct.Struct("<BBII")  # version of the layout, frames, width, height

# How to draw the work so that it lies on the upload, by `oriented`'s number: mirrored first, then degrees clockwise.
_TRANSFORMS = {
    0: (False, 0.0),
    1: (True, 0.0),
    2: (True, 180.0),
    3: (False, 180.0),
    4: (True, 270.0),
    5: (False, 90.0),
    6: (False, 270.0),
    7: (True, 90.0),
}


def fingerprint(data: bytes, limits: Limits | None = None) -> Fingerprint:
    """Fingerprint the bytes of a picture.

    Raises:
        UnreadableMedia: ``truncated``, ``damaged``, ``mislabelled``.
        LimitExceeded: ``too_many_pixels``.
        UnsupportedMedium: no format that is taken.
    """
    from .decoding import (  # the decoders are needed in the worker only
        frames,
        opened,
        pixel_digest,
        small_grey,
        stored_code,
    )

    limits = limits or Limits()
    medium, format = sniff.sniff(data)
    if medium != NAME:
        raise UnreadableMedia("mislabelled", f"this is {medium} ({format}), not a picture")
    greys: list[Grey] = []
    kept = np.zeros((0, CODE_WORDS), dtype=np.uint64)
    with opened(data, limits) as source:
        width, height = source.width, source.height
        for frame in frames(source.picture, limits.max_frames):
            grey = small_grey(frame, SIDE)
            code = stored_code(grey)
            plain = textured(grey) < MINIMUM_BLOCKS
            known = len(kept) and int(distances(code, kept).min()) < _DIFFERENT
            if not plain and not known and len(kept) < _FRAMES:
                greys.append(grey)
                kept = np.concatenate((kept, code))
    reason = "too_small" if min(width, height) < _SHORTEST else None if greys else "no_texture"
    facts: dict[str, str | int | float | bool] = {"width": width, "height": height, "format": format}
    if reason is not None:
        # Nothing perceptual can be said of it, but a lossless copy still has the same pixels.
        pixels = pixel_digest(data, limits)
        return Fingerprint(
            medium=NAME,
            algorithm=ALGORITHM,
            digest=hashlib.sha256(data).digest(),
            keys=np.frombuffer(pixels[:8], dtype="<u8") >> np.uint64(64 - 8 * KEY_BYTES),
            detail=_HEAD.pack(1, 0, width, height) + pixels,
            facts=facts,
            reason=reason,
        )
    return Fingerprint(
        medium=NAME,
        algorithm=ALGORITHM,
        digest=hashlib.sha256(data).digest(),
        codes=kept,
        detail=_HEAD.pack(1, len(greys), width, height) + zlib.compress(np.stack(greys).tobytes(), 6),
        facts=facts,
    )


def verify(query: Fingerprint, candidate: Fingerprint) -> Match | None:
    """Whether two pictures are the same whole picture, in which orientation; quadrilaterals count pixels as shown."""
    if not query.fingerprintable or not candidate.fingerprintable:
        same = query.reason == candidate.reason and query.detail == candidate.detail
        return _match(query, candidate, 0, 1.0, identical=True) if same else None
    mine, theirs = _greys(query.detail), _greys(candidate.detail)
    tried = distances(query_codes(query), candidate.codes)
    best, orientation = 0.0, 0
    for flat in np.argsort(tried, axis=None, kind="stable")[:_TRIED].tolist():
        row, column = divmod(flat, len(candidate.codes))
        if tried[row, column] > RADIUS:
            break
        value = score(oriented(mine[row // 8], row % 8), theirs[column])
        if value > best:
            best, orientation = value, row % 8
    return _match(query, candidate, orientation, best) if best >= 0.5 else None


def search(query: Fingerprint, view: View, load: Load, seen: View | None = None) -> Found:
    """The registered pictures that an upload is a copy of."""
    near = view.by_codes(query_codes(query), RADIUS)
    same = view.by_keys(query.keys, _CANDIDATES).slots
    nearest = near.slots[np.argsort(-near.similarity, kind="stable")]
    works = dict.fromkeys(view.works(np.concatenate((same, nearest))).tolist())
    loaded = load(list(works)[:_CANDIDATES])
    verified = {work: verify(query, candidate) for work, candidate in loaded.items()}
    return Found({work: match for work, match in verified.items() if match is not None})


def query_codes(query: Fingerprint) -> NDArray[np.uint64]:
    """The codes of every frame in its eight orientations, shape (8 n, 4); none for a picture without a code."""
    if not query.fingerprintable:
        return query.codes
    return np.concatenate([codes(grey) for grey in _greys(query.detail)])


@lru_cache(maxsize=16)
def _greys(detail: bytes) -> NDArray[np.uint8]:
    version, count, _, _ = _HEAD.unpack_from(detail)
    if version != 1:
        raise ValueError("an image fingerprint with an unknown layout")
    return np.frombuffer(zlib.decompress(detail[_HEAD.size :]), dtype=np.uint8).reshape(count, SIDE, SIDE)


def _match(
    query: Fingerprint, candidate: Fingerprint, orientation: int, value: float, *, identical: bool = False
) -> Match:
    upload, work = _size(query), _size(candidate)
    mirrored, rotation = _TRANSFORMS[orientation]
    transform: dict[str, bool | float] = {
        "mirrored": mirrored,
        "rotation": rotation,
        "scale": math.sqrt((upload[0] * upload[1]) / (work[0] * work[1])),
    }
    if identical:
        transform["identical_pixels"] = True
    corners = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    there = [_on_upload(x, y, orientation) for x, y in corners]
    segment = Segment(_scaled(there, upload), _scaled(corners, work), "pixel")
    return Match(value, 1.0, 1.0, (segment,), transform)


def _size(of: Fingerprint) -> tuple[int, int]:
    _, _, width, height = _HEAD.unpack_from(of.detail)
    return width, height


def _on_upload(x: float, y: float, orientation: int) -> tuple[float, float]:
    """Where a point of the work, in 0..1, lies on the upload: `oriented` undone."""
    if orientation & 4:
        x, y = y, x
    return (1.0 - x if orientation & 1 else x), (1.0 - y if orientation & 2 else y)


def _scaled(points: Sequence[tuple[float, float]], size: tuple[int, int]) -> Quad:
    a, b, c, d = ((x * size[0], y * size[1]) for x, y in points)
    return a, b, c, d


def __getattr__(name: str) -> object:
    if name == "EXAMPLES":
        from .examples import EXAMPLES

        return EXAMPLES
    raise AttributeError(name)
