"""Names of other people: what looks like one, and what names nobody."""

from __future__ import annotations

import re

from .entities import ACCOUNT, ANY_ENTITY, LINK, TITLE
from .lexicon import Lexicon
from .normalization import ALPHA, DENSE, HANGUL, collapse_spaces

QUOTES = " \t\"'“”«»‹›「」『』《》〈〉()[]{}*_~.,:;|/-·@#=<>【】!?"
_CAPITAL = r"(?:[A-ZА-ЯІЇЄΑ-Ω])"
_PARTICLE = "de|da|do|dos|di|del|della|van|von|der|den|bin|al|el|la|le|of|y|du|des|&"
# In a script with capitals, as the normalized text has it.
LATIN_NAME = (
    rf"(?:(?:the|The|Die|Der|Das|Le|La|El|L'|Il)\s+)?{_CAPITAL}[\w'.-]*"
    rf"(?:\s+(?:(?:{_PARTICLE})\s+){{0,2}}{_CAPITAL}[\w'.&-]*){{0,4}}"
)
_LATIN = re.compile(LATIN_NAME)
# "By our columnist Ruth Calder", "shot by my friend, Ruth Calder"
_OUR = re.compile(
    r"(?:[oO]ur|[mM]y|[uU]nser\w*|[mM]ein\w*|[nN]otre|[nN]os|[mM]on|[mM]a|[nN]uestr[oa]s?|[mM]i|[nN]ostr[oa]|[nN]oss[oa]|"
    r"[mM]inh[ao]|[oO]nze|[mM]ijn|[nN]aš\w*|[нН]аш\w*|[мМ]о\w{1,3})\s+(?:[^\W\d_A-ZА-ЯІЇЄΑ-Ω][\w'-]*\s*,?\s+){0,3}(?:,\s*)?",
)
# A name of two to four words of a script without capitals, one or two in Hangul.
_BARE = re.compile(rf"[^\W\d_a-z]{{2,14}}(?: [^\W\d_a-z]{{2,14}}){{1,3}}|[{HANGUL}]{{3,4}}", re.IGNORECASE)
_DENSE = re.compile(f"[{DENSE}]")
_DENSE_NAME = re.compile(rf"([{DENSE}·]{{2,8}})\s*(?:$|[,;、|/()。!?])")
_MAX_DENSE_PERSON = 4  # characters of a person's name in Han or kana; an organisation's is longer
_BEFORE_NAME = " \"'“«„「『《:"
_HANDLE = re.compile(rf"@[\w{DENSE}{HANGUL}][\w.{DENSE}{HANGUL}-]{{1,39}}")
_MAX_NAME = 120  # code points after a label that are looked at
_DECORATIONS = "📷📸🎵✍️✏️🖊©♪♫♬🎶"  # what stands before the label of a credit line
_NO_DENSE_NAME = "[的了是在很和不就也都这那它]"
_CLAUSE_END = re.compile(rf"[\"'”»」』》]?\s*(?:$|[.;,|/()\n{LINK}])")
_NAME_END = re.compile(
    rf"[\"'”»」』》]?\s*(?:$|[.;,|/()\n{LINK}]|staff|for |in |and |from |via |on |who |- |'s? |für |geschrieben)"
)
_NO_NAME = frozenset(["the", "a", "an", "this", "how", "why", "what"])  # a weak label before these introduces a title
# "By Dover, the fog was gone": a sentence goes on like that, no credit does.
_SENTENCE = re.compile(r",\s+[a-z]+(?:\s+[a-z]+){2}")
_CALENDAR = re.compile(
    "(?:mon|tues|wednes|thurs|fri|satur|sun)day|january|february|march|april|may|june|july|august|"
    "(?:septem|octo|novem|decem)ber|spring|summer|autumn|winter|christmas|easter"
)
_MODEL = re.compile(r"(?:[\s-]+(?:\w*\d\w*|[ivx]{1,4}|mark|pro|max|plus|mini|ultra|eos|alpha|cam))+")
_OTHER_SCRIPTS = re.compile(f"[{HANGUL}\u0590-\u06ff\u0900-\u0e7f]")


class NameClassifier:
    """Classifies pieces of normalized text with the lexicon."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon

    def is_generic(self, text: str) -> bool:
        """Whether a name names nobody: the internet, a friend, unknown."""
        low = text.lower().strip(QUOTES)
        if not low or self.lexicon.brand.is_word(low):
            return True
        if self.lexicon.agency.has(low):
            return False
        brand = self.lexicon.brand.match(low)
        if brand and _MODEL.fullmatch(low, brand.end()):
            return True  # the camera or the phone that something was taken with
        rest = self.lexicon.generic.blank(low)
        if rest == low:
            return self.lexicon.brand.has(low) and len(self.residue(self.lexicon.brand.blank(low))) == 0
        allowed = 0 if _OTHER_SCRIPTS.search(low) else 2  # पाठक is a reader, and a name
        return len(self.residue(self.lexicon.brand.blank(rest))) <= allowed

    def looks_like_name(self, text: str, *, strong: bool) -> bool:
        """Whether a text can be somebody's name: not too long, no title, no number, capitals where there are any.

        Args:
            strong: it stands beside a strong label, and may be longer.
        """
        if len(re.findall(r"\w", text)) < 2 and not re.search(f"[{DENSE}{HANGUL}]", text):
            return False
        if re.search(r"^(?:19|20)\d\d\b", text) or not re.search(r"[^\W\d_]", text):
            return False
        if self.lexicon.filler.is_word(text.lower()):
            return False
        if self.lexicon.agency.is_word(text.lower()):
            return True
        if _DENSE.search(text):
            return len(text) <= (20 if strong else 10)
        words = text.split()
        if _OTHER_SCRIPTS.search(text):
            return len(words) <= 4
        capitals = sum(1 for w in words if re.match(r"[^a-z]", w))
        if not strong and (len(words) > 4 or words[0].lower() in _NO_NAME):
            return False
        return len(words) <= 7 and (capitals * 2 >= len(words) or text.startswith("@") or (len(words) == 1 and strong))

    def name_after_label(self, cased: str, low: str, start: int, end: int) -> str | None:
        """A name that follows a strong label without a separator at the start of a clause; None if there is none.

        Args:
            cased, low: a tagged unit with and without its case.
            start, end: the span of the label.
        """
        lead = re.sub(r"#[^#\s]{1,20}#", "", low[:start]).strip(QUOTES + _DECORATIONS + TITLE)
        for_account = ACCOUNT in lead and not self.residue(lead)  # "ghostwritten for the Post by Ruth Calder"
        if lead and not (for_account or re.search(r"[.;,|。]\s*$", low[:start])):
            return None
        label, rest = low[start:end], cased[end : end + _MAX_NAME].lstrip(_BEFORE_NAME)
        platform = self.lexicon.brand.match(rest.lower())
        if platform:  # "reposted from Weibo @somebody"
            rest = rest[platform.end() :].lstrip(_BEFORE_NAME)
        handle = _HANDLE.match(rest)
        if handle:
            return handle[0]
        unspaced = _DENSE_NAME.match(rest)
        if unspaced and _DENSE.search(label):
            return self._dense_name(unspaced[1])
        bare = self._bare_name(rest) if collapse_spaces(label) in self.lexicon.bare else None
        return bare or self._capitalised_name(label, rest)

    def _dense_name(self, name: str) -> str | None:
        known = self.lexicon.filler.match(name.lower()) or re.search(_NO_DENSE_NAME, name)
        return name if not known and (len(name) <= _MAX_DENSE_PERSON or self.is_organisation(name)) else None

    def _bare_name(self, rest: str) -> str | None:
        """A name in a script without capitals that ends the line."""
        whole = re.fullmatch(_BARE, rest.strip(QUOTES + "\n"))
        if whole and not any(self.lexicon.filler.is_word(w) for w in whole[0].lower().split()):
            return whole[0]
        return None

    def _capitalised_name(self, label: str, rest: str) -> str | None:
        ours = _OUR.match(rest)
        rest = rest[ours.end() :] if ours else rest
        found = _LATIN.match(rest)
        if found is None:
            return None
        name, tail = found[0].strip(), rest[found.end() :]
        if _DENSE.search(label) and tail.strip():
            return None
        single = len(name.split()) < 2
        if single and (_CALENDAR.fullmatch(name.lower().strip(QUOTES)) or _SENTENCE.match(tail)):
            return None
        end = _CLAUSE_END if single else _NAME_END
        if not re.search("©|copyright", label) and not end.match(tail):
            return None
        return name if not re.search(ANY_ENTITY, name) else None

    def is_organisation(self, name: str) -> bool:
        """Whether a name ends with a word for a newspaper, a station, a company."""
        return any(name.endswith(word) for word in self.lexicon.organisations if len(word) > 1 or word in "台社报网")

    def residue(self, text: str) -> str:
        """A tagged text without entities and the small words of credit lines; two letters stand for each word left."""
        rest = re.sub(f"{ANY_ENTITY}|[\\d]", " ", text)
        rest = self.lexicon.filler.blank(rest)
        rest = re.sub(rf"{ALPHA}+", _word_residue, rest)
        return re.sub(r"[\W_]+", "", rest)


def _word_residue(match: re.Match[str]) -> str:
    """A word of a spaced script counts as two Han characters; a lone letter does not count."""
    return "xx" if len(match[0]) > 1 else " "
