"""What the growth benchmarks share: registries of mixed works, a query, and the lines of their tables."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence

from benchmarks.common.filled import Block
from benchmarks.common.measuring import exponent
from fingerprints.index.interface import View
from fingerprints.model import Fingerprint
from fingerprints.registry import MEDIA

GROWING = 6  # columns after the first that have an exponent


class Registry(ABC):
    """``size`` works by number from 1: real ones evenly between mixed ones."""

    def __init__(self, size: int, real: Sequence[Fingerprint]) -> None:
        self.size, self.real = size, real
        self.places = {self.place(n): n for n in range(len(real))}

    def place(self, n: int) -> int:
        """The number of the real work n."""
        return n * self.size // len(self.real) + 1

    def __getitem__(self, number: int) -> Fingerprint:
        return self.real[self.places[number]] if number in self.places else self.mixed(number)

    @abstractmethod
    def mixed(self, number: int) -> Fingerprint:
        """What stands for a work that is none of the real ones when it is compared."""

    @abstractmethod
    def blocks(self) -> Iterator[Block]:
        """All works in their order, for `filled`."""


def query(
    data: bytes, fingerprint: Callable[[bytes], Fingerprint], registry: Registry, view: View
) -> tuple[float, float, set[int]]:
    """CPU milliseconds of a whole query, without reading the works found, and of its look-up; the works matched."""
    began = time.process_time()
    upload = fingerprint(data)
    medium = MEDIA[upload.medium]
    examined = time.process_time()
    proposal = medium.propose(upload, view)
    proposed = time.process_time()
    works = {number: registry[number] for number in proposal.works}
    loaded = time.process_time()
    found = set(medium.decide(upload, proposal, works, view).matches)
    return (time.process_time() - loaded + proposed - began) * 1e3, (proposed - examined) * 1e3, found


def show(row: Sequence[float], before: Sequence[float] | None, digits: Sequence[int]) -> None:
    """A line of the table, and the exponents since the line before; the first column is the number of works."""
    print("".join(f"{v:11.{d}f}" for v, d in zip(row, digits, strict=True)), flush=True)
    if before is not None:
        pairs = list(zip(before, row, strict=True))[1 : GROWING + 1]
        times = row[0] / before[0]
        print(f"{'exponent':>11}" + "".join(f"{exponent(a, b, times):11.2f}" for a, b in pairs), flush=True)
