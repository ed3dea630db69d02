"""The engine of one process without ledger and decoder processes: fingerprints in SQLite, the index over them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from fingerprints import registry
from fingerprints.index.interface import Change
from fingerprints.index.memory import MemoryIndex
from fingerprints.model import Fingerprint, Match

GROUP = 128  # works that share a transaction, as SOURCEMARK_BATCH_SIZE has it
T = TypeVar("T")
_ONE_ACCOUNT: Mapping[int, int] = MappingProxyType({})


class Engine:
    """Works by number, ascending from 1.

    Args:
        of_work, of_upload: make the fingerprint of a file's bytes.
        store: an SQLite file.
    """

    def __init__(
        self,
        of_work: Callable[[bytes], Fingerprint],
        of_upload: Callable[[bytes], Fingerprint],
        store: str | Path = ":memory:",
    ) -> None:
        self.of_work, self.of_upload = of_work, of_upload
        self.store = sqlite3.connect(store)
        self.store.execute("PRAGMA journal_mode = WAL")
        self.store.execute("CREATE TABLE IF NOT EXISTS fingerprint (work INTEGER PRIMARY KEY, data BLOB, detail BLOB)")
        self.index = MemoryIndex()

    def register(self, works: Iterable[tuple[int, bytes]], accounts: Mapping[int, int] = _ONE_ACCOUNT) -> None:
        """Decode, fingerprint, keep, index.

        Args:
            accounts: who registers each work; of works that are not named one and the same.
        """
        self.add(((number, self.of_work(data)) for number, data in works), accounts)

    def add(self, works: Iterable[tuple[int, Fingerprint]], accounts: Mapping[int, int] = _ONE_ACCOUNT) -> None:
        """Keep and index fingerprints."""
        for group in _groups(works):
            with self.store:
                rows = ((n, f.index_bytes(), f.detail_bytes()) for n, f in group)
                self.store.executemany("INSERT INTO fingerprint VALUES (?, ?, ?)", rows)
            self.index.apply([Change(n, n, f, accounts.get(n, 0)) for n, f in group])

    def query(self, data: bytes) -> list[tuple[int, Match]]:
        """The works that an upload reuses, with the verified evidence, surest first."""
        upload = self.of_upload(data)
        view = self.index.view(upload.algorithm)
        candidates = registry.propose(upload, view)
        found = registry.decide(upload, candidates, self._load(candidates.works), view)
        return sorted(found.matches.items(), key=lambda f: -f[1].score)

    def _load(self, numbers: Sequence[int]) -> dict[int, Fingerprint]:
        """As the service reads candidates: one statement, the order asked for."""
        marks = ",".join("?" * len(numbers))
        rows = self.store.execute(f"SELECT work, data, detail FROM fingerprint WHERE work IN ({marks})", numbers)
        found = {work: Fingerprint.from_bytes(data, detail) for work, data, detail in rows}
        return {n: found[n] for n in numbers if n in found}

    def load(self) -> int:
        """What a restart does: the index again from what was kept; returns the number of works."""
        self.index = MemoryIndex()
        rows = self.store.execute("SELECT work, data FROM fingerprint ORDER BY work")
        while page := rows.fetchmany(16_384):
            self.index.apply([Change(n, n, Fingerprint.from_bytes(data, b"")) for n, data in page])
        return len(self.index)

    def kept(self) -> Iterator[Fingerprint]:
        """All that is kept, in the order of the works."""
        rows = self.store.execute("SELECT data, detail FROM fingerprint ORDER BY work")
        return (Fingerprint.from_bytes(data, detail) for data, detail in rows)

    def close(self) -> None:
        self.store.close()


def _groups(of: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(of)
    while group := list(islice(iterator, GROUP)):
        yield group
