"""Two passages side by side for a person: which words of one stand in the other, in order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

from ..unicode.folding import fold

# A Han character or kana stands for itself; elsewhere a word is a run of letters, whatever is invisible between them.
_DENSE = "\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"
_UNSEEN = "\u0000\u00ad\u180e\u200b-\u200f\u2060-\u2064\ufeff\u0300-\u036f"
_WORD = re.compile(rf"[{_DENSE}]|(?:[^\W{_DENSE}_][{_UNSEEN}]*)+")


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a text.

    Attributes:
        text: its characters; NUL stands for one that a reader does not see.
        shared: half-open ranges in ``text`` of the words that the other passage has as well, ascending.
    """

    text: str
    shared: tuple[tuple[int, int], ...]


def compare(upload: str, work: str) -> tuple[Passage, Passage]:
    """Mark the words that two passages of a few thousand characters share, by Ratcliff and Obershelp's method."""
    mine, theirs = list(_WORD.finditer(upload)), list(_WORD.finditer(work))
    matcher = SequenceMatcher(None, [fold(w[0]) for w in mine], [fold(w[0]) for w in theirs], autojunk=False)
    blocks = [block for block in matcher.get_matching_blocks() if block.size]
    return (
        Passage(upload, tuple((mine[b.a].start(), mine[b.a + b.size - 1].end()) for b in blocks)),
        Passage(work, tuple((theirs[b.b].start(), theirs[b.b + b.size - 1].end()) for b in blocks)),
    )
