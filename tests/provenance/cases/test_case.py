"""Cases from a notice to their end."""

from __future__ import annotations

import pytest

from provenance.application import Application
from provenance.errors import Conflict
from provenance.schemas.case import CaseDecision
from provenance.schemas.notice import Appeal, CounterNotice
from tests.provenance.cases.people import (
    ANN,
    ANSWER,
    BEN,
    file,
    letters,
    party,
    run_out,
    state,
    taken,
)


def test_a_case_from_notice_to_the_end_of_its_appeal(application: Application) -> None:
    filed = file(application)
    assert (filed.state, list(filed.missing)) == ("received", [])
    assert application.proceedings.confirm(filed.party) == "forwarded"
    assert application.proceedings.confirm(filed.party) == "forwarded"
    poster = party(application, filed.case_id, "poster")
    assert application.proceedings.counter(poster, CounterNotice.model_validate(ANSWER)) == "clock_running"
    assert run_out(application, filed.case_id) == 1
    assert state(application, filed.case_id).state == "put_back"
    decided = CaseDecision(finding="founded", outcome="restrict", reason="copied", explanation="It is a copy.")
    assert application.case_decisions.decide(ANN, filed.case_id, decided) == "decided"
    assert application.proceedings.appeal(poster, Appeal(reason="It is not.")) == "appealed"
    with pytest.raises(Conflict) as caught:
        application.case_decisions.decide_appeal(ANN, filed.case_id, decided)
    assert caught.value.reason == "same_person"
    back = CaseDecision(finding="unfounded", outcome="release", reason="licence", explanation="There is a licence.")
    assert application.case_decisions.decide_appeal(BEN, filed.case_id, back) == "closed"
    steps = ["file", "forward", "counter", "start_clock", "put_back", "decide", "appeal", "decide_appeal"]
    assert taken(application, filed.case_id) == steps
    assert letters(application, filed.case_id)[:3] == [
        ("file", "notifier", "pending"),
        ("forward", "notifier", "pending"),
        ("forward", "poster", "unaddressed"),
    ]
    assert state(application, filed.case_id).closed_at is not None
