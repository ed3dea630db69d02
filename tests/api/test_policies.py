"""Policies over HTTP: set, read, checked, tried; of the key's own account, and kept when the next one cannot be used."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.api.conftest import Api
from tests.api.test_api import TEXT

pytestmark = pytest.mark.slow

RULE = '[[rule]]\nname = "{name}"\ndo = "{do}"\nreason = "x"\n{more}\n'
CAUTIOUS = RULE.format(name="everything", do="hold", more='queue = "all"')
LATE = CAUTIOUS + RULE.format(name="late", do="block", more="match = {}")


def scanned(api: Api, text: str = TEXT) -> dict[str, Any]:
    answer = api("POST", "/v1/scans", "platform", json={"text": text})
    assert answer.status_code == 200
    return dict(answer.json())


def test_a_policy_is_set_and_decides(api: Api) -> None:
    before = scanned(api)["action"]
    assert before["policy_version"].startswith("default-")
    shipped = api("GET", "/v1/policies/current", "platform").json()
    assert (shipped["policy_version"], shipped["set_at"]) == (before["policy_version"], None)
    made = api("POST", "/v1/policies", "platform", json={"toml": CAUTIOUS})
    assert made.status_code == 201
    record = made.json()
    assert record["toml"] == CAUTIOUS
    assert scanned(api)["action"] == {
        "do": "hold",
        "rule": "everything",
        "reason": "x",
        "policy_version": record["policy_version"],
        "queue": "all",
        "note": None,
    }
    for version in ("current", record["policy_version"]):
        assert api("GET", f"/v1/policies/{version}", "platform").json() == record
    assert api("GET", "/v1/policies/default", "platform").json() == shipped
    listed = api("GET", "/v1/policies", "platform").json()
    assert listed == {
        "items": [{"policy_version": record["policy_version"], "set_at": record["set_at"]}],
        "next": None,
    }


def test_what_cannot_be_used_changes_nothing(api: Api) -> None:
    kept = api("POST", "/v1/policies", "platform", json={"toml": CAUTIOUS}).json()
    for path in ("/v1/policies", "/v1/policies/check", "/v1/policies/try"):
        refused = api(
            "POST",
            path,
            "platform",
            json={"toml": "[[rule]]", "since": "2020-01-01"} if "try" in path else {"toml": "[[rule]]"},
        )
        assert refused.status_code == 400
        assert refused.json()["detail"] == "rule 1: name: Field required"
    assert api("GET", "/v1/policies/current", "platform").json() == kept
    assert api("POST", "/v1/policies", "producer", json={"toml": CAUTIOUS}).status_code == 403
    assert api("GET", "/v1/policies/1-000000000000", "platform").status_code == 404


def test_rules_that_nothing_reaches_are_told(api: Api) -> None:
    checked = api("POST", "/v1/policies/check", "platform", json={"toml": LATE}).json()
    assert checked == {
        "rules": [
            {"rule": "everything", "do": "hold", "reachable": True, "covered_by": []},
            {"rule": "late", "do": "block", "reachable": False, "covered_by": ["everything"]},
        ]
    }


def test_a_policy_is_tried_at_once_or_in_a_job(api: Api) -> None:
    scans = [scanned(api, f"A text that nobody has registered, number {n}.") for n in range(3)]
    wanted = {"toml": CAUTIOUS, "since": "2020-01-01"}
    tried = api("POST", "/v1/policies/try?limit=2", "platform", json=wanted).json()
    assert (tried["scans"], tried["changed"], tried["not_replayable"]) == (3, 3, 0)
    assert tried["counts"] == [{"before": "allow", "after": "hold", "count": 3}]
    assert [(each["scan_id"], each["before"]) for each in tried["changes"]] == [
        (each["scan_id"], each["action"]) for each in scans[:2]
    ]
    later = api("POST", "/v1/policies/try?limit=2", "platform", json=wanted, headers={"Prefer": "respond-async"})
    assert later.status_code == 202
    job = later.json()
    api.application.background.start(1, lambda: None)
    try:
        while job["state"] in ("queued", "running"):
            time.sleep(0.05)
            job = api("GET", later.headers["Location"], "platform").json()
    finally:
        api.application.background.stop(10)
    assert (job["state"], job["result"]) == ("done", tried)
    too_long = {"toml": CAUTIOUS, "since": "yesterday"}
    assert "ISO 8601" in api("POST", "/v1/policies/try", "platform", json=too_long).json()["detail"]
