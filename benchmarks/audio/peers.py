"""Ours beside the peers over one case set of sound: who finds the copies, who accuses whom.

    python benchmarks/audio/peers.py [CASES_DIR] [--results OURS.jsonl]

Ours goes through the command line, ``register --batch`` and ``scan --batch --json`` in a temporary home; --results
takes such a scan's lines instead. The peers read what Chromaprint's program ``fpcalc`` prints of whole files:

- Chromaprint, as AcoustID compares: of frames at most 120 apart, those that differ in at most 2 bits of 32 vote for
  their offset; the score is the votes of the best offset for the shorter file's frames, a tenth is reported.
- Chromaprint, aligned: at any offset, the five seconds that differ least; 30 % of the bits are reported.
- ISCC's audio code of the whole file, within 12 bits of 64.

Without a folder a case set of drawn tunes is made. The columns are explained in benchmarks/image/peers.py.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import iscc_core
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from benchmarks.audio.drawn import write_cases
from benchmarks.common.cases import CaseSet, Found, Query, load
from benchmarks.common.contest import arguments, everyone, print_figures, print_recall
from benchmarks.common.metrics import figures

Frames = NDArray[np.uint32]
Score = Callable[[Frames, Frames], float]

MAX_OFFSET, MAX_BITS, MIN_VOTES = 120, 2, 0.1
RUN_FRAMES, MAX_ERROR = 40, 0.3  # five seconds
CHANCE_BITS = 16  # in which frames of different sound differ
ISCC_BITS, ISCC_RADIUS = 64, 12


def printed(path: Path) -> Frames:
    """Chromaprint of a file; no frames of what fpcalc cannot read."""
    # Its exit status tells errors at the end of files that it has read.
    done = subprocess.run(["fpcalc", "-raw", "-json", "-length", "0", path], capture_output=True, check=False)
    return np.array(json.loads(done.stdout)["fingerprint"] if done.stdout else [], dtype=np.uint32)


def voted(upload: Frames, work: Frames) -> float:
    """The share of the shorter one's frames that vote for one offset."""
    i, j = np.nonzero(np.bitwise_count(upload[:, None] ^ work) <= MAX_BITS)
    offsets = (j - i)[np.abs(j - i) <= MAX_OFFSET]
    return float(np.bincount(offsets + MAX_OFFSET, minlength=1).max()) / min(len(upload), len(work))


def aligned(upload: Frames, work: Frames) -> float:
    """One less the share of bits that differ, where least of them do."""
    outside = len(upload) - min(RUN_FRAMES, len(upload))
    known = np.pad(np.ones(len(work), dtype=bool), outside)
    laid = sliding_window_view(np.pad(work, outside), len(upload))
    bits = np.where(sliding_window_view(known, len(upload)), np.bitwise_count(laid ^ upload), CHANCE_BITS)
    total = np.pad(np.cumsum(bits, axis=1), ((0, 0), (1, 0)))
    run = min(RUN_FRAMES, len(upload))
    return 1 - float((total[:, run:] - total[:, :-run]).min()) / (32 * run)


def same_code(upload: Frames, work: Frames) -> float:
    """The share of equal bits of the ISCC audio codes."""
    codes = [iscc_core.soft_hash_audio_v0(each.view(np.int32).tolist(), bits=ISCC_BITS) for each in (upload, work)]
    a, b = (np.frombuffer(code, dtype=np.uint8) for code in codes)
    return 1 - int(np.bitwise_count(a ^ b).sum()) / ISCC_BITS


PEERS: dict[str, tuple[Score, float]] = {
    "Chromaprint as AcoustID": (voted, MIN_VOTES),
    "Chromaprint aligned": (aligned, 1 - MAX_ERROR),
    "ISCC d<=12": (same_code, 1 - ISCC_RADIUS / ISCC_BITS),
}


def found(cases: CaseSet, prints: Mapping[Path, Frames], score: Score, least: float) -> dict[str, list[Found]]:
    """Of every query the works that score enough."""
    out = {}
    for query in cases.queries:
        upload = prints[query.path]
        scores = [
            (ref.id, score(upload, prints[ref.path]))
            for ref in cases.refs
            if len(upload) and len(prints[ref.path]) >= RUN_FRAMES
        ]
        out[query.id] = [Found(name, value) for name, value in scores if value >= least]
    return out


def main() -> None:
    given = arguments(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        if given.cases is None:
            write_cases(Path(folder), 30, 90)
        cases = load(given.cases or Path(folder))
        prints = {file.path: printed(file.path) for file in (*cases.refs, *cases.queries)}
        peers = {name: partial(found, cases, prints, *how) for name, how in PEERS.items()}
        everybody = everyone(cases, given.results, peers)
        print_figures(cases, everybody)
        best = max(everybody[1:], key=lambda a: figures(cases.queries, a).recall_at_fpr)
        groups: dict[str, list[Query]] = {}
        for query in sorted((q for q in cases.queries if q.expected), key=lambda q: q.transform):
            groups.setdefault(query.transform, []).append(query)
        print_recall("recall by transform", groups, [everybody[0], best])


if __name__ == "__main__":
    main()
