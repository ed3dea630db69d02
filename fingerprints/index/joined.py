"""One view over the parts of an index, wherever they are.

No two parts have a registration in common. Every answer is that of one index over all registrations: counts are added,
postings merged in the order of the log and cut there, and the rule for many equal codes is applied once, over all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from ..model import CODE_WORDS, Fingerprint
from .hamming import near_codes
from .interface import MAX_SAME_DIGEST, CodeHits, Codes, KeyHits, NearCodes, NearKeyHits, Part, Positions, Rows
from .postings import Keys, NearKeys, cap_near, earliest

_POSITION_BITS = 40  # of a log; what is left of 63 bits numbers the keys of one look-up


class Ask(Protocol):
    """How the parts are asked."""

    def __call__(self, question: str, *args: Any) -> Sequence[Any]:
        """The answers of all parts, in any order.

        Args:
            question: name of a method of `Part`.
            args: what it is called with.
        """
        ...

    def soon(self, question: str, *args: Any) -> None:
        """Say what will be asked later, with the same objects."""
        ...


@dataclass(frozen=True, slots=True)
class _Here:
    """See `asking`."""

    parts: Sequence[Part]

    def __call__(self, question: str, *args: Any) -> Sequence[Any]:
        return [getattr(part, question)(*args) for part in self.parts]

    def soon(self, question: str, *args: Any) -> None:
        """Nothing is gained by knowing."""


def asking(parts: Sequence[Part]) -> Ask:
    """Asks parts that are in this process, one after the other."""
    return _Here(parts)


class JoinedView:
    """See `View`; a `Part` too, so that what one machine holds is a part of what all hold."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def __len__(self) -> int:
        return int(sum(self._ask("__len__")))

    def soon(self, question: Literal["by_digest", "by_codes"], *args: Any) -> None:
        self._ask.soon("code_hits" if question == "by_codes" else question, *args)

    def accounts_at(self, positions: Positions) -> NDArray[np.int64]:
        return _all_of(self.rows_at(positions), positions).accounts

    def sizes_at(self, positions: Positions) -> NDArray[np.int64]:
        return _all_of(self.rows_at(positions), positions).sizes

    def codes_at(self, positions: Positions) -> Codes:
        return self.first_codes(positions)

    def rows_at(self, positions: Positions) -> Rows:
        answers = self._ask("rows_at", positions)
        if len(answers) == 1:
            return answers[0]  # type: ignore[no-any-return]
        places = np.concatenate([_NONE, *(answer.places for answer in answers)])
        order = np.argsort(places)
        accounts = np.concatenate([_NONE, *(answer.accounts for answer in answers)])
        sizes = np.concatenate([_NONE, *(answer.sizes for answer in answers)])
        return Rows(places[order], accounts[order], sizes[order])

    def first_codes(self, positions: Positions) -> Codes:
        out = np.zeros((len(positions), CODE_WORDS), dtype=np.uint64)
        for answer in self._ask("first_codes", positions):
            out |= answer  # zeros where a part has none
        return out

    def fingerprints_at(self, positions: Positions) -> Mapping[int, Fingerprint]:
        found: dict[int, Fingerprint] = {}
        for answer in self._ask("fingerprints_at", positions):
            found |= answer
        return found

    def by_digest(self, digest: bytes) -> Positions:
        return np.sort(np.concatenate([_NONE, *self._ask("by_digest", digest)]))[:MAX_SAME_DIGEST]

    def by_keys(self, keys: Keys, cap: int) -> KeyHits:
        answers: Sequence[KeyHits] = self._ask("by_keys", keys, cap)
        counts = _sum([answer.counts for answer in answers], len(keys))
        # One number a hit, because those sort fastest.
        hits = np.concatenate([_NONE, *(answer.asked << _POSITION_BITS | answer.positions for answer in answers)])
        hits.sort()
        asked = hits >> _POSITION_BITS
        kept = earliest(asked, cap)
        if not kept.all():
            hits, asked = hits[kept], asked[kept]
        return KeyHits(counts, asked, hits & ((1 << _POSITION_BITS) - 1))

    def by_near_keys(self, near: NearKeys) -> NearKeyHits:
        answers: Sequence[NearKeyHits] = self._ask("by_near_keys", near)
        if len(answers) == 1:
            return answers[0]
        asked = np.concatenate([_NONE, *(answer.asked for answer in answers)])
        positions = np.concatenate([_NONE, *(answer.positions for answer in answers)])
        distance = np.concatenate([_NO_DISTANCE, *(answer.distance for answer in answers)])
        return NearKeyHits(*cap_near(near, asked, positions, distance))

    def count_near_keys(self, near: NearKeys) -> NDArray[np.int64]:
        return np.minimum(_sum(self._ask("count_near_keys", near), len(near.keys)), near.cap)

    def code_hits(self, codes: Codes, radius: int) -> CodeHits:
        answers: Sequence[CodeHits] = self._ask("code_hits", codes, radius)
        if len(answers) == 1:
            return answers[0]
        positions = np.concatenate([_NONE, *(answer.positions for answer in answers)])
        order = np.argsort(positions, kind="stable")  # of one registration, all are of one part and in order
        distance = np.concatenate([_NONE, *(answer.distance for answer in answers)])
        near = np.concatenate([np.zeros((0, CODE_WORDS), dtype=np.uint64), *(answer.codes for answer in answers)])
        return CodeHits(positions[order], distance[order], near[order])

    def by_codes(self, codes: Codes, radius: int) -> NearCodes:
        return near_codes(self.code_hits(codes, radius))


_NONE = np.zeros(0, dtype=np.int64)
_NO_DISTANCE = np.zeros(0, dtype=np.uint8)


def _sum(counts: Sequence[NDArray[np.int64]], length: int) -> NDArray[np.int64]:
    out = np.zeros(length, dtype=np.int64)
    for each in counts:
        out += each
    return out


def _all_of(rows: Rows, positions: Positions) -> Rows:
    """Raises ``KeyError`` where not all were found: positions come from answers of the same view."""
    if len(rows.places) != len(positions):
        raise KeyError(f"{len(positions) - len(rows.places)} of {len(positions)} registrations are in no part")
    return rows
