"""What reuse is allowed, and the verdict on one upload.

Marking, permission and infringement are three things. The verdict speaks of marking and permission only; whether a
use infringes is for people to decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..schemas import MatchRecord, Permission, Verdict
from ..works.grants import Grant

# From the one that needs a person most to the one that needs nobody.
_SEVERITY: tuple[Verdict, ...] = ("uncredited", "review", "credited", "licensed", "own", "clear")


# What a grant takes the place of, where it covers the use.
_EXCUSED = frozenset(
    ["permission_missing", "permission_pending", "licence_not_named", "nd_breach", "nc_breach", "sa_breach"]
)


def permission(
    licence: str | None,
    marking: Mapping[str, Any],
    *,
    own: bool,
    grant: Grant | None = None,
    gaps: Sequence[str] = (),
) -> Permission:
    """The permission of one match: the owner's grant, else the registered licence and what was found of its duties.

    Args:
        grant: covers the post.
        gaps: what keeps a grant to the posting account from covering it.
    """
    if own:
        return Permission(licence=licence, state="own")
    if grant is not None:
        left = [f for f in _reasons(marking) if f not in _EXCUSED] if grant.credit else []
        return Permission(licence=licence, state="permitted", grant_id=grant.grant_id, findings=left)
    findings = [*(str(f) for f in marking.get("licence_findings", ())), *gaps]
    if marking.get("permission_stated"):
        return Permission(licence=licence, state="stated", findings=findings)
    if licence is None or licence.lower() in ("", "all-rights-reserved"):
        return Permission(licence=licence, state="none", findings=findings)
    met = marking.get("verdict") == "compliant" and not marking.get("licence_findings")
    return Permission(licence=licence, state="granted" if met else "duties_unmet", findings=findings)


def match_verdict(marking: Mapping[str, Any], permitted: Permission) -> Verdict:
    """The verdict on one match."""
    if permitted.state == "own":
        return "own"
    marked = marking.get("verdict")
    if permitted.state == "permitted" and not permitted.findings and marked not in ("wrong_owner", "misleading"):
        return "licensed"
    if marked == "compliant":
        return "licensed" if permitted.state == "granted" else "credited"
    return "review" if marked == "partial" else "uncredited"


def _reasons(marking: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys(str(r) for r in (*marking.get("reasons", ()), *marking.get("licence_findings", ()))))


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
