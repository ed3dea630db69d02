"""The normal form of a text, with an exact map back to the code points that were submitted."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..unicode.folding import CodePoints, code_points, fold_units, to_text
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

_SMALL_CAPITAL = re.compile(r"LATIN LETTER SMALL CAPITAL ([A-Z])")
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
    for point, letter in _small_capitals():
        table[point] = table[letter]
    return table


def _small_capitals() -> Iterator[tuple[int, int]]:
    """Letters that no decomposition maps to the capital which they are drawn as, by their names in the Unicode data."""
    for point in range(0x0250, 0xA800):
        letter = _SMALL_CAPITAL.fullmatch(unicodedata.name(chr(point), ""))
        if letter:
            yield point, ord(letter[1].lower())


@cache
def _decomposed() -> re.Pattern[str]:
    """A letter and what Unicode's canonical composition joins to it: marks of kana, vowels of Indic scripts, jamo."""
    pairs = (unicodedata.decomposition(chr(point)).split() for point in range(0x80, 0x10000))
    marks = {chr(int(pair[1], 16)) for pair in pairs if len(pair) == 2 and not pair[0].startswith("<")}
    return re.compile("[^\0][\u1160-\u11ff" + re.escape("".join(sorted(marks))) + "]+")


def _composed(seen: CodePoints) -> CodePoints:
    """In canonical composition (UAX 15, NFC), each composed letter where its first code point was, zeros behind it.

    Folding drops the marks of most scripts anyway; letters of Hangul and kana it has to know whole.
    """
    if not len(seen) or int(seen.max()) < 0x300:
        return seen
    text = to_text(seen)
    if unicodedata.is_normalized("NFC", text):
        return seen
    out = seen.copy()
    for found in _decomposed().finditer(text):
        composed = unicodedata.normalize("NFC", found[0])
        if len(composed) < len(found[0]):
            out[found.start() : found.end()] = 0
            out[found.start() : found.start() + len(composed)] = code_points(composed)
    return out


def normalize(seen: CodePoints) -> NormalizedText:
    """The normal form of what a reader sees of a text.

    Args:
        seen: the code points of the text, with zero for what is not seen, shape (length,).
    """
    # Addresses are text like any other: whoever edits or wraps a text breaks them where no pattern would know them.
    units, where = fold_units(_composed(seen))
    scripts = script_of(units)
    basic = units < 0x10000
    units = np.where(basic, _skeleton()[np.where(basic, units, 0)], units)
    return NormalizedText(units, where, scripts, seen)
