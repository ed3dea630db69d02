"""Ours beside the peers over one case set: who finds the copies, who accuses whom.

    python benchmarks/text/peers.py [CASES_DIR] [--results OURS.jsonl]

Ours goes through the command line, ``register --batch`` and ``scan --batch --json`` in a temporary home; --results
takes such a scan's lines instead. The peers get the decoded texts (character 5-grams, 128 permutations, threshold .5)
and are used as their documentation shows. Their score, for the ranking and the curve, is what they estimate: Jaccard
similarity, containment, 1 - distance / 64. Without a folder a case set is made by generate.py.

recall: queries of which an expected work is reported; FPR: distractors that drew any report; at FPR .1 %: recall at the
lowest threshold that lets at most one distractor in a thousand fire; uAP: all reported pairs pooled and ranked.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from datasketch import MinHash, MinHashLSH, MinHashLSHEnsemble
from rensa import RMinHash, RMinHashLSH

from benchmarks.common.cases import Answers, CaseSet, Found, Query, load
from benchmarks.common.contest import arguments, everyone, print_figures, print_recall
from benchmarks.text.evaluate import GROUPS, group_of
from benchmarks.text.generate import write_cases

THRESHOLD, PERMUTATIONS, SIZE = 0.5, 128, 5
Texts = dict[str, str]


def read(path: Path, encoding: str) -> str:
    """The text, by the encoding that the set names: the peers do not decode."""
    return path.read_bytes().decode(encoding, "replace").removeprefix("\ufeff")


def grams(text: str) -> list[str]:
    """The distinct character 5-grams; a shorter text is one gram."""
    return list({text[k : k + SIZE] for k in range(max(len(text) - SIZE + 1, 1))})


def sketch(text: str) -> MinHash:
    made = MinHash(num_perm=PERMUTATIONS)
    made.update_batch([gram.encode("utf-8", "surrogatepass") for gram in grams(text)])
    return made


def datasketch_lsh(refs: Texts, queries: Texts) -> dict[str, list[Found]]:
    lsh = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
    kept = {ref: sketch(text) for ref, text in refs.items()}
    for ref, made in kept.items():
        lsh.insert(ref, made)
    asked = {query: sketch(text) for query, text in queries.items()}
    return {q: [Found(ref, made.jaccard(kept[ref])) for ref in lsh.query(made)] for q, made in asked.items()}


def datasketch_ensemble(refs: Texts, queries: Texts) -> dict[str, list[Found]]:
    ensemble = MinHashLSHEnsemble(threshold=THRESHOLD, num_perm=PERMUTATIONS)
    kept = {ref: (sketch(text), len(grams(text))) for ref, text in refs.items()}
    ensemble.index((ref, made, size) for ref, (made, size) in kept.items())
    out = {}
    for query, text in queries.items():
        made, size = sketch(text), len(grams(text))
        out[query] = [
            Found(ref, containment(made.jaccard(kept[ref][0]), size, kept[ref][1]))
            for ref in ensemble.query(made, size)
        ]
    return out


def containment(jaccard: float, query: int, ref: int) -> float:
    """The share of the query's grams in the work, from their Jaccard similarity and the sizes of both sets."""
    return min(jaccard / (1 + jaccard) * (query + ref) / query, 1.0)


def rensa(refs: Texts, queries: Texts) -> dict[str, list[Found]]:
    def made(text: str) -> RMinHash:
        one = RMinHash(num_perm=PERMUTATIONS, seed=42)
        one.update(grams(text))
        return one

    names = list(refs)
    kept = [made(text) for text in refs.values()]
    lsh = RMinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS, num_bands=32)
    for n, one in enumerate(kept):
        lsh.insert(n, one)
    out: dict[str, list[Found]] = {}
    for query, text in queries.items():
        one = made(text)
        close = [Found(names[n], one.jaccard(kept[n])) for n in lsh.query(one)]
        out[query] = [f for f in close if f.score >= THRESHOLD]  # as its own deduplicator does
    return out


def simhash(refs: Texts, queries: Texts) -> dict[str, list[Found]]:
    """Charikar, Similarity estimation techniques from rounding algorithms (2002), 64 bits, over character 5-grams."""
    names = list(refs)
    kept = np.array([simhash_64(text) for text in refs.values()], dtype=np.uint64)
    out = {}
    for query, text in queries.items():
        distances = np.bitwise_count(kept ^ simhash_64(text))
        out[query] = [Found(names[n], 1 - float(distances[n]) / 64) for n in np.flatnonzero(distances <= 10).tolist()]
    return out


def simhash_64(text: str) -> np.uint64:
    """Each bit says whether most grams, counted as often as they occur, have it set in their hash."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64)
    points = np.pad(points, (0, max(SIZE - len(points), 0)))
    hashes = np.zeros(len(points) - SIZE + 1, dtype=np.uint64)
    for k in range(SIZE):  # MurmurHash3's finaliser after each character
        hashes = (hashes ^ points[k : k + len(hashes)]) * np.uint64(0xFF51_AFD7_ED55_8CCD)
        hashes ^= hashes >> np.uint64(33)
        hashes = hashes * np.uint64(0xC4CE_B9FE_1A85_EC53)
        hashes ^= hashes >> np.uint64(29)
    bits = (hashes[:, None] >> np.arange(64, dtype=np.uint64)) & np.uint64(1)
    most = bits.mean(axis=0) > 0.5
    return np.uint64((most.astype(np.uint64) << np.arange(64, dtype=np.uint64)).sum())


PEERS: dict[str, Callable[[Texts, Texts], dict[str, list[Found]]]] = {
    "datasketch LSH": datasketch_lsh,
    "LSH Ensemble": datasketch_ensemble,
    "rensa": rensa,
    "SimHash d<=10": simhash,
}


def table(cases: CaseSet, everybody: list[Answers]) -> None:
    print_figures(cases, everybody)
    groups: dict[str, list[Query]] = {group: [] for group in GROUPS}
    for q in cases.queries:
        if q.expected:
            groups[group_of(q.transform)].append(q)
    print_recall("recall by group", {group: mine for group, mine in groups.items() if mine}, everybody)


def main() -> None:
    given = arguments(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        if given.cases is None:
            write_cases(Path(folder), 400, 400, 1200, seed=1)
        cases = load(given.cases or Path(folder))
        refs = {r.id: read(r.path, r.encoding) for r in cases.refs}
        queries = {q.id: read(q.path, q.encoding) for q in cases.queries}
        peers = {name: partial(find, refs, queries) for name, find in PEERS.items()}
        table(cases, everyone(cases, given.results, peers))


if __name__ == "__main__":
    main()
