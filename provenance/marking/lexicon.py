"""The words of credits, one data file a language (``words/<lang>.json``), compiled once into a few patterns.

A file holds ``labels`` (words before a name, with the role and the kind of work they speak of), ``after`` (words after
a name) and ``phrases`` by category. Every entry carries an example that is a test. All languages are read for every
post: the language a post declares is often wrong, and credits mix languages.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

from .normalization import fold
from .phrase_matcher import Finder, Seen, alternatives, squeezed

VERSION = "3"
ANY = frozenset({"text", "image", "audio", "video"})
NAMED = "[\ue000\ue002]"  # the marks of the owner, and of the owner who is the source (see `entity_tagger`)
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


class Hit(NamedTuple):
    """A word found in a text: its span, and the word as the lexicon has it."""

    start: int
    end: int
    word: str


@dataclass(slots=True)
class Hits:
    """The words found in one text, in order."""

    labels: list[Hit] = field(default_factory=list)
    phrases: list[Hit] = field(default_factory=list)


_BETWEEN = "\n\ue0fe\n"  # stands between texts that are searched as one; no pattern reaches over it
_ALWAYS = ("en", "zh")  # languages that credits mix in everywhere


class Lexicon:
    """All languages together. What a word means may depend on the language of the post, given where it is asked for."""

    def __init__(self, files: dict[str, dict[str, Any]]) -> None:
        self.version = VERSION
        self.files = files
        self._labels: dict[str, dict[str, Label]] = {}
        self._after: dict[str, dict[str, Label]] = {}
        self._categories: dict[str, dict[str, set[str]]] = {}  # phrase -> category -> languages
        words: dict[str, set[str]] = {}
        key = _keys(files.values())
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
                        known = target.setdefault(key[word], {})
                        known[lang] = _merged(label, known[lang]) if lang in known else label
            for category, entries in data.get("phrases", {}).items():
                for entry in entries:
                    for word in entry["words"]:
                        found = self._categories.setdefault(key[word], {})
                        found.setdefault(category, set()).add(lang)
            for kind, listed in data.get("words", {}).items():
                words.setdefault(kind, set()).update(key[w].strip(".") if kind == "generic" else key[w] for w in listed)
        labels, after, connectors, fillers = {*self._labels}, {*self._after}, words["connectors"], words["fillers"]
        self.fillers = fillers
        self.vocabulary = words["before"] | connectors | fillers | labels | after
        self.follower_words = words["followers"] | after | labels
        self.bare = words["by"]  # labels that need no sign before the name that ends the line
        self.organisations = words["organisations"]
        self.label = Finder(labels)
        self.after_label = Finder(after)
        self.filler = Finder(fillers | connectors | labels | after)
        self.trailing = Finder(fillers | labels | after)
        self.connector = Finder(connectors)
        self.generic_word = Finder(words["generic"])
        self.brand = Finder(words["brands"])
        self.self_word = Finder(words["self"])
        self._negations: dict[str, tuple[re.Pattern[str], ...]] = {}
        gapped = sorted(k for k in self._categories if "..." in k)
        self._gapped = [(key, tuple(p.strip() for p in key.split("..."))) for key in gapped]
        self._gap_patterns: dict[str, re.Pattern[str]] = {}
        self._phrases = Finder(k for k in self._categories if "..." not in k)

    def hits(self, texts: Sequence[str]) -> list[Hits]:
        """The labels and phrases of folded texts, found in one pass over all of them."""
        starts, at = [], 0
        for text in texts:
            starts.append(at)
            at += len(text) + len(_BETWEEN)
        seen = Seen(_BETWEEN.join(texts))
        out = [Hits() for _ in texts]
        for match in self.label.find(seen):
            i = bisect_right(starts, match.start()) - 1
            out[i].labels.append(Hit(match.start() - starts[i], match.end() - starts[i], squeezed(match[0])))
        for match in self._phrases.find(seen):
            i = bisect_right(starts, match.start()) - 1
            out[i].phrases.append(Hit(match.start() - starts[i], match.end() - starts[i], squeezed(match[0])))
        for key, parts in self._gapped:
            if seen.may_hold(parts[0]) and all(part in seen.text for part in parts):
                for match in self._gap_pattern(key).finditer(seen.text):
                    i = bisect_right(starts, match.start()) - 1
                    out[i].phrases.append(Hit(match.start() - starts[i], match.end() - starts[i], key))
        return out

    def _gap_pattern(self, key: str) -> re.Pattern[str]:
        found = self._gap_patterns.get(key)
        if found is None:
            parts = [f"(?:{alternatives([p.strip()])})" for p in key.split("...") if p.strip()]
            found = self._gap_patterns[key] = re.compile(GAP.join(parts))
        return found

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
        return any(p.search(low) for language in dict.fromkeys((lang, "en")) for p in self._negation(language or ""))

    def _negation(self, lang: str) -> tuple[re.Pattern[str], ...]:
        if lang not in self._negations:
            made = []
            for kind, form in (("not", "{words}" + _REACH + NAMED), ("not_after", NAMED + _REACH + "{words}")):
                words = [squeezed(fold(w)) for w in self.files.get(lang, {}).get("words", {}).get(kind, ())]
                if words:
                    made.append(re.compile(form.replace("{words}", f"(?:{alternatives(words)})")))
            self._negations[lang] = tuple(made)
        return self._negations[lang]

    def categories(self, phrases: Iterable[Hit], lang: str | None) -> dict[str, list[tuple[int, int]]]:
        """Category -> spans of its phrases, in a post of a language."""
        out: dict[str, list[tuple[int, int]]] = {}
        for start, end, key in phrases:
            for category, languages in self._categories.get(key, {}).items():
                if _active(languages, lang) or len(key) >= 8 or not key.isascii():
                    out.setdefault(category, []).append((start, end))
        return out


def _keys(files: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Every word of the data files as it is in folded text; in one piece, for one by one takes thrice as long."""
    every: set[str] = set()
    for data in files:
        for entries in (data["labels"], data["after"], *data["phrases"].values()):
            every.update(*(entry["words"] for entry in entries))
        every.update(*data["words"].values())
    listed = sorted(every)
    return dict(zip(listed, map(squeezed, fold("\n".join(listed)).split("\n")), strict=True))


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


def load() -> dict[str, dict[str, Any]]:
    """The data files: language -> content, in the order of their names."""
    folder = resources.files(__package__).joinpath("words")
    found = sorted((f.name, f) for f in folder.iterdir() if f.name.endswith(".json"))
    return {name.removesuffix(".json"): json.loads(f.read_text("utf-8")) for name, f in found}


@cache
def lexicon() -> Lexicon:
    """The compiled lexicon; made at first use and kept."""
    return Lexicon(load())
