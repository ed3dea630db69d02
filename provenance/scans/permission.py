"""What reuse is allowed: by the owner's own account, a recorded grant, the registered licence, or what a post states.

Marking, permission and infringement are three things. This speaks of the second; whether a use infringes is for people
to decide.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..marking import Report
from ..marking.normalization import fold_name
from ..schemas import Permission
from ..search.matching import IndexedWork
from ..works.grants import Grant

# Duties of a licence that a grant covering the use takes the place of; what is left of them is about the credit.
_REPLACED_BY_GRANT = frozenset(
    ["permission_missing", "permission_pending", "licence_not_named", "nd_breach", "nc_breach", "sa_breach"]
)


def evaluate(
    licence: str | None, report: Report, *, own: bool, grant: Grant | None = None, gaps: Sequence[str] = ()
) -> Permission:
    """The permission of one match: the owner's grant, else the registered licence and what was found of its duties.

    Args:
        licence: as registered; None counts as all rights reserved.
        report: how the post marks the work.
        own: the post is the owner's own, see `posted_by_owner`.
        grant: covers the post.
        gaps: what keeps a grant to the posting account from covering it.
    """
    if own:
        return Permission(licence=licence, state="own")
    if grant is not None:
        return Permission(
            licence=licence, state="permitted", grant_id=grant.grant_id, findings=_credit_findings(grant, report)
        )
    findings = [*report.licence_findings, *gaps]
    if report.permission_stated:
        return Permission(licence=licence, state="stated", findings=findings)
    if licence is None or licence.lower() in ("", "all-rights-reserved"):
        return Permission(licence=licence, state="none", findings=findings)
    met = report.verdict == "compliant" and not report.licence_findings
    return Permission(licence=licence, state="granted" if met else "duties_unmet", findings=findings)


def _credit_findings(grant: Grant, report: Report) -> list[str]:
    """What a post under a grant still owes: the credit, unless the grant waives it."""
    if not grant.credit:
        return []
    reasons = dict.fromkeys((*report.reasons, *report.licence_findings))
    return [reason for reason in reasons if reason not in _REPLACED_BY_GRANT]


def posted_by_owner(work: IndexedWork, posting_account: str | None) -> bool:
    """Whether the posting account bears the name of the owner, an alias or the source."""
    if posting_account is None:
        return False
    claim = work.claim
    names = [work.owner, *claim.owner_aliases, claim.source_name, claim.source_handle]
    account = fold_name(posting_account)
    return bool(account) and any(fold_name(name) == account for name in names if name)
