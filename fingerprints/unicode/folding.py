"""Text to the letters and digits that survive re-typing: one frozen table look-up a code point.

Width, case, punctuation, diacritics, zero-width characters and traditional forms disappear. The table is data
(``fold-2.npz``, made by ``scripts/make_fold_table.py``), so a fingerprint does not depend on the Unicode version of the
Python that made it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .scripts import HAN, KANA, script_of

CodePoints = NDArray[np.uint32]

_SEPARATOR = 1  # punctuation, symbols, spaces; 0 is invisible, 2.. is a unit
_POOLED = np.uint32(0x8000_0000)  # | start << 8 | length: several units, in the pool
_SPACE = 0x20


@cache
def _tables() -> tuple[CodePoints, CodePoints]:
    with np.load(Path(__file__).with_name("fold-2.npz")) as stored:
        return stored["table"], stored["pool"]


def code_points(text: str) -> CodePoints:
    """The code points of a string, shape (len(text),)."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint32, copy=False)


def to_text(units: CodePoints) -> str:
    """The string of an array of code points."""
    return units.astype("<u4", copy=False).tobytes().decode("utf-32-le", "replace")


def fold_units(points: CodePoints, *, separators: bool = False) -> tuple[CodePoints, NDArray[np.int32]]:
    """Fold an array of code points.

    Args:
        points: shape (n,).
        separators: keep every separator as one space (not collapsed).

    Returns:
        units, shape (m,): folded code points; and where, shape (m,): the index in ``points`` each came from, ascending.
    """
    table, pool = _tables()
    values = table[np.minimum(points, 0x10FFFF)]
    where = np.flatnonzero(values >= (_SEPARATOR if separators else _SEPARATOR + 1)).astype(np.int32)
    values = values[where]
    if separators:
        values[values == _SEPARATOR] = _SPACE
    pooled = values >= _POOLED
    if not pooled.any():
        return values, where
    lengths = np.where(pooled, values & np.uint32(0xFF), np.uint32(1)).astype(np.int64)
    ends = np.cumsum(lengths)
    within = np.arange(ends[-1]) - np.repeat(ends - lengths, lengths)
    source = np.repeat(np.arange(len(values)), lengths)
    out = values[source]
    many = pooled[source]
    starts = (out[many] & np.uint32(0x7FFF_FFFF)) >> np.uint32(8)
    out[many] = pool[starts + within[many]]
    return out, where[source]


def fold(text: str) -> str:
    """Letters and digits only, in one width, case and script variant: ``"Ｈé 體"`` becomes ``"he体"``."""
    return to_text(fold_units(code_points(text))[0])


def fold_words(text: str) -> str:
    """Like `fold`, with one space wherever something separated two words; none next to Han or kana.

    Korean keeps its spaces. Punctuation separates, so ``"O'Brien"`` becomes ``"o brien"``.
    """
    units = fold_units(code_points(text), separators=True)[0]
    space = units == _SPACE
    units = units[~(space & np.concatenate((space[1:], [True])))]
    if len(units) and units[0] == _SPACE:
        units = units[1:]
    space = units == _SPACE
    scripts = script_of(units)
    dense = (scripts == HAN) | (scripts == KANA)
    near = np.concatenate(([False], dense[:-1])) | np.concatenate((dense[1:], [False]))
    return to_text(units[~(space & near)])
