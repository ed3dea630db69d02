"""Fuzz the ledger's parsers: `make fuzz SECONDS=600`. What is found is written to tests/fuzz/found and exits with 1.

Inputs are mutated seeds. One that makes a parser say something new, at a place in the code where it had not spoken
before, is kept and mutated further, so that the search goes deeper than one edit.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from traceback import extract_tb

from provenance.errors import SourcemarkError
from tests.fuzz.targets import Target, finding, targets

FOUND = Path(__file__).parent / "found"
SLOW = 2.0  # CPU seconds; nothing a stranger sends may cost so much
_MOST = 200_000  # bytes; larger inputs are cut
_TOKENS = [
    b"0", b"-1", b"00", b"1.0", b"1e9", b"9" * 20, b"\r\n", b"\n", b"\n\n", b'"', b"{", b"}", b"[" * 200, b"]", b",", b":",
    b"null", b"true", b"\\u0041", b"\\ud800", b"\xed\xa0\x80", b"\xff", b"\x00", b"\xe2\x80\x94 ", b"=", b"==", b" ", b"/",
    b"../", "\u202e".encode(), "\U0001f570".encode(), b"\x30\x80", b"\x30\x84\xff\xff\xff\xff", b"PK\x03\x04",
]  # fmt: skip


def mutated(raw: bytes, other: bytes, rng: random.Random) -> bytes:
    """One to four edits; ``other`` is what pieces are taken from."""
    out = bytearray(raw)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 4))):
        at = rng.randrange(len(out) + 1)
        match rng.randrange(9):
            case 0 if at < len(out):
                out[at] ^= 1 << rng.randrange(8)
            case 1 if at < len(out):
                out[at] = rng.randrange(256)
            case 2:
                del out[at : at + rng.choice((1, 2, 8, 64))]
            case 3:
                out[at:at] = out[at : at + rng.choice((1, 4, 32, 200))]
            case 4:
                out[at:at] = rng.choice(_TOKENS)
            case 5 if other:
                start = rng.randrange(len(other))
                out[at : at + rng.choice((0, 8, 64))] = other[start : start + rng.choice((1, 8, 64, 400))]
            case 6:
                lines = bytes(out).split(b"\n")
                lines.insert(rng.randrange(len(lines) + 1), rng.choice(lines))
                out = bytearray(b"\n".join(lines))
            case 7:
                lines = bytes(out).split(b"\n")
                rng.shuffle(lines)
                out = bytearray(b"\n".join(lines))
            case _:
                del out[at:]
    return bytes(out[:_MOST])


def said(target: Target, raw: bytes) -> str:
    """A name for the way a parser took these bytes: where it stopped, and with which words."""
    try:
        target.act(raw)
    except SourcemarkError as error:
        frames = extract_tb(error.__traceback__)[-3:]
        words = re.sub(r"'.*'|\".*\"|[0-9]+", "#", error.detail)[:80]
        return ";".join(str(frame.lineno) for frame in frames) + words
    except Exception as error:
        return type(error).__name__
    return "accepted"


@contextlib.contextmanager
def spoken() -> Iterator[Callable[[], str]]:
    """Within it, call what it gives for the words that went past Python to the terminal since: a library's panic."""
    kept = os.dup(2)
    with tempfile.TemporaryFile() as written:
        os.dup2(written.fileno(), 2)

        def words() -> str:
            size = os.fstat(written.fileno()).st_size
            if not size:
                return ""
            found = os.pread(written.fileno(), size, 0).decode("utf-8", "replace")
            os.ftruncate(written.fileno(), 0)
            os.lseek(2, 0, os.SEEK_SET)
            return found

        try:
            yield words
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def fuzz(
    chosen: dict[str, Target], seconds: float, seed: int, report: Callable[[str, bytes, str], None]
) -> dict[str, tuple[int, int]]:
    """Fuzz targets in turn; returns how many inputs each was given and how many different answers it had."""
    rng = random.Random(seed)
    corpora = {name: {said(target, raw): raw for raw in target.seeds} for name, target in chosen.items()}
    pool = [raw for target in chosen.values() for raw in target.seeds]
    counts = dict.fromkeys(chosen, 0)
    end = time.monotonic() + seconds
    with spoken() as words:
        while time.monotonic() < end:
            for name, target in chosen.items():
                turn = time.monotonic() + 0.05
                corpus = corpora[name]
                while time.monotonic() < turn:
                    began = time.process_time()
                    base = rng.choice(target.seeds if rng.random() < 0.5 else list(corpus.values()))
                    raw = mutated(base, rng.choice(pool), rng)
                    wrong = finding(target, raw)
                    if wrong is None and (loud := words()):
                        wrong = f"speaks on the terminal: {loud.strip()}"[:300]
                    if wrong is None and time.process_time() - began > SLOW:
                        wrong = f"slow: {time.process_time() - began:.1f} s"
                    if wrong is not None:
                        report(name, raw, wrong)
                    elif len(corpus) < 500:
                        corpus.setdefault(said(target, raw), raw)
                    counts[name] += 1
    return {name: (counts[name], len(corpora[name])) for name in chosen}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--target", action="append", help="only these")
    options = parser.parse_args()
    found: set[tuple[str, str]] = set()

    def report(name: str, raw: bytes, wrong: str) -> None:
        if (name, wrong[:60]) in found:
            return
        found.add((name, wrong[:60]))
        place = FOUND / name / hashlib.sha256(raw).hexdigest()[:16]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(raw)
        print(f"{name}: {wrong}\n  {place}", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        every = targets(Path(folder))
        chosen = {name: each for name, each in every.items() if not options.target or name in options.target}
        done = fuzz(chosen, options.seconds, options.seed, report)
    print(f"seed {options.seed}, {options.seconds:.0f} s")
    for name, (count, answers) in done.items():
        print(f"  {name:<40}{count:>10} inputs{answers:>6} different answers")
    print(f"{len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
