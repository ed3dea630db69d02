"""Text as the check compares it, and patterns that find a whole name in it.

Folding keeps punctuation, because punctuation is what tells a credit from a sentence; letters are folded by the frozen
table of `fingerprints.text` (NFKC, case, diacritics, traditional to simplified), so a report does not depend on the
Unicode version of the Python that makes it any more than a fingerprint does.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from fingerprints.text import fold as fold_letters

DENSE = "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han and kana
HANGUL = "\u1100-\u11ff\uac00-\ud7ff"
ALPHA = rf"[^\W_{DENSE}{HANGUL}]"  # a letter or digit of a script that separates words

_SAME = {
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
}
_INVISIBLE = {"Cf", "Mn", "Me", "Cc", "Cn", "Cs"}
_SPACES = "\t\u00a0\u1680\u2028\u2029\u3000\u200b"


class _Table(dict[int, str]):
    """One code point to its folded form with case kept; filled as code points are met."""

    def __missing__(self, point: int) -> str:
        char = chr(point)
        folded = _SAME.get(char)
        if folded is None:
            folded = self._fold(char)
        self[point] = folded
        return folded

    @staticmethod
    def _fold(char: str) -> str:
        if char.isspace() and char != "\u200b":
            return " "
        letters = fold_letters(char)
        if letters:
            upper = letters.upper() if char != char.lower() else letters
            return upper if len(upper) == len(letters) and upper.lower() == letters else letters
        category = unicodedata.category(char)
        if category in _INVISIBLE:
            return ""
        if category == "Co":
            return " "
        return "".join(_SAME.get(c, c) for c in unicodedata.normalize("NFKC", char) if unicodedata.category(c) != "Mn")


_TABLE = _Table()


def clean(text: str) -> str:
    """Folded text with upper and lower case kept. Line ends stay line ends; private-use characters become spaces."""
    return text.translate(_TABLE)


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


_LONG = 120  # code points of a name beyond which it is compared as it stands
_CYRILLIC_ENDING = (
    "(?:ого|его|ому|ему|ыми|ими|ами|ями|ией|иею|ые|ов|ев|ом|ем|ым|им|ои|еи|ою|ею|ии|ия|ию|ие|ам|ям|ах|ях"
    "|ові|еві|єю|а|я|у|ю|е|и|ы|о|ь|і|ї|є)?"
)
_ENDINGS = {
    "pl": "(?:iego|iemu|iej|imi|emu|iem|owi|ego|im|ie|em|ej|om|a|u|y|i|e|o)?",
    "cs": "(?:ovi|ova|ove|em|ou|ho|mu|a|u|y|e|i)?",
    "sk": "(?:ovi|ova|ove|om|ou|ho|mu|a|u|y|e|i)?",
    "tr": "(?:'[a-z]{1,5})?",
    "fi": "(?:lla|lta|lle|sta|ssa|in|en|an|on|un|yn|n|a)?",
    "hu": "(?:nak|nek|tol|rol|val|vel|tel|t)?",
}
_GENITIVE_S = ("de", "nl", "sv", "da", "no", "nb", "nn")


@lru_cache(maxsize=4096)
def name_pattern(name: str, lang: str | None = None) -> re.Pattern[str] | None:
    """A pattern that finds a name in folded text, as a whole or as a part of a longer word: the caller looks around it.

    Spaces inside Han names, name order and comma in spaced scripts, grammatical endings and possessives are allowed.

    Returns:
        None when nothing of the name survives folding.
    """
    folded = re.sub(r"\s+", " ", fold(name)).strip()
    tokens = re.findall(r"[^\W_]+", folded)
    if not tokens:
        return None
    prefix = re.escape("@") if folded.startswith("@") else ""
    if len(folded) > _LONG:
        return re.compile(prefix + re.escape(folded.lstrip("@")))
    if is_dense(folded):
        return re.compile(prefix + r"[\s·\-]?".join(re.escape(c) for c in "".join(tokens)))
    endings = _endings(tokens, lang)
    joined = [_token(t, endings) for t in tokens]
    orders = ["".join(_between(folded, tokens, i) + part for i, part in enumerate(joined))]
    if 2 <= len(tokens) <= 4:
        comma = r"[\s,.]{1,3}"
        orders.append(joined[-1] + comma + r"[\s.·'\-]{1,3}".join(joined[:-1]))
        if len(tokens) > 2:
            orders.append(r"[\s.·'\-]{1,3}".join(joined[1:]) + comma + joined[0])
    possessive = r"(?:'s\b|'(?![^\W_]))?"
    if lang and lang.split("-")[0].lower() in _GENITIVE_S:
        possessive = r"(?:'?s\b|'(?![^\W_]))?"
    return re.compile(f"{prefix}(?:{'|'.join(orders)}){possessive}")


def _between(folded: str, tokens: list[str], i: int) -> str:
    """What may stand before the i-th word of a name: spaces, points, hyphens, or what the name itself has there."""
    if i == 0:
        return ""
    gaps = re.split(r"[^\W_]+", folded)
    own = gaps[i].strip() if len(gaps) == len(tokens) + 1 else ""
    plain = r"[\s.·'\-]{0,3}"
    return rf"(?:{plain}|\s*{re.escape(own)}\s*)" if own else plain


def _endings(tokens: list[str], lang: str | None) -> str:
    if all(re.fullmatch(r"[\u0400-\u052f\d]+", t) for t in tokens):
        return _CYRILLIC_ENDING
    return _ENDINGS.get((lang or "").split("-")[0].lower(), "")


def _token(token: str, endings: str) -> str:
    if not endings or len(token) < 3:
        return re.escape(token)
    if endings is _CYRILLIC_ENDING:
        stem = re.sub(r"(?:ии|ия|ыи|ои|а|я|о|е|и|ы|ь|у|ю)$", "", token) if len(token) > 3 else token
        return re.escape(stem if len(stem) >= 3 else token) + endings
    stem = token[:-1] if endings == _ENDINGS["pl"] and token[-1] in "aoy" and len(token) > 3 else token
    return re.escape(stem) + endings
