"""Text: fingerprint and search, ours beside datasketch (MinHash of character 5-grams, MinHashLSH), in one run.

    python benchmarks/text_speed.py [WORKS]

The texts are made by code. Read the ratio, not the milliseconds: both columns suffer the same machine.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TypeVar

from datasketch import MinHash, MinHashLSH

from fingerprints import media, text
from fingerprints.index.memory import MemoryIndex
from fingerprints.index.protocol import Change
from fingerprints.text.examples import edited, han, words

T = TypeVar("T")


def peer_sketch(document: str) -> MinHash:
    sketch = MinHash(num_perm=128)
    sketch.update_batch([document[k : k + 5].encode() for k in range(len(document) - 4)])
    return sketch


def timed(action: Callable[[], T]) -> tuple[T, float]:
    started = time.perf_counter()
    result = action()
    return result, time.perf_counter() - started


def row(what: str, ours: float, peer: float, count: int) -> None:
    print(f"{what:32} {ours / count * 1e3:9.3f} {peer / count * 1e3:9.3f} {ours / peer:7.2f}")


def main(count: int) -> None:
    works = [words(n, 700) if n % 2 else han(n, 1500) for n in range(count)]
    queries = [edited(works[n], 0.08, n) if n % 2 else works[n].replace("月", "日") for n in range(0, count, 7)]
    text.fingerprint(works[0].encode())
    print(f"{count} works of about {sum(map(len, works)) // count} characters, {len(queries)} edited copies")
    print(f"{'ms each':32} {'ours':>9} {'peer':>9} {'ratio':>7}")

    made, ours = timed(lambda: [text.fingerprint(work.encode()) for work in works])
    sketches, peer = timed(lambda: [peer_sketch(work) for work in works])
    row("fingerprint", ours, peer, count)

    index, lsh = MemoryIndex(), MinHashLSH(threshold=0.5, num_perm=128)
    _, ours = timed(lambda: index.apply(Change(n + 1, n, f) for n, f in enumerate(made)))
    _, peer = timed(lambda: [lsh.insert(n, sketch) for n, sketch in enumerate(sketches)])
    row("index a work", ours, peer, count)

    asked, asked_peer = [text.fingerprint(q.encode()) for q in queries], [peer_sketch(q) for q in queries]
    found, ours = timed(lambda: [index.candidates(f) for f in asked])
    found_peer, peer = timed(lambda: [lsh.query(sketch) for sketch in asked_peer])
    row("candidates", ours, peer, len(queries))

    matched, ours = timed(
        lambda: [any(media.verify(f, made[c]) for c in cs) for f, cs in zip(asked, found, strict=True)]
    )
    print(f"{'verify all candidates':32} {ours / len(queries) * 1e3:9.3f} {'none':>9}")
    hits = sum(7 * n in cs for n, cs in enumerate(found_peer))
    print(f"{'copies found':32} {sum(matched):9} {hits:9}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 600)
