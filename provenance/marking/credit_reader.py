"""Who is credited in a tagged unit, in which role, for which kinds of work; and the other statements of the unit.

A name counts as credited when a label stands before or after it (``文:``, ``by``, ``著``), when the unit is nothing but
names, titles, addresses and the small words of credit lines, or when it stands beside the registered address or title.
Everything else is a topic of the text.
"""

from __future__ import annotations

import re

from .credit_model import Span, Statement, UnitReading
from .datelines import DatelineReader
from .entities import BOTH, OWNER, TaggedUnit
from .labelled_names import PrefixLabelReader, SuffixLabelReader
from .lexicon import Lexicon, PhraseMatches
from .licences import negated
from .strangers import StrangerReader
from .unlabelled_names import UnlabelledNameReader

_OWNER = re.compile(f"[{OWNER}{BOTH}]")
_QUESTION = re.compile(rf"[{OWNER}{BOTH}][\s\"'”’»」』)]*\?\W*$")  # "Written by X?"
_MAX_HEADING_START = 6  # code points before "Read next" in a heading of links to other posts


class CreditReader:
    """Reads the tagged units of a post.

    Args:
        lang: the language of the post, a BCP 47 tag.
        quotation: the post quotes the work.
    """

    def __init__(self, lexicon: Lexicon, lang: str | None = None, *, quotation: bool = False) -> None:
        self.lexicon = lexicon
        self.lang = (lang or "").replace("_", "-").split("-")[0].lower() or None
        self._datelines = DatelineReader(lexicon)
        self._prefix_labels = PrefixLabelReader(lexicon, self.lang)
        self._suffix_labels = SuffixLabelReader(lexicon, self.lang)
        self._strangers = StrangerReader(lexicon, quotation=quotation)
        self._unlabelled = UnlabelledNameReader(lexicon, quotation=quotation)

    def read(self, tagged: TaggedUnit, matches: PhraseMatches | None = None) -> UnitReading:
        """All credits and statements of a unit.

        Args:
            matches: what of the lexicon is in the unit, where that was looked for already.
        """
        matches = matches or self.lexicon.match_all([tagged.low])[0]
        reading = self._statements(tagged, matches)
        if self._heads_other_posts(reading):
            reading.statements = [s for s in reading.statements if s.category == "related"]
            return reading
        if _OWNER.search(tagged.low) and self.lexicon.negates_owner(tagged.low, self.lang):
            reading.phrases.setdefault("denial", []).append((0, 0))
        self._datelines.read(reading)
        self._prefix_labels.read(reading, matches.labels)
        self._suffix_labels.read(reading)
        self._suffix_labels.read_other_names(reading)
        self._strangers.read(reading)
        self._unlabelled.read(reading)
        reading.names_title = self._unlabelled.names_title(reading)
        return reading

    def _statements(self, tagged: TaggedUnit, matches: PhraseMatches) -> UnitReading:
        """The unit with the statements that its phrases make."""
        phrases: dict[str, list[Span]] = self.lexicon.categories(matches.phrases, self.lang)
        if all(negated(tagged.low, start) for start, _ in phrases.get("free_use", ())):
            phrases.pop("free_use", None)
        if _QUESTION.search(tagged.low):  # it credits nobody
            phrases.setdefault("doubt", []).append((len(tagged.low) - 1, len(tagged.low)))
        statements = [Statement(tagged, category, tagged.offset(spans[0][0])) for category, spans in phrases.items()]
        return UnitReading(tagged, phrases, statements=statements)

    def _heads_other_posts(self, reading: UnitReading) -> bool:
        """Whether the unit is a heading such as "Read next"."""
        related = reading.phrases.get("related")
        return related is not None and related[0][0] < _MAX_HEADING_START and not reading.tagged.has("link")
