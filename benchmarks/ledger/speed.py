"""Registrations end to end, durable: group commit beside one entry a transaction, in the same run.

    python benchmarks/ledger/speed.py [ENTRIES] [--postgresql URL]

Every row registers statements that clients signed before: parsed, verified, stored, sequenced, signed with both keys,
published and answered. "verified before" leaves out reading and verifying, which a front process can do. Two columns:
by the clock, and by the CPU seconds of this process; on a busy machine read the second. Then answers under steady load,
proofs at a million entries, receipts.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import statistics
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from provenance.accounts import accounts
from provenance.application import Application
from provenance.config import Settings
from provenance.ledger import tile_store
from provenance.tlog import envelope, keys, merkle, proof, receipt, statement, tiles, verify
from provenance.tlog.checkpoint import Checkpoint
from provenance.tlog.encoding import b64
from provenance.tlog.signed_checkpoint import LogKeys, sign_checkpoint
from provenance.works.submissions import SignedStatement, Submitted

ORIGIN = "log.bench.example/sourcemark"
KEY = keys.new_signing_key()
ROUND = 4096


def registration(after: envelope.After) -> bytes:
    made = statement.sealed_registration(
        ORIGIN,
        digest=os.urandom(32),
        commitments={"seal": statement.commit(bytes(32), {"salt": ""})},
        after=after,
    )
    return statement.sign(made, KEY)


def registrations(application: Application, count: int) -> list[bytes]:
    after = application.log.head()
    return [registration(after) for _ in range(count)]


def end_to_end(application: Application, leaves: Sequence[bytes]) -> None:
    account = accounts.local(application.db)
    done = application.submissions.submit_all(account, [SignedStatement(leaf=b64(leaf)) for leaf in leaves])
    assert all(isinstance(each, Submitted) for each in done)


def ledger_only(application: Application, leaves: Sequence[bytes]) -> None:
    """The log alone: no works beside the entries."""
    with application.db.write() as connection:
        application.log.submit(connection, leaves)
    assert len(application.log.commit([merkle.leaf_hash(leaf) for leaf in leaves])) == len(leaves)


def rates(
    application: Application,
    act: Callable[[Application, Sequence[bytes]], None],
    count: int,
    group: int,
    *,
    before: bool,
):
    """Entries a second, by the clock and by the CPU, in groups of a size."""
    leaves = registrations(application, count)
    wall = used = 0.0
    for first in range(0, count, group):
        now = leaves[first : first + group]
        if before:
            application.log.verify(now)
        started, cpu = time.perf_counter(), time.process_time()
        act(application, now)
        wall, used = wall + time.perf_counter() - started, used + time.process_time() - cpu
    return count / wall, count / used


def throughput(application: Application, count: int) -> None:
    print(f"{'registrations':<44}{'entries/s':>11}{'x':>7}{'a CPU second':>14}{'x':>7}")
    for name, act, before in (
        ("end to end", end_to_end, False),
        ("log only", ledger_only, False),
        ("log only, verified before", ledger_only, True),
    ):
        single = rates(application, act, max(64, count // 128), 1, before=before)
        many = rates(application, act, count, ROUND, before=before)
        print(f"{name + ', one entry a transaction':<44}{single[0]:>11,.0f}{'':>7}{single[1]:>14,.0f}")
        print(
            f"{name + f', groups of {ROUND}':<44}{many[0]:>11,.0f}{many[0] / single[0]:>7.0f}{many[1]:>14,.0f}"
            f"{many[1] / single[1]:>7.0f}"
        )


def steady_load(application: Application, clients: int = 8, seconds: float = 20) -> None:
    """Clients that each send one statement, wait for the receipt's place, and send the next."""
    account = accounts.local(application.db)
    after, took, end = application.log.head(), [], time.monotonic() + seconds

    def client() -> None:
        while time.monotonic() < end:
            leaf = registration(after)
            started = time.perf_counter()
            application.submissions.submit(account, SignedStatement(leaf=b64(leaf)))
            took.append(time.perf_counter() - started)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took.sort()
    print(
        f"{clients} clients, one statement each at a time: {len(took) / seconds:.0f}/s, answered in "
        f"{1000 * statistics.median(took):.0f} ms, p99 {1000 * took[int(len(took) * 0.99)]:.0f} ms (<= 2,000)"
    )


def proofs(folder: Path, count: int = 1_000_000) -> None:
    """Inclusion proofs out of the tiles of a large log; its entries are few distinct bytes, its hashes are not."""
    hashes = [hashlib.sha256(b"%d" % number).digest() for number in range(count)]
    log_keys = LogKeys(ORIGIN, Ed25519PrivateKey.generate(), MLDSA44PrivateKey.generate())
    rows, level = hashes, 0
    while rows:
        for number in range((len(rows) + tiles.WIDTH - 1) // tiles.WIDTH):
            part = rows[number * tiles.WIDTH : (number + 1) * tiles.WIDTH]
            path = folder / tiles.tile_path(level, number, len(part))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"".join(part))
        whole = len(rows) // tiles.WIDTH
        rows = [merkle.perfect_root(b"".join(rows[n * tiles.WIDTH : (n + 1) * tiles.WIDTH])) for n in range(whole)]
        level += 1
    root = merkle.root_of(hashes)
    signed = sign_checkpoint(Checkpoint(ORIGIN, count, root), log_keys, int(time.time()))
    took = []
    for number in range(2000):
        index = int.from_bytes(hashlib.sha256(b"at %d" % number).digest()[:8], "big") % count
        started = time.perf_counter()
        nodes = tiles.TileReader(tile_store.fetch_from(folder), count)  # as the service does it: a new one for each
        path_ = merkle.inclusion_proof(nodes, index, count)
        took.append(time.perf_counter() - started)
        merkle.verify_inclusion(index, count, hashes[index], path_, root)
    took.sort()
    print(
        f"inclusion proof at {count:,} entries: p50 {1000 * took[1000]:.2f} ms (<= 1), p99 {1000 * took[1980]:.2f} ms, "
        f"{len(proof.format_proof(index, path_, signed)):,} bytes with its checkpoint"
    )


def receipts(application: Application) -> None:
    """Verification of a receipt, and how large its entry and proof are by the log's size."""
    log, index = application.log, application.log.head()[0] - 1
    with application.db.read() as connection:
        leaves = [
            bytes(connection.exec_driver_sql(f"SELECT leaf FROM entries WHERE idx = {at}").scalar_one())
            for at in (index, 0)
        ]
    files = receipt.build(
        leaf=leaves[0],
        proof=log.reader.proof(index),
        enrolments=[(leaves[1], log.reader.proof(0))],
        opening={},
        policy=log.policy(),
        origin=ORIGIN,
        index=index,
    )
    took = []
    policy, cpu = log.policy(), time.process_time()
    for _ in range(200):
        started = time.perf_counter()
        assert verify.verify_receipt(files, policy).ok
        took.append(time.perf_counter() - started)
    cpu = (time.process_time() - cpu) / len(took)
    print(f"receipt verified in {1000 * statistics.median(took):.2f} ms, {1000 * cpu:.2f} of CPU (<= 3)")
    receipt_sizes(files[receipt.ENTRY], log.reader.checkpoint().raw)


def receipt_sizes(entry: bytes, checkpoint: bytes) -> None:
    """Bytes of an entry and its proof, in a log of each size, at the longest path; as text and as a zip holds them."""
    heads = "".join(f"{head:>10}" for head in ("entry", "path", "classical", "zipped", "ML-DSA-44", "zipped"))
    print(f"{'receipt, bytes (<= 1,500; ML-DSA <= 5,000)':<44}{heads}")
    lines = checkpoint.splitlines(keepends=True)
    for size in (1, 512, 65_536, 1_000_000):
        lines[1] = b"%d\n" % size
        path = [os.urandom(32) for _ in range((size - 1).bit_length())]
        cells = []
        for wanted in ([line for line in lines if len(line) < 1000], lines):
            proven = proof.format_proof(size - 1, path, b"".join(wanted))
            cells.append(len(entry) + len(proven))
            cells.append(sum(len(zlib.compress(each, wbits=-15)) for each in (entry, proven)))
        row = "".join(f"{cell:>10,}" for cell in (len(entry), 45 * len(path), *cells))
        print(f"{f'at {size:,} entries':<44}{row}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("entries", nargs="?", type=int, default=16_384)
    parser.add_argument("--postgresql", help="URL of an empty database, instead of SQLite")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        settings = Settings(home=Path(place) / "home", database_url=options.postgresql, workers=1, origin=ORIGIN)
        with Application(settings) as application:
            enrolled = statement.key_enrol(
                ORIGIN, public_key=KEY.public, custody="producer", after=application.log.head()
            )
            end_to_end(application, [statement.sign(enrolled, KEY)])
            print(f"{settings.url.split(':')[0]}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
            throughput(application, options.entries)
            steady_load(application)
            receipts(application)
        proofs(Path(place) / "large")


if __name__ == "__main__":
    main()
