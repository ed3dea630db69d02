"""The published log as everybody reads it: checkpoint, tiles, proofs. Files only; no database, no keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..database.locks import DEFAULT_SECONDS, file_lock
from ..errors import NotFound, Unavailable, VerificationFailed, from_os_error
from ..tlog import merkle, proof, tiles
from ..tlog.checkpoint import Checkpoint, parse_checkpoint
from ..tlog.encoding import b64
from ..tlog.merkle import consistency_proof, node_hash, perfect_root, range_root
from . import tile_store

MAX_HASHES_AT_ONCE = 4096  # of entries that have no tiles yet
Tail = Callable[[int, int], Sequence[bytes]]  # the leaf hashes [start, stop) of entries that are not published


class LogReader:
    """One published folder. What it answers fits together: a proof is verified before it is handed out."""

    def __init__(
        self,
        folder: Path,
        genuine: Callable[[bytes], bool] = lambda _: True,
        lock_seconds: float = DEFAULT_SECONDS,
    ) -> None:
        """
        Args:
            genuine: whether a published checkpoint is one that this log has signed.
            lock_seconds: how long to wait for another process that publishes.
        """
        self.folder = folder
        self._genuine = genuine
        self._lock_seconds = lock_seconds
        self._known = b""  # the checkpoint that was found genuine last

    def read(self) -> Checkpoint | None:
        """The newest published checkpoint, None before the first."""
        try:
            with self._readable():
                return parse_checkpoint((self.folder / "checkpoint").read_bytes())
        except FileNotFoundError:
            return None

    def genuine(self) -> Checkpoint | None:
        """The newest published checkpoint if it is whole and was signed by this log."""
        try:
            found = self.read()
        except VerificationFailed:
            return None
        return found if found is not None and self._genuine(found.raw) else None

    def checkpoint(self) -> Checkpoint:
        """The newest published checkpoint; its ``raw`` is the signed note."""
        try:
            found = self.read()
        except VerificationFailed as error:
            raise _damaged(f"its checkpoint is none ({error.detail})") from error
        if found is None:
            raise Unavailable(
                "the log is not published here yet: try again, or run `sourcemark ledger rebuild`",
                reason="not_published",
            )
        return found

    def proof(self, index: int, checkpoint: bytes | None = None, leaf: bytes | None = None) -> bytes:
        """Inclusion proof of an entry, a C2SP tlog-proof.

        Args:
            checkpoint: the signed one, of this log, that it shall lead to; None for the newest.
            leaf: the bytes that shall be proven to be that entry; None proves what the tiles have.

        Raises:
            NotFound: the log has no such entry.
            Unavailable: the published files are damaged, or the entry has other bytes.
        """
        current = self._proven_by() if checkpoint is None else parse_checkpoint(checkpoint)
        if not 0 <= index < current.size:
            raise NotFound(f"the log has {current.size} entries, none with index {index}")
        with self._proving():
            nodes = self._tiles(current.size)
            path, hashed = merkle.inclusion_proof(nodes, index, current.size), nodes.node(0, index)
            merkle.verify_inclusion(index, current.size, hashed, path, current.root)
        if leaf is not None and merkle.leaf_hash(leaf) != hashed:
            raise Unavailable(
                f"entry {index} does not have the bytes that the log proves: run `sourcemark ledger fsck`",
                reason="log_damaged",
            )
        return proof.format_proof(index, path, current.raw)

    def entry_hash(self, index: int) -> bytes | None:
        """The leaf hash that is published of an entry; None if the entry, or its tile, is not published."""
        current = self.read()
        if current is None or index >= current.size:
            return None
        try:
            return self._tiles(current.size).node(0, index)
        except (OSError, VerificationFailed):
            return None

    def consistency(self, old: int, new: int | None = None) -> str:
        """Consistency proof, one base64 hash a line.

        Raises:
            NotFound: the log never had these sizes.
            Unavailable: the published files are damaged.
        """
        signed = self._proven_by()
        new = signed.size if new is None else new
        if not 0 <= old <= new <= signed.size:
            raise NotFound(f"the log has {signed.size} entries: need 0 <= old <= new <= {signed.size}")
        with self._proving():
            nodes = self._tiles(signed.size)
            root = range_root(nodes, 0, new)
            if new:
                merkle.verify_consistency(
                    new, signed.size, consistency_proof(nodes, new, signed.size), root, signed.root
                )
            path = consistency_proof(nodes, old, new)
            if old:
                merkle.verify_consistency(old, new, path, range_root(nodes, 0, old), root)
        return "".join(f"{b64(h)}\n" for h in path)

    def _proven_by(self) -> Checkpoint:
        """The newest published checkpoint, which must be genuine."""
        current = self.checkpoint()
        if current.raw != self._known:
            if not self._genuine(current.raw):
                raise _damaged("the checkpoint there is none that this log has signed")
            self._known = current.raw
        return current

    def _tiles(self, size: int) -> tiles.TileReader:
        return tiles.TileReader(self._fetch, size)

    @contextmanager
    def _proving(self) -> Iterator[None]:
        try:
            with self._readable():
                yield
        except FileNotFoundError as error:
            raise _damaged(f"{error.filename} is missing") from error
        except VerificationFailed as error:
            raise _damaged(f"a proof from its tiles does not hold ({error.detail})") from error

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except OSError as error:
            raise from_os_error(error, self.folder) from error

    def nodes(self, size: int, tail: Tail) -> LogNodes:
        """The hashes of the log that is published up to ``size`` and goes on with ``tail``'s leaf hashes."""
        return LogNodes(tiles.TileReader(self._fetch, size), tail)

    def tile(self, path: str) -> bytes:
        """A published tile or entry bundle by its C2SP path; raises `NotFound`."""
        try:
            return self._fetch(path)
        except (VerificationFailed, OSError, ValueError):
            raise NotFound(f"the log publishes no {path!r}") from None

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the folder against every other process of this machine that publishes; raises OSError, `Unavailable`.

        Whoever was paused in a round and has lost the log's lock meanwhile must not put an older log over a newer one.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with file_lock(self.folder, self._lock_seconds):
            for left in self.folder.glob(f"{tile_store.TEMPORARY_PREFIX}*"):  # by a process that was killed
                left.unlink(missing_ok=True)
            yield

    def _fetch(self, path: str) -> bytes:
        return tile_store.fetch_from(self.folder)(path)


def _damaged(why: str) -> Unavailable:
    return Unavailable(f"the published log is damaged, {why}: run `sourcemark ledger rebuild`", reason="log_damaged")


class LogNodes:
    """Hashes of a log whose newest entries have no tiles yet; implements `merkle.Nodes`.

    When the published folder was lost, that is every entry: they are hashed a part at a time, so that a proof needs no
    more memory for a long log than for a short one.
    """

    def __init__(self, published: tiles.TileReader, tail: Tail) -> None:
        """``tail`` is asked for `MAX_HASHES_AT_ONCE` leaf hashes at most, all after the published ones."""
        self._published = published
        self._tail = tail

    def node(self, height: int, index: int) -> bytes:
        """See `merkle.Nodes`."""
        start, stop = index << height, (index + 1) << height
        if stop <= self._published.size:
            return self._published.node(height, index)
        if start >= self._published.size and stop - start <= MAX_HASHES_AT_ONCE:
            return perfect_root(b"".join(self._tail(start, stop)))
        return node_hash(self.node(height - 1, 2 * index), self.node(height - 1, 2 * index + 1))
