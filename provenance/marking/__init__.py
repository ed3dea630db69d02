"""Is the owner marked, is the source marked, can it be traced: `check(work, post) -> Report`."""

from __future__ import annotations

from .checker import CHECKER, Checker, check
from .credit_line import credit_line
from .embedded_credit import write_into
from .model import Case, Difference, Evidence, Post, Report, Work

__all__ = [
    "CHECKER",
    "Case",
    "Checker",
    "Difference",
    "Evidence",
    "Post",
    "Report",
    "Work",
    "check",
    "credit_line",
    "write_into",
]
