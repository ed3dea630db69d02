"""Charts as SVG, made here: no script, and colours of the page's own style sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

_HEIGHT, _BAR, _GAP, _LEFT, _BOTTOM = 140, 22, 6, 34, 18  # px


def stacked(counts: Sequence[tuple[str, Mapping[str, int]]], kinds: Sequence[str], title: str) -> Markup:
    """Columns of stacked counts.

    Args:
        counts: the label of each column and its counts by kind, left to right.
        kinds: bottom to top; each is drawn with the class ``kind-NAME``.
        title: what the chart shows, for who cannot see it.
    """
    most = max((sum(each.values()) for _, each in counts), default=0) or 1
    width = _LEFT + len(counts) * (_BAR + _GAP)
    bars = Markup("").join(_column(n, label, each, kinds, most) for n, (label, each) in enumerate(counts))
    axis = Markup(
        '<text x="{}" y="10" text-anchor="end">{}</text><text x="{}" y="{}" text-anchor="end">0</text>'
    ).format(_LEFT - 4, most, _LEFT - 4, _HEIGHT)
    return Markup(
        '<svg class="chart" role="img" viewBox="0 0 {} {}" width="{}" height="{}"><title>{}</title>{}{}</svg>'
    ).format(width, _HEIGHT + _BOTTOM, width, _HEIGHT + _BOTTOM, title, axis, bars)


def _column(n: int, label: str, counts: Mapping[str, int], kinds: Sequence[str], most: int) -> Markup:
    x, y = _LEFT + n * (_BAR + _GAP), float(_HEIGHT)
    out = Markup("")
    for kind in kinds:
        height = _HEIGHT * counts.get(kind, 0) / most
        if height:
            y -= height
            out += Markup('<rect class="kind-{}" x="{}" y="{:.1f}" width="{}" height="{:.1f}"/>').format(
                kind, x, y, _BAR, height
            )
    text = Markup('<text x="{}" y="{}" text-anchor="middle">{}</text>').format(
        x + _BAR / 2, _HEIGHT + _BOTTOM - 5, label[-2:]
    )
    hint = Markup("<title>{}: {}</title>").format(label, sum(counts.values()))
    return Markup("<g>{}{}{}</g>").format(hint, out, text)
