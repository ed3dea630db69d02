"""Selectors that look at more than names: attributes, siblings, places, ``:not``, ``:is``, ``:where``, ``:has``.

They are parsed and matched by cssselect2 (Selectors Level 4). What only a reader's doing makes true (``:hover``,
``:target``) never fits here, as on a page that was just opened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cssselect2
from cssselect2.compiler import CompiledSelector

_MAX_LENGTH = 500  # characters of a selector
_MAX_ANCESTORS = 60
_LOOKS_ALL_OVER = 500  # elements that a selector looks at which searches below an element or after it, about
_LOOKS_AROUND = 20  # the same, among siblings and ancestors
# True of every element, or of so many that a page which hides by them hides: cssselect2 does not know these.
_NEARLY_ALWAYS = re.compile(r":(?:defined|read-only|optional|dir\([a-z]+\)|open)(?![\w-])")


@dataclass(frozen=True, slots=True)
class _Selector:
    """See `fingerprints.documents.css.Selector`."""

    compiled: CompiledSelector
    key: str
    specificity: tuple[int, int, int]
    cost: int

    def fits(self, element: Any) -> bool:
        return bool(self.compiled.test(element))


def compiled(selector: str) -> Sequence[_Selector]:
    """The selectors of a list; none where a browser would not understand it either, or it can never fit."""
    if len(selector) > _MAX_LENGTH:
        return ()
    selector = _NEARLY_ALWAYS.sub("", selector) or "*"
    try:
        found = cssselect2.compile_selector_list(selector)
    except (cssselect2.SelectorError, NotImplementedError, SyntaxError, RecursionError, MemoryError):
        return ()
    cost = _LOOKS_ALL_OVER if ":has" in selector or (":nth-" in selector and " of " in selector) else 1
    if cost == 1 and re.search(r"[ ~>+]|:(?:nth|last|only|first)", selector):
        cost = _LOOKS_AROUND
    return [
        _Selector(each, _key(each), each.specificity, cost)
        for each in found
        if not each.never_matches and each.pseudo_element is None
    ]


def _key(selector: CompiledSelector) -> str:
    if selector.id is not None:
        return f"#{selector.id}"
    if selector.class_name is not None:
        return f".{selector.class_name}"
    return selector.lower_local_name or "*"


class Element(cssselect2.ElementWrapper):  # type: ignore[misc]  # cssselect2 has no types
    """An element of a page for selectors; made in document order. Its neighbours are found without recursion."""

    def __init__(self, element: Any, parent: Element | None, index: int, previous: Element | None) -> None:
        super().__init__(element, parent, index, previous, in_html_document=True)

    @property
    def ancestors(self) -> Sequence[Element]:
        """The nearest ones, the parent first."""
        return tuple(_line(self.parent, "parent"))[:_MAX_ANCESTORS]

    @property
    def previous_siblings(self) -> Sequence[Element]:
        return tuple(_line(self.previous, "previous"))

    def iter_children(self) -> Iterator[Element]:
        child = None
        for index, each in enumerate(self.etree_children):
            child = type(self)(each, self, index, child)
            yield child


def _line(element: Element | None, link: str) -> Iterator[Element]:
    while element is not None:
        yield element
        element = getattr(element, link)
