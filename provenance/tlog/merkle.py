"""RFC 6962 Merkle tree: hashes, frontier, proofs. Pure.

Hashing: RFC 6962 section 2.1. Proof checks: RFC 9162 sections 2.1.3.2 and 2.1.4.2, strict about lengths.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Sequence
from typing import Protocol

from ..errors import VerificationFailed

HASH_SIZE = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """Hash of an entry's bytes, 32 bytes."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node over its two children's hashes, 32 bytes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The roots of the perfect subtrees of a tree of ``size`` leaves, largest first: all that appending needs."""

    __slots__ = ("_roots", "size")

    def __init__(self, size: int = 0, roots: Sequence[bytes] = ()) -> None:
        if size < 0 or len(roots) != size.bit_count() or any(len(r) != HASH_SIZE for r in roots):
            raise ValueError("a frontier has one hash for each one-bit of its size")
        self.size = size
        self._roots = list(roots)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        self._add(leaf, 1)

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Add leaf hashes in order, whole subtrees at a time."""
        at = 0
        while at < len(leaves):
            most = 1 << ((len(leaves) - at).bit_length() - 1)
            width = min(most, self.size & -self.size or most)  # what may begin here, and what is there
            self._add(perfect_root(b"".join(leaves[at : at + width])), width)
            at += width

    def _add(self, node: bytes, width: int) -> None:
        """Add the root of a perfect subtree of ``width`` leaves, of which the size so far is a multiple."""
        size = self.size // width
        while size & 1:
            node = node_hash(self._roots.pop(), node)
            size >>= 1
        self._roots.append(node)
        self.size += width

    def root(self) -> bytes:
        """The tree's root; that of an empty tree is the hash of nothing."""
        if not self._roots:
            return EMPTY_ROOT
        node = self._roots[-1]
        for left in reversed(self._roots[:-1]):
            node = node_hash(left, node)
        return node

    def to_bytes(self) -> bytes:
        """8 bytes of size, big-endian, and 32 for each root."""
        return struct.pack(">Q", self.size) + b"".join(self._roots)

    @classmethod
    def from_bytes(cls, raw: bytes) -> Frontier:
        """Raises ValueError for anything `to_bytes` did not write."""
        if len(raw) < 8 or (len(raw) - 8) % HASH_SIZE:
            raise ValueError("not a frontier")
        (size,) = struct.unpack_from(">Q", raw)
        return cls(size, [raw[i : i + HASH_SIZE] for i in range(8, len(raw), HASH_SIZE)])


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Root of a tree with these leaf hashes."""
    frontier = Frontier()
    frontier.extend(list(leaves))
    return frontier.root()


class Nodes(Protocol):
    """Where the hashes of perfect subtrees come from."""

    def node(self, height: int, index: int) -> bytes:
        """The root of the perfect subtree over leaves [index << height, (index + 1) << height)."""


def perfect_root(row: bytes) -> bytes:
    """Root over the concatenated hashes of a power of two of siblings: what `root_of` gives, at a third of its cost."""
    sha256 = hashlib.sha256
    while len(row) > HASH_SIZE:
        pairs = range(0, len(row), 2 * HASH_SIZE)
        row = b"".join([sha256(b"\x01" + row[i : i + 2 * HASH_SIZE]).digest() for i in pairs])
    return row


def _split(size: int) -> int:
    """The largest power of two smaller than ``size`` (>= 2)."""
    return 1 << ((size - 1).bit_length() - 1)


def range_root(nodes: Nodes, start: int, stop: int) -> bytes:
    """Root of leaves [start, stop), start a multiple of the subtree's size as in RFC 6962's recursion."""
    size = stop - start
    if size == 0:
        return EMPTY_ROOT
    if size & (size - 1) == 0:
        height = size.bit_length() - 1
        return nodes.node(height, start >> height)
    middle = start + _split(size)
    return node_hash(range_root(nodes, start, middle), range_root(nodes, middle, stop))


def inclusion_proof(nodes: Nodes, index: int, size: int) -> list[bytes]:
    """Audit path of a leaf in a tree of ``size`` leaves, from the leaf upwards (RFC 9162 2.1.3.1)."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    path, start, stop = [], 0, size
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            path.append((middle, stop))
            stop = middle
        else:
            path.append((start, middle))
            start = middle
    return [range_root(nodes, a, b) for a, b in reversed(path)]


def consistency_proof(nodes: Nodes, old: int, new: int) -> list[bytes]:
    """Proof that a tree of ``old`` leaves begins one of ``new`` (RFC 9162 2.1.4.1); empty for old 0 or old = new."""
    if not 0 <= old <= new:
        raise ValueError(f"no tree of {old} leaves begins one of {new}")
    if old in (0, new):
        return []
    path: list[tuple[int, int]] = []
    start, stop, whole = 0, new, True
    while old != stop - start:
        half = _split(stop - start)
        if old <= half:
            path.append((start + half, stop))
            stop = start + half
        else:
            path.append((start, start + half))
            start, old, whole = start + half, old - half, False
    if not whole:
        path.append((start, stop))
    return [range_root(nodes, a, b) for a, b in reversed(path)]


def root_from_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> bytes:
    """The root an audit path leads to (RFC 9162 2.1.3.2); raises `VerificationFailed`."""
    if not 0 <= index < size:
        raise VerificationFailed(f"the proof speaks of entry {index} in a log of {size}")
    if any(len(h) != HASH_SIZE for h in (leaf, *proof)):
        raise VerificationFailed("a hash of the proof does not have 32 bytes")
    fn, sn, root = index, size - 1, leaf
    for h in proof:
        if sn == 0:
            raise VerificationFailed("the proof is too long")
        if fn & 1 or fn == sn:
            root = node_hash(h, root)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            root = node_hash(root, h)
        fn >>= 1
        sn >>= 1
    if sn != 0:
        raise VerificationFailed("the proof is too short")
    return root


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Raises `VerificationFailed` unless the leaf hash is at ``index`` in the tree with this root."""
    if root_from_inclusion(index, size, leaf, proof) != root:
        raise VerificationFailed("the inclusion proof does not lead to the signed root")


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Raises `VerificationFailed` unless the old tree is the beginning of the new one (RFC 9162 2.1.4.2)."""
    if not 0 < old <= new:
        raise VerificationFailed("sizes are out of order, or the old tree is empty")
    if any(len(h) != HASH_SIZE for h in proof):
        raise VerificationFailed("a hash of the proof does not have 32 bytes")
    if old == new:
        if proof:
            raise VerificationFailed("the proof must be empty for equal sizes")
        if old_root != new_root:
            raise VerificationFailed("two different logs of one size were signed")
        return
    if not proof:
        raise VerificationFailed("the consistency proof is empty")
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    first = second = path[0]
    for h in path[1:]:
        if sn == 0:
            raise VerificationFailed("the proof is too long")
        if fn & 1 or fn == sn:
            first, second = node_hash(h, first), node_hash(h, second)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            second = node_hash(second, h)
        fn >>= 1
        sn >>= 1
    if sn != 0:
        raise VerificationFailed("the proof is too short")
    if first != old_root:
        raise VerificationFailed("the old log is not the beginning of the new one: history was rewritten")
    if second != new_root:
        raise VerificationFailed("the consistency proof does not lead to the new root")
