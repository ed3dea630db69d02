"""What a service does about rows that do not agree with its log: it says so, and serves."""

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from provenance.application import Application
from provenance.config import Settings
from provenance.database.tables import works
from tests.provenance.conftest import ESSAY, register_work


def test_a_service_looks_at_some_rows_when_it_starts(
    sqlite_settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with Application(sqlite_settings) as application:
        register_work(application, ESSAY.encode())
        with application.db.write() as connection:
            connection.execute(works.update().values(owner="Thief"))
        application.sample_rows()
        assert application.damaged_rows == 1
    assert "the claim of work_" in caplog.text
    with TestClient(create_app(sqlite_settings)) as client:
        client.app.state.application.sample_rows()  # the one of the start runs beside the requests
        assert client.get("/healthz").json() == {"status": "ok", "damaged_rows": 1}
