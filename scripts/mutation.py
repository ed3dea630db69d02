"""Mutation testing: change the code in one place at a time and see whether a test notices.

    python scripts/mutation.py                 the parts there are
    python scripts/mutation.py merkle note     run these; prints every change that no test noticed
    python scripts/mutation.py all --seconds 7200

A part is a few files and the tests that are meant to hold them. It runs in a copy of the checkout, so nothing is left
behind; mutmut (https://mutmut.readthedocs.io) makes the changes and runs the tests. A survivor is not always a fault: a
change may mean the same (`<` for `<=` where the two cannot be equal) or touch a message only. Read each one; where it
matters, add the test that notices it.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# name: (files that are changed, tests that should notice)
_TLOG = ["tests/provenance/tlog", "--deselect", "tests/provenance/tlog/test_verify_md.py"]
PARTS: dict[str, tuple[list[str], list[str]]] = {
    "merkle": (["provenance/tlog/merkle.py"], _TLOG),
    "note": (["provenance/tlog/note.py", "provenance/tlog/checkpoint.py"], _TLOG),
    "cosignature": (["provenance/tlog/cosignature.py", "provenance/tlog/signed_checkpoint.py"], _TLOG),
    "envelope": (["provenance/tlog/envelope.py"], _TLOG),
    "directory": (["provenance/tlog/key_directory.py"], _TLOG),
    "verify": (["provenance/tlog/verify.py", "provenance/tlog/verified_time.py"], _TLOG),
    "proof": (["provenance/tlog/proof.py"], _TLOG),
    "policy": (["provenance/tlog/policy.py"], _TLOG),
    "marking": (
        [
            f"provenance/marking/{name}.py"
            for name in ("rules", "duties", "attribution", "claims", "facts", "lookalikes")
        ],
        [f"tests/provenance/marking/test_{name}.py" for name in ("rules", "facts", "report", "urls", "posts")],
    ),
    "permission": (["provenance/scans/permission.py"], ["tests/provenance/scans/test_permission.py"]),
    "deciding": (
        [f"provenance/scans/policy/{name}.py" for name in ("deciding", "reachability")],
        ["tests/provenance/scans/policy/test_deciding.py"],
    ),
    "verdict": (["provenance/scans/verdict.py"], ["tests/provenance/scans/test_verdict.py"]),
    "reuse": (["provenance/scans/reuse.py"], ["tests/provenance/scans/test_reuse.py"]),
    "grants": (["provenance/works/grants.py"], ["tests/provenance/works/test_grants.py"]),
    "alignment": (["fingerprints/text/alignment.py"], ["tests/fingerprints/text"]),
}
_STRING = re.compile(r"""\"(?:[^"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'""")
_PACKAGES = ["provenance", "fingerprints", "api", "cli"]
# Servers and other machines are not what is asked here, and a database server for each change takes long.
_SKIPPED = "not postgresql"


def copy_checkout(target: Path) -> None:
    """Copy what git tracks or would track."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


def configure(folder: Path, files: list[str], tests: list[str]) -> None:
    """Write mutmut's settings for one part."""
    lists = {
        "source_paths": _PACKAGES,
        "only_mutate": files,
        "also_copy": ["scripts", "benchmarks", "docs", "README.md"],
        "pytest_add_cli_args": ["-k", _SKIPPED, "-p", "no:xdist", "-p", "no:cacheprovider"],
        "pytest_add_cli_args_test_selection": tests,
    }
    lines = ["[mutmut]"]
    for name, values in lists.items():
        lines += [f"{name} =", *(f"    {value}" for value in values)]
    (folder / "setup.cfg").write_text("\n".join(lines) + "\n", "utf-8")


def run(part: str, seconds: int, processes: int) -> int:
    """Run one part; prints its survivors and returns how many there are."""
    files, tests = PARTS[part]
    with tempfile.TemporaryDirectory(prefix="sourcemark-mutation-") as name:
        folder = Path(name)
        copy_checkout(folder)
        configure(folder, files, tests)
        environment = {**os.environ, "CI": "true"}

        def mutmut(*arguments: str, limit: int | None = None) -> str:
            command = [str(Path(sys.executable).with_name("mutmut")), *arguments]
            done = subprocess.run(
                command,
                cwd=folder,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=limit,
                check=False,
            )
            return done.stdout.decode(errors="replace")

        try:
            said = mutmut("run", "--max-children", str(processes), limit=seconds)
        except subprocess.TimeoutExpired:
            said = f"stopped after {seconds} s; what follows is what was found until then"
        states = re.findall(r"^\s+(\S+): (.+)$", mutmut("results", "--all", "true"), re.M)
        if all(state == "not checked" for _, state in states):
            print(said[-4000:])
        counts = {state: sum(1 for _, s in states if s == state) for state in sorted({s for _, s in states})}
        print(f"{part}: {', '.join(f'{n} {state}' for state, n in counts.items()) or said[-2000:]}", flush=True)
        survived = [mutant for mutant, state in states if state in ("survived", "no tests")]
        shown = [mutmut("show", mutant) for mutant in survived]
        telling = [change for change in shown if not _only_words(change)]
        print(*telling, sep="\n", flush=True)
        print(
            f"{part}: {len(telling)} survivors to read, {len(shown) - len(telling)} that change only words", flush=True
        )
        return len(telling)


def _only_words(change: str) -> bool:
    """Whether a change touches nothing but what stands between quotes, which is told by people, not by tests."""
    before, after = (
        [_STRING.sub('""', line[1:]) for line in change.splitlines() if line[:1] == sign and line[:3] != 3 * sign]
        for sign in "-+"
    )
    return before == after


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS, "all"], metavar="PART")
    parser.add_argument("--seconds", type=int, default=3600, help="stop a part after this long (default: %(default)s)")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="default: one a core")
    given = parser.parse_args()
    if not given.parts:
        for part, (files, tests) in PARTS.items():
            print(f"{part:12} {' '.join(files)}  <-  {' '.join(tests)}")
        return
    for part in PARTS if "all" in given.parts else given.parts:
        run(part, given.seconds, given.processes)


if __name__ == "__main__":
    main()
