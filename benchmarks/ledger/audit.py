"""The audit of a published log: entries a second, hashes only and with every signature and rule; receipts.

    python benchmarks/ledger/audit.py [ENTRIES]

The log is made here, with an enrolment every thousand entries. Two columns: by the clock, and by the CPU seconds of
all processes; on a busy machine read the second.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from benchmarks.common.measuring import cpu
from provenance.auditing.report import audit_report
from provenance.ledger import tile_store
from provenance.tlog import envelope, keys, merkle, policy, proof, receipt, statement, tiles, verify
from provenance.tlog.checkpoint import Checkpoint
from provenance.tlog.signed_checkpoint import LogKeys, sign_checkpoint

ORIGIN = "log.bench.example/sourcemark"
PRODUCERS = 20


def leaves(count: int) -> list[bytes]:
    after = (0, merkle.EMPTY_ROOT)
    made: list[bytes] = []
    signers: list[keys.SigningKey] = []
    while len(made) < count:
        if len(signers) < PRODUCERS or len(made) % 1000 == 0:
            signers.append(keys.new_signing_key())
            enrolled = statement.key_enrol(ORIGIN, public_key=signers[-1].public, custody="producer", after=after)
            made.append(statement.sign(enrolled, signers[-1]))
            continue
        registered = statement.registration(
            ORIGIN,
            digest=hashlib.sha256(b"%d" % len(made)).digest(),
            medium="text",
            algorithms=["sourcemark-text/2"],
            commitments={"claim": "sha256:" + "0" * 64, "fingerprint": "sha256:" + "1" * 64},
            after=after,
        )
        made.append(statement.sign(registered, signers[len(made) % len(signers)]))
    return made


def measured(act: Callable[[], object]) -> tuple[float, float]:
    wall, used = time.perf_counter(), cpu()
    act()
    return time.perf_counter() - wall, cpu() - used


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    log_keys = LogKeys(ORIGIN, Ed25519PrivateKey.generate(), MLDSA44PrivateKey.generate())
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        made = leaves(count)
        root = merkle.root_of(map(merkle.leaf_hash, made))
        signed = sign_checkpoint(Checkpoint(ORIGIN, count, root), log_keys, int(time.time()))
        tile_store.publish(folder, 0, count, lambda start, stop: made[start:stop], signed)
        trusted = policy.format_policy(log_keys.vkeys())
        print(f"{count} entries of {sum(map(len, made)) // count} bytes, {os.cpu_count()} cores")
        print(f"{'audit':<34}{'entries/s':>12}{'a CPU second':>14}")
        for rules in (False, True):
            for processes in (1, 2):

                def act(rules: bool = rules, processes: int = processes) -> None:
                    report = audit_report(str(folder), policy=trusted, rules=rules, processes=processes)
                    assert report["problems"] == [], report["problems"]

                wall, used = measured(act)
                name = f"{'signatures and rules' if rules else 'hashes only'}, {processes} processes"
                print(f"{name:<34}{count / wall:>12,.0f}{count / used:>14,.0f}")
        nodes = tiles.TileReader(tile_store.fetch_from(folder), count)
        index = count - 1

        def proven(at: int) -> bytes:
            return proof.format_proof(at, merkle.inclusion_proof(nodes, at, count), signed)

        signer = envelope.parse_leaf(made[index]).signers[0]
        enrolled = next(
            at
            for at, leaf in enumerate(made)
            if b"/key-enrol/v1" in envelope.parse_leaf(leaf).payload and envelope.parse_leaf(leaf).signers[0] == signer
        )
        files = receipt.build(
            leaf=made[index],
            proof=proven(index),
            enrolments=[(made[enrolled], proven(enrolled))],
            opening={},
            policy=trusted,
            origin=ORIGIN,
            index=index,
        )
        assert verify.verify_receipt(files, trusted).ok
        wall, used = measured(lambda: [verify.verify_receipt(files, trusted) for _ in range(200)])
        size = len(files[receipt.ENTRY]) + len(files[receipt.PROOF])
        print(f"receipt: entry and proof {size} bytes, verified in {wall * 5:.2f} ms ({used * 5:.2f} of CPU)")


if __name__ == "__main__":
    main()
