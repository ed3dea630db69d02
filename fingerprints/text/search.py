"""From an upload to the works it reuses: look up, align, score. Only here is a text decided.

Works are judged together, because what is a template, a quotation or another version of the same work shows only from
the works around one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..index.interface import Statistics, View
from ..medium import Found
from ..model import Fingerprint, Match, Reuse
from . import candidates, forms, prose, scoring
from .alignment import Seeds, align, seeds, step_for
from .candidates import Lookup
from .codec import normal_form
from .commonness import MIN_TEMPLATE_WORKS, Commonness
from .grams import Positions
from .normalization import NormalizedText
from .priority import Priority
from .scoring import ReuseScore

_PATIENCE = 8  # works in a row that are not reused, best first, after which none will be
_TEMPLATE = 0.6  # share of an upload that is common to several works from which it is nothing but a template
_VERBATIM = 0.97  # share of the passages that is equal, for a copy word for word
_EDITED = 0.6  # likewise for one changed here and there; below it is rewritten
_WHOLE = 0.9  # share of the work from which it is not an excerpt
_STITCHED = 0.8  # share of an upload below which one of several works is a piece of it


_Judged = tuple[ReuseScore, NormalizedText, bool]  # with the work's normal form, and whether it is code that is shared


@dataclass(frozen=True, slots=True, eq=False)
class TextProposal:
    """The works that an upload may reuse, and all that the decision needs to know of everything registered.

    Attributes:
        text: the upload's normal form.
        registered: the candidates, and in how many works each of the upload's keys stands.
    """

    text: NormalizedText
    registered: Lookup

    @property
    def works(self) -> tuple[int, ...]:
        return (*self.registered.works, *self.registered.witnesses)


def propose(query: Fingerprint, view: View) -> TextProposal:
    """Look an upload up; see `Medium.propose`."""
    text = normal_form(query)
    return TextProposal(text, candidates.look_up(text, query, view))


def decide(
    query: Fingerprint, proposal: TextProposal, works: Mapping[int, Fingerprint], statistics: Statistics
) -> Found:
    """The registered texts that an upload reuses; see `Medium.decide`.

    What it needs of all that is registered came with the proposal, so it asks no statistics.
    """
    text = proposal.text
    if not len(text.units):
        return Found({})
    common = proposal.registered.common.over_units(text, proposal.registered.positions)
    matches, judged, filled = _judged(query, proposal, works, common)
    for number, (judgement, other, listing) in judged.items():
        reuse: Reuse = "code" if listing else _reuse(judgement, len(judged))
        matches[number] = scoring.match(judgement, text, other, reuse)
    template = float(scoring.unit_weights(text)[filled | (common.phrases >= MIN_TEMPLATE_WORKS)].sum() / text.weight)
    return Found(matches, "template_only" if not matches and template >= _TEMPLATE else None)


def _judged(
    query: Fingerprint,
    proposal: TextProposal,
    works: Mapping[int, Fingerprint],
    common: Commonness,
) -> tuple[dict[int, Match], dict[int, _Judged], NDArray[np.bool_]]:
    """The works that are the same text, those that are reused, and which units of the upload are a form that a work has
    filled in with other facts."""
    text = proposal.text
    filled = np.zeros(len(text.units), dtype=np.bool_)
    identical: dict[int, Match] = {}
    judged: dict[int, _Judged] = {}
    prepared: dict[int, Seeds] = {}
    priority = Priority(text, proposal.registered, works)
    registered = proposal.registered.registered
    misses = 0
    shape: prose.Shape | None = None
    compared: dict[int, forms.Comparison] = {}
    for number in proposal.registered.works:
        if misses == _PATIENCE:
            break
        if (work := works.get(number)) is None:
            continue
        misses += 1
        other = normal_form(work)
        if np.array_equal(text.units, other.units):
            identical[number] = scoring.identical(text, other)
        elif query.fingerprintable and work.fingerprintable:
            step = step_for(max(len(text.units), len(other.units)))
            if step not in prepared:
                prepared[step] = seeds(text, step)
            theirs = seeds(other, step, prepared[step])
            found = align(prepared[step], theirs)
            counted = (priority.commonness(number, other) or common).own_shares(found, prepared[step])
            judgement = scoring.score_passages(found, prepared[step], theirs, counted, registered)
            if judgement is None or judgement.score < 0.5:
                continue
            misses = 0
            shape = shape or prose.shape(text)
            counted = counted * shape.share
            if prose.names(text, other, found.runs, prepared[step].total):
                counted *= prose.NAME_SHARE
            judgement = scoring.score_passages(found, prepared[step], theirs, counted, registered)
            if judgement is None or judgement.score < 0.5:
                continue
            judged[number] = judgement, other, _mostly(shape.listing, judgement.spans)
            compared[number] = forms.compare(found, text, other)
    for number in forms.fillings(compared):
        for a, b, _, _ in judged.pop(number)[0].spans.tolist():
            filled[a:b] = True
    return identical, judged, filled


def _mostly(marked: NDArray[np.bool_], spans: Positions) -> bool:
    """Whether most of the passages' units are marked."""
    inside = np.concatenate([marked[a:b] for a, b, _, _ in spans.tolist()])
    return bool(inside.mean() > 0.5)


def _reuse(found: ReuseScore, works: int) -> Reuse:
    if works > 1 and found.upload < _STITCHED:
        return "stitched"
    if found.exact < _VERBATIM:
        return "edited" if found.exact >= _EDITED else "rewritten"
    return "verbatim" if found.work >= _WHOLE else "excerpt"
