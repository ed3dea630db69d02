"""Messages in the language of whoever reads them: gettext catalogues, English as the source text.

The catalogue is read from its source (.po) when the first message of its language is asked for; English reads nothing.
"""

from __future__ import annotations

import io
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from typing import Literal

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")
_DOMAIN = "sourcemark"


@cache
def translations(language: Language) -> NullTranslations:
    """The messages of a language: itself for English."""
    if language == "en":
        return NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    source = files("provenance") / "locale" / language / "LC_MESSAGES" / f"{_DOMAIN}.po"
    compiled = io.BytesIO()
    with source.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language, domain=_DOMAIN))
    compiled.seek(0)
    return GNUTranslations(compiled)


def preferred(accepted: str) -> Language:
    """The language of an Accept-Language header (RFC 9110, 12.5.4) that is here; English where none is.

    Args:
        accepted: the header; may be empty.
    """
    best: tuple[float, Language] = (0.0, "en")
    for each in accepted.split(",")[:20]:
        tag, _, weight = each.strip().partition(";")
        language = tag.strip().lower().partition("-")[0]
        try:
            quality = float(weight.strip().removeprefix("q=")) if weight else 1.0
        except ValueError:
            continue
        for known in LANGUAGES:
            if language == known and quality > best[0]:
                best = quality, known
    return best[1]
