"""Ours beside the peers over one case set of films: who finds the copies, who accuses whom.

    python benchmarks/video/peers.py [CASES_DIR] [--results OURS.jsonl]

Ours goes through the command line, ``register --batch`` and ``scan --batch --json`` in a temporary home; --results
takes such a scan's lines instead. The peers see what ffmpeg decodes:

- vPDQ (Facebook's ThreatExchange): pdqhash of one picture a second, of quality 50 at least; equal within 31 bits of
  256. Its rule is that 80 % of the pictures of both have an equal one. The score is the smaller share.
- vPDQ, any picture: the larger share, however small.
- ISCC's video code of the MPEG-7 signatures that ffmpeg makes, within 12 bits of 64.

Without a folder a case set of drawn films is made. The columns are explained in benchmarks/image/peers.py.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import iscc_core
import numpy as np
import pdqhash
from numpy.typing import NDArray

from benchmarks.common.cases import CaseSet, Found, Query, load
from benchmarks.common.contest import arguments, everyone, print_figures, print_recall
from benchmarks.common.metrics import figures
from benchmarks.video.drawn import write_cases
from fingerprints.ffmpeg import container, pictures
from fingerprints.ffmpeg.reading import Reading
from fingerprints.model import Limits
from fingerprints.source import Source

Codes = NDArray[np.uint8]  # shape (n, bytes)
Score = Callable[[Codes, Codes], float]

PDQ_SIDE, PDQ_QUALITY, PDQ_BITS, PDQ_SHARE = 512, 50, 31, 0.8
ISCC_BITS, ISCC_RADIUS = 64, 12
SIGNATURE_ELEMENTS = 380


def pdq(path: Path) -> Codes:
    """The hashes of one picture a second that are good enough."""
    source = Source.blob(path.read_bytes())
    held = container.read(source, Limits())
    out = []
    with pictures.frames(source, Limits(), held, Reading(), rate=1, longest_side=PDQ_SIDE, colour=True) as frames:
        for _, frame in frames:
            bits, quality = pdqhash.compute(np.ascontiguousarray(frame))
            if quality >= PDQ_QUALITY:
                out.append(np.packbits(np.asarray(bits, dtype=np.uint8)))
    return np.array(out, dtype=np.uint8).reshape(-1, 32)


def iscc(path: Path) -> Codes:
    """The video code of a file; none where ffmpeg makes no signature."""
    with tempfile.TemporaryDirectory() as folder:
        name = Path(folder) / "signature.xml"
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", path, "-an", "-vf"]
        subprocess.run([*command, f"fps=5,signature=format=xml:filename={name}", "-f", "null", "-"], check=True)
        text = name.read_text(encoding="utf-8")
    found = [each.split("<", 1)[0] for each in text.split("<FrameSignature>")[1:]]
    signatures = [tuple(int(number) for number in each.split()) for each in found]
    whole = [each for each in signatures if len(each) == SIGNATURE_ELEMENTS]
    if not whole:
        return np.zeros((0, ISCC_BITS // 8), dtype=np.uint8)
    code = iscc_core.iscc_decode(iscc_core.gen_video_code_v0(whole, bits=ISCC_BITS)["iscc"])[-1]
    return np.frombuffer(code, dtype=np.uint8)[None]


def shares(upload: Codes, work: Codes) -> tuple[float, float]:
    """Of each the pictures that have an equal one in the other."""
    equal = np.bitwise_count(upload[:, None] ^ work).sum(axis=2) <= PDQ_BITS
    return float(equal.any(axis=1).mean()), float(equal.any(axis=0).mean())


def same_code(upload: Codes, work: Codes) -> float:
    """The share of equal bits of two codes."""
    return 1 - int(np.bitwise_count(upload ^ work).sum()) / ISCC_BITS


PEERS: dict[str, tuple[str, Score, float]] = {
    "vPDQ, 80 % of both": ("pdq", lambda a, b: min(shares(a, b)), PDQ_SHARE),
    "vPDQ, any picture": ("pdq", lambda a, b: max(shares(a, b)), 1e-9),
    "ISCC d<=12": ("iscc", same_code, 1 - ISCC_RADIUS / ISCC_BITS),
}


def found(cases: CaseSet, codes: Mapping[Path, Codes], score: Score, least: float) -> dict[str, list[Found]]:
    """Of every query the works that score enough."""
    works = [(ref.id, codes[ref.path]) for ref in cases.refs if len(codes[ref.path])]
    out = {}
    for query in cases.queries:
        upload = codes[query.path]
        scores = [(name, score(upload, work)) for name, work in works] if len(upload) else []
        out[query.id] = [Found(name, value) for name, value in scores if value >= least]
    return out


def main() -> None:
    given = arguments(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        if given.cases is None:
            write_cases(Path(folder), 20, 60)
        cases = load(given.cases or Path(folder))
        made: dict[str, Any] = {"pdq": pdq, "iscc": iscc}
        paths = [file.path for file in (*cases.refs, *cases.queries)]
        codes = {name: {path: make(path) for path in paths} for name, make in made.items()}
        peers = {name: partial(found, cases, codes[by], score, least) for name, (by, score, least) in PEERS.items()}
        everybody = everyone(cases, given.results, peers)
        print_figures(cases, everybody)
        best = max(everybody[1:], key=lambda a: figures(cases.queries, a).recall_at_fpr)
        groups: dict[str, list[Query]] = {}
        for query in sorted((q for q in cases.queries if q.expected), key=lambda q: q.transform):
            groups.setdefault(query.transform, []).append(query)
        print_recall("recall by transform", groups, [everybody[0], best])


if __name__ == "__main__":
    main()
