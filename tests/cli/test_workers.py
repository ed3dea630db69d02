"""serve --workers: real processes on one socket, with one bound, one metrics page, and one end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from provenance.accounts import accounts
from provenance.accounts.accounts import NewAccount, NewApiKey
from provenance.application import Application
from provenance.config import Settings
from tests.provenance.conftest import ESSAY

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket]


@dataclass
class Service:
    """A service of two workers."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path
    secret: str

    def workers(self) -> set[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return set(map(int, children.split()))

    def ask(self, path: str, body: dict[str, object] | None = None) -> tuple[int, str]:
        """Over a connection of its own: whichever worker takes it."""
        headers = {"Authorization": f"Bearer {self.secret}", "Content-Type": "application/json"}
        request = Request(self.url + path, None if body is None else json.dumps(body).encode(), headers)
        try:
            with urlopen(request, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def metrics(self) -> dict[tuple[str, str], float]:
        """Of all samples, by name and worker."""
        return {
            (sample.name, sample.labels.get("worker", sample.labels.get("route", ""))): sample.value
            for family in text_string_to_metric_families(self.ask("/metrics")[1])
            for sample in family.samples
        }

    def until(self, seen: object, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not seen():
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)


@contextmanager
def running(settings: Settings, folder: Path, **environment: str) -> Iterator[Service]:
    with Application(settings) as opened:
        accounts.create(opened.db, NewAccount(name="all", kind="administrator"))
        secret = accounts.issue_key(opened.db, NewApiKey(account="all")).secret
    environment = {
        "PATH": os.environ["PATH"],
        "TMPDIR": str(folder),
        "SOURCEMARK_HOME": str(settings.home),
        "SOURCEMARK_WORKERS": "1",
        "SOURCEMARK_SERVE_WORKERS": "2",
        **environment,
    }
    log = folder / "log"
    with log.open("w") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli.main", "serve", "--port", "0"], env=environment, stderr=sink
        )
    try:
        while "listens on " not in (said := log.read_text()):
            assert process.poll() is None, said
            time.sleep(0.05)
        service = Service(said.split("listens on ")[1].split()[0], process, log, secret)
        service.until(lambda: ("process_open_fds", "1") in service.metrics())
        yield service
    finally:
        process.kill()
        process.wait()
    assert "Traceback" not in log.read_text()


def test_two_workers_are_one_service(sqlite_settings: Settings, tmp_path: Path) -> None:
    with running(sqlite_settings, tmp_path, SOURCEMARK_RATE_PER_MINUTE="1", SOURCEMARK_RATE_BURST="40") as service:
        claim = {"title": "t", "owner": "o"}
        for n in range(4):
            status, said = service.ask("/v1/works", {**claim, "text": f"{ESSAY}\n\nNumber {n}."})
            assert status == 201, said
        for _ in range(8):  # whichever worker takes it knows what has been answered
            status, said = service.ask("/v1/scans", {"text": ESSAY})
            assert (status, json.loads(said)["status"]) == (200, "matched")
        before = service.metrics()
        assert before["sourcemark_request_seconds_count", "/v1/works"] == 4
        assert before["sourcemark_request_seconds_count", "/v1/scans"] == 8

        (first, *_) = sorted(service.workers())
        os.kill(first, signal.SIGKILL)
        service.until(lambda: len(service.workers() - {first}) == 2)
        service.until(lambda: ("process_open_fds", "0") in service.metrics())
        assert "worker 0 ended with status -9" in service.log.read_text()
        assert service.metrics()["sourcemark_request_seconds_count", "/v1/scans"] == 8  # nothing is forgotten
        taken = [service.ask("/v1/scans?limit=1")[0] for _ in range(40)]
        assert taken.count(200) == 40 - 12  # one bucket for both
        assert set(taken) == {200, 429}

        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(120) == 0
        assert not list(tmp_path.glob("sourcemark-serve-*"))


def test_workers_end_with_their_supervisor(sqlite_settings: Settings, tmp_path: Path) -> None:
    with running(sqlite_settings, tmp_path) as service:
        workers = service.workers()
        service.process.kill()
        service.process.wait()
        service.until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers), 20)


def test_a_setting_that_is_wrong_ends_it(sqlite_settings: Settings, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "serve", "--port", "0", "--workers", "2"],
        env={
            "PATH": os.environ["PATH"],
            "SOURCEMARK_HOME": str(sqlite_settings.home),
            "SOURCEMARK_TRUST_ANCHORS": str(tmp_path / "none.pem"),
            "TMPDIR": str(tmp_path),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
    assert "sourcemark: SOURCEMARK_TRUST_ANCHORS: " in done.stderr


def test_what_is_in_work_is_answered_before_the_end(sqlite_settings: Settings, tmp_path: Path) -> None:
    with running(sqlite_settings, tmp_path, SOURCEMARK_STOP_SECONDS="20") as service:
        items = [{"text": f"{ESSAY}\n\nNumber {n}."} for n in range(60)]
        answers: list[tuple[int, str]] = []
        asking = [
            threading.Thread(target=lambda: answers.append(service.ask("/v1/scans/batch", {"items": items})))
            for _ in range(6)
        ]
        for thread in asking:
            thread.start()
        service.until(lambda: service.ask("/v1/scans?limit=1")[1] != '{"items":[],"next":null}')  # some are in work
        service.process.send_signal(signal.SIGTERM)
        for thread in asking:
            thread.join(120)
        assert service.process.wait(120) == 0
    answered = [len(json.loads(said)["results"]) for status, said in answers if status == 200]
    refused = [json.loads(said)["reason"] for status, said in answers if status == 503]
    assert len(answered) + len(refused) == 6  # each had an answer
    assert answered
    assert set(answered) == {60}
    assert refused
    assert set(refused) == {"stopping"}
