"""What operators see: metrics, request ids, and log lines in which nothing secret stands."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from api.app import create_app
from provenance import logs
from provenance.accounts import accounts
from provenance.config import Settings
from tests.api.conftest import Api
from tests.api.test_api import CLAIM, TEXT, problem


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def read(api: Api, **options: object) -> object:
    return api("GET", "/metrics", **options)


def test_what_happened_is_counted(api: Api) -> None:
    api("POST", "/v1/works", "producer", json={**CLAIM, "text": TEXT})
    api("POST", "/v1/scans", "platform", json={"text": TEXT})
    api("POST", "/v1/scans", "platform", json={"text": "nothing\0"})
    api("GET", "/v1/scans/scan_of_mine", "platform")
    api("GET", "/v1/no/such/place?key=secret")
    found = samples(read(api).text)
    scanned = {dict(labels)["verdict"]: n for (name, labels), n in found.items() if name == "sourcemark_scans_total"}
    assert scanned == {"uncredited": 1, "review": 1}
    assert found["sourcemark_decoder_failures_total", (("reason", "nul_bytes"),)] == 1
    assert found["sourcemark_index_position", ()] == found["sourcemark_log_size", ()] > 0
    assert found["sourcemark_waiting", (("kind", "job"), ("state", "queued"))] == 0
    assert found["sourcemark_waiting", (("kind", "review"), ("state", "waiting"))] == 1
    assert found["sourcemark_database_up", ()] == 1
    missing = (("method", "GET"), ("route", "/v1/scans/{scan_id}"), ("status", "404"))
    assert found["sourcemark_request_seconds_count", missing] == 1
    assert not re.search("scan_of_mine|secret|no/such", read(api).text)


def test_who_may_read_them(api: Api) -> None:
    assert read(api).status_code == 200
    problem(TestClient(api.client.app, client=("192.0.2.1", 5)).get("/metrics"), 403, "forbidden")
    problem(read(api, headers={"X-Forwarded-For": "192.0.2.1"}), 403, "forbidden")


def test_a_token_lets_others_in(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCEMARK_METRICS_TOKEN", "t0ken")
    settings = Settings(home=api.application.settings.home)
    with TestClient(create_app(settings)) as guarded:
        problem(guarded.get("/metrics"), 401, "unauthenticated")
        problem(guarded.get("/metrics", headers={"Authorization": "Bearer t0keN"}), 401, "unauthenticated")
        assert guarded.get("/metrics", headers={"Authorization": "Bearer t0ken"}).status_code == 200


def test_a_database_that_is_down_is_a_metric(api: Api) -> None:
    api.application.db.engine.dispose()
    file = api.application.settings.home / "sourcemark.db"
    file.rename(file.with_name("away"))
    file.mkdir()
    found = samples(read(api).text)
    assert found["sourcemark_database_up", ()] == 0
    assert ("sourcemark_log_size", ()) not in found


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What a service writes to stderr with SOURCEMARK_LOG_FORMAT=json."""
    said, root = io.StringIO(), logging.root
    before = (root.handlers[:], root.level, logging.getLogger("api.access").level)
    monkeypatch.setattr("sys.stderr", said)
    logs.configure("json")
    yield said
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    logging.getLogger("api.access").setLevel(before[2])


def test_request_ids_come_back(api: Api) -> None:
    assert api("GET", "/healthz", headers={"X-Request-ID": "mine-1"}).headers["x-request-id"] == "mine-1"
    for odd in ("a b", "x" * 65, "a\tb", ""):
        given = api("GET", "/v1/nothing", headers={"X-Request-ID": odd}).headers["x-request-id"]
        assert re.fullmatch("[0-9a-f]{32}", given)


def test_log_lines_hold_no_secret_and_no_content(api: Api, lines: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = ["PLANTED-CONTENT", "PLANTED-QUERY", "PLANTED-PATH", "PLANTED-CAPTION", api.keys["platform"], "pa55word"]

    def broken(*_: object) -> None:
        raise ValueError(f"cannot read {planted} in postgresql://user:pa55word@host/db")

    monkeypatch.setattr(accounts, "find", broken)
    answer = api(
        "POST", "/v1/scans?dry_run=true", "platform", json={"text": "PLANTED-CONTENT", "caption": "PLANTED-CAPTION"}
    )
    assert answer.status_code == 500
    api("GET", "/v1/works/PLANTED-PATH", "platform")
    api("GET", "/v1/scans?cursor=PLANTED-QUERY", "platform")
    logging.getLogger("provenance").warning("key %s of %s", api.keys["platform"], "postgresql://user:pa55word@host/db")
    logging.getLogger("provenance").error("sent %s", "Authorization: Bearer abcdef.whsec_Zm9v")
    written = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert not [secret for secret in planted if secret in lines.getvalue()]
    assert "abcdef" not in lines.getvalue()
    failed = next(line for line in written if "exception" in line)
    assert failed["request_id"] == answer.headers["x-request-id"]
    assert failed["exception"][0] == "ValueError"
    assert any("broken" in place for place in failed["exception"])
    requests = [line for line in written if line["logger"] == "api.access"]
    assert [(line["route"], line["status"]) for line in requests] == [
        ("/v1/scans", 500), ("/v1/works/{work_id}", 403), ("/v1/scans", 400),
    ]  # fmt: skip
    assert all(line["request_id"] and line["milliseconds"] >= 0 for line in requests)
