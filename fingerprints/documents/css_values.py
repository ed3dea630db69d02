"""Numbers, lengths, angles and transforms of CSS values as far as they decide whether text is seen (CSS Values 4)."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import tinycss2

_LENGTH = re.compile(r"([-+]?\d*\.?\d+)(px|em|rem|%|pt|vw|vh|ex|ch|cm|mm|in|pc|vmin|vmax)?")
# px of a unit, on a screen of 1,200 x 900; em and % are of something else
_UNITS = {
    "px": 1.0, "rem": 16.0, "pt": 4 / 3, "vw": 12.0, "vh": 9.0, "vmin": 9.0, "vmax": 12.0, "ex": 8.0, "ch": 8.0,
    "cm": 38.0, "mm": 3.8, "in": 96.0, "pc": 16.0,
}  # fmt: skip
_DEGREES = {"deg": 1.0, "grad": 0.9, "rad": 180 / math.pi, "turn": 360.0, "": 1.0}
_ANGLE = re.compile(r"([-+]?\d*\.?\d+)(deg|grad|rad|turn)?")
_FUNCTION = re.compile(r"([\w-]+)\(([^()]*)\)")
_MAX_TERMS = 50  # of an expression
_EDGE = 0.06  # cosine of the angle at which text is a line


def px(value: str | None, em: float = 16.0, whole: float = 1000.0) -> float | None:
    """A length in px, a bare number as it is; None for what is neither.

    Args:
        em: px of the font's size.
        whole: px of what percentages are of.
    """
    if not value:
        return None
    plain = _LENGTH.fullmatch(value)
    if plain is not None:
        return float(plain[1]) * _factor(plain[2] or "px", em, whole)
    return _computed(value, em, whole) if "(" in value else None


def _factor(unit: str, em: float, whole: float) -> float:
    return {"em": em, "%": whole / 100}.get(unit) or _UNITS.get(unit, 1.0)


@lru_cache(maxsize=1024)
def _computed(value: str, em: float, whole: float) -> float | None:
    """The value of calc(), min(), max() and clamp()."""
    parsed = tinycss2.parse_one_component_value(value)
    try:
        return _term(parsed, em, whole, 0)
    except (ValueError, ZeroDivisionError, OverflowError):
        return None


def _term(token: Any, em: float, whole: float, depth: int) -> float:
    """Raises ValueError for what is no number."""
    if depth > 10:
        raise ValueError
    if token.type == "number":
        return float(token.value)
    if token.type == "percentage":
        return float(token.value) * whole / 100
    if token.type == "dimension":
        return float(token.value) * _factor(token.lower_unit, em, whole)
    if token.type == "() block":
        return _sum(token.content, em, whole, depth + 1)
    if token.type != "function" or token.lower_name not in ("calc", "min", "max", "clamp"):
        raise ValueError
    values = [_sum(each, em, whole, depth + 1) for each in _between_commas(token.arguments)]
    if token.lower_name == "clamp" and len(values) == 3:
        return max(values[0], min(values[1], values[2]))
    return {"min": min, "max": max}.get(token.lower_name, lambda each: each[0])(values)


def _between_commas(tokens: Sequence[Any]) -> list[list[Any]]:
    parts: list[list[Any]] = [[]]
    for each in tokens:
        if each == ",":
            parts.append([])
        else:
            parts[-1].append(each)
    return parts


def _sum(tokens: Sequence[Any], em: float, whole: float, depth: int) -> float:
    """A sum of products: * and / bind before + and -."""
    known = [token for token in tokens if token.type not in ("whitespace", "comment")][:_MAX_TERMS]
    if len(known) % 2 == 0:
        raise ValueError
    sums, sign = [_term(known[0], em, whole, depth)], 1.0
    for operator, token in zip(known[1::2], known[2::2], strict=True):
        value = _term(token, em, whole, depth)
        if operator == "*":
            sums[-1] *= value
        elif operator == "/":
            sums[-1] /= value
        elif operator in ("+", "-"):
            sign = 1.0 if operator == "+" else -1.0
            sums.append(sign * value)
        else:
            raise ValueError
    return sum(sums)


def turns_edge_on(transform: str, rotate: str = "") -> bool:
    """Whether a transform turns an element about an axis in its plane until it is a line, or flattens it to one."""
    for name, inside in _FUNCTION.findall(transform):
        numbers = [part.strip() for part in inside.replace(",", " ").split()]
        if name in ("rotatex", "rotatey") and _is_edge_on(inside.strip()):
            return True
        if name == "rotate3d" and len(numbers) == 4 and _in_plane(numbers[:3]) and _is_edge_on(numbers[3]):
            return True
        if name == "matrix" and len(numbers) == 6:
            a, b, c, d = (px(number) or 0.0 for number in numbers[:4])
            if abs(a * d - b * c) < 1e-3:
                return True
    *axis, angle = rotate.split() or [""]
    return (axis in (["x"], ["y"]) or (len(axis) == 3 and _in_plane(axis))) and _is_edge_on(angle)


def _in_plane(axis: Sequence[str]) -> bool:
    return any(px(part) for part in axis[:2]) and not px(axis[2])


def _is_edge_on(angle: str) -> bool:
    found = _ANGLE.fullmatch(angle)
    return found is not None and abs(math.cos(math.radians(float(found[1]) * _DEGREES[found[2] or ""]))) < _EDGE
