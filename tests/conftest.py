"""Fixtures every room's tests share: installations of their own, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import sqlalchemy as sa

from fingerprints.model import Examination, Limits
from provenance import service as service_module
from provenance.config import Settings
from provenance.service import Service

# A landing must not depend on luck: CI tries the same examples every time, everybody else explores.
hypothesis.settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    hypothesis.settings.load_profile("ci")

for _name in [name for name in os.environ if name.startswith("SOURCEMARK_")]:
    del os.environ[_name]  # a developer's own installation must not leak into the tests


def _postgres_bin() -> Path | None:
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    return versions[-1].parent if versions else None


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], str]]:
    """Starts a PostgreSQL cluster of its own; calling the fixture's value makes an empty database and returns its URL."""
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
    options = f"-k {folder} -h '' -c max_connections=200 -c shared_buffers=64MB"
    run(str(binaries / "pg_ctl"), "-D", str(data), "-l", str(folder / "log"), "-o", options, "-w", "start")
    admin = sa.create_engine(
        f"postgresql+psycopg://sourcemark@/postgres?host={folder}", isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
    )

    def new_database() -> str:
        name = f"t{uuid.uuid4().hex[:12]}"
        with admin.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
        return f"postgresql://sourcemark@/{name}?host={folder}"

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
    """One real decoder process for all services of a test run: starting one for each test took most of the time."""
    real = service_module.Sandbox
    shared = real(1, Limits())

    class Shared:
        def __init__(self, workers: int, limits: Limits, trust_anchors: str = "") -> None:
            self.own = None if limits == Limits() and not trust_anchors else real(workers, limits, trust_anchors)

        def examine(self, *arguments: Any, **options: Any) -> Examination:
            return (self.own or shared).examine(*arguments, **options)

        def close(self) -> None:
            if self.own is not None:
                self.own.close()

    service_module.Sandbox = Shared  # type: ignore[misc,assignment]
    yield
    service_module.Sandbox = real  # type: ignore[misc]
    shared.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of an empty installation, once on each database."""
    url = None
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres")()
    return Settings(home=tmp_path / "home", database_url=url, workers=1, origin="log.test.example/sourcemark")


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    with Service(settings) as opened:
        yield opened


@pytest.fixture
def sqlite_settings(tmp_path: Path) -> Settings:
    """Settings of an empty installation on SQLite, for what has nothing to do with the database's kind."""
    return Settings(home=tmp_path / "home", workers=1, origin="log.test.example/sourcemark")


@pytest.fixture
def sqlite_service(sqlite_settings: Settings) -> Iterator[Service]:
    with Service(sqlite_settings) as opened:
        yield opened
