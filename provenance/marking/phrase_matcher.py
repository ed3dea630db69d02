"""Sets of words, found in folded text.

A word is found whole in scripts that put spaces between words, anywhere in Han and kana, at a word's start in Hangul.
One regular expression for tens of thousands of words takes a second to compile; so words are filed by what they begin
with, and only the few small patterns whose beginning occurs in a text are compiled and tried.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from operator import add
from typing import Any

from .normalization import ALPHA, DENSE, HANGUL

_RUN = re.compile(f"{ALPHA}+")
_LETTER = re.compile(ALPHA)
_SYLLABLE = re.compile(f"[{HANGUL}]")
_SPACE = re.compile(r"\s+")
_UNSPACED = re.compile(f"[{DENSE}{HANGUL}]")


def squeezed(word: str) -> str:
    """The key of a folded word: single spaces, no outer ones."""
    return _SPACE.sub(" ", word).strip()


def beginning(word: str) -> str:
    """What a word is filed under: its first run of letters, its first two characters in unspaced scripts, its sign."""
    run = _RUN.match(word)
    if run:
        return run[0]
    return word[:2] if word[1:2].strip() and _UNSPACED.match(word) else word[0]


def pattern(words: Iterable[str]) -> str:
    """A pattern for words that begin alike, the longest first.

    It starts with what they share, so that the engine's search for a literal prefix applies.
    """
    words = list(words)
    key = beginning(words[0])
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
    """One pattern for a small set of words, to be a part of a larger one."""
    groups: dict[str, list[str]] = {}
    for word in words:
        groups.setdefault(beginning(word), []).append(word)
    return "|".join(pattern(group) for _, group in sorted(groups.items(), reverse=True)) or "(?!)"


class Seen:
    """A text with what the words in it can begin with: its runs of letters, its characters and their pairs."""

    __slots__ = ("others", "runs", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.runs = frozenset(_RUN.findall(text))
        self.others = {*text, *map(add, text, text[1:])}

    def may_hold(self, word: str) -> bool:
        """Whether a word of this beginning can be in the text."""
        key = beginning(word)
        return key in self.runs or key in self.others


class Finder:
    """A set of folded words."""

    def __init__(self, words: Iterable[str]) -> None:
        self.words = frozenset(words)
        self._patterns: dict[str, re.Pattern[str]] = {}

    @cached_property
    def _filed(self) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
        """The words by their first run of letters; the others by what `beginning` says."""
        runs: dict[str, list[str]] = {}
        others: dict[str, list[str]] = {}
        for word in self.words:
            key = beginning(word)
            (runs if _LETTER.match(key) else others).setdefault(key, []).append(word)
        return runs, others

    def _pattern(self, key: str) -> re.Pattern[str]:
        found = self._patterns.get(key)
        if found is None:
            runs, others = self._filed
            found = self._patterns[key] = re.compile(pattern(runs.get(key) or others[key]))
        return found

    def _patterns_in(self, seen: Seen) -> Iterator[re.Pattern[str]]:
        runs, others = self._filed
        yield from map(self._pattern, runs.keys() & seen.runs)
        yield from map(self._pattern, others.keys() & seen.others)

    def find(self, seen: Seen | str) -> list[re.Match[str]]:
        """The words of a text in order, leftmost and longest first; none overlaps another."""
        if isinstance(seen, str):
            seen = Seen(seen)
        found: list[re.Match[str]] = []
        for tried in self._patterns_in(seen):
            found += tried.finditer(seen.text)
        found.sort(key=lambda m: (m.start(), -m.end()))
        kept, end = [], 0
        for match in found:
            if match.start() >= end:
                kept.append(match)
                end = match.end()
        return kept

    def match(self, text: str, position: int = 0) -> re.Match[str] | None:
        """The longest word that begins at a position."""
        found = None
        runs, others = self._filed
        run = _RUN.match(text, position)
        for key in (run[0] if run else "", text[position : position + 2], text[position : position + 1]):
            if key in runs or key in others:
                match = self._pattern(key).match(text, position)
                if match and (found is None or match.end() > found.end()):
                    found = match
        return found

    def has(self, text: str) -> bool:
        """Whether any word is in a text."""
        return any(tried.search(text) is not None for tried in self._patterns_in(Seen(text)))

    def is_word(self, text: str) -> bool:
        """Whether a text is one of the words."""
        return _SPACE.sub(" ", text) in self.words

    def blank(self, text: str) -> str:
        """A text with a space in place of every word."""
        parts, at = [], 0
        for match in self.find(text):
            parts.append(text[at : match.start()])
            at = match.end()
        return " ".join((*parts, text[at:]))
