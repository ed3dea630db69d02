"""Registration and query, ours beside datasketch: the same texts, one run, one core, interleaved, medians.

    python benchmarks/text/speed.py [--works 1000] [--queries 100] [--rounds 7]

The peer is used as its documentation shows: the set of a text's character 5-grams through ``MinHash.update_batch``,
128 permutations, its default scheme and hash function, then ``MinHashLSH(threshold=0.5)``. Ours decodes, fingerprints,
keeps and indexes; a query of ours ends with verified spans, the peer's with the names of candidates.
A ratio is the peer's time over ours, above 1 where we are faster; both columns suffer the same machine.
"""

from __future__ import annotations

from benchmarks.common import one_core  # noqa: F401  before numpy

# isort: split

import argparse
import gc
import statistics
from collections.abc import Iterable

import datasketch
from datasketch import MinHash, MinHashLSH

from benchmarks.common.engine import Engine
from benchmarks.common.measuring import ratios, timed
from benchmarks.text.generate import BLOCK, EDITS, FAR, edited, works
from benchmarks.text.ours import NAME
from benchmarks.text.ours import engine as new_engine


def sketch(document: str) -> MinHash:
    made = MinHash(num_perm=128)
    made.update_batch([gram.encode() for gram in {document[k : k + 5] for k in range(len(document) - 4)}])
    return made


class Peer:
    def __init__(self) -> None:
        self.lsh = MinHashLSH(threshold=0.5, num_perm=128)

    def register(self, texts: Iterable[tuple[int, bytes]]) -> None:
        for number, data in texts:
            self.lsh.insert(number, sketch(data.decode()))

    def query(self, data: bytes) -> list[int]:
        return list(self.lsh.query(sketch(data.decode())))


def ask(whom: Engine | Peer, uploads: list[bytes]) -> None:
    for upload in uploads:
        whom.query(upload)


def row(what: str, ours: list[float], peer: list[float], count: int, note: str = "") -> None:
    """Milliseconds each, and the ratio of the rounds."""
    ratio, low, high = ratios(peer, ours)
    a, b = (statistics.median(t) / count * 1e3 for t in (ours, peer))
    print(f"{what:34}{a:9.3f}{b:12.3f}{ratio:9.2f}x  ({low:.2f} .. {high:.2f}) {note}")


def measure(script: str, characters: int, count: int, asked: int, rounds: int) -> None:
    texts = list(works(range(count), characters=characters, script=script))
    datas = [t.encode() for t in texts]
    hosts = list(works(range(FAR, FAR + asked), characters=3 * characters, script=script))
    unrelated = [
        t.encode() for t in works(range(FAR + BLOCK, FAR + BLOCK + asked), characters=characters, script=script)
    ]
    mean = sum(map(len, texts)) // count
    print(f"\n{script}: {count} works of {mean} characters in mean, {asked} queries a kind, {rounds} rounds")
    print(f"{'ms each':34}{'ours':>9}{'datasketch':>12}{'ratio':>10}  (lowest .. highest)")

    some = datas[: max(count // 8, 20)]
    together: dict[str, tuple[list[float], list[float]]] = {}

    def keep(what: str, ours: float, peer: float) -> None:
        together.setdefault(what, ([], []))[0].append(ours)
        together[what][1].append(peer)

    for _ in range(rounds):
        gc.collect()
        fresh = new_engine()
        keep("registration", timed(fresh.register, enumerate(some, 1)), timed(Peer().register, enumerate(some, 1)))
        fresh.close()
    row("registration", *together["registration"], len(some))

    engine, peer = new_engine(), Peer()
    engine.register(enumerate(datas, 1))
    peer.register(enumerate(datas, 1))
    wanted = [n * count // asked for n in range(asked)]
    kinds = {
        edit: [edited(edit, texts[n], host, script=script).text.encode() for n, host in zip(wanted, hosts, strict=True)]
        for edit in EDITS
    }
    kinds["unrelated"] = unrelated
    for kind, uploads in kinds.items():
        for _ in range(rounds):
            keep(kind, timed(ask, engine, uploads), timed(ask, peer, uploads))
        found = sum(n + 1 in [work for work, _ in engine.query(u)] for n, u in zip(wanted, uploads, strict=True))
        theirs = sum(n + 1 in peer.query(u) for n, u in zip(wanted, uploads, strict=True))
        note = "" if kind == "unrelated" else f"found {found} : {theirs} of {asked}"
        row(f"query, {kind}", *together[kind], len(uploads), note)
    ours, peers = ([sum(t) for t in zip(*(together[k][side] for k in kinds), strict=True)] for side in (0, 1))
    row("query, all kinds together", ours, peers, len(kinds) * asked)
    engine.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--works", type=int, default=1000)
    parser.add_argument("--queries", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    scheme = MinHash(num_perm=128).scheme
    print(f"ours: {NAME}")
    print(f"peer: datasketch {datasketch.__version__}, MinHash(128), scheme {scheme}, seed 1, SHA-1, character 5-grams")
    new_engine().query(b"warm up " * 50)
    measure("latin", 4500, given.works, given.queries, given.rounds)
    measure("han", 4500, given.works, given.queries, given.rounds)


if __name__ == "__main__":
    main()
