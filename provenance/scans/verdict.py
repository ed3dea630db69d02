"""The verdict on a match, and on an upload with all its matches.

A verdict speaks of marking and permission only; whether a use infringes is for people to decide.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from ..marking import Report
from ..schemas import Permission, Verdict

# From the one that needs a person most to the one that needs nobody.
MOST_SEVERE_FIRST: tuple[Verdict, ...] = ("uncredited", "review", "credited", "licensed", "own", "clear")


def of_match(report: Report, permission: Permission) -> Verdict:
    """The verdict on one match.

    A grant without a credit clause excuses a missing credit, never one that names somebody else or misleads.
    """
    if permission.state == "own":
        return "own"
    misattributed = report.verdict in ("wrong_owner", "misleading")
    if permission.state == "permitted" and not permission.findings and not misattributed:
        return "licensed"
    if report.verdict == "compliant":
        return "licensed" if permission.state == "granted" else "credited"
    return "review" if report.verdict == "partial" else "uncredited"


class MatchVerdict(Protocol):
    """What the verdict on an upload needs of each match."""

    @property
    def work_id(self) -> str: ...

    @property
    def competing(self) -> Collection[str]:
        """Public ids of the works that claim the same content."""

    @property
    def verdict(self) -> Verdict: ...


def of_upload(matches: Sequence[MatchVerdict]) -> Verdict:
    """The verdict on an upload: that of the match that needs a person most; ``clear`` when there is none.

    A match is contested when a work that competes with its work is matched too and only one of the two is
    ``uncredited``: the post credits one of two claimants to the same content. Nobody but a person can say whose claim
    counts, so each of them counts as ``review``: a copy registered by somebody else must neither accuse a rightly
    credited post nor clear a wrongly credited one. Claims that are judged alike contest nothing. A match that is
    ``clear`` by a person's decision does not count at all.
    """
    matches = [match for match in matches if match.verdict != "clear"]
    return most_severe("review" if _contested(match, matches) else match.verdict for match in matches)


def of_read(matches: Sequence[MatchVerdict], unread: Collection[str]) -> Verdict:
    """The verdict on an upload of which something that a reader may see was not read: never ``clear``.

    What a script may show may be a credit, too: nobody is accused of leaving one out.
    """
    found = of_upload(matches)
    if (found == "clear" and unread) or (found == "uncredited" and "script" in unread):
        return "review"
    return found


def most_severe(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict that needs a person most; ``clear`` of none. Of a post, of those of its parts."""
    return min(verdicts, key=MOST_SEVERE_FIRST.index, default="clear")


def _contested(match: MatchVerdict, matches: Sequence[MatchVerdict]) -> bool:
    competing = [other for other in matches if other.work_id in match.competing]
    return any((other.verdict == "uncredited") != (match.verdict == "uncredited") for other in competing)
