"""A match as the marking check sees it: how the post uses the work, and which part of the post speaks of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

from fingerprints.model import Examination, Match

from ..marking import Checker, Post, Report, Work
from ..marking.segmentation import Unit
from ..schemas import ScanItem, Use
from . import picture_text

_FULL_MIN_COVERAGE = 0.5  # of the work; with less of it a post excerpts it, unless the platform knows better
_QUOTATION_MAX_COVERAGE = 0.2  # of the work; more of it is an excerpt even between quotation marks
_MOSTLY_THE_WORK = 0.5  # of the upload; what is mostly somebody else's is no quotation and all of it speaks of the work
_NEARBY = 1_500  # code points on either side of a matched span in which a post speaks of it
_OPENING_LOOKBACK = 400  # code points before a span in which the quotation mark that opens at it may begin
_QUOTATION_LOOKBACK = 2_000  # code points before a span in which a quotation around it may have begun

_TAG = re.compile(r"<[^<>]{1,2000}>")
_OPENS_HERE = re.compile(r"(?:[“«„「『《‹\"]|<(?:q|blockquote)\b[^<>]{0,300}>)\s*(?:<[^<>]{1,300}>\s*)*$")
_QUOTATION_MARK = re.compile(r"[“”«»「」『』]|</?(?:q|blockquote)\b")
_OPENING_MARKS = frozenset(("“", "«", "「", "『", "<q", "<blockquote"))
_CODEPOINTS = re.compile(r"(\d+)-(\d+)")  # how evidence in a text says where it stands

_Span = tuple[int, int]  # half-open, code points


@dataclass(frozen=True, slots=True)
class Shown:
    """An upload, or a part of a post, as a reader meets it.

    Attributes:
        caption: the text beside it.
        around: what else of a post speaks of this part, see `surroundings`.
        others: works that are shown beside the one that is judged.
    """

    examination: Examination
    caption: str | None = None
    around: tuple[Unit, ...] = ()
    others: tuple[Work, ...] = ()


@dataclass(frozen=True, slots=True)
class CreditPlace:
    """Where a text's credit stands to the matched spans; ``distance`` in code points, 0 inside."""

    side: Literal["before", "inside", "after"]
    distance: int

    def to_json(self) -> dict[str, Any]:
        return {"side": self.side, "distance": self.distance}


def use_of(item: ScanItem, match: Match, text: str | None) -> Use:
    """How the work is used: as the platform says, else as the match shows.

    Rewritten text and mirrored or inverted pictures are adaptations; a short span between quotation marks, in a post
    that is mostly something else, is a quotation; less than half of a work is an excerpt.
    """
    if item.use is not None:
        return item.use
    if match.reuse == "rewritten" or match.transform.get("mirrored") or match.transform.get("inverted"):
        return "adapted"
    if text is not None and _is_quotation(match, text):
        return "quotation"
    return "excerpt" if match.coverage_work < _FULL_MIN_COVERAGE else "full"


def _is_quotation(match: Match, text: str) -> bool:
    if match.coverage_work > _QUOTATION_MAX_COVERAGE or match.coverage_upload > _MOSTLY_THE_WORK:
        return False
    spans = _spans(match)
    return bool(spans) and all(_opens_at(text, start) or _is_quoted(text, start) for start, _ in spans)


def _opens_at(text: str, start: int) -> bool:
    """Whether a span begins with the mark that opens a quotation, tags between them aside."""
    return _OPENS_HERE.search(text[max(0, start - _OPENING_LOOKBACK) : start + 1].rstrip()) is not None


def _is_quoted(text: str, start: int) -> bool:
    """Whether the last quotation mark before a span opens and does not close."""
    marks = _QUOTATION_MARK.findall(text[max(0, start - _QUOTATION_LOOKBACK) : start])
    return bool(marks) and marks[-1] in _OPENING_MARKS


def report(checker: Checker, item: ScanItem, shown: Shown, match: Match) -> Report:
    """The marking of one match, by a checker of its work.

    Where the whole post says that somebody else made the work, only what stands around the matched spans decides: names
    in the work's own text are not credits that the poster gave, and a digest credits each of its pieces beside it.
    """
    text = shown.examination.text
    post = _post(item, shown, use_of(item, match, text))
    found = checker.check(post)
    if found.verdict == "wrong_owner" and shown.examination.lines:
        outside = tuple(picture_text.units(shown.examination.lines, without=match))
        around = checker.check(replace(post, around=(*shown.around, *outside)))
        return found if around.verdict == "wrong_owner" else around
    if found.verdict != "wrong_owner" or text is None:
        return found
    context = _context(text, _spans(match), whole=match.coverage_upload >= _MOSTLY_THE_WORK)
    around = checker.check(replace(post, html=context) if post.html is not None else replace(post, text=context))
    return found if around.verdict == "wrong_owner" else around


def credit_place(found: Report, match: Match) -> CreditPlace | None:
    """Where the first visible credit of a text stands to the matched spans.

    Returns:
        None where no credit has a place in code points (pages, files) or none was found.
    """
    spans = sorted(_spans(match))
    for item in found.evidence:
        is_credit = item.names_owner in ("owner", "alias", "transliteration", "source") or item.url_match == "exact"
        at = _CODEPOINTS.fullmatch(item.locator) if is_credit and item.where == "text" else None
        if at is None or not spans:
            continue
        start, end = int(at[1]), int(at[2])
        if end <= spans[0][0]:
            return CreditPlace("before", spans[0][0] - end)
        if start >= spans[-1][1]:
            return CreditPlace("after", start - spans[-1][1])
        return CreditPlace("inside", 0)
    return None


def _spans(match: Match) -> list[_Span]:
    """The matched spans of a text; none in other media."""
    return [
        (int(segment.upload[0]), int(segment.upload[1]))  # type: ignore[arg-type]  # code points, no corners
        for segment in match.segments
        if segment.unit == "codepoint"
    ]


def _context(text: str, spans: list[_Span], *, whole: bool) -> str:
    """The post without the matched spans, and without what is far from them unless ``whole``.

    Left out code points become line ends, so that positions hold; tags stay, so that HTML stays HTML.
    """
    hidden = list(spans)
    if not whole and spans:
        near = _merged((max(0, a - _NEARBY), min(len(text), b + _NEARBY)) for a, b in spans)
        edges = [0, *(edge for span in near for edge in span), len(text)]
        hidden += zip(edges[::2], edges[1::2], strict=True)
    parts, at = [], 0
    for start, end in _merged(hidden):
        parts += [text[at:start], _blanked(text[start:end])]
        at = end
    return "".join((*parts, text[at:]))


def _blanked(text: str) -> str:
    """A line end for every code point outside tags."""
    parts, at = [], 0
    for tag in _TAG.finditer(text):
        parts += ["\n" * (tag.start() - at), tag[0]]
        at = tag.end()
    return "".join((*parts, "\n" * (len(text) - at)))


def _merged(spans: Iterable[_Span]) -> list[_Span]:
    """Spans in order, those that touch as one."""
    out: list[_Span] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out


def _post(item: ScanItem, shown: Shown, use: Use) -> Post:
    examination = shown.examination
    html = examination.format == "html"
    return Post(
        text=None if html else examination.text,
        html=examination.text if html else None,
        fields=examination.fields if examination.text is None else None,
        caption=shown.caption,
        around=(*shown.around, *picture_text.units(examination.lines)),
        others=shown.others,
        lang=item.lang,
        use=use,
        commercial=item.commercial,
        account=item.account,
    )


__all__ = ["CreditPlace", "Shown", "credit_place", "report", "use_of"]
