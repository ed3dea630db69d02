"""Sets of phrases, matched in normalized text.

A phrase is matched as a whole in scripts that put spaces between words, anywhere in Han and kana, at the start of a
word in Hangul. One regular expression for tens of thousands of phrases takes a second to compile; so phrases are
indexed by what they begin with, and only the few small patterns whose index key occurs in a text are compiled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from operator import add
from typing import Any

from .normalization import ALPHA, DENSE, HANGUL, SPACES

_RUN = re.compile(f"{ALPHA}+")
_LETTER = re.compile(ALPHA)
_SYLLABLE = re.compile(f"[{HANGUL}]")
_UNSPACED = re.compile(f"[{DENSE}{HANGUL}]")


def index_key(word: str) -> str:
    """What a phrase is indexed by: its first run of letters, its first two characters in unspaced scripts, its sign."""
    run = _RUN.match(word)
    if run:
        return run[0]
    return word[:2] if word[1:2].strip() and _UNSPACED.match(word) else word[0]


def shared_key_pattern(words: Iterable[str]) -> str:
    """A pattern for phrases with the same index key, the longest first.

    It starts with the key, so that the engine's search for a literal prefix applies.
    """
    words = list(words)
    key = index_key(words[0])
    # a space of the key may be any white space; keys other than signs have none
    head = re.escape(key)
    if _LETTER.match(key):
        head += f"(?<!{ALPHA}{head})"
    elif _SYLLABLE.match(key):
        head += f"(?<![{HANGUL}]{head})"
    root: dict[str, Any] = {}
    for word in words:
        node = root
        for char in word[len(key) :]:
            node = node.setdefault(char, {})
        node[""] = f"(?!{ALPHA})" if _LETTER.match(word[-1]) else ""
    return head + _render(root)


def _render(node: dict[str, Any]) -> str:
    options = [
        (r"\s+" if char == " " else re.escape(char)) + _render(child) for char, child in sorted(node.items()) if char
    ]
    if "" in node:
        options.append(node[""])
    return options[0] if len(options) == 1 else f"(?:{'|'.join(options)})"


def alternatives(words: Iterable[str]) -> str:
    """One pattern for a small set of phrases, to be a part of a larger one."""
    groups: dict[str, list[str]] = {}
    for word in words:
        groups.setdefault(index_key(word), []).append(word)
    return "|".join(shared_key_pattern(group) for _, group in sorted(groups.items(), reverse=True)) or "(?!)"


class IndexedText:
    """A text with the index keys that occur in it: its runs of letters, its characters and their pairs."""

    __slots__ = ("others", "runs", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.runs = frozenset(_RUN.findall(text))
        self.others = {*text, *map(add, text, text[1:])}

    def may_contain(self, word: str) -> bool:
        """Whether a phrase with the index key of this one can be in the text."""
        key = index_key(word)
        return key in self.runs or key in self.others


class PhraseMatcher:
    """Matches a set of normalized phrases."""

    def __init__(self, words: Iterable[str]) -> None:
        self.words = frozenset(words)
        self._patterns: dict[str, re.Pattern[str]] = {}

    @cached_property
    def _index(self) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
        """The phrases by their first run of letters; the others by the other kinds of `index_key`."""
        runs: dict[str, list[str]] = {}
        others: dict[str, list[str]] = {}
        for word in self.words:
            key = index_key(word)
            (runs if _LETTER.match(key) else others).setdefault(key, []).append(word)
        return runs, others

    def _pattern(self, key: str) -> re.Pattern[str]:
        found = self._patterns.get(key)
        if found is None:
            runs, others = self._index
            found = self._patterns[key] = re.compile(shared_key_pattern(runs.get(key) or others[key]))
        return found

    def _patterns_in(self, indexed: IndexedText) -> Iterator[re.Pattern[str]]:
        runs, others = self._index
        yield from map(self._pattern, runs.keys() & indexed.runs)
        yield from map(self._pattern, others.keys() & indexed.others)

    def find(self, text: IndexedText | str) -> list[re.Match[str]]:
        """The phrases of a text in order, leftmost and longest first; none overlaps another."""
        indexed = IndexedText(text) if isinstance(text, str) else text
        found: list[re.Match[str]] = []
        for tried in self._patterns_in(indexed):
            found += tried.finditer(indexed.text)
        found.sort(key=lambda m: (m.start(), -m.end()))
        kept, end = [], 0
        for match in found:
            if match.start() >= end:
                kept.append(match)
                end = match.end()
        return kept

    def match(self, text: str, position: int = 0) -> re.Match[str] | None:
        """The longest phrase that begins at a position."""
        found = None
        runs, others = self._index
        run = _RUN.match(text, position)
        for key in (run[0] if run else "", text[position : position + 2], text[position : position + 1]):
            if key in runs or key in others:
                match = self._pattern(key).match(text, position)
                if match and (found is None or match.end() > found.end()):
                    found = match
        return found

    def has(self, text: str) -> bool:
        """Whether any of the phrases is in a text."""
        return any(tried.search(text) is not None for tried in self._patterns_in(IndexedText(text)))

    def is_word(self, text: str) -> bool:
        """Whether a text is one of the phrases."""
        return SPACES.sub(" ", text) in self.words

    def blank(self, text: str) -> str:
        """A text with a space in place of every phrase."""
        parts, at = [], 0
        for match in self.find(text):
            parts.append(text[at : match.start()])
            at = match.end()
        return " ".join((*parts, text[at:]))
