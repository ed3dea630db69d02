"""The rows of signing keys against the entries that enrol and revoke them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from ...database.tables import signing_keys
from ...tlog import envelope, keys
from ...tlog.encoding import unb64
from ...tlog.envelope import ACCOUNT
from .run import Entry, Run

_MANY = 500  # keys asked for at a time


def problems(run: Run) -> Iterator[str]:
    """One line for each key that the run enrols or revokes whose row is missing or says something else."""
    enrolled = {keys.keyid_of(unb64(e[2].predicate["publicKey"])): e for e in run.of_kind("key-enrol")}
    revoked = {str(leaf.predicate["keyid"]): index for index, _, leaf in run.of_kind("key-revoke")}
    rows = _rows(run, sorted(enrolled.keys() | revoked.keys()))
    for keyid, row in rows.items():
        if keyid in enrolled:
            yield from _enrolment(run, row, enrolled[keyid])
        elif row.enrolled_index is not None and run.first <= row.enrolled_index <= run.last:
            yield f"the signing key {keyid[:16]} names entry {row.enrolled_index} as its enrolment, which it is not"
        if row.revoked_index != revoked.get(keyid) and (keyid in revoked or _within(run, row.revoked_index)):
            yield f"revoked_index of the signing key {keyid[:16]} was changed in the database"
    for keyid in sorted((enrolled.keys() | revoked.keys()) - rows.keys()):
        yield f"the signing key {keyid[:16]} is missing from the database"


def _within(run: Run, index: int | None) -> bool:
    return index is not None and run.first <= index <= run.last


def _rows(run: Run, keyids: list[str]) -> dict[str, sa.Row[Any]]:
    """The rows of these keys, and of those that name an entry of the run."""
    named = [signing_keys.c[name].between(run.first, run.last) for name in ("enrolled_index", "revoked_index")]
    some = [signing_keys.c.keyid.in_(keyids[at : at + _MANY]) for at in range(0, len(keyids), _MANY)]
    found: dict[str, sa.Row[Any]] = {}
    for condition in (sa.or_(*named), *some):
        found |= {row.keyid: row for row in run.connection.execute(sa.select(signing_keys).where(condition))}
    return found


def _enrolment(run: Run, row: sa.Row[Any], enrolment: Entry) -> Iterator[str]:
    index, leaf_hash, leaf = enrolment
    said = leaf.predicate
    expected = {
        "public_key": unb64(said["publicKey"]),
        "custody": said["custody"],
        "enrolled_index": index,
        "predecessor": _predecessor(leaf, row.keyid),
        "recovery": said.get("recovery"),
    }
    changed = [name for name, value in expected.items() if getattr(row, name) != value]
    if run.outside(row.created_at, index):
        changed.append("created_at")
    if ACCOUNT in said.get("commitments", {}) and ACCOUNT not in run.changed.get(leaf_hash, ()):
        opened = run.opened.get(leaf_hash, {})
        if ACCOUNT not in opened:
            yield f"the account of entry {index} cannot be opened: the database does not have it"
        elif opened[ACCOUNT] != {"account": row.account_id}:
            changed.append("account_id")
    if changed:
        yield f"{', '.join(changed)} of the signing key {row.keyid[:16]} was changed in the database"


def _predecessor(leaf: envelope.Leaf, keyid: str) -> str | None:
    """The old key of a rotation, which signs the enrolment of its successor."""
    others = [signer for signer in leaf.signers if signer not in (keyid, leaf.predicate.get("recovery"))]
    return others[0] if others else None
