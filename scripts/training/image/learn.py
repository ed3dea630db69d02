"""Fit the classifiers that decide whether an upload contains a work, and report them on sets they were not fitted on.

    python scripts/training/image/learn.py CASES... [--check CASES...] [--out FILE.npz] [--cutoff 0.55] [--division 1]

A case set is a folder with refs.jsonl and queries.jsonl as benchmarks/common/cases.py has them; distractors have tiers.
For every query all candidates are aligned and compared; the best alignment of each gives one row: its features and
those of the prefilter. (A search compares only what passes the prefilter, and of what is doubtful no more than
`classifier.MAX_DOUBTFUL`.) The classifiers are fitted to all of CASES; what is printed for them comes from five folds
that never hold copies of one work on both sides, collages, which stand with one of their works, excepted. Recall is of
queries with any expected work found at the threshold; uAP pools all reported pairs. Needs scikit-learn
(requirements-dev.lock).
"""

from __future__ import annotations

import argparse
import os
import pickle
import zlib
from collections import Counter
from dataclasses import astuple, dataclass
from multiprocessing import Pool
from pathlib import Path

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.model_selection import GroupKFold

from benchmarks.common.cases import Answers, Found, Query, load
from benchmarks.common.metrics import figures, fired_by_tier, hit
from fingerprints import image
from fingerprints.errors import FingerprintError
from fingerprints.image.classifier import PREFILTER_FEATURES, judged_by_code
from fingerprints.image.features import FEATURES
from fingerprints.image.search import best_alignments
from fingerprints.index.interface import Change
from fingerprints.index.memory import MemoryIndex
from fingerprints.model import Fingerprint

TREES, MIN_LEAF, MAX_FEATURES = 320, 2, 0.7  # trees, rows in a leaf, share of the features a split may choose from
PREFILTER_TREES, PREFILTER_LEAF = 100, 4  # trees and rows in a leaf of the prefilter
MAX_LOST = 0.0002  # share of the copies which the decision would find that the prefilter may leave out
ROUNDED = 0.5 / 255  # by which leaves are rounded: rather compare
FALSE_MATCH_WEIGHT = 3.0  # how much more a wrong accusation costs than a miss
# A debatable distractor counts little, and so does what a copy shares with other works.
DEBATABLE_WEIGHT, SHARED_WEIGHT = 0.03, 0.1
THRESHOLDS = (0.4, 0.45, 0.5, 0.55, 0.6, 0.7, 0.8)


@dataclass(slots=True)
class Rows:
    """The features of one case set: a row a query and candidate."""

    queries: tuple[Query, ...]
    of: list[tuple[int, str]]  # query and work of each row
    values: np.ndarray  # shape (n, features): `FEATURES`, then `PREFILTER_FEATURES`
    exact: list[set[str]]  # of each query the works that are the same file or pixels


def read(given: tuple[Path, bool]) -> Fingerprint | None:
    path, thorough = given
    try:
        return image.fingerprint(path.read_bytes(), thorough=thorough)
    except FingerprintError:
        return None


_WORKS: dict[int, Fingerprint] = {}  # by position
_INDEX = MemoryIndex()


def feature_rows(path: Path) -> tuple[list[tuple[int, tuple[float, ...]]], list[int]]:
    """Of one upload: work numbers with their features, and works that are identical."""
    found = read((path, True))
    if found is None:
        return [], []
    view = _INDEX.view(image.ALGORITHM)
    same = [position - 1 for position in view.by_digest(found.digest).tolist()]
    proposal = image.propose(found, view)
    if not found.fingerprintable:
        return [], [*same, *(position - 1 for position in image.decide(found, proposal, _WORKS, view).matches)]
    rows = [
        (position - 1, scored.region.features.row() + astuple(scored.prefilter))
        for frame in proposal.frames
        for position, scored in best_alignments(frame, _WORKS, view, unclassified=True).items()
    ]
    return rows, same


def collect(folder: Path) -> Rows:
    """All rows of a case set; kept while code and set stay, in the folder that SOURCEMARK_LEARN_CACHE names."""
    cache = os.environ.get("SOURCEMARK_LEARN_CACHE")
    code = [path.read_bytes() for path in sorted(Path(image.__file__).parent.glob("*.py"))]
    written = [(folder / part).stat().st_mtime_ns for part in ("refs.jsonl", "queries.jsonl")]
    name = zlib.crc32(repr((str(folder), written, code)).encode())
    kept = Path(cache) / f"{name:08x}.pickle" if cache else None
    if kept is not None and kept.exists():
        return pickle.loads(kept.read_bytes())
    cases = load(folder)
    refs, queries = cases.refs, cases.queries
    with Pool() as pool:
        works = pool.map(read, [(ref.path, False) for ref in refs], chunksize=8)
    global _INDEX
    _WORKS.clear()
    _WORKS.update({n: work for n, work in enumerate(works, 1) if work is not None})
    _INDEX = MemoryIndex()
    _INDEX.apply(Change(n, n, work) for n, work in _WORKS.items())
    with Pool() as pool:  # begun now, so that it has the index
        found = pool.map(feature_rows, [query.path for query in queries], chunksize=8)
    of = [(q, refs[work].id) for q, (rows, _) in enumerate(found) for work, _ in rows]
    values = np.array([row for rows, _ in found for _, row in rows]).reshape(
        -1, len(FEATURES) + len(PREFILTER_FEATURES)
    )
    out = Rows(queries, of, values, [{refs[work].id for work in same} for _, same in found])
    if kept is not None:
        kept.write_bytes(pickle.dumps(out))
    return out


def labels(rows: Rows) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each row: whether it is a copy, its weight, and the group that no fold may divide.

    Weights are divided by the number of rows, so that each set counts alike, however large it is.
    """
    truth, weight, group = [], [], []
    for query, ref in rows.of:
        asked = rows.queries[query]
        copy = ref in asked.expected
        truth.append(copy)
        factor = DEBATABLE_WEIGHT if asked.tier == 3 else SHARED_WEIGHT if asked.expected else 1.0
        weight.append(1.0 if copy else FALSE_MATCH_WEIGHT * factor)
        group.append(zlib.crc32(min(asked.expected, default=ref).encode()))
    return np.array(truth), np.array(weight) / len(weight), np.array(group)


def model() -> ExtraTreesClassifier:
    return ExtraTreesClassifier(TREES, min_samples_leaf=MIN_LEAF, max_features=MAX_FEATURES, random_state=1)


def prefilter_model() -> ExtraTreesClassifier:
    return ExtraTreesClassifier(PREFILTER_TREES, min_samples_leaf=PREFILTER_LEAF, random_state=1)


class Classifiers:
    """Both classifiers, and the probability from which a hypothesis passes the prefilter.

    Args:
        values, truth, weight: rows to fit to.
        cutoff: that probability.
    """

    def __init__(self, values: np.ndarray, truth: np.ndarray, weight: np.ndarray, cutoff: float = 0.0) -> None:
        kept = self._by_keypoints(values)
        if len(set(truth[kept].tolist())) < 2:
            raise SystemExit(
                "the prefilter cannot be fitted: give sets with copies and with other works whose codes differ"
            )
        self.prefilter = prefilter_model().fit(values[kept, len(FEATURES) :], truth[kept])
        self.decision = model().fit(values[:, : len(FEATURES)], truth, sample_weight=weight)
        self.cutoff = cutoff

    def passing_probabilities(self, values: np.ndarray) -> np.ndarray:
        """How likely each row is a copy by its prefilter features; 1 where it is compared anyway."""
        shares = self.prefilter.predict_proba(values[:, len(FEATURES) :])[:, 1]
        return np.where(self._by_keypoints(values), shares, 1.0)

    def decisions(self, values: np.ndarray) -> np.ndarray:
        """How likely each row is a copy, were it compared."""
        return self.decision.predict_proba(values[:, : len(FEATURES)])[:, 1]

    @staticmethod
    def _by_keypoints(values: np.ndarray) -> np.ndarray:
        return ~judged_by_code(values[:, len(FEATURES) :])


def report(rows: Rows, probability: np.ndarray, cutoff: float) -> None:
    """Recall, uAP and distractors fired by tier at several levels; transforms below 97 % at the chosen one."""
    found = {q.id: [Found(ref, 1.0) for ref in same] for q, same in zip(rows.queries, rows.exact, strict=True)}
    for (query, ref), value in zip(rows.of, probability.tolist(), strict=True):
        found[rows.queries[query].id].append(Found(ref, value))
    for level in sorted({*THRESHOLDS, cutoff}):
        answers = Answers("ours", found, threshold=level)
        shown = figures(rows.queries, answers)
        tiers = "  ".join(f"tier {t} {a}/{b}" for t, (a, b) in fired_by_tier(rows.queries, answers).items())
        print(f"  {level:.2f}  recall {shown.recall:.3f}  uAP {shown.uap:.3f}  {tiers}")
    copies = [q for q in rows.queries if q.expected]
    answers = Answers("ours", found, threshold=cutoff)
    asked = Counter(q.transform for q in copies)
    right = Counter(q.transform for q in copies if hit(q, answers))
    weak = sorted((right[t] / n, t, n) for t, n in asked.items() if right[t] < 0.97 * n)
    print("  below 97 %: " + ", ".join(f"{name} {share:.2f} of {n}" for share, name, n in weak))


def flat(fitted: ExtraTreesClassifier, features: tuple[str, ...], cutoff: float, name: str) -> dict[str, object]:
    """Trees as flat arrays, both children of a node side by side, as `fingerprints.image.classifier` reads them."""
    trees = [each.tree_ for each in fitted.estimators_]
    most = max(tree.node_count for tree in trees)
    feature, value = (np.zeros((len(trees), most), dtype=np.uint8) for _ in range(2))
    left = np.zeros((len(trees), most), dtype=np.uint16)
    threshold = np.zeros((len(trees), most), dtype=np.float32)
    for t, tree in enumerate(trees):
        order = [0]
        for n in range(tree.node_count):
            node = order[n]
            if tree.children_left[node] < 0:
                against, copies = tree.value[node, 0]
                value[t, n] = round(255 * copies / (against + copies))
            else:
                feature[t, n], left[t, n] = tree.feature[node], len(order)
                exact = np.float32(tree.threshold[node])  # rounded down: features are compared in single precision
                threshold[t, n] = exact if exact <= tree.threshold[node] else np.nextafter(exact, np.float32(-np.inf))
                order += [tree.children_left[node], tree.children_right[node]]
    parts = {
        "features": np.array(features), "feature": feature, "threshold": threshold, "left": left, "value": value,
        "cutoff": cutoff,
    }  # fmt: skip
    return {f"{name}_{part}": array for part, array in parts.items()}


def write(classifiers: Classifiers, cutoff: float, target: Path) -> None:
    prefilter = flat(classifiers.prefilter, PREFILTER_FEATURES, classifiers.cutoff, "prefilter")
    arrays = prefilter | flat(classifiers.decision, FEATURES, cutoff, "decision")
    np.savez_compressed(target, **arrays)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path, nargs="+")
    parser.add_argument("--check", type=Path, nargs="*", default=[], help="case sets that are only reported")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--cutoff", type=float, default=0.55, help="share of copies at the reporting threshold")
    parser.add_argument("--division", type=int, default=1, help="which division into folds; several show their chance")
    given = parser.parse_args()
    sets = [collect(folder) for folder in given.cases]
    parts = [labels(rows) for rows in sets]
    values = np.concatenate([rows.values for rows in sets])
    truth, weight, group = (np.concatenate([part[k] for part in parts]) for k in range(3))
    print(f"{len(truth)} rows, {int(truth.sum())} of copies, {len(FEATURES)} + {len(PREFILTER_FEATURES)} features")
    prefiltered, decisions = np.zeros(len(truth)), np.zeros(len(truth))
    for a, b in GroupKFold(5, shuffle=True, random_state=given.division).split(values, truth, group):
        classifiers = Classifiers(values[a], truth[a], weight[a])
        prefiltered[b], decisions[b] = classifiers.passing_probabilities(values[b]), classifiers.decisions(values[b])
    min_probability = float(np.quantile(prefiltered[truth & (decisions >= given.cutoff)], MAX_LOST)) - ROUNDED
    passing = prefiltered >= min_probability
    print(f"prefilter from {min_probability:.3f}: of other works {passing[~truth].mean():.3f} are compared")
    start = 0
    for folder, rows in zip(given.cases, sets, strict=True):
        print(f"{folder}, five folds")
        end = start + len(rows.of)
        report(rows, np.where(passing, decisions, 0)[start:end], given.cutoff)
        start = end
    fitted = Classifiers(values, truth, weight, min_probability)
    for folder in given.check:
        rows = collect(folder)
        print(f"{folder}, not fitted on")
        passing = fitted.passing_probabilities(rows.values) >= min_probability
        report(rows, np.where(passing, fitted.decisions(rows.values), 0), given.cutoff)
    if given.out:
        write(fitted, given.cutoff, given.out)


if __name__ == "__main__":
    main()
