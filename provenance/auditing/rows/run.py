"""A contiguous run of entries, with what is read for all of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from pydantic_core import from_json

from ...database.tables import entries as entry_rows
from ...database.tables import log_state, openings
from ...ledger.signed_times import SignedTimes
from ...tlog import envelope
from ...tlog.opening import opens

Entry = tuple[int, bytes, envelope.Leaf]  # index, leaf hash of its bytes, content


@dataclass(slots=True)
class Run:
    """A run of entries and what the database has of them.

    Attributes:
        afters: the checkpoints that the run's statements name as seen.
        by_hash: index and content, by the leaf hash of the entry's bytes.
        unlike: leaf hashes of entries whose row bears another hash; nothing can be joined to them.
        opened: records that open a commitment of an entry, by leaf hash and name.
        changed: names of openings that open nothing, by leaf hash.
        ids_from: from this index on the ids of works follow from the entries.
    """

    connection: sa.Connection
    entries: Sequence[Entry]
    times: SignedTimes
    afters: set[envelope.After]
    by_hash: dict[bytes, tuple[int, envelope.Leaf]]
    ids_from: int
    unlike: set[bytes] = field(default_factory=set)
    opened: dict[bytes, dict[str, Any]] = field(default_factory=dict)
    changed: dict[bytes, set[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, connection: sa.Connection, entries: Sequence[Entry]) -> Run:
        afters = {leaf.after for _, _, leaf in entries}
        times = SignedTimes(connection, entries[0][0], entries[-1][0], afters)
        by_hash = {leaf_hash: (index, leaf) for index, leaf_hash, leaf in entries}
        ids_from = connection.execute(sa.select(log_state.c.ids_from)).scalar_one()
        run = cls(connection, entries, times, afters, by_hash, ids_from)
        run._open()
        return run

    def _open(self) -> None:
        columns = (openings.c.leaf_hash, openings.c.name, openings.c.salt, as_text(openings.c.record))
        for leaf_hash, name, salt, text in self.joined(*columns, on=openings.c.leaf_hash):
            found = self.by_hash.get(leaf_hash)
            if found is None:
                continue  # of an entry whose row bears another hash
            record = parsed(text)
            if opens(found[1], name, salt, record):
                self.opened.setdefault(leaf_hash, {})[name] = record
            else:
                self.changed.setdefault(leaf_hash, set()).add(name)

    @property
    def first(self) -> int:
        return self.entries[0][0]

    @property
    def last(self) -> int:
        return self.entries[-1][0]

    def of_kind(self, kind: str) -> list[Entry]:
        return [entry for entry in self.entries if entry[2].kind == kind]

    def joined(self, *columns: Any, on: sa.ColumnElement[bytes], also: Sequence[tuple[Any, Any]] = ()) -> Sequence[Any]:
        """Rows that name their entry by leaf hash, for the entries of the run, in their order.

        Args:
            on: the column that has the leaf hash.
            also: tables to join to these rows, where they have some, each with its condition.
        """
        query = sa.select(*columns).select_from(entry_rows).join(on.table, on == entry_rows.c.leaf_hash)
        for table, condition in also:
            query = query.outerjoin(table, condition)
        query = query.where(entry_rows.c.idx.between(self.first, self.last)).order_by(entry_rows.c.idx)
        return self.connection.execute(query).all()

    def outside(self, moment: str | None, index: int) -> bool:
        """Whether what led to an entry cannot have happened when a row says."""
        return moment is not None and not self.times.allow(moment, self.entries[index - self.first][2].after, index)


def as_text(column: sa.Column[Any]) -> sa.ColumnElement[str]:
    """A column of JSON as it is stored, for `parsed`: the databases' drivers take several times as long to read it."""
    return sa.cast(column, sa.Text)


def parsed(text: str) -> Any:
    """Stored JSON; None for what is none, which no row that was written by the product is."""
    try:
        return from_json(text)
    except ValueError:
        return None
