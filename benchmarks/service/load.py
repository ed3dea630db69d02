"""How a service bears more than it can do: an open loop of requests, whose answers are checked.

    python benchmarks/service/load.py [--seconds 20] [--workers 1 2] [--database URL]

A service of its own, on this machine, with works registered. Requests come at times of their own (a Poisson process),
whatever was answered before: at a quarter of the capacity, at the capacity, at four times the capacity, and so again
while forty bodies of 20 MB come at once. The capacity is what clients get answered who send one post after the other.
A tenth registers a text; a part of it is scanned as soon as the registration is answered, over a connection of its own.
The others are scans of texts, pictures and articles with two pictures, a third of each a copy of a work.

An answer is wrong when a scan finds a work that is not in it, or does not find the one that is. Refused is what was
answered 503 or 429 with Retry-After; any other answer is an error. Memory is that of the service's own processes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Any

import httpx

from benchmarks.common.installation import COMMAND, cli, write_batch
from benchmarks.common.measuring import children, proportional
from benchmarks.service import traffic
from benchmarks.service.traffic import Asked, Mixture

_PATIENCE = 120.0  # seconds until a client gives up
_LARGE, _SIZE = 40, 20_000_000  # bodies that come at once, and bytes of each


@dataclass
class Figures:
    """What clients saw."""

    seconds: list[float] = field(default_factory=list)  # of what was answered
    large: list[float] = field(default_factory=list)  # of the large bodies that were
    refusals: list[float] = field(default_factory=list)
    health: list[float] = field(default_factory=list)
    metrics: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    found: int = 0
    missed: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    fresh: int = 0
    memory: float = 0.0  # MiB, at most

    def line(self, name: str, seconds: float) -> str:
        wrong = len(self.missed) + len(self.false) + len(self.stale)
        copies = self.found + len(self.missed)
        return (
            f"{name}: {len(self.seconds) / seconds:.1f} answered/s, p50 {quantile(self.seconds, 0.5):.2f} s, "
            f"p99 {quantile(self.seconds, 0.99):.2f} s; {len(self.refusals)} refused within "
            f"{quantile(self.refusals, 0.99) * 1000:.0f} ms; errors {dict(self.errors) or 'none'}; "
            f"{f'{len(self.large)} large answered; ' if self.large else ''}"
            f"{wrong} wrong: recall {self.found}/{copies}, {len(self.false)} false, "
            f"{self.fresh}/{self.fresh + len(self.stale)} found once registered; /healthz "
            f"{quantile(self.health, 0.5) * 1000:.0f} ms, at most {max(self.health) * 1000:.0f} ms, /metrics at most "
            f"{max(self.metrics) * 1000:.0f} ms; {self.memory:.0f} MiB at most"
        )


def quantile(values: list[float], share: float) -> float:
    ordered = sorted(values) or [0.0]
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass(frozen=True)
class Service:
    address: str
    key: str
    pid: int

    def memory(self) -> float:
        """MiB that its own processes hold now, each its share of what they share; decoders apart."""
        total = 0.0
        for process in (self.pid, *children(self.pid)):
            with suppress(OSError):  # it has ended
                if b"sandbox" not in Path(f"/proc/{process}/cmdline").read_bytes():
                    total += proportional(process)
        return total


@contextmanager
def service(folder: Path, workers: int, database: str | None) -> Iterator[Service]:
    """A service with works on a free port."""
    home = folder / "home"
    environment = {**os.environ, "SOURCEMARK_HOME": str(home)}
    environment.pop("SOURCEMARK_DATABASE_URL", None)
    if database is not None:
        environment["SOURCEMARK_DATABASE_URL"] = database
    cli(
        home,
        "register",
        "--batch",
        str(write_batch(folder / "w", traffic.works(folder))),
        "--json",
        output=folder / "out",
    )

    def said(*arguments: str) -> Any:
        done = subprocess.run([*COMMAND, *arguments, "--json"], env=environment, stdout=subprocess.PIPE, check=True)
        return json.loads(done.stdout)

    said("account", "new", "forum", "--kind", "administrator")
    key = said("key", "new", "forum")["secret"]
    arguments = ["serve", "--port", "0", *(["--workers", str(workers)] if workers > 1 else [])]
    with (folder / "serve.log").open("w") as log:
        server = subprocess.Popen([*COMMAND, *arguments], env=environment, stderr=log)
        try:
            while "listens on " not in (told := (folder / "serve.log").read_text()):
                time.sleep(0.1)
            yield Service(told.split("listens on ")[1].split()[0], key, server.pid)
        finally:
            server.terminate()
            server.wait()
            print((folder / "serve.log").read_text(), end="")


# --- the clients -----------------------------------------------------------------------------------------------------
class Clients:
    """Requests to one service, and what became of them."""

    def __init__(self, of: Service) -> None:
        self.of, self.seen = of, Figures()
        self._headers = {"Authorization": f"Bearer {of.key}"}
        self.http = self._connections(400)

    def _connections(self, most: int) -> httpx.AsyncClient:
        limits = httpx.Limits(max_connections=most, max_keepalive_connections=50)
        return httpx.AsyncClient(
            base_url=self.of.address, headers=self._headers, timeout=_PATIENCE, limits=limits, trust_env=False
        )

    async def ask(self, asked: Asked, http: httpx.AsyncClient | None = None) -> httpx.Response | None:
        """The answer, noted and checked; None where the request was refused or failed."""
        started = time.monotonic()
        try:
            answer = await (http or self.http).post(asked.path, **asked.body)
        except httpx.HTTPError as error:
            self.seen.errors[f"{asked.kind} {type(error).__name__}"] += 1
            return None
        seconds = time.monotonic() - started
        if answer.status_code in (429, 503) and "retry-after" in answer.headers:
            self.seen.refusals.append(seconds)
            return None
        if answer.status_code not in (200, 201):
            self.seen.errors[f"{asked.kind} {answer.status_code}"] += 1
            return None
        (self.seen.large if asked.large else self.seen.seconds).append(seconds)
        if asked.kind in ("text", "picture", "article"):
            self._check(asked, answer.json())
        if asked.then is not None:
            await self._is_found(asked.then, answer.json()["work_id"])
        return answer

    def _check(self, asked: Asked, result: dict[str, Any]) -> None:
        titles = {match["title"] for match in result["matches"]}
        if asked.work is not None:
            if asked.work in titles:
                self.seen.found += 1
            else:
                self.seen.missed.append(asked.work)
        if others := titles - {asked.work}:
            self.seen.false.append(f"{sorted(others)} in {asked.kind} of {asked.work}")

    async def _is_found(self, part: Asked, work_id: str) -> None:
        """A work that was answered is found by the next scan, whichever process that reaches."""
        async with self._connections(1) as fresh:
            until = time.monotonic() + _PATIENCE
            while time.monotonic() < until:
                try:
                    answer = await fresh.post(part.path, **part.body)
                except httpx.HTTPError as error:
                    self.seen.errors[f"scan of what is new {type(error).__name__}"] += 1
                    return
                if answer.status_code == 200:
                    found = [match["work_id"] for match in answer.json()["matches"]]
                    if found == [work_id]:
                        self.seen.fresh += 1
                    else:
                        self.seen.stale.append(f"{work_id}: {found}")
                    return
                await asyncio.sleep(float(answer.headers.get("retry-after", 1)))
        self.seen.errors["no answer whether a work is found"] += 1

    async def closed(self, requests: Iterator[Asked], clients: int, seconds: float) -> float:
        """Answers a second to clients who send one request after the other."""
        until = time.monotonic() + seconds

        async def one() -> None:
            while time.monotonic() < until:
                if await self.ask(next(requests)) is None:
                    await asyncio.sleep(0.1)

        await asyncio.gather(*(one() for _ in range(clients)))
        return len(self.seen.seconds) / seconds

    async def open(self, requests: Iterator[Asked], rate: float, seconds: float, *, beside: list[Asked]) -> Figures:
        """Requests that come at ``rate`` a second, and others that come all at once after a quarter of the time."""
        draw, tasks = Random(7), []
        started = due = time.monotonic()
        while due < started + seconds:
            if beside and due > started + seconds / 4:
                others = cycle(beside)
                tasks += [asyncio.create_task(self.ask(next(others))) for _ in range(_LARGE)]
                beside = []
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            tasks.append(asyncio.create_task(self.ask(next(requests))))
            due += draw.expovariate(rate)
        await asyncio.gather(*tasks)
        return self.seen


@contextmanager
def watched(of: Service, seen: Figures) -> Iterator[None]:
    """Note what `_watch` saw while the block ran, in a process of its own: the clients keep theirs busy."""
    command = [sys.executable, __file__, "--watch", of.address, str(of.pid)]
    watching = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert watching.stdout is not None
    assert watching.stdout.readline() == "begun\n"
    yield
    told = json.loads(watching.communicate()[0])
    seen.health, seen.metrics, seen.memory = told["/healthz"], told["/metrics"], told["memory"]
    seen.errors.update(told["errors"])


def _watch(of: Service) -> None:
    """Ask ``/healthz`` and ``/metrics`` and look at the memory four times a second, until the input ends."""
    times: dict[str, list[float]] = {"/healthz": [], "/metrics": []}
    errors: Counter[str] = Counter()
    memory = 0.0
    with httpx.Client(base_url=of.address, timeout=_PATIENCE, trust_env=False) as http:
        print("begun", flush=True)
        while not select.select([sys.stdin], [], [], 0.25)[0]:
            for path, taken in times.items():
                started = time.monotonic()
                try:
                    http.get(path).raise_for_status()
                except httpx.HTTPError as error:
                    errors[f"{path} {type(error).__name__}"] += 1
                taken.append(time.monotonic() - started)
            memory = max(memory, of.memory())
    print(json.dumps({**times, "memory": memory, "errors": errors}))


async def _measured(of: Service, mixture: Mixture, seconds: float) -> None:
    requests = mixture.requests()
    await Clients(of).closed(requests, 4, 3)  # warm
    capacity = await Clients(of).closed(requests, 2 * (os.cpu_count() or 1), seconds / 2)
    print(f"capacity: {capacity:.1f} answered/s", flush=True)
    first: Figures | None = None
    steps = [("1/4 of it", 0.25, False), ("1x", 1.0, False), ("4x", 4.0, False), ("4x and 40 of 20 MB", 4.0, True)]
    for name, times, with_large in steps:
        beside = traffic.large(_SIZE) if with_large else []
        clients = Clients(of)
        with watched(of, clients.seen):
            figures = await clients.open(requests, times * capacity, seconds, beside=beside)
        print(figures.line(name, seconds), flush=True)
        for kind, wrong in (("missed", figures.missed), ("false", figures.false), ("stale", figures.stale)):
            for each in wrong[:5]:
                print(f"    {kind}: {each}")
        first = first or figures
        ratio = quantile(figures.seconds, 0.99) / quantile(first.seconds, 0.99)
        print(f"    p99 {ratio:.1f}x, memory {figures.memory / first.memory:.2f}x of the first", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--database", help="URL of an empty PostgreSQL database; default: SQLite")
    options = parser.parse_args()
    mixture = Mixture(1)
    for workers in options.workers:
        print(f"--- workers: {workers}", flush=True)
        with tempfile.TemporaryDirectory() as folder, service(Path(folder), workers, options.database) as of:
            asyncio.run(_measured(of, mixture, options.seconds))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--watch"]:
        _watch(Service(sys.argv[2], "", int(sys.argv[3])))
    else:
        main()
