"""What of a text is prose, and what is an address, an identifier, a listing, a formula, a disclaimer or a mere name.

Two texts that link to the same page, or end with the same disclaimer, have nothing from each other; a listing of code
is copied, but its lines are half the language's own. This reads the shape of the text as it was submitted, where
punctuation still stands, and is asked only where a match is about to be reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..unicode.folding import to_text
from .normalization import NormalizedText

_LISTING_SHARE: Final = 0.25  # how much a letter of a listing counts: four times as long evidence is needed
_DISCLAIMER_SHARE: Final = 0.1
NAME_SHARE: Final = 0.1  # how much a name or a title counts that stands in sentences of their own on both sides

_ADDRESS = re.compile(
    r"(?:[a-z][a-z0-9+.-]{1,11}://|www\.)[!-~]+"  # what has a scheme
    r"|[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+"  # mail
    r"|\b(?:[a-z0-9-]{1,63}\.)+(?:com|org|net|edu|gov|io|cn|de|fr|uk|jp|info)(?:/[!-~]*)?"
    r"|\b10\.\d{4,9}/[!-~]+",  # a DOI
    re.I | re.A,
)
_LONG_WORD = re.compile(r"[A-Za-z0-9+/=_%.:\-]{20,}")  # identifiers and encoded strings, if they look it
_MIN_ODD = 0.12  # share of digits and of capitals behind small letters in a long word that is none

_SYMBOLS = re.compile(r"[(){}\[\]=<>;_+*/&|\"'#\\^]")
_CODE = re.compile(
    r"[;{]\s*$|^\s*[}\])]|[\w\]]\([^)\s]*\)|\w\[|[\w\])]\s*[-+*/|&:<>!]?=\s*\S|</?\w+|->|=>|::|\\[a-z]+\{|^\s*(?:#|//|--)"
    r"|^\s*(?:def|class|for|if|elif|else|while|return|import|from|function|var|let|const|public|private|static)\b.*[:;{(]"
)
_MIN_SYMBOLS = 0.05  # share of the letters of a line of code that are symbols
_MIN_LISTING = 3  # lines

_DISCLAIMERS = re.compile(
    r"all rights reserved|views expressed|opinions expressed|does not constitute|informational purposes only"
    r"|without (?:any )?warranty|forward-looking statements|terms and conditions apply"
    r"|no responsibility is (?:taken|accepted)|intended (?:only|solely) for the (?:use|addressee)|past performance"
    r"|版权所有|未经(?:书面)?(?:授权|许可|允许)|不得转载|(?:仅|只)代表作者|不代表本|如有侵权|侵权必究|免责声明|投资有风险|最终解释权"
    r"|版權所有|未經(?:書面)?(?:授權|許可|允許)|不得轉載|(?:僅|只)代表作者|如有侵權|侵權必究|免責聲明|投資有風險|最終解釋權",
    re.I,
)
_SENTENCE = re.compile(r"[^.。！!？?\n]+[.。！!？?\n]?")
_MAX_DISCLAIMERS = 6  # sentences of one text: whoever hangs one on each sentence hides nothing
_MAX_DISCLAIMER = 300  # characters

_CLAUSE = re.compile(r"[，。；！？：、,.;:!?\n…—]")
_MAX_NAME = 120.0  # letters of an equal stretch that may be a name or a title
_MAX_NAMES = 4  # stretches; whoever has more of a text has more than its names
_EDGE = 2  # units by which a passage may reach beyond its clause: the next letter is the same by chance


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """What the letters of a text are worth as evidence.

    Attributes:
        share: shape (m,), 0..1, how much each unit counts.
        listing: shape (m,), which units stand in a listing of code or a formula.
    """

    share: NDArray[np.float64]
    listing: NDArray[np.bool_]


def shape(text: NormalizedText) -> Shape:
    """Read the shape of a text."""
    string = to_text(np.where(text.seen, text.seen, 32))
    share = np.ones(len(string))
    listing = np.zeros(len(string), dtype=np.bool_)
    for a, b in _listings(string):
        listing[a:b], share[a:b] = True, _LISTING_SHARE
    for number, found in enumerate(_DISCLAIMERS.finditer(string)):
        if number < _MAX_DISCLAIMERS:
            a, b = _sentence(string, found.start())
            share[a:b] = np.minimum(share[a:b], _DISCLAIMER_SHARE)
    for found in _ADDRESS.finditer(string):
        share[slice(*found.span())] = 0.0
    for found in _LONG_WORD.finditer(string):
        if _odd(found[0]):
            share[slice(*found.span())] = 0.0
    return Shape(share[text.where], listing[text.where])


def _odd(word: str) -> bool:
    """Whether a long word is no word: letters and digits mixed, capitals inside, many percent signs."""
    pieces = re.findall(r"[A-Za-z0-9]+", word)
    odd = sum(c.isdigit() for c in word) + 2 * word.count("%") + len(re.findall(r"(?<=[a-z0-9])[A-Z]", word))
    return (odd >= _MIN_ODD * len(word) and max(map(len, pieces), default=0) >= 8) or odd >= 2 * _MIN_ODD * len(word)


def _sentence(string: str, at: int) -> tuple[int, int]:
    """The sentence around a place, not further than a disclaimer is long."""
    start = max(at - _MAX_DISCLAIMER, 0)
    for found in _SENTENCE.finditer(string, start, at + _MAX_DISCLAIMER):
        if found.end() > at:
            return found.span()
    return at, at


def _listings(string: str) -> Iterator[tuple[int, int]]:
    """Runs of lines most of which are code: a line between two of them is one as well."""
    block: list[int] = []  # where the first and the last line of code start and end
    lines = other = 0
    at = 0
    for line in string.splitlines(keepends=True):
        if _is_code(line):
            block = [block[0] if block else at, at + len(line)]
            lines, other = lines + 1, 0
        elif block and line.strip():
            other += 1
            if other > 2:
                if lines >= _MIN_LISTING:
                    yield block[0], block[1]
                block, lines, other = [], 0, 0
        at += len(line)
    if lines >= _MIN_LISTING:
        yield block[0], block[1]


def _is_code(line: str) -> bool:
    text = line.strip()
    return len(text) < 200 and bool(_CODE.search(line)) and len(_SYMBOLS.findall(text)) >= _MIN_SYMBOLS * len(text)


def names(text: NormalizedText, other: NormalizedText, runs: NDArray[np.int64], total: NDArray[np.float64]) -> bool:
    """Whether what is equal is nothing but names and titles that stand inside different sentences.

    Args:
        runs: shape (k, 4), all equal stretches of the two.
        total: shape (m + 1,), the weight of the units of ``text`` before each, in Latin letters.
    """
    if len(runs) > _MAX_NAMES or (total[runs[:, 1]] - total[runs[:, 0]] > _MAX_NAME).any():
        return False
    return not any(_clause(text, a, b) or _clause(other, c, d) for a, b, c, d in runs.tolist())


def _clause(text: NormalizedText, a: int, b: int) -> bool:
    """Whether a stretch begins and ends where a clause does, or a clause begins or ends inside it."""
    return _mark(text, a + _EDGE + 1, b - _EDGE - 1) or (
        (a <= _EDGE or _mark(text, a - _EDGE, a + _EDGE))
        and (b + _EDGE >= len(text.units) or _mark(text, b - _EDGE, b + _EDGE))
    )


def _mark(text: NormalizedText, a: int, b: int) -> bool:
    """Whether punctuation that ends a clause stands between two units of a range."""
    a, b = max(a - 1, 0), min(b, len(text.where) - 1)
    if a >= b:
        return False
    return bool(_CLAUSE.search(to_text(text.seen[int(text.where[a]) : int(text.where[b]) + 1])))
