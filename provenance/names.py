"""Names as people may write them: one rule for what enters a record, one for what is shown. Pure.

A title or an owner is signed for good and printed on many terminals, so it must not hold what nobody sees: control
characters, which move a cursor, bidirectional controls, which make one name look like another (Unicode Technical
Report 36, section 2.10), and other invisible characters. Joiners stay where scripts and emoji need them (RFC 5892,
appendix A.1 and A.2).
"""

from __future__ import annotations

import json
import unicodedata
from typing import Any

_ZWNJ, _ZWJ = "\u200c", "\u200d"
_LINE_BREAKS = frozenset("\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u2028\u2029")
# Letters that are no format characters by their category, and yet are shown as nothing.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0")
# Subtags of flags such as that of Wales; they end with the last of them.
_TAGS = range(0xE0020, 0xE0080)
_BLACK_FLAG = "\U0001f3f4"
REPLACEMENT = "\ufffd"


def clean(name: str) -> str:
    """A name as it is recorded: one line in NFC, without control, direction or other invisible characters.

    A line break, like a run of spaces, becomes one space; half of a surrogate pair becomes U+FFFD. What is clean stays
    as it is.
    """
    while (cleaned := _cleaned(name)) != name:  # what is taken out may bring together what composes or joins
        name = cleaned
    return name


def _cleaned(name: str) -> str:
    if name.isprintable() and _BLANK.isdisjoint(name) and unicodedata.is_normalized("NFC", name):
        return " ".join(name.split())
    composed = unicodedata.normalize("NFC", name)
    kept = "".join(_shown(composed, place) for place in range(len(composed)))
    return " ".join(kept.split())


def is_one_line(text: str) -> bool:
    """Whether a text holds no control character, so no line break either."""
    return not any(unicodedata.category(c) == "Cc" or c in "\u2028\u2029" for c in text)


def _shown(text: str, place: int) -> str:
    """What becomes of one character: itself, a space, U+FFFD or nothing."""
    c = text[place]
    if c.isprintable() and c not in _BLANK:
        return c
    if c in _LINE_BREAKS:
        return " "
    category = unicodedata.category(c)
    if category == "Zs":
        return " "
    if category == "Cs":
        return REPLACEMENT
    if c in (_ZWNJ, _ZWJ):
        return c if _joins(text, place) else ""
    if ord(c) in _TAGS:
        return c if _BLACK_FLAG in text[max(0, place - 8) : place] else ""
    return "" if category in ("Cc", "Cf") or c in _BLANK else c


def _joins(text: str, place: int) -> bool:
    """Whether a joiner changes how its neighbours are written, and is not put there to make two names differ."""
    before, after = text[:place].rstrip(_ZWNJ + _ZWJ), text[place + 1 : place + 2]
    if not before or text[place - 1] in (_ZWNJ, _ZWJ):
        return False
    previous = before[-1]
    if unicodedata.combining(previous) == 9:  # a virama: the conjunct is written in another way
        return True
    if not after:
        return False
    if text[place] == _ZWJ and _is_pictograph(after):
        return _is_pictograph(previous) or previous in "\ufe0f" or 0x1F3FB <= ord(previous) <= 0x1F3FF
    return _is_cursive(previous) and _is_cursive(after)


def _is_pictograph(c: str) -> bool:
    return unicodedata.category(c) in ("So", "Sk") or c in "\u2640\u2642"


def _is_cursive(c: str) -> bool:
    """A letter or mark of a script that joins its letters, or of one that has conjuncts."""
    code = ord(c)
    cursive = 0x0600 <= code <= 0x08FF or 0xFB50 <= code <= 0xFDFF or 0xFE70 <= code <= 0xFEFF
    return cursive or 0x0900 <= code <= 0x0DFF or 0x1000 <= code <= 0x109F or 0x1780 <= code <= 0x18AF


def printable(text: str) -> str:
    """One line for a terminal, with U+FFFD for what moves its cursor, sets its colours or turns the writing round."""
    if text.isprintable():
        return text
    return "".join(c if _is_harmless(c) else REPLACEMENT for c in text)


def readable(text: str) -> str:
    """Lines of a text for a terminal or a page, without what a reader does not see and what these would obey."""
    return "".join(c for c in text if c == "\n" or _is_harmless(c))


def _is_harmless(c: str) -> bool:
    return c.isprintable() or unicodedata.category(c) == "Zs" or c in (_ZWNJ, _ZWJ)


def json_line(value: Any) -> str:
    """JSON on one line in which everything that a terminal would act upon is an escape; the value is the same."""
    line = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if line.isprintable():
        return line
    return "".join(c if c.isprintable() or c in "\u3000\u00a0" else _escaped(c) for c in line)


def _escaped(c: str) -> str:
    return "\\u007f" if c == "\x7f" else json.dumps(c)[1:-1]
