"""Words for the codes of review, and what its commands share."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from provenance.errors import BadInput
from provenance.scans.words import DECISIONS

from .output import clauses, in_brackets, labelled, listed, minute, tr
from .session import acting_account

if TYPE_CHECKING:
    from provenance.database.engine import Database
    from provenance.scans.review.reviewer import Reviewer
    from provenance.schemas.decisions import Decision

Platform = Annotated[str | None, typer.Option(help="The platform's account, id or name; default: the local one.")]
By = Annotated[str | None, typer.Option("--by", help="Your name as a reviewer; default: your login name.")]

_STATES = {
    "waiting": ("waiting", "待处理"),
    "decided": ("decided", "已决定"),
    "settled": ("settled by a later scan", "后续扫描已了结"),
}


def reviewer(db: Database, account: str | None, name: str | None) -> Reviewer:
    """Who reviews at this terminal, for an account."""
    from provenance.names import clean
    from provenance.scans.review.reviewer import Reviewer

    try:
        known = clean(name or getpass.getuser())[:100]
    except (KeyError, OSError):  # a process whose user has no name
        known = ""
    if not known or known.startswith("key_"):
        raise BadInput("--by: your name as a reviewer is needed; it cannot begin with key_")
    return Reviewer(acting_account(db, account).id, known, known)


def outcome_word(outcome: str) -> str:
    return tr(*DECISIONS.get(outcome, (outcome, outcome)))


def state_word(state: str) -> str:
    return tr(*_STATES.get(state, (state, state)))


def who(decision: Decision) -> str:
    """Who decided."""
    return tr("a rule", "规则") if decision.automated else decision.reviewer_name or decision.reviewer or "–"


def decision_line(decision: Decision) -> str:
    """A decision on one line: when, what, by whom, why, and whether it still counts."""
    parts = [labelled(who(decision), outcome_word(decision.decision)) + in_brackets(decision.reason)]
    if decision.territory:
        parts.append(listed(decision.territory))
    if decision.until:
        parts.append(tr(f"until {decision.until}", f"至 {decision.until}"))
    if not decision.final and decision.decision != "escalate":
        parts.append(tr("a second opinion is needed", "需第二人复核"))
    if decision.superseded_by:
        parts.append(tr("no longer counts", "已失效"))
    if decision.note:
        parts.append(decision.note)
    return f"{minute(decision.decided_at)}  {decision.decision_id}  {clauses(parts)}"
