"""Fit the weights by which a second filling of a form is told from a copy (``fingerprints/text/forms.py``).

    python scripts/training/fit_forms.py

Logistic regression with a ridge, by Newton's method, on the learning half of ``benchmarks/text/forms.py``: other
fillings against copies of every kind, for Latin and Han text each. Prints both rows of weights and how many of either
half they tell right.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from benchmarks.text.forms import CaseSet, Query, cases
from fingerprints.text import forms
from fingerprints.text.alignment import align, seeds
from fingerprints.text.normalization import normalize
from fingerprints.unicode.folding import code_points

_SEEDS = (3, 4)
_STORIES = 8.0  # weight of a story with other names: there are few, and they are the nearest to a form
_RIDGE = 1.0
_CAUTION = 1.5  # added to the constant: an accusation of a form costs more than a copy with many corrections

Sample = tuple[Query, forms.Comparison]


def samples(half: str) -> list[Sample]:
    """Every upload beside the registered text that it is a copy of, or the first of its family."""
    out = []
    for seed in _SEEDS:
        of = cases(half, 3, seed)
        for query, work in _pairs(of):
            text, other = normalize(code_points(query.content)), normalize(code_points(work))
            mine = seeds(text)
            out.append((query, forms.compare(align(mine, seeds(other, 1, mine)), text, other)))
    return out


def _pairs(of: CaseSet) -> Iterator[tuple[Query, str]]:
    first: dict[str, int] = {}
    for query in of.queries:
        if query.source is not None and not query.edit.startswith("collection"):
            first.setdefault(query.family.name, query.source)
    for query in of.queries:
        yield query, of.registered[first[query.family.name] if query.source is None else query.source]


def fit(some: list[Sample]) -> NDArray[np.float64]:
    """The weights, a constant first; fillings and copies weigh the same in sum."""
    x = np.array([(1.0, *what.features()) for _, what in some])
    y = np.array([query.source is None for query, _ in some], dtype=np.float64)
    weight = np.where(y == 1, (y == 0).sum() / y.sum(), 1.0)
    weight *= [_STORIES if "names" in query.edit else 1.0 for query, _ in some]
    ridge = _RIDGE * np.ones(x.shape[1])
    ridge[0] = 1e-3
    out = np.zeros(x.shape[1])
    for _ in range(100):
        p = 1 / (1 + np.exp(-x @ out))
        gradient = x.T @ (weight * (p - y)) + ridge * out
        out -= np.linalg.solve((x * (weight * p * (1 - p))[:, None]).T @ x + np.diag(ridge), gradient)
    out[0] += _CAUTION
    return out


def main() -> None:
    learning, held_out = samples("learning"), samples("held-out")
    for han in (False, True):
        mine = [(q, c) for q, c in learning if c.han == han and c.enough]
        weights = fit(mine)
        print("Han" if han else "Latin", "(" + ", ".join(f"{w:.2f}" for w in weights) + ")")
        for name, half in (("learning", learning), ("held out", held_out)):
            right = {True: [0, 0], False: [0, 0]}
            for query, what in half:
                if what.han == han:
                    told = what.enough and weights @ (1.0, *what.features()) > 0
                    right[query.source is None][0] += told == (query.source is None)
                    right[query.source is None][1] += 1
            fillings, copies = ("{} of {}".format(*right[kind]) for kind in (True, False))
            print(f"  {name}: fillings {fillings}, copies {copies}")


if __name__ == "__main__":
    main()
