"""Proofs in large trees out of tiles, and proofs that lead to a hash that is no root."""

import hashlib
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance.errors import VerificationFailed
from provenance.tlog.merkle import (
    HASH_SIZE,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    perfect_root,
    range_root,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from provenance.tlog.tiles import TileReader, parse_path

MOST = 66_000
LEAVES = [hashlib.sha256(n.to_bytes(4, "big")).digest() for n in range(MOST)]


@cache
def rows() -> list[list[bytes]]:
    """The complete nodes of each tile level, by the frontier, not by the code that reads tiles."""
    found, row = [], LEAVES
    while row:
        found.append(row)
        row = [root_of(row[i : i + 256]) for i in range(0, len(row) - len(row) % 256, 256)]
    return found


def fetch(path: str) -> bytes:
    place = parse_path(path)
    assert place is not None
    level, number, width = place
    return b"".join(rows()[int(level)][number * 256 : number * 256 + width])


sizes = st.one_of(st.sampled_from([1, 2, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, MOST]), st.integers(1, MOST))


@settings(max_examples=60, deadline=None)
@given(sizes, st.data())
def test_proofs_out_of_tiles(size: int, data: st.DataObject) -> None:
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    nodes = TileReader(fetch, size)
    root = range_root(nodes, 0, size)
    frontier = Frontier()
    frontier.extend(LEAVES[:size])
    assert root == frontier.root()
    path = inclusion_proof(nodes, index, size)
    assert len(path) <= 17
    verify_inclusion(index, size, LEAVES[index], path, root)
    between = consistency_proof(nodes, old, size)
    old_root = range_root(nodes, 0, old)
    verify_consistency(old, size, between, old_root, root)
    for wrong in range(len(path)):
        changed = [*path[:wrong], bytes(HASH_SIZE), *path[wrong + 1 :]]
        with pytest.raises(VerificationFailed):
            verify_inclusion(index, size, LEAVES[index], changed, root)
    for changed in (between[:-1], [*between, root], [h[:-1] for h in between]):
        if changed != between:
            with pytest.raises(VerificationFailed):
                verify_consistency(old, size, changed, old_root, root)


def test_a_reader_has_no_tile_past_the_log() -> None:
    reader = TileReader(fetch, 300)
    for height, index in ((0, 300), (3, 37), (8, 1), (16, 0), (0, 10**9)):
        with pytest.raises(VerificationFailed):
            reader.node(height, index)


@pytest.mark.parametrize("power", range(9))
def test_perfect_trees(power: int) -> None:
    assert perfect_root(b"".join(LEAVES[: 1 << power])) == root_of(LEAVES[: 1 << power])


def test_an_inner_hash_is_no_root() -> None:
    """A proof that ends half-way leads to an inner node; a verifier without the length rule would take that for one."""
    a, b = leaf_hash(b"a"), leaf_hash(b"b")
    with pytest.raises(VerificationFailed, match="short"):
        verify_inclusion(0, 4, a, [b], node_hash(a, b))
    with pytest.raises(VerificationFailed, match="short"):
        verify_consistency(1, 4, [b], a, node_hash(a, b))
    with pytest.raises(VerificationFailed, match="long"):
        verify_inclusion(0, 2, a, [b, b], node_hash(node_hash(a, b), b))


def test_an_entry_is_no_inner_node() -> None:
    a, b = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(a + b) != node_hash(a, b)
