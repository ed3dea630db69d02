"""What of an element's computed style decides whether a reader sees its text: no layout, inheritance only."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from tinycss2 import color4

from . import css
from .css import Declaration
from .css_values import px, turns_edge_on

Colour = tuple[float, float, float]  # sRGB, 0..1
_Values = dict[str, str]  # of an element's own declarations, by their names
_NAMED_SIZES = {
    "xx-small": 9.0,
    "x-small": 10.0,
    "small": 13.0,
    "medium": 16.0,
    "large": 18.0,
    "x-large": 24.0,
    "xx-large": 32.0,
}
_OFF_SCREEN = 900.0  # px beyond which text is off every screen's edge
_NO_AREA = re.compile(  # shapes of clip-path
    r"(?:inset\(\s*(?:[5-9]\d|100)(?:\.\d+)?%|(?:circle|ellipse)\(\s*0"
    r"|polygon\(\s*0(?:px)? 0(?:px)?\s*,\s*0(?:px)? 0(?:px)?)"
)
_NUMBER = r"(\d*\.?\d+)"
_RECT = re.compile(rf"rect\(\s*{_NUMBER}(?:px)?[\s,]+{_NUMBER}(?:px)?[\s,]+{_NUMBER}(?:px)?[\s,]+{_NUMBER}(?:px)?\s*\)")
_SHIFT = r"(-?\d*\.?\d+)(px|em|rem|%|vw|vh)?"
_TRANSLATION = re.compile(rf"translate(?:x|y|3d)?\(\s*{_SHIFT}(?:\s*,\s*{_SHIFT})?")
_SHIFT_PX: dict[str | None, int] = {"em": 16, "rem": 16, "%": 5, "vw": 12, "vh": 9}  # of one unit of a translation
_VARIABLE = re.compile(r"var\(\s*(--[\w-]+)\s*(?:,([^()]*(?:\([^()]*\)[^()]*)*))?\)")
_MAX_SUBSTITUTIONS = 20  # of one value; a variable of variables may grow without end
_MAX_VALUE = 1000  # characters of a value
_FAINT = re.compile(r"opacity\(\s*(?:0*(?:\.0[0-4]?\d*)?|[0-4](?:\.\d+)?%)\s*\)")  # of the property filter
_FILTER = re.compile(r"([\w-]+)\(([^()]*)\)")
# functions of the property filter that leave text legible, each up to some amount
_MILD_FILTERS = {
    "grayscale": 2.0, "sepia": 2.0, "saturate": 10.0, "hue-rotate": 1e9, "drop-shadow": 1e9, "invert": 1.0, "blur": 1.5,
    "brightness": 1.3, "contrast": 3.0, "opacity": 1e9,
}  # fmt: skip
_LEAST_ZOOM = 0.12  # of a size that is legible
_LEAST_CONTRAST = 1.12  # of text that is seen, WCAG 2
_WHITE: Colour = (1.0, 1.0, 1.0)
_BLACK: Colour = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Style:
    """The inherited state at one element.

    Attributes:
        removed: the element and all in it are out of sight, whatever they say themselves.
        hidden: the CSS property visibility says so; a child may undo it.
        size: font size in px.
        colour: of the text.
        ground: colour of what is behind the text; None where that is a picture.
        clear: the text's colour is transparent.
        doubtful: it is treated in a way that may or may not take it out of sight: a mask, an unknown variable.
        variables: custom properties in force (CSS Custom Properties 1).
    """

    removed: bool = False
    hidden: bool = False
    size: float = 16.0
    colour: Colour | None = _BLACK
    ground: Colour | None = _WHITE
    clear: bool = False
    doubtful: bool = False
    variables: frozenset[tuple[str, str]] = frozenset()

    @property
    def invisible(self) -> bool:
        """Whether text right here is not seen."""
        if self.removed or self.hidden or self.size < 2.0 or self.clear:
            return True
        return (
            self.colour is not None
            and self.ground is not None
            and _contrast(self.colour, self.ground) < _LEAST_CONTRAST
        )

    def child(
        self,
        sheet: list[Declaration],
        inline: str | None,
        colour: str | None = None,
        ground: str | None = None,
    ) -> Style:
        """The style of an element inside this one."""
        if not (sheet or inline or colour or ground):
            return self
        return _child(self, tuple(sheet), inline[:5000] if inline else None, colour, ground)

    def _apply(self, own: _Values) -> Style:
        given = {name: value for name, value in own.items() if name.startswith("--")}
        variables = frozenset({**dict(self.variables), **given}.items()) if given else self.variables
        own, known = _substituted(own, dict(variables))
        size = _size(own, self.size)
        colour, clear = self.colour, self.clear
        value = own.get("-webkit-text-fill-color", own.get("color"))
        if value is not None and value not in ("inherit", "unset"):
            parsed = _colour(value)
            if parsed is not None:
                colour, clear = (parsed[0], False) if parsed[1] > 0.05 else (self.colour, True)
        ground = self.ground
        for name in ("background", "background-color"):
            value = own.get(name)
            if value is None:
                continue
            if "gradient" in value and "url(" not in value:
                ground = _evenly(value)
            elif "url(" in value:
                ground = None
            else:
                parsed = next((c for c in (_colour(t) for t in _tokens(value)) if c), None)
                if parsed is not None and parsed[1] > 0.5:
                    ground = parsed[0]
        hidden = self.hidden
        if "visibility" in own and own["visibility"] not in ("inherit", "unset"):
            hidden = own["visibility"] in ("hidden", "collapse")
        return replace(
            self,
            removed=self.removed or _removes(own, size),
            hidden=hidden,
            size=size,
            colour=colour,
            ground=ground,
            clear=clear,
            doubtful=self.doubtful or not known or _is_masked(own),
            variables=variables,
        )


@lru_cache(maxsize=1024)  # a page has many elements and few styles
def _child(
    parent: Style, sheet: tuple[Declaration, ...], inline: str | None, colour: str | None, ground: str | None
) -> Style:
    own: _Values = {}
    if colour:
        own["color"] = colour.lower()
    if ground:
        own["background-color"] = ground.lower()
    important: set[str] = set()
    for name, value, strong in (*sheet, *(css.inline(inline) if inline else ())):
        if strong or name not in important:
            own[name] = value
            if strong:
                important.add(name)
    return parent._apply(own) if own else parent


def _substituted(own: _Values, variables: _Values) -> tuple[_Values, bool]:
    """Declarations with their variables in place, and whether all of those were known."""
    if not any("var(" in value for value in own.values()):
        return own, True
    out, known = {}, True
    for name, value in own.items():
        for _ in range(_MAX_SUBSTITUTIONS):
            found = _VARIABLE.search(value)
            if found is None:
                break
            fallback = None if found[2] is None else found[2].strip()
            by = variables.get(found[1], fallback)
            known = known and (by is not None or name.startswith("--"))
            value = value[: found.start()] + (by or "") + value[found.end() :]
        out[name] = value[:_MAX_VALUE]
    return out, known


def _tokens(value: str) -> list[str]:
    return re.findall(r"[a-z-]+\([^)]*\)|[^\s]+", value)


@lru_cache(maxsize=1024)
def _colour(value: str) -> tuple[Colour, float] | None:
    parsed = color4.parse_color(value)
    if parsed is None or isinstance(parsed, str):
        return None
    try:
        r, g, b = (float(c) for c in parsed.to("srgb").coordinates)
    except (TypeError, ValueError, NotImplementedError):
        return None
    return (r, g, b), float(parsed.alpha)


def _evenly(gradient: str) -> Colour | None:
    """The colour of a gradient that is of one colour, about."""
    colours = [
        found[0]
        for found in map(_colour, re.findall(r"#[0-9a-f]{3,8}|[a-z]+\([^()]*\)|[a-z]+", gradient.partition("(")[2]))
        if found
    ]
    first = colours[0] if colours else None
    return first if first and all(_contrast(first, other) < _LEAST_CONTRAST for other in colours) else None


def _contrast(a: Colour, b: Colour) -> float:
    """WCAG 2 contrast ratio, 1 (the same) .. 21."""
    x, y = sorted((_luminance(a), _luminance(b)))
    return (y + 0.05) / (x + 0.05) if max(abs(p - q) for p, q in zip(a, b, strict=True)) < 0.12 else 21.0


def _luminance(colour: Colour) -> float:
    r, g, b = (c / 12.92 if c <= 0.03928 else ((max(c, 0) + 0.055) / 1.055) ** 2.4 for c in colour)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def _size(own: _Values, inherited: float) -> float:
    value = own.get("font-size")
    if value is None and "font" in own:
        value = next((t.split("/")[0] for t in own["font"].split() if re.match(r"^[\d.]", t)), None)
    if value is None:
        return inherited
    if value in _NAMED_SIZES:
        return _NAMED_SIZES[value]
    size = px(value, em=inherited, whole=inherited)
    return inherited if size is None else size


def _removes(own: _Values, size: float) -> bool:
    """Whether declarations take an element and all in it out of sight."""
    return (
        own.get("display") == "none"
        or own.get("content-visibility") == "hidden"
        or _is_transparent(own)
        or _is_collapsed(own, size)
        or _is_off_screen(own, size)
        or _is_clipped(own)
        or _is_transformed_away(own.get("transform", ""), own.get("scale"), own.get("translate", ""))
        or turns_edge_on(own.get("transform", ""), own.get("rotate", ""))
        or _FAINT.search(own.get("filter", "")) is not None
        or (px(own.get("zoom"), whole=1.0) or 1.0) < _LEAST_ZOOM
        or own.get("grid-template-rows") in ("0fr", "0", "0px")
    )


def _is_masked(own: _Values) -> bool:
    """Whether a mask, a filter or a path may take an element out of sight: nobody has looked at the picture."""
    masks = (
        own.get(name, "none") for name in ("mask", "mask-image", "-webkit-mask", "-webkit-mask-image", "offset-path")
    )
    return any(value not in ("none", "") for value in masks) or not _is_mild(own.get("filter", "none"))


def _is_mild(filters: str) -> bool:
    for name, amount in _FILTER.findall(filters):
        most, value = _MILD_FILTERS.get(name), px(amount.strip() or "1", whole=1.0)
        if most is None or (value is not None and value > most):
            return False
        if name in ("brightness", "contrast") and value is not None and value < 0.3:
            return False
    return "url(" not in filters


def _is_transparent(own: _Values) -> bool:
    opacity = px(own.get("opacity"), whole=1.0)
    return opacity is not None and opacity <= 0.05


def _is_collapsed(own: _Values, size: float) -> bool:
    """Whether an element is of no size, and what overflows it is cut off."""
    if all(
        own.get(name, "").split()[0:1] not in (["hidden"], ["clip"], ["scroll"], ["auto"])
        for name in ("overflow", "overflow-x", "overflow-y")
    ):
        return False
    sides = [px(own.get(name), size) for name in ("width", "height", "max-width", "max-height")]
    if own.get("contain", "") in ("size", "strict") and own.get("height") is None:
        return True
    return any(side is not None and side <= 1.0 for side in sides)


def _is_off_screen(own: _Values, size: float) -> bool:
    """Whether an element is moved off every screen: by its indent, its position or its margins."""
    indent = px(own.get("text-indent"), size)
    if indent is not None and abs(indent) >= _OFF_SCREEN:
        return True
    if own.get("position") in ("absolute", "fixed", "relative", "sticky"):
        sides = (*map(own.get, ("left", "top", "right", "bottom")), *own.get("inset", "").split())
        offsets = [px(side, size) for side in sides]
        if any(each is not None and (each <= -_OFF_SCREEN or each >= 9 * _OFF_SCREEN) for each in offsets):
            return True
    margins = [
        px(side, size) for side in (own.get("margin-left"), own.get("margin-top"), *own.get("margin", "").split())
    ]
    return any(margin is not None and margin <= -_OFF_SCREEN for margin in margins)


def _is_clipped(own: _Values) -> bool:
    m = _RECT.match(own.get("clip", ""))
    if m and own.get("position") in ("absolute", "fixed"):
        top, right, bottom, left = (float(x) for x in m.groups())
        if bottom - top <= 1 or right - left <= 1:
            return True
    return _NO_AREA.match(own.get("clip-path", "")) is not None


def _is_transformed_away(transform: str, scale: str | None, translate: str) -> bool:
    """Whether an element is scaled to nothing or translated off every screen."""
    if re.search(r"scale(?:[xy]|3d)?\(\s*0*(?:\.0\d*)?\s*[,)]", transform) or scale in ("0", "0%"):
        return True
    if translate:
        transform = f"{transform} translate({','.join(translate.split()[:2])})"
    moved = _TRANSLATION.search(transform)
    if moved is None:
        return False
    shifts = ((moved[1], moved[2]), (moved[3], moved[4]))
    return any(number and abs(float(number) * _SHIFT_PX.get(unit, 1)) >= _OFF_SCREEN for number, unit in shifts)
