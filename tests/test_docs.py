"""The README is tested: its session is run, and nothing a user meets may be missing from it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import typer.main

import fingerprints
from api.app import create_app
from cli.main import app
from fingerprints import sniff
from provenance import errors
from provenance.config import Settings

README = (Path(__file__).parents[1] / "README.md").read_text()

# What differs from run to run, each with a name: an id in the README stands for the same thing wherever it appears.
_VARYING = re.compile(
    r"work_[0-9a-f]{24}|log-[0-9a-f]{8}\.localhost|[0-9a-f]{16}(?= \(key)|(?<=SHA-256 )[0-9a-f]{16}…"
    r"|20\d\d-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d)?)?"
)


def test_the_session_prints_what_the_readme_says(tmp_path: Path) -> None:
    steps = [step for block in re.findall(r"```console\n(.*?)```", README, re.S) for step in _steps(block)]
    assert len(steps) > 5
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path / "nobody"),
        "SOURCEMARK_HOME": str(tmp_path / "home"),
        "SOURCEMARK_WORKERS": "1",
        "LANG": "C.UTF-8",
    }
    known: dict[str, str] = {}
    for command, expected in steps:
        for written, real in known.items():
            command = command.replace(written, real)
        done = subprocess.run(
            ["sh", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        printed = (done.stdout + done.stderr).rstrip("\n")
        assert _VARYING.sub("*", printed) == _VARYING.sub("*", expected), command
        known.update(zip(_VARYING.findall(expected), _VARYING.findall(printed), strict=True))


def _steps(block: str) -> list[tuple[str, str]]:
    steps: list[tuple[list[str], list[str]]] = []
    for line in block.rstrip("\n").split("\n"):
        if line.startswith("$ "):
            steps.append(([line[2:]], []))
        elif line.startswith("> "):
            steps[-1][0].append(line[2:])
        else:
            steps[-1][1].append(line)
    return [("\n".join(command), "\n".join(output)) for command, output in steps]


def _table_after(heading: str) -> list[list[str]]:
    section = README.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line for line in section.split("\n") if line.startswith("| `")]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]


def test_every_setting_is_documented_as_it_is() -> None:
    documented = {row[0].strip("`"): row[2] for row in _table_after("Settings")}
    real = {f"SOURCEMARK_{name.upper()}": field.description for name, field in Settings.model_fields.items()}
    assert documented == real


def test_every_error_is_documented() -> None:
    def tree(kind: type[errors.SourcemarkError]) -> set[tuple[str, str, str, str]]:
        found = {(kind.slug, str(kind.status), str(kind.exit_status), kind.title)}
        return found.union(*(tree(each) for each in kind.__subclasses__() if each.__module__ == errors.__name__))

    documented = {(row[0].strip("`"), row[1], row[2], row[3]) for row in _table_after("Errors")}
    assert documented == tree(errors.SourcemarkError)


def test_every_reason_about_a_file_is_documented() -> None:
    documented = set(re.findall(r"`(\w+)`", README.split("## Errors\n", 1)[1].split("\n| slug", 1)[0]))
    raised = r"(?:UnreadableMedia|UnsupportedMedium|LimitExceeded|WorkerFailed)\(\s*\"(\w+)\""
    source = "".join(path.read_text() for path in Path(fingerprints.__file__).parent.rglob("*.py"))
    real = set(re.findall(raised, source)) | {reason for _, reason, _ in sniff._REFUSED}
    real |= set(re.findall(r"\"(too_short|too_small|no_texture|not_fingerprinted)\"", source))
    assert real == documented & real, real - documented
    assert len(real) > 30


def test_every_command_and_option_is_documented() -> None:
    commands = README.split("## Commands\n", 1)[1].split("\n## ", 1)[0]
    for path, command in _commands(typer.main.get_command(app), "sourcemark"):
        rows = [line for line in commands.split("\n") if line.startswith(f"| `{path}")]
        assert rows, path
        for parameter in command.params:
            for option in parameter.opts:
                if option.startswith("--") and option not in ("--help", "--json", "--batch"):
                    assert any(option in row for row in rows), f"{path} {option}"


def _commands(command, path: str):
    children = getattr(command, "commands", None)
    if children is None:
        yield path, command
        return
    for name, child in children.items():
        yield from _commands(child, f"{path} {name}")


def test_every_route_is_documented(tmp_path: Path) -> None:
    document = create_app(Settings(home=tmp_path)).openapi()
    real = {f"{method.upper()} {path}" for path, operations in document["paths"].items() for method in operations}
    documented = {row[0].strip("`") for row in _table_after("HTTP API")}
    assert documented == real


def test_every_verdict_is_documented() -> None:
    from typing import get_args

    from provenance.schemas import Verdict

    assert set(get_args(Verdict)) == {row[0].strip("`") for row in _table_after("Commands") if len(row) == 2} & set(
        get_args(Verdict)
    )


def test_nothing_names_this_machine_or_a_registry() -> None:
    root = Path(__file__).parents[1]
    listed = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=False)
    if listed.returncode != 0:  # an unpacked archive has no git
        return
    registries = re.compile("py" + "pi\\.org|python" + "hosted\\.org|registry\\.np" + "mjs|deb\\.deb" + "ian\\.org")
    for name in listed.stdout.splitlines():
        path = root / name
        if path.is_file() and path.suffix not in (".npz", ".jpg", ".png"):
            assert not registries.search(path.read_text(encoding="utf-8")), name
