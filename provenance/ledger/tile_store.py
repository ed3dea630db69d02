"""The published log on disk: its tiles are written so that a crash at any moment leaves a log that can be read.

Every file is written aside, synchronised and renamed, the checkpoint last: a reader never sees a checkpoint whose tiles
are not there. Partial tiles go when the whole one is there, as c2sp.org/tlog-tiles allows; otherwise a log that
publishes after every entry would keep 128 copies of each.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

from ..errors import VerificationFailed
from ..tlog.merkle import HASH_SIZE, leaf_hash, perfect_root
from ..tlog.tiles import WIDTH, Fetch, bundle, parse_path, partial_tile, tile_path

TEMPORARY_PREFIX = ".new-"  # of the names of files that are not in their place yet
_MAX_UNSYNCHRONISED = 32  # files that are open at a time, to be synchronised together
_FSYNC_THREADS = 8

Leaves = Callable[[int, int], Sequence[bytes]]


class _TileWriter:
    """Writes files aside, synchronises many at once, renames them; folders are synchronised before the checkpoint."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # Written, but not on the disk yet: open file, its name, its place.
        self._waiting: list[tuple[IO[bytes], Path, Path]] = []
        self._touched: set[Path] = set()
        self._whole: list[Path] = []

    def write(self, name: str, data: bytes) -> None:
        path = self.folder / name
        # Beside the tiles, not among them: what a killed process leaves must not look like a tile.
        temporary = self.folder / f"{TEMPORARY_PREFIX}{os.getpid()}-{len(self._waiting)}"
        self._make(path.parent)
        handle = temporary.open("wb")
        self._waiting.append((handle, temporary, path))
        handle.write(data)
        handle.flush()
        if len(self._waiting) == _MAX_UNSYNCHRONISED:
            self._flush()

    def write_changed(self, name: str, data: bytes) -> None:
        """Write a file unless it stands there already."""
        try:
            there = (self.folder / name).read_bytes()
        except FileNotFoundError:
            there = None
        if there != data:
            self.write(name, data)

    def _flush(self) -> None:
        """Put what is written on the disk, then into its place."""
        _synchronised([handle.fileno() for handle, _, _ in self._waiting])
        for handle, temporary, path in self._waiting:
            handle.close()
            temporary.replace(path)
            self._touched.add(path.parent)
        self._waiting.clear()

    def close(self) -> None:
        """Remove what did not get into its place, because something failed."""
        for handle, temporary, _ in self._waiting:
            with contextlib.suppress(OSError):  # the first failure is the one to report
                handle.close()
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
        self._waiting.clear()

    def write_tile(self, level: int | str, number: int, width: int, data: bytes) -> None:
        self.write(tile_path(level, number, width), data)
        if width == WIDTH:
            self._whole.append(self.folder / f"{tile_path(level, number)}.p")

    def _make(self, folder: Path) -> None:
        if not folder.is_dir():
            if folder != self.folder:
                self._make(folder.parent)
            folder.mkdir(parents=True, exist_ok=True)
            self._touched.add(folder.parent)

    def synchronise(self) -> None:
        """When it returns, everything written so far is in its place and on the disk."""
        self._flush()
        descriptors: list[int] = []
        try:
            for folder in self._touched:
                descriptors.append(os.open(folder, os.O_RDONLY))
            _synchronised(descriptors)
        finally:
            for each in descriptors:
                os.close(each)
        self._touched.clear()

    def drop_partial(self) -> None:
        """Remove the partial tiles of those that are whole now; nothing needs them, so nothing can go wrong."""
        for folder in self._whole:
            shutil.rmtree(folder, ignore_errors=True)


def _synchronised(descriptors: Sequence[int]) -> None:
    """An fsync of each, all at once: a disk takes thirty together in the time of two or three one after the other."""
    if len(descriptors) < 2:
        for each in descriptors:
            os.fsync(each)
        return
    with ThreadPoolExecutor(min(_FSYNC_THREADS, len(descriptors))) as pool:
        for _ in pool.map(os.fsync, descriptors):
            pass


def publish(
    folder: Path,
    old_size: int,
    new_size: int,
    leaves: Leaves,
    checkpoint: bytes,
    keys: Mapping[str, bytes] | None = None,
) -> None:
    """Bring a published log from one size to another; doing it again, or after a crash, gives the same files.

    Args:
        leaves: returns the entries [start, stop) in order.
        checkpoint: the signed note of ``new_size``.
        keys: the files that say whose keys sign, by name; before the checkpoint, so that none stands without them.

    Raises:
        OSError: the disk is full or failed; the old checkpoint still stands over its complete tiles.
    """
    with contextlib.closing(_TileWriter(folder)) as writer:
        # Hashes of whole tiles that became complete, by level: each is one hash of the level above.
        carried: list[tuple[int, bytes]] = []
        first = old_size // WIDTH
        for number in range(first, (new_size + WIDTH - 1) // WIDTH):
            stop = min(new_size, (number + 1) * WIDTH)
            entries = leaves(number * WIDTH, stop)
            if len(entries) != stop - number * WIDTH:
                raise VerificationFailed("the database does not have every entry of the log")
            hashes = [leaf_hash(entry) for entry in entries]
            row = b"".join(hashes)
            writer.write_tile("entries", number, len(entries), bundle(entries))
            writer.write_tile(0, number, len(entries), row)
            if len(hashes) == WIDTH:
                carried.append((number, perfect_root(row)))
        _publish_upper(writer, new_size, carried)
        for name, data in (keys or {}).items():
            writer.write_changed(name, data)
        writer.synchronise()
        writer.write("checkpoint", checkpoint)
        writer.synchronise()
        writer.drop_partial()


def _publish_upper(writer: _TileWriter, new_size: int, carried: list[tuple[int, bytes]]) -> None:
    level = 1
    while carried:
        by_tile: dict[int, dict[int, bytes]] = {}
        for index, node in carried:
            by_tile.setdefault(index // WIDTH, {})[index % WIDTH] = node
        width_total = new_size >> (8 * level)
        carried = []
        for number, nodes in sorted(by_tile.items()):
            width = min(WIDTH, width_total - number * WIDTH)
            start = min(nodes)
            before = _read_nodes(writer.folder, level, number, start)
            row = before + b"".join(nodes[i] for i in range(start, width))
            writer.write_tile(level, number, width, row)
            if width == WIDTH:
                carried.append((number, perfect_root(row)))
        level += 1


def _read_nodes(folder: Path, level: int, number: int, count: int) -> bytes:
    """The first hashes of a tile, as an earlier publication wrote them."""
    if count == 0:
        return b""
    for width in range(count, WIDTH + 1):  # usually the first: the partial tile that ended where this run begins
        try:
            raw = (folder / tile_path(level, number, width)).read_bytes()
        except FileNotFoundError:
            continue
        if len(raw) == width * HASH_SIZE:
            return raw[: count * HASH_SIZE]
    raise VerificationFailed(f"a published tile of level {level} is missing: run `sourcemark ledger rebuild`")


def fetch_from(folder: Path) -> Fetch:
    """Reads published files; a full tile stands in for a partial one that was removed."""

    def fetch(path: str) -> bytes:
        place = parse_path(path)
        if place is None:
            raise VerificationFailed(f"{path!r:.80} is not a tile's path")
        level, _, width = place
        try:
            return (folder / path).read_bytes()
        except FileNotFoundError:
            if width == WIDTH:
                raise
            return partial_tile(level, (folder / path.partition(".p/")[0]).read_bytes(), width)

    return fetch
