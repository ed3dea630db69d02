"""kill -9 of a real service in the middle of a request that has an Idempotency-Key: the retry is answered in seconds."""

import contextlib
import json
import os
import signal
import socket
import threading
import time
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import sqlalchemy as sa

from provenance.accounts import accounts
from provenance.accounts.accounts import NewAccount, NewApiKey
from provenance.application import Application
from provenance.auditing import fsck
from provenance.config import Settings
from provenance.database.engine import Database
from provenance.database.tables import entries, grants, idempotency, works
from tests.cli.conftest import Command
from tests.provenance.conftest import ESSAY

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket]


class Service:
    """`sourcemark serve` in a process of its own."""

    def __init__(self, settings: Settings, control: socket.socket, folder: Path) -> None:
        environment = {"SOURCEMARK_HOME": str(settings.home)}
        if settings.database_url:
            environment["SOURCEMARK_DATABASE_URL"] = settings.database_url
        log = folder / f"log-{time.monotonic()}"
        with Path(os.devnull).open("r+b") as nothing, log.open("wb") as sink:
            streams = (nothing, nothing, sink)
            self.process = Command(folder, control).start("serve", "--port", "0", streams=streams, env=environment)
        deadline = time.monotonic() + 60
        while "http://" not in (said := log.read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
        self.url = said.split("listens on ")[1].split()[0]

    def post(self, secret: str, path: str, body: dict, key: str) -> tuple[int, dict]:
        headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json", "Idempotency-Key": key}
        try:
            with urlopen(Request(self.url + path, json.dumps(body).encode(), headers), timeout=60) as answer:
                return answer.status, json.load(answer)
        except HTTPError as error:
            with error:
                return error.code, json.load(error)

    def kill_while_answering(self, db: Database, seen: sa.Select[Any], *request: object) -> None:
        """Send a request in the background; kill the service as soon as ``seen`` finds what it has done by then."""

        def send() -> None:
            with contextlib.suppress(OSError, HTTPException):  # nobody answers
                self.post(*request)  # type: ignore[arg-type]

        sender = threading.Thread(target=send)
        sender.start()
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with db.read() as connection:
                if connection.execute(seen).first() is not None:
                    break
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        sender.join()


def test_the_retry_is_answered_within_seconds(settings: Settings, control: socket.socket, tmp_path: Path) -> None:
    with Application(settings) as application:
        accounts.create(application.db, NewAccount(name="weekly"))
        secret = accounts.issue_key(application.db, NewApiKey(account="weekly")).secret
        service, work_id = Service(settings, control, tmp_path), ""
        registration = (secret, "/v1/works", {"text": ESSAY, "owner": "Ada"}, "one")
        for what in ("works", "grants"):
            request = registration if what == "works" else (secret, f"/v1/works/{work_id}/grants", {"to": ["*"]}, "two")
            # Of the one it has only begun, of the other it has done all but answer.
            begun = sa.select(idempotency.c.key).where(idempotency.c.holder.is_not(None))
            seen = begun if what == "works" else sa.select(entries.c.idx).where(entries.c.kind == "grant")
            service.kill_while_answering(application.db, seen, *request)
            service, started = Service(settings, control, tmp_path), time.monotonic()
            while (answer := service.post(*request))[0] == 409 and time.monotonic() < started + 120:
                time.sleep(0.2)
            assert answer[0] in (200, 201), answer
            assert time.monotonic() - started < 60  # on a busy machine; a lease is six seconds
            assert service.post(*request) == answer
            work_id = work_id or answer[1]["work_id"]
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait() == 0
        with application.db.read() as connection:
            for table in (works, grants):
                assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() == 1
        assert fsck.check(application.db, application.log)["problems"] == []
