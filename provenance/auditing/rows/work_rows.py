"""The rows of works: columns, openings, claim and fingerprint, each against the registration."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from ...database.tables import entries, fingerprints, signing_keys, works
from ...errors import SourcemarkError
from ...ledger import work_columns
from ...tlog import envelope, merkle
from . import amendment_rows
from .run import Run, as_text, parsed

_COLUMNS = (
    "work_id", "account_id", "identity", "digest", "medium", "reason", "title", "owner", "owner_key", "opens",
    "leaf_hash", "amendment_hash", "withdrawal_hash", "registered_at", "withdrawn_at", "erased_at", "erasure_hash",
)  # fmt: skip
_UNTOUCHED = (None,) * 6
_FEW = 64  # entries whose fingerprints are read at a time
_erasing = entries.alias("erasing")
_sealed = works.alias("sealed")


def problems(run: Run) -> Iterator[str]:
    """One line for each registration of the run whose rows are missing or say something else."""
    found: dict[bytes, sa.Row[Any]] = {}
    for row in _rows(run):
        if row.leaf_hash not in run.by_hash:
            continue  # of an entry whose row bears another hash
        index, leaf = run.by_hash[row.leaf_hash]
        if leaf.kind != "registration":
            yield f"the work {row.work_id} stands for entry {index}, which is a {leaf.kind}"
            continue
        found[row.leaf_hash] = row
        if _is_usual(run, row, index, leaf):
            continue
        changed = list(_changed(run, row, index, leaf))
        if run.outside(row.registered_at, index):
            changed.append("registered_at")
        if changed:
            yield f"{', '.join(changed)} of {row.work_id} was changed in the database"
        yield from _openings(run, row, index, leaf)
    for index, leaf_hash, _ in run.of_kind("registration"):
        if leaf_hash not in found and leaf_hash not in run.unlike:
            yield f"the work that entry {index} registers is missing from the database"
    yield from _fingerprints(run, found)


def _rows(run: Run) -> Sequence[Any]:
    return run.joined(
        as_text(works.c.claim).label("claim"),
        *(works.c[name] for name in _COLUMNS),
        signing_keys.c.account_id.label("signer_account"),
        _erasing.c.leaf.label("erasing"),
        _sealed.c.leaf_hash.label("sealed"),
        on=works.c.leaf_hash,
        also=[
            (signing_keys, signing_keys.c.keyid == entries.c.keyid),
            (_erasing, _erasing.c.leaf_hash == works.c.erasure_hash),
            (_sealed, _sealed.c.work_id == works.c.opens),
        ],
    )


def _is_usual(run: Run, row: Sequence[Any], index: int, leaf: envelope.Leaf) -> bool:
    """Whether a row is exactly what the registration of an open work says that nothing was done to later.

    Nearly every row is: it is seen at once. What else it may be, or what is wrong with it, the functions below tell.
    """
    claim, work_id, account, identity, digest, medium, _, title, owner, key, opens, leaf_hash, *rest = row
    amended, withdrawn_by, registered, withdrawn, erased, erased_by, signer, _, _ = rest
    said = leaf.statement["predicate"]
    opened = run.opened.get(leaf_hash)
    return (
        (opens, amended, withdrawn_by, withdrawn, erased, erased_by) == _UNTOUCHED
        and "sealed" not in said
        and "opens" not in said
        and opened is not None
        and leaf_hash not in run.changed
        and opened.keys() == said["commitments"].keys()
        and medium == said.get("medium")
        and account == signer
        and digest.hex() == leaf.digests[0]
        and work_id == work_columns.public_id("work", leaf_hash)
        and identity == work_columns.identity(account, key, digest)
        and run.times.allow(registered, leaf.after, index)
        and work_columns.shows_claim(parsed(claim), (title, owner, key), opened.get("claim", {}))
    )


# --- columns ----------------------------------------------------------------------------------------------------------
def _changed(run: Run, row: sa.Row[Any], index: int, leaf: envelope.Leaf) -> Iterator[str]:
    """The columns of a work that do not follow from its registration; its claim is checked with the opening."""
    said, sealed = leaf.predicate, "sealed" in leaf.predicate
    if index >= run.ids_from and row.work_id != work_columns.public_id("work", row.leaf_hash):
        yield "work_id"
    if row.digest.hex() != leaf.digests[0]:
        yield "digest"
    if row.medium != (work_columns.SEALED if sealed else said.get("medium")):
        yield "medium"
    held_by = None if row.amendment_hash is None else amendment_rows.holding_account(run.connection, index)
    if row.signer_account is not None and row.account_id != (held_by or row.signer_account):
        yield "account_id"
    opens = None if row.opens is None else b"" if row.sealed is None else row.sealed
    if (None if opens is None else opens.hex()) != said.get("opens", {}).get("leafHash"):
        yield "opens"
    yield from _changed_endings(row)
    if row.identity != _identity(row, sealed):
        yield "identity"


def _changed_endings(row: sa.Row[Any]) -> Iterator[str]:
    """Whether it is withdrawn or erased, by the entries that it names; `endings` checks those."""
    if (row.withdrawn_at is None) != (row.withdrawal_hash is None and row.erasure_hash is None):
        yield "withdrawn_at"
    if (row.erased_at is None) != (row.erasure_hash is None):
        yield "erased_at"


def _identity(row: sa.Row[Any], sealed: bool) -> bytes | None:
    if sealed:
        return work_columns.sealed_identity(row.digest)
    if row.withdrawn_at is not None:
        return None
    return work_columns.identity(row.account_id, row.owner_key, row.digest)


# --- claim and other openings -----------------------------------------------------------------------------------------
def _openings(run: Run, row: sa.Row[Any], index: int, leaf: envelope.Leaf) -> Iterator[str]:
    """The claim that a work shows is the one that its owner signed, and what was not erased can be opened."""
    opened = run.opened.get(row.leaf_hash, {})
    erased = _erased_names(row, leaf)
    changed = run.changed.get(row.leaf_hash, set())
    kept = erased & opened.keys()
    if kept:
        yield f"the {', '.join(sorted(kept))} of entry {index} can be opened still, and the log says it was erased"
    # Of a sealed work the service knows what its owner has told it.
    missing = leaf.predicate["commitments"].keys() - opened.keys() - erased - changed
    if missing and "sealed" not in leaf.predicate:
        yield f"the {', '.join(sorted(missing))} of entry {index} cannot be opened: the database does not have it"
    elif "claim" not in changed and not _shows(row, _present_claim(run, row, opened)):
        yield f"the claim of {row.work_id} was changed in the database"


def _shows(row: sa.Row[Any], record: Any) -> bool:
    return work_columns.shows_claim(parsed(row.claim), (row.title, row.owner, row.owner_key), record)


def _present_claim(run: Run, row: sa.Row[Any], opened: Mapping[str, Any]) -> Any:
    """The claim in the newest entry about a work that commits to one; empty where it is not known, or was erased."""
    if row.amendment_hash is None or row.erasure_hash is not None:
        return opened.get("claim", {})
    return amendment_rows.amended_claim(run, row.amendment_hash, row.leaf_hash)


def _erased_names(row: sa.Row[Any], registration: envelope.Leaf) -> frozenset[str]:
    """The commitments of a registration that an erasure in the log says cannot be opened any more."""
    if row.erasure_hash is not None and row.erasing is None:  # on its way into the log, or stray
        return frozenset(registration.predicate["commitments"])
    if row.erasing is None or merkle.leaf_hash(row.erasing) != row.erasure_hash:
        return frozenset()
    try:
        leaf = envelope.parse_leaf(row.erasing)
    except SourcemarkError:
        return frozenset()
    if leaf.kind != "erasure" or leaf.predicate["leafHash"] != row.leaf_hash.hex():
        return frozenset()
    return frozenset(leaf.predicate["erased"])


# --- fingerprints -----------------------------------------------------------------------------------------------------
# Made once: putting it together takes longer than running it.
_FINGERPRINTS = (
    sa.select(works.c.leaf_hash, fingerprints.c.algorithm, fingerprints.c.data, fingerprints.c.detail)
    .select_from(entries)
    .join(works, works.c.leaf_hash == entries.c.leaf_hash)
    .join(fingerprints, fingerprints.c.work == works.c.id)
    .where(entries.c.idx.between(sa.bindparam("first"), sa.bindparam("last")))
)


def _stored_fingerprints(run: Run) -> Iterator[Any]:
    """They may be large: those of a few entries at a time."""
    for first in range(run.first, run.last + 1, _FEW):
        some = {"first": first, "last": min(run.last, first + _FEW - 1)}
        yield from run.connection.execute(_FINGERPRINTS, some).all()


def _fingerprints(run: Run, found: Mapping[bytes, sa.Row[Any]]) -> Iterator[str]:
    """Every open registration that was not erased has the fingerprint that it commits to, and the reason of that."""
    having = set()
    for leaf_hash, algorithm, data, detail in _stored_fingerprints(run):
        row = found.get(leaf_hash)
        if row is None:
            continue
        if row.erasure_hash is not None or "sealed" in run.by_hash[leaf_hash][1].statement["predicate"]:
            yield f"a fingerprint of {row.work_id} stands in the database, which should not be there"
            continue
        record = run.opened.get(leaf_hash, {}).get("fingerprint")
        if record is None or record.get("algorithm") != algorithm:
            continue  # by a newer algorithm: made from the one that the log commits to
        having.add(leaf_hash)
        if record.get("sha256") != hashlib.sha256(data + detail).hexdigest():
            yield f"the fingerprint of {row.work_id} was changed in the database"
        elif row.reason != work_columns.fingerprint_reason(data):
            yield f"reason of {row.work_id} was changed in the database"
    for leaf_hash, row in found.items():
        if leaf_hash in having:
            continue
        sealed = "sealed" in run.by_hash[leaf_hash][1].predicate
        if row.erasure_hash is not None or sealed:
            if row.reason != (work_columns.SEALED if row.erasure_hash is None else work_columns.ERASED):
                yield f"reason of {row.work_id} was changed in the database"
        elif "fingerprint" in run.opened.get(leaf_hash, {}):
            yield f"the fingerprint of {row.work_id} is missing from the database"
