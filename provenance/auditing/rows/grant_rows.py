"""The rows of grants against their entries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from ...database.tables import grants, works
from ...ledger import work_columns
from .run import Run, as_text, parsed

_MANY = 500  # works asked for at a time


def problems(run: Run) -> Iterator[str]:
    """One line for each grant of the run whose row is missing or says something else."""
    found: set[bytes] = set()
    for row in _rows(run):
        if row.leaf_hash not in run.by_hash:
            continue
        index, leaf = run.by_hash[row.leaf_hash]
        if leaf.kind != "grant":
            yield f"the grant {row.grant_id} stands for entry {index}, which is a {leaf.kind}"
            continue
        found.add(row.leaf_hash)
        changed = []
        if row.work_hash is None or row.work_hash.hex() != leaf.predicate["leafHash"]:
            changed.append("work")
        said = run.opened.get(row.leaf_hash, {}).get("terms")
        if "terms" not in run.changed.get(row.leaf_hash, ()) and not work_columns.shows_terms(parsed(row.terms), said):
            changed.append("terms")
        if run.outside(row.given_at, index):
            changed.append("given_at")
        if (row.revoked_at is None) != (row.revocation_hash is None):
            changed.append("revoked_at")
        if changed:
            yield f"{', '.join(changed)} of {row.grant_id} was changed in the database"
    found |= run.unlike
    missing = {each: leaf.predicate["leafHash"] for _, each, leaf in run.of_kind("grant") if each not in found}
    erased = erased_works(run.connection, set(missing.values()))
    for leaf_hash, work in missing.items():
        if work not in erased:  # with an erased work its grants are gone
            yield f"the grant of entry {run.by_hash[leaf_hash][0]} is missing from the database"


def _rows(run: Run) -> Sequence[Any]:
    columns = (
        grants.c.grant_id,
        as_text(grants.c.terms).label("terms"),
        grants.c.leaf_hash,
        grants.c.given_at,
        grants.c.revoked_at,
    )
    work = (works, works.c.id == grants.c.work)
    hashes = (grants.c.revocation_hash, works.c.leaf_hash.label("work_hash"))
    return run.joined(*columns, *hashes, on=grants.c.leaf_hash, also=[work])


def erased_works(connection: sa.Connection, leaf_hashes: set[str]) -> set[str]:
    """Those of these registrations, by hex leaf hash, whose works were erased."""
    wanted = sorted(bytes.fromhex(each) for each in leaf_hashes)
    found = set()
    for start in range(0, len(wanted), _MANY):
        some = works.c.leaf_hash.in_(wanted[start : start + _MANY])
        query = sa.select(works.c.leaf_hash).where(some, works.c.erasure_hash.is_not(None))
        found |= {bytes(each).hex() for each in connection.execute(query).scalars()}
    return found
