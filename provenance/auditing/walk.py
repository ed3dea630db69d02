"""Go through a log chunk by chunk, in one process or several, and put together what they find."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..errors import VerificationFailed
from ..tlog import tiles
from ..tlog.merkle import HASH_SIZE
from .bundle_tree import BundleTree
from .chunk import Event, Extent, HashedChunk, News, ReplayedChunk
from .duplicates import DuplicateFinder
from .process_pool import Ask
from .source import PublishedLog, Source, why


class Walk:
    """What an audit knows after some of the chunks, in the order of the log.

    Attributes:
        broken: a bundle cannot be read, so nothing after it can be counted.
        missing: an entry is not where it should be; nothing can be said of rows that stand for it.
        log_keys: the log's own keys by its log-key entries, None if no entry has named any.
        changes: those entries: index, keys before, keys after.
        tree: the hashes of all chunks so far.
    """

    def __init__(self, source: Source, extent: Extent, duplicates: DuplicateFinder) -> None:
        self.broken = self.missing = False
        self.log_keys: list[str] | None = None
        self.changes: list[tuple[int, list[str], list[str]]] = []
        self.tree = BundleTree(self._row)
        self._source = source
        self._extent = extent
        self._duplicates = duplicates
        self._rest = b""  # leaf hashes of the last, partial bundle
        self._unseen: list[str] = []
        self._lost = False  # an entry, which may have enrolled a key

    def chunks(self, ask: Ask, jobs: int) -> Iterator[str]:
        """Have the chunks hashed and replayed, as many at a time as there are processes; ends at one that is broken."""
        starts = [number * self._extent.bundles for number in range(self._extent.chunks)]
        missed = [_Missed() for _ in range(jobs)]
        for at in range(0, len(starts), jobs):
            now = starts[at : at + jobs]
            hashed: list[HashedChunk] = ask("hash", [(number,) for number in now])
            for chunk in hashed:
                yield from chunk.problems
                self.tree.extend(chunk.roots)
                self._rest = chunk.rest
                self._lost |= chunk.lost
                self.missing |= bool(chunk.missing)
                if chunk.broken:
                    self.broken = True
                    return
            if self._extent.rules:
                yield from self._replay(ask, missed, hashed)

    def _replay(self, ask: Ask, missed: Sequence[_Missed], hashed: Sequence[HashedChunk]) -> Iterator[str]:
        for place, behind in enumerate(missed[: len(hashed)]):
            behind.add(hashed[:place])
        for chunk in ask("replay", [(each.news(),) for each in missed[: len(hashed)]]):
            yield from self._add(chunk)
        for place, behind in enumerate(missed):
            behind.add(hashed[place + 1 :] if place < len(hashed) else hashed)

    def _add(self, chunk: ReplayedChunk) -> Iterator[str]:
        yield from chunk.problems
        if not self._lost:
            yield from chunk.unknown
        self._duplicates.add(chunk.digests)
        self._unseen += chunk.unseen
        self.changes += chunk.changes
        self.log_keys = chunk.log_keys

    def root(self) -> bytes:
        """Of all entries."""
        return self.tree.root(self._extent.size)

    def judged(self) -> Iterator[str]:
        """What can be said when all chunks were gone through and have the root that was signed."""
        yield from self._unseen
        yield from self._duplicates.found()

    def _row(self, number: int) -> bytes:
        if number == self._extent.size // tiles.WIDTH:
            return self._rest
        (copies,) = self._source.copies(number, number + 1)
        for copy in copies:
            if len(copy.hashes) == tiles.WIDTH * HASH_SIZE and not copy.problem:
                return copy.hashes
        raise VerificationFailed(f"bundle {number} cannot be read")


class _Missed:
    """What a process has not seen of the log."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._roots = b""

    def add(self, chunks: Sequence[HashedChunk]) -> None:
        for chunk in chunks:
            self._events += chunk.events
            self._roots += chunk.roots

    def news(self) -> News:
        """All of it; from now on it is seen."""
        news = News(self._events, self._roots)
        self._events, self._roots = [], b""
        return news


def upper_tiles(published: PublishedLog, tree: BundleTree) -> Iterator[str]:
    """Compare the published hash tiles above the lowest with what the entries give: one line for each that differs."""
    for level in range(1, 8):
        for number in range((published.size >> (8 * level)) // tiles.WIDTH + 1):
            width = published.width(level, number)
            if width < 1:
                break
            first = number * tiles.WIDTH
            row = b"".join(tree.node(8 * level, first + at) for at in range(width))
            path = published.path(level, number)
            try:
                if published.tile(level, number) != row:
                    yield f"{path}: differs from the entries"
            except (VerificationFailed, OSError) as error:
                yield f"{path}: {why(error)}"
            for other, raw in published.other_tiles(level, number):
                length = min(len(raw), len(row))
                if len(raw) != tile_width(other) * HASH_SIZE or raw[:length] != row[:length]:
                    yield f"{other}: differs from the entries"


def tile_width(path: str) -> int:
    """Of a tile by its path; 0 if it is none."""
    place = tiles.parse_path(path)
    return 0 if place is None else place[2]
