"""Normalized text, as the check compares it.

Folding keeps punctuation, because punctuation is what tells a credit from a sentence; letters are folded by the frozen
table of `fingerprints.unicode` (NFKC, case, diacritics, traditional to simplified), so a report does not depend on the
Unicode version of the Python that makes it any more than a fingerprint does.
"""

from __future__ import annotations

import re
import unicodedata

from fingerprints.unicode.folding import fold as fold_letters

# Scripts without spaces between words: Thai, Lao, Burmese, Khmer, Han, kana.
DENSE = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
    "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
HANGUL = "\u1100-\u11ff\uac00-\ud7ff"
ALPHA = rf"[^\W_{DENSE}{HANGUL}]"  # a letter or digit of a script that separates words

SPACES = re.compile(r"\s+")

_EQUIVALENTS = {
    **dict.fromkeys("│┃丨｜¦∣❘", "|"),
    **dict.fromkeys("‐‑‒–—―−－﹣", "-"),
    **dict.fromkeys("·•‧∙・･", "·"),
    **dict.fromkeys("：︰∶꞉", ":"),
    **dict.fromkeys("／⁄∕", "/"),
    **dict.fromkeys("،，﹐", ","),
    **dict.fromkeys("؛；", ";"),
    **dict.fromkeys("؟？", "?"),
    **dict.fromkeys("’‘ʼ`´′", "'"),
    **dict.fromkeys("„‟″", '"'),
    "ø": "o",
    "Ø": "O",
    "ł": "l",
    "Ł": "L",
    "đ": "d",
    "Đ": "D",
    "ı": "i",
    "æ": "ae",
    "Æ": "AE",
    "œ": "oe",
    "Œ": "OE",
    "\n": "\n",
    "。": "。",
    "।": "。",
    "॥": "。",
    "۔": "。",
    "ς": "σ",
    # Persian and Urdu letters as the Arabic ones, and the Arabic spellings that are mixed up
    "ی": "ي",
    "ى": "ي",
    "ې": "ي",
    "ک": "ك",
    "ة": "ه",
    "ۀ": "ه",
    "ہ": "ه",
    "ھ": "ه",
    "ۃ": "ه",
    "־": "-",
    "״": '"',
    "׳": "'",
}
# Vowel signs carry meaning where others are ornament: those of the Indic scripts, whose blocks are laid out alike,
# stand as the letters of their vowels (two code points a sign and letter 0x38 apart), those of Thai as letters of Lao.
_INDIC = {
    0x3E: 0x06,
    0x3F: 0x07,
    0x40: 0x08,
    0x41: 0x09,
    0x42: 0x0A,
    0x43: 0x0B,
    0x47: 0x0F,
    0x48: 0x10,
    0x4B: 0x13,
    0x4C: 0x14,
}
_EQUIVALENTS |= {
    chr(block + sign): chr(block + letter) for block in range(0x900, 0xE00, 0x80) for sign, letter in _INDIC.items()
}
# nasals
_EQUIVALENTS |= {chr(block + sign): chr(block + 0x19) for block in range(0x900, 0xE00, 0x80) for sign in (1, 2)}
_EQUIVALENTS |= {
    chr(block + sign): "" for block in range(0x900, 0xE00, 0x80) for sign in (0x03, 0x3C, 0x4D)
}  # breath, dot, virama
_EQUIVALENTS["\u0e33"] = "\u0e32"  # written as one sign or as two
_EQUIVALENTS |= {chr(0x0E31 + i): chr(0x0E94 + i) for i in (0, 3, 4, 5, 6, 7, 8)}
_INVISIBLE = {"Cf", "Mn", "Me", "Cc", "Cn", "Cs"}


class _FoldingTable(dict[int, str]):
    """One code point to its folded form with case kept; filled as code points are met."""

    def __missing__(self, point: int) -> str:
        char = chr(point)
        folded = _EQUIVALENTS.get(char)
        if folded is None:
            folded = self._fold(char)
        self[point] = folded
        return folded

    @staticmethod
    def _fold(char: str) -> str:
        if char.isspace() and char != "\u200b":
            return " "
        if unicodedata.category(char) in ("Mn", "Mc"):  # the vowel signs that count are in _EQUIVALENTS
            return ""
        letters = unicodedata.normalize("NFC", fold_letters(char))  # voiced kana as one letter
        if letters:
            upper = letters.upper() if char != char.lower() else letters
            return upper if len(upper) == len(letters) and upper.lower() == letters else letters
        category = unicodedata.category(char)
        if category in _INVISIBLE:
            return ""
        if category == "Co":
            return " "
        compatible = (c for c in unicodedata.normalize("NFKC", char) if unicodedata.category(c) != "Mn")
        return "".join(_EQUIVALENTS.get(c, c) for c in compatible)


_TABLE = _FoldingTable()


def collapse_spaces(text: str) -> str:
    """Runs of white space as one space, none at the ends."""
    return SPACES.sub(" ", text).strip()


def clean(text: str) -> str:
    """Folded text with upper and lower case kept. Line ends stay line ends; private-use characters become spaces."""
    return unicodedata.normalize("NFC", text).translate(_TABLE)


def lower(cleaned: str) -> str:
    """Cleaned text in lower case, of the same length, so that positions are shared."""
    low = cleaned.lower()
    if len(low) == len(cleaned):
        return low
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in cleaned)


def fold(text: str) -> str:
    """Cleaned text in lower case."""
    return lower(clean(text))


def fold_name(name: str) -> str:
    """The letters and digits of a name: equal for every way of writing the same name in the same order.

    ``"Ｙe Zhi-qiu"`` and ``"ye zhiqiu"`` are equal; ``"葉知秋"`` and ``"叶知秋"`` are equal.
    """
    return re.sub(r"[\W_]+", "", fold(name))


def is_dense(name: str) -> bool:
    """Whether a name is written in Han or kana, without spaces between words."""
    return re.search(rf"[{DENSE}]", name) is not None


def one_line(text: str) -> str:
    """One line, without what XML or a terminal cannot hold."""
    return " ".join("".join(c if c.isprintable() or c == " " else " " for c in text).split())
