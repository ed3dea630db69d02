"""fsck over a log of text registrations: entries a second, the first time and with an earlier checkpoint.

    python benchmarks/ledger/fsck.py [ENTRIES] [--home FOLDER] [--processes N]

The works are drafts of one text under digests of their own, entered, sequenced and published as the product does it, in
groups of 4,096, so every row is there that a registration has. With --home the installation is kept and used again. Two
columns: by the clock, and by the CPU seconds of all processes; on a busy machine read the second.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.common.measuring import cpu
from fingerprints.source import Source
from provenance.accounts import accounts
from provenance.application import Application
from provenance.auditing import fsck
from provenance.config import Settings
from provenance.schemas import RegistrationItem
from provenance.tlog import statement
from provenance.works import drafts

ORIGIN = "log.bench.example/sourcemark"
GROUP = 4096
TEXT = "The ferry to the salt islands leaves at ten past six, when the harbour is still the colour of slate. " * 6


def fill(application: Application, count: int) -> None:
    """Register until the log has so many entries."""
    account, log = accounts.local(application.db), application.log
    signer = application.signing_keys.ensure_signer(account)
    source = Source.blob(TEXT.encode())
    whole = application.examiner.examine(source)
    while (size := log.head()[0]) < count:
        after, made = log.head(), []
        for number in range(size, min(size + GROUP, count)):
            item = RegistrationItem(title=f"The Salt Ferry {number}", owner="Marta Salt", licence="CC-BY-4.0")
            fingerprint = dataclasses.replace(whole.fingerprint, digest=os.urandom(32))
            examined = dataclasses.replace(whole, fingerprint=fingerprint)
            draft = drafts.draft_open(application.db, account, item, source, examined, len(TEXT))
            draft.set_leaf(statement.sign(draft.compose(ORIGIN, after), signer))
            made.append(draft)
        application.registrar.enter(account, made)
        log.commit([draft.leaf_hash for draft in made])
        print(f"\r{log.head()[0]:,} of {count:,} entries", end="", flush=True)
    print()


def measured(name: str, count: int, act: Callable[[], fsck.FsckReport]) -> fsck.FsckReport:
    wall, used = time.perf_counter(), cpu()
    report = act()
    wall, used = time.perf_counter() - wall, cpu() - used
    assert report["problems"] == [], report["problems"][:5]
    print(f"{name:<34}{wall:>8,.1f} s{count / wall:>12,.0f}{count / used:>14,.0f}{report['processes']:>11}")
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("entries", nargs="?", type=int, default=300_000)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--processes", type=int)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        settings = Settings(home=options.home or Path(place), workers=1, origin=ORIGIN)
        with Application(settings) as application:
            fill(application, options.entries)

            def check(since: bytes | None = None) -> fsck.FsckReport:
                return fsck.check(application.db, application.log, since=since, processes=options.processes)

            count = application.log.head()[0]
            print(f"{'fsck':<34}{'':>10}{'entries/s':>12}{'a CPU second':>14}{'processes':>11}")
            first = measured("everything", count, check)
            assert first["checkpoint"] is not None
            kept = first["checkpoint"].encode()
            measured("--since: signatures known", count, lambda: check(kept))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"peak of the first process {peak:.0f} MiB")


if __name__ == "__main__":
    main()
