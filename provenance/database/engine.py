"""The database: one engine, two kinds of transaction, migrations on opening.

SQLite runs in WAL mode with full synchronisation: a commit that returned is on disk. A write takes the write lock at
its beginning (BEGIN IMMEDIATE), so that two processes on one file wait for each other instead of failing half-way.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ..config import Settings
from ..errors import BadInput, LedgerReadOnly, Unavailable
from . import online_indexes
from .locks import busy, file_lock, lock_number
from .tables import metadata

HEAD = "0013"  # the newest migration; a test compares it with the scripts
MIGRATIONS = Path(__file__).parent / "migrations"


def _text(stored: bytes) -> str:
    return stored.decode("utf-8", "replace")


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # the transactions below are begun by hand
    # Text that is none, which only an editor of the file leaves behind, damages its row and not the whole answer.
    connection.text_factory = _text
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "temp_store = MEMORY",
        "secure_delete = ON",  # an erasure reaches no earlier version of a row: none may be left behind by anybody
    ):
        connection.execute(f"PRAGMA {pragma}")


class Database:
    """One database, either SQLite or PostgreSQL.

    Every method raises `Unavailable` when the database cannot be reached, is busy beyond the time-out, or is out of
    disk; nothing of the failed transaction is kept.
    """

    def __init__(
        self,
        url: str,
        timeout_seconds: int,
        connections: int = 48,
        *,
        pooling: Literal["session", "transaction"] = "session",
    ) -> None:
        """
        Args:
            connections: most that this process has at a time; who needs one more waits for it.
            pooling: ``transaction`` behind a PgBouncer that lends sessions for a transaction only: then nothing is
                left in a session, neither settings nor prepared statements.
        """
        self.url = sa.make_url(url)
        self.timeout_seconds = timeout_seconds
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._turns: dict[str, threading.Lock] = {}  # of this process's threads, by the names of locks
        self._failed: LedgerReadOnly | None = None  # what ended all writing, until a restart
        self._in_transactions = not self.is_sqlite and pooling == "transaction"
        kept = max(1, connections // 3)
        self.engine = sa.create_engine(
            self.url,
            hide_parameters=True,  # salts and names must not reach a log through an error message
            connect_args=self._connect_arguments(),
            pool_pre_ping=not self.is_sqlite,
            pool_size=kept,
            max_overflow=connections - kept,
            pool_timeout=timeout_seconds,
        )
        if self.is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
        if self._in_transactions:
            event.listen(self.engine, "begin", self._set_in_transaction)

    @classmethod
    def of(cls, settings: Settings) -> Database:
        """The database of an installation."""
        return cls(
            settings.url,
            settings.database_timeout_seconds,
            settings.database_connections,
            pooling=settings.database_pooling,
        )

    def _connect_arguments(self) -> dict[str, Any]:
        if self.is_sqlite:
            return {"timeout": self.timeout_seconds, "check_same_thread": False}
        arguments: dict[str, Any] = {
            "connect_timeout": min(self.timeout_seconds, 10),
            "application_name": f"sourcemark: process {os.getpid()} on {socket.gethostname()}"[:63],
        }
        if self._in_transactions:
            return {**arguments, "prepare_threshold": None}
        return {**arguments, "options": " ".join(f"-c {name}={value}" for name, value in self._session().items())}

    def _session(self) -> dict[str, str]:
        """Settings of every session, which count whatever the server's configuration says.

        With synchronous_commit off, what was answered could be lost with the machine.
        """
        return {"synchronous_commit": "on", "lock_timeout": f"{self.timeout_seconds}s", "TimeZone": "UTC"}

    def _set_in_transaction(self, connection: sa.Connection) -> None:
        if connection.get_isolation_level() != "AUTOCOMMIT":
            values = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in self._session().items())
            connection.exec_driver_sql(f"SELECT {values}")

    def close(self) -> None:
        self.engine.dispose()

    def turn(self, name: str) -> threading.Lock:
        """The lock between this process's threads that comes before the installation's lock of this name."""
        return self._turns.setdefault(name, threading.Lock())

    def create_file(self) -> None:
        """Make an SQLite file that only its owner can read, whatever the folder allows; raises OSError."""
        if self.is_sqlite:
            os.close(os.open(str(self.url.database), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))

    @property
    def place(self) -> str:
        """Where the database is, without its password, for messages."""
        return str(self.url.database) if self.is_sqlite else self.url.render_as_string(hide_password=True)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A read transaction: one snapshot."""
        with self._connection("BEGIN") as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A write transaction: committed when the block ends, rolled back when it raises.

        Raises:
            LedgerReadOnly: a write to the file failed before; after a failed fsync nobody knows what is on the disk.
        """
        if self._failed is not None:
            raise self._failed
        try:
            with self._connection("BEGIN IMMEDIATE") as connection:
                yield connection
        except Unavailable as error:
            cause = getattr(error.__cause__, "orig", None)
            if getattr(cause, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_IOERR:
                raise
            self._failed = storage_failed(self.place, str(cause))
            raise self._failed from error

    @contextmanager
    def alone(self) -> Iterator[sa.Connection]:
        """No transaction around it, for statements that allow none, such as VACUUM."""
        with self._told(), self.engine.connect() as connection:
            # SQLite's never have one that was not begun by hand.
            yield connection if self.is_sqlite else connection.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def _connection(self, begin: str) -> Iterator[sa.Connection]:
        with self._told(), self.engine.connect() as connection, connection.begin():
            if self.is_sqlite:
                connection.exec_driver_sql(begin)
            yield connection

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What the driver raises, as a user is told it."""
        try:
            yield
        except (OperationalError, InterfaceError, PoolTimeout) as error:
            raise self.unavailable(error) from error
        except DataError as error:
            raise BadInput("a value holds a character that no database text can hold, such as NUL") from error
        except DBAPIError as error:
            if error.connection_invalidated:
                raise self.unavailable(error) from error
            if isinstance(error, ProgrammingError):
                self._check_schema(error)
            raise

    def _check_schema(self, error: Exception) -> None:
        """Raises `Unavailable` where a table or column is missed because a newer version has changed the schema."""
        found = self.revision()
        if found not in (None, HEAD):
            raise _newer(found) from error

    def unavailable(self, error: Exception) -> Unavailable:
        """What the driver raised, as a user is told it."""
        if isinstance(error, PoolTimeout):
            return busy(f"the connection pool of {self.place}", "other requests of this process")
        cause = str(getattr(error, "orig", None) or error).strip().splitlines()
        text = cause[0] if cause else type(error).__name__
        if "disk is full" in text or "No space left" in text:
            return Unavailable(f"the disk of {self.place} is full: free some space and try again", reason="disk_full")
        if "locked" in text or "lock timeout" in text:
            return busy(self.place, None)
        if "no such column" in text or "no such table: " in text:  # of SQLite
            self._check_schema(error)
        if "unsupported startup parameter" in text or "prepared statement" in text:
            return _not_a_session(text)
        return Unavailable(
            f"the database {self.place} cannot be used ({text}); start it or correct SOURCEMARK_DATABASE_URL",
            reason="database_down",
        )

    def check_durable(self) -> None:
        """Raises `Unavailable` when a crash of a PostgreSQL server's machine would lose what was committed."""
        if self.is_sqlite:
            return
        with self.read() as connection:
            risks = [
                name
                for name in ("fsync", "full_page_writes")
                if connection.execute(sa.text(f"SHOW {name}")).scalar() == "off"
            ]
        if risks:
            raise Unavailable(
                f"the PostgreSQL server runs with {' and '.join(risks)} off: when its machine crashes, what was "
                "acknowledged can be lost or damaged; set it to on",
                reason="database_risk",
            )

    def revision(self) -> str | None:
        """The migration the database is at, None when it is empty."""
        with self.read() as connection:
            if not sa.inspect(connection).has_table("alembic_version"):
                return None
            found = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
            return None if found is None else str(found)

    def _check_session(self) -> None:
        """Raises `Unavailable` when a pooler keeps from the server what every session is given."""
        if not self.is_sqlite:
            with self.read() as connection:
                given = connection.execute(sa.text("SELECT current_setting('lock_timeout')::interval")).scalar_one()
            if given.total_seconds() != self.timeout_seconds:
                raise _not_a_session("the settings that every session is given do not reach the server")

    def migrate(self) -> None:
        """Bring the database to the newest schema; safe when several processes start at once.

        Raises:
            Unavailable: a newer version has brought it to a schema that this one does not know; or see `Database`.
        """
        self._check_session()
        found = self.revision()
        if found == HEAD:
            return
        from alembic import command
        from alembic.config import Config
        from alembic.script import ScriptDirectory

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        if found is not None and found not in {
            each.revision for each in ScriptDirectory.from_config(config).walk_revisions()
        }:
            raise _newer(found)
        if found is not None and not self.is_sqlite:
            with self._told():
                online_indexes.make(self.engine, found)
        with self._one_migrator() as connection:
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, "head")
            except (OperationalError, InterfaceError) as error:
                raise self.unavailable(error) from error

    @contextmanager
    def _one_migrator(self) -> Iterator[sa.Connection]:
        if self.is_sqlite:
            file = Path(str(self.url.database))
            lock = file_lock(file.parent / f"{file.name}.migrate.lock", self.timeout_seconds)
            with lock, self.write() as connection:
                yield connection
        else:
            with self.write() as connection:
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": lock_number("migrate")})
                yield connection


def insert_many(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows of the same columns, whose values the driver takes as they are.

    SQLAlchemy's own preparation of each row took longer than its insertion.
    """
    compiled = table.insert().inline().compile(dialect=connection.dialect, column_keys=list(rows[0]))
    order = compiled.positiontup
    values = [dict(row) for row in rows] if order is None else [tuple(map(row.__getitem__, order)) for row in rows]
    connection.exec_driver_sql(str(compiled), values)


def _newer(found: str) -> Unavailable:
    return Unavailable(
        f"the database has the schema {found}, this version knows {HEAD}: a newer Sourcemark was started on it; "
        "update this one and start it again",
        reason="database_newer",
    )


def _not_a_session(why: str) -> Unavailable:
    return Unavailable(
        f"a pooler stands before the database and lends its sessions for a transaction only ({why}): "
        "set SOURCEMARK_DATABASE_POOLING=transaction",
        reason="database_pooler",
    )


def storage_failed(place: object, why: str) -> LedgerReadOnly:
    """The alarm of a write that failed in a way that leaves open what is on the disk."""
    return LedgerReadOnly(
        f"writing {place} failed ({why}): check the disk, then restart; what was acknowledged is on it",
        reason="storage_failed",
    )


__all__ = ["HEAD", "Database", "metadata", "storage_failed"]
