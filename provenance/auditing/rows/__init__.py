"""The rows of the database against the entries of the log they follow from, in both directions.

`check_rows` goes from a run of entries to the rows that must stand for them, `stray_rows` from the rows to the entries
that must stand behind them. Together they hold every row that a scan, a receipt or a look-up relies on; what no entry
binds, `operators_word` counts. docs/ledger.md has the table of what is bound by what.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from . import amendment_rows, attached_rows, case_rows, endings, entry_rows, key_rows, work_rows
from .run import Entry, Run
from .stray import operators_word, stray_rows


def check_rows(connection: sa.Connection, entries: Sequence[Entry]) -> Iterator[str]:
    """Every row that one contiguous run of entries must have, against the entries.

    Args:
        entries: index, leaf hash as hashed from the bytes, and content, in the order of the log, without gaps.

    Yields:
        One line for each thing that is wrong.
    """
    if not entries:
        return
    run = Run.read(connection, entries)
    yield from entry_rows.problems(run)
    yield from work_rows.problems(run)
    yield from amendment_rows.problems(run)
    yield from attached_rows.problems(run)
    yield from case_rows.problems(run)
    yield from endings.problems(run)
    yield from key_rows.problems(run)


__all__ = ["Entry", "check_rows", "operators_word", "stray_rows"]
