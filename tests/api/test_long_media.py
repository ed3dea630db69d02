"""Sound and film that is long, and whatever a sender would rather not wait for: the answer is a job."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fingerprints.audio.examples import tune, wav
from provenance.config import Settings
from provenance.database.tables import job_inputs
from provenance.jobs import records
from sourcemark import Refused
from tests.api.conftest import Api, served
from tests.api.test_client import Direct
from tests.fingerprints import encoding

pytestmark = pytest.mark.slow

LATER = {"Prefer": "respond-async"}
ABOUT = json.dumps({"title": "Tune", "owner": "Lin Zhaoyun"})
SONG = wav(tune(5, 8))


@pytest.fixture
def working(api: Api) -> Iterator[Api]:
    api.application.background.start(1, api.application.start)
    yield api
    api.application.background.stop(10)


@pytest.fixture
def slow(sqlite_settings: Settings, tmp_path: Path) -> Iterator[Api]:
    """A service whose decoder takes twenty minutes of sound from every file, and goes on when it may."""
    program = encoding.pausing_program(tmp_path)
    with served(sqlite_settings.model_copy(update={"ffmpeg": program})) as opened:
        opened.application.background.start(1, opened.application.start)
        yield opened
        opened.application.background.stop(10)


def wait(api: Api, job: str, until: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while not until(found := api("GET", job, "platform").json()):
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found


def ended(job: dict[str, Any]) -> bool:
    return job["state"] in records.ENDED


def inputs(api: Api) -> int:
    with api.application.db.read() as connection:
        return len(connection.execute(job_inputs.select()).all())


def test_a_file_is_registered_and_scanned_in_jobs(working: Api) -> None:
    api = working
    song = {"file": ("a.wav", SONG), "metadata": (None, ABOUT, "application/json")}
    accepted = api("POST", "/v1/works", "producer", files=song, headers=LATER)
    assert (accepted.status_code, accepted.headers["Preference-Applied"]) == (202, "respond-async")
    deadline = time.monotonic() + 60
    while not ended(job := api("GET", accepted.headers["Location"], "producer").json()):
        assert time.monotonic() < deadline, job
        time.sleep(0.05)
    assert (job["kind"], job["result"]) == ("register", {"items": 1, "outcomes": {"registered": 1}})
    (work,) = api("GET", f"{accepted.headers['Location']}/results", "producer").json()["items"]
    assert (work["medium"], work["path"]) == ("audio", "a.wav")

    accepted = api("POST", "/v1/scans", "platform", files={"file": ("b.wav", SONG)}, headers=LATER)
    job = wait(api, accepted.headers["Location"], ended)
    assert (job["state"], job["progress"], job["result"]) == ("done", 1.0, {"items": 1, "outcomes": {"matched": 1}})
    (scan,) = api("GET", f"{accepted.headers['Location']}/results", "platform").json()["items"]
    assert scan == api("GET", f"/v1/scans/{scan['scan_id']}", "platform").json()
    assert [match["work_id"] for match in scan["matches"]] == [work["work_id"]]
    assert scan["facts"]["seconds_read"] == 8.0
    assert inputs(api) == 0


def test_a_post_in_a_job_is_judged_as_one(working: Api) -> None:
    api = working
    api("POST", "/v1/works", "producer", files={"file": ("a.wav", SONG), "metadata": (None, ABOUT, "application/json")})
    post = json.dumps({"title": "A tune", "caption": "Music: Lin Zhaoyun", "html": "<p>Words of mine.</p>"})
    sent = [("file", ("b.wav", SONG)), ("metadata", (None, post, "application/json"))]
    at_once = api("POST", "/v1/posts?dry_run=true", "platform", files=sent).json()
    accepted = api("POST", "/v1/posts?dry_run=true", "platform", files=sent, headers=LATER)
    wait(api, accepted.headers["Location"], ended)
    (later,) = api("GET", f"{accepted.headers['Location']}/results", "platform").json()["items"]
    for each in (at_once, later):
        del each["scanned_at"], each["log_size"]
    assert later == at_once
    assert [part["name"] for part in later["parts"]] == ["title", "html", "caption", "b.wav"]
    assert (later["parts"][3]["facts"]["format"], later["facts"]) == ("wav", {})


def test_what_is_long_is_a_job_by_itself_and_tells_how_far_it_is(slow: Api, tmp_path: Path) -> None:
    accepted = slow("POST", "/v1/scans", "platform", files={"file": ("b.wav", SONG)})
    assert accepted.status_code == 202
    assert "Preference-Applied" not in accepted.headers
    job = wait(slow, accepted.headers["Location"], lambda job: bool(job["progress"]))
    assert job["state"] == "running"
    assert 0 < job["progress"] < 0.1
    assert inputs(slow) == 1
    (tmp_path / "go").touch()
    assert wait(slow, accepted.headers["Location"], ended)["state"] == "done"
    (scan,) = slow("GET", f"{accepted.headers['Location']}/results", "platform").json()["items"]
    assert (scan["status"], scan["verdict"]) == ("decode_partial", "review")
    facts = {name: scan["facts"][name] for name in ("seconds", "seconds_read", "partial")}
    assert facts == {"seconds": 1200.0, "seconds_read": 60.0, "partial": True}


def test_a_long_job_is_cancelled_while_it_reads(slow: Api) -> None:
    accepted = slow("POST", "/v1/works", "producer", files={
        "file": ("a.wav", SONG), "metadata": (None, ABOUT, "application/json")})  # fmt: skip
    where = accepted.headers["Location"]
    deadline = time.monotonic() + 60
    while slow("GET", where, "producer").json()["state"] != "running":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    slow("DELETE", where, "producer")
    while (job := slow("GET", where, "producer").json())["state"] != "cancelled":
        assert time.monotonic() < deadline, job
        time.sleep(0.05)
    assert inputs(slow) == 0
    assert slow("GET", "/v1/works", "producer").json()["items"] == []


def test_the_client_waits_for_the_job(slow: Api, tmp_path: Path) -> None:
    (tmp_path / "go").touch()
    (tmp_path / "b.wav").write_bytes(SONG)
    with Direct(slow, "platform") as client:
        scan = client.scan(tmp_path / "b.wav")
        assert (scan.status, scan.facts["seconds_read"]) == ("decode_partial", 60.0)
        (tmp_path / "empty").touch()
        with pytest.raises(Refused) as refused:
            client.scan(tmp_path / "empty")
    assert refused.value.reason == "empty"


def test_what_is_wrong_with_an_upload_is_said_at_once(api: Api) -> None:
    answer = api("POST", "/v1/scans", "platform", json={"caption": "no text"}, headers=LATER)
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:sourcemark:problem:bad-input")
    assert api("GET", "/v1/jobs", "platform").json()["items"] == []
