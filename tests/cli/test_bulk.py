"""Lists of files: chunks of them, what is kept of a run, and runs that are killed, go on, or must not."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from cli.bulk import listing as listings
from cli.bulk import storage
from cli.bulk.csv_listing import CsvRows
from cli.bulk.listing import JsonLines, Lines, Listing, open_listing
from fingerprints.errors import UnreadableMedia
from provenance.errors import BadInput, Misconfigured
from provenance.schemas import RegistrationItem, ScanItem

WORDS = "river clock market lantern stone bread harbour winter letter garden silver quiet"


def _text(number: int) -> str:
    return " ".join(f"{word}{number}{place}" for place in range(12) for word in WORDS.split())


def _write(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def _rows(folder: Path) -> list[dict[str, Any]]:
    files = sorted((folder / "rows").iterdir())
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def _answers(folder: Path) -> list[tuple[Any, ...]]:
    """What has to be the same whenever and however often it was run."""
    return [(row["row"], row["external_id"], row["status"]) for row in _rows(folder)]


@pytest.fixture
def archive(sourcemark) -> Path:
    """A folder in which three works are registered, and a list of uploads, two of them bad and a few copies."""
    folder = sourcemark.folder
    works = [{"text": _text(number), "external_id": f"work-{number}"} for number in range(3)]
    done = sourcemark("register", "--batch", _write(folder / "w.jsonl", works), "--owner", "Lin", "--json")
    assert [line["status"] for line in done.lines] == ["registered"] * 3
    (folder / "files").mkdir()
    rows: list[Any] = []
    for number in range(11):
        (folder / "files" / f"{number}.txt").write_text(_text(number if number in (1, 2) else 50 + number))
        rows.append({"path": f"files/{number}.txt", "external_id": f"post-{number}"})
    rows[5] = '{"path": "files/5.txt"'
    rows[7]["path"] = "files/none.txt"
    rows.insert(6, "")
    _write(folder / "posts.jsonl", rows)
    return folder


EXPECTED = [(2, "post-1", "matched"), (3, "post-2", "matched"), (6, None, "error"), (9, "post-7", "error")]


# --- a run and the next ----------------------------------------------------------------------------------------------
def test_a_list_is_scanned_in_chunks_and_not_again(sourcemark, archive: Path) -> None:
    command = ("scan", "--input", "posts.jsonl", "--output", "out", "--chunk-rows", "4")
    done = sourcemark(*command)
    assert (done.status, done.err) == (0, "")
    assert done.out == "11 done: 7 clear, 2 uncredited, 2 failed\n4 rows in out/rows, 3 chunks\n"
    out = archive / "out"
    assert _answers(out) == EXPECTED
    assert [path.name for path in sorted((out / "rows").iterdir())] == [f"0000000{n}.jsonl" for n in range(3)]
    assert _rows(out)[0]["scan_id"] is None  # nothing is recorded

    files = {path: path.stat().st_mtime_ns for path in out.glob("*/*")}
    again = sourcemark(*command, "--json")
    (summary,) = again.lines
    assert summary == json.loads((out / "summary.json").read_text())
    assert (summary["rows"], summary["written"], summary["chunks"], summary["chunks_before"]) == (11, 4, 3, 3)
    assert summary["statuses"] == {"matched": 2, "no_match": 7, "error": 2}
    assert files == {path: path.stat().st_mtime_ns for path in out.glob("*/*")}

    (out / "done" / "00000001.json").unlink()
    assert sourcemark(*command, "--json").lines[0] == {**summary, "chunks_before": 2}
    assert _answers(out) == EXPECTED
    for options, what in (
        (("--chunk-rows", "5"), "another --chunk-rows"),
        (("--all",), "another --all"),
        (("--lang", "en"), "other values for the fields"),
    ):
        refused = sourcemark(*command, *options)
        assert (refused.status, refused.out, len(refused.err.splitlines())) == (2, "", 1)
        assert what in refused.err
    refused = sourcemark("register", *command[1:], "--owner", "Lin")
    assert "another command" in refused.err


def test_a_list_that_was_changed_is_refused(sourcemark, archive: Path) -> None:
    command = ("scan", "--input", "posts.jsonl", "--output", "out", "--chunk-rows", "4")
    assert sourcemark(*command).status == 0
    posts = archive / "posts.jsonl"
    posts.write_text(posts.read_text().replace("post-9", "post-0"))
    refused = sourcemark(*command)
    assert (refused.status, len(refused.err.splitlines())) == (2, 1)
    assert "a list that was changed since" in refused.err


def test_a_change_that_the_ends_of_a_list_do_not_show(sourcemark, archive: Path, monkeypatch) -> None:
    """The chunks have digests of their own."""
    monkeypatch.setattr(listings, "_ENDS", 10)
    path = archive / "posts.jsonl"
    before = JsonLines.open(str(path))
    chunks = list(before.chunks(4))
    path.write_text(path.read_text().replace("post-4", "post-0"))
    after = JsonLines.open(str(path))
    assert after.digest == before.digest
    assert [a.digest == b.digest for a, b in zip(chunks, after.chunks(4), strict=True)] == [True, False, True]


def test_every_row_and_what_is_recorded(sourcemark, archive: Path) -> None:
    done = sourcemark("scan", "--input", "posts.jsonl", "--output", "out", "--all", "--record", "--json")
    assert done.lines[0]["written"] == 11
    rows = _rows(archive / "out")
    assert [row["row"] for row in rows] == [1, 2, 3, 4, 5, 6, *range(8, 13)]
    assert all(row["scan_id"] for row in rows if row["error"] is None)
    works = sourcemark("lookup", "--owner", "Lin", "--json").lines
    assert {row["scan_id"] for row in works} == {row["scan_id"] for row in rows if row["matches"]}


def test_works_are_registered_from_a_list(sourcemark) -> None:
    folder = sourcemark.folder
    (folder / "a.txt").write_text(_text(1))
    _write(
        folder / "w.csv", ["path,text,title,authors", "a.txt,,One,", f',{_text(2)},Two,"[""Lin"",""Wei""]"', ",,Three,"]
    )
    key = folder / "key.pem"
    sourcemark("key", "sign", "new", "--out", key)
    command = ("register", "--input", "w.csv", "--output", "out", "--owner", "Lin")
    assert sourcemark(*command).out.splitlines()[0] == "3 done: 2 registered, 1 failed"
    rows = _rows(folder / "out")
    assert [(row["row"], row["status"]) for row in rows] == [(1, "registered"), (2, "registered"), (3, "error")]
    (folder / "out" / "done" / "00000000.json").unlink()
    assert sourcemark(*command, "--json").lines[0]["statuses"] == {"already_registered": 2, "error": 1}


def _running(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {"PATH": os.environ["PATH"], "SOURCEMARK_HOME": str(folder / "home"), "SOURCEMARK_WORKERS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "cli.main", *arguments], cwd=folder, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**environment, "SOURCEMARK_LANG": "en", "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip


def _wait_for(what: Any, seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def _children(process: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def _answering(process: int) -> list[int]:
    """The processes that answer rows, of the children of a run."""
    commands = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in _children(process)}
    return [pid for pid, command in commands.items() if b"spawn_main" in command]


BY_ONE = ("scan", "--input", "posts.jsonl", "--output", "out", "--chunk-rows", "1", "--processes", "1")


def test_a_run_that_is_killed_is_taken_up_where_it_was(sourcemark, archive: Path) -> None:
    done = archive / "out" / "done"
    running = _running(archive, *BY_ONE)
    _wait_for(lambda: done.is_dir() and len(list(done.glob("*.json"))) >= 3)
    (answering,) = _answering(running.pid)
    running.kill()
    running.communicate()
    _wait_for(lambda: not Path(f"/proc/{answering}").exists())  # it does not go on in secret
    (archive / "out" / "rows" / ".00000009.jsonl.1").write_text("half a l")
    kept = {path: path.stat().st_mtime_ns for path in done.iterdir() if not path.name.startswith(".")}
    assert 3 <= len(kept) < 11
    again = sourcemark(*BY_ONE, "--json").lines[0]
    assert (again["rows"], again["chunks_before"]) == (11, len(kept))
    assert _answers(archive / "out") == EXPECTED
    assert kept.items() <= {path: path.stat().st_mtime_ns for path in done.iterdir()}.items()


def test_an_interrupt_and_the_death_of_a_process(archive: Path) -> None:
    _write(archive / "posts.jsonl", [{"text": _text(number)} for number in range(2000)])
    done = archive / "out" / "done"
    running = _running(archive, *BY_ONE)
    _wait_for(lambda: done.is_dir() and list(done.glob("*.json")))
    running.send_signal(signal.SIGSTOP)  # so that it cannot be done before the other looks
    waiting = _running(archive, *BY_ONE)
    assert "another run is writing into out" in waiting.communicate(timeout=300)[1]
    assert waiting.returncode == 2
    running.send_signal(signal.SIGINT)
    running.send_signal(signal.SIGCONT)
    out, err = running.communicate(timeout=300)
    assert (running.returncode, out) == (130, "")
    assert "chunks done and kept; run the same command again to go on" in err

    running = _running(archive, *BY_ONE)
    os.kill(_wait_for(lambda: _answering(running.pid))[0], signal.SIGKILL)
    out, err = running.communicate(timeout=300)
    assert (running.returncode, out, len(err.splitlines())) == (3, "", 1)
    assert "a process that answers rows died (exit status -9)" in err


# --- what is refused -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["scan", "--input", "l.jsonl"], "--input LIST and --output DIR need each other"),
        (["scan", "--output", "out"], "--input LIST and --output DIR need each other"),
        (["scan", "--input", "l.jsonl", "--output", "out", "x.txt"], "PATH: is not for --input"),
        (["scan", "--input", "l.jsonl", "--output", "out", "--dry-run"], "--dry-run: is not for --input"),
        (["scan", "x.txt", "--all"], "--all: is for --input"),
        (["scan", "x.txt", "--chunk-rows", "3"], "--chunk-rows: is for --input"),
        (["register", "x.txt", "--spark", "local"], "--spark: is for --input"),
        (["register", "--input", "l.jsonl", "--output", "o", "--title", "T"], "--title: is of one work"),
        (["scan", "--input", "none.jsonl", "--output", "out"], "there is no list none.jsonl"),
        (["scan", "--input", "l.txt", "--output", "out"], "ends in .parquet, .jsonl or .csv"),
        (["scan", "--input", "list.jsonl", "--output", "out"], "spreads an object over lines"),
        (["scan", "--input", "https://x.example/l.csv", "--output", "o"], "addresses of https:// are not read"),
        (["scan", "--input", "typo.csv", "--output", "out"], "the column pth: is no field here; did you mean path?"),
        (["scan", "--input", "twice.csv", "--output", "out"], "the column path stands twice"),
        (["scan", "--input", "no.csv", "--output", "out"], "a column is missing that says what is read"),
        (["scan", "--input", "empty.csv", "--output", "out"], "the list is empty"),
        (["scan", "--input", "l.jsonl", "--output", "typo.csv"], "typo.csv is no folder"),
        (["scan", "--input", "l.jsonl", "--output", "out", "--format", "xml"], "--format: jsonl or parquet"),
        (["scan", "--input", "l.jsonl", "--output", "out", "--use", "borrowed"], "use: "),
        (["scan", "--input", "l.jsonl", "--output", "out", "--spark", "local", "--processes", "2"], "--processes: is"),
        (["scan", "--input", "l.jsonl", "--output", "out", "--spark", "spark://m:7077"], "cannot open the SQLite file"),
    ],
    ids=range(21),
)
def test_what_a_bulk_run_refuses(sourcemark, arguments: list[str], what: str) -> None:
    for name, text in {
        "l.jsonl": "{}\n", "list.jsonl": "{\n}\n", "typo.csv": "pth\n", "twice.csv": "path,path\n", "no.csv": "lang\n",
        "empty.csv": "",
    }.items():  # fmt: skip
        (sourcemark.folder / name).write_text(text)
    refused = sourcemark(*arguments)
    assert (refused.status, refused.out, len(refused.err.splitlines())) == (2, "", 1)
    assert what in refused.err
    assert not list(sourcemark.folder.glob("o*/done/*"))


def test_a_package_that_is_missing_is_named(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    path = tmp_path / "l.parquet"
    path.write_bytes(b"PAR1")
    with pytest.raises(Misconfigured, match=r"pyarrow: pip install 'sourcemark\[bulk\]'"):
        open_listing(str(path), ScanItem.model_fields)
    for address in ("s3://bucket/a.jpg", "gs://bucket/a.jpg", "hdfs://host/a.jpg"):
        with pytest.raises(Misconfigured, match="fsspec"):
            storage.source_in(str(path), 10, address)


def test_what_a_list_may_name(tmp_path: Path) -> None:
    (tmp_path / "a b.txt").write_text("x")
    where = str(tmp_path / "l.jsonl")
    for path in ("a b.txt", f"{tmp_path}/a b.txt", f"file://{tmp_path}/a b.txt"):
        assert storage.source_in(where, 10, path).read(10) == b"x"  # type: ignore[union-attr]
    for path in ("", "a\0b", "http://169.254.169.254/", "zip://a::s3://b/k", "github://a:b@c/d", "memory://a"):
        assert isinstance(storage.source_in(where, 10, path), BadInput), path
    chained = storage.source_in(where, 10, "simplecache::s3://b/k")  # to fsspec an address, here the name of a file
    with pytest.raises(UnreadableMedia, match="there is no file"):
        chained.read(10)  # type: ignore[union-attr]


# --- lists -----------------------------------------------------------------------------------------------------------
def _all(listing: Listing, rows: int) -> list[tuple[int, Any]]:
    found = []
    for chunk in listing.chunks(rows):
        part = list(listing.rows(chunk))
        assert len(part) == chunk.rows <= rows
        found += [(number, str(row) if isinstance(row, BadInput) else row) for number, row in part]
    return found


@pytest.mark.parametrize("rows", [1, 2, 3, 100])
def test_chunks_of_json_lines_hold_each_row_once(tmp_path: Path, rows: int) -> None:
    path = tmp_path / "l.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"text": "a"}\r\n\n{"text": "b"}\n  \n[1]\n\xff\n{"text": "\xe4\xbd\xa0"}')
    found = _all(JsonLines.open(str(path)), rows)
    assert [number for number, _ in found] == [1, 3, 5, 6, 7]
    assert [row["text"] for _, row in found if isinstance(row, dict)] == ["a", "b", "你"]
    wrong = [row for _, row in found if isinstance(row, str)]
    assert wrong == ["expected a JSON object, got list", "this line is not UTF-8"]


@pytest.mark.parametrize("rows", [1, 2, 3, 100])
def test_chunks_of_csv_hold_each_row_once(tmp_path: Path, rows: int) -> None:
    path = tmp_path / "l.csv"
    path.write_bytes(
        b'\xef\xbb\xbftext,commercial,source_urls\r\n"a\nb, ""c""",TRUE,\n\nb,,https://x.example\n\xff,,\n'
        b'c,perhaps,\nd\ne,,"[""https://x.example"",""https://y.example""]"\nf,,[\n"g'
    )
    known = {**ScanItem.model_fields, **RegistrationItem.model_fields}
    assert _all(CsvRows.open(str(path), known), rows) == [
        (1, {"text": 'a\nb, "c"', "commercial": True}),
        (2, {"text": "b", "source_urls": ["https://x.example"]}),
        (3, "this row is not UTF-8"),
        (4, "commercial: must be true or false"),
        (5, "this row has 1 cells, and the list 3 columns"),
        (6, {"text": "e", "source_urls": ["https://x.example", "https://y.example"]}),
        (7, "source_urls: is not JSON: Expecting value: line 1 column 2 (char 1)"),
        (8, "this row is no CSV: unexpected end of data"),
    ]


def test_a_line_without_an_end_is_one_bad_row(monkeypatch) -> None:
    monkeypatch.setattr(listings, "MAX_LINE", 8)
    lines = list(Lines(io.BytesIO(b"short\n" + b"x" * 100 + b"\nexactly\n12345678\n" + b"y" * 8), 0))
    assert lines == [b"short\n", b"", b"exactly\n", b"", b""]


def test_a_list_is_not_held_in_memory(tmp_path: Path) -> None:
    """A bad line of 100 MB among a million, in a process that may use little."""
    path = tmp_path / "l.jsonl"
    with path.open("wb") as file:
        file.write(b'{"path": "a.jpg"}\n' * 1_000_000)
        file.write(b"x" * 100_000_000 + b"\n{}\n")
    code = f"""
import resource, sys
from cli.bulk.listing import JsonLines, MAX_LINE
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
chunks = list(JsonLines.open({str(path)!r}).chunks(100_000))
assert sum(chunk.rows for chunk in chunks) == 1_000_002, chunks
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < 3 * MAX_LINE)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("True\n", "")
