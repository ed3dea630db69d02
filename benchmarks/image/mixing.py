"""Works that nobody drew: keypoints of many drawn ones mixed, so that a registry can be large.

A mixed work has as many keypoints as a drawn one, each with its place, size, angle and code from a drawn work taken at
random, the key of each with some bits of its signature turned over as another picture's would be; a code of four
parts of four works; and the small picture of one. So words are as unevenly common as in drawn works, looking up
and verifying cost what they cost, and yet no two works share a picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fingerprints import image
from fingerprints.image import codebook, codec
from fingerprints.model import Fingerprint

_TURNED = 0.15  # of the bits of a signature
_FIELDS = (np.dtype("<u2"), 2), (np.dtype("u1"), 1), (np.dtype("u1"), 1), (np.dtype("u1"), codebook.CODE_LENGTH)


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """What mixed works are made of.

    Attributes:
        fields: of all donors' keypoints, as `stored.pack` lays them out: places, sizes, angles, codes; shape (n, k).
        keys: shape (n,).
        codes: the donors' codes, shape (m, 4).
        heads: of each donor width and height of the picture, then of the plane its points count in.
        small: the donors' small pictures.
        counts: how many keypoints each donor has.
    """

    fields: tuple[NDArray[np.generic], ...]
    keys: NDArray[np.uint64]
    codes: NDArray[np.uint64]
    heads: tuple[tuple[int, int, int, int], ...]
    small: tuple[bytes, ...]
    counts: tuple[int, ...]


def pool(donors: Sequence[Fingerprint]) -> Pool:
    """From drawn works of one frame each."""
    columns: list[list[NDArray[np.generic]]] = [[] for _ in _FIELDS]
    heads, small, counts = [], [], []
    for donor in donors:
        _, _, width, height = codec._HEAD.unpack_from(donor.detail)
        wide, high, count, _ = codec._FRAME_HEAD.unpack_from(donor.detail, codec._HEAD.size)
        at = codec._HEAD.size + codec._FRAME_HEAD.size
        for column, (kind, k) in zip(columns, _FIELDS, strict=True):
            column.append(np.frombuffer(donor.detail, kind, count * k, at).reshape(count, k))
            at += kind.itemsize * count * k
        heads.append((width, height, wide, high))
        small.append(codec.thumbnails(donor)[0])
        counts.append(count)
    return Pool(
        tuple(map(np.concatenate, columns)),
        np.concatenate([donor.keys for donor in donors]),
        np.concatenate([donor.codes[:1] for donor in donors]),
        tuple(heads),
        tuple(small),
        tuple(counts),
    )


def mixed(number: int, of: Pool) -> Fingerprint:
    """The mixed work of this number."""
    r = np.random.default_rng([11, number])
    donor = int(r.integers(len(of.small)))
    width, height, wide, high = of.heads[donor]
    chosen = r.integers(0, len(of.keys), of.counts[donor])
    turned = (r.random((len(chosen), codebook.SIGNATURE_BITS)) < _TURNED) @ (
        np.uint64(1) << np.arange(codebook.SIGNATURE_BITS, dtype=np.uint64)
    )
    detail = b"".join(
        (
            codec._HEAD.pack(codec._WORK, 1, width, height),
            codec._FRAME_HEAD.pack(wide, high, len(chosen), len(of.small[donor])),
            *(field[chosen].tobytes() for field in of.fields),
            of.small[donor],
        )
    )
    return Fingerprint(
        medium=image.NAME,
        algorithm=image.ALGORITHM,
        digest=number.to_bytes(8, "big") + r.bytes(24),
        codes=of.codes[r.integers(0, len(of.codes), 4), np.arange(4)][None],
        keys=of.keys[chosen] ^ turned,
        detail=detail,
        facts={"width": width, "height": height, "format": "jpeg"},
    )
