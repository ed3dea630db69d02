"""Lists in pages: rows in the order of a column, whose value in the last row of a page is the cursor of the next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa

T = TypeVar("T", covariant=True)


def page(
    connection: sa.Connection, query: sa.Select[Any], column: sa.ColumnElement[int], after: int, limit: int
) -> tuple[Sequence[sa.Row[Any]], int | None]:
    """Rows of a query in the order of a column that it selects, and the cursor of the next page or None.

    Args:
        after: the cursor: only rows with a greater value of the column; 0 begins.
    """
    rows = connection.execute(query.where(column > after).order_by(column).limit(limit + 1)).all()
    return rows[:limit], rows[limit - 1]._mapping[column] if len(rows) > limit else None


class Page(Protocol[T]):
    """Reads one page of a list, and the cursor of the next page or None."""

    def __call__(self, *, after: int, limit: int) -> tuple[Sequence[T], int | None]: ...


def everything(page: Page[T], rows: int = 500) -> Iterator[T]:
    """What a list holds, page after page of so many rows; each is read when the one before has been taken."""
    after: int | None = 0
    while after is not None:
        found, after = page(after=after, limit=rows)
        yield from found
