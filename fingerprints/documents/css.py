"""Style sheets and style attributes: which declarations apply to an element (CSS cascade, nesting, custom properties).

Only what decides whether a reader sees a piece of text (`computed_style`) is read. Selectors of tags, classes, ids and
their descendants are matched here, by names alone; all others by whoever asks, if it can (`Compile`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import tinycss2

from .css_conditions import condition_holds, is_supported, media_holds

Names = tuple[str, frozenset[str], str]  # tag, classes, id of an element: what selectors look at
Declaration = tuple[str, str, bool]  # name, value, whether it is important
MAX_RULES = 5000
MAX_SELECTORS = 500  # of one page that names alone do not decide
MAX_TRIALS = 1_000_000  # of rules and ancestors on elements: hostile sheets are no longer applied from there on
_MAX_ANCESTORS = 60  # ancestors looked at
_RELEVANT = frozenset([
    "display", "visibility", "opacity", "font-size", "font", "color", "background", "background-color", "width",
    "height", "max-width", "max-height", "overflow", "overflow-x", "overflow-y", "text-indent", "position", "left",
    "top", "right", "bottom", "clip", "clip-path", "transform", "content-visibility", "margin-left", "margin-top",
    "-webkit-text-fill-color", "line-height", "scale", "inset", "translate", "rotate", "filter", "mask", "mask-image",
    "-webkit-mask", "-webkit-mask-image", "zoom", "margin", "contain", "offset-path", "grid-template-rows",
])  # fmt: skip
# Sides by the direction of writing (CSS Logical Properties 1), as those of a line from left to right.
_LOGICAL = {
    "block-size": "height", "inline-size": "width", "max-block-size": "max-height", "max-inline-size": "max-width",
    "inset-inline-start": "left", "inset-inline-end": "right", "inset-block-start": "top", "inset-block-end": "bottom",
    "margin-inline-start": "margin-left", "margin-block-start": "margin-top", "overflow-inline": "overflow-x",
    "overflow-block": "overflow-y",
}  # fmt: skip
_SIMPLE = re.compile(r"(\*|[\w-]+)?((?:[.#][\w-]+)*)")  # a compound selector of names
_MAX_COMPOUNDS = 6  # of a selector of names: the innermost ones
_MAX_NESTING = 4
_UNLAYERED = 1 << 30  # rules outside layers win over those inside
_UNUSUAL = re.compile(r"""["'\\\\{}\[\]@/]|url\(|!\s+important""", re.IGNORECASE)


_Weight = tuple[int, int, int, int, int]  # layer, ids, classes, tags, place


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
    weight: _Weight


class Selector(Protocol):
    """A selector that looks at more than names.

    Attributes:
        key: what an element must have that it fits: a tag, ``.class``, ``#id`` or ``*``.
        specificity: ids; classes, attributes and pseudo-classes; tags.
        cost: how many elements it looks at to decide about one, about.
    """

    @property
    def key(self) -> str: ...
    @property
    def specificity(self) -> tuple[int, int, int]: ...
    @property
    def cost(self) -> int: ...
    def fits(self, element: Any) -> bool: ...


_Parsed = tuple[list[str], tuple[Declaration, ...], int]  # the selectors, declarations and layer of a rule
Compile = Callable[[str], Sequence[Selector]]  # of a list of selectors; empty where a browser would drop the rule


@dataclass(frozen=True, slots=True)
class _SelectorRule:
    selector: Selector
    declarations: tuple[Declaration, ...]
    weight: _Weight


class Sheet:
    """Style sheets of one page, ready to be asked for one element after the other."""

    def __init__(self, source: str, compiled: Compile | None = None) -> None:
        """
        Args:
            compiled: makes the selectors that look at more than names; without it their rules do not apply.
        """
        self._compiled = compiled
        self._by_key: dict[str, list[_Rule]] = {}
        self._selectors: dict[str, list[_SelectorRule]] = {}
        self._subjects: set[str] = set()  # what the element itself must have for any rule to fit it
        self._count = 0
        self._budget = MAX_TRIALS
        if source.strip():
            for selectors, declarations, layer in _Rules(source[:500_000]).all():
                if self._count >= MAX_RULES:
                    break
                self._add(selectors, declarations, layer)

    @property
    def looks_at_more_than_names(self) -> bool:
        """Whether elements of the same names may look different."""
        return bool(self._selectors)

    def _add(self, selectors: Sequence[str], declarations: tuple[Declaration, ...], layer: int) -> None:
        for selector in selectors:
            self._count += 1
            compounds = _compounds(selector)
            if compounds is not None:
                weight = (
                    layer,
                    sum(1 for c in compounds if c.id),
                    sum(len(c.classes) for c in compounds),
                    sum(1 for c in compounds if c.tag),
                    self._count,
                )
                self._subjects.add(_key(compounds[-1:]))
                self._by_key.setdefault(_key(compounds), []).append(_Rule(compounds, declarations, weight))
            elif self._compiled is not None and self._count <= MAX_SELECTORS:
                for made in self._compiled(selector):
                    rule = _SelectorRule(made, declarations, (layer, *made.specificity, self._count))
                    self._selectors.setdefault(made.key, []).append(rule)

    def declarations(self, names: Names, ancestors: Sequence[Names], element: Any = None) -> list[Declaration]:
        """The declarations that apply to an element, weakest first.

        Args:
            element: what the selectors look at that names alone do not decide.
        """
        if not (self._by_key or self._selectors):
            return []
        keys = {"*", names[0], f"#{names[2]}", *(f".{c}" for c in names[1])}
        rules: list[_Rule | _SelectorRule] = [*self._by_names(names, ancestors, keys)]
        rules += self._by_selectors(keys, element)
        rules.sort(key=lambda r: r.weight)
        return [d for r in rules for d in r.declarations]

    def _by_selectors(self, keys: set[str], element: Any) -> list[_SelectorRule]:
        found = []
        for key in keys & self._selectors.keys():
            for rule in self._selectors[key]:
                self._budget -= rule.selector.cost
                if self._budget < 0:
                    return []
                if rule.selector.fits(element):
                    found.append(rule)
        return found

    def _by_names(self, names: Names, ancestors: Sequence[Names], keys: set[str]) -> list[_Rule]:
        if self._subjects.isdisjoint(keys):
            return []
        keys = {*keys}
        self._budget -= min(len(ancestors), _MAX_ANCESTORS)
        for _, classes, identity in ancestors[-_MAX_ANCESTORS:]:
            keys.update(f".{c}" for c in classes)
            keys.add(f"#{identity}")
        rules: list[_Rule] = []
        for key in keys & self._by_key.keys():
            self._budget -= len(self._by_key[key])
            if self._budget < 0:
                return []
            rules += [r for r in self._by_key[key] if r.compounds[-1].fits(names)]
        return [r for r in rules if _descends(r.compounds[:-1], ancestors)]


class _Rules:
    """The rules of a sheet in order, nested ones as what they stand for (CSS Nesting 1, Cascade 5)."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._layers: dict[str, int] = {}  # by name, in their order
        self._has_containers = "container" in source.replace("@container", "")

    def all(self) -> Iterator[_Parsed]:
        nodes = tinycss2.parse_stylesheet(self._source, skip_comments=True, skip_whitespace=True)
        yield from self._flat(nodes, "", _UNLAYERED, 0)

    def _flat(self, nodes: Sequence[Any], parent: str, layer: int, depth: int) -> Iterator[_Parsed]:
        """
        Args:
            parent: the selectors that the nodes are nested in; empty outside.
        """
        for node in nodes:
            if node.type == "at-rule" and node.lower_at_keyword == "layer" and not node.content:
                for name in tinycss2.serialize(node.prelude).split(","):
                    self._layer(name.strip())
            elif node.type == "at-rule" and node.content and depth < _MAX_NESTING and self._applies(node):
                yield from self._conditional(node, parent, layer, depth + 1)
            elif node.type == "qualified-rule" and depth < _MAX_NESTING:
                given = tinycss2.serialize(node.prelude).strip()
                selectors = _split(given) if not parent else _nested(given, parent)
                yield from self._block(_inside(node), selectors, layer, depth + 1)

    def _conditional(self, rule: Any, parent: str, layer: int, depth: int) -> Iterator[_Parsed]:
        said = tinycss2.serialize(rule.prelude).strip()
        if rule.lower_at_keyword == "layer":
            layer = self._layer(said or f"anonymous {len(self._layers)}")
        if rule.lower_at_keyword == "scope" and said.startswith("("):
            parent = f":is({said[1 : said.find(')')]})"
        elif parent:
            yield from self._block(_inside(rule), [parent], layer, depth)
            return
        yield from self._flat(_inside(rule), parent, layer, depth)

    def _block(self, nodes: Sequence[Any], selectors: list[str], layer: int, depth: int) -> Iterator[_Parsed]:
        declarations = _relevant(nodes)
        if declarations:
            yield selectors, declarations, layer
        if any(node.type != "declaration" for node in nodes):
            parent = selectors[0] if len(selectors) == 1 else f":is({','.join(selectors)})"
            yield from self._flat([node for node in nodes if node.type != "declaration"], parent, layer, depth)

    def _layer(self, name: str) -> int:
        return self._layers.setdefault(name, len(self._layers))

    def _applies(self, rule: Any) -> bool:
        """Whether the rules inside an at-rule apply on the screen of a desk."""
        said = tinycss2.serialize(rule.prelude).lower()
        if rule.lower_at_keyword == "media":
            return media_holds(said)
        if rule.lower_at_keyword == "supports":
            return is_supported(said)
        if rule.lower_at_keyword == "container":
            return self._has_containers and condition_holds(said[said.find("(") :])
        return rule.lower_at_keyword in ("layer", "scope")


def _inside(rule: Any) -> Any:
    return tinycss2.parse_blocks_contents(rule.content, skip_comments=True, skip_whitespace=True)


def _split(selectors: str) -> list[str]:
    """A list of selectors at its commas, but for those in brackets."""
    out, depth, start = [], 0, 0
    for at, char in enumerate(selectors):
        depth += (char in "([") - (char in ")]")
        if char == "," and depth == 0:
            out.append(selectors[start:at].strip())
            start = at + 1
    return [each for each in (*out, selectors[start:].strip()) if each]


def _nested(selectors: str, parent: str) -> list[str]:
    return [s.replace("&", parent) if "&" in s else f"{parent} {s}" for s in _split(selectors)]


def _compounds(selector: str) -> tuple[_Compound, ...] | None:
    """A selector of names and descendants; None for any other."""
    compounds = []
    for part in selector.split()[-_MAX_COMPOUNDS:]:
        found = _SIMPLE.fullmatch(part)
        if found is None:
            return None
        ids = re.findall(r"#([\w-]+)", found[2])
        tag = "" if found[1] in (None, "*") else found[1].lower()
        compounds.append(_Compound(tag, frozenset(re.findall(r"\.([\w-]+)", found[2])), ids[0] if ids else ""))
    return tuple(compounds) or None


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
        name = _LOGICAL.get(name, name)
        if colon and (name in _RELEVANT or name.startswith("--")):
            strong = value.endswith("!important")
            out.append((name, value.removesuffix("!important").rstrip(), strong))
    return tuple(out)


def _declarations(content: Any) -> tuple[Declaration, ...]:
    return _relevant(tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True))


def _relevant(nodes: Sequence[Any]) -> tuple[Declaration, ...]:
    """Those of a block that decide what is seen, custom properties among them; all in lower case."""
    named = ((node, _LOGICAL.get(node.lower_name, node.lower_name)) for node in nodes if node.type == "declaration")
    return tuple(
        (name, tinycss2.serialize(node.value).strip().lower(), bool(node.important))
        for node, name in named
        if name in _RELEVANT or name.startswith("--")
    )
