"""Style sheets and style attributes: which declarations apply to an element (CSS 2.1 cascade).

Only what decides whether a reader sees a piece of text (`computed_style`) is read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import tinycss2

Names = tuple[str, frozenset[str], str]  # tag, classes, id of an element: what selectors look at
Declaration = tuple[str, str, bool]  # name, value, whether it is important
MAX_RULES = 5000
MAX_TRIALS = 1_000_000  # of rules and ancestors on elements: hostile sheets are no longer applied from there on
_MAX_ANCESTORS = 60  # ancestors looked at
_RELEVANT = frozenset([
    "display", "visibility", "opacity", "font-size", "font", "color", "background", "background-color", "width",
    "height", "max-width", "max-height", "overflow", "overflow-x", "overflow-y", "text-indent", "position", "left",
    "top", "right", "bottom", "clip", "clip-path", "transform", "content-visibility", "margin-left", "margin-top",
    "-webkit-text-fill-color", "line-height", "scale",
])  # fmt: skip
_UNUSUAL = re.compile(r"""["'\\\\{}\[\]@/]|url\(|!\s+important""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Compound:
    tag: str
    classes: frozenset[str]
    id: str

    def fits(self, names: Names) -> bool:
        return (
            (not self.tag or self.tag == names[0]) and self.classes <= names[1] and (not self.id or self.id == names[2])
        )


@dataclass(frozen=True, slots=True)
class _Rule:
    compounds: tuple[_Compound, ...]  # outermost first
    declarations: tuple[Declaration, ...]
    weight: tuple[int, int, int, int]


class Sheet:
    """Style sheets of one page, ready to be asked for one element after the other."""

    def __init__(self, source: str) -> None:
        self._by_key: dict[str, list[_Rule]] = {}
        self._subjects: set[str] = set()  # what the element itself must have for any rule to fit it
        self._count = 0
        self._budget = MAX_TRIALS
        if source.strip():
            self._add(tinycss2.parse_stylesheet(source[:500_000], skip_comments=True, skip_whitespace=True), depth=0)

    def _add(self, nodes: Sequence[Any], depth: int) -> None:
        for node in nodes:
            if (
                node.type == "at-rule"
                and node.lower_at_keyword in ("media", "supports", "layer")
                and node.content
                and depth < 4
            ):
                if node.lower_at_keyword == "media" and re.search(
                    r"\bprint\b|\bspeech\b|max-width", tinycss2.serialize(node.prelude).lower()
                ):
                    continue
                self._add(tinycss2.parse_rule_list(node.content, skip_comments=True, skip_whitespace=True), depth + 1)
            elif node.type == "qualified-rule" and self._count < MAX_RULES:
                declarations = _declarations(node.content)
                if declarations:
                    for selector in tinycss2.serialize(node.prelude).split(","):
                        self._rule(selector, declarations)

    def _rule(self, selector: str, declarations: tuple[Declaration, ...]) -> None:
        compounds: list[_Compound] = []
        for part in re.sub(r"\s*[>+~]\s*", " ", selector.strip()).split()[-6:]:
            m = re.fullmatch(r"(\*|[\w-]+)?((?:[.#][\w-]+)*)", part)
            if not m:
                return  # pseudo-classes and attributes: not applied
            classes = frozenset(re.findall(r"\.([\w-]+)", m[2]))
            ids = re.findall(r"#([\w-]+)", m[2])
            compounds.append(_Compound("" if m[1] in (None, "*") else m[1].lower(), classes, ids[0] if ids else ""))
        if not compounds:
            return
        self._count += 1
        weight = (
            sum(1 for c in compounds if c.id),
            sum(len(c.classes) for c in compounds),
            sum(1 for c in compounds if c.tag),
            self._count,
        )
        self._subjects.add(_key(compounds[-1:]))
        self._by_key.setdefault(_key(compounds), []).append(_Rule(tuple(compounds), declarations, weight))

    def declarations(self, names: Names, ancestors: Sequence[Names]) -> list[Declaration]:
        """The declarations that apply to an element, weakest first."""
        if not self._by_key:
            return []
        keys = {"*", names[0], f"#{names[2]}", *(f".{c}" for c in names[1])}
        if self._subjects.isdisjoint(keys):
            return []
        self._budget -= min(len(ancestors), _MAX_ANCESTORS)
        for _, classes, identity in ancestors[-_MAX_ANCESTORS:]:
            keys.update(f".{c}" for c in classes)
            keys.add(f"#{identity}")
        rules = []
        for key in keys & self._by_key.keys():
            self._budget -= len(self._by_key[key])
            if self._budget < 0:
                return []
            rules += [r for r in self._by_key[key] if r.compounds[-1].fits(names)]
        rules = [r for r in rules if _descends(r.compounds[:-1], ancestors)]
        rules.sort(key=lambda r: r.weight)
        return [d for r in rules for d in r.declarations]


def _key(compounds: Sequence[_Compound]) -> str:
    """What an element or an ancestor must have for the rule to be looked at: an id, a class, or the element's tag.

    Looking up by the element's own tag alone would try every ``.n p`` for every paragraph.
    """
    for compound in reversed(compounds):
        if compound.id:
            return f"#{compound.id}"
    for compound in reversed(compounds):
        if compound.classes:
            return f".{min(compound.classes)}"
    return compounds[-1].tag or "*"


def _descends(compounds: tuple[_Compound, ...], ancestors: Sequence[Names]) -> bool:
    wanted = len(compounds) - 1
    for names in reversed(ancestors[-_MAX_ANCESTORS:]):
        if wanted < 0:
            return True
        if compounds[wanted].fits(names):
            wanted -= 1
    return wanted < 0


@lru_cache(maxsize=4096)
def inline(source: str) -> tuple[Declaration, ...]:
    """The declarations of a style attribute; the usual ones without the full parser, which is twenty times slower."""
    if _UNUSUAL.search(source):
        return _declarations(source)
    out = []
    for part in source.split(";"):
        name, colon, value = part.partition(":")
        name, value = name.strip().lower(), value.strip().lower()
        if colon and name in _RELEVANT:
            strong = value.endswith("!important")
            out.append((name, value.removesuffix("!important").rstrip(), strong))
    return tuple(out)


def _declarations(content: Any) -> tuple[Declaration, ...]:
    out = []
    for node in tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True):
        if node.type == "declaration" and node.lower_name in _RELEVANT:
            out.append((node.lower_name, tinycss2.serialize(node.value).strip().lower(), bool(node.important)))
    return tuple(out)
