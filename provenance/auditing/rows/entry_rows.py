"""What the rows of entries repeat of them, their openings, and the checkpoints that must stand beside them."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from ...database.tables import entries, log_state
from ...ledger.signed_times import rounds, within
from .run import Run


def problems(run: Run) -> Iterator[str]:
    """One line for each row of the run's entries that says something else, and each checkpoint that is missing."""
    columns = (entries.c.idx, entries.c.leaf_hash, entries.c.kind, entries.c.keyid, entries.c.integrated_at)
    query = sa.select(*columns).where(entries.c.idx.between(run.first, run.last)).order_by(entries.c.idx)
    before = run.connection.execute(sa.select(columns[0], columns[-1]).where(entries.c.idx == run.first - 1)).all()
    moments = [(index, moment) for index, moment in before]  # at which a round of the sequencer began, and its time
    last, (earliest, latest, until) = moments[0][1] if moments else "", run.times.around(run.first)
    for (index, leaf_hash, leaf), row in zip(run.entries, run.connection.execute(query), strict=False):
        _, stored_hash, kind, keyid, moment = row
        if stored_hash != leaf_hash:
            run.unlike.add(leaf_hash)
        if kind != leaf.kind:
            yield f"the kind of entry {index} was changed in the database"
        if keyid != leaf.signatures[0][0]:
            yield f"the key of entry {index} was changed in the database"
        if index >= until:
            earliest, latest, until = run.times.around(index)
        if not within(earliest, moment, latest):
            yield f"the time of entry {index} was changed in the database"
        if moment != last:
            moments.append((index, moment))
            last = moment
    for leaf_hash, names in run.changed.items():
        yield f"the {', '.join(sorted(names))} of entry {run.by_hash[leaf_hash][0]} was changed in the database"
    yield from _checkpoints(run, moments)
    yield from run.times.problems(run.first, run.last)
    yield from _log_keys(run)


def _checkpoints(run: Run, moments: list[tuple[int, str]]) -> Iterator[str]:
    missing = {size for size in rounds(moments) if not run.times.has(size)}
    missing |= {after[0] for after in run.afters if not run.times.has(after[0])}
    for size in sorted(missing):
        yield f"the checkpoint at size {size} is missing from the database"
    for after in sorted(run.afters):
        if after[0] not in missing and not run.times.knows(after):
            yield f"the checkpoint at size {after[0]} is not the one that a statement names as seen"


def _log_keys(run: Run) -> Iterator[str]:
    """The database names the newest change of the log's keys: of the run no later one, and no entry of another kind."""
    named = run.connection.execute(sa.select(log_state.c.keys_index)).scalar()
    changes = [index for index, _, _ in run.of_kind("log-key")]
    overtaken = bool(changes) and (named is None or named < changes[-1])
    if overtaken or (named is not None and run.first <= named <= run.last and named not in changes):
        yield "the database takes another entry for the newest change of the log's keys"
