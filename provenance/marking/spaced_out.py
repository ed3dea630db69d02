"""Finds what may be written with signs between its letters, handles, and identifiers, by plain comparison."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from .normalization import fold

_MIN_IDENTIFIER, _MAX_IDENTIFIER = 6, 200  # letters and digits of an identifier that is looked for
_IDENTIFIER_SIGNS, _MAX_IDENTIFIER_SIGNS = "-–._/:", 2  # between two of them, besides spaces
_IDENTIFIER_SCHEME = re.compile(r"^(?:doi|isbn(?:-1[03])?|issn|isrc|iscc|urn)[:\s]+|^https?://(?:dx\.)?doi\.org/")
_CORE = re.compile(r"[^\W_]")
_LETTERS = frozenset(string.ascii_lowercase + string.digits)  # of identifiers
_BEFORE_HANDLE, _AFTER_HANDLE = _LETTERS | {*"_.-"}, _LETTERS | {*"_-"}


@dataclass(frozen=True, slots=True)
class SpacedOut:
    """Letters with a few signs or spaces between any two of them.

    Attributes:
        letters: none of them a sign.
        most: signs and spaces between two letters.
        whole: no letter or digit of ASCII stands on either side.
        prefix: what stands right before.
    """

    letters: str
    signs: str
    most: int
    whole: bool = False
    prefix: str = ""

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where it stands, start and end; no two overlap."""
        packed = _packed(text, self.signs)
        found = packed.find(self.letters)
        if found < 0:
            return
        places, free = _places(text, self.signs), 0
        while found >= 0:
            start = places[found] - len(self.prefix)
            end = self._end(text, start) if start >= free else None
            if end is not None:
                yield start, end
                free = end
            found = packed.find(self.letters, found + (len(self.letters) if end is not None else 1))

    def matches(self, text: str, at: int) -> bool:
        """Whether it begins at a place."""
        return self._end(text, at) is not None

    def is_in(self, text: str) -> bool:
        return next(self.spans(text), None) is not None

    def _end(self, text: str, start: int) -> int | None:
        if not text.startswith(self.prefix + self.letters[0], start):
            return None
        if self.whole and start and text[start - 1] in _LETTERS:
            return None
        at = start + len(self.prefix) + 1
        for letter in self.letters[1:]:
            last = at + self.most
            while at < last and at < len(text) and (text[at] in self.signs or text[at].isspace()):
                at += 1
            if text[at : at + 1] != letter:
                return None
            at += 1
        return None if self.whole and text[at : at + 1] in _LETTERS else at


@lru_cache(maxsize=4)  # a unit is asked for every identifier of a work, one after the other
def _packed(text: str, signs: str) -> str:
    """A text without some signs and spaces."""
    return _signs(signs).sub("", text)


@lru_cache(maxsize=4)
def _places(text: str, signs: str) -> Sequence[int]:
    """Where each code point of `_packed` stands in the text."""
    return [at for at, letter in enumerate(text) if letter not in signs and not letter.isspace()]


@lru_cache
def _signs(signs: str) -> re.Pattern[str]:
    return re.compile(rf"[\s{re.escape(signs)}]+")


@dataclass(frozen=True, slots=True)
class Handle:
    """The name of an account on a platform, with or without the sign before it; no part of a longer one."""

    name: str

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        free, found = 0, text.find(self.name)
        while found >= 0:
            start = found - 1 if found > free and text[found - 1] == "@" else found
            end = self._end(text, start)
            if end is None and start < found:
                start, end = found, self._end(text, found)
            if end is not None:
                yield start, end
                free = end
            found = text.find(self.name, found + 1 if end is None else end)

    def matches(self, text: str, at: int) -> bool:
        return self._end(text, at) is not None

    def _end(self, text: str, start: int) -> int | None:
        name = start + text.startswith("@", start)
        if not text.startswith(self.name, name) or (start and text[start - 1] in _BEFORE_HANDLE):
            return None
        end = name + len(self.name)
        return None if text[end : end + 1] in _AFTER_HANDLE else end


def identifier_pattern(identifier: str) -> SpacedOut | None:
    """DOI, ISBN, ISRC, ISCC ... with or without prefix, hyphens and spaces; None for one too short to be told apart."""
    core = "".join(_CORE.findall(_IDENTIFIER_SCHEME.sub("", fold(identifier).strip())))
    if not _MIN_IDENTIFIER <= len(core) <= _MAX_IDENTIFIER:
        return None
    return SpacedOut(core, _IDENTIFIER_SIGNS, _MAX_IDENTIFIER_SIGNS, whole=True)
