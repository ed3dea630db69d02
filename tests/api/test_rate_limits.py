"""Token buckets by key: what is over the rate is told when to come again, and harms nobody else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api import rate_limits
from api.app import create_app
from api.rate_limits import RateLimits
from api.worker_memory import ALONE, Worker, WorkerMemory
from provenance.config import Settings
from provenance.errors import RateLimited
from tests.api.conftest import Api
from tests.api.test_api import problem


def taken(limits: RateLimits, key: str, per_minute: int) -> int:
    for n in range(1000):
        try:
            limits.take(key, per_minute)
        except RateLimited:
            return n
    raise AssertionError("no limit")


def test_a_bucket_is_filled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(rate_limits.time, "monotonic", lambda: now)
    limits = RateLimits(WorkerMemory(ALONE), burst=5)
    assert taken(limits, "a", 120) == 5
    assert taken(limits, "b", 120) == 5
    now += 1.25
    assert taken(limits, "a", 120) == 2
    with pytest.raises(RateLimited) as caught:
        limits.take("a", 120)
    assert caught.value.retry_after == pytest.approx(0.25)
    now += 3600
    assert taken(limits, "a", 120) == 5  # a full bucket holds no more


def test_processes_take_from_one_bucket(tmp_path: Path) -> None:
    memories = [WorkerMemory(Worker(n, 2, tmp_path)) for n in (0, 1)]
    here, there = (RateLimits(memory, burst=6) for memory in memories)
    for limits in (here, there, here, there):
        limits.take("a", 1)
    assert taken(here, "a", 1) + taken(there, "a", 1) == 2


def test_the_key_that_was_quiet_longest_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(rate_limits.time, "monotonic", lambda: now)
    monkeypatch.setattr(rate_limits, "BUCKETS", rate_limits._LOOKED_AT)
    limits = RateLimits(WorkerMemory(ALONE), burst=2)
    for n in range(rate_limits._LOOKED_AT):
        assert taken(limits, f"key {n}", 6) == 2
        now += 1
    assert taken(limits, "another", 6) == 2  # in the place of key 0
    assert taken(limits, f"key {n}", 6) == 0


def test_a_key_over_its_rate(api: Api) -> None:
    settings = Settings(home=api.application.settings.home, rate_per_minute=6, rate_burst=3)
    with TestClient(create_app(settings)) as client:

        def ask(who: str) -> object:
            return client.get("/v1/works", headers={"Authorization": f"Bearer {api.keys[who]}"})

        assert [ask("producer").status_code for _ in range(4)] == [200, 200, 200, 429]
        refused = ask("producer")
        problem(refused, 429, "rate-limited")
        assert 1 <= int(refused.headers["Retry-After"]) <= 10
        assert ask("rival").status_code == 200
        assert client.get("/healthz").status_code == 200


def test_every_route_that_asks_for_a_key_declares_it(api: Api) -> None:
    document = api("GET", "/openapi.json").json()
    keyed = [each for path in document["paths"].values() for each in path.values() if each.get("security")]
    assert len(keyed) > 20
    assert not [each["operationId"] for each in keyed if "429" not in each["responses"]]


def test_a_key_over_its_quota(api: Api) -> None:
    (key,) = (
        each["id"]
        for each in api("GET", "/v1/keys", "administrator").json()["items"]
        if "".join(each["scopes"]) == "scan"
    )
    assert "ratelimit" not in api("GET", "/v1/scans", "platform").headers
    limited = api("PUT", f"/v1/keys/{key}/limits", "administrator", json={"requests_per_day": 3, "mib_per_month": 1})
    assert limited.json()["limits"]["requests_per_day"] == 3
    first = api("GET", "/v1/scans", "platform")
    assert re.fullmatch(
        '"requests_per_day";r=1;t=[0-9]+, "mib_per_month";r=1048576;t=[0-9]+', first.headers["RateLimit"]
    )
    assert '"mib_per_month";q=1048576;qu="content-bytes";w=2592000' in first.headers["RateLimit-Policy"]
    too_much = api(
        "POST", "/v1/scans", "platform", content=b" " * (1 << 20), headers={"Content-Type": "application/json"}
    )
    assert too_much.status_code == 400  # of the last of its bytes
    refused = api("GET", "/v1/scans", "platform")
    problem(refused, 429, "rate-limited")
    assert (refused.json()["reason"], refused.headers["RateLimit"][:24]) == ("quota", '"requests_per_day";r=0;t')
    assert 0 < int(refused.headers["Retry-After"]) <= 86_400
    api.application.quotas.flush()
    used = next(each for each in api("GET", "/v1/keys", "administrator").json()["items"] if each["id"] == key)
    assert used["sent"] == {
        "requests_today": 3, "requests_this_month": 3, "bytes_today": 1 << 20, "bytes_this_month": 1 << 20
    }  # fmt: skip
    problem(api("GET", "/v1/usage", "platform"), 429, "rate-limited")
    api("PUT", f"/v1/keys/{key}/limits", "administrator", json={})
    usage = api("GET", "/v1/usage", "platform").json()
    assert (usage["key_id"], usage["limits"]["requests_per_day"], usage["sent"]["requests_today"]) == (key, 0, 3)
    problem(api("PUT", "/v1/keys/none/limits", "administrator", json={}), 404, "not-found")
    problem(api("PUT", f"/v1/keys/{key}/limits", "platform", json={}), 403, "forbidden")
    problem(api("PUT", f"/v1/keys/{key}/limits", "administrator", json={"requests_per_day": -1}), 400, "bad-input")
