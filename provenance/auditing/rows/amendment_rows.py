"""Amendments and transfers: the newest entry about a work that commits to a claim is the one that its row shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from ...database.tables import entries, openings, signing_keys, works
from ...ledger import claim_history
from ...tlog import envelope
from .run import Run, as_text, parsed


def problems(run: Run) -> Iterator[str]:
    """One line for each amendment or transfer of the run that the rows do not have, or have passed over."""
    newest = entries.alias("newest")
    for kind in envelope.AMENDING:
        for index, leaf_hash, leaf in run.of_kind(kind):
            if leaf_hash in run.unlike:
                continue
            shown = run.connection.execute(
                sa.select(newest.c.idx, works.c.erasure_hash)
                .select_from(works)
                .outerjoin(newest, newest.c.leaf_hash == works.c.amendment_hash)
                .where(works.c.leaf_hash == bytes.fromhex(leaf.predicate["leafHash"]))
            ).first()
            if shown is None:
                continue  # the work is missing, which is reported with its registration
            if shown.idx is None or shown.idx < index:
                yield f"the {kind} of entry {leaf.predicate['index']}, by entry {index}, is not shown by the database"
            opened = "claim" in run.opened.get(leaf_hash, {}) or "claim" in run.changed.get(leaf_hash, set())
            if opened == (shown.erasure_hash is not None):
                wrong = "is kept, and the work was erased" if opened else "cannot be opened"
                yield f"the claim of entry {index} {wrong}"


def amended_claim(run: Run, amendment_hash: bytes, registration: bytes) -> Mapping[str, Any] | None:
    """The claim in the entry that a work's row names as its newest amendment; None unless it is one and can be opened.

    That what is opened is what was signed is checked with that entry itself.
    """
    text = run.connection.execute(
        sa.select(as_text(openings.c.record)).where(openings.c.leaf_hash == amendment_hash, openings.c.name == "claim")
    ).scalar()
    record = None if text is None else parsed(text)
    newest = claim_history.newest(run.connection, amendment_hash, registration)
    return record if newest is not None and isinstance(record, dict) else None


def holding_account(connection: sa.Connection, index: int) -> str | None:
    """The account of the key that a work was transferred to; None where its registrant's holds it."""
    keyid = claim_history.holder(connection, index)
    if keyid is None:
        return None
    return connection.execute(sa.select(signing_keys.c.account_id).where(signing_keys.c.keyid == keyid)).scalar()
