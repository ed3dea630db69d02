"""Text that was read in a picture, as evidence: where in the picture matched words stand, and the credits in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from fingerprints import reading
from fingerprints.model import Match, PictureLine, Quad

from ..marking.segmentation import Unit, sentences
from ..search.matching import Search

WHERE = "picture_text"


def placed(search: Search, lines: Sequence[PictureLine]) -> Search:
    """What was found of an upload, with the places of read words in its picture."""
    if not lines:
        return search
    found = [replace(each, match=reading.placed(each.match, lines)) for each in search.found]
    return replace(search, found=found)


def units(lines: Sequence[PictureLine], without: Match | None = None) -> Iterator[Unit]:
    """The lines of a picture that a person reads, for the marking check; locators are their corners, ``x,y`` each.

    Args:
        without: leave out the lines that this match found in the work: its own words credit nobody.
    """
    spans = [] if without is None else [each.upload for each in without.segments if each.unit == "codepoint"]
    for line in lines:
        if not line.visible:
            continue
        end = line.at + len(line.text)
        if any(line.at < stop and start < end for start, stop in spans):  # type: ignore[misc]  # no corners
            continue
        for a, b in sentences(line.text):
            yield Unit(WHERE, _corners(line.quad), line.text[a:b], nearness="own")


def _corners(quad: Quad) -> str:
    return " ".join(f"{x:.0f},{y:.0f}" for x, y in quad)
