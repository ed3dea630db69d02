"""How a service bears load: 10 and 100 clients at once with mixed posts, and others beside something very large.

    python benchmarks/service/load.py [--seconds 20] [--clients 10 100]

A service of its own, on this machine, with works registered; its clients are one other process. Every client sends one
post after the other: a text, a picture, or an article with two pictures, a third of each with something registered in
it. What is refused with 503 or 429 is sent again after its Retry-After; anything else but an answer is an error. Times
are those of requests that were answered. ``/healthz`` is asked beside them four times a second. Then ten clients again
with two more that send a picture of 100 megapixels and a text of 8 MiB, one after the other.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from benchmarks.common.installation import COMMAND, cli, write_batch
from benchmarks.image import drawn
from benchmarks.text import generate

TEXTS, PICTURES = 300, 90  # registered
_UNKNOWN = 10_000  # numbers from here on are nobody's works


@dataclass
class Figures:
    """What clients saw."""

    seconds: list[float] = field(default_factory=list)
    health: list[float] = field(default_factory=list)
    refused: int = 0
    errors: Counter[str] = field(default_factory=Counter)

    def quantile(self, share: float) -> float:
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass(frozen=True)
class Service:
    address: str
    key: str
    pid: int

    def peak(self) -> int:
        """MiB of memory, at most, of the service's own process."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) // 1024


@contextmanager
def service(folder: Path) -> Iterator[Service]:
    """A service with works on a free port."""
    home = folder / "home"
    environment = {**os.environ, "SOURCEMARK_HOME": str(home)}
    environment.pop("SOURCEMARK_DATABASE_URL", None)
    works: list[dict[str, Any]] = [
        {"text": text, "title": f"text {n}", "owner": "o"} for n, text in enumerate(generate.works(range(TEXTS)))
    ]
    for n in range(PICTURES):
        path = folder / f"{n}.png"
        drawn.work(n).save(path)
        works.append({"path": str(path), "title": f"picture {n}", "owner": "o"})
    cli(home, "register", "--batch", str(write_batch(folder / "w.jsonl", works)), "--json", output=folder / "out")

    def said(*arguments: str) -> Any:
        done = subprocess.run([*COMMAND, *arguments, "--json"], env=environment, stdout=subprocess.PIPE, check=True)
        return json.loads(done.stdout)

    said("account", "new", "forum", "--kind", "platform")
    key = said("key", "new", "forum")["secret"]
    with (folder / "serve.log").open("w") as log:
        server = subprocess.Popen([*COMMAND, "serve", "--port", "0"], env=environment, stderr=log)
        try:
            while "listens on " not in (told := (folder / "serve.log").read_text()):
                time.sleep(0.1)
            yield Service(told.split("listens on ")[1].split()[0], key, server.pid)
        finally:
            server.terminate()
            server.wait()


# --- what is sent ----------------------------------------------------------------------------------------------------
def _picture(number: int) -> bytes:
    out = io.BytesIO()
    drawn.work(number).resize((1200, 900)).save(out, "JPEG", quality=80)
    return out.getvalue()


def posts() -> list[tuple[str, dict[str, Any]]]:
    """Requests, each as its path and what httpx takes."""
    texts = list(generate.works(range(12), characters=3000)) + list(
        generate.works(range(_UNKNOWN, _UNKNOWN + 24), characters=3000)
    )
    pictures = [_picture(n if n < 12 else _UNKNOWN + n) for n in range(36)]
    out: list[tuple[str, dict[str, Any]]] = []
    for n, (text, picture) in enumerate(zip(texts, pictures, strict=True)):
        other = pictures[(n + 7) % len(pictures)]
        out.append(("/v1/scans", {"json": {"text": text}}))
        out.append(("/v1/scans", {"files": {"file": (f"{n}.jpg", picture)}}))
        files = [("file", (f"{n}-{m}.jpg", data)) for m, data in enumerate((picture, other))]
        out.append(("/v1/posts", {"files": files, "data": {"metadata": json.dumps({"text": text})}}))
    return out


def large() -> list[tuple[str, dict[str, Any]]]:
    out = io.BytesIO()
    Image.effect_noise((1250, 1000), 60).resize((12_500, 8_000)).save(out, "JPEG", quality=85)
    text = "\n\n".join(generate.works(range(_UNKNOWN + 100, _UNKNOWN + 1900)))[: 8 << 20]  # of ASCII letters
    assert text.isascii()
    return [
        ("/v1/scans", {"files": {"file": ("large.jpg", out.getvalue())}}),
        ("/v1/scans", {"files": {"file": ("large.txt", text.encode())}}),
    ]


# --- the clients, in a process of their own --------------------------------------------------------------------------
async def _client(
    http: httpx.AsyncClient, requests: Iterator[tuple[str, dict[str, Any]]], until: float, figures: Figures
) -> None:
    for path, body in requests:
        while time.monotonic() < until:
            started = time.monotonic()
            try:
                answer = await http.post(path, **body)
            except httpx.HTTPError as error:
                figures.errors[type(error).__name__] += 1
                break
            if answer.status_code in (429, 503) and "retry-after" in answer.headers:
                figures.refused += 1
                await asyncio.sleep(float(answer.headers["retry-after"]))
                continue
            if answer.status_code == 200:
                figures.seconds.append(time.monotonic() - started)
            else:
                figures.errors[str(answer.status_code)] += 1
            break
        if time.monotonic() >= until:
            return


async def _health(http: httpx.AsyncClient, until: float, figures: Figures) -> None:
    while time.monotonic() < until:
        started = time.monotonic()
        try:
            (await http.get("/healthz")).raise_for_status()
        except httpx.HTTPError as error:
            figures.errors[f"healthz {type(error).__name__}"] += 1
        figures.health.append(time.monotonic() - started)
        await asyncio.sleep(0.25)


async def _load(of: Service, clients: int, seconds: float, *, beside: bool) -> tuple[Figures, Figures]:
    """What the clients saw, and what those saw who sent the large ones."""
    seen, others = Figures(), Figures()
    all_posts = posts()
    limits = httpx.Limits(max_connections=clients + 8)
    headers = {"Authorization": f"Bearer {of.key}"}
    async with httpx.AsyncClient(base_url=of.address, headers=headers, timeout=600, limits=limits) as http:
        until = time.monotonic() + seconds
        tasks = [
            _client(
                http, itertools.cycle(all_posts[n % len(all_posts) :] + all_posts[: n % len(all_posts)]), until, seen
            )
            for n in range(clients)
        ]
        if beside:
            tasks += [_client(http, itertools.cycle([each]), until, others) for each in large()]
        await asyncio.gather(_health(http, until, seen), *tasks)
    return seen, others


def _step(of: Service, clients: int, seconds: float, *, beside: bool) -> dict[str, Any]:
    arguments = [of.address, of.key, str(of.pid), str(clients), str(seconds), str(int(beside))]
    done = subprocess.run(
        [sys.executable, __file__, "--step", *arguments], check=True, stdout=subprocess.PIPE, text=True
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _as_step(address: str, key: str, pid: str, clients: str, seconds: str, beside: str) -> None:
    of = Service(address, key, int(pid))
    seen, others = asyncio.run(_load(of, int(clients), float(seconds), beside=beside == "1"))
    print(
        json.dumps(
            {
                "answered": len(seen.seconds),
                "p50": seen.quantile(0.5),
                "p99": seen.quantile(0.99),
                "refused": seen.refused,
                "errors": seen.errors,
                "health": max(seen.health),
                "health p50": statistics.median(seen.health),
                "peak": of.peak(),
                "large": len(others.seconds),
                "large refused": others.refused,
                "large errors": others.errors,
            }
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--clients", type=int, nargs="*", default=[10, 100])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, service(Path(folder)) as of:
        _step(of, 4, 5, beside=False)  # warm
        first: dict[str, Any] | None = None
        for clients, beside in [*((n, False) for n in options.clients), (options.clients[0], True)]:
            figures = _step(of, clients, options.seconds, beside=beside)
            first = first or figures
            print(
                f"{clients:4} clients{' and two very large uploads' if beside else ''}: "
                f"{figures['answered'] / options.seconds:.1f} posts/s, p50 {figures['p50']:.2f} s, "
                f"p99 {figures['p99']:.2f} s = {figures['p99'] / first['p50']:.1f}x the first p50, "
                f"{figures['p99'] / first['p99']:.1f}x the first p99; {figures['refused']} refused, "
                f"errors {figures['errors'] or 'none'}; /healthz at most {figures['health'] * 1000:.0f} ms; "
                f"{figures['peak']} MiB at most"
                + (
                    f"; large: {figures['large']} answered, {figures['large refused']} refused, "
                    f"errors {figures['large errors'] or 'none'}"
                    if beside
                    else ""
                ),
                flush=True,
            )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--step"]:
        _as_step(*sys.argv[2:])
    else:
        main()
