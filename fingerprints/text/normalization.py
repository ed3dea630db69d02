"""The normal form of a text, with an exact map back to the code points that were submitted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..unicode.folding import CodePoints, fold_units
from ..unicode.scripts import WEIGHTS, script_of

# Units that look alike are one: evasion by homoglyphs (a subset of UTS 39's confusables, after folding, so mostly the
# lower-case forms of letters whose capitals look alike) and the commonest errors of optical character recognition.
_CONFUSABLES = {
    "a": "аαɑ",
    "b": "вβƅь",
    "c": "сϲ",
    "d": "ԁ",
    "e": "еε",
    "g": "ɡց",
    "h": "нһհ",
    "k": "кκ",
    "l": "1iіıιӏ|",
    "m": "мμ",
    "n": "ηո",
    "o": "0оοօσ",
    "p": "рρ",
    "q": "ԛ",
    "s": "ѕ",
    "t": "тτ",
    "u": "υս",
    "v": "ν",
    "w": "ԝω",
    "x": "хχ",
    "y": "уүγ",
    "z": "ζ",
    "j": "ј",
    "r": "г",
    "着": "著",
    "他": "她它牠",
    "你": "妳",
    "里": "裡裏",
    "台": "臺",
    "的": "地得",
    "做": "作",
    "像": "象",
}

_OPENING_QUOTES = np.array([ord(c) for c in "\"“„‟«‹「『〝＂'‘‚"], dtype=np.uint32)
_CLOSING_QUOTES = np.array([ord(c) for c in "\"”“»›」』〞〟＂'’"], dtype=np.uint32)


@dataclass(frozen=True, slots=True, eq=False)
class NormalizedText:
    """Folded units of a text.

    Attributes:
        units: shape (m,), folded code points of the visible letters and digits, look-alikes as one.
        where: shape (m,), the submitted code point each unit came from, ascending.
        scripts: shape (m,), the script family of each unit.
        seen: shape (length,), the code points of the submitted text, zero for what is not seen.
    """

    units: CodePoints
    where: NDArray[np.int32]
    scripts: NDArray[np.uint8]
    seen: CodePoints

    def quoted(self, a: int, b: int) -> bool:
        """Whether the units from a to b, and hardly more, stand in quotation marks."""
        start, end = int(self.where[a]), int(self.where[b - 1]) + 1
        # A letter or two before or behind the marks may be the same by chance.
        before, after = self.seen[max(start - 2, 0) : start + 5], self.seen[max(end - 5, 0) : end + 4]
        return bool(np.isin(before, _OPENING_QUOTES).any() and np.isin(after, _CLOSING_QUOTES).any())

    @property
    def weight(self) -> float:
        """How much the text says, in Latin letters."""
        return float(np.bincount(self.scripts, minlength=len(WEIGHTS)) @ WEIGHTS)


@cache
def _skeleton() -> CodePoints:
    table = np.arange(0x10000, dtype=np.uint32)
    for one, others in _CONFUSABLES.items():
        table[[ord(other) for other in others]] = ord(one)
    return table


def normalize(seen: CodePoints) -> NormalizedText:
    """The normal form of what a reader sees of a text.

    Args:
        seen: the code points of the text, with zero for what is not seen, shape (length,).
    """
    # Addresses are text like any other: whoever edits or wraps a text breaks them where no pattern would know them.
    units, where = fold_units(seen)
    scripts = script_of(units)
    basic = units < 0x10000
    units = np.where(basic, _skeleton()[np.where(basic, units, 0)], units)
    return NormalizedText(units, where, scripts, seen)
