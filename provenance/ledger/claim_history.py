"""The entries in which a work's claim has stood, and who holds the work by them, read from the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ..database.tables import entries, pending_entries, works
from ..errors import SourcemarkError
from ..tlog import envelope, merkle


@dataclass(frozen=True, slots=True)
class Amending:
    """An amendment or a transfer of a work.

    Attributes:
        index: in the log; None while it waits, and for good if the log refused it.
    """

    index: int | None
    refused: bool
    leaf_hash: bytes
    raw: bytes
    leaf: envelope.Leaf


def amendments(connection: sa.Connection, newest: bytes | None) -> list[Amending]:
    """The amendments and transfers of a work, oldest first.

    Args:
        newest: leaf hash of the newest, as ``works.amendment_hash`` has it.
    """
    found: list[Amending] = []
    while newest is not None:
        row = entry(connection, newest)
        if row is None:
            break  # the row names what is not there: the auditors' matter
        try:
            leaf = envelope.parse_leaf(row.leaf)
        except SourcemarkError:
            break  # likewise
        # Bytes that do not have the hash they stand under may name each other in a circle.
        if leaf.kind not in envelope.AMENDING or merkle.leaf_hash(row.leaf) != newest:
            break  # likewise
        found.append(Amending(row.idx, row.refused is not None, newest, row.leaf, leaf))
        superseded = leaf.predicate["supersedes"]
        if superseded["index"] == leaf.predicate["index"]:
            break
        newest = bytes.fromhex(superseded["leafHash"])
    return found[::-1]


def newest(connection: sa.Connection, amendment_hash: bytes, registration: bytes) -> Amending | None:
    """The entry that a work's row names as its newest amendment, in the log or on its way; None unless it is one of it.

    Args:
        registration: leaf hash of the work's.
    """
    try:
        found = amendments(connection, amendment_hash)[-1]
    except (IndexError, SourcemarkError):
        return None
    about = not found.refused and found.leaf.predicate["leafHash"] == registration.hex()
    return found if about and merkle.leaf_hash(found.raw) == amendment_hash else None


def is_whole(chain: Sequence[Amending]) -> bool:
    """Whether amendments that were read go back to the registration, with none missing."""
    said = chain[0].leaf.predicate if chain else None
    return said is not None and bool(said["supersedes"]["index"] == said["index"])


def entry(connection: sa.Connection, leaf_hash: bytes) -> sa.Row[Any] | None:
    """An entry that is in the log or on its way into it: `idx`, None while it waits, `leaf`, and why it was refused."""
    logged = sa.select(entries.c.idx, entries.c.leaf, sa.null().label("refused")).where(
        entries.c.leaf_hash == leaf_hash
    )
    waiting = sa.select(sa.null().label("idx"), pending_entries.c.leaf, pending_entries.c.refused).where(
        pending_entries.c.leaf_hash == leaf_hash
    )
    return connection.execute(logged).first() or connection.execute(waiting).first()


def holder(connection: sa.Connection, index: int) -> str | None:
    """The key that the work with the registration at this index was transferred to; None: its registrant's holds."""
    newest = connection.execute(
        sa.select(works.c.amendment_hash)
        .join(entries, entries.c.leaf_hash == works.c.leaf_hash)
        .where(entries.c.idx == index)
    ).scalar()
    logged = [each.leaf for each in amendments(connection, newest) if each.index is not None]
    keys = [str(leaf.predicate["to"]) for leaf in logged if "to" in leaf.predicate]
    return keys[-1] if keys else None
