"""What the classifier takes for a copy, looked at once more: is it a form with other facts, a figure in other colours?

A form that several works are filled in is known by where these differ, whoever registered them. What an upload has in
common with all of them says nothing; it is a copy of the one whose facts it has.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .figures import other_figure
from .keypoints import INVERTED
from .reporting import Scored
from .slots import Placed, shared_facts, slots

_MAX_SIBLINGS = 3  # other works that each is compared with
# Share of a work's own facts from which an upload has them, and by how much more it has to have of them than of
# another's where letters hide most. Copies had .82 and more, under letters all over them .03 to .38.
_MIN_FACTS, _MIN_MORE_FACTS = 0.5, 0.1


def is_another(scored: Scored) -> bool:
    """Whether an upload is the work's form with other facts, or has no more of it than a figure in other colours."""
    where = scored.upload, scored.work, scored.matrix, scored.variant
    return slots(*where).filled_otherwise or other_figure(*where, scored.alignment)


def is_sibling(scored: Scored, others: Sequence[Scored]) -> bool:
    """Whether an upload has the form that a work shares with others, but not this work's facts."""
    different = [each for each in others if each.work.thumbnail != scored.work.thumbnail]  # not registered twice
    for other in sorted(different, key=lambda each: -each.score)[:_MAX_SIBLINGS]:
        own = _facts(scored, other)
        if own < _MIN_FACTS and own < _facts(other, scored) + _MIN_MORE_FACTS:
            return True
    return False


def _facts(scored: Scored, other: Scored) -> float:
    """See `shared_facts`."""
    between = np.linalg.inv(other.matrix) @ scored.matrix
    upload = Placed(scored.upload, scored.matrix, scored.variant)
    return shared_facts(upload, scored.work, Placed(other.work, between, (scored.variant ^ other.variant) & INVERTED))
