"""Paths and contents of tiles (C2SP tlog-tiles)."""

import pytest

from provenance.errors import VerificationFailed
from provenance.tlog import tiles


def test_paths() -> None:
    assert tiles.tile_path(0, 0) == "tile/0/000"
    assert tiles.tile_path(0, 1_234_067) == "tile/0/x001/x234/067"
    assert tiles.tile_path("entries", 5, 17) == "tile/entries/005.p/17"


def test_broken_bundles() -> None:
    for raw in (b"\0", b"\0\5abc", b"\0\1a\0"):
        with pytest.raises(VerificationFailed):
            tiles.split_bundle(raw)
    entries = [b"", b"x" * 65_535]
    assert tiles.split_bundle(tiles.bundle(entries)) == entries
