"""The database: migrations equal the tables, errors are told, two processes may start at once."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from provenance.config import Settings
from provenance.database.engine import HEAD, MIGRATIONS, Database
from provenance.database.exclusive import exclusive
from provenance.database.locks import file_lock
from provenance.database.tables import idempotency, metadata
from provenance.errors import Unavailable

pytestmark = pytest.mark.slow


def test_migrations_make_exactly_the_tables(empty_settings: Settings) -> None:
    empty_settings.home.mkdir()
    db = Database(empty_settings.url, 5)
    db.migrate()
    db.migrate()
    with db.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    assert db.revision() == HEAD
    db.close()


def test_head_is_the_newest_script() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_sqlite_is_durable(tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path / 'x.db'}", 5)
    with db.read() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    db.close()


def test_a_busy_database_is_told(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'x.db'}"
    first, second = Database(url, 5), Database(url, 1)
    with first.write() as connection:
        connection.execute(sa.text("CREATE TABLE t (a)"))
        with pytest.raises(Unavailable) as caught, second.write():
            pass
    assert caught.value.reason == "database_busy"
    first.close()
    second.close()


def test_a_database_that_is_down_is_told() -> None:
    db = Database("postgresql+psycopg://nobody:secret@127.0.0.1:1/none", 1)
    with pytest.raises(Unavailable) as caught, db.read():
        pass
    assert caught.value.reason == "database_down"
    assert "secret" not in caught.value.detail
    assert "\n" not in caught.value.detail
    db.close()


def test_processes_that_start_at_once_make_one_log(empty_settings: Settings) -> None:
    code = (
        "import sys\n"
        "from provenance.config import Settings\n"
        "from provenance.application import Application\n"
        "url = sys.argv[2] or None\n"
        "with Application(Settings(home=sys.argv[1], database_url=url, workers=1)) as s:\n"
        "    print(s.log.origin)\n"
    )
    command = [sys.executable, "-W", "error", "-c", code, str(empty_settings.home), empty_settings.database_url or ""]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    outputs = [run.communicate(timeout=300) for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0, 0], outputs
    assert len({out for out, _ in outputs}) == 1


def test_a_commit_is_on_the_disk_whatever_the_server_says(postgres) -> None:
    """Of every connection: also of those that the pool makes when the server was restarted."""
    url = postgres()
    admin = sa.create_engine(Settings(database_url=url).url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as connection:
        name = connection.execute(sa.text("SELECT current_database()")).scalar_one()
        connection.execute(sa.text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
    with admin.connect() as connection:
        assert connection.execute(sa.text("SHOW synchronous_commit")).scalar() == "off"
    db = Database(Settings(database_url=url).url, 5)
    for _ in range(2):
        with db.read() as one, db.write() as two:
            assert [c.execute(sa.text("SHOW synchronous_commit")).scalar() for c in (one, two)] == ["on", "on"]
            mine = [c.execute(sa.text("SELECT pg_backend_pid()")).scalar() for c in (one, two)]
        with admin.connect() as connection:
            connection.execute(sa.text("SELECT pg_terminate_backend(pid) FROM unnest(:mine) AS pid"), {"mine": mine})
    db.close()


def test_who_holds_a_lock_is_told(settings: Settings, tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from provenance.database.engine import Database\n"
        "from provenance.database.exclusive import exclusive\n"
        "db = Database(sys.argv[1], 5)\n"
        "with exclusive(db, Path(sys.argv[2]), 'log'):\n"
        "    print('held', flush=True)\n"
        "    sys.stdin.readline()\n"
    )
    command = [sys.executable, "-c", code, settings.url, str(tmp_path)]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    db = Database(settings.url, 1)
    started = time.monotonic()
    with pytest.raises(Unavailable, match=f"process {holder.pid}") as caught, exclusive(db, tmp_path, "log"):
        pass
    assert caught.value.reason == "database_busy"
    assert time.monotonic() - started < 5
    holder.communicate("go\n", timeout=30)
    with exclusive(db, tmp_path, "log"):  # whoever ends lets go
        pass
    db.close()


def test_threads_wait_for_a_lock_with_one_connection(settings: Settings, tmp_path: Path) -> None:
    """On PostgreSQL each that waits has one; if all have one, the holder gets none for its work."""
    db, order = Database(settings.url, 10), []

    def work(number: int) -> None:
        with exclusive(db, tmp_path, "keys"), db.read() as connection:
            order.append(connection.execute(sa.select(number)).scalar())

    with ThreadPoolExecutor(60) as pool:
        assert list(pool.map(work, range(60))) == [None] * 60
    assert sorted(order) == list(range(60))
    db.close()


def test_a_folder_is_locked_too(tmp_path: Path) -> None:
    with file_lock(tmp_path), pytest.raises(Unavailable, match="another process held it"), file_lock(tmp_path, 0.1):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_may_lose_commits_is_told(postgres) -> None:
    db = Database(Settings(database_url=postgres()).url, 5)
    with pytest.raises(Unavailable, match="fsync and full_page_writes off") as caught:  # as the fixture starts it
        db.check_durable()
    assert caught.value.reason == "database_risk"
    db.close()


def test_a_newer_schema(settings: Settings) -> None:
    """A process that starts on it does not, and one that runs already says what to do once it misses something."""
    db = Database(settings.url, 5)
    with db.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
        connection.execute(sa.text("ALTER TABLE idempotency RENAME TO answers"))
    for act in (db.migrate, lambda: _first(db)):
        with pytest.raises(Unavailable, match=r"schema 9999.*update this one and start it again") as caught:
            act()
        assert caught.value.reason == "database_newer"
    db.close()


def test_a_missing_table_of_this_schema_is_a_fault(settings: Settings) -> None:
    db = Database(settings.url, 5)
    with db.write() as connection:
        connection.execute(sa.text("ALTER TABLE idempotency RENAME TO answers"))
    with pytest.raises((Unavailable, sa.exc.ProgrammingError)) as caught:
        _first(db)
    assert "newer" not in str(caught.value)
    db.close()


def test_tables_that_are_gone_altogether(settings: Settings) -> None:
    """A file that was replaced by an empty one under a running process: what is missing is told, not how that was found."""
    db = Database(settings.url, 5)
    with db.write() as connection:
        connection.execute(sa.text("ALTER TABLE idempotency RENAME TO answers"))
        connection.execute(sa.text("DROP TABLE alembic_version"))
    with pytest.raises(Unavailable if db.is_sqlite else sa.exc.ProgrammingError, match="idempotency") as caught:
        _first(db)
    assert "alembic_version" not in str(caught.value)
    db.close()


def _first(db: Database) -> None:
    with db.read() as connection:
        connection.execute(sa.select(idempotency)).first()
