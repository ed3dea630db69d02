"""The page on events shows the payloads as they are."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import pytest

from provenance.jobs.events import PAYLOADS, EventName
from provenance.schemas.jobs import JobRecord, JobState
from provenance.schemas.webhooks import NewWebhook

PAGE = (Path(__file__).parents[3] / "docs/events.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("event", PAYLOADS)
def test_every_event_has_an_example(event: EventName) -> None:
    section = PAGE.split(f"### `{event}`\n")[1]
    example = json.loads(section.split("```json\n")[1].split("```")[0])
    model = PAYLOADS[event]
    assert example.keys() == model.model_fields.keys()
    assert model.model_validate(example).model_dump(mode="json") == example


def test_no_other_event_is_described_and_all_can_be_listened_to() -> None:
    described = set(re.findall(r"^### `([a-z.]+)`$", PAGE, re.M))
    assert described == set(get_args(EventName)) == set(PAYLOADS)
    (listened,) = get_args(NewWebhook.model_fields["events"].annotation)
    assert set(get_args(listened)) == described - {"webhook.test"}


def test_the_job_of_the_page_is_a_job() -> None:
    example = json.loads(PAGE.split("## Jobs\n")[1].split("```json\n")[1].split("```")[0])
    assert JobRecord.model_validate(example).model_dump(mode="json") == example
    states = set(re.findall(r"^\| `(\w+)` \|", PAGE.split("## Jobs\n")[1].split("\n## ")[0], re.M))
    assert states == set(get_args(JobState))
