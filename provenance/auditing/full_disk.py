"""fsck where SQLite cannot even be opened, because the disk has no room for the files beside it (WAL index)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa

from ..config import Settings
from ..database.engine import HEAD, Database
from ..errors import Unavailable
from ..ledger.log import Log


@contextmanager
def opened_as_it_stands(settings: Settings, failed: Unavailable) -> Iterator[tuple[Database, Log]]:
    """Database and log for reading alone, without any file of SQLite's beside the database.

    Right only while nobody writes: where a write-ahead log holds something, or the database is no file, there is no
    such way.

    Raises:
        Unavailable: ``failed``, when the database cannot be read like this either.
    """
    url = sa.make_url(settings.url)
    file = Path(str(url.database)).absolute()
    if url.get_backend_name() != "sqlite" or not file.is_file() or _has_content(file.with_name(f"{file.name}-wal")):
        raise failed
    db = Database(f"sqlite:///file:{quote(str(file))}?mode=ro&immutable=1&uri=true", settings.database_timeout_seconds)
    log = Log(db, settings)
    try:
        if db.revision() != HEAD:
            raise failed
        log.open_to_read()
        yield db, log
    finally:
        log.close()
        db.close()


def _has_content(file: Path) -> bool:
    return file.is_file() and file.stat().st_size > 0
