"""The hash tree of a log above its entry bundles, as it grows: the root at any size, out of the entries themselves.

Roots that are read from published tiles are wrong when one tile is; these are those of what was read and hashed. 64
bytes are held for each bundle of 256 entries.
"""

from __future__ import annotations

from collections.abc import Callable

from ..tlog.merkle import HASH_SIZE, node_hash, perfect_root, range_root
from ..tlog.tiles import WIDTH

_BUNDLE_HEIGHT = WIDTH.bit_length() - 1

Row = Callable[[int], bytes]  # the leaf hashes of a bundle, by its number, one behind the other


class BundleTree:
    """Roots of whole bundles, in their order, and the nodes above them; implements `merkle.Nodes`."""

    def __init__(self, row: Row) -> None:
        """``row`` is asked for what stands below a bundle's root; what it raises is passed on."""
        self._row = row
        self._levels: list[bytearray] = [bytearray()]

    @property
    def bundles(self) -> int:
        """How many were added."""
        return len(self._levels[0]) // HASH_SIZE

    def extend(self, roots: bytes) -> None:
        """Add the roots of the next bundles, one behind the other."""
        for at in range(0, len(roots), HASH_SIZE):
            self._append(roots[at : at + HASH_SIZE])

    def _append(self, root: bytes) -> None:
        for level in range(64):
            if level == len(self._levels):
                self._levels.append(bytearray())
            row = self._levels[level]
            row += root
            if len(row) % (2 * HASH_SIZE):
                return
            root = node_hash(bytes(row[-2 * HASH_SIZE : -HASH_SIZE]), root)

    def node(self, height: int, index: int) -> bytes:
        """See `merkle.Nodes`."""
        if height >= _BUNDLE_HEIGHT:
            return bytes(self._levels[height - _BUNDLE_HEIGHT][index * HASH_SIZE : (index + 1) * HASH_SIZE])
        number, at = divmod(index << height, WIDTH)
        return perfect_root(self._row(number)[at * HASH_SIZE : (at + (1 << height)) * HASH_SIZE])

    def root(self, size: int) -> bytes:
        """Of the log when it had ``size`` entries, all of which were added or are in ``row``."""
        return range_root(self, 0, size)
