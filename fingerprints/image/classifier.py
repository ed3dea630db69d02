"""The two classifiers by which pictures are decided: the prefilter says which hypotheses are compared, the decision
whether an upload contains a work.

Either is the mean of extremely randomized trees (Geurts, Ernst, Wehenkel, 2006), fitted by
``scripts/training/image/learn.py`` to a case set of photographs and layouts that is not part of the project and to
three of ``scripts/training/image/learning_set.py``, with seeds 11, 12 and 13; ``classifier-9.npz`` holds both. Boosted
trees, monotone in each feature, were tried first: on works they had not seen they confused more templates with copies.
What each set adds is in docs/benchmarks.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from .features import FEATURES, Features
from .prefilter import PrefilterFeatures

FILE = "classifier-9.npz"
MIN_CODE_SIMILARITY = 0.22  # from which whole pictures are compared whatever their keypoints say
MAX_DOUBTFUL, MIN_DOUBTFUL = 10, 0.25  # doubtful hypotheses of one picture that are compared; the probability from
# which one is not doubtful
PREFILTER_FEATURES = tuple(field.name for field in fields(PrefilterFeatures))


@dataclass(frozen=True, slots=True, eq=False)
class _Forest:
    """Trees as flat arrays, shape (trees, nodes).

    Attributes:
        feature, threshold: a node sends a value <= threshold to ``left``, else to ``left + 1``.
        left: 0 in a leaf.
        value: of a leaf the share of copies, 0..1.
        cutoff: the mean of that share from which the classifier says yes.
    """

    feature: NDArray[np.int64]
    threshold: NDArray[np.float32]
    left: NDArray[np.int64]
    value: NDArray[np.float32]
    cutoff: float

    def probabilities(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """The mean share of copies for each row of features, shape (n, features)."""
        # Nodes count through all trees and values through all rows: flat look-ups cost half of those by two numbers.
        root = np.arange(len(self.feature)) * self.feature.shape[1]
        first = np.arange(len(rows))[:, None] * rows.shape[1]
        node = np.tile(root, (len(rows), 1))
        while (left := self.left.take(node)).any():
            more = rows.take(self.feature.take(node) + first) > self.threshold.take(node)
            node = np.where(left > 0, root + left + more, node)
        return np.asarray(self.value.take(node).mean(axis=1, dtype=np.float64))


@cache
def _forest(name: str) -> _Forest:
    """One of both: ``prefilter`` or ``decision``."""
    expected = {"prefilter": PREFILTER_FEATURES, "decision": FEATURES}[name]
    with resources.files(__package__).joinpath(FILE).open("rb") as file, np.load(file) as stored:
        if tuple(stored[f"{name}_features"]) != expected:
            raise ValueError(f"{FILE} was made for other features")
        part = {field.name: stored[f"{name}_{field.name}"] for field in fields(_Forest)}
    return _Forest(
        part["feature"].astype(np.int64), part["threshold"], part["left"].astype(np.int64),
        part["value"].astype(np.float32) / 255, float(part["cutoff"]),
    )  # fmt: skip


def passing(hypotheses: Sequence[PrefilterFeatures]) -> NDArray[np.int64]:
    """Which hypotheses pass the prefilter; of the copies one in five thousand does not. Whole pictures that are put on
    each other pass, but no more than `MAX_DOUBTFUL` that are not likely."""
    if not hypotheses:
        return np.zeros(0, dtype=np.int64)
    forest = _forest("prefilter")
    rows = np.array([astuple(each) for each in hypotheses], dtype=np.float32)
    likely = np.maximum(rows[:, PREFILTER_FEATURES.index("code_similarity")], MIN_CODE_SIMILARITY)
    likely = np.maximum(forest.probabilities(rows), np.where(judged_by_code(rows), likely, 0))
    best = np.argsort(-likely, kind="stable")
    doubtful = np.arange(len(best)) >= MAX_DOUBTFUL
    return np.sort(best[likely[best] >= np.where(doubtful, MIN_DOUBTFUL, forest.cutoff)])


def judged_by_code(rows: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Of which rows of prefilter features, shape (n, features), keypoints say little: the whole pictures' codes are
    near, or the hypothesis was not made from keypoints."""
    code, putative = (rows[:, PREFILTER_FEATURES.index(name)] for name in ("code_similarity", "log_putative"))
    return np.asarray((code >= MIN_CODE_SIMILARITY) | (putative == 0))


def scores(features: Sequence[Features]) -> NDArray[np.float64]:
    """How surely an upload contains each work, 0..1; 0.5 is the reporting threshold, by how the forest was fitted."""
    if not features:
        return np.zeros(0)
    forest = _forest("decision")
    rows = np.array([each.row() for each in features], dtype=np.float32)
    share = np.clip(forest.probabilities(rows), 0.001, 0.999)
    odds = share / (1 - share) * (1 - forest.cutoff) / forest.cutoff
    return np.asarray(odds / (1 + odds))
