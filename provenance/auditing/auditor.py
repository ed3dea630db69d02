"""A full audit of a published log from its files alone: what any third party can do.

The log is read in chunks. Each chunk is hashed, and compared with the published tiles, by one process; then the key
rules are replayed over it, in the log's order, with the signatures checked there. Every process follows the enrolments
and revocations of the whole log, so each knows at each entry which keys hold. One tile of each level is held.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
import struct
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import VerificationFailed
from ..tlog import envelope, note, tiles
from ..tlog.key_directory import KeyDirectory, published_entries
from ..tlog.merkle import HASH_SIZE, Frontier, leaf_hash, perfect_root, range_root
from .duplicates import NONE, Repeats
from .duplicates import digest as digest_of
from .process_pool import worker_processes

_CHUNK = 16  # bundles
_FETCHERS = 8
# What a statement's payload contains if it can change which keys hold.
_ABOUT_KEYS = (b"/key-enrol/v1", b"/key-revoke/v1", b"/log-key/v1")

Event = tuple[int, bytes]  # index and bytes of an entry about keys


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
            than one process it must be one that can be handed to them: `site.Site`.
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
        checkpoint = note.open_checkpoint(signed, log_keys)
    except VerificationFailed as error:
        yield f"checkpoint: {error.detail}"
        return
    with contextlib.closing(Repeats(published_entries(fetch, checkpoint.size))) as repeats:
        yield from _entries(checkpoint, fetch, log_keys, since, rules, processes, repeats)


def _entries(
    checkpoint: note.OpenedCheckpoint,
    fetch: tiles.Fetch,
    log_keys: Sequence[note.VKey],
    since: Iterable[bytes],
    rules: bool,
    processes: int,
    repeats: Repeats,
) -> Iterator[str]:
    """The audit of what a checkpoint signs; see `audit_log`."""
    chunks = range(0, (checkpoint.size + tiles.WIDTH - 1) // tiles.WIDTH, _CHUNK)
    jobs = max(1, min(processes, len(chunks)))
    upper, whole, rest = _Rows(fetch), Frontier(), Frontier()
    news: list[list[Event]] = [[] for _ in range(jobs)]
    key_sets, in_force = [list(log_keys)], None
    with worker_processes(jobs, _Auditor, fetch, checkpoint.origin, checkpoint.size) as crew:
        for start in range(0, len(chunks), jobs):
            now = chunks[start : start + jobs]
            hashed: list[_Hashed] = crew("hash", [(number,) for number in now])
            for each in hashed:
                for root in each.roots:
                    whole.append(root)
                    yield from upper.add(root, 1)
                rest.extend(each.rest)
                yield from each.problems
                if each.broken:
                    return
            if rules:
                for place in range(len(now)):  # what happened between the chunk a process had before and this one
                    news[place] += [event for each in hashed[:place] for event in each.events]
                checked: list[_Checked] = crew("replay", [(told,) for told in news[: len(now)]])
                for place in range(len(now)):
                    news[place] = [event for each in hashed[place + 1 :] for event in each.events]
                for each_checked in checked:
                    yield from each_checked.problems
                    repeats.add(each_checked.digests)
                    key_sets += [list(map(note.VKey.parse, each)) for each in each_checked.replaced]
                    in_force = each_checked.log_keys
    yield from upper.finish()
    used = [str(key) for key in log_keys if key.name == checkpoint.origin]
    if in_force is not None and sorted(in_force) != sorted(used):
        yield "the log's keys are not those that its last log-key entry names"
    size = struct.pack(">Q", checkpoint.size)
    if Frontier.from_bytes(size + whole.to_bytes()[8:] + rest.to_bytes()[8:]).root() != checkpoint.root:
        yield "the entries are not those that the checkpoint signs"
    yield from repeats.found()
    yield from _continued(checkpoint, since, fetch, key_sets)


def _continued(
    checkpoint: note.OpenedCheckpoint,
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
            yield f"the earlier checkpoint: {_why(error)}"


def _opened(raw: bytes, key_sets: Sequence[Sequence[note.VKey]], origin: str) -> note.OpenedCheckpoint:
    """Opened by the first set of keys that all signed; raises what the newest set says of it."""
    for each in key_sets[1:]:
        with contextlib.suppress(VerificationFailed):
            return note.open_checkpoint(raw, each, origin=origin)
    return note.open_checkpoint(raw, key_sets[0], origin=origin)


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


# --- one chunk -------------------------------------------------------------------------------------------------------
@dataclass(slots=True)
class _Hashed:
    """What a chunk's hashes are.

    Attributes:
        roots: of its whole bundles.
        rest: leaf hashes of the last, partial bundle.
        events: its entries about keys.
        broken: a bundle cannot be read, so nothing after it can be counted.
    """

    roots: list[bytes] = field(default_factory=list)
    rest: list[bytes] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    broken: bool = False


@dataclass(slots=True)
class _Checked:
    """What the rules say of a chunk.

    Attributes:
        digests: of each statement, see `repeats`.
        replaced: the log's own keys that entries of the chunk replaced.
        log_keys: those in force after it, None if no entry has named any yet.
    """

    problems: list[str] = field(default_factory=list)
    digests: bytes = b""
    replaced: list[list[str]] = field(default_factory=list)
    log_keys: list[str] | None = None


class _Auditor:
    """Hashes chunks and replays the rules over them, in one process."""

    def __init__(self, fetch: tiles.Fetch, origin: str, size: int) -> None:
        self._fetch = fetch
        self._size = size
        self._directory = KeyDirectory(origin)
        self._earlier = published_entries(fetch, size)
        self._past = _Past(fetch, size)
        self._first = 0
        self._entries: list[bytes] = []

    def hash(self, first: int) -> _Hashed:
        """Read, hash and compare the chunk that begins with this bundle; keep it for `replay`."""
        last = min(first + _CHUNK, (self._size + tiles.WIDTH - 1) // tiles.WIDTH)
        self._first, self._entries, out = first * tiles.WIDTH, [], _Hashed()
        with ThreadPoolExecutor(_FETCHERS) as pool:
            pairs = list(pool.map(self._read, range(first, last)))
        for number, (bundle, row) in zip(range(first, last), pairs, strict=True):
            width = self._width(number)
            try:
                entries = tiles.split_bundle(_read(bundle))
                if len(entries) != width:
                    raise VerificationFailed(f"it has {len(entries)} entries, {width} were promised")
            except (VerificationFailed, OSError) as error:
                out.problems.append(f"{tiles.tile_path('entries', number, width)}: {_why(error)}")
                out.broken = True
                return out
            hashes = b"".join(map(leaf_hash, entries))
            try:
                if _read(row) != hashes:
                    raise VerificationFailed("differs from the entries")
            except (VerificationFailed, OSError) as error:
                out.problems.append(f"{tiles.tile_path(0, number, width)}: {_why(error)}")
            if width == tiles.WIDTH:
                out.roots.append(perfect_root(hashes))
            else:
                out.rest = [hashes[at : at + HASH_SIZE] for at in range(0, len(hashes), HASH_SIZE)]
            start = number * tiles.WIDTH
            out.events += [(start + at, entry) for at, entry in enumerate(entries) if _is_about_keys(entry)]
            self._entries += entries
        return out

    def _width(self, number: int) -> int:
        return min(tiles.WIDTH, self._size - number * tiles.WIDTH)

    def _read(self, number: int) -> tuple[bytes | Exception, bytes | Exception]:
        return self._tile("entries", number), self._tile(0, number)

    def _tile(self, level: int | str, number: int) -> bytes | Exception:
        try:
            return self._fetch(tiles.tile_path(level, number, self._width(number)))
        except (VerificationFailed, OSError) as error:
            return error

    def replay(self, news: Sequence[Event]) -> _Checked:
        """Replay the rules over the chunk that was hashed last.

        Args:
            news: entries about keys between the chunk before that this process replayed and this one.
        """
        for index, raw in news:
            try:
                self._apply(index, raw)
            except VerificationFailed:
                continue  # told by the process whose chunk it is in
        out, digests = _Checked(), []
        for index, raw in enumerate(self._entries, self._first):
            digest = NONE
            try:
                leaf = self._apply(index, raw)
                digest = digest_of(leaf)
                if leaf.kind == "log-key":
                    out.replaced.append(list(leaf.predicate["replaces"]))
                self._past.check(leaf)
            except VerificationFailed as error:
                out.problems.append(f"entry {index}: {error.detail}")
            digests.append(digest)
        out.digests, out.log_keys = b"".join(digests), self._directory.log_keys
        return out

    def _apply(self, index: int, raw: bytes) -> envelope.Leaf:
        leaf = envelope.parse_leaf(raw)
        self._directory.verify(leaf)
        self._directory.admit(index, leaf, self._earlier)
        return leaf


def _read(found: bytes | Exception) -> bytes:
    if isinstance(found, Exception):
        raise found
    return found


def _is_about_keys(entry: bytes) -> bool:
    """Whether an entry might be about keys, told without parsing; never no for one that is."""
    begin = entry.find(b'"payload":"') + 11
    try:
        payload = base64.b64decode(entry[begin : entry.find(b'"', begin)])
    except (binascii.Error, ValueError):
        return False
    return any(kind in payload for kind in _ABOUT_KEYS)


class _Rows:
    """Compares the published hash tiles with hashes that come in order; holds one tile of each level."""

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
            yield f"{path}: {_why(error)}"


class _Past:
    """Whether the checkpoints that statements name as seen are ones the log has had."""

    def __init__(self, fetch: tiles.Fetch, size: int) -> None:
        self._nodes = tiles.TileReader(fetch, size)
        self._roots: dict[int, bytes] = {}

    def check(self, leaf: envelope.Leaf) -> None:
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
