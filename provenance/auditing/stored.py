"""The log as its own database has it, beside what is published: chunks for `fsck`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ..database.engine import Database
from ..database.tables import checkpoints, entries
from ..errors import SourcemarkError, VerificationFailed
from ..ledger import tile_store
from ..tlog import note, tiles
from ..tlog.checkpoint import Checkpoint, parse_checkpoint
from ..tlog.merkle import HASH_SIZE, leaf_hash, perfect_root
from ..tlog.signed_checkpoint import OpenedCheckpoint, open_checkpoint
from .bundle_tree import BundleTree
from .chunk import ChunkAuditor, Extent, News, Placed, ReplayedChunk
from .rows import check_rows
from .source import Copy, PublishedLog

_PAGE = 1024  # checkpoints read at a time

Changes = Sequence[tuple[int, list[str], list[str]]]  # of the log's own keys: index, keys before, keys after


class StoredLog:
    """The entries of a database, and the published copies of them. Implements `source.Source`.

    Handed to another process it opens a connection of its own there.
    """

    def __init__(self, db: Database, timeout_seconds: int, size: int, folder: Path, published: int) -> None:
        """
        Args:
            size: how many entries of the database count.
            folder: where the log is published.
            published: how many entries there are expected to be.
        """
        self.db = db
        self.size = size
        self._timeout_seconds = timeout_seconds
        self._folder = folder
        self._published = published
        self.published = PublishedLog(tile_store.fetch_from(folder), published, folder)

    def __getstate__(self) -> tuple[Any, ...]:
        url = self.db.url.render_as_string(hide_password=False)
        return url, self._timeout_seconds, self.size, self._folder, self._published

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        url, timeout_seconds, *rest = state
        self.__init__(Database(url, timeout_seconds), timeout_seconds, *rest)  # type: ignore[misc]

    def copies(self, first: int, last: int) -> Iterator[list[Copy]]:
        """See `Source.copies`: the database's entries, its hashes of them, and the published files."""
        start, stop = first * tiles.WIDTH, min(last * tiles.WIDTH, self.size)
        query = sa.select(entries.c.idx, entries.c.leaf, entries.c.leaf_hash)
        with self.db.read() as connection:
            rows = connection.execute(query.where(entries.c.idx >= start, entries.c.idx < stop)).all()
        leaves: list[bytes | None] = [None] * (stop - start)
        hashes = [bytes(HASH_SIZE)] * (stop - start)
        for idx, leaf, hashed in rows:
            leaves[idx - start], hashes[idx - start] = leaf, hashed[:HASH_SIZE].ljust(HASH_SIZE)
        for number in range(first, last):
            at = number * tiles.WIDTH - start
            mine = leaves[at : at + tiles.WIDTH]
            said = Copy("the database (its hash)", b"".join(hashes[at : at + tiles.WIDTH]))
            fresh = b"".join([bytes(HASH_SIZE) if leaf is None else leaf_hash(leaf) for leaf in mine])
            own = Copy("the database", fresh, mine)
            yield [own, said, *self.published.copy(number, own)]

    def entry(self, index: int) -> bytes:
        """See `Source.entry`."""
        with self.db.read() as connection:
            raw = connection.execute(sa.select(entries.c.leaf).where(entries.c.idx == index)).scalar()
        if raw is None:
            raise VerificationFailed(f"entry {index}, which it names, is missing")
        return bytes(raw)

    def tile(self, level: int, number: int) -> bytes:
        """See `Source.tile`."""
        return self.published.tile(level, number)


def known_roots(stored: StoredLog, earlier: Checkpoint) -> bytes:
    """The roots of the whole bundles that an earlier checkpoint covers, one behind the other; empty for another log's.

    The published tiles have them, and the database's hashes where a tile is damaged: either, when they give its root.
    """
    for rows in (_published_rows, _database_rows):
        roots, rest = [], b""
        try:
            for row in rows(stored, earlier.size):
                if len(row) == tiles.WIDTH * HASH_SIZE:
                    roots.append(perfect_root(row))
                else:
                    rest = row
        except (VerificationFailed, OSError):
            continue
        tree = BundleTree(lambda _, rest=rest: rest)  # type: ignore[misc]
        tree.extend(b"".join(roots))
        if len(roots) == earlier.size // tiles.WIDTH and tree.root(earlier.size) == earlier.root:
            return b"".join(roots)
    return b""


def _published_rows(stored: StoredLog, size: int) -> Iterator[bytes]:
    for number in range(-(-size // tiles.WIDTH)):
        yield stored.tile(0, number)[: (size - number * tiles.WIDTH) * HASH_SIZE]


def _database_rows(stored: StoredLog, size: int) -> Iterator[bytes]:
    for start in range(0, size, tiles.WIDTH):
        some = entries.c.idx.between(start, min(start + tiles.WIDTH, size) - 1)
        with stored.db.read() as connection:
            hashes = connection.execute(sa.select(entries.c.leaf_hash).where(some).order_by(entries.c.idx)).scalars()
            yield b"".join(hashes)


class StoredChunkAuditor(ChunkAuditor):
    """Hashes chunks of a database, replays the rules over them, and compares all rows that stand for their entries."""

    def __init__(self, source: StoredLog, extent: Extent) -> None:
        super().__init__(source, extent)
        self._db = source.db

    def _replay(self, news: News) -> ReplayedChunk:
        out = super()._replay(news)
        with self._db.read() as connection:
            for run in _contiguous(self._placed):
                out.problems += check_rows(connection, run)
            start = self._first * tiles.WIDTH
            end = min(start + self._extent.bundles * tiles.WIDTH, self._extent.size)
            sizes = checkpoints.c.size.between(start + 1, end)
            query = sa.select(checkpoints.c.size, checkpoints.c.root).where(sizes).order_by(checkpoints.c.size)
            for size, root in connection.execute(query):
                if not self._was(size, root):
                    out.unseen.append(f"the entries up to {size} are not those of the checkpoint signed at that size")
        return out

    def signatures(self, first: int, last: int, known: int, changes: Changes, current: list[str]) -> list[str]:
        """Check the stored checkpoints of the sizes [first, last): one line for each that does not hold.

        Args:
            known: those of smaller sizes were checked before, and need only speak of the size and root they stand at.
            changes: the entries that changed the log's own keys.
            current: the keys in force now.
        """
        found, after = [], first - 1
        while True:
            query = sa.select(checkpoints).where(checkpoints.c.size > after, checkpoints.c.size < last)
            with self._db.read() as connection:
                rows = connection.execute(query.order_by(checkpoints.c.size).limit(_PAGE)).all()
            for row in rows:
                try:
                    opened: Checkpoint | OpenedCheckpoint = parse_checkpoint(row.note)
                    if row.size >= known:
                        keys = [note.VKey.parse(key) for key in keys_at(row.size, changes, current)]
                        opened = open_checkpoint(row.note, keys, origin=self._extent.origin)
                    if (opened.size, opened.root) != (row.size, row.root):
                        found.append(f"the checkpoint stored at size {row.size} speaks of size {opened.size}")
                except SourcemarkError as error:
                    found.append(f"the checkpoint at size {row.size}: {error.detail}")
            if len(rows) < _PAGE:
                return found
            after = rows[-1].size


def keys_at(size: int, changes: Changes, current: list[str]) -> list[str]:
    """The log's verifier keys at a size, after its log-key entries."""
    keys = changes[0][1] if changes else current
    for index, before, after in changes:
        if index < size:
            keys = after or before
    return keys


def _contiguous(placed: Sequence[Placed]) -> Iterator[Sequence[Placed]]:
    """The entries, cut where one is missing between two."""
    begin = 0
    for at in range(1, len(placed) + 1):
        if at == len(placed) or placed[at][0] != placed[at - 1][0] + 1:
            yield placed[begin:at]
            begin = at
