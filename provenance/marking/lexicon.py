"""The words of credits, one data file a language (``words/<lang>.json``), compiled once into a few patterns.

A file holds ``labels`` (words before a name, with the role and the kind of work they speak of), ``after`` (words after
a name) and ``phrases`` by category. Every entry carries an example that is a test. All languages are read for every
post: the language a post declares is often wrong, and credits mix languages.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from .fold import ALPHA, DENSE, HANGUL, fold

VERSION = "2"
ANY = frozenset({"text", "image", "audio", "video"})
NAMED = "[\ue000\ue002]"  # the marks of the owner, and of the owner who is the source (see `provenance.marking.marks`)
_REACH = "[^.:;,|/()\n。]{0,28}?"  # how far a "not" reaches
GAP = "[^.。;!?\n]{0,16}?"  # what "..." in a phrase stands for


@dataclass(frozen=True, slots=True)
class Label:
    """What a word says about the name beside it: a role, and the kinds of work it speaks of.

    Roles: author, source, rights, translator, editor, and ``none`` (interview with, inspired by: no credit at all).
    ``strong`` labels are sure enough to accuse by, without a colon: ``By Ruth Calder``. ``speech`` marks verbs after a
    name, which credit only before what was said or beside a source: ``River Post reports: ...``.
    """

    role: str
    scope: frozenset[str]
    strong: bool = False
    speech: bool = False


def _scope(words: str) -> frozenset[str]:
    if words in ("", "any"):
        return ANY
    if words == "none":
        return frozenset()
    return frozenset("cover" if w == "cover" else w for w in words.split())


def _bounded(word: str) -> str:
    """The key of a folded word: single spaces, no outer ones."""
    return re.sub(r"\s+", " ", word).strip()


def trie(words: Iterable[str]) -> str:
    """A regular expression for a set of literal strings, longest first, in time independent of how many there are."""
    root: dict[str, Any] = {}
    for word in words:
        node = root
        for char in word:
            node = node.setdefault(char, {})
        node[""] = {}

    def render(node: dict[str, Any]) -> str:
        options = [
            (r"\s+" if char == " " else re.escape(char)) + render(child) for char, child in sorted(node.items()) if char
        ]
        if not options:
            return ""
        body = options[0] if len(options) == 1 else f"(?:{'|'.join(options)})"
        return f"(?:{body})?" if "" in node else body

    return render(root) or "(?!)"


def bounded(words: Iterable[str]) -> str:
    """A pattern for words: whole words in spaced scripts, anywhere in Han and kana, at a word's start in Hangul."""
    spaced, hangul, dense = [], [], []
    for word in words:
        if re.search(f"[{HANGUL}]", word):
            hangul.append(word)
        elif re.search(f"[{DENSE}]", word) or not re.search(r"\w", word):
            dense.append(word)
        else:
            spaced.append(word)
    left = {w: re.match(ALPHA, w) is not None for w in spaced}
    right = {w: re.search(ALPHA + "$", w) is not None for w in spaced}
    groups = []
    for l_, r_ in ((True, True), (True, False), (False, True), (False, False)):
        some = [w for w in spaced if left[w] is l_ and right[w] is r_]
        if some:
            groups.append((f"(?<!{ALPHA})" if l_ else "") + f"(?:{trie(some)})" + (f"(?!{ALPHA})" if r_ else ""))
    if hangul:
        groups.append(f"(?<![{HANGUL}])(?:{trie(hangul)})")
    if dense:
        groups.append(f"(?:{trie(dense)})")
    return "|".join(groups) if groups else "(?!)"


class Finder:
    """Finds the words of a set in a text, leftmost and longest first, by trying only those that can begin in it.

    A word of a spaced script is known by its first run of letters, one of Han, kana or Hangul by its first two; the
    few words of a sentence that begin any entry decide which small patterns are tried at all.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._words: dict[str, list[str]] = {}
        for word in words:
            run = _RUN.match(word)
            dense = len(word) > 1 and re.match(r"[^\W_]", word) and word[1] != " "
            self._words.setdefault(run[0] if run else word[:2] if dense else word[0], []).append(word)
        self._patterns: dict[str, re.Pattern[str]] = {}

    def find(self, seen: Seen) -> list[re.Match[str]]:
        """The matches in order; none overlaps another."""
        found: list[re.Match[str]] = []
        for key in sorted(self._words.keys() & seen.keys):
            pattern = self._patterns.get(key)
            if pattern is None:
                pattern = self._patterns[key] = re.compile(bounded(self._words[key]))
            found += pattern.finditer(seen.text)
        found.sort(key=lambda m: (m.start(), -m.end()))
        kept, end = [], 0
        for match in found:
            if match.start() >= end:
                kept.append(match)
                end = match.end()
        return kept


class Seen:
    """A text with its runs of letters, its letters and its pairs of neighbours, for `Finder`."""

    __slots__ = ("keys", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.keys = {*text, *_RUN.findall(text), *map("".join, itertools.pairwise(text))}


_RUN = re.compile(f"{ALPHA}+")
_ALWAYS = ("en", "zh")  # languages that credits mix in everywhere


class Lexicon:
    """All languages together. What a word means may depend on the language of the post, given where it is asked for."""

    def __init__(self, files: dict[str, dict[str, Any]]) -> None:
        self.version = VERSION
        self.files = files
        self._labels: dict[str, dict[str, Label]] = {}
        self._after: dict[str, dict[str, Label]] = {}
        self._categories: dict[str, dict[str, set[str]]] = {}  # phrase -> category -> languages
        words: dict[str, list[str]] = {}
        for lang, data in files.items():
            for section, target in (("labels", self._labels), ("after", self._after)):
                for entry in data.get(section, ()):
                    label = Label(
                        entry["role"],
                        _scope(entry.get("scope", "any")),
                        bool(entry.get("strong")),
                        bool(entry.get("speech")),
                    )
                    for word in entry["words"]:
                        known = target.setdefault(_bounded(fold(word)), {})
                        known[lang] = _merged(label, known[lang]) if lang in known else label
            for category, entries in data.get("phrases", {}).items():
                for entry in entries:
                    for word in entry["words"]:
                        found = self._categories.setdefault(_bounded(fold(word)), {})
                        found.setdefault(category, set()).add(lang)
            for kind, listed in data.get("words", {}).items():
                words.setdefault(kind, []).extend(
                    _bounded(fold(w).strip(".") if kind == "generic" else fold(w)) for w in listed
                )
        labels, after = frozenset(self._labels), frozenset(self._after)
        connectors, fillers = frozenset(words["connectors"]), frozenset(words["fillers"])
        self.vocabulary = frozenset(words.get("before", ())) | connectors | fillers | labels | after
        self.follower_words = frozenset(words["followers"]) | after | labels
        self.bare = frozenset(words.get("by", ()))  # labels that need no sign before the name that ends the line
        self.organisations = frozenset(words["organisations"])
        self.label = re.compile(bounded(labels))
        self.after_label = re.compile(bounded(after))
        self.filler = re.compile(bounded(fillers | connectors | labels | after))
        self.trailing = re.compile(bounded(fillers | labels | after))
        self.connector = re.compile(bounded(connectors))
        self.generic_word = re.compile(bounded(words["generic"]))
        self.brand = re.compile(bounded(words["brands"]))
        self.self_word = re.compile(bounded(words["self"]))
        self._negations = {
            lang: (
                _negation(data, "not", "{words}" + _REACH + NAMED),
                _negation(data, "not_after", NAMED + _REACH + "{words}"),
            )
            for lang, data in files.items()
        }
        gapped = sorted(k for k in self._categories if "..." in k)
        whole = [k for k in self._categories if "..." not in k]
        self._gapped = [
            (tuple(p.strip() for p in key.split("...")), re.compile(bounded_gap(key)), key) for key in gapped
        ]
        self._phrases, self._labels_in = Finder(whole), Finder(labels)

    def labels(self, low: str) -> list[re.Match[str]]:
        """Every label of a folded text, in order."""
        return self._labels_in.find(Seen(low))

    def before(self, key: str, lang: str | None) -> Label:
        """What a label before a name means: in the post's language, else in any, with less trust in short words."""
        return _chosen(self._labels[key], key, lang)

    def is_after(self, word: str) -> bool:
        """Whether a word is a label that stands after a name, or a particle that ends a clause."""
        return word in self._after or word in "等的はがのをにへで"

    def behind(self, key: str, lang: str | None) -> Label | None:
        """What a label after a name means; None for a word that is none."""
        return _chosen(self._after[key], key, lang) if key in self._after else None

    def negates(self, low: str, lang: str | None) -> bool:
        """Whether the owner is denied: a "not" of the post's language, or English, shortly before or after the name."""
        for language in dict.fromkeys((lang, "en")):
            before, after = self._negations.get(language or "", (None, None))
            if (before and before.search(low)) or (after and after.search(low)):
                return True
        return False

    def phrases(self, low: str, lang: str | None) -> dict[str, list[tuple[int, int]]]:
        """Category -> spans of its phrases in folded text. A longer phrase hides the shorter ones inside it."""
        out: dict[str, list[tuple[int, int]]] = {}
        for match in self._phrases.find(Seen(low)):
            self._note(out, re.sub(r"\s+", " ", match[0]), match.span(), lang)
        for parts, pattern, key in self._gapped:
            if parts[0] not in low or not all(part in low for part in parts):
                continue
            for match in pattern.finditer(low):
                self._note(out, key, match.span(), lang)
        return out

    def _note(self, out: dict[str, list[tuple[int, int]]], key: str, span: tuple[int, int], lang: str | None) -> None:
        for category, languages in self._categories.get(key, {}).items():
            if _active(languages, lang) or len(key) >= 8 or not key.isascii():
                out.setdefault(category, []).append(span)


def _negation(data: dict[str, Any], kind: str, pattern: str) -> re.Pattern[str] | None:
    words = [_bounded(fold(w)) for w in data.get("words", {}).get(kind, ())]
    return re.compile(pattern.replace("{words}", f"(?:{bounded(words)})")) if words else None


def _active(languages: Iterable[str], lang: str | None) -> bool:
    return any(l_ in _ALWAYS or l_ == lang for l_ in languages)


def _merged(a: Label, b: Label) -> Label:
    return Label(a.role, a.scope | b.scope, a.strong or b.strong, a.speech and b.speech)


def _chosen(known: dict[str, Label], key: str, lang: str | None) -> Label:
    if lang in known:
        return known[lang]
    for always in _ALWAYS:
        if always in known:
            return known[always]
    label = max(known.values(), key=lambda l_: (l_.strong, l_.role))
    trusted = label.strong and (len(key) >= 5 or not key.isascii())
    return Label(label.role, label.scope, trusted, label.speech)


def bounded_gap(key: str) -> str:
    """A phrase with ``...`` in it as a pattern."""
    parts = [p.strip() for p in key.split("...")]
    return GAP.join(f"(?:{bounded([p])})" for p in parts if p)


def load() -> dict[str, dict[str, Any]]:
    """The data files: language -> content, in the order of their names."""
    folder = resources.files(__package__).joinpath("words")
    found = sorted((f.name, f) for f in folder.iterdir() if f.name.endswith(".json"))
    return {name.removesuffix(".json"): json.loads(f.read_text("utf-8")) for name, f in found}


@cache
def lexicon() -> Lexicon:
    """The compiled lexicon; made at first use and kept."""
    return Lexicon(load())
