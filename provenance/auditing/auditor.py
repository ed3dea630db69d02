"""A full audit of a published log from its files alone: what any third party can do.

The log is read in chunks. Each chunk is hashed, and compared with the published tiles, by one process; then the key
rules are replayed over it, in the log's order, with the signatures checked there. Every process follows the enrolments
and revocations of the whole log, so each knows at each entry which keys hold. One tile of each level is held.
"""

from __future__ import annotations

import contextlib
import os
import struct
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ..errors import VerificationFailed
from ..tlog import note, tiles
from ..tlog.key_directory import published_entries
from ..tlog.merkle import Frontier, perfect_root, range_root
from ..tlog.signed_checkpoint import OpenedCheckpoint, open_checkpoint
from .chunk import BUNDLES, ChunkAuditor, Event, HashedChunk, ReplayedChunk, why
from .duplicates import DuplicateFinder
from .process_pool import Ask, worker_processes


def audit_log(
    signed: bytes,
    fetch: tiles.Fetch,
    log_keys: Sequence[note.VKey],
    *,
    since: Iterable[bytes] = (),
    rules: bool = True,
    processes: int = 1,
) -> Iterator[str]:
    """Re-hash every entry, every tile and the root; check the checkpoint's signatures and replay the key rules.

    Args:
        signed: the log's checkpoint.
        fetch: reads a published tile by its path; raises OSError or `VerificationFailed` where there is none. For more
            than one process it must be one that can be handed to them: `fetcher.LogFetcher`.
        log_keys: the log's keys; all that bear its name must have signed.
        since: older signed checkpoints of the same log, which it must continue.
        rules: also check every entry's form, signatures and place; without, only hashes are compared.
        processes: among which the chunks are divided.

    Yields:
        One line for each thing that is wrong.

    Raises:
        Unavailable: the log cannot be read to its end.
    """
    try:
        checkpoint = open_checkpoint(signed, log_keys)
    except VerificationFailed as error:
        yield f"checkpoint: {error.detail}"
        return
    with contextlib.closing(DuplicateFinder(published_entries(fetch, checkpoint.size))) as duplicates:
        yield from _audit(checkpoint, fetch, log_keys, since, rules, processes, duplicates)


def _audit(
    checkpoint: OpenedCheckpoint,
    fetch: tiles.Fetch,
    log_keys: Sequence[note.VKey],
    since: Iterable[bytes],
    rules: bool,
    processes: int,
    duplicates: DuplicateFinder,
) -> Iterator[str]:
    """The audit of what a checkpoint signs; see `audit_log`."""
    chunks = range(0, (checkpoint.size + tiles.WIDTH - 1) // tiles.WIDTH, BUNDLES)
    jobs = max(1, min(processes, len(chunks)))
    so_far = _SoFar(fetch, duplicates)
    with worker_processes(jobs, ChunkAuditor, fetch, checkpoint.origin, checkpoint.size) as ask:
        yield from _chunks(so_far, ask, chunks, jobs, rules)
    if so_far.broken:
        return
    yield from so_far.last_tiles()
    used = [str(key) for key in log_keys if key.name == checkpoint.origin]
    if so_far.keys_in_force is not None and sorted(so_far.keys_in_force) != sorted(used):
        yield "the log's keys are not those that its last log-key entry names"
    if so_far.root(checkpoint.size) != checkpoint.root:
        yield "the entries are not those that the checkpoint signs"
    yield from duplicates.found()
    yield from _continued(checkpoint, since, fetch, [log_keys, *so_far.replaced_keys])


def _chunks(so_far: _SoFar, ask: Ask, chunks: Sequence[int], jobs: int, rules: bool) -> Iterator[str]:
    """Have the chunks hashed and replayed, as many at a time as there are processes; ends at one that is broken."""
    missed: list[list[Event]] = [[] for _ in range(jobs)]  # what each process has not seen of entries about keys
    for start in range(0, len(chunks), jobs):
        now = chunks[start : start + jobs]
        hashed: list[HashedChunk] = ask("hash", [(number,) for number in now])
        for each in hashed:
            yield from so_far.add_hashes(each)
            if each.broken:
                return
        if rules:
            for place in range(len(now)):  # what happened between the chunk a process had before and this one
                missed[place] += [event for each in hashed[:place] for event in each.events]
            replayed: list[ReplayedChunk] = ask("replay", [(events,) for events in missed[: len(now)]])
            for place in range(len(now)):
                missed[place] = [event for each in hashed[place + 1 :] for event in each.events]
            for done in replayed:
                yield from so_far.add_replay(done)


class _SoFar:
    """What an audit knows after some of the chunks, in the order of the log.

    Attributes:
        broken: a bundle cannot be read, so nothing after it can be counted.
        keys_in_force: the log's own keys by its log-key entries, None if no entry has named any.
        replaced_keys: the sets of its own keys that its log-key entries replaced.
    """

    def __init__(self, fetch: tiles.Fetch, duplicates: DuplicateFinder) -> None:
        self.broken = False
        self.keys_in_force: list[str] | None = None
        self.replaced_keys: list[list[note.VKey]] = []
        self._duplicates = duplicates
        self._upper = _UpperTiles(fetch)
        self._bundles, self._rest = Frontier(), Frontier()  # roots of whole bundles, leaves of the last, partial one

    def add_hashes(self, chunk: HashedChunk) -> Iterator[str]:
        for root in chunk.roots:
            self._bundles.append(root)
            yield from self._upper.add(root, 1)
        self._rest.extend(chunk.rest)
        self.broken = chunk.broken
        yield from chunk.problems

    def add_replay(self, chunk: ReplayedChunk) -> Iterator[str]:
        yield from chunk.problems
        self._duplicates.add(chunk.digests)
        self.replaced_keys += [list(map(note.VKey.parse, each)) for each in chunk.replaced]
        self.keys_in_force = chunk.log_keys

    def last_tiles(self) -> Iterator[str]:
        """Compare the partial tile of each level, when all chunks were added."""
        return self._upper.finish()

    def root(self, size: int) -> bytes:
        """The root of a log of this size over all chunks."""
        roots = self._bundles.to_bytes()[8:] + self._rest.to_bytes()[8:]
        return Frontier.from_bytes(struct.pack(">Q", size) + roots).root()


def _continued(
    checkpoint: OpenedCheckpoint,
    since: Iterable[bytes],
    fetch: tiles.Fetch,
    key_sets: Sequence[Sequence[note.VKey]],
) -> Iterator[str]:
    """Whether the log continues older checkpoints; by its tiles, which were compared with its entries before.

    Args:
        key_sets: the log's keys, and those that its log-key entries replaced.
    """
    for raw in since:
        try:
            older = _opened(raw, key_sets, checkpoint.origin)
            if older.size > checkpoint.size:
                raise VerificationFailed(f"it has {older.size} entries, the log has only {checkpoint.size} now")
            if range_root(tiles.TileReader(fetch, checkpoint.size), 0, older.size) != older.root:
                raise VerificationFailed(f"the log had other entries when it had {older.size}: history was rewritten")
        except (VerificationFailed, OSError) as error:
            yield f"the earlier checkpoint: {why(error)}"


def _opened(raw: bytes, key_sets: Sequence[Sequence[note.VKey]], origin: str) -> OpenedCheckpoint:
    """Opened by the first set of keys that all signed; raises what the newest set says of it."""
    for each in key_sets[1:]:
        with contextlib.suppress(VerificationFailed):
            return open_checkpoint(raw, each, origin=origin)
    return open_checkpoint(raw, key_sets[0], origin=origin)


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


class _UpperTiles:
    """Compares the published hash tiles above the lowest with roots that come in order; holds one of each level."""

    def __init__(self, fetch: tiles.Fetch) -> None:
        self._fetch = fetch
        self._rows: dict[int, list[bytes]] = {}
        self._numbers: dict[int, int] = {}

    def add(self, node: bytes, level: int) -> Iterator[str]:
        row = self._rows.setdefault(level, [])
        row.append(node)
        if len(row) == tiles.WIDTH:
            yield from self._compare(level)
            above = perfect_root(b"".join(row))
            row.clear()
            self._numbers[level] = self._numbers.get(level, 0) + 1
            yield from self.add(above, level + 1)

    def finish(self) -> Iterator[str]:
        for level, row in self._rows.items():
            if row:
                yield from self._compare(level)

    def _compare(self, level: int) -> Iterator[str]:
        row = self._rows[level]
        path = tiles.tile_path(level, self._numbers.get(level, 0), len(row))
        try:
            if self._fetch(path) != b"".join(row):
                yield f"{path}: differs from the entries"
        except (VerificationFailed, OSError) as error:
            yield f"{path}: {why(error)}"
