"""What reuse is allowed, and the verdict on one upload.

Marking, permission and infringement are three things. The verdict speaks of marking and permission only; whether a
use infringes is for people to decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .records import MatchRecord, Permission, Verdict

# From the one that needs a person most to the one that needs nobody.
_SEVERITY: tuple[Verdict, ...] = ("uncredited", "review", "credited", "licensed", "own", "clear")


def permission(licence: str | None, marking: Mapping[str, Any], *, own: bool) -> Permission:
    """The permission of one match: from the registered licence and what the marking check found of its duties."""
    findings = [str(f) for f in marking.get("licence_findings", ())]
    if own:
        return Permission(licence=licence, state="own")
    if marking.get("permission_stated"):
        return Permission(licence=licence, state="stated", findings=findings)
    if licence is None or licence.lower() in ("", "all-rights-reserved"):
        return Permission(licence=licence, state="none", findings=findings)
    met = marking.get("verdict") == "compliant" and not findings
    return Permission(licence=licence, state="granted" if met else "duties_unmet", findings=findings)


def match_verdict(marking: Mapping[str, Any], permitted: Permission) -> Verdict:
    """The verdict on one match."""
    if permitted.state == "own":
        return "own"
    marked = marking.get("verdict")
    if marked == "compliant":
        return "licensed" if permitted.state == "granted" else "credited"
    return "review" if marked == "partial" else "uncredited"


def overall(judged: Sequence[tuple[MatchRecord, Verdict]]) -> Verdict:
    """The verdict on an upload: that of the match that needs a person most; ``clear`` when there is none.

    Where works that claim the same content are judged differently, nobody but a person can say whose claim counts:
    a copy registered by somebody else must neither accuse a rightly credited post nor clear a wrongly credited one.
    """
    verdicts = []
    for match, verdict in judged:
        rivals = {other for record, other in judged if record.work_id in match.competing}
        accused = verdict == "uncredited"
        contested = any((other == "uncredited") != accused for other in rivals)
        verdicts.append("review" if contested else verdict)
    return min(verdicts, key=_SEVERITY.index, default="clear")
