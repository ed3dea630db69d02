"""A full audit of a published log from its files alone: what any third party can do.

The log is read in chunks. Each chunk is hashed, and compared with the published tiles, by one process; then the key
rules are replayed over it, in the log's order, with the signatures checked there. Every process follows the enrolments
and revocations of the whole log, so each knows at each entry which keys hold.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ..errors import VerificationFailed
from ..tlog import note, tiles
from ..tlog.signed_checkpoint import OpenedCheckpoint, open_checkpoint
from .bundle_tree import BundleTree
from .chunk import ChunkAuditor, Extent
from .duplicates import DuplicateFinder
from .process_pool import worker_processes
from .source import PublishedLog, why
from .walk import Walk, upper_tiles


def audit_log(
    signed: bytes,
    fetch: tiles.Fetch,
    log_keys: Sequence[note.VKey],
    *,
    folder: Path | None = None,
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
        folder: where the files are, if they are on this machine: older and newer tiles there are compared too.
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
    source = PublishedLog(fetch, checkpoint.size, folder)
    extent = Extent(checkpoint.origin, checkpoint.size, checkpoint.root, rules=rules)
    jobs = extent.jobs(processes)
    with contextlib.closing(DuplicateFinder(source.entry)) as duplicates:
        walk = Walk(source, extent, duplicates)
        with worker_processes(jobs, ChunkAuditor, source, extent) as ask:
            yield from walk.chunks(ask, jobs)
        if walk.broken:
            return
        yield from upper_tiles(source, walk.tree)
        used = [str(key) for key in log_keys if key.name == checkpoint.origin]
        if walk.log_keys is not None and sorted(walk.log_keys) != sorted(used):
            yield "the log's keys are not those that its last log-key entry names"
        if walk.root() == checkpoint.root:
            yield from walk.judged()
        else:
            yield "the entries are not those that the checkpoint signs"
        replaced = [list(map(note.VKey.parse, before)) for _, before, _ in walk.changes]
        yield from _continued(checkpoint, since, walk.tree, [log_keys, *replaced])


def _continued(
    checkpoint: OpenedCheckpoint,
    since: Iterable[bytes],
    tree: BundleTree,
    key_sets: Sequence[Sequence[note.VKey]],
) -> Iterator[str]:
    """Whether the log continues older checkpoints.

    Args:
        key_sets: the log's keys, and those that its log-key entries replaced.
    """
    for raw in since:
        try:
            older = opened_by_any(raw, key_sets, checkpoint.origin)
            continues(older, checkpoint.size, tree)
        except (VerificationFailed, OSError) as error:
            yield f"the earlier checkpoint: {why(error)}"


def continues(older: OpenedCheckpoint, size: int, tree: BundleTree) -> None:
    """Raises `VerificationFailed` unless the log, of ``size`` entries now, has had this checkpoint."""
    if older.size > size:
        raise VerificationFailed(f"it has {older.size} entries, the log has only {size} now")
    if tree.root(older.size) != older.root:
        raise VerificationFailed(f"the log had other entries when it had {older.size}: history was rewritten")


def opened_by_any(raw: bytes, key_sets: Sequence[Sequence[note.VKey]], origin: str) -> OpenedCheckpoint:
    """Opened by the first set of keys that all signed; raises what the newest set says of it."""
    for each in key_sets[1:]:
        with contextlib.suppress(VerificationFailed):
            return open_checkpoint(raw, each, origin=origin)
    return open_checkpoint(raw, key_sets[0], origin=origin)


def stray_files(folder: Path) -> Iterator[str]:
    """One line for each file under ``tile/`` of a published folder that is no tile of any log."""
    for path, place in _tiles(folder):
        if place is None:
            yield f"{path}: is not a tile"


def tiles_past(folder: Path, size: int) -> Iterator[str]:
    """Tiles of a published folder that a log of this size does not have: their paths.

    They may be entries that are kept from the readers, or those of a log that went on while it was copied.
    """
    for path, place in _tiles(folder):
        if place is not None:
            level, number, width = place
            if number * tiles.WIDTH + width > size >> (8 * (0 if level == "entries" else int(level))):
                yield path


def _tiles(folder: Path) -> Iterator[tuple[str, tuple[str, int, int] | None]]:
    for parent, _, names in os.walk(folder / "tile"):
        for name in sorted(names):
            path = Path(parent, name).relative_to(folder).as_posix()
            yield path, tiles.parse_path(path)
