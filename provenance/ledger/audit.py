"""A full audit of a published log from its files alone: what any third party can do.

Entries are read bundle by bundle, one tile of each level is held; what grows with the log is 32 bytes of digest an
entry, to find statements that stand in it twice.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..errors import VerificationFailed
from . import note, statement, tiles
from .directory import KeyDirectory, published_entries
from .tree import Frontier, leaf_hash, perfect_root, range_root


def audit_log(signed: bytes, fetch: tiles.Fetch, log_keys: Sequence[note.VKey]) -> Iterator[str]:
    """Re-hash every entry, every tile and the root; check the checkpoint's signatures and replay the key rules.

    Args:
        signed: the log's checkpoint.
        fetch: reads a published tile by its path; raises OSError or `VerificationFailed` where there is none.
        log_keys: the log's keys; all that bear its name must have signed.

    Yields:
        One line for each thing that is wrong.
    """
    try:
        checkpoint = note.open_checkpoint(signed, log_keys)
    except VerificationFailed as error:
        yield f"checkpoint: {error.detail}"
        return
    directory, earlier = KeyDirectory(checkpoint.origin), published_entries(fetch, checkpoint.size)
    frontier, rows, past = Frontier(), _Rows(fetch), _Past(fetch, checkpoint.size)
    for number in range((checkpoint.size + tiles.WIDTH - 1) // tiles.WIDTH):
        width = min(tiles.WIDTH, checkpoint.size - number * tiles.WIDTH)
        path = tiles.tile_path("entries", number, width)
        try:
            entries = tiles.split_bundle(fetch(path))
            if len(entries) != width:
                raise VerificationFailed(f"it has {len(entries)} entries, {width} were promised")
        except (VerificationFailed, OSError) as error:
            yield f"{path}: {_why(error)}"
            return
        for entry in entries:
            try:
                past.check(directory.replay(frontier.size, entry, earlier))
            except VerificationFailed as error:
                yield f"entry {frontier.size}: {error.detail}"
            digest = leaf_hash(entry)
            frontier.append(digest)
            yield from rows.add(digest)
    yield from rows.finish()
    if frontier.root() != checkpoint.root:
        yield "the entries are not those that the checkpoint signs"


def stray_files(folder: Path, size: int) -> Iterator[str]:
    """Files under ``tile/`` of a published folder that a log of this size does not have.

    Yields:
        One line for each; tiles past the signed size may be entries that are kept from the readers.
    """
    for parent, _, names in os.walk(folder / "tile"):
        for name in sorted(names):
            path = Path(parent, name).relative_to(folder).as_posix()
            place = tiles.parse_path(path)
            if place is None:
                yield f"{path}: is not a tile"
                continue
            level, number, width = place
            if number * tiles.WIDTH + width > size >> (8 * (0 if level == "entries" else int(level))):
                yield f"{path}: lies past the signed size of {size} entries"


class _Rows:
    """Compares the published hash tiles with hashes that come in order; holds one tile of each level."""

    def __init__(self, fetch: tiles.Fetch) -> None:
        self._fetch = fetch
        self._rows: list[list[bytes]] = []
        self._numbers: list[int] = []

    def add(self, node: bytes, level: int = 0) -> Iterator[str]:
        if level == len(self._rows):
            self._rows.append([])
            self._numbers.append(0)
        row = self._rows[level]
        row.append(node)
        if len(row) == tiles.WIDTH:
            yield from self._compare(level)
            above = perfect_root(b"".join(row))
            row.clear()
            self._numbers[level] += 1
            yield from self.add(above, level + 1)

    def finish(self) -> Iterator[str]:
        for level, row in enumerate(self._rows):
            if row:
                yield from self._compare(level)

    def _compare(self, level: int) -> Iterator[str]:
        row = self._rows[level]
        path = tiles.tile_path(level, self._numbers[level], len(row))
        try:
            if self._fetch(path) != b"".join(row):
                yield f"{path}: differs from the entries"
        except (VerificationFailed, OSError) as error:
            yield f"{path}: {_why(error)}"


class _Past:
    """Whether the checkpoints that statements name as seen are ones the log has had."""

    def __init__(self, fetch: tiles.Fetch, size: int) -> None:
        self._nodes = tiles.TileReader(fetch, size)
        self._roots: dict[int, bytes] = {}

    def check(self, leaf: statement.Leaf) -> None:
        size, root = leaf.after
        if size not in self._roots:
            if len(self._roots) >= 4096:
                self._roots.clear()
            try:
                self._roots[size] = range_root(self._nodes, 0, size)
            except (OSError, VerificationFailed):
                return  # a tile that cannot be read is told with the tiles
        if self._roots[size] != root:
            raise VerificationFailed(f"it names as seen a log of {size} entries that never was")


def _why(error: Exception) -> str:
    if isinstance(error, VerificationFailed):
        return error.detail
    return getattr(error, "strerror", None) or str(error)
