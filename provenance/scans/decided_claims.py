"""What decisions about claims make of the matches of a scan: whose claim counts, and what is nobody's exclusively."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from fingerprints.model import Segment

from ..schemas import ClaimDecision, DecidedClaim, Part
from .assessment import Assessment

_INSIDE = 0.95  # of what was matched; the ends of a match are not exact to the letter
_MARGIN = 0.02  # of a picture's part, by which corners may stand out of it
_COVERED = ("codepoint", "second")


def apply(assessments: Sequence[Assessment], decisions: Mapping[int, Sequence[ClaimDecision]]) -> list[Assessment]:
    """The matches of one post, judged anew where a decision speaks of them.

    A match whose claim was rejected accuses nobody where the claim that counts is matched too, and is for a person
    where it is not. A match wholly within a part that is not exclusive accuses nobody. Both are `clear`.

    Args:
        decisions: in force, oldest first, by the internal numbers of the works whose claims they limit.
    """
    found = {each.work.work_id for each in assessments}
    valid = _valid([each for some in decisions.values() for each in some])
    return [_judged(each, [d for d in valid if d.work_id == each.work.work_id], valid, found) for each in assessments]


def _judged(
    assessment: Assessment, limiting: Sequence[ClaimDecision], every: Sequence[ClaimDecision], found: set[str]
) -> Assessment:
    rejecting = [each for each in limiting if each.outcome == "counts"]
    settled = [each for each in rejecting if each.counts in found]
    if settled:
        return _decided(assessment, settled[-1], "rejected", clear=True)
    if rejecting:
        judged = _decided(assessment, rejecting[-1], "rejected")
        return replace(judged, verdict="review")
    shared = [each for each in limiting if each.outcome == "split" and _within(assessment, each.parts)]
    if shared:
        return _decided(assessment, shared[-1], "split", clear=True)
    winning = [each for each in every if each.counts == assessment.work.work_id]
    return _decided(assessment, winning[-1], "counts") if winning else assessment


def _decided(
    assessment: Assessment,
    decision: ClaimDecision,
    outcome: Literal["counts", "rejected", "split"],
    *,
    clear: bool = False,
) -> Assessment:
    decided = DecidedClaim(decision_id=decision.decision_id, outcome=outcome)
    line = assessment.credit_line if outcome == "counts" else None
    return replace(assessment, decided=decided, verdict="clear" if clear else assessment.verdict, credit_line=line)


def _valid(decisions: Sequence[ClaimDecision]) -> list[ClaimDecision]:
    """Decisions in the order of the log, without those that a later one contradicts: of two works each counts over the
    other by turns."""
    ordered = sorted(decisions, key=lambda each: -1 if each.receipt is None else each.receipt.index)
    return [
        each
        for n, each in enumerate(ordered)
        if each.outcome == "split"
        or not any(later.counts == each.work_id and later.work_id == each.counts for later in ordered[n + 1 :])
    ]


def _within(assessment: Assessment, parts: Sequence[Part]) -> bool:
    """Whether all that was matched of a work lies in these parts of it."""
    segments = assessment.match.segments
    spans = [_span(segment) for segment in segments if segment.unit in _COVERED]
    if spans and len(spans) == len(segments):
        lines = [part.span for part in parts if part.unit == segments[0].unit]
        length = sum(end - start for start, end in spans)
        return length > 0 and sum(_overlap(span, lines) for span in spans) >= _INSIDE * length
    boxes = [part.span for part in parts if part.unit == "pixel"]
    return bool(segments) and all(_is_in_a_box(segment, boxes) for segment in segments)


def _span(segment: Segment) -> tuple[float, float]:
    start, end = segment.work[:2]
    return float(start), float(end)  # type: ignore[arg-type]  # code points and seconds have no corners


def _overlap(span: tuple[float, float], lines: Sequence[list[int]]) -> float:
    """How much of a span the lines cover; what two of them cover counts once."""
    covered, reached = 0.0, span[0]
    for start, end in sorted(lines):
        first, last = max(start, reached), min(end, span[1])
        if last > first:
            covered, reached = covered + last - first, last
    return covered


def _is_in_a_box(segment: Segment, boxes: Sequence[list[int]]) -> bool:
    if segment.unit != "pixel":
        return False
    corners = [(float(x), float(y)) for x, y in segment.work]  # type: ignore[misc]  # of pixels they are corners
    for left, top, right, bottom in boxes:
        aside, above = _MARGIN * (right - left), _MARGIN * (bottom - top)
        if all(left - aside <= x <= right + aside and top - above <= y <= bottom + above for x, y in corners):
            return True
    return False
