"""Withdrawals of works and of what is attached to them, and erasures: what each ends says so, nothing else does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ...database.tables import entries, openings, works
from ...errors import SourcemarkError
from ...ledger.attached import ATTACHED
from ...tlog import envelope
from .attached_rows import erased_works
from .run import Entry, Run


@dataclass(frozen=True, slots=True)
class _Ending:
    """Columns that name the entry which ends something: its hash and when it came."""

    kind: str
    named: sa.ColumnElement[str]  # what is ended, by its public id
    column: sa.Column[Any]
    moment: sa.Column[Any]


_ENDINGS = (
    _Ending("withdrawal", works.c.work_id, works.c.withdrawal_hash, works.c.withdrawn_at),
    _Ending("erasure", works.c.work_id, works.c.erasure_hash, works.c.erased_at),
    *(_Ending("withdrawal", kind.id, kind.ended_by, kind.ended) for kind in ATTACHED),
)


def problems(run: Run) -> Iterator[str]:
    """One line for each ending of the run that its target's row does not show, or shows otherwise."""
    done = set()
    for ending in _ENDINGS:
        target = ending.column.table.c.leaf_hash
        columns = (ending.column.label("hash"), target.label("target"), ending.named.label("named"), ending.moment)
        for ended_by, target_hash, named, moment in run.joined(*columns, on=ending.column):
            if ended_by not in run.by_hash:
                continue
            index, leaf = run.by_hash[ended_by]
            if leaf.kind != ending.kind or leaf.predicate["leafHash"] != target_hash.hex():
                yield f"{named} names entry {index} as its {ending.kind}, which it is not"
                continue
            done.add(ended_by)
            if run.outside(moment, index):
                yield f"{ending.moment.name} of {named} was changed in the database"
    for entry in (*run.of_kind("withdrawal"), *run.of_kind("erasure")):
        if entry[1] not in done and entry[1] not in run.unlike and not _has_no_row(run, entry):
            index, _, leaf = entry
            yield f"the {leaf.kind} of entry {leaf.predicate['index']}, by entry {index}, is missing from the database"


def _has_no_row(run: Run, entry: Entry) -> bool:
    """Whether what an entry ends has rightly no row: what was attached to an erased work, an opening that is gone."""
    _, _, leaf = entry
    raw = run.connection.execute(sa.select(entries.c.leaf).where(entries.c.idx == leaf.predicate["index"])).scalar()
    try:
        target = None if raw is None else envelope.parse_leaf(raw)
    except SourcemarkError:
        return True  # reported with that entry
    if target is None or target.kind == "registration":
        return target is None
    if leaf.kind == "withdrawal":
        work = str(target.predicate.get("leafHash", ""))
        return bool(erased_works(run.connection, {work}))
    kept = sa.select(openings.c.name).where(openings.c.leaf_hash == bytes.fromhex(leaf.predicate["leafHash"]))
    return set(leaf.predicate["erased"]).isdisjoint(run.connection.execute(kept).scalars())
