"""The table of steps: it is documented, complete, and leads every case to an end."""

from pathlib import Path
from typing import get_args

from provenance.cases.transitions import ENDED, OPEN, OUTCOMES, TRANSITIONS, allowed, table
from provenance.schemas.case import State, StepName
from provenance.tlog.envelope import KINDS

PAGE = Path(__file__).parents[3] / "docs" / "complaints.md"


def test_the_documentation_has_the_table() -> None:
    assert table() in PAGE.read_text(encoding="utf-8")


def test_every_step_and_every_state_is_in_it() -> None:
    assert set(TRANSITIONS) == set(get_args(StepName))
    assert {each.target for each in TRANSITIONS.values()} - {None} == set(get_args(State))
    assert {*OPEN, *ENDED} == set(get_args(State))
    assert {each.kind for each in TRANSITIONS.values()} <= set(KINDS)


def test_every_case_can_come_to_an_end() -> None:
    ends = set(ENDED)
    while more := {
        source for each in TRANSITIONS.values() if each.target in ends for source in each.sources if source not in ends
    }:
        ends |= more
    assert ends == set(get_args(State))


def test_what_has_ended_goes_on_with_nothing_but_a_measure() -> None:
    for state in ENDED:
        assert [name for name, each in TRANSITIONS.items() if state in each.sources] == ["measure"]


def test_whatever_can_be_appealed_starts_the_clock_of_the_appeal() -> None:
    for name, each in TRANSITIONS.items():
        assert (each.clock == "appeal") == (each.target in OUTCOMES), name
    assert all("appeal" in allowed(state, "poster") and "appeal" in allowed(state, "notifier") for state in OUTCOMES)
