"""From what two texts share to one calibrated number."""

from __future__ import annotations

import math

MINIMUM_WEIGHT = 60.0  # Latin letters (a Han character counts three) below which an altered copy could be chance

# A footer or a legal notice is a solid block that can be half of a short text, an edited copy is thin but everywhere:
# so both texts must be spanned by the shared passages, and by more the less there is.
_COVERAGE = 0.66
_SHORTNESS = 15.0
_STEEPNESS = 14.0


def score(upload: float, work: float, evidence: float) -> float:
    """How surely one text is a copy of the other, 0..1; 0.5 is the reporting threshold.

    Args:
        upload: share of the upload inside shared passages, 0..1.
        work: share of the work inside shared passages, 0..1.
        evidence: weight of the distinct grams they share.
    """
    needed = _COVERAGE + _SHORTNESS / max(evidence, 1.0)
    return 1 / (1 + math.exp(-_STEEPNESS * (min(upload, work) - needed)))
