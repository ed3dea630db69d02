"""Memory of a log by its size: peak of a process of its own for each kind of work, at 10,000, 100,000 and 1,000,000.

    python benchmarks/ledger/memory.py [SIZES...]

The entries are client-signed sealed registrations; an audit and a fsck check every hash, signature and rule. Times are
by the CPU of the process and its children.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from provenance.accounts import accounts
from provenance.application import Application
from provenance.auditing import fsck
from provenance.auditing.report import audit_report
from provenance.config import Settings
from provenance.tlog import keys, merkle, proof, statement
from provenance.tlog.encoding import b64
from provenance.tlog.key_directory import published_entries
from provenance.works.submissions import SignedStatement

ORIGIN = "log.bench.example/sourcemark"
GROUP = 4096
COMMITMENTS = {"seal": statement.commit(bytes(32), {"salt": ""})}


def opened(home: Path) -> Application:
    return Application(Settings(home=home, workers=1, origin=ORIGIN))


def sequence(home: Path, size: int) -> None:
    """From an empty log: verified, queued, given indexes, signed, published."""
    key = keys.new_signing_key()
    with opened(home) as application:
        log = application.log
        made = statement.key_enrol(ORIGIN, public_key=key.public, custody="producer", after=log.head())
        enrolment = SignedStatement(leaf=b64(statement.sign(made, key)))
        application.submissions.submit(accounts.local(application.db), enrolment)
        while (done := log.head()[0]) < size:
            after = log.head()
            leaves = [
                statement.sign(
                    statement.sealed_registration(ORIGIN, digest=os.urandom(32), commitments=COMMITMENTS, after=after),
                    key,
                )
                for _ in range(min(GROUP, size - done))
            ]
            with application.db.write() as connection:
                log.submit(connection, leaves)
            log.commit([merkle.leaf_hash(leaf) for leaf in leaves])


def prove(home: Path, size: int) -> None:
    """A thousand inclusion and consistency proofs."""
    with opened(home) as application:
        published, head = application.log.reader, application.log.head()
        entry = published_entries(published.tile, size)
        for number in range(1000):
            index = number * 7919 % size
            found = proof.parse_proof(published.proof(index))
            merkle.verify_inclusion(
                index,
                size,
                merkle.leaf_hash(entry(index)),
                found.hashes,
                head[1],
            )
            published.consistency(index + 1)


def export(home: Path, size: int) -> None:
    with opened(home) as application:
        assert application.log.export(home.parent / "export") == size


def audit(home: Path, size: int) -> None:
    report = audit_report(str(home.parent / "export"), policy=(home / "log" / "policy").read_bytes(), processes=1)
    assert (report["size"], report["problems"]) == (size, []), report


def check(home: Path, size: int) -> None:
    with opened(home) as application:
        report = fsck.check(application.db, application.log)
    assert (report["size"], report["problems"]) == (size, []), report


def nothing(home: Path, size: int) -> None:
    """What opening it takes."""
    with opened(home) as application:
        assert application.log.head()[0] == size


STEPS: dict[str, Callable[[Path, int], None]] = {
    "sequence": sequence,
    "open": nothing,
    "prove": prove,
    "export": export,
    "audit": audit,
    "fsck": check,
}


def measured(step: str, home: Path, size: int) -> None:
    STEPS[step](home, size)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"mib": used.ru_maxrss / 1024, "seconds": used.ru_utime + used.ru_stime}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sizes", nargs="*", type=int, default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--step", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        measured(options.step[0], Path(options.step[1]), options.sizes[0])
        return
    print(f"{'entries':>10}" + "".join(f"{step:>18}" for step in STEPS) + "   peak MiB (entries a CPU second)")
    for size in options.sizes:
        with tempfile.TemporaryDirectory() as place:
            print(f"{size:>10,}", end="", flush=True)
            for step in STEPS:
                command = [sys.executable, __file__, str(size), "--step", step, str(Path(place) / "home")]
                done = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
                cell = f"{done['mib']:.0f} ({size / done['seconds']:,.0f})"
                print(f"{cell:>18}", end="", flush=True)
            print()


if __name__ == "__main__":
    main()
