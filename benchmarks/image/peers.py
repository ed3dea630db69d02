"""Ours beside the peers over one case set of pictures: who finds the copies, who accuses whom.

    python benchmarks/image/peers.py [CASES_DIR] [--results OURS.jsonl]

Ours goes through the command line, ``register --batch`` and ``scan --batch --json`` in a temporary home; --results
takes such a scan's lines instead. The peers are used as their documentation shows, each with the threshold that is
usual for it: imagehash's phash, dhash and whash of 64 bits within 10; PDQ of quality 50 at least, one orientation
kept and eight asked for, within 31 of 256; ISCC's image code within 12 of 64. Of a picture that Pillow cannot read they
find nothing. Their score, for the ranking and the curve, is the share of equal bits. Without a folder a case set
is made by generate.py.

recall: queries of which an expected work is reported; FPR: distractors that drew any report; at FPR .1 %: recall at the
lowest threshold that lets at most one distractor in a thousand fire; uAP: all reported pairs pooled and ranked.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import imagehash
import iscc_core
import numpy as np
import pdqhash
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageOps

from benchmarks.common.cases import CaseSet, Found, Query, Ref, load
from benchmarks.common.contest import arguments, everyone, print_figures, print_recall
from benchmarks.common.metrics import figures
from benchmarks.image.generate import write_cases

Codes = NDArray[np.uint8]  # shape (n, bytes)
QUALITY = 50


def hashed(method: Callable[[Image.Image], imagehash.ImageHash], picture: Image.Image, asked: bool) -> Codes:
    """One of imagehash's; of what is asked for the same as of what is kept."""
    return np.packbits(method(picture).hash.ravel())[None]


def pdq(picture: Image.Image, asked: bool) -> Codes:
    """One code to be kept, eight to be asked; none of what PDQ calls poor."""
    pixels = np.asarray(picture.convert("RGB"))
    if asked:
        vectors, quality = pdqhash.compute_dihedral(pixels)
    else:
        vector, quality = pdqhash.compute(pixels)
        vectors = [vector]
    return np.packbits(np.array(vectors, dtype=np.uint8), axis=1)[: None if quality >= QUALITY else 0]


def iscc(picture: Image.Image, asked: bool) -> Codes:
    """As iscc_core says pictures are prepared: upright, on white, without empty borders, grey, 32 x 32."""
    picture = ImageOps.exif_transpose(picture).convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    flat = Image.alpha_composite(white, picture).convert("RGB")
    border = Image.new("RGB", flat.size, flat.getpixel((0, 0)))
    grey = flat.crop(ImageChops.difference(flat, border).getbbox()).convert("L")
    pixels = grey.resize((32, 32), Image.Resampling.BICUBIC).tobytes()
    code = iscc_core.iscc_decode(iscc_core.gen_image_code_v0(list(pixels), bits=64)["iscc"])[-1]
    return np.frombuffer(code, dtype=np.uint8)[None]


def found(cases: CaseSet, made: Callable[[Image.Image, bool], Codes], radius: int, bits: int) -> dict[str, list[Found]]:
    """Of every query the works with a code within the radius of one of its codes."""
    kept = list(_codes(cases.refs, made, asked=False))
    names = [ref.id for ref, codes in kept for _ in codes]
    if not names:
        return {}
    stored = np.concatenate([codes for _, codes in kept])
    out = {}
    for query, codes in _codes(cases.queries, made, asked=True):
        if not len(codes):
            continue
        nearest = np.bitwise_count(codes[:, None] ^ stored).sum(axis=2).min(axis=0)
        out[query.id] = [Found(names[n], 1 - float(nearest[n]) / bits) for n in np.flatnonzero(nearest <= radius)]
    return out


def _codes(
    files: Iterable[Ref | Query], made: Callable[[Image.Image, bool], Codes], *, asked: bool
) -> Iterable[tuple[Ref | Query, Codes]]:
    """Each file's codes; nothing of those that cannot be read."""
    for file in files:
        try:
            with Image.open(file.path) as picture:
                codes = made(picture, asked)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            continue
        yield file, codes


PEERS: dict[str, tuple[Callable[[Image.Image, bool], Codes], int, int]] = {
    "phash d<=10": (partial(hashed, imagehash.phash), 10, 64),
    "dhash d<=10": (partial(hashed, imagehash.dhash), 10, 64),
    "whash d<=10": (partial(hashed, imagehash.whash), 10, 64),
    "PDQ x 8 d<=31": (pdq, 31, 256),
    "ISCC d<=12": (iscc, 12, 64),
}


def main() -> None:
    given = arguments(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        if given.cases is None:
            write_cases(Path(folder), 300, 540, 1200, seed=1)
        cases = load(given.cases or Path(folder))
        peers = {name: partial(found, cases, *how) for name, how in PEERS.items()}
        everybody = everyone(cases, given.results, peers)
        print_figures(cases, everybody)
        best = max(everybody[1:], key=lambda a: figures(cases.queries, a).recall_at_fpr)
        groups: dict[str, list[Query]] = {}
        for q in sorted((q for q in cases.queries if q.expected), key=lambda q: q.transform):
            groups.setdefault(q.transform, []).append(q)
        print_recall("recall by transform", groups, [everybody[0], best])


if __name__ == "__main__":
    main()
