"""Names of other people: what looks like one, and what names nobody."""

from __future__ import annotations

import re

from .entity_tagger import ANY_MARK
from .lexicon import Label, Lexicon
from .normalization import ALPHA, DENSE, HANGUL

QUOTES = " \t\"'“”«»‹›「」『』《》〈〉()[]{}*_~.,:;|/-·@#=<>【】!?"
_CAPITAL = r"(?:[A-ZА-ЯІЇЄΑ-Ω])"
_PARTICLE = "de|da|do|dos|di|del|della|van|von|der|den|bin|al|el|la|le|of|y|du|des|&"
_LATIN = re.compile(
    rf"(?:(?:the|The|Die|Der|Das|Le|La|El|L'|Il)\s+)?{_CAPITAL}[\w'.&-]*"
    rf"(?:\s+(?:(?:{_PARTICLE})\s+){{0,2}}{_CAPITAL}[\w'.&-]*){{0,4}}"
)
# A name of two to four words of a script without capitals, one or two in Hangul.
_BARE = re.compile(rf"[^\W\d_a-z]{{2,14}}(?: [^\W\d_a-z]{{2,14}}){{1,3}}|[{HANGUL}]{{3,4}}", re.IGNORECASE)
_NO_DENSE_NAME = "[的了是在很和不就也都这那它]"
_CLAUSE_END = re.compile(r"\s*(?:$|[.;,|/()\n])")
_NAME_END = re.compile(r"\s*(?:$|[.;,|/()\n]|staff|for |in |and |from |via |- |'s? )")
_NO_NAME = frozenset(["the", "a", "an", "this", "how", "why", "what"])  # a weak label before these introduces a title
# "By Dover, the fog was gone": a sentence goes on like that, no credit does.
_SENTENCE = re.compile(r",\s+[a-z]+(?:\s+[a-z]+){2}")
_CALENDAR = re.compile(
    "(?:mon|tues|wednes|thurs|fri|satur|sun)day|january|february|march|april|may|june|july|august|"
    "(?:septem|octo|novem|decem)ber|spring|summer|autumn|winter|christmas|easter"
)
_MODEL = re.compile(r"(?:[\s-]+(?:\w*\d\w*|[ivx]{1,4}|mark|pro|max|plus|mini|ultra|eos|alpha|cam))+")
_OTHER_SCRIPTS = re.compile(f"[{HANGUL}\u0590-\u06ff\u0900-\u0e7f]")


class Names:
    """Judges pieces of folded text with the lexicon."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon

    def generic(self, text: str) -> bool:
        """Whether a name names nobody: the internet, a friend, unknown."""
        low = text.lower().strip(QUOTES)
        if not low or self.lexicon.brand.is_word(low):
            return True
        brand = self.lexicon.brand.match(low)
        if brand and _MODEL.fullmatch(low, brand.end()):
            return True  # the camera or the phone that something was taken with
        rest = self.lexicon.generic_word.blank(low)
        if rest == low:
            return self.lexicon.brand.has(low) and len(self.residue(self.lexicon.brand.blank(low))) == 0
        return len(self.residue(self.lexicon.brand.blank(rest))) <= 2

    def shaped(self, text: str, label: Label) -> bool:
        """Whether a text can be somebody's name: not too long, no title, no number, capitals where there are any."""
        letters = len(re.findall(r"\w", text))
        if letters < 2 and not re.search(f"[{DENSE}{HANGUL}]", text):
            return False
        if re.search(r"^(?:19|20)\d\d\b", text) or not re.search(r"[^\W\d_]", text):
            return False
        if self.lexicon.filler.is_word(text.lower()):
            return False
        if re.search(f"[{DENSE}]", text):
            return len(text) <= (20 if label.strong else 10)
        words = text.split()
        if _OTHER_SCRIPTS.search(text):
            return len(words) <= 4
        capitals = sum(1 for w in words if re.match(r"[^a-z]", w))
        if not label.strong and (len(words) > 4 or words[0].lower() in _NO_NAME):
            return False
        return len(words) <= 7 and (
            capitals * 2 >= len(words) or text.startswith("@") or (len(words) == 1 and label.strong)
        )

    def after_label(self, cased: str, low: str, start: int, position: int) -> str | None:
        """A name that follows a strong label without a separator at the start of a clause; None if there is none."""
        lead = re.sub(r"#[^#\s]{1,20}#", "", low[:start]).strip(QUOTES + "📷📸🎵✍️✏️🖊©")
        if lead and not re.search(r"[.;,|。]\s*$", low[:start]):
            return None
        rest = cased[position : position + 120].lstrip(" ")
        dense = re.match(rf"([{DENSE}·]{{2,8}})\s*(?:$|[,;、|/()。!?])", rest)
        if dense and re.search(f"[{DENSE}]", low[start:position]):
            known = self.lexicon.filler.match(dense[1].lower()) or re.search(_NO_DENSE_NAME, dense[1])
            return dense[1] if not known and (len(dense[1]) <= 4 or self.organisation(dense[1])) else None
        key = re.sub(r"\s+", " ", low[start:position]).strip()
        if key in self.lexicon.bare:
            whole = re.fullmatch(_BARE, rest.strip(QUOTES + "\n"))
            if whole and not any(self.lexicon.filler.is_word(w) for w in whole[0].lower().split()):
                return whole[0]
        latin = _LATIN.match(rest)
        if latin is None:
            return None
        name, tail = latin[0].strip(), rest[latin.end() :]
        if re.search(f"[{DENSE}]", low[start:position]) and not re.match(r"\s*$", tail):
            return None
        single = len(name.split()) < 2
        if single and (_CALENDAR.fullmatch(name.lower().strip(QUOTES)) or _SENTENCE.match(tail)):
            return None
        end = _CLAUSE_END if single else _NAME_END
        if not re.search("©|copyright", low[start:position]) and not end.match(tail):
            return None
        return name if not re.search(ANY_MARK, name) else None

    def organisation(self, name: str) -> bool:
        """Whether a name ends with a word for a newspaper, a station, a company."""
        return any(name.endswith(word) for word in self.lexicon.organisations if len(word) > 1 or word in "台社报网")

    def residue(self, text: str) -> str:
        """The letters that are neither marks nor the small words of credit lines."""
        rest = re.sub(f"{ANY_MARK}|[\\d]", " ", text)
        rest = self.lexicon.filler.blank(rest)
        rest = re.sub(rf"{ALPHA}+", _weigh, rest)
        return re.sub(r"[\W_]+", "", rest)


def _weigh(match: re.Match[str]) -> str:
    """A word of a spaced script weighs as two Han characters; a lone letter weighs nothing."""
    return "xx" if len(match[0]) > 1 else " "
