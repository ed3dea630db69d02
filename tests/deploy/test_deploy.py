"""What deploy/ says is done here, in a clean environment: installed, started as the unit and the container do, stopped."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from provenance.config import Settings

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket]

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The environment that deploy/install makes. The libraries are this environment's, which are those of the lock: pip
    compares their versions and loads nothing."""
    folder = tmp_path_factory.mktemp("root") / "opt" / "sourcemark"
    venv.create(folder, with_pip=True, symlinks=True)
    site = Path(
        subprocess.check_output(
            [folder / "bin" / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
        ).strip()
    )
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    done = subprocess.run(
        [DEPLOY / "install", folder], env={"PATH": os.environ["PATH"], "PIP_NO_INDEX": "1", "HOME": str(folder)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"sourcemark \d+\.\d+\.\d+\n", done.stdout)
    assert (site / "provenance").is_dir()  # not the checkout
    return folder


def unit(path: Path) -> dict[str, list[str]]:
    """The assignments of a unit file, by name."""
    found: dict[str, list[str]] = {}
    for line in path.read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def assignments(lines: list[str]) -> dict[str, str]:
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> str:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return str(listener.getsockname()[1])


@contextmanager
def running(command: list[str], environment: dict[str, str], folder: Path) -> Iterator[str]:
    """A service, until it is stopped as its unit does; it must end in order and in time."""
    port = free_port()
    environment = {**environment, "SOURCEMARK_PORT": port, "SOURCEMARK_HOST": "127.0.0.1", "SOURCEMARK_WORKERS": "1"}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, env=environment, cwd=folder, stderr=log, stdout=log)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGTERM)
            status = process.wait(timeout=60)
    assert status in (0, 128 + signal.SIGTERM, -signal.SIGTERM), (folder / "log").read_text()
    assert "Traceback" not in (folder / "log").read_text()


def wait_until_healthy(check: list[str], environment: dict[str, str], url: str) -> None:
    deadline, port = time.monotonic() + 120, int(url.rpartition(":")[2])
    while not listens(port):  # each check is a new process
        assert time.monotonic() < deadline
        time.sleep(0.05)
    while subprocess.run(check, env=environment, capture_output=True, check=False).returncode != 0:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_the_unit_serves_and_a_backup_is_made(target: Path, tmp_path: Path) -> None:
    home, etc = tmp_path / "var" / "lib" / "sourcemark", tmp_path / "etc"
    home.mkdir(parents=True, mode=0o700)
    etc.mkdir()
    (etc / "passphrase").write_text("several words are easiest\n")
    named = {"/opt/sourcemark": str(target), "/var/lib": str(tmp_path / "var" / "lib"), "%d": str(etc), "%%": "%"}

    def here(text: str) -> str:
        for path, ours in named.items():
            text = text.replace(path, ours)
        return text

    written = unit(DEPLOY / "sourcemark.service")
    environment = {"PATH": os.environ["PATH"], "HOME": str(home)}
    for lines in (written["Environment"], (DEPLOY / "sourcemark.env").read_text().splitlines()):
        environment |= {name: here(value) for name, value in assignments(lines).items()}
    made = subprocess.run(
        [target / "bin" / "sourcemark", "init", "--json"], env=environment, capture_output=True, check=False
    )
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["origin"] == "log.example.org/sourcemark"
    check = [str(target / "bin" / "python"), "-c", "import sys, urllib.request; urllib.request.urlopen(sys.argv[1])"]
    with running(shlex.split(here(written["ExecStart"][0])), environment, tmp_path) as url:
        wait_until_healthy([*check, f"{url}/readyz"], environment, url)
        for step in unit(DEPLOY / "sourcemark-backup.service")["ExecStart"]:  # while it serves
            assert step.startswith("/bin/sh -c '")
            (home.parent / "sourcemark-backups").mkdir()
            subprocess.run(shlex.split(here(step)), env=environment, check=True, capture_output=True)
    (backup,) = (home.parent / "sourcemark-backups").iterdir()
    assert {"backup.json", "database.sqlite"} <= {file.name for file in backup.iterdir()}
    log = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines() if line.startswith("{")]
    assert [line["route"] for line in log if line["logger"] == "api.access"]


def test_the_worker_works_and_ends(target: Path, tmp_path: Path) -> None:
    (line,) = unit(DEPLOY / "sourcemark-worker.service")["ExecStart"]
    command = shlex.split(line.replace("/opt/sourcemark", str(target)))
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "SOURCEMARK_HOME": str(tmp_path / "home")}
    with running(command, environment, tmp_path):
        deadline = time.monotonic() + 60
        while not (tmp_path / "home" / "log" / "checkpoint").exists():
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_the_container_serves(target: Path, tmp_path: Path) -> None:
    text = (DEPLOY / "Containerfile").read_text().replace("\\\n", " ")
    steps = [line.split(" ", 1) for line in text.splitlines() if line and not line.startswith("#")]
    assert ["RUN", "/src/deploy/install /opt/sourcemark"] in steps  # which `target` has done
    assert ["COPY", ". /src"] in steps
    environment = assignments([rest for word, rest in steps if word == "ENV"])
    environment = {
        n: v.replace("/opt/sourcemark", str(target)).replace("/var/lib", str(tmp_path)) for n, v in environment.items()
    }
    (command,) = [json.loads(rest) for word, rest in steps if word == "ENTRYPOINT"]
    (arguments,) = [json.loads(rest) for word, rest in steps if word == "CMD"]
    (check,) = [rest.split(" CMD ", 1)[1] for word, rest in steps if word == "HEALTHCHECK"]
    program = shutil.which(command[0], path=environment["PATH"])
    assert program == str(target / "bin" / "sourcemark")
    with running([program, *arguments], environment, tmp_path) as url:
        words = shlex.split(check.replace("http://127.0.0.1:8470", url))
        words[0] = str(shutil.which(words[0], path=environment["PATH"]))
        assert words[0] == str(target / "bin" / "python")
        wait_until_healthy(words, environment, url)
    assert (tmp_path / "sourcemark" / "sourcemark.db").stat().st_mode & 0o077 == 0


def test_what_is_set_exists() -> None:
    real = {f"SOURCEMARK_{name.upper()}" for name in Settings.model_fields}
    for file in DEPLOY.iterdir():
        assert set(re.findall(r"SOURCEMARK_[A-Z_]+", file.read_text())) <= real, file.name
    ports = re.findall(r"\b8\d\d\d\b", "".join(file.read_text() for file in DEPLOY.iterdir()))
    assert set(ports) == {str(Settings.model_fields["port"].default)}
    most = max(Settings.model_fields[name].default for name in ("max_upload_mib", "max_post_mib")) + 1
    assert f"client_max_body_size {most}m" in (DEPLOY / "nginx.conf").read_text()
    assert f"max_size {most}MiB" in (DEPLOY / "Caddyfile").read_text()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_reads_the_units(tmp_path: Path) -> None:
    for file in (*UNITS, *DEPLOY.glob("*.timer")):
        text = file.read_text().replace("/opt/sourcemark/bin/sourcemark", sys.executable)  # which must exist here
        (tmp_path / file.name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))],
        env={"PATH": os.environ["PATH"], "SYSTEMD_LOG_LEVEL": "warning"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    told = [line for line in done.stderr.splitlines() if "sourcemark" in line]
    assert told == []
