"""The material of ``sourcemark demo``: works made for this project, and reposts of them or of a user's own files.

Everything here was painted, drawn or written for Sourcemark and is under its licence (Apache-2.0); the owners, places
and addresses are invented.
"""

from .articles import articles
from .films import films
from .pictures import pictures
from .reposts import Plan, Repost, Skipped, plan
from .sounds import sounds
from .work import DemoWork

__all__ = ["DemoWork", "Plan", "Repost", "Skipped", "articles", "films", "pictures", "plan", "sounds"]
