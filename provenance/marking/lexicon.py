"""The lexicon of credit phrases, one data file a language (``words/<lang>.json``), compiled once into a few patterns.

A file holds ``labels`` (phrases before a name, with the role and the kinds of work they speak of), ``after`` (phrases
after a name), ``phrases`` by category and ``words`` by use. Every entry carries an example that is a test. All
languages are read for every post: the language a post declares is often wrong, and credits mix languages.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

from .normalization import collapse_spaces, fold
from .phrase_matcher import IndexedText, PhraseMatcher, alternatives

VERSION = "4"
ALL_KINDS = frozenset({"text", "image", "audio", "video"})
NAMED = "[\ue000\ue002]"  # placeholders of the owner, and of the owner who is the source (see `entity_tagger`)
_NEGATION_REACH = "[^.:;,|/()\n。]{0,28}?"
GAP = "[^.。;!?\n]{0,16}?"  # what "..." in a phrase stands for


@dataclass(frozen=True, slots=True)
class Label:
    """What a phrase says about the name beside it.

    Attributes:
        role: author, source, rights, translator, editor, cover (of a cover picture), or ``none`` (interview with,
            inspired by: no credit at all).
        kinds: the kinds of work it speaks of: text, image, audio, video; ``cover`` beside ``image`` for cover pictures.
        strong: sure enough to take a name that follows without a colon: ``By Ruth Calder``.
        speech: a verb after a name, which credits only before what was said or beside a source:
            ``River Post reports: ...``.
    """

    role: str
    kinds: frozenset[str]
    strong: bool = False
    speech: bool = False

    @classmethod
    def from_entry(cls, entry: dict[str, Any]) -> Label:
        """The label of an entry of a data file, whose ``scope`` is a list of kinds, ``any`` or ``none``."""
        scope = entry.get("scope", "any")
        kinds = ALL_KINDS if scope in ("", "any") else frozenset() if scope == "none" else frozenset(scope.split())
        return cls(entry["role"], kinds, bool(entry.get("strong")), bool(entry.get("speech")))

    def merged(self, other: Label) -> Label:
        """One label for two entries of the same phrase in one language: this one's role, the kinds of both."""
        strong, speech = self.strong or other.strong, self.speech and other.speech
        return Label(self.role, self.kinds | other.kinds, strong, speech)


class PhraseMatch(NamedTuple):
    """A phrase found in a text: its span, and the phrase as the lexicon has it."""

    start: int
    end: int
    phrase: str


@dataclass(slots=True)
class PhraseMatches:
    """What of the lexicon was found in one text, in order."""

    labels: list[PhraseMatch] = field(default_factory=list)
    phrases: list[PhraseMatch] = field(default_factory=list)


_BETWEEN = "\n\ue0fe\n"  # stands between texts that are searched as one; no pattern reaches over it
_ALWAYS = ("en", "zh")  # languages that credits mix in everywhere


class Lexicon:
    """All languages together. What a phrase means may depend on the language of the post, given where it is asked for.

    Attributes:
        prefix_labels, suffix_labels: labels before and after a name.
        trailing, connector, filler: words that may follow a name, join a label to a name, or stand in a credit line
            without being part of a name.
        vocabulary: words that may stand directly before a name in a script without spaces; ``followers`` after one.
        bare: labels that need no separator before the name that ends the line.
        generic, brand: what names nobody (the internet, a friend), and makers of cameras and platforms.
        agency: news and picture agencies, and portals that pass on news: they are somebody, wherever they stand.
        self_reference: we, this site, my.
    """

    def __init__(self, files: dict[str, dict[str, Any]]) -> None:
        self.files = files
        keys = _keys(files.values())
        self._prefix = _labels(files, "labels", keys)
        self._suffix = _labels(files, "after", keys)
        self._categories = _categories(files, keys)
        words = _words(files, keys)
        prefix, suffix = {*self._prefix}, {*self._suffix}
        connectors, self.fillers = words["connectors"], words["fillers"]
        self.vocabulary = words["before"] | connectors | self.fillers | prefix | suffix
        self.followers = words["followers"] | suffix | prefix
        self.bare = words["by"]
        self.organisations = words["organisations"]
        self.prefix_labels = PhraseMatcher(prefix)
        self.suffix_labels = PhraseMatcher(suffix)
        self.filler = PhraseMatcher(self.fillers | connectors | prefix | suffix)
        self.trailing = PhraseMatcher(self.fillers | prefix | suffix)
        self.connector = PhraseMatcher(connectors)
        self.generic = PhraseMatcher(words["generic"])
        self.brand = PhraseMatcher(words["brands"])
        self.agency = PhraseMatcher(words["agencies"])
        self.self_reference = PhraseMatcher(words["self"])
        self._negations: dict[str, tuple[re.Pattern[str], ...]] = {}
        gapped = sorted(k for k in self._categories if "..." in k)
        self._gapped = [(key, tuple(p.strip() for p in key.split("..."))) for key in gapped]
        self._gap_patterns: dict[str, re.Pattern[str]] = {}
        self._phrases = PhraseMatcher(k for k in self._categories if "..." not in k)

    def match_all(self, texts: Sequence[str]) -> list[PhraseMatches]:
        """The labels and phrases of normalized texts, found in one pass over all of them."""
        starts, at = [], 0
        for text in texts:
            starts.append(at)
            at += len(text) + len(_BETWEEN)
        indexed = IndexedText(_BETWEEN.join(texts))
        out = [PhraseMatches() for _ in texts]

        def place(match: re.Match[str], phrase: str) -> tuple[PhraseMatches, PhraseMatch]:
            i = bisect_right(starts, match.start()) - 1
            return out[i], PhraseMatch(match.start() - starts[i], match.end() - starts[i], phrase)

        for match in self.prefix_labels.find(indexed):
            found, placed = place(match, collapse_spaces(match[0]))
            found.labels.append(placed)
        for match in self._phrases.find(indexed):
            found, placed = place(match, collapse_spaces(match[0]))
            found.phrases.append(placed)
        for phrase, match in self._find_gapped(indexed):
            found, placed = place(match, phrase)
            found.phrases.append(placed)
        return out

    def _find_gapped(self, indexed: IndexedText) -> Iterator[tuple[str, re.Match[str]]]:
        """Phrases with ``...`` in them."""
        for phrase, parts in self._gapped:
            if indexed.may_contain(parts[0]) and all(part in indexed.text for part in parts):
                for match in self._gap_pattern(phrase).finditer(indexed.text):
                    yield phrase, match

    def _gap_pattern(self, key: str) -> re.Pattern[str]:
        found = self._gap_patterns.get(key)
        if found is None:
            parts = [f"(?:{alternatives([p.strip()])})" for p in key.split("...") if p.strip()]
            found = self._gap_patterns[key] = re.compile(GAP.join(parts))
        return found

    def prefix_label(self, key: str, lang: str | None) -> Label:
        """What a label before a name means: in the post's language, else in any, with less trust in short words."""
        return _chosen(self._prefix[key], key, lang)

    def is_suffix_label(self, word: str) -> bool:
        """Whether a word is a label that stands after a name, or a particle that ends a clause."""
        return word in self._suffix or word in "等的はがのをにへで"

    def suffix_label(self, key: str, lang: str | None) -> Label | None:
        """What a label after a name means; None for a word that is none."""
        return _chosen(self._suffix[key], key, lang) if key in self._suffix else None

    def match_prefix_label(self, low: str, position: int, lang: str | None) -> tuple[int, Label] | None:
        """The longest label before names that begins at a position: its end and what it means."""
        match = self.prefix_labels.match(low, position)
        return None if match is None else (match.end(), self.prefix_label(collapse_spaces(match[0]), lang))

    def match_suffix_label(self, low: str, position: int, lang: str | None) -> tuple[int, Label] | None:
        """The longest label after names that begins at a position: its end and what it means."""
        match = self.suffix_labels.match(low, position)
        if match is None:
            return None
        phrase = collapse_spaces(match[0])
        return match.end(), _chosen(self._suffix[phrase], phrase, lang)

    def negates_owner(self, low: str, lang: str | None) -> bool:
        """Whether the owner is denied: a "not" of the post's language, or English, shortly before or after the name."""
        return any(p.search(low) for language in dict.fromkeys((lang, "en")) for p in self._negation(language or ""))

    def _negation(self, lang: str) -> tuple[re.Pattern[str], ...]:
        if lang not in self._negations:
            made = []
            for kind, form in (
                ("not", "{words}" + _NEGATION_REACH + NAMED),
                ("not_after", NAMED + _NEGATION_REACH + "{words}"),
            ):
                words = [collapse_spaces(fold(w)) for w in self.files.get(lang, {}).get("words", {}).get(kind, ())]
                if words:
                    made.append(re.compile(form.replace("{words}", f"(?:{alternatives(words)})")))
            self._negations[lang] = tuple(made)
        return self._negations[lang]

    def categories(self, phrases: Iterable[PhraseMatch], lang: str | None) -> dict[str, list[tuple[int, int]]]:
        """Category -> spans of its phrases, in a post of a language."""
        out: dict[str, list[tuple[int, int]]] = {}
        for start, end, key in phrases:
            for category, languages in self._categories.get(key, {}).items():
                if _active(languages, lang) or len(key) >= 8 or not key.isascii():
                    out.setdefault(category, []).append((start, end))
        return out


def _labels(files: dict[str, dict[str, Any]], section: str, keys: dict[str, str]) -> dict[str, dict[str, Label]]:
    """Phrase -> language -> label."""
    out: dict[str, dict[str, Label]] = {}
    for lang, data in files.items():
        for entry in data.get(section, ()):
            label = Label.from_entry(entry)
            for word in entry["words"]:
                known = out.setdefault(keys[word], {})
                known[lang] = label.merged(known[lang]) if lang in known else label
    return out


def _categories(files: dict[str, dict[str, Any]], keys: dict[str, str]) -> dict[str, dict[str, set[str]]]:
    """Phrase -> category -> languages."""
    out: dict[str, dict[str, set[str]]] = {}
    for lang, data in files.items():
        for category, entries in data.get("phrases", {}).items():
            for word in (word for entry in entries for word in entry["words"]):
                out.setdefault(keys[word], {}).setdefault(category, set()).add(lang)
    return out


def _words(files: dict[str, dict[str, Any]], keys: dict[str, str]) -> dict[str, set[str]]:
    """Use -> words of all languages."""
    out: dict[str, set[str]] = {}
    for data in files.values():
        for use, listed in data.get("words", {}).items():
            normalized = (keys[w].strip(".") if use == "generic" else keys[w] for w in listed)
            out.setdefault(use, set()).update(normalized)
    return out


def _keys(files: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Every word of the data files -> its normalized form. Folding all in one piece is three times as fast."""
    every: set[str] = set()
    for data in files:
        for entries in (data["labels"], data["after"], *data["phrases"].values()):
            every.update(*(entry["words"] for entry in entries))
        every.update(*data["words"].values())
    listed = sorted(every)
    return dict(zip(listed, map(collapse_spaces, fold("\n".join(listed)).split("\n")), strict=True))


def _active(languages: Iterable[str], lang: str | None) -> bool:
    return any(language in _ALWAYS or language == lang for language in languages)


def _chosen(known: dict[str, Label], key: str, lang: str | None) -> Label:
    if lang in known:
        return known[lang]
    for always in _ALWAYS:
        if always in known:
            return known[always]
    label = max(known.values(), key=lambda each: (each.strong, each.role))
    trusted = label.strong and (len(key) >= 5 or not key.isascii())
    return Label(label.role, label.kinds, trusted, label.speech)


def load() -> dict[str, dict[str, Any]]:
    """The data files: language -> content, in the order of their names."""
    folder = resources.files(__package__).joinpath("words")
    found = sorted((f.name, f) for f in folder.iterdir() if f.name.endswith(".json"))
    return {name.removesuffix(".json"): json.loads(f.read_text("utf-8")) for name, f in found}


@cache
def lexicon() -> Lexicon:
    """The compiled lexicon; made at first use and kept."""
    return Lexicon(load())


_TRADITIONAL = frozenset(["hant", "tw", "hk", "mo"])


def template_languages() -> tuple[str, ...]:
    """The languages that have the template of a credit line, as BCP 47 primary tags."""
    return tuple(sorted(k for k, v in lexicon().files.items() if "template" in v))


def credit_template(lang: str | None) -> dict[str, Any]:
    """The words of a credit line in a language, English for one that is not known.

    Args:
        lang: BCP 47 tag; ``zh-Hant``, ``zh-TW``, ``zh-HK`` and ``zh-MO`` are written in traditional characters.
    """
    files = lexicon().files
    primary, *subtags = (lang or "en").replace("_", "-").lower().split("-")
    words = files.get(primary, files["en"])
    traditional = not _TRADITIONAL.isdisjoint(subtags) and "hans" not in subtags
    found: dict[str, Any] = (
        (words.get("template-Hant") if traditional else None) or words.get("template") or files["en"]["template"]
    )
    return found
