"""The steps of complaints against their entries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...database.tables import case_steps, cases
from ...tlog import envelope, statement
from .run import Run


def problems(run: Run) -> Iterator[str]:
    """One line for each step of the run whose row is missing or says something else."""
    found: set[bytes] = set()
    columns = (
        *(case_steps.c.step_id, case_steps.c.leaf_hash, case_steps.c.number, case_steps.c.name, case_steps.c.state),
        *(case_steps.c.actor, case_steps.c.at, cases.c.case_id),
    )
    for row in run.joined(*columns, on=case_steps.c.leaf_hash, also=[(cases, cases.c.id == case_steps.c.case)]):
        if row.leaf_hash not in run.by_hash:
            continue
        index, leaf = run.by_hash[row.leaf_hash]
        if leaf.kind not in envelope.CASE_KINDS:
            yield f"{row.step_id} stands for entry {index}, which is a {leaf.kind}"
            continue
        found.add(row.leaf_hash)
        changed = [*_changed(run, row, leaf)]
        if changed:
            yield f"{', '.join(changed)} of {row.step_id} was changed in the database"
    found |= run.unlike
    for kind in envelope.CASE_KINDS:
        for index, leaf_hash, leaf in run.of_kind(kind):
            if leaf_hash not in found and "step" in leaf.predicate:
                yield f"the step of entry {index}, a {kind}, is missing from the database"


def _changed(run: Run, row: Any, leaf: envelope.Leaf) -> Iterator[str]:
    """The columns that do not follow from the entry; the facts are kept for good."""
    facts = run.opened.get(row.leaf_hash, {}).get("facts")
    if facts is None:
        if "facts" not in run.changed.get(row.leaf_hash, ()):  # else that is told already
            yield "facts"
        return
    if row.case_id is None or leaf.digests != [statement.case_digest(row.case_id).hex()]:
        yield "case"
    names = {"number": "number", "step": "name", "state": "state", "actor": "actor", "at": "at"}
    yield from (column for name, column in names.items() if facts.get(name) != getattr(row, column))
