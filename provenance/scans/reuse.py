"""A match as the marking check sees it: how the post uses the work, and which part of the post speaks of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from fingerprints.model import Examination, Match

from .. import marking
from ..marking import Post, Report, Work
from ..schemas import ScanItem, Use

_TAG = re.compile(r"<[^<>]{1,2000}>")
_EXCERPT_BELOW = 0.5  # with less of a work than this in a post, the post excerpts it, unless the platform knows better
_QUOTED_BELOW = 0.2  # of the work; more of it is an excerpt even between quotation marks
_ESSAY_ABOVE = 0.5  # of the post; what is mostly somebody else's is no quotation
_NEAR = 1_500  # code points on either side of a matched span in which a post speaks of it
_OPENING = re.compile(r"(?:[“«„「『《‹\"]|<(?:q|blockquote)\b[^<>]{0,300}>)\s*(?:<[^<>]{1,300}>\s*)*$")


def use_of(item: ScanItem, match: Match, text: str | None) -> Use:
    """How the work is used: as the platform says, else as the match shows.

    Rewritten text and mirrored or inverted pictures are adaptations; a short span between quotation marks, in a post
    that is mostly something else, is a quotation; less than half of a work is an excerpt.
    """
    if item.use is not None:
        return item.use
    if match.reuse == "rewritten" or match.transform.get("mirrored") or match.transform.get("inverted"):
        return "adapted"
    if text is not None and match.coverage_work <= _QUOTED_BELOW and match.coverage_upload <= _ESSAY_ABOVE:
        spans = list(_spans(match))
        if spans and all(_OPENING.search(text[max(0, a - 400) : a + 1].rstrip()) or _inside(text, a) for a, _ in spans):
            return "quotation"
    return "excerpt" if match.coverage_work < _EXCERPT_BELOW else "full"


def report(work: Work, item: ScanItem, examination: Examination, match: Match) -> Report:
    """The marking of one match.

    Where the whole post says that somebody else made the work, only what stands around the matched spans decides: names
    in the work's own text are not credits that the poster gave, and a digest credits each of its pieces beside it.
    """
    post = _post(item, examination, use_of(item, match, examination.text))
    found = marking.check(work, post)
    if found.verdict != "wrong_owner" or examination.text is None:
        return found
    rest = _around(examination.text, list(_spans(match)), whole=match.coverage_upload >= _ESSAY_ABOVE)
    around = marking.check(work, replace(post, html=rest) if post.html is not None else replace(post, text=rest))
    return found if around.verdict == "wrong_owner" else around


def place(found: Report, match: Match) -> dict[str, Any] | None:
    """Where the first visible credit of a text stands to the matched spans: before, inside or after, how far off.

    Returns:
        None where no credit has a place in code points (pages, files) or none was found.
    """
    spans = sorted(_spans(match))
    for item in found.evidence:
        named = item.names_owner in ("owner", "alias", "transliteration", "source") or item.url_match == "exact"
        at = re.fullmatch(r"(\d+)-(\d+)", item.locator) if named and item.where == "text" else None
        if at is None or not spans:
            continue
        start, end = int(at[1]), int(at[2])
        if end <= spans[0][0]:
            return {"side": "before", "distance": spans[0][0] - end}
        if start >= spans[-1][1]:
            return {"side": "after", "distance": start - spans[-1][1]}
        return {"side": "inside", "distance": 0}
    return None


def _spans(match: Match) -> Iterator[tuple[int, int]]:
    for segment in match.segments:
        if segment.unit == "codepoint":
            start, end = segment.upload[0], segment.upload[1]
            yield int(start), int(end)  # type: ignore[arg-type]  # a span of code points, not of points


def _inside(text: str, at: int) -> bool:
    """Whether the last quotation mark before a place opens and does not close."""
    marks = re.findall(r"[“”«»「」『』]|</?(?:q|blockquote)\b", text[max(0, at - 2_000) : at])
    return bool(marks) and (marks[-1] in "“«「『" or marks[-1] in ("<q", "<blockquote"))


def _around(text: str, spans: list[tuple[int, int]], *, whole: bool) -> str:
    """The post without the matched spans, and without what is far from them unless ``whole``.

    Left out code points become line ends, so that positions hold; tags stay, so that HTML stays HTML.
    """
    hidden = [(a, b) for a, b in spans if a < b]
    if not whole and spans:
        near = _merged((max(0, a - _NEAR), min(len(text), b + _NEAR)) for a, b in spans)
        edges = [0, *(edge for span in near for edge in span), len(text)]
        hidden += [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b]
    parts, at = [], 0
    for start, end in _merged(hidden):
        parts += [text[at:start], _blank(text[start:end])]
        at = end
    return "".join((*parts, text[at:]))


def _blank(text: str) -> str:
    parts, at = [], 0
    for tag in _TAG.finditer(text):
        parts += ["\n" * (tag.start() - at), tag[0]]
        at = tag.end()
    return "".join((*parts, "\n" * (len(text) - at)))


def _merged(spans: Any) -> list[tuple[int, int]]:
    out: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out


def _post(item: ScanItem, examination: Examination, use: Use) -> Post:
    html = examination.format == "html"
    return Post(
        text=None if html else examination.text,
        html=examination.text if html else None,
        fields=examination.fields if examination.text is None else None,
        caption=item.caption,
        lang=item.lang,
        use=use,
        commercial=item.commercial,
        account=item.account,
    )


__all__ = ["place", "report", "use_of"]
