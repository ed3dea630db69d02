"""What the pictures of a film say and what its sound says, as one answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..medium import Found
from ..model import Match, Segment


def fused(pictures: Found, sounds: Sequence[Found]) -> Found:
    """What a film was found to contain; `Match.transform` says by what (``by``): picture, sound or both."""
    matches = dict(pictures.matches)
    for sound in sounds:
        for work, heard in sound.matches.items():
            seen = matches.get(work)
            if seen is None:
                matches[work] = replace(heard, transform={**heard.transform, "by": "sound"})
            elif not seen.transform.get("exact"):
                matches[work] = _both(seen, heard)
    reasons = (found.reason for found in (pictures, *sounds))
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
