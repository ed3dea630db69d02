"""Where an audit takes a log from: bundles of 256 entries, each in the copies that one store or another has of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..errors import VerificationFailed
from ..tlog import tiles
from ..tlog.key_directory import published_entries
from ..tlog.merkle import HASH_SIZE, leaf_hash

_FETCHERS = 8  # threads that read tiles


@dataclass(slots=True)
class Copy:
    """One store's copy of a bundle.

    Attributes:
        place: a published file's path, or what of the database it is.
        hashes: of its entries, one behind the other; empty when they cannot be had.
        entries: their bytes, None for one that is missing; None altogether where there are only hashes.
        problem: why it cannot be had, empty if it can.
    """

    place: str
    hashes: bytes = b""
    entries: Sequence[bytes | None] | None = None
    problem: str = ""


class Source(Protocol):
    """What is audited. Used by one thread; can be handed to another process."""

    def copies(self, first: int, last: int) -> Iterator[list[Copy]]:
        """The copies of each of the bundles [first, last), the one that decides in doubt first."""

    def entry(self, index: int) -> bytes:
        """An entry's bytes, for references to it; raises `VerificationFailed`."""

    def tile(self, level: int, number: int) -> bytes:
        """A published hash tile; raises OSError or `VerificationFailed` where there is none."""


class PublishedLog:
    """A log as its files are published."""

    def __init__(self, fetch: tiles.Fetch, size: int, folder: Path | None = None) -> None:
        """
        Args:
            fetch: reads a tile by its path.
            folder: where the files are, if they are on this machine: tiles nobody asks for are then compared too.
        """
        self.size = size
        self._fetch = fetch
        self._folder = folder

    def entry(self, index: int) -> bytes:
        """See `Source.entry`."""
        return published_entries(self._fetch, self.size)(index)

    def width(self, level: int | str, number: int) -> int:
        """Of a tile in a log of this size; below 1 where there is none."""
        height = 0 if level == "entries" else 8 * int(level)
        return min(tiles.WIDTH, (self.size >> height) - number * tiles.WIDTH)

    def path(self, level: int | str, number: int) -> str:
        return tiles.tile_path(level, number, self.width(level, number))

    def tile(self, level: int, number: int) -> bytes:
        """See `Source.tile`."""
        return self._fetch(self.path(level, number))

    def copies(self, first: int, last: int) -> Iterator[list[Copy]]:
        """See `Source.copies`."""
        if self._folder is not None:  # threads cost more than they save
            yield from map(self.copy, range(first, last))
            return
        with ThreadPoolExecutor(_FETCHERS) as pool:
            yield from pool.map(self.copy, range(first, last))

    def copy(self, number: int, like: Copy | None = None) -> list[Copy]:
        """The published copies of one bundle: entries, hashes, and what else the folder has of both.

        Args:
            like: another store's copy of it; what has the same bytes is not hashed again.
        """
        if self.width("entries", number) < 1:
            return []
        found = [self._read("entries", number, like), self._read(0, number)]
        return [*found, *self._others("entries", number), *self._others(0, number)]

    def _read(self, level: int | str, number: int, like: Copy | None = None) -> Copy:
        path = self.path(level, number)
        try:
            raw = self._fetch(path)
            same = None if like is None else _same(path, raw, like, self.width(level, number))
            return same or read_copy(path, level, raw)
        except (VerificationFailed, OSError) as error:
            return Copy(path, problem=why(error))

    def _others(self, level: int | str, number: int) -> Iterator[Copy]:
        for path, raw in self.other_tiles(level, number):
            try:
                yield read_copy(path, level, raw)
            except VerificationFailed as error:
                yield Copy(path, problem=error.detail)

    def other_tiles(self, level: int | str, number: int) -> Iterator[tuple[str, bytes]]:
        """Older partial tiles that were not removed, and newer ones, for readers who ask for another size."""
        if self._folder is None:
            return
        whole = tiles.tile_path(level, number)
        wanted = self.path(level, number)
        try:
            names = sorted(each.name for each in (self._folder / f"{whole}.p").iterdir())
        except OSError:
            names = []
        for path in (whole, *(f"{whole}.p/{name}" for name in names)):
            if path != wanted and tiles.parse_path(path) is not None:
                try:
                    yield path, (self._folder / path).read_bytes()
                except OSError:
                    continue


def _same(path: str, raw: bytes, like: Copy, width: int) -> Copy | None:
    """The copy that a published bundle is, if its bytes are those of another copy."""
    entries = [entry for entry in (like.entries or ())[:width] if entry is not None]
    if len(entries) != width or tiles.bundle(entries) != raw:
        return None
    return Copy(path, like.hashes[: width * HASH_SIZE], entries)


def read_copy(path: str, level: int | str, raw: bytes) -> Copy:
    """A published file, as long as its path says; raises `VerificationFailed`."""
    place = tiles.parse_path(path)
    assert place is not None
    if level == "entries":
        entries = tiles.split_bundle(raw)
        found = Copy(path, b"".join(map(leaf_hash, entries)), entries)
    else:
        found = Copy(path, raw)
    if len(found.hashes) != place[2] * HASH_SIZE:
        raise VerificationFailed(f"it has {len(found.hashes) // HASH_SIZE} entries, {place[2]} were promised")
    return found


def why(error: Exception) -> str:
    """One line about what went wrong with a file."""
    if isinstance(error, VerificationFailed):
        return error.detail
    return getattr(error, "strerror", None) or str(error)
