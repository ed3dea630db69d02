"""What the pictures of a film say, what its sound says, and what single pictures of it say, as one answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .. import image
from ..audio.search import seconds
from ..medium import Found
from ..model import Fingerprint, Match, Segment
from . import stills


def fused(query: Fingerprint, answers: Sequence[Found]) -> Found:
    """What a film or an animated picture was found to contain; ``by`` of `Match.transform` says by what: picture, sound
    or both.

    Args:
        answers: for each of `Fingerprint.each`.
    """
    matches = dict(answers[0].matches)
    shown: dict[int, list[Match]] = defaultdict(list)
    for part, found in zip(query.also, answers[1:], strict=True):
        for work, match in found.matches.items():
            if part.medium == "video":
                matches.setdefault(work, match)
            elif part.medium == image.NAME:
                shown[work].append(stills.in_seconds(part, match, seconds(query)))
            elif (seen := matches.get(work)) is None:
                matches[work] = replace(match, transform={**match.transform, "by": "sound"})
            elif not seen.transform.get("exact"):
                matches[work] = _both(seen, match)
    for work, single in shown.items():
        matches.setdefault(work, stills.joined(single))
    reasons = (found.reason for found in answers)
    return Found(matches, None if matches else next((reason for reason in reasons if reason is not None), None))


def _both(seen: Match, heard: Match) -> Match:
    """Stretches of the sound count where no picture was found."""
    more = [each for each in heard.segments if not any(_overlap(each, other) for other in seen.segments)]
    return replace(
        seen,
        score=round(1 - (1 - seen.score) * (1 - heard.score), 4),
        coverage_upload=max(seen.coverage_upload, heard.coverage_upload),
        coverage_work=max(seen.coverage_work, heard.coverage_work),
        segments=tuple(sorted((*seen.segments, *more), key=lambda each: each.upload)),
        transform={**heard.transform, **seen.transform, "by": "both"},
    )


def _overlap(a: Segment, b: Segment) -> bool:
    """Both are spans of seconds."""
    (begin, end), (start, stop) = (np.asarray(each.upload, dtype=np.float64) for each in (a, b))
    return bool(begin < stop and start < end)
