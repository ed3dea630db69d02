"""A client of the application in this process, with a key for each kind of user."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from provenance.accounts import accounts
from provenance.accounts.accounts import NewAccount, NewApiKey
from provenance.application import Application
from provenance.config import Settings


@dataclass
class Api:
    client: TestClient
    application: Application
    keys: dict[str, str]

    def __call__(self, method: str, path: str, who: str | None = None, **options: object):
        headers = dict(options.pop("headers", {}))
        if who is not None:
            headers["Authorization"] = f"Bearer {self.keys[who]}"
        return self.client.request(method, path, headers=headers, **options)


@contextmanager
def served(settings: Settings) -> Iterator[Api]:
    app = create_app(settings)
    with TestClient(app, raise_server_exceptions=False, client=("127.0.0.1", 50000)) as client:
        application = client.app.state.application
        keys = {}
        for kind in accounts.KINDS:
            accounts.create(application.db, NewAccount(name=kind, kind=kind))
            keys[kind] = accounts.issue_key(application.db, NewApiKey(account=kind)).secret
        accounts.create(application.db, NewAccount(name="rival", kind="producer"))
        keys["rival"] = accounts.issue_key(application.db, NewApiKey(account="rival")).secret
        yield Api(client, application, keys)


@pytest.fixture
def api(sqlite_settings: Settings) -> Iterator[Api]:
    with served(sqlite_settings) as opened:
        yield opened
