"""PostgreSQL behind a real PgBouncer that lends its sessions for one transaction only."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from fingerprints.source import Source
from provenance.accounts import accounts
from provenance.application import Application
from provenance.auditing import fsck
from provenance.config import Settings
from provenance.database.engine import Database
from provenance.database.exclusive import exclusive
from provenance.errors import Unavailable
from provenance.schemas import RegistrationItem
from provenance.works.registration import RegistrationRequest
from tests.provenance.conftest import ESSAY, scan_upload

pytestmark = pytest.mark.slow

PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
SESSIONS = 6  # of the server's, fewer than the connections of the processes below


@pytest.fixture
def pooled(postgres: Callable[..., str], tmp_path: Path) -> Iterator[Settings]:
    """Settings of an installation whose database is reached through PgBouncer; of the server's sessions there are few,
    and none of them commits durably or gives up a lock unless it is told to."""
    if PGBOUNCER is None:
        pytest.skip("PgBouncer is not installed (Debian: apt-get install pgbouncer)")
    url = sa.make_url(postgres(template="migrated"))
    folder = Path(f"/tmp/sourcemark-pgb-{uuid.uuid4().hex[:12]}")
    folder.mkdir(mode=0o700)
    (folder / "ini").write_text(
        f"[databases]\n* = host={url.query['host']} user=sourcemark connect_query='SET synchronous_commit = off'\n"
        f"[pgbouncer]\nunix_socket_dir = {folder}\nlisten_port = 6432\nauth_type = any\npool_mode = transaction\n"
        f"default_pool_size = {SESSIONS}\nlogfile = {folder}/log\npidfile = {folder}/pid\n"
    )
    command = [PGBOUNCER, "-q", str(folder / "ini")]
    if os.getuid() == 0:  # it refuses to run as root
        shutil.chown(folder, "postgres", "postgres")
        command = ["runuser", "-u", "postgres", "--", *command]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder)
    deadline = time.monotonic() + 20
    while not (folder / ".s.PGSQL.6432").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    yield Settings(
        home=tmp_path / "home",
        database_url=f"postgresql://sourcemark@/{url.database}?host={folder}&port=6432",
        database_pooling="transaction",
        database_connections=12,
        workers=1,
        job_threads=0,
        origin="log.test.example/sourcemark",
    )
    server.terminate()
    server.wait(20)
    shutil.rmtree(folder, ignore_errors=True)


def register(application: Application, numbers: range) -> list[str]:
    requests = [
        RegistrationRequest(RegistrationItem(owner="Ada"), Source.blob(f"{ESSAY} Copy {n}.".encode())) for n in numbers
    ]
    results = list(application.registrar.register(accounts.local(application.db), requests))
    assert {result.status for result in results} == {"registered"}
    return [result.work_id for result in results if result.work_id is not None]


def test_two_processes_behind_a_pooler(pooled: Settings) -> None:
    """More statements than a driver prepares, in sessions that change between them."""
    with Application(pooled) as one, Application(pooled) as two:
        one.signing_keys.ensure_signer(accounts.local(one.db), None)
        with ThreadPoolExecutor(4) as pool:
            groups = pool.map(register, (one, two) * 2, [range(n, n + 4) for n in range(0, 16, 4)])
            registered = {work for group in groups for work in group}
        assert len(registered) == 16
        assert {match.work_id for match in scan_upload(two, ESSAY.encode()).matches} == registered
        assert fsck.check(one.db, one.log)["problems"] == []


def test_what_every_transaction_is_given(pooled: Settings) -> None:
    db = Database.of(pooled)
    for transaction in (db.read, db.write):
        with transaction() as connection:
            for name, value in (("synchronous_commit", "on"), ("lock_timeout", "30s"), ("TimeZone", "UTC")):
                assert connection.execute(sa.text(f"SHOW {name}")).scalar() == value
    db.close()


def test_a_lock_of_the_installation(pooled: Settings, tmp_path: Path) -> None:
    """It is one transaction's, so it excludes others while sessions are lent and taken back around it."""
    one, two = Database.of(pooled), Database.of(pooled.model_copy(update={"database_timeout_seconds": 1}))
    with exclusive(one, tmp_path, "log"):
        for _ in range(SESSIONS * 2):
            with one.read() as connection:
                connection.execute(sa.text("SELECT 1"))
        with pytest.raises(Unavailable, match="the lock 'log' is busy"), exclusive(two, tmp_path, "log"):
            pass
    with exclusive(two, tmp_path, "log"):
        pass
    one.close()
    two.close()


def test_a_pooler_that_nobody_was_told_of(pooled: Settings) -> None:
    application = Application(pooled.model_copy(update={"database_pooling": "session"}))
    with pytest.raises(Unavailable, match="SOURCEMARK_DATABASE_POOLING=transaction") as caught:
        application.start()
    assert caught.value.reason == "database_pooler"
    application.close()
