"""Lines of a picture become one text, in the order in which a person reads them."""

from __future__ import annotations

import random

import pytest

from fingerprints.model import Match, PictureLine, Segment
from fingerprints.reading import order, placed
from fingerprints.reading.engine import Line

Rows = list[tuple[str, float, float]]  # text, left, top

COLUMNS: Rows = [
    ("title", 0, 0),
    *((f"left {n}", 0, 60 + 30 * n) for n in range(4)),
    *((f"right {n}", 300, 60 + 30 * n) for n in range(4)),
    ("foot", 0, 220),
]
ROW: Rows = [("one", 0, 0), ("two", 120, 3), ("three", 240, 1), ("four", 0, 30)]


def line(text: str, left: float, top: float, *, width: float = 0.0) -> Line:
    right, bottom = left + (width or 10.0 * len(text)), top + 20
    return Line(text, ((left, top), (right, top), (right, bottom), (left, bottom)), 0.9)


@pytest.mark.parametrize("rows", [COLUMNS, ROW, [("only", 5, 5)], []])
def test_lines_are_put_in_order(rows: Rows) -> None:
    lines = [line(text, left, top, width=500 if text in ("title", "foot") else 0) for text, left, top in rows]
    random.Random(3).shuffle(lines)
    found = order.ordered(lines, lambda _: True)
    assert [each.text for each in found] == [text for text, _, _ in rows]
    whole = order.text_of(found)
    assert all(whole[each.at : each.at + len(each.text)] == each.text for each in found)


def test_matched_words_have_their_place_in_the_picture() -> None:
    lines = order.ordered([line("first", 0, 0), line("second", 0, 30), line("third", 0, 60)], lambda _: True)
    match = Match(1, 1, 1, (Segment((6, 9), (100, 103), "codepoint"), Segment((6, 15), (0, 9), "codepoint")))
    quads = [segment.quad for segment in placed(match, lines).segments]
    assert quads == [
        ((0, 30), (60, 30), (60, 50), (0, 50)),
        ((0, 30), (60, 30), (60, 80), (0, 80)),
    ]


def test_places_of_pictures_stay() -> None:
    corners = (0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0)
    match = Match(1, 1, 1, (Segment(corners, corners, "pixel"),))
    assert placed(match, [PictureLine("words", corners, 0, visible=True)]) == match
