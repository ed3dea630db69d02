"""Comma-separated values that a spreadsheet opens: names and addresses in them come from strangers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from .names import printable

# What begins a formula; some spreadsheets of East Asia take the full-width forms for it too.
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def row(cells: Iterable[object]) -> str:
    """A line of CSV (RFC 4180)."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow([_cell(cell) for cell in cells])
    return out.getvalue()


def _cell(value: object) -> object:
    """A cell that no spreadsheet takes for a formula; numbers stay numbers."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return value
    value = printable(value)
    return "'" + value if value.startswith(_FORMULA) else value
