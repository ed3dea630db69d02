"""Many works at once: folders, forms of batches, what an error names, what is told at the end and at Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cli.folders import files_in
from provenance.errors import BadInput

WORDS = "river clock market lantern stone bread harbour winter letter garden silver quiet"


def _text(number: int) -> str:
    return " ".join(f"{word}{number}{place}" for place in range(12) for word in WORDS.split())


def test_a_folder_stands_for_its_files(tmp_path: Path) -> None:
    for name in ("b.txt", "a.TXT", "deep/c.txt", "deep/d.jpg", ".hidden", ".git/e.txt", "deep/.f.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "key.txt").write_text("x")
    outside = tmp_path.with_name(f"{tmp_path.name}-outside")
    outside.mkdir()
    (outside / "g.txt").write_text("x")
    (tmp_path / "link.txt").symlink_to(outside / "g.txt")
    (tmp_path / "linked").symlink_to(outside)

    def names(pattern: str | None) -> list[str]:
        return [str(path.relative_to(tmp_path)) for path in files_in([tmp_path], pattern, tmp_path / "home")]

    assert names(None) == ["a.TXT", "b.txt", "deep/c.txt", "deep/d.jpg"]
    assert names("*.txt") == ["a.TXT", "b.txt", "deep/c.txt"]
    assert files_in([tmp_path / "b.txt", tmp_path / "deep"], None)[0] == tmp_path / "b.txt"
    for paths, pattern in (([tmp_path], "*.png"), ([tmp_path / "b.txt"], "*.txt"), ([outside / "none"], "*")):
        with pytest.raises(BadInput):
            files_in(paths, pattern)


def test_a_folder_is_registered_and_told_of_at_the_end(sourcemark) -> None:
    folder = sourcemark.folder / "works"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.txt").write_text(_text(number))
    done = sourcemark("register", folder, "--owner", "Lin", "--json")
    assert (done.status, [Path(line["path"]).name for line in done.lines]) == (0, ["0.txt", "1.txt", "2.txt"])
    assert done.err == ""  # a script counts by itself
    again = sourcemark("register", folder, "--owner", "Lin")
    assert again.err == "sourcemark: 3 done: 3 already registered\n"
    assert sourcemark("register", folder, "--owner", "Lin", "--title", "One").status == 2


def test_an_error_names_its_line_and_the_id_it_was_sent_with(sourcemark) -> None:
    good = json.dumps({"text": _text(1), "owner": "Lin", "external_id": "good"})
    missing = json.dumps({"path": "none.txt", "owner": "Lin", "external_id": "lost"})
    batch = f"\ufeff{good}\r\n\r\n{missing}\r\n{{bad\r\n"
    done = sourcemark("register", "--batch", "-", "--json", stdin=batch)
    assert done.status == 0
    assert [line["status"] for line in done.lines] == ["registered", "error", "error"]
    assert done.lines[1]["error"]["detail"].startswith("line 3 (lost): ")
    assert done.lines[2]["error"]["detail"].startswith("line 4: ")
    assert done.err == ""  # a script counts by itself
    shown = sourcemark("scan", "--batch", "-", stdin=json.dumps({"path": "none.txt", "external_id": "lost"}))
    assert "line 1 (lost): " in shown.out


@pytest.mark.parametrize(
    "batch", ['[{"text": "x", "owner": "Lin"}]', '\ufeff[\n{"text": "x"}\n]', '{\n  "text": "x"\n}'], ids=range(3)
)
@pytest.mark.parametrize("command", ["register", "scan", "marking"])
def test_json_of_another_form_is_no_batch(sourcemark, command: str, batch: str) -> None:
    done = sourcemark(command, "--batch", "-", stdin=batch)
    assert (done.status, done.out, len(done.err.splitlines())) == (2, "", 1)
    assert "jq" in done.err


def test_an_interrupted_batch_says_what_is_kept_and_how_to_go_on(tmp_path: Path) -> None:
    environment = {**os.environ, "SOURCEMARK_HOME": str(tmp_path / "home"), "SOURCEMARK_WORKERS": "1"}
    environment |= {"SOURCEMARK_BATCH_SIZE": "1", "SOURCEMARK_LANG": "en"}
    running = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "register", "--batch", "-", "--json"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    assert running.stdin is not None
    assert running.stdout is not None
    running.stdin.write(json.dumps({"text": _text(1), "owner": "Lin"}) + "\n")
    running.stdin.flush()
    assert json.loads(running.stdout.readline())["status"] == "registered"
    time.sleep(0.5)
    running.send_signal(signal.SIGINT)  # while it waits for the next line
    _, err = running.communicate(timeout=300)
    assert running.returncode == 130
    assert err.startswith("sourcemark: interrupted: 1 answered and kept (1 registered); run the same command again")
