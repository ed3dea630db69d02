"""What scanning a post as one thing takes: against its parts one by one, and over HTTP against the engine in process.

    python benchmarks/posts/speed.py [--rounds 8]

A post is a text of 3,000 characters and ten pictures 1,200 pixels wide; three of them are registered. Each round
measures the same post three times, one after the other: part by part in process, as one post in process, and as one
post sent to a service of its own process over the loopback interface; a ratio is one round's.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import httpx

from benchmarks.common.measuring import ratios, timed
from benchmarks.image import drawn
from benchmarks.service.load import service
from benchmarks.text import generate
from fingerprints.source import Source
from provenance.accounts import accounts
from provenance.application import Application
from provenance.config import Settings
from provenance.scans import posts
from provenance.schemas import NewPost, ScanItem, ScanResult

PICTURES, REGISTERED, WIDTH, CHARACTERS = 10, 3, 1200, 3000
_UNKNOWN = 20_000  # numbers from here on are nobody's works


def made(round_: int, folder: Path) -> tuple[str, list[tuple[str, bytes]]]:
    """The text and the pictures of a round's post."""
    (text,) = generate.works([_UNKNOWN + round_], characters=CHARACTERS)
    files = []
    for n in range(PICTURES):
        number = PICTURES * round_ + n
        image = drawn.work(number % 90 if n < REGISTERED else _UNKNOWN + number)
        path = folder / "picture.jpg"
        image.resize((WIDTH, WIDTH * image.height // image.width)).convert("RGB").save(path, quality=85)
        files.append((f"{n}.jpg", path.read_bytes()))
    return text, files


class Engine:
    """The scanner in this process."""

    def __init__(self, application: Application) -> None:
        self._scanner = application.scanner
        self._account = accounts.local(application.db)

    def parts(self, text: str, files: Sequence[tuple[str, bytes]]) -> None:
        """One scan after the other, each a call and a transaction of its own."""
        for source in (Source.text(text), *(Source.blob(data) for _, data in files)):
            self._scan(posts.Upload(ScanItem(), source))

    def post(self, text: str, files: Sequence[tuple[str, bytes]]) -> None:
        sent = [(name, Source.blob(data)) for name, data in files]
        result = self._scan(posts.of_post(NewPost(text=text), sent))
        assert len(result.parts or ()) == PICTURES + 1

    def _scan(self, upload: posts.Upload) -> ScanResult:
        return next(self._scanner.scan(self._account, [upload]))


def send(http: httpx.Client, text: str, files: Sequence[tuple[str, bytes]]) -> None:
    parts = [("file", file) for file in files]
    http.post("/v1/posts", data={"metadata": json.dumps({"text": text})}, files=parts).raise_for_status()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=8)
    rounds = parser.parse_args().rounds
    one_by_one, together, sent = [], [], []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with (
            service(folder) as of,
            Application(Settings(home=folder / "home")) as application,
            httpx.Client(base_url=of.address, headers={"Authorization": f"Bearer {of.key}"}, timeout=600) as http,
        ):
            engine = Engine(application)
            for round_ in range(rounds + 1):
                post = made(round_, folder)
                figures = timed(engine.parts, *post), timed(engine.post, *post), timed(send, http, *post)
                if round_:  # the first one starts the workers
                    for kept, seconds in zip((one_by_one, together, sent), figures, strict=True):
                        kept.append(seconds)
    cores = len(os.sched_getaffinity(0))
    print(f"{rounds} posts of {CHARACTERS} characters and {PICTURES} pictures, {cores} cores; medians of ratios")
    for what, above, below in (
        ("as one post / part by part", together, one_by_one),
        ("over HTTP / in process", sent, together),
    ):
        middle, least, most = ratios(above, below)
        print(f"{what}: {middle:.2f} ({least:.2f} to {most:.2f})")
    print(f"as one post: {sorted(together)[len(together) // 2] * 1000:.0f} ms")


if __name__ == "__main__":
    main()
