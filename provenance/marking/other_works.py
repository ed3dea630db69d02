"""The credits of the other works that a post shows: they say nothing of this one, least of all its licence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from .entities import TaggedUnit
from .entity_tagger import EntityTagger
from .lexicon import Lexicon
from .model import Post, Work
from .name_patterns import name_pattern
from .normalization import fold, fold_name


@dataclass
class _OtherWork:
    """A work that is shown beside this one; its names are looked for when some unit may name it."""

    work: Work
    post: Post
    lexicon: Lexicon

    @cached_property
    def owner(self) -> str:
        return fold_name(self.work.owner)

    @cached_property
    def _signs(self) -> list[str]:
        """Of its addresses what no normalization takes away: the end of the path."""
        return [fold(url).rstrip("/").rpartition("/")[2] for url in self.work.source_urls]

    @cached_property
    def _tagger(self) -> EntityTagger:
        return EntityTagger(self.work, self.post, self.lexicon)

    def is_named_in(self, tagged: TaggedUnit) -> bool:
        """Whether a unit has an address or an identifier of the work, or its title and its owner."""
        low = fold(tagged.unit.text)
        title = name_pattern(self.work.title)
        links = " ".join(fold(href) for _, _, href in tagged.unit.links)
        may_be = self.work.identifiers or any(sign in low or sign in links for sign in self._signs)
        if not may_be and (title is None or next(title.spans(low), None) is None):
            return False
        return names(self._tagger.tag(tagged.unit))


def names(tagged: TaggedUnit) -> bool:
    """Whether a unit names one work: by an address, an identifier, or title and owner together."""
    if tagged.has_exact_link() or tagged.has("identifier"):
        return True
    return tagged.has("title") and tagged.has("owner", "both")


class OtherWorks:
    """Tells the credits of other works in one post."""

    def __init__(self, work: Work, post: Post, lexicon: Lexicon) -> None:
        self._owner = fold_name(work.owner)
        self._others: Sequence[_OtherWork] = [_OtherWork(other, post, lexicon) for other in post.others]

    def has_credit_in(self, tagged: TaggedUnit) -> bool:
        """Whether a unit names another work and not this one.

        Args:
            tagged: with the entities of this work.
        """
        if not self._others or tagged.has_exact_link() or tagged.has("identifier", "title"):
            return False
        named = tagged.has("owner", "both")
        return any(other.is_named_in(tagged) for other in self._others if not named or other.owner == self._owner)
