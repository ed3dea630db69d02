"""Token buckets by key: what is over the rate is told when to come again, and harms nobody else."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from api import rate_limits
from api.app import create_app
from api.rate_limits import RateLimits
from provenance.config import Settings
from provenance.errors import RateLimited
from tests.api.conftest import Api
from tests.api.test_api import problem


def taken(limits: RateLimits, key: str) -> int:
    for n in range(1000):
        try:
            limits.take(key)
        except RateLimited:
            return n
    raise AssertionError("no limit")


def test_a_bucket_is_filled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(rate_limits.time, "monotonic", lambda: now)
    limits = RateLimits(per_minute=120, burst=5)
    assert taken(limits, "a") == 5
    assert taken(limits, "b") == 5
    now += 1.25
    assert taken(limits, "a") == 2
    with pytest.raises(RateLimited) as caught:
        limits.take("a")
    assert caught.value.retry_after == pytest.approx(0.25)
    now += 3600
    assert taken(limits, "a") == 5  # a full bucket holds no more


def test_quiet_keys_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(rate_limits.time, "monotonic", lambda: now)
    monkeypatch.setattr(rate_limits, "_SWEEP", 100)
    limits = RateLimits(per_minute=60, burst=2)
    for n in range(200):
        limits.take(f"key {n}")
    now += 60
    taken(limits, "busy")
    assert len(limits._buckets) == 1


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
