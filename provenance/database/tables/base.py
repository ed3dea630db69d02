"""What tables are made of. Times are ISO 8601 UTC text of fixed width, so that both databases sort them alike.

The log's own order is the only order: a registration becomes visible to matching when its entry has an index, a
withdrawal likewise, so ``entries.idx`` is also the change sequence that every index follows.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Dialect, Integer, LargeBinary, MetaData, TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Bytes(LargeBinary):
    """Bytes that the drivers take as they are: wrapping each in a buffer took a tenth of a large registration."""

    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> None:
        return None

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        if dialect.name == "sqlite":
            return _stored_bytes
        processor: Callable[[Any], Any] | None = super().result_processor(dialect, coltype)  # type: ignore[no-untyped-call]
        return processor


def _stored_bytes(value: Any) -> bytes | None:
    """SQLite keeps what it is given: text where bytes belong is other bytes than were signed, and breaks no answer."""
    return value if value is None or isinstance(value, bytes) else str(value).encode("utf-8", "replace")


class Json(TypeDecorator[Any]):
    """JSON of one kind. What cannot be read, or is of another kind, reads as an empty one.

    So an edited row may be damaged itself, and keeps no answer from others; that it says otherwise than the log is
    found.
    """

    impl = JSON
    cache_ok = True

    def __init__(self, kind: type = object, **options: Any) -> None:
        """
        Args:
            kind: dict, list, or object for any; an unreadable value of any kind is None.
        """
        super().__init__(**options)
        self.kind = kind

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        decode = super().result_processor(dialect, coltype)
        kind = self.kind

        def read(value: Any) -> Any:
            try:
                found = value if decode is None else decode(value)
            except (ValueError, TypeError, RecursionError):
                found = None
            if value is None or isinstance(found, kind) or kind is object:
                return found
            return kind()

        return read


# SQLite gives row ids only to INTEGER; PostgreSQL should have 64 bits.
RowId = BigInteger().with_variant(Integer, "sqlite")


def owner_key(owner: str) -> str:
    """An owner's name without differences of width and case."""
    return unicodedata.normalize("NFKC", owner).casefold().strip()


def now() -> str:
    """The present instant as every table stores it: 2026-01-31T12:00:00.000000Z."""
    return stamp(datetime.now(UTC))


def stamp(moment: datetime) -> str:
    """An instant in UTC as every table stores it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
