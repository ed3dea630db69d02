"""Credits without labels: a line that is nothing but names, titles, addresses and the small words of credit lines.

A name is credited, too, where it signs the unit, heads it, or stands beside the registered address or title. Everything
else is a topic of the text.
"""

from __future__ import annotations

import re

from .credit_model import UnitReading
from .entities import BOTH, LINK, NAMES, OWNER, SOURCE, TITLE
from .label_scope import OPENING
from .lexicon import ALL_KINDS, Lexicon
from .person_names import NameClassifier

_SIGNATURE = re.compile(r"[.!?。…\"'”»」』]\s*-{1,3}\s*([^-]{1,120})$")
_UNKNOWN_LABEL = re.compile(rf"^\W*([^:\ue000-\ue0ff]{{2,40}}):\s*[{OWNER}{BOTH}]")
_OWNER_AND_SOURCE_FIRST = re.compile(rf"[\s{re.escape(OPENING)}]*[{OWNER}{BOTH}][\s/|,·>»”」』)-]+[{SOURCE}]")
_NAME_AND_COLON_FIRST = re.compile(rf"[\s{re.escape(OPENING)}#]*[{OWNER}{SOURCE}{BOTH}][\s\"'”»」』\])*_{LINK}]*:")
_DIRECT_SPEECH = re.compile(r"[:,]?\s*[“\"«„「『]\s*\w")
_OPEN_NAME = re.compile(f"[{OWNER}{SOURCE}{BOTH}]")
_QUOTED_TITLE = re.compile(rf"[《〈「『“\"«„'*_#‘]\s*{TITLE}")
# Residue (one unknown word or three Han characters make 2 or 3) that a unit may have besides names and small words:
_MAX_RESIDUE_OF_CREDIT_LINE = 3
_MAX_RESIDUE_OF_SIGNATURE = 4
_MAX_RESIDUE_OF_TITLE_LINE = 4
_MAX_RESIDUE_BESIDE_TITLE = 40
_MAX_RESIDUE_BESIDE_CREDIT = 14


class UnlabelledNameReader:
    """Reads the names that no label speaks of, and whether a unit gives the title as a title."""

    def __init__(self, lexicon: Lexicon, *, quotation: bool) -> None:
        """Take the lexicon, and whether the post quotes the work: a quotation names its author in running text."""
        self.names = NameClassifier(lexicon)
        self.quotation = quotation

    def read(self, reading: UnitReading) -> None:
        """Add the credits of the names of owner and source that are not resolved yet. To be called after the labels."""
        tagged = reading.tagged
        if not tagged.entities:
            return
        residue = self._residue(reading)
        pure = len(residue) <= _MAX_RESIDUE_OF_CREDIT_LINE
        reading.is_credit_line = pure or bool(reading.credits)
        names = _open_names(reading)
        if not names or reading.doubted or tagged.unit.hint == "title" or self._has_unknown_label(reading):
            return
        certain = pure
        signature = self._signature(tagged.low)
        if signature is not None and not reading.topical:
            signing = [i for i in names if i >= signature]
            certain = bool(signing)
        else:
            signing = names
        if (certain and not reading.topical) or self._is_credit(reading, names, len(residue)):
            reading.is_credit_line = True
            for i in signing:
                reading.credit_name(i, "source" if tagged.low[i] == SOURCE else "author", ALL_KINDS)

    def _residue(self, reading: UnitReading) -> str:
        """The text that names, small words, labels and the names of other people do not account for."""
        low = reading.tagged.low
        kept = [True] * len(low)
        for start, end in reading.consumed:
            for i in range(start, min(end, len(low))):
                kept[i] = low[i] in NAMES
        return self.names.residue("".join(c if keep else " " for c, keep in zip(low, kept, strict=True)))

    def _has_unknown_label(self, reading: UnitReading) -> bool:
        """Whether the unit begins with a label of a role that no lexicon knows."""
        tagged = reading.tagged
        unknown = _UNKNOWN_LABEL.match(tagged.low)
        if not unknown or tagged.has_exact_link() or tagged.has("identifier", "title"):
            return False
        return bool(self.names.residue(unknown[1]))

    def _signature(self, low: str) -> int | None:
        """Where a signature begins that ends the unit: `` - X`` after the end of a sentence."""
        signed = _SIGNATURE.search(low)
        if signed is None or signed.start() == 0 or len(self.names.residue(signed[1])) > _MAX_RESIDUE_OF_SIGNATURE:
            return None
        return signed.start(1)

    def _is_credit(self, reading: UnitReading, names: list[int], residue: int) -> bool:
        """Whether the names of a unit that has other words as well are credited."""
        tagged = reading.tagged
        if tagged.has_exact_link() or tagged.has("identifier"):
            return True
        credited = any(c.credits_owner or c.credits_source for c in reading.credits)
        if credited and residue <= _MAX_RESIDUE_BESIDE_CREDIT:
            return True
        if not reading.topical and (
            _NAME_AND_COLON_FIRST.match(tagged.low) or _OWNER_AND_SOURCE_FIRST.match(tagged.low)
        ):
            return True
        owner_named = any(tagged.low[i] in OWNER + BOTH for i in names) or any(c.credits_owner for c in reading.credits)
        return owner_named and self._is_beside_title_or_speech(reading, residue)

    def _is_beside_title_or_speech(self, reading: UnitReading, residue: int) -> bool:
        tagged = reading.tagged
        if self.quotation:
            return tagged.has("title") or (not reading.topical and _DIRECT_SPEECH.search(tagged.low) is not None)
        return tagged.has("title") and not reading.topical and residue <= _MAX_RESIDUE_BESIDE_TITLE

    def names_title(self, reading: UnitReading) -> bool:
        """Whether the title stands there as a title: in a credit line, a heading, quotation marks or by itself."""
        tagged = reading.tagged
        if TITLE not in tagged.low:
            return False
        if reading.is_credit_line or tagged.unit.heading or tagged.unit.hint == "title":
            return True
        if _QUOTED_TITLE.search(tagged.low):
            return True
        return len(self.names.residue(tagged.low)) <= _MAX_RESIDUE_OF_TITLE_LINE


def _open_names(reading: UnitReading) -> list[int]:
    """The positions of the names of owner and source that no label has resolved."""
    return [m.start() for m in _OPEN_NAME.finditer(reading.tagged.low) if m.start() not in reading.resolved]
