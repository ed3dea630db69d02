"""How long the text of a document may be, however many parts it is in."""

from __future__ import annotations

from ..errors import LimitExceeded
from ..model import Limits


class TextLimit:
    """Counts the code points of one document while it is read.

    Attributes:
        left: how many more may come.
    """

    def __init__(self, limits: Limits) -> None:
        self._most = self.left = limits.max_text_bytes

    @property
    def taken(self) -> int:
        return self._most - self.left

    def check(self, count: int) -> None:
        """Raise ``too_large`` where so many more are too many."""
        if count > self.left:
            raise LimitExceeded("too_large", f"the text is longer than {self._most} characters; send it in parts")

    def take(self, count: int) -> None:
        """Count so many more. Raises as `check` does."""
        self.check(count)
        self.left -= count
