"""The documentation is tested: its sessions run, and its tables say neither more nor less than the code."""

from __future__ import annotations

import ast
import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import typer.main

import fingerprints
import sourcemark
from api import client
from api.app import create_app
from cli.main import app
from fingerprints import registry, sniff
from fingerprints.model import Limits, Reuse
from fingerprints.source import Source
from provenance import errors, schemas
from provenance.config import Settings
from provenance.marking import model
from provenance.marking.rules import REASONS
from provenance.scans.policy import rules, store
from provenance.schemas.policies import Do
from provenance.tlog import receipt
from provenance.works import grants

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in (
        *ROOT.glob("docs/*.md"),
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")),
        ROOT / "benchmarks/README.md",
    )
}

# What differs from run to run, each with a name: an id in a page stands for the same thing wherever it appears.
_VARYING = re.compile(
    r"work_[0-9a-f]{24}|log-[0-9a-f]{8}\.localhost|[0-9a-f]{16}(?= \(key|（私钥)|(?<=SHA-256 )(?:[0-9a-f]{16}…|[0-9a-f]{64})"
    r"|20\d\d-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d)?)?"
)


# --- sessions --------------------------------------------------------------------------------------------------------
# `sourcemark` for a shell, run by the process of `tests.cli.forked`, which has loaded it; the installed one, which takes
# seconds to load, does the main job in `tests/packaging`.
_COMMAND = """#!%s -IS
import json, os, socket, sys

ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
request = {"arguments": sys.argv[1:], "folder": os.getcwd(), "environment": dict(os.environ)}
socket.send_fds(socket.socket(fileno=%d), [json.dumps(request).encode()], [theirs.fileno(), 0, 1, 2])
theirs.close()
ours.recv(100)  # its process id
sys.exit(int(ours.recv(100)))
"""


@pytest.mark.parametrize("page", [name for name, text in PAGES.items() if "```console\n" in text])
def test_a_session_prints_what_the_page_says(
    page: str, tmp_path: Path, control: socket.socket, tmp_path_factory: pytest.TempPathFactory
) -> None:
    command_folder = tmp_path_factory.mktemp("bin")
    (command_folder / "sourcemark").write_text(_COMMAND % (sys.executable, control.fileno()))
    (command_folder / "sourcemark").chmod(0o755)
    environment = {
        "PATH": f"{command_folder}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path / "nobody"),
        "SOURCEMARK_HOME": str(tmp_path / "home"),
        "SOURCEMARK_WORKERS": "1",
        "LANG": "C.UTF-8",
    }
    known: dict[str, str] = {}
    for command, expected in _steps(page):
        if exported := re.fullmatch(r"export (\w+)=(\w+)", command):
            environment[exported[1]] = exported[2]
            continue
        for written, real in known.items():
            command = command.replace(written, real)
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=tmp_path, env=environment, pass_fds=[control.fileno()], capture_output=True, text=True, check=False,
        )  # fmt: skip
        printed = (done.stdout + done.stderr).rstrip("\n")
        assert _VARYING.sub("*", printed) == _VARYING.sub("*", expected), command
        known.update(zip(_VARYING.findall(expected), _VARYING.findall(printed), strict=True))


def _steps(page: str) -> Iterator[tuple[str, str]]:
    """The commands of a page's console blocks, in order, each with what it prints."""
    steps: list[tuple[list[str], list[str]]] = []
    for block in re.findall(r"```console\n(.*?)\n```", PAGES[page], re.S):
        for line in block.split("\n"):
            if line.startswith("$ "):
                steps.append(([line[2:]], []))
            elif line.startswith("> "):
                steps[-1][0].append(line[2:])
            else:
                steps[-1][1].append(line)
    return (("\n".join(command), "\n".join(output)) for command, output in steps)


# --- tables against the code, in both directions ----------------------------------------------------------------------
def _section(page: str, heading: str) -> str:
    return re.split(r"\n#{1,3} ", PAGES[page].split(f"# {heading}\n", 1)[1], maxsplit=1)[0]


def _table(page: str, heading: str) -> list[list[str]]:
    """The rows of a section whose first cell is code."""
    rows = [line for line in _section(page, heading).split("\n") if line.startswith("| `")]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]


def _codes(page: str, heading: str) -> set[str]:
    return {code for row in _table(page, heading) for code in re.findall(r"`(\w+)`", row[0])}


def test_every_setting_is_documented_as_it_is() -> None:
    rows = {row[0].strip("`"): (row[1].strip("`"), row[2]) for row in _table("docs/settings.md", "Settings")}
    fields = {f"SOURCEMARK_{name.upper()}": field for name, field in Settings.model_fields.items()}
    assert {name: meaning for name, (_, meaning) in rows.items()} == {n: f.description for n, f in fields.items()}
    for name, field in fields.items():
        if field.default_factory is None:  # what depends on the machine is told in words
            assert rows[name][0] == ("" if field.default is None else str(field.default)), name


def test_no_page_names_a_setting_that_is_none() -> None:
    real = {f"SOURCEMARK_{name.upper()}" for name in Settings.model_fields}
    for page, text in PAGES.items():
        assert set(re.findall(r"\bSOURCEMARK_[A-Z_]+\b", text)) <= real, page


def test_every_error_is_documented() -> None:
    def tree(kind: type[errors.SourcemarkError]) -> set[tuple[str, ...]]:
        found: set[tuple[str, ...]] = {(kind.slug, str(kind.status), str(kind.exit_status), kind.title)}
        return found.union(*(tree(each) for each in kind.__subclasses__() if each.__module__ == errors.__name__))

    documented = {(row[0].strip("`"), *row[1:]) for row in _table("docs/errors.md", "Slugs")}
    assert documented == tree(errors.SourcemarkError)


def test_every_reason_about_a_file_is_documented() -> None:
    raised = r"(?:UnreadableMedia|UnsupportedMedium|LimitExceeded|WorkerFailed)\(\s*\"(\w+)\""
    source = "".join(path.read_text() for path in Path(fingerprints.__file__).parent.rglob("*.py"))
    real = set(re.findall(raised, source)) | {reason for _, reason, _ in sniff._REFUSED}
    real |= set(re.findall(r"\"(too_short|too_small|no_texture|not_fingerprinted)\"", source))
    assert len(real) > 30
    rows = _table("docs/errors.md", "Reasons about a file")
    documented = set(re.findall(r"`(\w+)`", " ".join(cell for row in rows for cell in row)))
    slugs = {"unavailable"}  # of one word, like a reason
    assert real <= documented, real - documented
    # Some reasons are given elsewhere: of uploads, of what is on the disk, from a table of messages.
    everything = source + "".join(
        path.read_text() for package in ("provenance", "api", "cli") for path in (ROOT / package).rglob("*.py")
    )
    assert not {reason for reason in documented - slugs if f'"{reason}"' not in everything}


def test_every_alarm_is_documented_once() -> None:
    documented = [row[0].strip("`") for row in _table("docs/operations.md", "Alarms")]
    assert len(documented) == len(set(documented))
    real = {"worker_start", "closed"}  # of the decoder processes; they reach the user as Unavailable
    for path in (path for package in ("provenance", "api") for path in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("LedgerReadOnly", "Unavailable"):
                reasons = [each.value for each in node.keywords if each.arg == "reason"]
                assert reasons, f"{path}:{node.lineno}: an alarm without a reason"
                real |= {str(each.value) for each in reasons if isinstance(each, ast.Constant)}
    assert set(documented) == real


def test_every_command_and_option_is_documented() -> None:
    page = PAGES["docs/commands.md"]
    documented = {}
    for section in page.split("\n### `")[1:]:
        heading, _, text = section.partition("`\n")
        command = re.match(r"sourcemark(?: [a-z]+(?:-[a-z]+)*)+", heading)
        assert command, heading
        text = text.split("\n## ", 1)[0]
        documented[command[0]] = set(re.findall(r"`(--[a-z-]+)", f"`{heading}`{text}")) | set(
            re.findall(r" (--[a-z-]+)", heading)
        )
    real = {
        path: {
            option
            for parameter in command.params
            for option in parameter.opts
            if option.startswith("--") and option != "--help"
        }
        for path, command in _commands(typer.main.get_command(app), "sourcemark")
    }
    assert documented == real


def _commands(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every command with its path; typer's own copy of click has no public types."""
    children = getattr(command, "commands", None)
    if children is None:
        yield path, command
        return
    for name, child in children.items():
        yield from _commands(child, f"{path} {name}")


@pytest.mark.parametrize("page", PAGES)
def test_every_example_uses_commands_and_options_that_exist(page: str) -> None:
    real = dict(_commands(typer.main.get_command(app), "sourcemark"))
    groups = {path.rpartition(" ")[0] for path in real}
    code = [*re.findall(r"`([^`\n]+)`", PAGES[page]), *re.findall(r"^(?:\$ )?(.*sourcemark .*)$", PAGES[page], re.M)]
    for example in re.findall(r"(?:^|[/( \n])(sourcemark [a-z][^()`;&|\n]*)", "\n".join(code)):
        words = _words(example)
        path = next((" ".join(words[:n]) for n in (3, 2) if " ".join(words[:n]) in real), None)
        if path is None:
            assert " ".join(words[:2]) in groups, example
            continue
        options = {option for parameter in real[path].params for option in parameter.opts}
        given = {word.partition("=")[0] for word in words if word.startswith("--") and word != "--help"}
        assert given <= options, example


def _words(example: str) -> list[str]:
    try:
        return shlex.split(example, comments=True)
    except ValueError:  # the line goes on, or is prose
        return example.split()


def test_the_examples_in_python_are_of_the_client() -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGES["docs/client.md"], re.S)
    shown = [line for line in blocks[0].splitlines() if line and line != "from pathlib import Path"]
    assert all(f"    {line}\n" in str(client.__doc__) for line in shown)
    names: dict[str, Any] = {}
    exec("\n".join(line for line in blocks[0].splitlines() if "import" in line), names)
    used = set(re.findall(r"\bclient\.(\w+)\(|key_files\.(\w+)", "".join(blocks)))
    for method, function in used:
        assert callable(getattr(sourcemark.Client, method) if method else getattr(names["key_files"], function))
    for block in blocks:
        compile(block, "docs/client.md", "exec")


def test_every_method_of_the_client_is_documented() -> None:
    real = {name for name in vars(sourcemark.Client) if not name.startswith("_")} - {"close"}
    documented = [name for row in _table("docs/client.md", "Methods") for name in re.findall(r"`(\w+)`", row[0])]
    assert sorted(documented) == sorted(real)


def test_every_route_is_documented(tmp_path: Path) -> None:
    document = create_app(Settings(home=tmp_path)).openapi()
    real = {f"{method.upper()} {path}" for path, operations in document["paths"].items() for method in operations}
    assert {row[0].strip("`") for row in _table("docs/api.md", "Routes")} == real


def test_every_code_of_a_scan_is_documented() -> None:
    assert _codes("docs/concepts.md", "The verdict") == set(get_args(schemas.Verdict))
    assert _codes("docs/zh.md", "扫描") == set(get_args(schemas.Verdict))
    assert _codes("docs/concepts.md", "The status of a scan") == set(get_args(schemas.ScanStatus))
    states = schemas.Permission.model_fields["state"].annotation
    assert _codes("docs/concepts.md", "Permission") == set(get_args(states))
    gaps = set(re.findall(r"`(grant_\w+)`", PAGES["docs/concepts.md"])) - {"grant_id"}
    assert gaps == set(get_args(grants.Gap))
    assert _codes("docs/concepts.md", "A match") == set(schemas.MatchRecord.model_fields)
    assert _codes("docs/text.md", "How") - {"reuse"} == set(get_args(Reuse))


def test_every_fact_of_a_file_is_documented() -> None:
    works = [example.work for medium in registry.MEDIA.values() for example in medium.example_works()[:1]]
    real = {fact for work in works for fact in registry.examine(Source.blob(work), Limits()).fingerprint.facts}
    assert _codes("docs/concepts.md", "The facts of a file") == real | {
        "hidden_characters",
        "partial",
        "damaged",
        "unread",
    }


def test_every_condition_and_action_of_a_policy_is_documented() -> None:
    tables = (("post", rules.PostConditions), ("account", rules.AccountConditions), ("match", rules.MatchConditions))
    conditions = {f"{table}.{name}" for table, model in tables for name in model.model_fields}
    assert {row[0].strip("`") for row in _table("docs/policy.md", "Conditions")} == conditions
    fields = {code for row in _table("docs/policy.md", "A policy's file") for code in re.findall(r"`(\w+)`", row[0])}
    assert fields == set(rules.Rule.model_fields)
    for page, heading in (("docs/policy.md", "What an action means"), ("docs/zh.md", "处理策略")):
        assert {row[0].strip("`") for row in _table(page, heading)} == set(get_args(Do))
    shipped = [(rule.name, rule.do) for rule in store.default().rules]
    assert [(row[0].strip("`"), row[2].strip("`")) for row in _table("docs/policy.md", "The default policy")] == shipped


def test_the_policy_of_the_example_is_one() -> None:
    block = PAGES["docs/policy.md"].split("```toml\n", 1)[1].split("```", 1)[0]
    assert [rule.name for rule in rules.read(block)] == ["long-copies", "otherwise"]


def test_every_code_of_the_marking_check_is_documented() -> None:
    assert {row[0].strip("`"): row[1] for row in _table("docs/marking.md", "Reasons")} == {
        code: english for code, (english, _) in REASONS.items()
    }
    assert _codes("docs/marking.md", "Verdicts of the check") == set(get_args(model.Verdict))
    assert _codes("docs/marking.md", "The report") == {*model.Report.__dataclass_fields__, "credit_place"}
    languages = len(list((ROOT / "provenance/marking/words").glob("*.json")))
    for page in ("docs/marking.md", "docs/concepts.md"):
        assert f"in {languages} languages" in PAGES[page]


def test_every_file_of_a_receipt_is_documented() -> None:
    names = {
        value for name, value in vars(receipt).items() if name.isupper() and name[0] != "_" and isinstance(value, str)
    }
    cells = [row[0] for row in _table("docs/receipts.md", "What is in it")]
    assert set(re.findall(r"`([^`]+)`", " ".join(cells))) == names | {"keys/<n>/", "amendments/<n>/", "evidence/<n>/"}


# --- what holds of every page ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_pages_and_headings_that_exist(page: str) -> None:
    text = re.sub(r"```.*?\n```", "", PAGES[page], flags=re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("https://", "http://")):
            continue
        path, _, anchor = target.partition("#")
        found = (ROOT / page).parent / path if path else ROOT / page
        assert found.is_file(), target
        if anchor:
            linked = PAGES[found.resolve().relative_to(ROOT.resolve()).as_posix()]
            assert anchor in {_anchor(heading) for heading in re.findall(r"^#{1,4} (.+)$", linked, re.M)}, target


def _anchor(heading: str) -> str:
    """The anchor that code hosts give a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES)
def test_files_that_a_page_names_exist(page: str) -> None:
    text = PAGES[page]
    tops = "provenance|fingerprints|api|cli|tests|benchmarks|scripts|docs|deploy"
    named = set(re.findall(rf"(?<![\w./{{-])((?:{tops})/[\w./-]*[\w/])", text))
    named |= {
        f"benchmarks/{name}"
        for name in re.findall(r"`((?:image|text|ledger|marking|common)/\w+\.py)", text)
        if page in ("benchmarks/README.md", "docs/benchmarks.md")
    }
    missing = {name for name in named if not (ROOT / name).exists()}
    assert not missing


@pytest.mark.parametrize("page", PAGES)
def test_targets_of_make_exist(page: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    assert set(re.findall(r"(?:`|^)make ([a-z]+)", PAGES[page], re.M)) <= targets


def test_every_page_is_linked_from_the_readme_and_every_benchmark_is_listed() -> None:
    for page in PAGES:
        if page.startswith("docs/"):
            assert f"({page}" in PAGES["README.md"], page
    scripts = {
        path.relative_to(ROOT / "benchmarks").as_posix()
        for path in (ROOT / "benchmarks").glob("*/*.py")
        if "__main__" in path.read_text()
    }
    listed = {re.match(r"[\w/.]+", row[0].strip("`"))[0] for row in _table("benchmarks/README.md", "Benchmarks")}
    assert scripts <= listed, scripts - listed


def test_every_package_is_described() -> None:
    packages = {f"{path.parent.relative_to(ROOT).as_posix()}/" for path in ROOT.glob("*/*/__init__.py")}
    packages = {name for name in packages if name.startswith(("provenance/", "fingerprints/", "api/", "cli/"))}
    described = set(re.findall(r"`((?:\w+/){2})`", PAGES["docs/architecture.md"]))
    assert packages == described


def test_the_readme_is_short() -> None:
    assert len(PAGES["README.md"].splitlines()) <= 150


def test_nothing_names_this_machine_or_a_registry() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:  # an unpacked archive has no git
        return
    registries = re.compile("py" + "pi\\.org|python" + "hosted\\.org|registry\\.np" + "mjs|deb\\.deb" + "ian\\.org")
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.is_file() and path.suffix not in (".npz", ".jpg", ".png", ".webp", ".mp4"):
            assert not registries.search(path.read_text(encoding="utf-8")), name
