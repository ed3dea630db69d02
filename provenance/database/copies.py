"""A consistent copy of a database while it is in use, and putting one back into an empty place.

SQLite by `VACUUM INTO`, which reads one snapshot and leaves out free pages; PostgreSQL by its own pg_dump and
pg_restore, which must be as new as the server.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import sqlalchemy as sa

from fingerprints.durable import private

from ..errors import BadInput, Conflict, Misconfigured, Unavailable, from_os_error
from .engine import Database

SQLITE, POSTGRESQL = "database.sqlite", "database.pgdump"


def name(db: Database) -> str:
    """The name of the file that a copy of this kind of database is."""
    return SQLITE if db.is_sqlite else POSTGRESQL


def save(db: Database, file: Path) -> None:
    """Copy the database into a new file that only its owner can read, on the disk when this returns.

    Raises:
        Unavailable: the database or the disk.
        Misconfigured: pg_dump is not there.
    """
    try:
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            if db.is_sqlite:
                with db.alone() as connection:
                    connection.execute(sa.text("VACUUM INTO :file"), {"file": str(file)})
            else:
                _postgresql(db, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={file}")
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise from_os_error(error, file) from error


def load(db: Database, file: Path) -> None:
    """Put a copy back into a database in which there is nothing.

    Raises:
        Conflict: there is something in it.
        Unavailable: the database or the disk; it is as empty as before.
        Misconfigured: pg_restore is not there.
    """
    if db.is_sqlite:
        _load_sqlite(Path(str(db.url.database)), file)
    else:
        if db.revision() is not None:
            raise Conflict(f"the database {db.place} is not empty: restore into a new one")
        _postgresql(
            db, "pg_restore", "--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges", str(file)
        )


def _load_sqlite(target: Path, file: Path) -> None:
    if any(target.with_name(target.name + end).exists() for end in ("", "-wal", "-shm")):
        raise Conflict(f"{target} exists: restore into an empty SOURCEMARK_HOME")
    temporary = target.with_name(target.name + ".restoring")
    try:
        with file.open("rb") as source, open(temporary, "wb", opener=private) as handle:
            shutil.copyfileobj(source, handle, 1 << 20)
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(target)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise from_os_error(error, target.parent) from error


def _postgresql(db: Database, tool: str, *arguments: str) -> None:
    program = shutil.which(tool)
    if program is None:
        raise Misconfigured(
            f"{tool} is not there: install PostgreSQL's client programs, of the server's version or newer"
        )
    # A password in the command line would be seen by others.
    url = db.url.set(drivername="postgresql", password=None).render_as_string()
    password = {} if db.url.password is None else {"PGPASSWORD": str(db.url.password)}
    done = subprocess.run(  # noqa: S603 - arguments are not read by a shell
        [program, f"--dbname={url}", "--no-password", *arguments],
        env={**os.environ, **password},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        said = lines[0] if lines else f"status {done.returncode}"
        raise Unavailable(f"{tool} of {db.place} failed: {said[:300]}", reason="database_down")


def check_kind(db: Database, folder: Path) -> Path:
    """The copy in a folder that fits this kind of database; raises `BadInput` where it holds one of the other kind."""
    wanted, other = (SQLITE, POSTGRESQL) if db.is_sqlite else (POSTGRESQL, SQLITE)
    if (folder / wanted).is_file():
        return folder / wanted
    if (folder / other).is_file():
        kinds = (
            "PostgreSQL: set SOURCEMARK_DATABASE_URL to an empty database"
            if db.is_sqlite
            else ("SQLite: leave SOURCEMARK_DATABASE_URL out")
        )
        raise BadInput(f"{folder} is a backup of {kinds}")
    raise BadInput(f"{folder} is no backup: it has no {wanted}")
