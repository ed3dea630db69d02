"""The steps of a case, as data: from which states, to which, by whom, what the log has of it, who is told, which clock.

Every step is one row, one entry of the log, and one letter to each party that it tells, in one transaction
(`steps.take`). A step to another state stops the clock that runs; how long a clock runs is the regime's to say.
``docs/complaints.md`` shows this table, and a test compares them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ..schemas.case import Actor, ClockName, Role, State, StepName

BOTH: tuple[Role, ...] = ("notifier", "poster")
ENDED: tuple[State, ...] = ("closed", "withdrawn", "repeated")
OPEN: tuple[State, ...] = (
    *("received", "incomplete", "forwarded", "counter_notice", "clock_running"),
    *("put_back", "stays_down", "decided", "inadmissible", "appealed"),
)
OUTCOMES: tuple[State, ...] = ("put_back", "stays_down", "decided", "inadmissible")  # that can be appealed


@dataclass(frozen=True, slots=True)
class Transition:
    """One kind of step.

    Attributes:
        sources: states in which it may be taken; none: it begins the case.
        target: the state it leads to; None: it stays the same, and the clock runs on.
        actors: who may take it; "service" is this program, by the clock or because nothing is left to ask.
        kind: of its entry in the log.
        facts: what the entry commits to for good, and the register may show; what people write is not among it.
        tells: who is sent a letter; the actor too, as a receipt. A step may name fewer.
        clock: that it starts.
        weighed: that it starts in its place in a regime without a put-back clock, where a person weighs both sides.
    """

    sources: tuple[State, ...]
    target: State | None
    actors: tuple[Actor, ...]
    kind: str
    facts: tuple[str, ...] = ()
    tells: tuple[Role, ...] = BOTH
    clock: ClockName | None = None
    weighed: ClockName | None = None


TRANSITIONS: Mapping[StepName, Transition] = MappingProxyType(
    {
        "file": Transition(
            *((), "received", ("notifier",), "notice"),
            facts=("regime", "work_id", "addresses", "sender", "files"),
            tells=("notifier",),
            clock="completion",
        ),
        "ask": Transition(
            *(("received",), "incomplete", ("service",), "notice"),
            facts=("missing",),
            tells=("notifier",),
            clock="completion",
        ),
        "complete": Transition(
            *(("incomplete",), "received", ("notifier",), "notice"),
            facts=("work_id", "addresses", "files"),
            tells=("notifier",),
            clock="completion",
        ),
        "repeat": Transition(
            *(("received",), "repeated", ("service",), "decision"), facts=("repeats",), tells=("notifier",)
        ),
        "refuse": Transition(
            *(("received", "incomplete"), "inadmissible", ("staff", "service"), "decision"),
            facts=("reason", "finding"),
            tells=("notifier",),
            clock="appeal",
        ),
        "forward": Transition(
            *(("received",), "forwarded", ("service", "staff"), "notice"),
            facts=("reachable",),
            clock="counter_notice",
            weighed="decision",
        ),
        "uncontested": Transition(
            *(("forwarded",), "stays_down", ("service",), "decision"), facts=("reason", "decision_ids"), clock="appeal"
        ),
        "counter": Transition(
            *(("forwarded",), "counter_notice", ("poster",), "counter-notice"), facts=("files",), weighed="decision"
        ),
        "start_clock": Transition(
            *(("counter_notice",), "clock_running", ("service",), "counter-notice"), clock="put_back"
        ),
        "keep_down": Transition(
            *(("clock_running",), "stays_down", ("notifier",), "decision"),
            facts=("reason", "decision_ids", "files"),
            clock="appeal",
        ),
        "put_back": Transition(
            *(("counter_notice", "clock_running"), "put_back", ("service", "staff"), "decision"),
            facts=("reason", "decision_ids"),
            clock="appeal",
        ),
        "decide": Transition(
            *(("forwarded", "counter_notice", "clock_running", "put_back", "stays_down"), "decided"),
            *(("staff",), "decision"),
            facts=("finding", "outcome", "reason", "decision_ids", "claim_decision_id", "territory", "until"),
            clock="appeal",
        ),
        "appeal": Transition(
            *(OUTCOMES, "appealed", ("notifier", "poster"), "appeal"), facts=("by", "files"), clock="decision"
        ),
        "decide_appeal": Transition(
            *(("appealed",), "closed", ("staff",), "decision"),
            facts=("upheld", "finding", "outcome", "reason", "decision_ids", "claim_decision_id", "territory", "until"),
        ),
        "close": Transition(*(OUTCOMES, "closed", ("service",), "decision")),
        "withdraw": Transition(
            *(("received", "incomplete", "forwarded", "counter_notice", "clock_running"), "withdrawn"),
            *(("notifier",), "notice"),
        ),
        "message": Transition(*(OPEN, None, ("notifier", "poster", "staff"), "notice"), facts=("to", "files")),
        "measure": Transition(
            *((*OPEN, *ENDED), None, ("staff",), "decision"), facts=("act", "against", "reason", "until")
        ),
    }
)


def allowed(state: State, actor: Actor) -> list[StepName]:
    """The steps that somebody may take in a state, in the table's order."""
    return [name for name, each in TRANSITIONS.items() if state in each.sources and actor in each.actors]


def table() -> str:
    """All steps as a table in Markdown, as the documentation has it."""
    head = (
        "| step | from | to | by | entry | facts | told | clock |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n"
    )
    return head + "".join(_line(name, each) for name, each in TRANSITIONS.items())


def _line(name: StepName, each: Transition) -> str:
    def listed(values: tuple[str, ...]) -> str:
        return ", ".join(values) or "-"

    sources = "any" if each.sources == (*OPEN, *ENDED) else "any open" if each.sources == OPEN else listed(each.sources)
    cells = (sources, each.target or "the same", listed(each.actors), each.kind, listed(each.facts))
    clock = f"{each.clock or '-'}, or {each.weighed}" if each.weighed else each.clock or "-"
    return f"| {name} | {' | '.join(cells)} | {listed(each.tells)} | {clock} |\n"
