"""What reuse is allowed: by the owner's own account, a recorded grant, the registered licence, or what a post states.

Marking, permission and infringement are three things. This speaks of the second; whether a use infringes is for people
to decide.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..accounts.official import NameFinding, Poster, key_of
from ..marking import Report
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


def posted_by_owner(work: IndexedWork, poster: Poster) -> bool:
    """Whether a post is by the owner: its account is linked to that of the work, or bears one of the owner's names."""
    return poster.account == work.account_id or not poster.names.isdisjoint(_names_of(work))


def unproven_name(work: IndexedWork, given: Sequence[Grant], poster: Poster) -> list[NameFinding]:
    """Why a post under the name of the owner, or of somebody who has a grant, is neither's: a name proves nothing."""
    if poster.finding is None or not poster.claimed:
        return []
    meant = _names_of(work).union(*(map(key_of, grant.to) for grant in given))
    return [poster.finding] if poster.claimed in meant else []


def _names_of(work: IndexedWork) -> set[str]:
    """The names of the owner and the source, as names are compared."""
    claim = work.claim
    names = [work.owner, *claim.owner_aliases, claim.source_name, claim.source_handle]
    return {key for name in names if name and (key := key_of(name))}
