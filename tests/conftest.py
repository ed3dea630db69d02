"""Fixtures every room's tests share: installations of their own, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import sqlalchemy as sa
import threadpoolctl

from fingerprints.model import EmbeddedPictures, Examination, Limits
from fingerprints.source import Source
from provenance import application as application_module
from provenance.application import Application
from provenance.config import Settings
from provenance.database.engine import Database

# A landing must not depend on luck: CI tries the same examples every time, everybody else explores.
hypothesis.settings.register_profile("ci", derandomize=True, deadline=None)
hypothesis.settings.register_profile("here", deadline=None)  # how busy the machine is says nothing about the code
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "here")

# They need what is in requirements-extras.lock: `make extras` runs them.
collect_ignore = [] if os.environ.get("EXTRAS") else ["extras"]

# The workers of a test run take all cores; threads of numpy's that wait for each other took a third of their time.
threadpoolctl.threadpool_limits(1)

for _name in [name for name in os.environ if name.startswith("SOURCEMARK_")]:
    del os.environ[_name]  # a developer's own installation must not leak into the tests


_MEMORY = Path("/dev/shm")
_ROOM = 4 << 30  # bytes: the tests' folders have a tenth of it at a time, and what runs beside them must fit too


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Make the tests' folders in memory where there is room: tens of thousands of times they wait for a disk to sync.

    Only where the user names no other place; the workers of a run get their folders from the process that starts them.
    """
    if config.option.basetemp or "PYTEST_DEBUG_TEMPROOT" in os.environ or not os.access(_MEMORY, os.W_OK):
        return
    available = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())["MemAvailable"]
    if min(shutil.disk_usage(_MEMORY).free, int(available.split()[0]) << 10) > _ROOM:
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(_MEMORY)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give each worker of a run its share of the slow files, and those first, so that none ends alone with a slow one.

    Workers begin with equal runs of the list, and take from the ends of others' when they have nothing left.
    """
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    files = {item.path for item in items if item.get_closest_marker("slow")}
    slow, quick = ([item for item in items if (item.path in files) is wanted] for wanted in (True, False))
    if workers > 1:
        items[:] = [
            item
            for n in range(workers)
            for part in (slow, quick)
            for item in part[len(part) * n // workers : len(part) * (n + 1) // workers]
        ]


def _postgres_bin() -> Path | None:
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    return versions[-1].parent if versions else None


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """Starts a PostgreSQL cluster of its own; calling the fixture's value makes a database and returns its URL.

    It is empty, or with ``template="migrated"`` at the newest schema.
    """
    binaries = _postgres_bin()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    folder = Path(f"/tmp/sourcemark-pg-{uuid.uuid4().hex[:12]}")  # short: a socket's path has 107 characters at most
    folder.mkdir(mode=0o700)
    as_server: list[str] = []
    if os.getuid() == 0:  # the server refuses to run as root
        shutil.chown(folder, "postgres", "postgres")
        runuser = shutil.which("runuser", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
        assert runuser is not None
        as_server = [runuser, "-u", "postgres", "--"]
    data = folder / "data"

    def run(*command: str) -> None:
        subprocess.run([*as_server, *command], check=True, stdout=subprocess.DEVNULL, cwd=folder)

    run(str(binaries / "initdb"), "-D", str(data), "-U", "sourcemark", "-A", "trust", "-E", "UTF8", "--no-locale")
    # Processes are killed here, the machine is not: what PostgreSQL has written need not reach the disk.
    options = f"-k {folder} -h '' -c max_connections=200 -c shared_buffers=64MB -c fsync=off -c full_page_writes=off"
    options += " -c wal_recycle=off"  # so that a test can look for what was erased
    run(str(binaries / "pg_ctl"), "-D", str(data), "-l", str(folder / "log"), "-o", options, "-w", "start")
    admin = sa.create_engine(
        f"postgresql+psycopg://sourcemark@/postgres?host={folder}", isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
    )

    def new_database(template: str = "template1", name: str | None = None) -> str:
        name = name or f"t{uuid.uuid4().hex[:12]}"
        with admin.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        return f"postgresql://sourcemark@/{name}?host={folder}"

    migrated = Database(Settings(database_url=new_database(name="migrated")).url, 5)
    migrated.migrate()
    migrated.close()
    new_database.control = lambda action: run(  # type: ignore[attr-defined]
        str(binaries / "pg_ctl"), "-D", str(data), "-l", str(folder / "log"), "-o", options, "-w", "-m", "fast", action
    )
    yield new_database
    admin.dispose()
    subprocess.run(
        [*as_server, str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop"],
        check=False,
        stdout=subprocess.DEVNULL,
        cwd=folder,
    )
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def shared_workers() -> Iterator[None]:
    """One real decoder process for all applications of a test run: starting one for each test took most of the time."""
    real = application_module.Sandbox
    shared = real(1, Limits())

    class Shared:
        def __init__(self, workers: int, limits: Limits, trust_anchors: str = "") -> None:
            self.own = None if limits == Limits() and not trust_anchors else real(workers, limits, trust_anchors)

        def examine(self, *arguments: Any, **options: Any) -> Examination:
            return (self.own or shared).examine(*arguments, **options)

        def pictures(self, source: Source) -> EmbeddedPictures:
            return (self.own or shared).pictures(source)

        def close(self) -> None:
            if self.own is not None:
                self.own.close()

    application_module.Sandbox = Shared  # type: ignore[misc,assignment]
    yield
    application_module.Sandbox = real  # type: ignore[misc]
    shared.close()


@pytest.fixture(scope="session")
def control() -> Iterator[socket.socket]:
    """The end of the line to a process that runs commands; see `tests.cli.forked`."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)  # messages arrive whole
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1"}
    number = theirs.fileno()
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "tests.cli.forked", str(number)],
        pass_fds=[number],
        env=environment,
        cwd=Path(__file__).parents[1],
        stdin=subprocess.DEVNULL,
    )
    theirs.close()
    yield ours
    ours.close()
    process.wait(120)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database at the newest schema and nothing in it: migrating anew for each test took most of its time."""
    path = tmp_path_factory.mktemp("migrated") / "sourcemark.db"
    db = Database(f"sqlite:///{path}", 5)
    db.create_file()
    db.migrate()
    db.close()
    return path


def _settings(home: Path, url: str | None = None) -> Settings:
    return Settings(home=home, database_url=url, workers=1, job_threads=0, origin="log.test.example/sourcemark")


def _with_database(home: Path, migrated: Path) -> Settings:
    home.mkdir(mode=0o700)
    shutil.copy(migrated, home)
    return _settings(home)


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of an installation with its tables and nothing else, once on each database."""
    if request.param == "postgresql":
        return _settings(tmp_path / "home", request.getfixturevalue("postgres")(template="migrated"))
    return _with_database(tmp_path / "home", request.getfixturevalue("migrated"))


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of an installation that has nothing at all, once on each database."""
    url = request.getfixturevalue("postgres")() if request.param == "postgresql" else None
    return _settings(tmp_path / "home", url)


@pytest.fixture
def application(settings: Settings) -> Iterator[Application]:
    with Application(settings) as opened:
        yield opened


@pytest.fixture
def sqlite_settings(tmp_path: Path, migrated: Path) -> Settings:
    """The same on SQLite only, for what has nothing to do with the database's kind."""
    return _with_database(tmp_path / "home", migrated)


@pytest.fixture
def sqlite_application(sqlite_settings: Settings) -> Iterator[Application]:
    with Application(sqlite_settings) as opened:
        yield opened
