"""The rows of grants, evidence and decisions about claims against their entries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from ...database.tables import entries, signing_keys, works
from ...ledger import work_columns
from ...ledger.attached import ATTACHED, Attached
from .run import Run, as_text, parsed

_MANY = 500  # works asked for at a time


def problems(run: Run) -> Iterator[str]:
    """One line for each grant, evidence or decision of the run whose row is missing or says something else."""
    for kind in ATTACHED:
        yield from _problems(run, kind)


def _problems(run: Run, kind: Attached) -> Iterator[str]:
    found: set[bytes] = set()
    for row in _rows(run, kind):
        if row.leaf_hash not in run.by_hash:
            continue
        index, leaf = run.by_hash[row.leaf_hash]
        if leaf.kind != kind.kind:
            yield f"{row.named} stands for entry {index}, which is a {leaf.kind}"
            continue
        found.add(row.leaf_hash)
        changed = list(_changed(run, kind, row))
        if changed:
            yield f"{', '.join(changed)} of {row.named} was changed in the database"
    found |= run.unlike
    missing = {each: leaf.predicate["leafHash"] for _, each, leaf in run.of_kind(kind.kind) if each not in found}
    erased = erased_works(run.connection, set(missing.values()))
    for leaf_hash, work in missing.items():
        if work not in erased:  # with an erased work what is attached to it is gone
            yield f"the {kind.kind} of entry {run.by_hash[leaf_hash][0]} is missing from the database"


def _changed(run: Run, kind: Attached, row: Any) -> Iterator[str]:
    """The columns that do not follow from the entry."""
    index, leaf = run.by_hash[row.leaf_hash]
    if row.work_hash is None or row.work_hash.hex() != leaf.predicate["leafHash"]:
        yield "work"
    said = run.opened.get(row.leaf_hash, {}).get(kind.opening)
    broken = kind.opening in run.changed.get(row.leaf_hash, ())
    if not broken and not work_columns.shows_terms(parsed(row.said), said):
        yield kind.said.name
    if kind.maker is not None and row.signer_account not in (None, row.maker):
        yield kind.maker.name
    if run.outside(row.made, index):
        yield kind.made.name
    if (row.ended is None) != (row.ended_by is None):
        yield kind.ended.name


def _rows(run: Run, kind: Attached) -> Sequence[Any]:
    columns = (
        kind.id.label("named"),
        as_text(kind.said).label("said"),
        kind.leaf_hash,
        kind.made.label("made"),
        kind.ended.label("ended"),
        kind.ended_by.label("ended_by"),
        works.c.leaf_hash.label("work_hash"),
        signing_keys.c.account_id.label("signer_account"),
    )
    made_by = () if kind.maker is None else (kind.maker.label("maker"),)
    also = [(works, works.c.id == kind.work), (signing_keys, signing_keys.c.keyid == entries.c.keyid)]
    return run.joined(*columns, *made_by, on=kind.leaf_hash, also=also)


def erased_works(connection: sa.Connection, leaf_hashes: set[str]) -> set[str]:
    """Those of these registrations, by hex leaf hash, whose works were erased."""
    wanted = sorted(bytes.fromhex(each) for each in leaf_hashes)
    found = set()
    for start in range(0, len(wanted), _MANY):
        some = works.c.leaf_hash.in_(wanted[start : start + _MANY])
        query = sa.select(works.c.leaf_hash).where(some, works.c.erasure_hash.is_not(None))
        found |= {bytes(each).hex() for each in connection.execute(query).scalars()}
    return found
