"""Cases and their steps, each on one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .output import in_brackets, labelled, minute, tr

if TYPE_CHECKING:
    from provenance.schemas.case import CaseSummary, StepRecord


def state_word(state: str) -> str:
    from provenance.cases.words import STATES

    return tr(*STATES[state])


def clock_line(case: CaseSummary) -> str:
    """What a case waits for, and whether that is late; empty where nothing runs."""
    if case.clock is None:
        return ""
    from provenance.cases.words import CLOCKS

    due = labelled(tr(*CLOCKS[case.clock.name]), minute(case.clock.due))
    return due + (in_brackets(tr("overdue", "已逾期")) if case.clock.overdue else "")


def case_line(case: CaseSummary) -> str:
    """A case on one line: when, which, how far, about what, who deals with it."""
    about = case.addresses[0] if case.addresses else case.work_id or "–"
    more = f" +{len(case.addresses) - 1}" if len(case.addresses) > 1 else ""
    parts = [minute(case.filed_at), case.case_id, state_word(case.state), case.regime, about + more]
    return "  ".join(part for part in (*parts, clock_line(case), case.assignee or "") if part)


def step_line(step: StepRecord) -> str:
    """A step on one line: when, what, by whom, and what people have said in it."""
    from provenance.cases.words import ACTORS, STEPS

    who = step.reviewer_name or tr(*ACTORS[step.actor])
    said = [str(value) for value in (step.said or {}).values() if isinstance(value, str)]
    facts = [str(step.facts[name]) for name in ("finding", "outcome", "reason", "act") if step.facts.get(name)]
    line = f"{minute(step.at)}  {step.number}  {labelled(tr(*STEPS[step.name]), who)}"
    return line + (in_brackets(", ".join(facts)) if facts else "") + "".join(f"  {each}" for each in said)
