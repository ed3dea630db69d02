"""The key directory in the database: the rows of signing keys, loaded for its rules and updated by admitted entries."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ..database.tables import entries, log_state, signing_keys
from ..tlog import envelope
from ..tlog.key_directory import KeyDirectory
from . import claim_history


def load_directory(connection: sa.Connection, origin: str, keyids: set[str], *, enrolled: bool = True) -> KeyDirectory:
    """What the log's key directory says of these keys and of those they succeeded.

    Args:
        enrolled: leave out the keys whose enrolment the log does not have yet.
    """
    directory, wanted = KeyDirectory(origin), set(keyids)
    while wanted:
        rows = connection.execute(sa.select(signing_keys).where(signing_keys.c.keyid.in_(wanted))).all()
        wanted = {row.predecessor for row in rows if row.predecessor is not None} - directory.known.keys()
        for row in rows:
            if enrolled and row.enrolled_index is None:
                continue
            directory.known[row.keyid] = row.public_key
            if row.revoked_index is not None:
                directory.revoked.add(row.keyid)
            if row.predecessor is not None:
                directory.predecessors[row.keyid] = row.predecessor
            if row.recovery is not None:
                directory.recoveries[row.keyid] = row.recovery
    return directory


def record_key_change(connection: sa.Connection, leaf: envelope.Leaf, index: int, directory: KeyDirectory) -> None:
    """Write down what an entry changes about keys, in the transaction that gives it its index.

    Args:
        directory: after it has admitted the entry.
    """
    if leaf.kind == "log-key":
        connection.execute(log_state.update().values(keys_index=index))
        return
    if leaf.kind == "key-enrol":
        keyid = envelope.enrolled_key(leaf)[0]
        values: dict[str, Any] = {
            "enrolled_index": index,
            "predecessor": directory.predecessors.get(keyid),
            "recovery": directory.recoveries.get(keyid),
        }
    elif leaf.kind == "key-revoke":
        keyid, values = leaf.predicate["keyid"], {"revoked_index": index}
    else:
        return
    connection.execute(signing_keys.update().where(signing_keys.c.keyid == keyid).values(values))


def deciding_keys(connection: sa.Connection, leaf: envelope.Leaf, holders: dict[int, str]) -> set[str]:
    """The keys that decide whether an entry may enter the log.

    Args:
        holders: of `KeyDirectory`; what the entry's work was transferred to is added.
    """
    said = leaf.predicate
    found = {*leaf.signers, *(said[name] for name in ("keyid", "recovery", "to") if name in said)}
    named = said.get("opens", said).get("index")  # of an entry of the round before it, the keys are asked for anyway
    if named is not None:
        raw = connection.execute(sa.select(entries.c.leaf).where(entries.c.idx == named)).scalar()
        if raw is not None:
            target = envelope.parse_leaf(raw)
            registration = target.predicate["index"] if target.kind in ("grant", "evidence") else named
            holder = None if leaf.kind == "erasure" else claim_history.holder(connection, registration)
            if holder is not None:
                holders[registration] = holder
            found |= {*target.signers, *holders.values()}
    return found
