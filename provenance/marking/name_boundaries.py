"""Whether a name found in a text stands there by itself, or is a part of a longer name."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set

from .entities import ANY_ENTITY
from .lexicon import Lexicon
from .name_patterns import Name
from .normalization import ALPHA, DENSE, HANGUL, collapse_spaces, lower
from .spaced_out import Handle

HOLE = "\ue0ff"  # stands for an address that was taken out of a text
_CLAUSE_END = re.compile(r"\s*(?:$|[.,;|/()\n!?])")
_CAPITAL = "[A-ZА-ЯЁІЇЄΑ-Ω]"
_BEFORE_NAME = re.compile(rf"\s*[:=»>·-]|\s+(?:{_CAPITAL}|@|{ANY_ENTITY}|{HOLE})")  # what a label is followed by
_UNCASED = re.compile("[\u0590-\u0dff]")  # Hebrew, Arabic, the Indic scripts
_CLAUSE_EDGE = re.compile(r"[.;|/\n(]")
_LAST_WORD = re.compile(rf" [^\W\d_]+{_CLAUSE_END.pattern}")
# Prepositions and "and" written together with the word after them, in Arabic and Hebrew.
_JOINED_PREFIX = re.compile(r"(?:^|[^\w])(?:[وبلفك]{1,2}|لل|[ושהכלבמ]{1,3}-?)$")
_UNSPACED = re.compile(f"[{DENSE}{HANGUL}]")
_HANGUL = re.compile(f"[{HANGUL}]+")
_LETTER = re.compile(ALPHA)
_SENTENCE_START = re.compile(r"(?:^|[.!?:;|>)(\"“-])\s*$")
# "on the River Post Facebook page"
_PLATFORM_PLACE = re.compile(
    r"(?:facebook|instagram|twitter|x|threads|tiktok|youtube|telegram|substack|linkedin|wechat|weibo|vk)"
    r" (?:page|account|feed|channel|profile|group|post|newsletter)\b"
)
_MIN_HANDLE = 6  # code points of a name after @ that is taken for the name and not for a part of a handle
_MAX_SUFFIX = 16  # code points of a word of the lexicon that is looked for before or at the end of a name


def ends_with(text: str, words: Set[str]) -> bool:
    """Whether a text ends with one of some words, as a whole word in scripts that put spaces between words."""
    return any(text[-n:] in words and _begins_word(text, n) for n in range(1, min(_MAX_SUFFIX, len(text)) + 1))


def _begins_word(text: str, n: int) -> bool:
    """The last n code points of a text begin a word (always, in Han and kana)."""
    return n == len(text) or not _LETTER.match(text[-n]) or not _LETTER.match(text[-n - 1])


class NameBoundaries:
    """Judges the places around names of one work, with the lexicon and the work's other names."""

    def __init__(self, lexicon: Lexicon, entities: Sequence[Name | Handle], names: Sequence[Name | Handle]) -> None:
        """Take what finds all entities of the work, and of those among them that are names of its parties."""
        self.lexicon = lexicon
        self._entities = entities
        self._names = names

    def is_whole(self, low: str, cased: str, span: tuple[int, int], *, unspaced: bool) -> bool:
        """Whether a name at a span stands there by itself.

        Args:
            low, cased: the normalized text in lower case and with its case, of the same length.
            unspaced: the name is written in a script without spaces between words, or in Hangul.
        """
        if unspaced:
            return self._left_unspaced(low, span[0]) and self._right_unspaced(low, span[1])
        return self._whole_in_words(low, cased, *span)

    # scripts with spaces between words

    def _whole_in_words(self, low: str, cased: str, a: int, b: int) -> bool:
        left, right = low[a - 1 : a], low[b : b + 1]
        if self._joined(low, a, b):
            return False
        if left == "@":  # of a handle: a long name by itself, or a name that is a handle
            return low[a] == "@" or (b - a >= _MIN_HANDLE and not re.match(r"[\w.-]\w", low[b : b + 2]))
        if left == "#" and right and re.match(r"\w", right):
            return True
        return not self._has_longer_name(low, cased, a, b)

    def _joined(self, low: str, a: int, b: int) -> bool:
        """Whether letters or a hyphen join the name to a word beside it."""
        left, right = low[a - 1 : a], low[b : b + 1]
        if left and _LETTER.match(left) and not _JOINED_PREFIX.search(low[max(0, a - 3) : a]):
            return True
        if right and _LETTER.match(right):
            return True
        hyphen_after = right == "-" and _LETTER.match(low[b + 1 : b + 2])
        hyphen_before = left == "-" and _LETTER.match(low[a - 2 : a - 1])
        return bool(hyphen_after or hyphen_before)

    def _has_longer_name(self, low: str, cased: str, a: int, b: int) -> bool:
        """A capitalised neighbour that is no known word makes it another, longer name.

        Scripts without capitals: one more word between a label with a name and the end of the clause does.
        """
        if _UNCASED.match(low, a):
            label = collapse_spaces(_CLAUSE_EDGE.split(low[max(0, a - 60) : a])[-1].strip(" :-"))
            labelled = label in self.lexicon.prefix_labels.words and _LAST_WORD.match(low, b) is not None
            return labelled and not self._is_known_word(low, cased, b + 1)
        after = re.match(rf" ({_CAPITAL}[\w'.-]*)", cased[b : b + 40])
        if after and not self._is_known_word(low, cased, b + 1):
            return True
        return self._has_name_before(low, cased, a, b)

    def _has_name_before(self, low: str, cased: str, a: int, b: int) -> bool:
        before = re.search(rf"(?:^|[^\w.'-])({_CAPITAL}[\w'-]*\.?) $", cased[max(0, a - 40) : a])
        if not before:
            return False
        starts_sentence = _SENTENCE_START.search(cased[max(0, a - 80) : max(0, a - 1 - len(before[1]))]) is not None
        if lower(before[1]).strip(".") in self.lexicon.vocabulary or (starts_sentence and len(low) - b > 2):
            return False
        return not ends_with(low[:a].rstrip(), self.lexicon.vocabulary)

    def _is_known_word(self, low: str, cased: str, start: int) -> bool:
        """Whether the capitalised word that begins here is no part of the name before it.

        It is another of the work's names, or a word of the lexicon that is used as one: a word that ends the clause is
        a surname (Vy Anh, though ảnh is a photo), but for labels that stand after names (Ruth Calder Photography).
        """
        word = self.lexicon.trailing.match(low, start)
        if _PLATFORM_PLACE.match(low, start):
            return True
        if word and self.lexicon.is_suffix_label(collapse_spaces(word[0])):
            return True
        if word and not _CLAUSE_END.match(low, word.end()):
            filler = collapse_spaces(word[0]) in self.lexicon.fillers
            return filler or _BEFORE_NAME.match(cased, word.end()) is not None
        return any(pattern.matches(low, start) for pattern in self._entities)

    # scripts without spaces between words, and Hangul

    def _left_unspaced(self, low: str, a: int) -> bool:
        left = low[a - 1 : a]
        if not left or not _UNSPACED.match(left):
            return True
        if _HANGUL.match(left):
            return False
        return ends_with(low[:a], self.lexicon.vocabulary) or self._ends_with_name(low, a)

    def _ends_with_name(self, low: str, a: int) -> bool:
        near = low[max(0, a - 40) : a]
        return any(end == len(near) for pattern in self._names for _, end in pattern.spans(near))

    def _right_unspaced(self, low: str, b: int) -> bool:
        right = low[b : b + 1]
        if not right or not _UNSPACED.match(right):
            return True
        if _HANGUL.match(right):
            word = _HANGUL.match(low[b : b + 12])
            return word is not None and word[0] in self.lexicon.followers
        tail = low[b : b + 8]
        following = [w for w in self.lexicon.followers if tail.startswith(w)]
        # one letter at the end of a clause is the last of a longer name, unless it is a label: 许望归来, but 许望归著
        last = (
            following == [tail[0]]
            and re.match(r"\s*(?:$|[。.,;|/\n])", tail[1:])
            and not self.lexicon.is_suffix_label(tail[0])
        )
        return (bool(following) and not last) or any(pattern.matches(low, b) for pattern in self._names)
