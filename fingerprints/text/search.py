"""From an upload to the works it reuses: look up, align, weigh. Only here is a text decided.

Works are judged together, because what is a template, a quotation or another version of the same work shows only from
the works around one.
"""

from __future__ import annotations

import numpy as np

from ..index.interface import Found, Load, View
from ..model import Fingerprint, Match, Reuse
from . import boilerplate, candidates, scoring
from .alignment import Seeds, align, seeds, step_for
from .codec import normal_form
from .normalization import Normal
from .scoring import Judgement

_PATIENCE = 8  # works in a row that are not reused, best first, after which none will be
_TEMPLATE = 0.6  # share of an upload that is common to several works from which it is nothing but a template
_VERBATIM = 0.97  # share of the passages that is equal, for a copy word for word
_EDITED = 0.6  # likewise for one changed here and there; below it is rewritten
_WHOLE = 0.9  # share of the work from which it is not an excerpt
_STITCHED = 0.8  # share of an upload below which one of several works is a piece of it


def search(query: Fingerprint, view: View, load: Load, seen: View | None = None) -> Found:
    """The registered texts that an upload reuses.

    Args:
        query: the upload's fingerprint.
        view: the index, for fingerprints of this algorithm.
        load: gives the fingerprints of works by number; a work it leaves out is not matched.
        seen: an index of what was remembered of earlier uploads (`Found.lesson`).
    """
    text = normal_form(query)
    if not len(text.units):
        return Found({})
    proposed = candidates.propose(text, query, view)
    spread = candidates.over_units(text, proposed)
    own = scoring.own_share(spread)
    uploads = boilerplate.Seen(proposed, query, seen)
    prepared: dict[int, Seeds] = {}
    matches: dict[int, Match] = {}
    judged: dict[int, tuple[Judgement, Normal]] = {}
    misses = 0
    for number, fingerprint in load(proposed.works).items():
        if misses == _PATIENCE:
            break
        misses += 1
        other = normal_form(fingerprint)
        if np.array_equal(text.units, other.units):
            matches[number] = scoring.identical(text, other)
        elif query.fingerprintable and fingerprint.fingerprintable:
            step = step_for(max(len(text.units), len(other.units)))
            if step not in prepared:
                prepared[step] = seeds(text, step)
            theirs = seeds(other, step, prepared[step])
            found = align(prepared[step], theirs)
            judgement = scoring.weigh(found, prepared[step], theirs, uploads.own(found, own))
            if judgement is not None and judgement.score >= 0.5:
                judged[number] = judgement, other
                misses = 0
    for number, (judgement, other) in judged.items():
        matches[number] = scoring.match(judgement, text, other, _reuse(judgement, len(judged)))
    common = float(scoring.weights(text)[spread >= scoring.COMMON].sum() / text.weight)
    lesson = None
    if query.fingerprintable and len(matches) == len(judged):
        lesson = boilerplate.lesson(query, proposed, text, [(j.spans, len(o.units)) for j, o in judged.values()])
    return Found(matches, "template_only" if not matches and common >= _TEMPLATE else None, lesson)


def _reuse(found: Judgement, works: int) -> Reuse:
    if works > 1 and found.upload < _STITCHED:
        return "stitched"
    if found.exact < _VERBATIM:
        return "edited" if found.exact >= _EDITED else "rewritten"
    return "verbatim" if found.work >= _WHOLE else "excerpt"
