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

# Scripts without spaces between words: Thai, Lao, Burmese, Khmer, Han, kana.
DENSE = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
    "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
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
_SAME |= {
    chr(block + sign): chr(block + letter) for block in range(0x900, 0xE00, 0x80) for sign, letter in _INDIC.items()
}
_SAME |= {chr(block + sign): chr(block + 0x19) for block in range(0x900, 0xE00, 0x80) for sign in (1, 2)}  # nasals
_SAME |= {
    chr(block + sign): "" for block in range(0x900, 0xE00, 0x80) for sign in (0x03, 0x3C, 0x4D)
}  # breath, dot, virama
_SAME["\u0e33"] = "\u0e32"  # written as one sign or as two
_SAME |= {chr(0x0E31 + i): chr(0x0E94 + i) for i in (0, 3, 4, 5, 6, 7, 8)}
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
        if unicodedata.category(char) in ("Mn", "Mc"):  # the vowel signs that count are in _SAME
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
        return "".join(_SAME.get(c, c) for c in unicodedata.normalize("NFKC", char) if unicodedata.category(c) != "Mn")


_TABLE = _Table()


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


_LONG = 120  # code points of a name beyond which it is compared as it stands
_CYRILLIC_ENDING = (
    "(?:ыи|ии|ая|яя|ое|ее|ую|юю|ых|их|ого|его|ому|ему|ыми|ими|ами|ями|ией|иею|ые|ов|ев|ом|ем|ым|им|ои|еи|ою|ею|ии|ия|ию|ие|ам|ям|ах|ях"
    "|ові|еві|єю|а|я|у|ю|е|и|ы|о|ь|і|ї|є)?"
)
_ENDINGS = {
    "pl": "(?:iego|iemu|iej|ami|iami|ach|iach|ymi|imi|emu|iem|owi|owie|ego|ych|ich|ow|im|ym|ie|em|ej|om|a|u|y|i|e|o)?",
    "cs": "(?:eho|emu|ymi|imi|ach|ech|ich|ych|ami|ovi|ova|ove|em|ou|om|ho|mu|im|ym|u|a|y|e|i|o|u)?",
    "sk": "(?:eho|emu|ymi|imi|ach|och|ych|ami|ovi|ova|ove|ej|om|ou|ho|mu|im|ym|a|u|y|e|i|o)?",
    "hr": "(?:oga|ome|ima|ama|ega|emu|oj|og|om|em|ih|a|u|e|i|o)?",
    "ro": "(?:ului|ilor|elor|ei|ii|ul|le|lui|a|i|e)?",
    "el": "(?:ουσ|ων|εσ|εωσ|οσ|ασ|ησ|ου|ων|οι|ι|η|α|ο|ε|σ|ια|ιων|ιου)?",
    "bn": "(?:এর|র|য|তএ|এ|কএ|গউলই)?",
    "tr": "(?:'[a-z]{1,5}|nin|nun|nde|nden|ndan|nda)?",
    "fi": "(?:lla|lta|lle|sta|ssa|ksi|in|en|an|on|un|yn|na|n|a)?",
    "hu": "(?:nak|nek|tol|rol|val|vel|tel|t)?",
}
_SCRIPT = {"el": "α-ω", "bn": "\u0980-\u09ff"}
_STEMMED = tuple(_ENDINGS[lang] for lang in ("pl", "cs", "sk", "hr", "el"))
_STEM_ENDS = r"(?:ии|ия|ыи|ои|ая|яя|ое|ее|ые|ие|а|я|о|е|и|ы|ь|у|ю|і|[aoyeiu]|οσ|ησ|ασ|εσ|ισ|α|η|ο|ι)$"
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
    language = (lang or "").split("-")[0].lower()
    script = _SCRIPT.get(language, "a-z")
    return _ENDINGS.get(language, "") if all(re.fullmatch(rf"[{script}\d]+", t) for t in tokens) else ""


def _token(token: str, endings: str) -> str:
    if not endings or len(token) < 3:
        return re.escape(token)
    if len(token) > 3 and (endings is _CYRILLIC_ENDING or endings in _STEMMED):
        stem = re.sub(_STEM_ENDS, "", token)
        token = stem if len(stem) >= 3 else token
    if endings is _ENDINGS["fi"] and token.endswith("i"):  # Niemi, Niemen
        return f"{re.escape(token[:-1])}[ie]{endings}"
    fleeting = re.fullmatch(r"(\w{2,})(?:ie|[eоеё])([^\W\daeiouyаеиоуыэюя])", token)
    if fleeting and (endings is _CYRILLIC_ENDING or endings in _STEMMED):  # Marek, Marka; Павел, Павла
        return f"(?:{re.escape(token)}|{re.escape(fleeting[1] + fleeting[2])}){endings}"
    return re.escape(token) + endings
