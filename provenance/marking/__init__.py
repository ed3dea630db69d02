"""Is the owner marked, is the source marked, can it be traced: `check(work, post) -> Report`."""

from __future__ import annotations

from .checker import CHECKER, check, check_line
from .credit_line import credit_line, write_into
from .model import Difference, Evidence, Post, Report, Work

__all__ = [
    "CHECKER",
    "Difference",
    "Evidence",
    "Post",
    "Report",
    "Work",
    "check",
    "check_line",
    "credit_line",
    "write_into",
]
