"""The words of a stretch of text, and which of them state facts: numbers by value, names, codes.

What is a fact is told by its form alone, without a dictionary: digits and numerals, the names of months, a capital
letter inside a sentence, Latin letters among Han characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["name", "number", "word", "han", "mark"]

_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_SMALL = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_ORDINALS = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
]
_WORDS = {
    **{word: n for n, word in enumerate(_SMALL) if n > 1},  # "one" is a pronoun more often
    **{word: 10 * n for n, word in enumerate(_TENS, 2)},
    **{word: n for n, word in enumerate(_ORDINALS, 1) if n > 1},
    **{word: n for n, word in enumerate(_MONTHS, 1) if word != "may"},
    **{word[:3]: n for n, word in enumerate(_MONTHS, 1) if word != "may"},
}
_TENS_VALUES = [str(10 * n) for n in range(2, 10)]
_MULTIPLIERS = {"hundred": 100, "thousand": 1000, "million": 1_000_000}

_HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"
_HAN_DIGITS = "〇零一二三四五六七八九"
_HAN_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "萬": 10_000, "亿": 100_000_000, "億": 100_000_000}
_NUMERALS = _HAN_DIGITS + "".join(_HAN_UNITS) + "两兩"
# A single numeral is a number only before what is counted: 三月 is, 三思 is not.
_COUNTED = "年月日号號元点點时時分秒路楼樓层層室届屆期人名位岁歲吨噸米里度级級章条條天周届轮輪%％"
_TOKEN = re.compile(
    rf"(?P<number>\d+(?:[.,:/\-\u2013]\d+)*(?![^\W_{_HAN}])(?:(?<=\d)(?:st|nd|rd|th)\b)?)"
    rf"|(?P<code>[^\W_{_HAN}]*\d[^\W_{_HAN}]*)"
    rf"|(?P<numeral>[{_NUMERALS}]+)"
    rf"|(?P<han>[{_HAN}])"
    rf"|(?P<word>[^\W\d_{_HAN}]+(?:['’][^\W\d_{_HAN}]+)*)"
    r"|(?P<mark>[^\w\s])"
)
# The same without Han characters and most marks, for stretches of which only the facts are asked.
_FACTS = re.compile(
    rf"(?P<number>\d+(?:[.,:/\-\u2013]\d+)*(?![^\W_{_HAN}])(?:(?<=\d)(?:st|nd|rd|th)\b)?)"
    rf"|(?P<code>[^\W_{_HAN}]*\d[^\W_{_HAN}]*)"
    rf"|(?P<numeral>[{_NUMERALS}]+)"
    rf"|(?P<word>[^\W\d_{_HAN}]+(?:['’][^\W\d_{_HAN}]+)*)"
    r"|(?P<mark>-)"
)
_LIST = re.compile(r"(?:^|\n)[ \t]*[（(]?$")  # before the number of a list's entry
_MAX_ENTRY = 20


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a number, a Han character or a mark of punctuation.

    Attributes:
        start, end: half-open range of characters.
        value: what it says: folded letters, or a number.
        kind: a name is a word with a capital inside a sentence, or Latin letters among Han characters.
    """

    start: int
    end: int
    value: str
    kind: Kind

    @property
    def states(self) -> bool:
        return self.kind in ("name", "number")


def tokens(text: str, folded: str, *, facts: bool = False) -> list[Token]:
    """The tokens of a text, in order; a date or a time gives a number for each of its parts.

    Args:
        folded: as long as ``text``, each character folded.
        facts: leave out Han characters and punctuation, of which a long text has many.
    """
    out: list[Token] = []
    for found in (_FACTS if facts else _TOKEN).finditer(text):
        match found.lastgroup:
            case "number":
                out += _number(text, found)
            case "code":
                out.append(Token(*found.span(), folded[slice(*found.span())], "number"))
            case "numeral":
                out += _numeral(text, folded, found)
            case "han":
                out.append(Token(*found.span(), folded[slice(*found.span())], "han"))
            case "mark":
                out.append(Token(*found.span(), found[0], "mark"))
            case _:
                _add_word(out, text, folded, found)
    return out


def _number(text: str, found: re.Match[str]) -> Iterator[Token]:
    start, end = found.span()
    plain = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", found[0])
    parts = [p for p in re.split(r"[^\d.]|\.(?=\d+\.)", re.sub("(st|nd|rd|th)$", "", plain)) if p]
    entry = len(parts) == 1 and text[end : end + 1] in (".", "、", ")", "）", "．") and _LIST.search(text, 0, start)
    for part in parts:
        try:
            value = f"{float(part):.10g}" if len(part) <= 9 else part
        except ValueError:
            value = part
        listed = entry and len(part) < 3 and float(part) <= _MAX_ENTRY
        yield Token(start, end, value, "mark" if listed else "number")


def _numeral(text: str, folded: str, found: re.Match[str]) -> Iterator[Token]:
    start, end = found.span()
    after = text[end : end + 1]
    listed = after in ("、", "）", ".") and _LIST.search(text, 0, start)
    if listed or (end - start == 1 and after not in _COUNTED) or not after:
        for n in range(start, end):
            yield Token(n, n + 1, folded[n], "mark" if listed else "han")
    else:
        yield Token(start, end, str(han_value(found[0])), "number")


def han_value(numeral: str) -> int:
    """The value of a Chinese numeral, by place (二〇二六) or with units (三千五百)."""
    digits = {c: max(n - 1, 0) for n, c in enumerate(_HAN_DIGITS)} | {"两": 2, "兩": 2}
    if not any(c in _HAN_UNITS for c in numeral):
        return int("".join(str(digits[c]) for c in numeral))
    total = section = digit = 0
    for c in numeral:
        if c in digits:
            digit = digits[c]
        elif (unit := _HAN_UNITS[c]) < 10_000:
            section, digit = section + (digit or 1) * unit, 0
        else:
            more = section + digit
            total, section, digit = (total + more) * unit if total < unit else total + more * unit, 0, 0
    return total + section + digit


def _continues(out: list[Token], text: str, word: str, start: int) -> bool:
    """Whether a word goes on with the number before it: "eight hundred", "twenty-one"."""
    last = out[-1] if out else None
    if last is not None and last.value == "-" and len(out) > 1:
        last = out[-2]
    if last is None or last.kind != "number" or text[last.end : start] not in (" ", "-"):
        return False
    return word in _MULTIPLIERS or (word in _SMALL[1:10] and last.value in _TENS_VALUES)


def _add_word(out: list[Token], text: str, folded: str, found: re.Match[str]) -> None:
    word = found[0].lower()
    start, end = found.span()
    if _continues(out, text, word, start):
        tens = out.pop() if out[-1].kind == "number" else out.pop(-2)
        if out and out[-1].value == "-" and out[-1].end == start:
            out.pop()
        number = float(tens.value)
        value = number * _MULTIPLIERS[word] if word in _MULTIPLIERS else number + _SMALL.index(word)
        out.append(Token(tens.start, end, f"{value:.10g}", "number"))
        return
    if word in _WORDS or word in _MULTIPLIERS:
        out.append(Token(start, end, str(_WORDS.get(word, _MULTIPLIERS.get(word))), "number"))
        return
    before = text[max(start - 2, 0) : start].rstrip(" \t")
    if found[0][0].isupper() and word not in ("i", "i’m", "i'm"):
        starts = not before or before[-1] in ".!?:;\n\"“”'‘(*•-–—|\t。！？"
        kind: Kind = "word" if starts or found[0].isupper() else "name"
        if any("\u3400" <= c <= "\u9fff" for c in before[-1:]):
            kind = "name"
    else:
        kind = "name" if any("\u3400" <= c <= "\u9fff" for c in before[-1:]) else "word"
    out.append(Token(start, end, folded[slice(*found.span())], kind))
