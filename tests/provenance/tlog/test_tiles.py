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


def test_a_tile_of_another_length() -> None:
    rows = {"tile/0/000": bytes(256 * 32), "tile/0/001.p/44": bytes(44 * 32), "tile/1/000.p/1": bytes(32)}
    assert tiles.TileReader(rows.__getitem__, 300).node(0, 299) == bytes(32)
    for path, raw in rows.items():
        for odd in (raw[:-32], raw + bytes(32), raw[:-1], b""):
            reader = tiles.TileReader((rows | {path: odd}).__getitem__, 300)
            height, index = {"tile/0/000": (0, 0), "tile/0/001.p/44": (0, 256), "tile/1/000.p/1": (8, 0)}[path]
            with pytest.raises(VerificationFailed, match="wrong length"):
                reader.node(height, index)


def test_few_tiles_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "_MAX_CACHED_TILES", 2)
    fetched: list[str] = []

    def fetch(path: str) -> bytes:
        fetched.append(path)
        return bytes(256 * 32)

    reader = tiles.TileReader(fetch, 256 * 5)
    for number in (0, 0, 1, 1, 0, 2, 2, 0):
        assert reader.node(0, number * 256) == bytes(32)
    assert fetched == [f"tile/0/{number:03}" for number in (0, 1, 2, 0)]


def test_a_bundle_cut_inside_a_length() -> None:
    whole = tiles.bundle([b"ab", b""])
    assert tiles.split_bundle(whole) == [b"ab", b""]
    for cut in (1, 2, 3, 5):
        with pytest.raises(VerificationFailed, match="cut off"):
            tiles.split_bundle(whole[:cut])
    assert tiles.split_bundle(whole[:4]) == [b"ab"]
    assert tiles.split_bundle(b"") == []
