"""An index on a Ray cluster of three nodes beside one in a process: the same answers? how much slower? and when a shard
is killed under load?

    python benchmarks/cluster/shards.py --postgresql URL [--cases FOLDER ... [--uploads N]]

Registers the project's own examples, and the works of case sets (see `benchmarks.common.cases`), in an empty database.
Wanted: every answer the same, the median search at most 1.6 times as long, nothing answered wrongly while a shard is
missing, and all whole again within twice what a process and its share of the index take to start.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from benchmarks.cluster.local_nodes import LocalNodes
from benchmarks.common.cases import load
from benchmarks.common.measuring import timed
from fingerprints import registry
from fingerprints.model import Fingerprint
from fingerprints.source import Source
from provenance.accounts import accounts
from provenance.application import Application
from provenance.config import Settings
from provenance.errors import SourcemarkError, Unavailable
from provenance.schemas import RegistrationItem
from provenance.search.follower import Follower, Share
from provenance.search.matching import Search
from provenance.works.registration import RegistrationRequest

SHARDS = 3
LOADERS = 2  # threads that search while a shard is killed
BEFORE_SECONDS, MOST_SECONDS = 3.0, 120.0


def said(search: Search) -> object:
    return [(each.work.work_id, each.match) for each in search.found], search.reason


def works_and_uploads(folders: list[Path], most: int) -> tuple[list[Source], list[Source]]:
    """All works; of each case set at most so many uploads, evenly chosen."""
    works, uploads = [], []
    for medium in ("text", "image"):
        for example in registry.MEDIA[medium].example_works():  # type: ignore[index]
            works.append(Source.blob(example.work))
            uploads += map(Source.blob, (*example.copies.values(), *example.others.values()))
    for folder in folders:
        cases = load(folder)
        works += [Source.file(ref.path) for ref in cases.refs]
        step = -(-len(cases.queries) // most)
        uploads += [Source.file(query.path) for query in cases.queries[::step]]
    return works, uploads


def register(app: Application, works: list[Source]) -> None:
    item = RegistrationItem.model_validate({"owner": "Owner", "title": "Work"})
    requests = (RegistrationRequest(item, work) for work in works)
    done = Counter(result.status for result in app.registrar.register(accounts.local(app.db), requests))
    print(f"works: {done['registered']} registered, {sum(done.values()) - done['registered']} not")


def whole_after(app: Application) -> float:
    start = time.perf_counter()
    while True:
        try:
            app.follower.refresh()
            return time.perf_counter() - start
        except Unavailable:
            time.sleep(0.05)


def compare(one: Application, spread: Application, queries: list[Fingerprint], examined: float) -> list[object]:
    """Every query to both, in turn; returns what is right."""
    right, here, there, different = [], [], [], 0
    for query in queries:
        expected = one.matcher.find(query)
        spread.matcher.find(query)  # both have it in their caches
        here.append(timed(one.matcher.find, query))
        there.append(timed(spread.matcher.find, query))
        right.append(said(expected))
        different += said(spread.matcher.find(query)) != right[-1]
    print(f"answers: {len(queries)} uploads, {different} answered differently")
    p50, far = statistics.median(here), statistics.median(there)
    print(f"a search, median: {1000 * p50:.1f} ms in process, {1000 * far:.1f} ms on three nodes: {far / p50:.2f} x")
    ratio = (far + examined) / (p50 + examined)
    print(f"with reading the upload, {1000 * examined:.1f} ms: {ratio:.2f} x (wanted <= 1.6)")
    return right


def kill_under_load(spread: Application, queries: list[Fingerprint], right: list[object], opening: float) -> None:
    counts: Counter[str] = Counter()
    ended = threading.Event()

    def search(first: int) -> None:
        n = first
        while not ended.is_set():
            place = n % len(queries)
            n += LOADERS
            try:
                same = said(spread.matcher.find(queries[place])) == right[place]
                counts["right" if same else "wrong"] += 1
            except Unavailable:
                counts["refused"] += 1

    threads = [threading.Thread(target=search, args=(n,)) for n in range(LOADERS)]
    for each in threads:
        each.start()
    time.sleep(BEFORE_SECONDS)
    victim = next(part.process for part in spread.follower.parts() if part.shard == 1)
    assert victim is not None
    os.kill(victim, signal.SIGKILL)
    start = time.perf_counter()
    while True:
        part = next(part for part in spread.follower.parts() if part.shard == 1)
        if part.process not in (None, victim):
            break
        time.sleep(0.05)
    whole_after(spread)
    took = time.perf_counter() - start
    time.sleep(1)
    ended.set()
    for each in threads:
        each.join()
    print(f"a shard killed under load: {counts['right']} right, {counts['refused']} refused, {counts['wrong']} wrong")
    print(f"whole again after {took:.1f} s; a process and its share take {opening:.1f} s: {took / opening:.1f} x")


def opening_seconds(app: Application) -> float:
    """To start a process of Ray's with what a shard imports, and to read one shard's share."""
    command = [sys.executable, "-c", "import ray, provenance.search.cluster.shard"]
    started = timed(lambda: subprocess.run(command, check=True))
    return started + timed(Follower(app.db, Share(1, SHARDS)).refresh)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--postgresql", metavar="URL", required=True, help="an empty database")
    parser.add_argument("--cases", type=Path, nargs="*", default=[])
    parser.add_argument("--uploads", type=int, default=10_000, help="of each case set")
    given = parser.parse_args()
    works, uploads = works_and_uploads(given.cases, given.uploads)
    with tempfile.TemporaryDirectory() as home, LocalNodes(3) as nodes:
        common = {"home": Path(home), "database_url": given.postgresql, "workers": 2, "job_threads": 0}
        with (
            Application(Settings.model_validate(common)) as one,
            Application(Settings.model_validate({**common, "index_url": f"ray://{nodes.address}"})) as spread,
        ):
            register(one, works)
            start = time.perf_counter()
            examined = one.examiner.examine_all(uploads, thorough=True)
            each = (time.perf_counter() - start) / max(1, len(uploads))
            queries = [done.fingerprint for done in examined if not isinstance(done, SourcemarkError)]
            print(f"the cluster was whole after {whole_after(spread):.1f} s")
            right = compare(one, spread, queries, each)
            kill_under_load(spread, queries, right, opening_seconds(one))
            spread.follower.stop()


if __name__ == "__main__":
    main()
