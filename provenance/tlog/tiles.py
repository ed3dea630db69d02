"""C2SP tlog-tiles: the log as static files that any web server can host; their paths, contents and hashes. Pure.

Specification: c2sp.org/tlog-tiles. Hash tiles hold 256 hashes, entry bundles 256 entries behind 16-bit lengths; the
last of each level is partial. `ledger.tile_store` writes them.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Sequence
from functools import lru_cache

from ..errors import VerificationFailed
from .merkle import HASH_SIZE, perfect_root

WIDTH = 256
_MAX_CACHED_TILES = 256  # of 8 KiB each
_PATH = re.compile(
    r"tile/(entries|[0-5]?[0-9]|6[0-3])/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?\Z", re.ASCII
)

Fetch = Callable[[str], bytes]


def tile_path(level: int | str, number: int, width: int = WIDTH) -> str:
    """Path of a tile; ``level`` is 0..63 or "entries"."""
    parts = [f"{number % 1000:03d}"]
    number //= 1000
    while number:
        parts.append(f"x{number % 1000:03d}")
        number //= 1000
    return f"tile/{level}/{'/'.join(reversed(parts))}" + (f".p/{width}" if width < WIDTH else "")


def parse_path(path: str) -> tuple[str, int, int] | None:
    """Level ("0" to "63" or "entries"), number and width of a tile's path; None if it is not one."""
    match = _PATH.match(path)
    if match is None:
        return None
    number, width = int(match[2].replace("x", "").replace("/", "")), int(match[3] or WIDTH)
    return (match[1], number, width) if tile_path(match[1], number, width) == path else None


def bundle(entries: Sequence[bytes]) -> bytes:
    """Entries of at most 65,535 bytes, each behind its length in two bytes, big-endian."""
    return b"".join(struct.pack(">H", len(entry)) + entry for entry in entries)


def split_bundle(raw: bytes) -> list[bytes]:
    """The inverse of `bundle`; raises `VerificationFailed`."""
    out, at = [], 0
    while at < len(raw):
        if at + 2 > len(raw):
            raise VerificationFailed("an entry bundle is cut off")
        (length,) = struct.unpack_from(">H", raw, at)
        at += 2
        if at + length > len(raw):
            raise VerificationFailed("an entry bundle is cut off")
        out.append(raw[at : at + length])
        at += length
    return out


# --- reading ---------------------------------------------------------------------------------------------------------
def partial_tile(level: str, whole: bytes, width: int) -> bytes:
    """The partial tile or bundle of this width out of the whole one that replaced it."""
    return whole[: width * HASH_SIZE] if level != "entries" else bundle(split_bundle(whole)[:width])


@lru_cache(maxsize=2048)
def _shared_root(row: bytes) -> bytes:
    """Kept by content, so it cannot be out of date; at most 8 MiB."""
    return perfect_root(row)


class TileReader:
    """Hashes of perfect subtrees of a log of ``size`` entries, out of its tiles; implements `merkle.Nodes`."""

    def __init__(self, fetch: Fetch, size: int) -> None:
        self.size = size
        self._fetch = fetch
        self._tiles: dict[tuple[int, int], bytes] = {}

    def node(self, height: int, index: int) -> bytes:
        """See `merkle.Nodes`.

        Raises:
            VerificationFailed: no such subtree is whole in this log, or its tile has a wrong length.
            OSError: its tile is missing.
        """
        level, within = divmod(height, 8)
        first = index << within
        tile = self._tile(level, first // WIDTH)
        at = first % WIDTH
        row = tile[at * HASH_SIZE : (at + (1 << within)) * HASH_SIZE]
        if len(row) != HASH_SIZE << within:
            raise VerificationFailed(f"a log of {self.size} entries has no whole subtree {index} of height {height}")
        # What lies above the entries, or at the log's right edge, is part of nearly every proof.
        return _shared_root(row) if level or len(tile) < WIDTH * HASH_SIZE else perfect_root(row)

    def _tile(self, level: int, number: int) -> bytes:
        found = self._tiles.get((level, number))
        if found is None:
            width = min(WIDTH, (self.size >> (8 * level)) - number * WIDTH)
            if width <= 0:
                raise VerificationFailed(f"a log of {self.size} entries has no tile {number} of level {level}")
            found = self._fetch(tile_path(level, number, width))
            if len(found) != width * HASH_SIZE:
                raise VerificationFailed(f"tile {number} of level {level} has a wrong length")
            if len(self._tiles) >= _MAX_CACHED_TILES:
                self._tiles.clear()
            self._tiles[level, number] = found
        return found
