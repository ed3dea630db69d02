"""The two rules by which pictures are decided: whether a glance at the keypoints makes comparing worth while, and
whether an upload contains a work.

Either is the mean of extremely randomized trees (Geurts, Ernst, Wehenkel, 2006), fitted by
``benchmarks/image/learn.py`` to a case set of photographs and layouts that is not part of the project and to three of
``benchmarks/image/learning_set.py``, with seeds 11, 12 and 13; ``rule-9.npz`` holds both. Boosted trees that may only
ever go one way with each quantity were tried first: on works they had not seen they confused more templates with
copies. What each set adds is in docs/benchmarks.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from .features import Evidence
from .prefilter import Glance

FILE = "rule-9.npz"
LIKE = 0.22  # of a glance's code: whole pictures so much alike are worth it whatever the keypoints say
MOST, LIKELY = 10, 0.25  # doubtful alignments of one picture that are compared; a glance's share from which none is
GLANCE = tuple(field.name for field in fields(Glance))
EVIDENCE = tuple(field.name for field in fields(Evidence))


@dataclass(frozen=True, slots=True, eq=False)
class _Trees:
    """Trees as flat arrays, shape (trees, nodes): a node sends a value <= threshold to ``left``, else ``left + 1``;
    a leaf has 0 there, and its share of copies in ``value``. ``sure`` is the mean share from which the rule says yes.
    """

    feature: NDArray[np.int64]
    threshold: NDArray[np.float32]
    left: NDArray[np.int64]
    value: NDArray[np.float32]
    sure: float

    def shares(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """The mean share of copies for each row of values, shape (n, features)."""
        # Nodes count through all trees and values through all rows: flat look-ups cost half of those by two numbers.
        root = np.arange(len(self.feature)) * self.feature.shape[1]
        first = np.arange(len(values))[:, None] * values.shape[1]
        node = np.tile(root, (len(values), 1))
        while (left := self.left.take(node)).any():
            more = values.take(self.feature.take(node) + first) > self.threshold.take(node)
            node = np.where(left > 0, root + left + more, node)
        return np.asarray(self.value.take(node).mean(axis=1, dtype=np.float64))


@cache
def _trees(name: str) -> _Trees:
    expected = {"glance": GLANCE, "decision": EVIDENCE}[name]
    with resources.files(__package__).joinpath(FILE).open("rb") as file, np.load(file) as stored:
        if tuple(stored[f"{name}_features"]) != expected:
            raise ValueError(f"{FILE} was made for other quantities")
        part = {field.name: stored[f"{name}_{field.name}"] for field in fields(_Trees)}
    return _Trees(
        part["feature"].astype(np.int64), part["threshold"], part["left"].astype(np.int64),
        part["value"].astype(np.float32) / 255, float(part["sure"]),
    )  # fmt: skip


def worth(glances: Sequence[Glance]) -> NDArray[np.int64]:
    """Which alignments are worth a comparison; of those that are copies one in five thousand is not. Whole pictures
    that are laid on each other are, and no more than `MOST` unless they are likely."""
    if not glances:
        return np.zeros(0, dtype=np.int64)
    rule = _trees("glance")
    values = _array(glances)
    likely = np.maximum(values[:, GLANCE.index("code")], LIKE)
    likely = np.maximum(rule.shares(values), np.where(by_likeness(values), likely, 0))
    best = np.argsort(-likely, kind="stable")
    doubtful = np.arange(len(best)) >= MOST
    return np.sort(best[likely[best] >= np.where(doubtful, LIKELY, rule.sure)])


def by_likeness(glances: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Of which of n glances, shape (n, fields), keypoints say little: whole pictures are alike or were laid on each
    other."""
    code, tried = (glances[:, GLANCE.index(name)] for name in ("code", "tried"))
    return np.asarray((code >= LIKE) | (tried == 0))


def scores(evidence: Sequence[Evidence]) -> NDArray[np.float64]:
    """How surely an upload contains each work, 0..1; 0.5 is the reporting threshold, by how the rule was fitted."""
    if not evidence:
        return np.zeros(0)
    rule = _trees("decision")
    share = np.clip(rule.shares(_array(evidence)), 0.001, 0.999)
    odds = share / (1 - share) * (1 - rule.sure) / rule.sure
    return np.asarray(odds / (1 + odds))


def _array(rows: Sequence[Glance] | Sequence[Evidence]) -> NDArray[np.float32]:
    return np.array([astuple(row) for row in rows], dtype=np.float32)
