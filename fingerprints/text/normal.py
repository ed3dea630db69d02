"""The normal form of a text, with an exact map back to the code points that were submitted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .folding import CodePoints, fold_units
from .script import WEIGHTS, script_of


@dataclass(frozen=True, slots=True, eq=False)
class Normal:
    """Folded units of a text.

    Attributes:
        units: shape (m,), folded code points of the visible letters and digits.
        where: shape (m,), the submitted code point each unit came from, ascending.
        scripts: shape (m,), the script family of each unit.
        length: code points of the submitted text.
    """

    units: CodePoints
    where: NDArray[np.int32]
    scripts: NDArray[np.uint8]
    length: int

    @property
    def weight(self) -> float:
        """How much the text says, in Latin letters."""
        return float(np.bincount(self.scripts, minlength=len(WEIGHTS)) @ WEIGHTS)


def normalise(seen: CodePoints) -> Normal:
    """Fold what a reader sees of a text: its code points with zero for what is not seen, shape (length,)."""
    units, where = fold_units(seen)
    return Normal(units, where, script_of(units), len(seen))
