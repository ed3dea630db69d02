"""What takes long over HTTP: a batch becomes a job, the job is worked off, and its end is told."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from provenance.database.tables import endpoints
from provenance.jobs import records
from provenance.jobs.webhook_sender import TargetRules
from tests.api.conftest import Api
from tests.api.test_api import CLAIM, TEXT
from tests.provenance.jobs.receivers import Receiver, receiving

LATER = {"Prefer": "respond-async; wait=10, handling=lenient"}
PUBLIC = "https://93.184.215.14/hook"


@pytest.fixture
def working(api: Api) -> Iterator[Api]:
    """The API with its background threads."""
    api.application.background.start(1, api.application.start)
    yield api
    api.application.background.stop(10)


def ended(api: Api, who: str, path: str) -> dict[str, Any]:
    until = time.monotonic() + 30
    while (job := api("GET", path, who).json())["state"] not in records.ENDED:
        assert time.monotonic() < until, job
        time.sleep(0.05)
    return job


def test_a_batch_of_scans_in_a_job(working: Api) -> None:
    api = working
    api("POST", "/v1/works", "producer", json={**CLAIM, "text": TEXT})
    items = [{"text": TEXT, "external_id": "1"}, {"txet": TEXT, "external_id": "2"}, {"text": "short"}]
    accepted = api("POST", "/v1/scans/batch", "platform", json={"items": items}, headers=LATER)
    assert accepted.status_code == 202
    assert accepted.headers["Preference-Applied"] == "respond-async"
    job = ended(api, "platform", accepted.headers["Location"])
    assert job["job_id"] == accepted.json()["job_id"]
    assert (job["state"], job["progress"], job["error"]) == ("done", 1.0, None)
    assert job["result"] == {"items": 3, "outcomes": {"error": 1, "matched": 1, "too_short": 1}}
    results = api("GET", accepted.headers["Location"] + "/results", "platform").json()
    assert results["next"] is None
    assert [each["status"] for each in results["items"]] == ["matched", "error", "too_short"]
    assert results["items"][0] == api("GET", f"/v1/scans/{results['items'][0]['scan_id']}", "platform").json()
    assert "did you mean text" in results["items"][1]["error"]["detail"]
    assert api("DELETE", accepted.headers["Location"], "platform").status_code == 409


def test_a_batch_of_works_in_a_job_by_json_lines(working: Api) -> None:
    api = working
    lines = "\n".join([*(json.dumps({**CLAIM, "text": f"{n} {TEXT}"}) for n in range(2)), "", "{broken"])
    options = {"content": lines, "headers": {**LATER, "Content-Type": "application/x-ndjson"}}
    accepted = api("POST", "/v1/works/batch", "producer", **options)
    job = ended(api, "producer", accepted.headers["Location"])
    assert job["result"] == {"items": 3, "outcomes": {"error": 1, "registered": 2}}
    page = api("GET", f"{accepted.headers['Location']}/results?limit=2", "producer").json()
    rest = api("GET", f"{accepted.headers['Location']}/results?cursor={page['next']}", "producer").json()
    assert [each["status"] for each in (*page["items"], *rest["items"])] == ["registered", "registered", "error"]
    again = api("POST", "/v1/works/batch", "producer", content=lines, headers={"Content-Type": "application/x-ndjson"})
    assert [each["status"] for each in again.json()["results"]] == ["already_registered"] * 2 + ["error"]


def test_a_batch_sent_twice_with_one_key_is_one_job(api: Api) -> None:
    headers = {**LATER, "Idempotency-Key": "k1"}
    first, second = (
        api("POST", "/v1/scans/batch", "platform", json={"items": [{"text": TEXT}]}, headers=headers) for _ in range(2)
    )
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert second.headers["Location"] == first.headers["Location"]
    assert len(api("GET", "/v1/jobs?state=queued", "platform").json()["items"]) == 1
    cancelled = api("DELETE", first.headers["Location"], "platform")
    assert cancelled.json()["state"] == "cancelled"


def test_what_is_wrong_with_a_batch_is_said_at_once(api: Api) -> None:
    assert api("POST", "/v1/scans/batch", "platform", json={"items": []}, headers=LATER).status_code == 400
    assert api("GET", "/v1/jobs?state=asleep", "platform").status_code == 400
    assert api("GET", "/v1/jobs", "platform").json()["items"] == []


def test_an_erased_work_leaves_jobs_and_events(working: Api) -> None:
    api = working
    api("POST", "/v1/watches", "producer", json={"email": "desk@northbank.example"})
    work = api("POST", "/v1/works", "producer", json={**CLAIM, "text": TEXT}).json()["work_id"]
    accepted = api("POST", "/v1/scans/batch", "platform", json={"items": [{"text": TEXT}]}, headers=LATER)
    ended(api, "platform", accepted.headers["Location"])
    path = f"{accepted.headers['Location']}/results"
    assert work in api("GET", path, "platform").text
    assert api("POST", f"/v1/works/{work}/erasure", "producer").status_code == 200
    assert api("GET", path, "platform").json()["items"] == [{"status": "erased"}]


@pytest.mark.enable_socket
def test_a_sighting_and_a_decision_are_told(working: Api) -> None:
    api = working
    rules = TargetRules(http=True, private=True, seconds=5)
    api.application.background.rules = rules
    with receiving(Receiver()) as receiver:
        for who, events in (("platform", ["scan.decided", "job.finished"]), ("producer", [])):
            made = api("POST", "/v1/webhooks", who, json={"url": receiver.url, "events": events}).json()
            with api.application.db.write() as connection:  # both by the secret that the receiver knows
                secrets = [{"secret": receiver.secret, "until": None}]
                connection.execute(endpoints.update().values(secrets=secrets))
        watch = {"webhook_id": made["webhook_id"], "verdicts": ["uncredited"], "coverage": 0.5}
        assert api("POST", "/v1/watches", "producer", json=watch).status_code == 201
        work = api("POST", "/v1/works", "producer", json={**CLAIM, "text": TEXT}).json()["work_id"]
        for _ in range(2):  # the second scan of the post is no new sighting
            post = {"text": TEXT, "account": "City Daily", "post_url": "https://p.example/9"}
            scan = api("POST", "/v1/scans", "platform", json=post).json()
        until = time.monotonic() + 20
        while len(receiver.events) < 3 and time.monotonic() < until:
            time.sleep(0.05)
    assert sorted(body["type"] for _, body in receiver.events) == ["scan.decided", "scan.decided", "work.sighted"]
    (sighted,) = (body["data"] for _, body in receiver.events if body["type"] == "work.sighted")
    assert (sighted["work_id"], sighted["account"]) == (work, "City Daily")
    (told,) = (body["data"] for _, body in receiver.events if body["data"].get("scan_id") == scan["scan_id"])
    assert told["action"] == scan["action"]  # events of two scans come in either order


def test_webhooks_over_http(api: Api) -> None:
    made = api("POST", "/v1/webhooks", "platform", json={"url": PUBLIC, "events": ["scan.decided"]})
    assert made.status_code == 201
    assert made.json()["secret"].startswith("whsec_")
    path = f"/v1/webhooks/{made.json()['webhook_id']}"
    shown = api("GET", path, "platform").json()
    assert (shown["url"], shown["pending"], "secret" in shown) == (PUBLIC, 0, False)
    assert api("GET", "/v1/webhooks", "platform").json()["items"] == [shown]
    rotated = api("POST", f"{path}/secret", "platform", json={}).json()["secret"]
    assert rotated != made.json()["secret"]
    api("POST", "/v1/scans", "platform", json={"text": TEXT})
    (waiting,) = api("GET", f"{path}/deliveries?state=pending", "platform").json()["items"]
    assert (waiting["event"], waiting["attempts"]) == ("scan.decided", 0)
    assert api("POST", f"{path}/redelivery", "platform", json={"since": "2020-01-01"}).json() == {"events": 1}
    assert api("DELETE", path, "platform").status_code == 200
    assert api("GET", path, "platform").status_code == 404


def test_an_endpoint_that_cannot_be(api: Api) -> None:
    for body, status, said in (
        ({"url": "http://93.184.215.14/"}, 403, "must be https"),
        ({"url": "https://127.0.0.1/"}, 403, "not on the public internet"),
        ({"url": PUBLIC, "events": ["scan.done"]}, 400, "events.0: must be 'scan.decided'"),
        ({"url": PUBLIC, "event": ["scan.decided"]}, 400, "did you mean events"),
    ):
        refused = api("POST", "/v1/webhooks", "platform", json=body)
        assert (refused.status_code, said in refused.json()["detail"]) == (status, True), refused.text
