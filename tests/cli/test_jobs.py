"""Jobs, webhooks and watches on the command line, and the worker as a process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from provenance.accounts import accounts
from provenance.application import Application
from provenance.config import Settings
from provenance.jobs import records
from provenance.scans import batches
from tests.cli.conftest import Command

pytestmark = pytest.mark.slow
CHINESE = {"SOURCEMARK_LANG": "zh"}
INSIDE = {"SOURCEMARK_WEBHOOK_PRIVATE": "true", "SOURCEMARK_WEBHOOK_HTTP": "true"}
URL = "https://93.184.215.14/hook"


def test_webhooks(sourcemark: Command) -> None:
    made = sourcemark("webhook", "new", URL, "--event", "scan.decided", "--json").lines[0]
    hook = made["webhook_id"]
    (listed,) = sourcemark("webhook", "list", "--json").lines
    assert (listed["webhook_id"], listed["events"], "secret" in listed) == (hook, ["scan.decided"], False)
    assert "正常" in sourcemark("webhook", "list", env=CHINESE).out
    rotated = sourcemark("webhook", "rotate", hook, "--keep-hours", "1")
    assert "whsec_" in rotated.out
    assert made["secret"] not in rotated.out
    sourcemark("scan", "-", stdin="Nothing that anybody has registered.")
    (waiting,) = sourcemark("webhook", "show", hook, "--state", "pending", "--json").lines
    assert waiting["event"] == "scan.decided"
    assert "待发送" in sourcemark("webhook", "show", hook, env=CHINESE).out
    assert sourcemark("webhook", "redeliver", hook, "--since", "2020-01-01", "--json").lines == [{"events": 1}]
    assert sourcemark("webhook", "remove", hook).status == 0
    gone = sourcemark("webhook", "show", hook)
    assert (gone.status, len(gone.err.splitlines())) == (2, 1)


def test_an_endpoint_that_nobody_serves(sourcemark: Command) -> None:
    refused = sourcemark("webhook", "new", "http://127.0.0.1:1/")
    assert (refused.status, "must be https" in refused.err) == (4, True)
    hook = sourcemark("webhook", "new", "http://127.0.0.1:1/", "--json", env=INSIDE).lines[0]["webhook_id"]
    tried = sourcemark("webhook", "test", hook, env=INSIDE)
    assert tried.status == 1
    assert "Connection refused" in tried.out
    assert "not https" in sourcemark("webhook", "test", hook).out


def test_watches(sourcemark: Command) -> None:
    made = sourcemark("watch", "new", "--verdict", "uncredited", "--coverage", ".3", "--email", "desk@x.example")
    assert "uncredited · from 30 % → desk@x.example" in made.out
    (watch,) = sourcemark("watch", "list", "--json").lines
    assert (watch["email"], watch["verdicts"], watch["lang"]) == ("desk@x.example", ["uncredited"], "en")
    assert "未规范署名" in sourcemark("watch", "list", env=CHINESE).out
    assert sourcemark("watch", "remove", watch["watch_id"]).status == 0
    for wrong in (["--email", "desk"], [], ["--email", "a@x.example", "--coverage", "3"], ["--webhook", "hook_0"]):
        refused = sourcemark("watch", "new", *wrong)
        assert (refused.status, len(refused.err.splitlines())) == (2, 1), wrong


@pytest.fixture
def installation(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", workers=1)


def test_a_worker_carries_out_what_the_service_took(sourcemark: Command, installation: Settings) -> None:
    with Application(installation) as opened:
        local = accounts.local(opened.db)
        items = [{"text": f"{n}. Nothing that anybody has registered."} for n in range(3)]
        job = opened.jobs.add(local.id, batches.KIND, batches.ScanBatch(items=items)).job_id
        export = sourcemark("job", "export", "decisions", "--format", "csv", "--json").lines[0]["job_id"]
        early = sourcemark("job", "file", export)
        assert (early.status, "queued" in early.err) == (2, True)
        cancelled = opened.jobs.add(local.id, batches.KIND, batches.ScanBatch(items=items)).job_id
        assert "cancelled" in sourcemark("job", "cancel", cancelled).out
        queued = sourcemark("job", "list", "--state", "queued", "--json").lines
        assert [each["job_id"] for each in queued] == [job, export]
        assert "排队中" in sourcemark("job", "list", env=CHINESE).out
        worker = subprocess.Popen(
            [sys.executable, "-m", "cli.main", "worker"],
            env={**os.environ, **sourcemark.environment},
            cwd=Path(__file__).parents[2],
            stderr=subprocess.PIPE,
        )
        try:
            assert worker.stderr is not None
            assert b"works off jobs" in worker.stderr.readline()
            until = time.monotonic() + 60
            while records.get(opened.db, job).state != "done" and time.monotonic() < until:
                time.sleep(0.1)
            shown = sourcemark("job", "show", job, "--wait")
            assert shown.status == 0
            assert "scan-batch; done; 100 %" in shown.out
            results = sourcemark("job", "show", job, "--results").lines
            assert [each["verdict"] for each in results] == ["clear"] * 3
            assert sourcemark("job", "show", export, "--wait").status == 0
            out = sourcemark.folder / "decisions.csv"
            assert sourcemark("job", "file", export, "--out", str(out)).status == 0
            assert out.read_text().startswith("decided_at,decision_id")
            assert sourcemark("job", "file", export).out.splitlines() == out.read_text().splitlines()
            again = sourcemark("job", "file", export, "--out", str(out))
            assert (again.status, len(again.err.splitlines())) == (2, 1)
        finally:
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(120) == 0
            worker.stderr.close()


@pytest.mark.parametrize(
    "arguments",
    [
        ["job", "show", "job_0"],
        ["job", "cancel", "job_0"],
        ["job", "list", "--state", "asleep"],
        ["job", "file", "job_0"],
        ["job", "export", "scans"],
        ["job", "export", "sightings", "--until", "2026-01-01"],
    ],
)
def test_a_job_that_is_not_there(sourcemark: Command, arguments: list[str]) -> None:
    run = sourcemark(*arguments)
    assert (run.status, len(run.err.splitlines())) == (2, 1)
