"""Lists as files that jobs write, and decisions about many posts in a job, over HTTP."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

from provenance.accounts import accounts
from provenance.accounts.accounts import NewApiKey
from provenance.database.tables import job_files, jobs
from provenance.jobs import records
from provenance.jobs.queue import Stopped
from provenance.scans import exports
from provenance.scans.review import bulk
from tests.api.conftest import Api
from tests.api.test_api import CLAIM, TEXT
from tests.api.test_jobs import LATER, ended

pytestmark = pytest.mark.slow


@pytest.fixture
def working(api: Api, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """The API with its background threads, five uncredited posts in the queue, and pieces of two items."""
    monkeypatch.setattr(exports, "_ITEMS", 2)
    monkeypatch.setattr(bulk, "_GROUP", 2)
    new = NewApiKey(account="platform", scopes=["review"], label="Ann Li")
    api.keys["reviewer"] = accounts.issue_key(api.application.db, new).secret
    api("POST", "/v1/works", "producer", json={**CLAIM, "text": TEXT})
    items = [{"text": TEXT, "external_id": f"=post-{n}", "post_url": f"https://p.example/{n}"} for n in range(5)]
    assert api("POST", "/v1/scans/batch", "platform", json={"items": items}).status_code == 200
    api.application.background.start(1, api.application.start)
    yield api
    api.application.background.stop(10)


def exported(api: Api, who: str, **wanted: Any) -> tuple[dict[str, Any], Any]:
    accepted = api("POST", "/v1/exports", who, json=wanted)
    assert accepted.status_code == 202, accepted.text
    job = ended(api, who, accepted.headers["Location"])
    assert job["state"] == "done", job
    return job["result"], api("GET", job["result"]["file"], who)


def test_lists_become_files(working: Api) -> None:
    api = working
    listed = api("GET", "/v1/decisions", "reviewer").json()["items"]
    result, file = exported(api, "reviewer", what="decisions", format="jsonl")
    assert result["items"] == len(listed) == 5
    assert [json.loads(line) for line in file.text.splitlines()] == listed
    assert file.headers["content-type"].startswith("application/x-ndjson")
    _, file = exported(api, "reviewer", what="decisions", format="csv")
    assert file.text == api("GET", "/v1/decisions?format=csv", "reviewer").text
    assert "attachment" in file.headers["content-disposition"]
    result, file = exported(api, "producer", what="sightings", format="csv")
    rows = list(csv.DictReader(io.StringIO(file.text)))
    assert sorted(row["post_url"] for row in rows) == [f"https://p.example/{n}" for n in range(5)]
    _, file = exported(api, "reviewer", what="statements-of-reasons", format="dsa")
    shown = api("GET", "/v1/statements-of-reasons/dsa", "reviewer").json()["statements"]
    assert [json.loads(line) for line in file.text.splitlines()] == shown
    result, file = exported(api, "reviewer", what="decisions", format="csv", until="2001-01-01")
    assert (result["items"], len(file.text.splitlines())) == (0, 1)


def test_who_may_and_what_cannot_be_exported(working: Api) -> None:
    api = working
    assert api("POST", "/v1/exports", "producer", json={"what": "decisions"}).status_code == 403
    assert api("POST", "/v1/exports", None, json={"what": "decisions"}).status_code == 401
    for wrong, said in (
        ({"what": "scans"}, "what: must be"),
        ({"what": "sightings", "format": "dsa"}, "exported as jsonl or csv"),
        ({"what": "sightings", "until": "2026-01-01"}, "since a time"),
        ({"what": "decisions", "since": "soon"}, "since"),
    ):
        answer = api("POST", "/v1/exports", "reviewer", json=wrong)
        assert (answer.status_code, said in answer.json()["detail"]) == (400, True), answer.text
    result, _ = exported(api, "reviewer", what="decisions")
    assert api("GET", result["file"], "producer").status_code == 404  # another account's
    assert api("GET", result["file"], "platform").status_code == 403  # of this one, without the scope
    scanned = api("POST", "/v1/scans/batch", "platform", json={"items": [{"text": "x"}]}, headers=LATER)
    assert api("GET", scanned.headers["Location"] + "/file", "platform").status_code == 404


def test_an_erased_work_and_an_old_job_leave_no_file(working: Api) -> None:
    api = working
    work = api("GET", "/v1/works", "producer").json()["items"][0]["work_id"]
    result, file = exported(api, "producer", what="sightings", format="csv")
    assert work in file.text
    assert api("POST", f"/v1/works/{work}/erasure", "producer").status_code == 200
    file = api("GET", result["file"], "producer")
    assert (work in file.text, len(file.text.splitlines())) == (False, 1)
    assert records.purge(api.application.db, "9999-01-01") >= 1
    assert api("GET", result["file"], "producer").status_code == 404
    with api.application.db.read() as connection:
        assert connection.execute(job_files.select()).all() == []


def test_a_killed_worker_costs_one_piece(api: Api, working: Api) -> None:
    api.application.background.stop(10)
    path = api("POST", "/v1/exports", "reviewer", json={"what": "decisions"}).headers["Location"]
    assert api("GET", f"{path}/file", "reviewer").status_code == 409
    queue = api.application.jobs
    taken = queue.take()
    assert taken is not None
    asked = iter([False, True])
    with pytest.raises(Stopped):
        queue.run(taken, lambda: next(asked))  # stopped after the second piece
    with api.application.db.write() as connection:
        assert [piece.items for piece in connection.execute(job_files.select())] == [2, 2]
        connection.execute(jobs.update().values(due=0.0))
    api.application.background.start(1, api.application.start)
    assert ended(api, "reviewer", path)["result"]["items"] == 5
    ids = [json.loads(line)["decision_id"] for line in api("GET", f"{path}/file", "reviewer").text.splitlines()]
    assert ids == [each["decision_id"] for each in api("GET", "/v1/decisions", "reviewer").json()["items"]]


def test_many_decisions_in_a_job(working: Api) -> None:
    api = working
    waiting = [each["item_id"] for each in api("GET", "/v1/queue", "reviewer").json()["items"]]
    wanted = {"ids": [*waiting, waiting[0], "scan_nope"], "decision": "restrict", "reason": "copied"}
    accepted = api("POST", "/v1/decisions/batch", "reviewer", json=wanted, headers=LATER)
    assert accepted.status_code == 202
    job = ended(api, "reviewer", accepted.headers["Location"])
    assert job["result"] == {"items": 7, "decided": 5, "refused": 2}
    answers = api("GET", accepted.headers["Location"] + "/results", "reviewer").json()["items"]
    assert [each["id"] for each in answers] == wanted["ids"]
    assert {each["decision"]["reviewer_name"] for each in answers[:5]} == {"Ann Li"}
    assert [each["error"]["status"] for each in answers[5:]] == [409, 404]
    assert api("GET", accepted.headers["Location"] + "/results", "platform").status_code == 403
    many = {**wanted, "ids": ["scan_x"] * 1001}
    assert api("POST", "/v1/decisions/batch", "reviewer", json=many, headers=LATER).status_code == 400
