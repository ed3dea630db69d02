"""Patterns that find a name in normalized text in the forms that a language gives it, and an identifier."""

from __future__ import annotations

import re
from functools import lru_cache

from .normalization import collapse_spaces, fold, is_dense

_MAX_INFLECTED = 120  # code points of a name; a longer one is compared as it stands, without its other forms
_MIN_IDENTIFIER, _MAX_IDENTIFIER = 6, 200  # letters and digits of an identifier that is looked for
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
    folded = collapse_spaces(fold(name))
    tokens = re.findall(r"[^\W_]+", folded)
    if not tokens:
        return None
    prefix = re.escape("@") if folded.startswith("@") else ""
    if len(folded) > _MAX_INFLECTED:
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


def identifier_pattern(identifier: str) -> re.Pattern[str] | None:
    """DOI, ISBN, ISRC, ISCC ... with or without prefix, hyphens and spaces; None for one too short to be told apart."""
    text = re.sub(
        r"^(?:doi|isbn(?:-1[03])?|issn|isrc|iscc|urn)[:\s]+|^https?://(?:dx\.)?doi\.org/", "", fold(identifier).strip()
    )
    core = re.findall(r"[^\W_]", text)
    if not _MIN_IDENTIFIER <= len(core) <= _MAX_IDENTIFIER:
        return None
    body = r"[\s\-–._/:]{0,2}".join(re.escape(c) for c in core)
    return re.compile(rf"(?<![a-z0-9]){body}(?![a-z0-9])")
