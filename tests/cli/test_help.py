"""Help, the version and typing mistakes are answered at once: without the libraries that the work itself needs."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from cli.main import COMMANDS

HEAVY = (
    "numpy",
    "sqlalchemy",
    "pydantic",
    "pydantic_settings",
    "cv2",
    "lxml",
    "PIL",
    "cryptography",
    "fastapi",
    "rich",
)


def _python(program: str, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *args],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "SOURCEMARK_LANG": "en"},
    )


def test_help_of_no_command_imports_a_heavy_module() -> None:
    done = _python(
        "import sys, typer\n"
        "from cli.main import COMMANDS, app\n"
        "group = typer.main.get_command(app)\n"
        "group.get_help(group.context_class(group, info_name='sourcemark'))\n"
        "assert not [name for name in sys.modules if name.startswith('cli.commands.')]\n"
        "for name in COMMANDS:\n"
        "    command = group.commands[name]\n"
        "    command.get_help(command.context_class(command, info_name=name))\n"
        f"    found = [heavy for heavy in {HEAVY} if heavy in sys.modules]\n"
        "    assert not found, (name, found)\n"
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("args", "status", "stdout", "stderr"),
    [
        (["--version"], 0, "sourcemark 0.", ""),
        (["-h"], 0, "register", ""),
        (["scan", "-h"], 0, "--post-url", ""),
        (["ledger", "-h"], 0, "checkpoint", ""),
        (["scna"], 2, "", "Did you mean 'scan'?"),
        (["ledger", "fskc"], 2, "", "Did you mean 'fsck'?"),
        (["register", "--titel", "x"], 2, "", "--title"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_is_answered_without_work(args: list[str], status: int, stdout: str, stderr: str) -> None:
    done = _python("import sys; from cli.main import run; sys.argv[0] = 'sourcemark'; run()", *args)
    assert done.returncode == status, done.stderr
    assert stdout in done.stdout
    assert stderr in done.stderr
    assert len(done.stderr.splitlines()) == (1 if status else 0)


@pytest.mark.parametrize("args", [[], ["ledger"]], ids=["nothing", "a group"])
def test_without_a_command_there_is_help(args: list[str]) -> None:
    done = _python("import sys; from cli.main import run; sys.argv[0] = 'sourcemark'; run()", *args)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Usage: sourcemark")
    assert "\nCommands:\n" in done.stderr


def test_every_command_says_what_it_does() -> None:
    assert all(about.endswith("。") for about in COMMANDS.values())
