"""One chunk of a log in an audit: hashed, compared with its tiles, and replayed by the key rules, in one process."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ..errors import VerificationFailed
from ..tlog import envelope, tiles
from ..tlog.key_directory import KeyDirectory, published_entries
from ..tlog.merkle import HASH_SIZE, leaf_hash, perfect_root, range_root
from .duplicates import NO_DIGEST, statement_digest

BUNDLES = 16  # in a chunk
_FETCHERS = 8  # threads that read tiles
_MAX_ROOTS = 4096  # of earlier checkpoints, kept
# What a statement's payload contains if it can change which keys hold.
_ABOUT_KEYS = (b"/key-enrol/v1", b"/key-revoke/v1", b"/log-key/v1", b"/transfer/v1")

Event = tuple[int, bytes]  # index and bytes of an entry about keys


@dataclass(slots=True)
class HashedChunk:
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
class ReplayedChunk:
    """What the rules say of a chunk.

    Attributes:
        digests: of each statement, see `duplicates`.
        replaced: the log's own keys that entries of the chunk replaced.
        log_keys: those in force after it, None if no entry has named any yet.
    """

    problems: list[str] = field(default_factory=list)
    digests: bytes = b""
    replaced: list[list[str]] = field(default_factory=list)
    log_keys: list[str] | None = None


class ChunkAuditor:
    """Hashes chunks and replays the rules over them, in one process."""

    def __init__(self, fetch: tiles.Fetch, origin: str, size: int) -> None:
        self._fetch = fetch
        self._size = size
        self._directory = KeyDirectory(origin)
        self._earlier = published_entries(fetch, size)
        self._past = _PastCheckpoints(fetch, size)
        self._first = 0
        self._entries: list[bytes] = []

    def hash(self, first: int) -> HashedChunk:
        """Read, hash and compare the chunk that begins with this bundle; keep it for `replay`."""
        last = min(first + BUNDLES, (self._size + tiles.WIDTH - 1) // tiles.WIDTH)
        self._first, self._entries, out = first * tiles.WIDTH, [], HashedChunk()
        with ThreadPoolExecutor(_FETCHERS) as pool:
            pairs = list(pool.map(self._read, range(first, last)))
        for number, (bundle, row) in zip(range(first, last), pairs, strict=True):
            width = self._width(number)
            try:
                entries = tiles.split_bundle(_or_raise(bundle))
                if len(entries) != width:
                    raise VerificationFailed(f"it has {len(entries)} entries, {width} were promised")
            except (VerificationFailed, OSError) as error:
                out.problems.append(f"{tiles.tile_path('entries', number, width)}: {why(error)}")
                out.broken = True
                return out
            hashes = b"".join(map(leaf_hash, entries))
            try:
                if _or_raise(row) != hashes:
                    raise VerificationFailed("differs from the entries")
            except (VerificationFailed, OSError) as error:
                out.problems.append(f"{tiles.tile_path(0, number, width)}: {why(error)}")
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

    def replay(self, news: Sequence[Event]) -> ReplayedChunk:
        """Replay the rules over the chunk that was hashed last.

        Args:
            news: entries about keys between the chunk before that this process replayed and this one.
        """
        for index, raw in news:
            try:
                self._apply(index, raw)
            except VerificationFailed:
                continue  # reported by the process whose chunk it is in
        out, digests = ReplayedChunk(), []
        for index, raw in enumerate(self._entries, self._first):
            digest = NO_DIGEST
            try:
                leaf = self._apply(index, raw)
                digest = statement_digest(leaf)
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


def _or_raise(found: bytes | Exception) -> bytes:
    if isinstance(found, Exception):
        raise found
    return found


def _is_about_keys(entry: bytes) -> bool:
    """Whether an entry might be about keys, decided without parsing; false positives only."""
    begin = entry.find(b'"payload":"') + 11
    try:
        payload = base64.b64decode(entry[begin : entry.find(b'"', begin)])
    except (binascii.Error, ValueError):
        return False
    return any(kind in payload for kind in _ABOUT_KEYS)


class _PastCheckpoints:
    """Whether the checkpoints that statements name as seen are ones the log has had."""

    def __init__(self, fetch: tiles.Fetch, size: int) -> None:
        self._nodes = tiles.TileReader(fetch, size)
        self._roots: dict[int, bytes] = {}

    def check(self, leaf: envelope.Leaf) -> None:
        size, root = leaf.after
        if size not in self._roots:
            if len(self._roots) >= _MAX_ROOTS:
                self._roots.clear()
            try:
                self._roots[size] = range_root(self._nodes, 0, size)
            except (OSError, VerificationFailed):
                return  # a tile that cannot be read is reported with the tiles
        if self._roots[size] != root:
            raise VerificationFailed(f"it names as seen a log of {size} entries that never was")


def why(error: Exception) -> str:
    """One line about what went wrong with a file."""
    if isinstance(error, VerificationFailed):
        return error.detail
    return getattr(error, "strerror", None) or str(error)
