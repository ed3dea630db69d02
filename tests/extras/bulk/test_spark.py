"""Chunks answered by Spark, for real: `local[2]` starts a Java machine and Python processes."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pyspark
import pytest

from .conftest import text

pytestmark = [
    pytest.mark.enable_socket,
    pytest.mark.skipif(shutil.which("java") is None, reason="Java is not installed"),
]

SPARK = ("--spark", "local[2]", "--chunk-rows", "2")


def _list(archive, rows: int) -> None:
    lines = [{"text": text(n), "external_id": f"post-{n}"} for n in range(rows)]
    lines[3] = {"path": "none.txt"}
    (archive.folder / "l.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines) + "{bad\n")


def test_spark_answers_as_processes_do(archive, s3) -> None:
    """Also what is in object storage, and a second run that has nothing to do."""
    archive.environment |= s3.environment
    s3.create_bucket(Bucket="spark")
    s3.put_object(Bucket="spark", Key="a.txt", Body=text(2).encode())
    _list(archive, 9)
    with (archive.folder / "l.jsonl").open("a") as file:
        file.write('{"path": "s3://spark/a.txt"}\n{"path": "s3://spark/none.txt"}\n')
    command = ("scan", "--input", "l.jsonl", "--all", "--json", "--chunk-rows", "2")
    summary = json.loads(archive.run(*command, "--output", "here"))
    assert json.loads(archive.run(*command, "--output", "spark", "--spark", "local[2]")) == summary
    assert summary["statuses"] == {"matched": 4, "no_match": 5, "error": 3}

    def same(name: str) -> list[tuple[object, ...]]:
        return [
            (
                row["row"],
                row["external_id"],
                row["status"],
                row["error"],
                [match["work_id"] for match in row["matches"]],
            )
            for row in archive.rows(name)
        ]

    assert same("spark") == same("here")
    assert (archive.folder / "spark" / "spark.log").exists()
    again = json.loads(archive.run(*command, "--output", "spark", "--spark", "local[2]"))
    assert again == {**summary, "chunks_before": 6}


def test_works_are_registered_by_spark_after_it_was_killed(archive) -> None:
    _list(archive, 30)
    command = ("register", "--input", "l.jsonl", "--output", "out", "--owner", "Lin", *SPARK)
    done = archive.folder / "out" / "done"
    running = archive.start(*command)
    deadline = time.monotonic() + 400  # a machine may be busy
    while not (done.is_dir() and len(list(done.glob("*.json"))) >= 2):
        assert running.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    running.kill()
    running.communicate()
    summary = json.loads(archive.run(*command, "--json"))
    assert (summary["rows"], summary["chunks_before"] >= 2) == (31, True)
    rows = archive.rows("out")
    assert [row["row"] for row in rows] == list(range(1, 32))
    assert {row["row"] for row in rows if row["error"]} == {4, 31}
    assert len({row["work_id"] for row in rows if row["work_id"]}) == 29
    works = json.loads(archive.run("ledger", "fsck", "--json"))
    assert works["problems"] == []


def test_what_spark_cannot_do_is_one_line(archive) -> None:
    _list(archive, 4)
    out = archive.run("scan", "--input", "l.jsonl", "--output", "out", "--spark", "local[x]", status=2)
    assert out.startswith("sourcemark: Spark does not start on local[x] (")
    assert len(out.splitlines()) == 1
    archive.environment["PATH"] = "/nowhere"
    archive.environment["JAVA_HOME"] = "/nowhere"
    out = archive.run("scan", "--input", "l.jsonl", "--output", "out", *SPARK[:2], status=2)
    assert "it needs Java 17 or later" in out
    assert len(out.splitlines()) == 1


@contextmanager
def standalone(folder: Path, **environment: str) -> Iterator[str]:
    """A master and a worker of a Spark cluster, whose executors have this environment; the master's address."""
    script = Path(pyspark.__file__).parent / "bin" / "spark-class"
    own = {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1", "PYTHONPATH": str(Path(__file__).parents[3]), **environment}
    started: list[subprocess.Popen[bytes]] = []

    def start(name: str, *arguments: str) -> Path:
        log = folder / f"{name}.log"
        common = ["--host", "127.0.0.1", "--webui-port", "0"]
        command = [str(script), f"org.apache.spark.deploy.{name.lower()}.{name}", *common, *arguments]
        with log.open("wb") as file:
            started.append(subprocess.Popen(command, stdout=file, stderr=file, cwd=folder, env=own))
        return log

    def said(log: Path, what: str) -> str:
        deadline = time.monotonic() + 400  # a machine may be busy
        while (found := re.search(what, log.read_text())) is None:
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        return found[0]

    try:
        address = said(start("Master", "--port", "0"), r"spark://127\.0\.0\.1:\d+")
        said(start("Worker", "-c", "1", "-m", "1g", "-d", str(folder / "work"), address), "Successfully registered")
        yield address
    finally:
        for each in started:
            each.terminate()
            each.wait()


def test_a_cluster_answers_a_list_beside_the_command(archive, postgres) -> None:
    """Its executors work in folders of their own, and have of the command only what Spark carries."""
    archive.environment |= {
        "SOURCEMARK_HOME": str(archive.folder / "service"),
        "SOURCEMARK_DATABASE_URL": postgres(template="migrated"),
    }
    archive.run("register", "--batch", "works.jsonl", "--owner", "Lin", "--json")
    _list(archive, 5)
    command = ("scan", "--input", "l.jsonl", "--output", "out", "--all", "--json", "--chunk-rows", "3")
    of_executors = {**archive.environment, "SOURCEMARK_HOME": str(archive.folder / "executors")}
    with standalone(archive.folder, **of_executors) as master:
        summary = json.loads(archive.run(*command, "--spark", master))
    assert summary["statuses"] == {"matched": 3, "no_match": 1, "error": 2}
    assert [row["row"] for row in archive.rows("out")] == list(range(1, 7))


OTHER_MACHINE = """
from cli.bulk.answering import Answerer, Job
from cli.bulk.listing import JsonLines
from cli.bulk.output import Folder
from provenance.errors import Misconfigured
try:
    Answerer(Job("scan", JsonLines.open("l.jsonl"), Folder("out"), "jsonl", {}, False, False, "a.example/log", "none"))
except Misconfigured as error:
    print(error.detail)
"""


def test_executors_of_other_machines_need_the_same_database(archive, postgres) -> None:
    """As they are on another machine: without what the command was given."""
    _list(archive, 4)
    home = archive.folder / "another"
    environment = {
        "PATH": os.environ["PATH"],
        "SOURCEMARK_HOME": str(home),
        "PYTHONPATH": str(Path(__file__).parents[3]),
    }

    def said(**more: str) -> str:
        command = [sys.executable, "-c", OTHER_MACHINE]
        run = partial(subprocess.run, cwd=archive.folder, text=True, capture_output=True, check=True)
        return run(command, env={**environment, **more}).stdout

    assert "has no SOURCEMARK_DATABASE_URL" in said()
    assert not home.exists()
    assert "not a.example/log: give every machine the same" in said(
        SOURCEMARK_DATABASE_URL=postgres(template="migrated")
    )
