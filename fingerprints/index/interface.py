"""What every index engine does, what a part of one answers, and what a decision may ask of it.

A registration is named by its position in the log, in every question and answer: how an index is divided, merged or
spread changes none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from ..model import Fingerprint
from .postings import Keys, NearKeys

NO_WORK = -1  # of a change that moves the position and touches no work
MAX_SAME_DIGEST = 256  # registrations taken from one digest, the earliest

Positions = NDArray[np.int64]
Codes = NDArray[np.uint64]


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """One step of the log of changes.

    Attributes:
        position: place in the log, ascending; no two registrations have the same.
        work: the work's number; removing or replacing a work goes by it.
        fingerprint: what the work is found by from now on; None removes it.
        account: who registered it; equal numbers are one account.
    """

    position: int
    work: int
    fingerprint: Fingerprint | None
    account: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class KeyHits:
    """What stands under the keys of one look-up.

    Attributes:
        counts: int64, shape (n,): how many registrations stand under each key asked for, the capped ones too.
        asked: int64, shape (h,): for each hit, the place of its key among those asked for.
        positions: int64, shape (h,): of the registrations.
    """

    counts: NDArray[np.int64]
    asked: NDArray[np.int64]
    positions: Positions


@dataclass(frozen=True, slots=True, eq=False)
class NearKeyHits:
    """What stands under the words of one look-up and has a signature near the one asked for, in any order.

    Attributes:
        asked, positions: as of `KeyHits`.
        distance: uint8, shape (h,): bits in which the signatures differ.
    """

    asked: NDArray[np.int64]
    positions: Positions
    distance: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class CodeHits:
    """Codes near those of one look-up.

    Attributes:
        positions: int64, shape (h,), ascending: of the registrations, once for each of its codes that is near.
        distance: int64, shape (h,): bits in which the code and the nearest of those asked for differ.
        codes: shape (h, 4).
    """

    positions: Positions
    distance: NDArray[np.int64]
    codes: Codes


@dataclass(frozen=True, slots=True, eq=False)
class NearCodes:
    """Works with a code near one of a query's.

    Attributes:
        positions: shape (n,), ascending.
        similarity: shape (n,), 1 - distance / 256 of the nearest pair; one less for all but the first few of many equal
            codes, so that a hub (flat pictures) cannot hide the others.
    """

    positions: Positions
    similarity: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """What a part knows of registrations asked for.

    Attributes:
        places: shape (n,), which of those asked for are in the part.
        accounts, sizes: shape (n,), see `View`.
    """

    places: NDArray[np.int64]
    accounts: NDArray[np.int64]
    sizes: NDArray[np.int64]


class Statistics(Protocol):
    """What a decision asks of all that is registered, once candidates are aligned.

    Every answer is a sum over parts of an index that have no registration in common, so shards answer by adding up; it
    ends where the question says, in the sum as in each part.
    """

    def count_near_keys(self, near: NearKeys) -> NDArray[np.int64]:
        """How many registrations have something near each key, shape (n,); at most ``near.cap``."""
        ...


class Part(Statistics, Protocol):
    """What a part of an index answers of its own registrations, for fingerprints of one algorithm.

    Withdrawn registrations are in no answer and in no count.
    """

    def __len__(self) -> int:
        """How many registrations there are."""
        ...

    def by_digest(self, digest: bytes) -> Positions:
        """Registrations whose SHA-256 begins like this one, of every algorithm: at least the `MAX_SAME_DIGEST`
        earliest, in any order."""
        ...

    def by_keys(self, keys: Keys, cap: int) -> KeyHits:
        """What stands under each of the keys: at least the ``cap`` earliest registrations a key, in any order."""
        ...

    def by_near_keys(self, near: NearKeys) -> NearKeyHits:
        """What stands near the keys: of each key and distance at least the ``near.cap`` earliest, in any order."""
        ...

    def code_hits(self, codes: Codes, radius: int) -> CodeHits:
        """Codes within ``radius`` bits of any of the codes, shape (n, 4); fast up to 31, a scan beyond."""
        ...

    def rows_at(self, positions: Positions) -> Rows:
        """What is known of those of the registrations that are here."""
        ...

    def first_codes(self, positions: Positions) -> Codes:
        """The first code of each registration, shape (n, 4); zeros where it has none or is not here."""
        ...

    def fingerprints_at(self, positions: Positions) -> Mapping[int, Fingerprint]:
        """The fingerprints, with detail, of those of the registrations that are here with their details."""
        ...


class View(Statistics, Protocol):
    """An index as it was at one moment, for fingerprints of one algorithm: what `propose` may ask.

    An index spread over machines is one view: no two shards have a registration in common, so postings, counts and near
    codes of all are joined, and one place decides. Joining decisions of shards would take for rare what one of them
    lacks. Withdrawn registrations are in no answer and in no count.
    """

    def __len__(self) -> int:
        """How many registrations there are."""
        ...

    def soon(self, question: Literal["by_digest", "by_codes"], *args: Any) -> None:
        """Say what will be asked, with these very objects: an index on other machines answers it together with the
        question that comes before."""
        ...

    def accounts_at(self, positions: Positions) -> NDArray[np.int64]:
        """Who registered each work (`Change.account`)."""
        ...

    def sizes_at(self, positions: Positions) -> NDArray[np.int64]:
        """How many keys each work is indexed by."""
        ...

    def codes_at(self, positions: Positions) -> Codes:
        """The first code of each work, shape (n, 4); zeros where it has none."""
        ...

    def fingerprints_at(self, positions: Positions) -> Mapping[int, Fingerprint]:
        """The fingerprints, with detail, of these registrations by their positions; not of those that are kept without
        (in memory only)."""
        ...

    def by_digest(self, digest: bytes) -> Positions:
        """Registrations whose SHA-256 begins like this one, of every algorithm, the earliest, ascending."""
        ...

    def by_keys(self, keys: Keys, cap: int) -> KeyHits:
        """What stands under each of the keys, at most the ``cap`` earliest a key: key by key, positions ascending."""
        ...

    def by_near_keys(self, near: NearKeys) -> NearKeyHits:
        """What stands near the keys: of each key and distance at most the ``near.cap`` earliest, in any order."""
        ...

    def by_codes(self, codes: Codes, radius: int) -> NearCodes:
        """Works with a code within ``radius`` bits of any of the codes, shape (n, 4); fast up to 31, a scan beyond."""
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
