"""Registration by two processes of one installation beside one: pictures a second, and CPU a picture.

python benchmarks/works/registration.py [--works N] [--pictures M] [--rounds R] [--postgresql URL]

N mixed pictures (benchmarks/image/mixing.py) are registered first. In each round one process registers M drawn pictures
with the command line's own calls, then two register M others at the same time, each with one decoder process. All have
read the index before the clock runs. Every second picture is a copy of another, which with two processes the other one
registers. Then the claims of all are made again one after the other by one process, and compared.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import sqlalchemy as sa

from benchmarks.common.measuring import children, cpu, parent_and_cpu
from benchmarks.image.drawn import work
from benchmarks.image.mixing import mixed, pool
from fingerprints import image
from fingerprints.image.examples import saved
from fingerprints.model import Examination
from fingerprints.source import Source
from provenance.accounts import accounts
from provenance.application import Application
from provenance.config import Settings
from provenance.database.tables import claims_ahead, competing_claims, log_state
from provenance.schemas import RegistrationItem
from provenance.tlog import statement
from provenance.works import drafts
from provenance.works.registration import RegistrationRequest

DONORS = 40  # drawn works that the mixed ones are made of
FIRST = 10_000  # number of the first picture that is registered against the clock
GROUP = 256


@dataclass(frozen=True, slots=True)
class Installation:
    folder: Path
    url: str | None

    def settings(self) -> Settings:
        return Settings(home=self.folder / "home", database_url=self.url, workers=1, batch_size=32)


def fill(at: Installation, count: int) -> None:
    """Register mixed works; the claims of these are taken for settled, because none has any."""
    donors = pool([image.fingerprint(saved(work(n), "JPEG", quality=85)) for n in range(DONORS)])
    with Application(at.settings()) as app:
        account = accounts.local(app.db)
        signer = app.signing_keys.ensure_signer(account, None)
        numbers = iter(range(1, count + 1))
        while group := list(islice(numbers, GROUP)):
            made = []
            for number in group:
                item, source = RegistrationItem(owner="o", title=f"mixed {number}"), Source.blob(b"")
                examination = Examination(mixed(number, donors), "jpeg")
                draft = drafts.draft_open(app.db, account, item, source, examination, 0)
                draft.set_leaf(statement.sign(draft.compose(app.log.origin, app.log.head()), signer))
                made.append(draft)
            app.registrar.enter(account, made)
            app.log.commit([draft.leaf_hash for draft in made])
        with app.db.write() as connection:
            connection.execute(log_state.update().values(claims_size=log_state.c.size))


# --- a process that registers ----------------------------------------------------------------------------------------
def register(at: Installation, names: list[str]) -> None:
    """Be ready, wait for a line, register, and say how much CPU that took in this process and its decoder."""
    with Application(at.settings()) as app:
        account = accounts.local(app.db)
        requests = [
            RegistrationRequest(RegistrationItem(owner="o", title=name), Source.file(Path(name))) for name in names
        ]
        app.follower.refresh()
        list(app.examiner.examine_all([Source.file(Path(names[0]))]))
        print("ready", flush=True)
        sys.stdin.readline()
        before, started = cpu(resource.RUSAGE_SELF), decoders()
        results = list(app.registrar.register(account, requests))
        took = cpu(resource.RUSAGE_SELF) - before
    took += cpu(resource.RUSAGE_CHILDREN) - started
    assert {result.status for result in results} == {"registered"}, results
    print(json.dumps(took), flush=True)


def decoders() -> float:
    """CPU seconds of the processes that this one has started and that go on: what their start took is not counted."""
    return sum(parent_and_cpu(each)[1] for each in children(os.getpid()))


def timed(at: Installation, batches: list[list[str]]) -> tuple[float, float]:
    """Seconds until the last of the processes is done, and CPU seconds of all."""
    command = [sys.executable, __file__, "--folder", str(at.folder)]
    command += ["--postgresql", at.url] if at.url else []
    # Each a session of its own: on a busy machine Linux shares processors out among sessions, not processes.
    options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "start_new_session": True}
    running = [subprocess.Popen([*command, "--register", *batch], **options) for batch in batches]  # type: ignore[call-overload]
    for each in running:
        assert each.stdout.readline() == "ready\n"
    began = time.perf_counter()
    for each in running:
        each.stdin.write("\n")
        each.stdin.flush()
    used = [json.loads(each.stdout.readline()) for each in running]
    took = time.perf_counter() - began
    for each in running:
        each.communicate()
    return took, sum(used)


# --- the whole -------------------------------------------------------------------------------------------------------
def draw(folder: Path, first: int, count: int) -> list[str]:
    """Files, each the copy of the one before or after it."""
    names = []
    for n in range(first, first + count):
        path = folder / f"{n}.jpg"
        path.write_bytes(saved(work(n // 2), "JPEG", quality=(85, 70)[n % 2]))
        names.append(str(path))
    return names


def claims(app: Application) -> list[tuple[int, int, float]]:
    with app.db.read() as connection:
        assert connection.execute(sa.select(claims_ahead)).all() == []
        state = connection.execute(sa.select(log_state.c.size, log_state.c.claims_size)).one()
        assert state.size == state.claims_size
        columns = (competing_claims.c.work, competing_claims.c.earlier, competing_claims.c.score)
        return [tuple(row) for row in connection.execute(sa.select(*columns).order_by(*columns[:2]))]


def compare(at: Installation, from_index: int) -> int:
    """How many claims there are; all must be found again by one process that compares in the log's order."""
    with Application(at.settings()) as app:
        recorded = claims(app)
        with app.db.write() as connection:
            connection.execute(competing_claims.delete())
            connection.execute(log_state.update().values(claims_size=from_index))
            size = connection.execute(sa.select(log_state.c.size)).scalar_one()
        app.claims.settle(range(from_index, size))
        assert claims(app) == recorded
    return len(recorded)


def run(at: Installation, works: int, pictures: int, rounds: int) -> None:
    fill(at, works)
    with Application(at.settings()) as app:
        filled = app.log.head()[0]
    ratios, costs = [], []
    for turn in range(rounds):
        names = draw(at.folder, FIRST + 2 * turn * pictures, 2 * pictures)
        one, cpu_one = timed(at, [names[:pictures]])
        two, cpu_two = timed(at, [names[pictures::2], names[pictures + 1 :: 2]])
        ratios.append(one / two)
        costs.append(cpu_two / cpu_one)
        print(
            f"one process {pictures / one:6.1f} pictures/s, {1e3 * cpu_one / pictures:6.1f} ms CPU each; "
            f"two {pictures / two:6.1f} pictures/s, {1e3 * cpu_two / pictures:6.1f} ms: {one / two:.2f} times as fast",
            flush=True,
        )
    found = compare(at, filled)
    print(
        f"{'PostgreSQL' if at.url else 'SQLite'}, {works} works: two processes register "
        f"{statistics.median(ratios):.2f} times as fast as one ({min(ratios):.2f} to {max(ratios):.2f}) with "
        f"{statistics.median(costs):.2f} times the CPU; all {found} competing claims as one process finds them",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--works", type=int, default=12_000)
    parser.add_argument("--pictures", type=int, default=192, help="registered by one process, and by two")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--postgresql", metavar="URL", help="an empty database; default: SQLite")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--register", nargs="+", metavar="PICTURE", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.register:
        register(Installation(given.folder, given.postgresql), given.register)
        return
    with tempfile.TemporaryDirectory() as folder:
        run(Installation(Path(folder), given.postgresql), given.works, given.pictures, given.rounds)


if __name__ == "__main__":
    main()
