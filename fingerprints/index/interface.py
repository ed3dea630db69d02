"""What every index engine does, and what a decision may ask of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..model import Fingerprint
from .postings import NearPostings, Postings, Slots


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """One step of the log of changes.

    Attributes:
        position: place in the log, ascending.
        work: the work's number.
        fingerprint: what the work is found by from now on; None removes it.
        account: who registered it; equal numbers are one account.
    """

    position: int
    work: int
    fingerprint: Fingerprint | None
    account: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class NearCodes:
    """Works with a code near one of a query's.

    Attributes:
        slots: shape (n,).
        similarity: shape (n,), 1 - distance / 256 of the nearest pair; one less for all but the first few of many equal
            codes, so that a hub (flat pictures) cannot hide the others.
    """

    slots: Slots
    similarity: NDArray[np.float64]


class Statistics(Protocol):
    """What a decision asks of all that is registered, once candidates are aligned.

    Every answer is a sum over parts of an index that have no work in common, so shards answer by adding up.
    """

    def count_near_keys(self, keys: NDArray[np.uint64], bits: int, radius: int, cap: int) -> NDArray[np.int64]:
        """How many registrations have something under each key or near it, shape (n,); see `View.by_near_keys`."""
        ...


class View(Statistics, Protocol):
    """An index as it was at one moment, for fingerprints of one algorithm. A slot is one registration in it.

    An index spread over machines is one view: no two shards have a work in common, so postings, counts and near codes
    of all are joined, and one place decides. Joining decisions of shards would take for rare what one of them lacks.
    """

    def __len__(self) -> int:
        """How many registrations there are, withdrawn ones too."""
        ...

    def works(self, slots: Slots) -> NDArray[np.int64]:
        """The works' numbers, in the order in which they were registered."""
        ...

    def accounts_at(self, slots: Slots) -> NDArray[np.int64]:
        """Who registered each work (`Change.account`)."""
        ...

    def by_digest(self, digest: bytes) -> Slots:
        """Works whose SHA-256 begins like this one, of every algorithm, earliest first."""
        ...

    def by_keys(self, keys: NDArray[np.uint64], cap: int) -> Postings:
        """What stands under each of the keys; at most about ``cap`` works a key, the earliest."""
        ...

    def by_near_keys(self, keys: NDArray[np.uint64], bits: int, radius: int, cap: int) -> NearPostings:
        """What stands under keys that begin with the same ``bits`` bits (a visual word) and differ in at most
        ``radius`` of the others (its signature); at most about ``cap`` postings of a word are looked at."""
        ...

    def by_codes(self, codes: NDArray[np.uint64], radius: int) -> NearCodes:
        """Works with a code within ``radius`` bits of any of the codes, shape (n, 4); fast up to 31, a scan beyond."""
        ...

    def sizes_at(self, slots: Slots) -> NDArray[np.int64]:
        """How many keys each work is indexed by, of all algorithms."""
        ...

    def codes_at(self, slots: Slots) -> NDArray[np.uint64]:
        """The first code of each work, shape (n, 4); zeros where it has none."""
        ...


class Index(Protocol):
    """A candidate index: any number of readers, one writer at a time.

    Attributes:
        position: the position of the last applied change; 0 before any.
    """

    @property
    def position(self) -> int: ...

    def apply(self, changes: Iterable[Change]) -> None:
        """Apply changes, all or none.

        Raises:
            ValueError: positions descend, or begin at or before what is already applied.
        """
        ...

    def view(self, algorithm: str) -> View:
        """What is registered now."""
        ...
