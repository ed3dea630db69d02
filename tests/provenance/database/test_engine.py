"""The database: migrations equal the tables, errors are told, two processes may start at once."""

import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from provenance.config import Settings
from provenance.database.engine import HEAD, MIGRATIONS, Database
from provenance.database.tables import metadata
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
    outputs = [run.communicate(timeout=60) for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0, 0], outputs
    assert len({out for out, _ in outputs}) == 1
