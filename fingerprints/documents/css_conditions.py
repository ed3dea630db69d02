"""Which conditional rules of a style sheet apply: Media Queries 4, @supports of CSS Conditional Rules 3.

A page is read for one screen, that of a desk: a rule for another (a phone's, paper) hides nothing from its reader.
"""

from __future__ import annotations

import re
from collections.abc import Callable

WIDTH, HEIGHT = 1280.0, 800.0  # px of that screen
_EM = 16.0
_TYPES = {"all": True, "screen": True}  # and no others
_ON_A_DESK = {
    "orientation": "landscape", "prefers-color-scheme": "light", "prefers-reduced-motion": "no-preference",
    "hover": "hover", "any-hover": "hover", "pointer": "fine", "any-pointer": "fine", "scripting": "enabled",
    "update": "fast", "forced-colors": "none", "display-mode": "browser", "prefers-contrast": "no-preference",
}  # fmt: skip
_SIDES = {"width": WIDTH, "height": HEIGHT, "inline-size": WIDTH, "block-size": HEIGHT, "device-width": WIDTH}
_QUERY = re.compile(r"(?:(not|only)\s+)?([a-z-]+)(?:\s+and\s+(.+))?")
_BOUND = re.compile(r"(min|max)-([a-z-]+)\s*:\s*([\d.]+)(px|em|rem)?")
_RANGE = re.compile(r"([a-z-]+)\s*([<>]=?|=)\s*([\d.]+)(px|em|rem)?")
_BETWEEN = re.compile(r"([\d.]+)(px|em|rem)?\s*(<=?)\s*([a-z-]+)\s*(<=?)\s*([\d.]+)(px|em|rem)?")
_MAX_DEPTH = 8


def media_holds(queries: str) -> bool:
    """Whether a list of media queries holds on the screen of a desk; the empty list does."""
    each = [query.strip() for query in queries.lower().split(",")]
    return not any(each) or any(map(_query_holds, each))


def condition_holds(condition: str) -> bool:
    """Whether the condition of a container query holds for a container as wide as the screen."""
    return _combined(condition.lower(), _feature_holds)


def is_supported(condition: str) -> bool:
    """Whether a browser supports what @supports asks for: everything, so that only ``not`` makes it false."""
    return _combined(condition.lower(), lambda _: True)


def _query_holds(query: str) -> bool:
    if query.startswith(("(", "not (", "not(")):
        return _combined(query, _feature_holds)
    found = _QUERY.fullmatch(query)
    if found is None:
        return False
    holds = _TYPES.get(found[2], False) and (found[3] is None or _combined(found[3], _feature_holds))
    return holds != (found[1] == "not")


def _combined(condition: str, leaf: Callable[[str], bool], depth: int = 0) -> bool:
    """Terms in brackets joined by ``and`` or ``or``, each perhaps after ``not``."""
    if depth > _MAX_DEPTH:
        return False
    terms = [(inside, word) for inside, word in _terms(condition)]
    if not terms:
        return leaf(condition.strip())
    values = [_combined(inside, leaf, depth + 1) != ("not" in words) for inside, words in terms]
    return any(values) if any("or" in words for _, words in terms) else all(values)


def _terms(condition: str) -> list[tuple[str, list[str]]]:
    """What stands in the outermost brackets, each with the words before it."""
    found, depth, start, before = [], 0, 0, 0
    for at, char in enumerate(condition):
        if char == "(":
            if depth == 0:
                words, start = condition[before:at].split(), at + 1
            depth += 1
        elif char == ")" and depth:
            depth -= 1
            if depth == 0:
                found.append((condition[start:at], words))
                before = at + 1
    return found


def _feature_holds(feature: str) -> bool:
    """Whether one media feature holds; an unknown one does not."""
    if bound := _BOUND.fullmatch(feature.strip()):
        least, side, limit = bound[1] == "min", _SIDES.get(bound[2]), _px(bound[3], bound[4])
        return side is not None and (side >= limit if least else side <= limit)
    if span := _BETWEEN.fullmatch(feature.strip()):
        side = _SIDES.get(span[4])
        return side is not None and _px(span[1], span[2]) <= side <= _px(span[6], span[7])
    if compared := _RANGE.fullmatch(feature.strip()):
        side, limit = _SIDES.get(compared[1]), _px(compared[3], compared[4])
        return side is not None and {"<": side < limit, ">": side > limit, "=": side == limit}[compared[2][0]]
    name, colon, value = (part.strip() for part in feature.partition(":"))
    return _ON_A_DESK.get(name) == value if colon else name in _SIDES or name in _ON_A_DESK or name == "color"


def _px(number: str, unit: str | None) -> float:
    try:
        return float(number) * (_EM if unit in ("em", "rem") else 1.0)
    except ValueError:
        return 0.0
