"""The database is down at start, comes up, goes down again: the service stays up and says so; nothing is lost."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from provenance.accounts import accounts
from provenance.accounts.accounts import NewAccount, NewApiKey
from provenance.config import Settings

pytestmark = pytest.mark.slow

TEXT = (
    "The lighthouse at Cape Ordo was switched off in spring, and by autumn the fishermen had bought it. They run the lamp "
    "on Fridays, for the look of it, and lend the staircase to the school, which counts it every year and never agrees."
)


def test_a_database_that_comes_and_goes(tmp_path: Path, postgres) -> None:
    settings = Settings(home=tmp_path / "home", database_url=postgres(), workers=1, database_timeout_seconds=2)
    postgres.control("stop")
    running = False
    try:
        with TestClient(create_app(settings), raise_server_exceptions=False) as client:
            assert client.get("/healthz").status_code == 200
            ready = client.get("/readyz")
            assert ready.status_code == 503
            assert ready.json()["log_size"] is None
            refused = client.post("/v1/scans", json={"text": TEXT}, headers={"Authorization": "Bearer smk_x"})
            assert refused.status_code == 503
            assert refused.headers["content-type"] == "application/problem+json"
            assert refused.json()["reason"] == "database_down"

            postgres.control("start")
            running = True
            assert client.get("/readyz").status_code == 200
            application = client.app.state.application
            accounts.create(application.db, NewAccount(name="p"))
            key = accounts.issue_key(application.db, NewApiKey(account="p", scopes=["register", "scan"]))
            headers = {"Authorization": f"Bearer {key.secret}"}
            made = client.post("/v1/works", json={"text": TEXT, "owner": "A"}, headers=headers).json()

            postgres.control("stop")
            running = False
            for method, path, body in (
                ("POST", "/v1/works", {"text": TEXT + " More.", "owner": "A"}),
                ("POST", "/v1/scans", {"text": TEXT}),
                ("GET", "/v1/works", None),
                ("GET", "/readyz", None),
            ):
                answer = client.request(method, path, json=body, headers=headers)
                assert answer.status_code == 503, (method, path, answer.text)
            assert client.get("/healthz").status_code == 200
            assert client.get("/v1/ledger/checkpoint").status_code == 200  # the published log needs no database

            postgres.control("start")
            running = True
            found = client.post("/v1/scans", json={"text": TEXT}, headers=headers).json()
            assert found["matches"][0]["work_id"] == made["work_id"]
            again = client.post("/v1/works", json={"text": TEXT + " More.", "owner": "A"}, headers=headers)
            assert again.status_code == 201
            assert again.json()["competing"] == [made["work_id"]]
    finally:
        if not running:
            postgres.control("start")
