"""Finds a name in normalized text, in the forms that a language gives it.

Names are compared as they are, word by word: a scan meets other names with every work, and compiling a regular
expression for each took longer than all that is done with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from .normalization import collapse_spaces, fold, is_dense
from .spaced_out import SpacedOut

_MAX_INFLECTED = 120  # code points of a name; a longer one is compared as it stands, without its other forms
_MAX_GAP = 3  # code points between two words of a name
_APOSTROPHE = "'"  # as an ending: an apostrophe and up to five letters
_MAX_SUFFIX = 5


def _in_order(endings: str) -> tuple[str, ...]:
    """Endings in the order in which they are tried; the first that fits is taken."""
    return tuple(endings.split("|"))


_CYRILLIC_ENDINGS = _in_order(
    "ыи|ии|ая|яя|ое|ее|ую|юю|ых|их|ого|его|ому|ему|ыми|ими|ами|ями|ией|иею|ые|ов|ев|ом|ем|ым|им|ои|еи|ою|ею|ии|ия|ию|ие|ам|ям|ах|ях"
    "|ові|еві|єю|а|я|у|ю|е|и|ы|о|ь|і|ї|є"
)
_ENDINGS = {
    lang: _in_order(endings)
    for lang, endings in {
        "pl": "iego|iemu|iej|ami|iami|ach|iach|ymi|imi|emu|iem|owi|owie|ego|ych|ich|ow|im|ym|ie|em|ej|om|a|u|y|i|e|o",
        "cs": "eho|emu|ymi|imi|ach|ech|ich|ych|ami|ovi|ova|ove|em|ou|om|ho|mu|im|ym|u|a|y|e|i|o|u",
        "sk": "eho|emu|ymi|imi|ach|och|ych|ami|ovi|ova|ove|ej|om|ou|ho|mu|im|ym|a|u|y|e|i|o",
        "hr": "oga|ome|ima|ama|ega|emu|oj|og|om|em|ih|a|u|e|i|o",
        "ro": "ului|ilor|elor|ei|ii|ul|le|lui|a|i|e",
        "el": "ουσ|ων|εσ|εωσ|οσ|ασ|ησ|ου|ων|οι|ι|η|α|ο|ε|σ|ια|ιων|ιου",
        "bn": "এর|র|য|তএ|এ|কএ|গউলই",
        "tr": f"{_APOSTROPHE}|nin|nun|nde|nden|ndan|nda",
        "de": "en|es|n|s|e",
        "sv": "ens|ets|en|et|n|t|s",
        "fi": "lla|lta|lle|sta|ssa|ksi|in|en|an|on|un|yn|na|n|a",
        "hu": "nak|nek|tol|rol|val|vel|tel|t",
    }.items()
}
# Letters that are written as two where a keyboard has none of them.
_SPELT_OUT = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "å": "aa", "Å": "Aa", "ø": "oe", "Ø": "Oe"}
)
_SCRIPT = {"el": "α-ω", "bn": "\u0980-\u09ff"}
_STEMMED = (_CYRILLIC_ENDINGS, *(_ENDINGS[lang] for lang in ("pl", "cs", "sk", "hr", "el")))
_STEM_ENDS = re.compile(r"(?:ии|ия|ыи|ои|ая|яя|ое|ее|ые|ие|а|я|о|е|и|ы|ь|у|ю|і|[aoyeiu]|οσ|ησ|ασ|εσ|ισ|α|η|ο|ι)$")
_FLEETING_VOWEL = re.compile(r"(\w{2,})(?:ie|[eоеё])([^\W\daeiouyаеиоуыэюя])")
_WORD = re.compile(r"[^\W_]+")
_CYRILLIC = re.compile(r"[\u0400-\u052f\d]+")
_GENITIVE_S = ("de", "nl", "sv", "da", "no", "nb", "nn")


@dataclass(frozen=True, slots=True)
class _Word:
    """One word of a name.

    Attributes:
        stems: how it begins.
        endings: what may follow the stem, in the order in which it is tried; nothing always may.
    """

    stems: tuple[str, ...]
    endings: tuple[str, ...] = ()

    def ends(self, text: str, at: int) -> Iterator[int]:
        """Where the word may end that begins at a place."""
        for stem in self.stems:
            if text.startswith(stem, at):
                end = at + len(stem)
                for ending in self.endings:
                    if text.startswith(ending, end):
                        yield from _suffixes(text, end + 1) if ending == _APOSTROPHE else (end + len(ending),)
                yield end


@dataclass(frozen=True, slots=True)
class _Gap:
    """What may stand between two words: up to three of some signs, or what the name itself has there."""

    signs: str
    least: int
    own: str = ""

    def ends(self, text: str, at: int) -> Iterator[int]:
        end = at
        while end - at <= _MAX_GAP and end < len(text) and (text[end] in self.signs or text[end].isspace()):
            end += 1
        if self.least <= end - at <= _MAX_GAP:
            yield end
        if self.own:
            end = _after_spaces(text, at)
            if text.startswith(self.own, end):
                yield _after_spaces(text, end + len(self.own))


@dataclass(frozen=True, slots=True)
class _Order:
    """The words of a name in one order; ``gaps[i]`` is what may stand before ``words[i + 1]``."""

    words: tuple[_Word, ...]
    gaps: tuple[_Gap, ...]

    def end(self, text: str, at: int, done: int = 0) -> int | None:
        """Where the name ends whose words from ``done`` on begin at a place; None where they do not."""
        for end in self.words[done].ends(text, at):
            if done == len(self.gaps):
                return end
            for following in self.gaps[done].ends(text, end):
                found = self.end(text, following, done + 1)
                if found is not None:
                    return found
        return None


@dataclass(frozen=True, slots=True)
class NameInWords:
    """A name in a script that puts spaces between words.

    Attributes:
        prefix: ``@`` where the name is written with it.
        orders: of its words, in the order in which they are tried.
        possessives: what may follow, where no letter or digit does after it.
    """

    prefix: str
    orders: tuple[_Order, ...]
    possessives: tuple[str, ...]

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where the name stands, start and end, as a whole or as a part of a longer word."""
        if not all(any(stem in text for stem in word.stems) for word in self.orders[0].words):
            return
        beginnings = {self.prefix + stem for order in self.orders for stem in order.words[0].stems}
        places = {beginning: text.find(beginning) for beginning in beginnings}
        at = 0
        while found := [place for place in places.values() if place >= 0]:
            start = min(found)
            end = self._end(text, start)
            if end is not None:
                yield start, end
            at = start + 1 if end is None else max(end, start + 1)
            places = {
                beginning: text.find(beginning, at) if 0 <= place < at else place for beginning, place in places.items()
            }

    def matches(self, text: str, at: int) -> bool:
        """Whether the name begins at a place."""
        return self._end(text, at) is not None

    def _end(self, text: str, at: int) -> int | None:
        if not text.startswith(self.prefix, at):
            return None
        for order in self.orders:
            end = order.end(text, at + len(self.prefix))
            if end is not None:
                return self._after_possessive(text, end)
        return None

    def _after_possessive(self, text: str, at: int) -> int:
        for possessive in self.possessives:
            end = at + len(possessive)
            if text.startswith(possessive, at) and not _is_word(text[end : end + 1], underscore=possessive != "'"):
                return end
        return at


Name = NameInWords | SpacedOut


@lru_cache(maxsize=4096)
def name_pattern(name: str, lang: str | None = None) -> Name | None:
    """What finds a name in folded text, as a whole or as a part of a longer word: the caller looks around it.

    Spaces inside Han names, name order and comma in spaced scripts, grammatical endings and possessives are allowed.

    Returns:
        None when nothing of the name survives folding.
    """
    folded = collapse_spaces(fold(name))
    tokens = _WORD.findall(folded)
    if not tokens:
        return None
    prefix = "@" if folded.startswith("@") else ""
    if len(folded) > _MAX_INFLECTED:
        return NameInWords(prefix, (_Order((_Word((folded.lstrip("@"),)),), ()),), ())
    if is_dense(folded):
        return SpacedOut("".join(tokens), "·-", _MAX_GAP, prefix=prefix)
    language = (lang or "").split("-")[0].lower()
    endings = _endings(tokens, language)
    spelt = _WORD.findall(collapse_spaces(fold(name.translate(_SPELT_OUT))))
    words = tuple(
        _word(token, endings, language, other)
        for token, other in zip(tokens, spelt if len(spelt) == len(tokens) else tokens, strict=True)
    )
    possessives = ("'s", "s", "'") if language in _GENITIVE_S else ("'s", "'")
    return NameInWords(prefix, tuple(_orders(words, _gaps(folded, tokens))), possessives)


def _orders(words: tuple[_Word, ...], gaps: tuple[_Gap, ...]) -> Iterator[_Order]:
    """As it is written; of two to four words also the last one first and, of more than two, the first one last."""
    yield _Order(words, gaps)
    if 2 <= len(words) <= 4:
        comma, inner = _Gap(",.", 1), _Gap(".·'-", 1)
        others = (inner,) * (len(words) - 2)
        yield _Order((words[-1], *words[:-1]), (comma, *others))
        if len(words) > 2:
            yield _Order((*words[1:], words[0]), (*others, comma))


def _gaps(folded: str, tokens: Sequence[str]) -> tuple[_Gap, ...]:
    """What may stand between the words: spaces, points, hyphens, or what the name itself has there."""
    own = _WORD.split(folded)[1 : len(tokens)]
    return tuple(_Gap(".·'-", 0, gap.strip()) for gap in own)


def _endings(tokens: Sequence[str], language: str) -> tuple[str, ...]:
    if all(_CYRILLIC.fullmatch(token) for token in tokens):
        return _CYRILLIC_ENDINGS
    letters = rf"[{_SCRIPT.get(language, 'a-z')}\d]+"
    return _ENDINGS.get(language, ()) if all(re.fullmatch(letters, token) for token in tokens) else ()


def _word(token: str, endings: tuple[str, ...], language: str, spelt: str) -> _Word:
    """
    Args:
        spelt: the same word with its umlauts spelt out: Krueger for Krüger.
    """
    if spelt != token:
        return _Word((token, spelt), endings)
    if not endings or len(token) < 3:
        return _Word((token,))
    stemmed = endings in _STEMMED
    if len(token) > 3 and stemmed:
        stem = _STEM_ENDS.sub("", token)
        token = stem if len(stem) >= 3 else token
    if language == "fi" and endings is not _CYRILLIC_ENDINGS and token.endswith("i"):  # Niemi, Niemen
        return _Word((token, f"{token[:-1]}e"), endings)
    fleeting = _FLEETING_VOWEL.fullmatch(token)
    if fleeting and stemmed:  # Marek, Marka; Павел, Павла
        return _Word((token, fleeting[1] + fleeting[2]), endings)
    return _Word((token,), endings)


def _suffixes(text: str, at: int) -> Iterator[int]:
    """Where a suffix of up to five letters may end, the longest first."""
    end = at
    while end - at < _MAX_SUFFIX and "a" <= text[end : end + 1] <= "z":
        end += 1
    yield from range(end, at, -1)


def _after_spaces(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _is_word(character: str, *, underscore: bool) -> bool:
    """Whether it is a letter or digit; an empty one is not."""
    return character.isalnum() or (underscore and character == "_")
