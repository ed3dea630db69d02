"""serve: wrong addresses are one line, and a signal ends it in bounded time whatever clients do."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket]


@pytest.mark.parametrize(
    ("option", "value", "status", "said"),
    [
        ("--port", "99999", 2, "there is no port 99999"),
        ("--port", "-1", 2, "there is no port -1"),
        ("--port", "http", 2, "--port"),
        ("--host", "192.0.2.7", 3, "is no address of this machine"),  # RFC 5737: of nobody
    ],
)
def test_where_nobody_can_listen(sourcemark, option: str, value: str, status: int, said: str) -> None:
    done = sourcemark("serve", option, value)
    assert (done.status, len(done.err.splitlines())) == (status, 1)
    assert said in done.err


def test_a_port_in_use(sourcemark) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = sourcemark("serve", "--port", port)
    assert (done.status, done.err) == (
        3, f"sourcemark: cannot listen on 127.0.0.1:{port}: it is in use; choose another --port\n",
    )  # fmt: skip


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_signal_ends_it_though_clients_hold_on(tmp_path: Path, number: int) -> None:
    environment = {**os.environ, "SOURCEMARK_HOME": str(tmp_path / "home"), "SOURCEMARK_WORKERS": "1"}
    with (tmp_path / "log").open("w") as log:
        running = subprocess.Popen(
            [sys.executable, "-m", "cli.main", "serve", "--port", "0"], env=environment, stderr=log
        )
    try:
        deadline = time.monotonic() + 60
        while "http://" not in (said := (tmp_path / "log").read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
        port = int(said.split("http://127.0.0.1:")[1].split()[0])
        with (
            socket.create_connection(("127.0.0.1", port)) as idle,
            socket.create_connection(("127.0.0.1", port)) as slow,
        ):
            idle.settimeout(60)
            idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert idle.recv(100).startswith(b"HTTP/1.1 200")  # and the connection stays open
            slow.sendall(
                b"POST /v1/scans HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
            )
            time.sleep(0.3)
            running.send_signal(number)
            assert running.wait(timeout=120) == (0 if number == signal.SIGTERM else 130)
    finally:
        running.kill()
        running.wait()
    assert "Traceback" not in (tmp_path / "log").read_text()
