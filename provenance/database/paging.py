"""Lists in pages: rows in the order of a column, whose value in the last row of a page is the cursor of the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

T = TypeVar("T")


def page(
    connection: sa.Connection, query: sa.Select[Any], column: sa.ColumnElement[int], after: int, limit: int
) -> tuple[Sequence[sa.Row[Any]], int | None]:
    """Rows of a query in the order of a column that it selects, and the cursor of the next page or None.

    Args:
        after: the cursor: only rows with a greater value of the column; 0 begins.
    """
    rows = connection.execute(query.where(column > after).order_by(column).limit(limit + 1)).all()
    return rows[:limit], rows[limit - 1]._mapping[column] if len(rows) > limit else None


def everything(read: Callable[[int], tuple[Sequence[T], int | None]]) -> Iterator[T]:
    """What a list holds, page after page.

    Args:
        read: the page after a cursor, with the cursor of the next one or None.
    """
    after: int | None = 0
    while after is not None:
        found, after = read(after)
        yield from found
