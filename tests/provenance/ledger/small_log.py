"""A log in memory and in a folder, without a database: what the tests of the pure files share."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from provenance.ledger import tile_store
from provenance.tlog import envelope, keys, merkle, note, policy, proof, receipt, statement, tiles
from provenance.tlog.checkpoint import Checkpoint
from provenance.tlog.encoding import b64, canonical
from provenance.tlog.signed_checkpoint import LogKeys, sign_checkpoint

ORIGIN = "log.test.example/sourcemark"
START = (0, merkle.EMPTY_ROOT)
WORK = "钟匠把怀表放在窗台上。".encode()
RECORD = {"owner": "周 Ada [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "title": "钟 — the clock"}
SALT = bytes(range(32))
LOG_KEYS = LogKeys(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(range(32))), MLDSA44PrivateKey.generate())


def registration(
    key: keys.SigningKey,
    *more: keys.SigningKey,
    origin: str = ORIGIN,
    after: envelope.After = START,
    records: Mapping[str, Any] | None = None,
) -> bytes:
    records = records or {"claim": RECORD}
    made = statement.registration(
        origin,
        digest=hashlib.sha256(WORK).digest(),
        medium="text",
        algorithms=["sourcemark-text/1"],
        commitments={name: statement.commit(SALT, record) for name, record in records.items()},
        after=after,
    )
    return statement.sign(made, key, *more)


def enrolment(
    key: keys.SigningKey, *also: keys.SigningKey, custody: str = "producer", recovery: str | None = None
) -> bytes:
    made = statement.key_enrol(ORIGIN, public_key=key.public, custody=custody, after=START, recovery=recovery)
    return statement.sign(made, key, *also)


def resigned(leaf: bytes, key: keys.SigningKey, change: Any) -> bytes:
    """The leaf with its statement changed and signed anew, past the builders' own checks."""
    made = json.loads(envelope.parse_leaf(leaf).payload)
    change(made)
    payload = json.dumps(made, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    signature = {"keyid": key.keyid, "sig": b64(key.sign(envelope.pae(payload)))}
    return canonical({"payload": b64(payload), "payloadType": envelope.PAYLOAD_TYPE, "signatures": [signature]})


def cosigned(signed: bytes, witness: Ed25519PrivateKey, name: str, timestamp: int) -> bytes:
    """The checkpoint with one more cosignature/v1 line."""
    text = note.parse_note(signed).text
    vkey = witness_vkey(witness, name)
    signature = witness.sign(b"cosignature/v1\ntime %d\n" % timestamp + text)
    return signed + f"\u2014 {name} {b64(vkey.id + struct.pack('>Q', timestamp) + signature)}\n".encode()


def witness_vkey(witness: Ed25519PrivateKey, name: str) -> note.VKey:
    return note.VKey.make(name, note.COSIGNATURE_ED25519, witness.public_key().public_bytes_raw())


class SmallLog:
    def __init__(self, leaves: Sequence[bytes], folder: Path) -> None:
        self.leaves = list(leaves)
        self.folder = folder
        self.size = len(leaves)
        root = merkle.root_of(merkle.leaf_hash(leaf) for leaf in leaves)
        self.signed = sign_checkpoint(Checkpoint(ORIGIN, self.size, root), LOG_KEYS, 1_790_000_000)
        tile_store.publish(folder, 0, self.size, lambda start, stop: self.leaves[start:stop], self.signed)
        self.vkeys = [note.VKey.parse(key) for key in LOG_KEYS.vkeys()]
        self.policy = policy.format_policy(LOG_KEYS.vkeys())

    def proof(self, index: int, signed: bytes | None = None) -> bytes:
        nodes = tiles.TileReader(tile_store.fetch_from(self.folder), self.size)
        return proof.format_proof(index, merkle.inclusion_proof(nodes, index, self.size), signed or self.signed)

    def receipt(
        self, index: int, *enrolled: int, signed: bytes | None = None, opening: Mapping[str, Any] | None = None
    ) -> dict[str, bytes]:
        opening = opening or {"claim": RECORD}
        return receipt.build(
            leaf=self.leaves[index],
            proof=self.proof(index, signed),
            enrolments=[(self.leaves[n], self.proof(n, signed)) for n in enrolled],
            opening={name: {"salt": b64(SALT), "record": record} for name, record in opening.items()},
            policy=self.policy,
            origin=ORIGIN,
            index=index,
        )
