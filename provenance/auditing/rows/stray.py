"""Rows that no entry of the log stands behind, and what no entry can tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from ...database.tables import (
    case_steps,
    checkpoints,
    competing_claims,
    entries,
    fingerprints,
    log_state,
    openings,
    pending_entries,
    signing_keys,
    timestamps,
    works,
)
from ...errors import SourcemarkError
from ...ledger.attached import ATTACHED
from ...tlog import envelope, merkle

_MOST = 100  # lines for one kind of stray row

# What names an entry by its leaf hash, and what it is called.
_NAMING: tuple[tuple[sa.Column[Any], sa.Column[Any], str], ...] = (
    (works.c.leaf_hash, works.c.work_id, "the work {} stands for no entry of the log"),
    (works.c.amendment_hash, works.c.work_id, "the amendment of {} is in no entry of the log"),
    (works.c.withdrawal_hash, works.c.work_id, "the withdrawal of {} is in no entry of the log"),
    (works.c.erasure_hash, works.c.work_id, "the erasure of {} is in no entry of the log"),
    *((kind.leaf_hash, kind.id, "{} stands for no entry of the log") for kind in ATTACHED),
    *((kind.ended_by, kind.id, "the end of {} is in no entry of the log") for kind in ATTACHED),
    (case_steps.c.leaf_hash, case_steps.c.step_id, "{} stands for no entry of the log"),
    (openings.c.leaf_hash, openings.c.name, "an opening of a {} belongs to no entry of the log"),
)

# What is undone where the log refuses the entry, so that none stays which names a refused one.
_TAKEN_BACK: tuple[tuple[sa.Column[Any], sa.Column[Any], str], ...] = (
    (works.c.amendment_hash, works.c.work_id, "the log refused the amendment of {}, and the database shows it"),
    (works.c.withdrawal_hash, works.c.work_id, "the log refused the withdrawal of {}, and the database shows it"),
    *((kind.ended_by, kind.id, "the log refused the end of {}, and the database shows it") for kind in ATTACHED),
)


def stray_rows(connection: sa.Connection) -> Iterator[str]:
    """Every row that nothing in the log stands behind; `check_rows` has held the entries' own rows against the log.

    Yields:
        One line for each, of each kind a hundred at most.
    """
    for column, name, said in _NAMING:
        yield from _all(connection, _unlogged(column, name), said)
    for column, name, said in _TAKEN_BACK:
        yield from _all(connection, _refused(column, name), said)
    yield from _all(connection, _without_work(fingerprints.c.work), "a fingerprint of work number {} has no work")
    for kind in ATTACHED:
        yield from _all(connection, _without_work(kind.work), f"a {kind.kind} for work number {{}} has no work")
    yield from _keys(connection)
    yield from _pending(connection)
    yield from _state(connection)
    yield from _competing(connection)
    lost = sa.select(timestamps.c.size).where(timestamps.c.size.not_in(sa.select(checkpoints.c.size)))
    yield from _all(connection, lost, "the checkpoint at size {}, which has a time-stamp, is missing from the database")


def _all(connection: sa.Connection, query: sa.Select[Any], said: str) -> Iterator[str]:
    for (found,) in connection.execute(query.limit(_MOST)):
        yield said.format(found)


def _unlogged(column: sa.Column[Any], name: sa.Column[Any]) -> sa.Select[Any]:
    """Rows that name an entry which is neither in the log nor waits for it, by what they are called."""
    query = sa.select(name).outerjoin(entries, entries.c.leaf_hash == column)
    query = query.outerjoin(pending_entries, pending_entries.c.leaf_hash == column)
    return query.where(column.is_not(None), entries.c.idx.is_(None), pending_entries.c.id.is_(None))


def _refused(column: sa.Column[Any], name: sa.Column[Any]) -> sa.Select[Any]:
    query = sa.select(name).join(pending_entries, pending_entries.c.leaf_hash == column)
    return query.where(pending_entries.c.refused.is_not(None))


def _without_work(column: sa.Column[Any]) -> sa.Select[Any]:
    return sa.select(column).outerjoin(works, works.c.id == column).where(works.c.id.is_(None))


def _keys(connection: sa.Connection) -> Iterator[str]:
    """Keys that name entries which the log does not have."""
    size = connection.execute(sa.select(log_state.c.size)).scalar_one()
    for column in (signing_keys.c.enrolled_index, signing_keys.c.revoked_index):
        query = sa.select(signing_keys.c.keyid).where(sa.or_(column >= size, column < 0))
        yield from _all(connection, query, f"{column.name} of the signing key {{}} is in no entry of the log")


def _state(connection: sa.Connection) -> Iterator[str]:
    """What the next round of the log goes on from: its name, and the hashes beside its newest checkpoint."""
    state = connection.execute(sa.select(log_state)).one()
    newest = connection.execute(sa.select(checkpoints).order_by(checkpoints.c.size.desc()).limit(1)).first()
    waiting = sa.select(sa.func.count()).select_from(pending_entries).where(pending_entries.c.refused.is_(None))
    if state.ids_from > state.size + connection.execute(waiting).scalar_one():
        yield f"the database says that ids were drawn by lot before entry {state.ids_from}, and the log has fewer"
    if state.claims_size > state.size:
        yield f"competing claims are recorded up to {state.claims_size} entries, and the log has {state.size}"
    if newest is None:
        return
    if newest.note.partition(b"\n")[0] != state.origin.encode():
        yield "the name of the log was changed in the database"
    if _root(newest.frontier) != newest.root:
        yield f"the frontier of the checkpoint at size {newest.size} was changed in the database"


def _root(frontier: bytes) -> bytes | None:
    try:
        return merkle.Frontier.from_bytes(frontier).root()
    except ValueError:
        return None


def _pending(connection: sa.Connection) -> Iterator[str]:
    """What waits for its index repeats its own bytes; the sequencer reads those, and copies the rest."""
    for row in connection.execute(sa.select(pending_entries).order_by(pending_entries.c.id)).all():
        try:
            leaf = envelope.parse_leaf(row.leaf)
        except SourcemarkError as error:
            yield f"the statement number {row.id} that waits: {error.detail}"
            continue
        said = (merkle.leaf_hash(row.leaf), leaf.kind, leaf.signatures[0][0])
        if said != (row.leaf_hash, row.kind, row.keyid):
            yield f"the statement number {row.id} that waits was changed in the database"


def _competing(connection: sa.Connection) -> Iterator[str]:
    """Competing claims name works, the later one first; every standing work competes with the first of its bytes."""
    one, other = works.alias("one"), works.alias("other")
    first, second = entries.alias("first"), entries.alias("second")
    pairs = (
        sa.select(competing_claims.c.work, competing_claims.c.earlier, first.c.idx, second.c.idx)
        .outerjoin(one, one.c.id == competing_claims.c.work)
        .outerjoin(other, other.c.id == competing_claims.c.earlier)
        .outerjoin(first, first.c.leaf_hash == one.c.leaf_hash)
        .outerjoin(second, second.c.leaf_hash == other.c.leaf_hash)
        .where(sa.or_(first.c.idx.is_(None), second.c.idx.is_(None), first.c.idx <= second.c.idx))
    )
    for work, earlier, _, _ in connection.execute(pairs.limit(_MOST)):
        yield f"the competing claims of the works number {work} and {earlier} are not in the log's order"
    yield from _uncompared(connection)


def _uncompared(connection: sa.Connection) -> Iterator[str]:
    """Standing works of the same bytes that are not recorded as competing with the first of them."""
    done = connection.execute(sa.select(log_state.c.claims_size)).scalar_one()
    standing = (
        sa.select(works.c.id, works.c.work_id, works.c.digest, entries.c.idx)
        .join(entries, entries.c.leaf_hash == works.c.leaf_hash)
        .where(works.c.withdrawn_at.is_(None), entries.c.idx < done)
    )
    copied = sa.select(works.c.digest).group_by(works.c.digest).having(sa.func.count() > 1)
    firsts: dict[bytes, int] = {}
    later: list[tuple[int, int, str]] = []
    for number, work_id, digest, _ in connection.execute(
        standing.where(works.c.digest.in_(copied)).order_by(entries.c.idx)
    ):
        if digest in firsts:
            later.append((number, firsts[digest], work_id))
        else:
            firsts[digest] = number
    pair = sa.select(competing_claims.c.score)
    for number, earlier, work_id in later:
        both = (competing_claims.c.work == number, competing_claims.c.earlier == earlier)
        if connection.execute(pair.where(*both)).first() is None:
            yield f"the claim of {work_id} competes with an earlier one of the same bytes, and this is not recorded"


def operators_word(connection: sa.Connection) -> Iterator[str]:
    """What is relied on and no entry binds, counted: remarks, not problems."""
    unbound = (
        sa.select(sa.func.count())
        .select_from(signing_keys)
        .join(entries, entries.c.idx == signing_keys.c.enrolled_index)
        .outerjoin(openings, (openings.c.leaf_hash == entries.c.leaf_hash) & (openings.c.name == envelope.ACCOUNT))
        .where(openings.c.name.is_(None))
    )
    count = connection.execute(unbound).scalar_one()
    ids_from = connection.execute(sa.select(log_state.c.ids_from)).scalar_one()
    if ids_from:
        yield f"the public ids of works that were registered before entry {ids_from}, which were drawn by lot"
    if count:
        yield f"whose {count} signing keys are that were enrolled without a commitment to their account"
