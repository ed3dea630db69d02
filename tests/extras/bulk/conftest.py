"""The command as users run it, storage that speaks S3 on this machine, and storage that fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

WORDS = "river clock market lantern stone bread harbour winter letter garden silver quiet"


def text(number: int) -> str:
    return " ".join(f"{word}{number}{place}" for place in range(12) for word in WORDS.split())


@dataclass
class Archive:
    """A folder with an installation of its own, in which the texts 0 to 2 are registered."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path(__file__).parents[3]),
            "SOURCEMARK_HOME": str(self.folder / "home"),
            "SOURCEMARK_WORKERS": "1",
            "SOURCEMARK_LANG": "en",
            "PYTHONWARNINGS": "error::FutureWarning",
            **self.environment,
        }
        return subprocess.Popen(
            [sys.executable, "-m", "cli.main", *arguments], cwd=self.folder, env=environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *arguments: str, status: int = 0) -> str:
        """What it prints; its errors where it should fail."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=400)
        assert (process.returncode, "Traceback" in err) == (status, False), err
        assert status or not err
        return err if status else out

    def rows(self, name: str) -> list[dict[str, Any]]:
        files = sorted((self.folder / name / "rows").iterdir())
        return [json.loads(line) for file in files for line in file.read_text().splitlines()]


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    made = Archive(tmp_path)
    lines = [json.dumps({"text": text(n), "external_id": f"work-{n}"}) + "\n" for n in range(3)]
    (tmp_path / "works.jsonl").write_text("".join(lines))
    made.run("register", "--batch", "works.jsonl", "--owner", "Lin", "--json")
    return made


@pytest.fixture(scope="session")
def s3() -> Iterator[Any]:
    """A client of a server that speaks S3; `client.environment` is what the command needs to reach it."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    environment = {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
    }
    client = boto3.client(
        "s3", endpoint_url=environment["AWS_ENDPOINT_URL"], aws_access_key_id="key", aws_secret_access_key="secret",
        region_name="us-east-1",
    )  # fmt: skip
    client.environment = environment
    yield client
    client.close()
    server.stop()


@dataclass
class Failing:
    """Storage that answers as a function says.

    Attributes:
        asked: method and path of each request.
    """

    address: str
    asked: list[str] = field(default_factory=list)
    answer: Callable[[str, int], int] = lambda _path, _time: 200  # the status, by the path and how often it was asked


@pytest.fixture
def failing() -> Iterator[Failing]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            told.asked.append(f"{self.command} {path}")
            status = told.answer(path, sum(each.endswith(path) for each in told.asked))
            body = b"x" * 200 if status == 200 else b""
            self.send_response(206 if status == 200 and self.headers.get("Range") else status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", '"1"')
            self.send_header("Last-Modified", "Mon, 30 Nov 2026 10:00:00 GMT")
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told = Failing(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield told
    server.shutdown()
    thread.join()
    server.server_close()
