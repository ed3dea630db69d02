"""One chunk of a log in an audit: hashed, its copies compared, and replayed by the key rules, in one process."""

from __future__ import annotations

import binascii
import gc
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache

from ..errors import VerificationFailed
from ..tlog import envelope, tiles
from ..tlog.key_directory import KeyDirectory
from ..tlog.merkle import HASH_SIZE, leaf_hash, perfect_root, range_root
from .bundle_tree import BundleTree
from .duplicates import NO_DIGEST, statement_digest
from .source import Copy, Source

BUNDLES = 16  # in a chunk
_MAX_ROOTS = 4096  # of earlier checkpoints, kept
_MAX_ROWS = 64  # of leaf hashes of earlier bundles, kept
_CHANGE_KEYS = ("key-enrol", "key-revoke", "log-key", "transfer")  # kinds that can change which keys hold
_ABOUT_KEYS = [f"/{kind}/v1".encode() for kind in _CHANGE_KEYS]  # in their payload
# How the payload of a registration ends: with this, and the digest of its subject.
_REGISTERS = b'/registration/v1","subject":[{"digest":{"sha256":"'
_SUBJECT = 64 + len(b'"}}]}')
_TAIL = 256  # characters of base64 that surely hold both

Event = tuple[int, bytes]  # index and bytes of an entry that can change which keys hold
Placed = tuple[int, bytes, envelope.Leaf]  # index, leaf hash and content of an entry


@dataclass(frozen=True, slots=True)
class Extent:
    """What is audited.

    Attributes:
        origin: the log's.
        size: how many entries.
        root: of the log of this size, as it was signed.
        known: roots of the first bundles, one behind the other, that were audited before: the form, signatures and
            rules of entries that still have them are not checked again.
        rules: whether those of the others are.
        bundles: how many of them are a chunk.
    """

    origin: str
    size: int
    root: bytes
    known: bytes = b""
    rules: bool = True
    bundles: int = field(default_factory=lambda: BUNDLES)

    @property
    def chunks(self) -> int:
        return -(-self.size // (self.bundles * tiles.WIDTH))

    def jobs(self, processes: int) -> int:
        """How many of these processes it has work for; at least one."""
        return max(1, min(processes, self.chunks))


@dataclass(slots=True)
class HashedChunk:
    """What a chunk's hashes are.

    Attributes:
        roots: of its whole bundles, one behind the other.
        rest: leaf hashes of the last, partial bundle, likewise.
        events: its entries about keys.
        missing: those that the first copy, the one whose rows are checked, does not have.
        lost: whether one of its entries is not the one that was signed, in any copy.
        broken: a bundle cannot be read, so nothing after it can be counted.
    """

    roots: bytes = b""
    rest: bytes = b""
    events: list[Event] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    missing: set[int] = field(default_factory=set)
    lost: bool = False
    broken: bool = False


@dataclass(slots=True)
class ReplayedChunk:
    """What the rules say of a chunk.

    Attributes:
        unknown: entries whose key is not enrolled, as far as the entries before them can be read.
        unseen: entries that name as seen a log that its entries do not give.
        digests: of each statement, see `duplicates`.
        changes: entries that changed the log's own keys: index, keys before, keys after.
        log_keys: those in force after the chunk, None if no entry has named any yet.
    """

    problems: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    digests: bytes = b""
    changes: list[tuple[int, list[str], list[str]]] = field(default_factory=list)
    log_keys: list[str] | None = None


@dataclass(frozen=True, slots=True)
class News:
    """What came between the chunk that a process had before and the one it has now.

    Attributes:
        events: entries about keys.
        roots: of bundles.
    """

    events: Sequence[Event] = ()
    roots: bytes = b""


class ChunkAuditor:
    """Hashes chunks and replays the rules over them, in one process."""

    def __init__(self, source: Source, extent: Extent) -> None:
        self._source = source
        self._extent = extent
        self._directory = KeyDirectory(extent.origin)
        self._tree = BundleTree(self._row)
        self._old_row = lru_cache(_MAX_ROWS)(self._read_row)
        self._roots: dict[int, bytes] = {}
        self._first = 0  # of the chunk's bundles
        self._rows: list[bytes] = []  # their leaf hashes
        self._known: list[bool] = []  # whether they were audited before
        self._entries: list[bytes | None] = []  # None where no copy has the entry that was signed
        self._placed: list[Placed] = []  # those that can be read and are there, after `replay`
        self._missing: set[int] = set()
        self._whole = b""  # the roots of its whole bundles

    def hash(self, first: int) -> HashedChunk:
        """Read, hash and compare the chunk that begins with this bundle; keep it for `replay`."""
        with uncollected():
            return self._hash(first)

    def _hash(self, first: int) -> HashedChunk:
        self._placed = []  # of the chunk before: a chunk's objects are many
        size = self._extent.size
        last = min(first + self._extent.bundles, (size + tiles.WIDTH - 1) // tiles.WIDTH)
        self._first, self._rows, self._known, self._entries, out = first, [], [], [], HashedChunk()
        for number, copies in zip(range(first, last), self._source.copies(first, last), strict=True):
            width = min(tiles.WIDTH, size - number * tiles.WIDTH)
            out.problems += [f"{copy.place}: {copy.problem}" for copy in copies if copy.problem]
            copies = [copy for copy in copies if not copy.problem]
            if not any(copy.entries is not None and len(copy.hashes) >= width * HASH_SIZE for copy in copies):
                out.broken = True
                return out
            row = self._signed_row(number, width, copies)
            entries = _entries_of(row, copies)
            out.problems += _differences(number, row, copies)
            root = perfect_root(row) if width == tiles.WIDTH else b""
            if root:
                out.roots += root
            else:
                out.rest = row
            self._known.append(root != b"" and root == self._known_root(number))
            start = number * tiles.WIDTH
            out.events += [(start + at, entry) for at, entry in enumerate(entries) if entry and _is_about_keys(entry)]
            out.lost |= None in entries
            own = copies[0].entries or ()
            out.missing |= {start + at for at, entry in enumerate(own) if entry is None}
            self._rows.append(row)
            self._entries += entries
        self._whole, self._missing = out.roots, out.missing
        return out

    def _signed_row(self, number: int, width: int, copies: Sequence[Copy]) -> bytes:
        """The leaf hashes of a bundle; where its copies differ, those that the signed root stands over."""
        length = width * HASH_SIZE
        votes = Counter(copy.hashes[:length] for copy in copies if len(copy.hashes) >= length)
        if len(votes) > 1:
            for row in votes:
                if self._is_signed(number, width, row):
                    return row
        return votes.most_common(1)[0][0]

    def _is_signed(self, number: int, width: int, row: bytes) -> bool:
        """Whether the published tiles above a bundle say so, or for the last one the signed root."""
        try:
            if known := self._known_root(number):
                return known == perfect_root(row)
            if width == tiles.WIDTH:
                above, at = divmod(number, tiles.WIDTH)
                tile = self._source.tile(1, above)
                return tile[at * HASH_SIZE : (at + 1) * HASH_SIZE] == perfect_root(row)

            def fetch(path: str) -> bytes:
                place = tiles.parse_path(path)
                assert place is not None
                return row if place[:2] == ("0", number) else self._source.tile(int(place[0]), place[1])

            return range_root(tiles.TileReader(fetch, self._extent.size), 0, self._extent.size) == self._extent.root
        except (VerificationFailed, OSError):
            return False

    def _known_root(self, number: int) -> bytes:
        return self._extent.known[number * HASH_SIZE : (number + 1) * HASH_SIZE]

    def replay(self, news: News) -> ReplayedChunk:
        """Replay the rules over the chunk that was hashed last."""
        with uncollected():
            return self._replay(news)

    def _replay(self, news: News) -> ReplayedChunk:
        for index, raw in news.events:
            try:
                known = bool(self._known_root(index // tiles.WIDTH))
                leaf = envelope.parse_leaf(raw)
                if not known or leaf.kind in _CHANGE_KEYS:
                    self._apply(index, leaf, known)
            except VerificationFailed:
                continue  # reported by the process whose chunk it is in
        self._tree.extend(news.roots + self._whole)
        out = ReplayedChunk()
        digests: list[bytes] = []
        self._placed = []
        for index, entry in enumerate(self._entries, self._first * tiles.WIDTH):
            digest = NO_DIGEST
            if entry is not None:
                try:
                    number, at = divmod(index, tiles.WIDTH)
                    known = self._known[number - self._first]
                    leaf = envelope.parse_known_leaf(entry) if known else envelope.parse_leaf(entry)
                    if index not in self._missing:
                        row = self._rows[number - self._first]
                        self._placed.append((index, row[at * HASH_SIZE : (at + 1) * HASH_SIZE], leaf))
                    digest = statement_digest(leaf)
                    if not known or leaf.kind in _CHANGE_KEYS:
                        self._apply(index, leaf, known)
                    if leaf.kind == "log-key":
                        out.changes.append((index, list(leaf.predicate["replaces"]), list(leaf.predicate["keys"])))
                    if not known and not self._was(*leaf.after):
                        size = leaf.after[0]
                        out.unseen.append(f"entry {index}: it names as seen a log of {size} entries that never was")
                except envelope.UnknownKey as error:
                    out.unknown.append(f"entry {index}: {error.detail}")
                except VerificationFailed as error:
                    out.problems.append(f"entry {index}: {error.detail}")
            digests.append(digest)
        out.digests, out.log_keys = b"".join(digests), self._directory.log_keys
        return out

    def _apply(self, index: int, leaf: envelope.Leaf, known: bool) -> None:
        if not known:
            self._directory.verify(leaf)
        self._directory.admit(index, leaf, self._source.entry)

    def _was(self, size: int, root: bytes) -> bool:
        """Whether the log had this root when it had this size; also where that cannot be told."""
        if size not in self._roots:
            if len(self._roots) >= _MAX_ROOTS:
                self._roots.clear()
            try:
                self._roots[size] = self._tree.root(size)
            except (OSError, VerificationFailed):
                return True  # what cannot be read is reported where it stands
        return self._roots[size] == root

    def _row(self, number: int) -> bytes:
        """The leaf hashes of a bundle of this chunk, or an earlier one."""
        at = number - self._first
        return self._rows[at] if 0 <= at < len(self._rows) else self._old_row(number)

    def _read_row(self, number: int) -> bytes:
        (copies,) = self._source.copies(number, number + 1)
        for copy in copies:
            if len(copy.hashes) == tiles.WIDTH * HASH_SIZE and not copy.problem:
                return copy.hashes
        raise VerificationFailed(f"bundle {number} cannot be read")


@contextmanager
def uncollected() -> Iterator[None]:
    """Without the collector of cycles, of which there are none among the many objects of a chunk: it looks often."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _entries_of(row: bytes, copies: Sequence[Copy]) -> list[bytes | None]:
    """For each leaf hash an entry that has it, None where no copy has."""
    readable = [copy for copy in copies if copy.entries is not None]
    for copy in readable:
        assert copy.entries is not None
        if copy.hashes == row:
            return list(copy.entries)
    known = {leaf_hash(entry): entry for copy in readable for entry in copy.entries or () if entry is not None}
    return [known.get(row[at : at + HASH_SIZE]) for at in range(0, len(row), HASH_SIZE)]


def _differences(number: int, row: bytes, copies: Sequence[Copy]) -> Iterator[str]:
    """One line for each copy that is not as the entries are, as far as it reaches; of the database each entry once."""
    told: set[int] = set()
    for copy in copies:
        length = min(len(row), len(copy.hashes))
        if copy.hashes[:length] == row[:length]:
            continue
        published = tiles.parse_path(copy.place) is not None
        places = [
            at // HASH_SIZE
            for at in range(0, length, HASH_SIZE)
            if copy.hashes[at : at + HASH_SIZE] != row[at : at + HASH_SIZE]
            and (published or at // HASH_SIZE not in told)
        ]
        if not places:
            continue
        first = number * tiles.WIDTH + places[0]
        more = f" and {len(places) - 1} more" if len(places) > 1 else ""
        if published:
            yield f"{copy.place}: differs at entry {first}{more} from what was signed"
            continue
        told.update(places)
        gone = copy.entries is not None and copy.entries[places[0]] is None
        yield f"entry {first}{more} {'is missing from' if gone else 'was changed in'} {copy.place}"


def _is_about_keys(entry: bytes) -> bool:
    """Whether an entry might be about keys, decided without parsing; false positives only."""
    begin = entry.find(b'"payload":"') + 11
    end = entry.find(b'"', begin)
    try:
        tail = binascii.a2b_base64(entry[max(begin, end - _TAIL) : end])
        if tail[-len(_REGISTERS) - _SUBJECT : -_SUBJECT] == _REGISTERS:
            return False  # as nearly always: nothing else ends like this in canonical JSON
        payload = binascii.a2b_base64(entry[begin:end])
    except (binascii.Error, ValueError):
        return False
    return any(kind in payload for kind in _ABOUT_KEYS)
