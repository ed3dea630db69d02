"""As much CSS as decides whether a reader sees a piece of text: CSS 2.1 cascade, no layout."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import tinycss2
from tinycss2 import color4

Names = tuple[str, frozenset[str], str]
Declarations = dict[str, str]
MAX_RULES = 5000
MAX_TRIALS = 1_000_000  # of rules and ancestors on elements: hostile sheets are no longer applied from there on
_MAX_ANCESTORS = 60  # ancestors looked at
_RELEVANT = frozenset(
    [
        "display",
        "visibility",
        "opacity",
        "font-size",
        "font",
        "color",
        "background",
        "background-color",
        "width",
        "height",
        "max-width",
        "max-height",
        "overflow",
        "overflow-x",
        "overflow-y",
        "text-indent",
        "position",
        "left",
        "top",
        "right",
        "bottom",
        "clip",
        "clip-path",
        "transform",
        "content-visibility",
        "margin-left",
        "margin-top",
        "-webkit-text-fill-color",
        "line-height",
        "scale",
    ]
)
_NAMED_SIZES = {
    "xx-small": 9.0,
    "x-small": 10.0,
    "small": 13.0,
    "medium": 16.0,
    "large": 18.0,
    "x-large": 24.0,
    "xx-large": 32.0,
}
_UNUSUAL = re.compile(r"""["'\\\\{}\[\]@/]|url\(|!\s+important""", re.IGNORECASE)
_OFF_SCREEN = 900.0  # px beyond which text is off every screen's edge
Colour = tuple[float, float, float]
_WHITE: Colour = (1.0, 1.0, 1.0)
_BLACK: Colour = (0.0, 0.0, 0.0)


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
    declarations: tuple[tuple[str, str, bool], ...]
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

    def _rule(self, selector: str, declarations: tuple[tuple[str, str, bool], ...]) -> None:
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

    def declarations(self, names: Names, ancestors: Sequence[Names]) -> list[tuple[str, str, bool]]:
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
def _inline(source: str) -> tuple[tuple[str, str, bool], ...]:
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


def _declarations(content: Any) -> tuple[tuple[str, str, bool], ...]:
    out = []
    for node in tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True):
        if node.type == "declaration" and node.lower_name in _RELEVANT:
            out.append((node.lower_name, tinycss2.serialize(node.value).strip().lower(), bool(node.important)))
    return tuple(out)


@dataclass(frozen=True, slots=True)
class Style:
    """The inherited state at one element.

    Attributes:
        removed: the element and all in it are out of sight, whatever they say themselves.
        hidden: `visibility`, which a child may undo.
        size: font size in px. colour, ground: of the text and of what is behind it; ground None = a picture.
    """

    removed: bool = False
    hidden: bool = False
    size: float = 16.0
    colour: Colour | None = _BLACK
    ground: Colour | None = _WHITE
    clear: bool = False

    @property
    def invisible(self) -> bool:
        """Whether text right here is not seen."""
        if self.removed or self.hidden or self.size < 2.0 or self.clear:
            return True
        return self.colour is not None and self.ground is not None and _contrast(self.colour, self.ground) < 1.12

    def child(
        self,
        sheet: list[tuple[str, str, bool]],
        inline: str | None,
        colour: str | None = None,
        ground: str | None = None,
    ) -> Style:
        """The style of an element inside this one."""
        if not (sheet or inline or colour or ground):
            return self
        return _child(self, tuple(sheet), inline[:5000] if inline else None, colour, ground)

    def _apply(self, own: Declarations) -> Style:
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
            if "url(" in value or "gradient" in value:
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
        )


@lru_cache(maxsize=1024)  # a page has many elements and few styles
def _child(
    parent: Style, sheet: tuple[tuple[str, str, bool], ...], inline: str | None, colour: str | None, ground: str | None
) -> Style:
    own: Declarations = {}
    if colour:
        own["color"] = colour.lower()
    if ground:
        own["background-color"] = ground.lower()
    important: set[str] = set()
    for name, value, strong in (*sheet, *(_inline(inline) if inline else ())):
        if strong or name not in important:
            own[name] = value
            if strong:
                important.add(name)
    return parent._apply(own) if own else parent


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


def _contrast(a: Colour, b: Colour) -> float:
    """WCAG 2 contrast ratio, 1 (the same) .. 21."""
    x, y = sorted((_luminance(a), _luminance(b)))
    return (y + 0.05) / (x + 0.05) if max(abs(p - q) for p, q in zip(a, b, strict=True)) < 0.12 else 21.0


def _luminance(colour: Colour) -> float:
    r, g, b = (c / 12.92 if c <= 0.03928 else ((max(c, 0) + 0.055) / 1.055) ** 2.4 for c in colour)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


_LENGTH = re.compile(r"^(-?\d*\.?\d+)(px|em|rem|%|pt|vw|vh|ex|ch|cm|mm|in|pc|vmin|vmax)?$")


def _px(value: str | None, em: float = 16.0, whole: float = 1000.0) -> float | None:
    m = _LENGTH.match(value or "")
    if not m:
        return None
    unit = {
        "em": em,
        "rem": 16.0,
        "%": whole / 100,
        "pt": 4 / 3,
        "vw": 12.0,
        "vh": 9.0,
        "cm": 38.0,
        "in": 96.0,
        "pc": 16.0,
    }
    return float(m[1]) * unit.get(m[2] or "px", 8.0 if m[2] in ("ex", "ch") else 1.0)


def _size(own: Declarations, inherited: float) -> float:
    value = own.get("font-size")
    if value is None and "font" in own:
        value = next((t.split("/")[0] for t in own["font"].split() if re.match(r"^[\d.]", t)), None)
    if value is None:
        return inherited
    if value in _NAMED_SIZES:
        return _NAMED_SIZES[value]
    px = _px(value, em=inherited, whole=inherited)
    return inherited if px is None else px


def _removes(own: Declarations, size: float) -> bool:
    if own.get("display") == "none" or own.get("content-visibility") == "hidden":
        return True
    opacity = own.get("opacity", "1")
    try:
        if float(opacity.rstrip("%")) / (100 if opacity.endswith("%") else 1) <= 0.05:
            return True
    except ValueError:
        pass
    clipped = any(
        own.get(k, "").split()[0:1] in (["hidden"], ["clip"], ["scroll"], ["auto"])
        for k in ("overflow", "overflow-x", "overflow-y")
    )
    for name in ("width", "height", "max-width", "max-height"):
        px = _px(own.get(name), size)
        if px is not None and px <= 1.0 and clipped:
            return True
    indent = _px(own.get("text-indent"), size)
    if indent is not None and abs(indent) >= _OFF_SCREEN:
        return True
    away = own.get("position") in ("absolute", "fixed", "relative", "sticky")
    for name, far in ((side, -_OFF_SCREEN) for side in ("left", "top", "right", "bottom")):
        px = _px(own.get(name), size)
        if away and px is not None and (px <= far or px >= 9 * _OFF_SCREEN):
            return True
    for name in ("margin-left", "margin-top"):
        px = _px(own.get(name), size)
        if px is not None and px <= -_OFF_SCREEN:
            return True
    return _clipped(own)


def _clipped(own: Declarations) -> bool:
    clip = own.get("clip", "")
    m = re.match(r"rect\(\s*([\d.]+)(?:px)?[\s,]+([\d.]+)(?:px)?[\s,]+([\d.]+)(?:px)?[\s,]+([\d.]+)(?:px)?\s*\)", clip)
    if m and own.get("position") in ("absolute", "fixed"):
        top, right, bottom, left = (float(x) for x in m.groups())
        if bottom - top <= 1 or right - left <= 1:
            return True
    path = own.get("clip-path", "")
    if re.match(
        r"(?:inset\(\s*(?:[5-9]\d|100)(?:\.\d+)?%|circle\(\s*0|polygon\(\s*0(?:px)? 0(?:px)?\s*,\s*0(?:px)? 0(?:px)?)",
        path,
    ):
        return True
    transform = own.get("transform", "")
    if re.search(r"scale[xy]?\(\s*0(?:\.0\d*)?\s*[,)]", transform) or own.get("scale") in ("0", "0%"):
        return True
    moved = re.search(
        r"translate(?:x|y|3d)?\(\s*(-?[\d.]+)(px|em|rem|%|vw|vh)?(?:\s*,\s*(-?[\d.]+)(px|em|rem|%|vw|vh)?)?", transform
    )
    if moved:
        for number, unit in ((moved[1], moved[2]), (moved[3], moved[4])):
            if (
                number
                and abs(float(number) * {"em": 16, "rem": 16, "%": 5, "vw": 12, "vh": 9}.get(unit or "px", 1))
                >= _OFF_SCREEN
            ):
                return True
    return False
