"""RFC 6962: every proof of every small tree against the definition; tampered proofs refused."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.errors import VerificationFailed
from provenance.tlog.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)


def naive_root(leaves: list[bytes]) -> bytes:
    """Section 2.1's recursion, as written there."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(naive_root(leaves[:k]), naive_root(leaves[k:]))


class NaiveNodes:
    def __init__(self, leaves: list[bytes]) -> None:
        self.leaves = leaves

    def node(self, height: int, index: int) -> bytes:
        part = self.leaves[index << height : (index + 1) << height]
        assert len(part) == 1 << height
        return naive_root(part)


LEAVES = [leaf_hash(bytes([n])) for n in range(70)]


def test_known_hashes() -> None:
    # RFC 6962's own definitions: SHA-256 of nothing, of a zero byte, of one byte and two hashes.
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"


@pytest.mark.parametrize("size", range(71))
def test_frontier_agrees_with_the_definition_at_every_size(size: int) -> None:
    assert root_of(LEAVES[:size]) == naive_root(LEAVES[:size])
    frontier = Frontier()
    frontier.extend(LEAVES[:size])
    again = Frontier.from_bytes(frontier.to_bytes())
    assert again.size == size
    again.extend(LEAVES[size:])
    assert again.root() == naive_root(LEAVES)


def test_every_inclusion_proof_of_every_small_tree() -> None:
    for size in range(1, 34):
        root = naive_root(LEAVES[:size])
        nodes = NaiveNodes(LEAVES[:size])
        for index in range(size):
            proof = inclusion_proof(nodes, index, size)
            verify_inclusion(index, size, LEAVES[index], proof, root)
            for wrong in (
                (index, size, LEAVES[(index + 1) % 70], proof, root),
                (index, size, LEAVES[index], [*proof, root], root),
                (index, size, LEAVES[index], proof, EMPTY_ROOT),
                (size, size, LEAVES[index], proof, root),
            ):
                with pytest.raises(VerificationFailed):
                    verify_inclusion(*wrong)
            if proof:
                with pytest.raises(VerificationFailed):
                    verify_inclusion(index, size, LEAVES[index], proof[:-1], root)


def test_every_consistency_proof_of_every_small_tree() -> None:
    for new in range(1, 34):
        nodes = NaiveNodes(LEAVES[:new])
        new_root = naive_root(LEAVES[:new])
        for old in range(1, new + 1):
            proof = consistency_proof(nodes, old, new)
            old_root = naive_root(LEAVES[:old])
            verify_consistency(old, new, proof, old_root, new_root)
            for wrong in (
                (old, new, proof, EMPTY_ROOT, new_root),
                (old, new, proof, old_root, EMPTY_ROOT),
                (old, new, [*proof, new_root], old_root, new_root),
                (0, new, proof, old_root, new_root),
                (new + 1, new, proof, old_root, new_root),
            ):
                with pytest.raises(VerificationFailed):
                    verify_consistency(*wrong)


@given(st.binary(max_size=200))
def test_a_frontier_is_read_back_strictly(raw: bytes) -> None:
    try:
        frontier = Frontier.from_bytes(raw)
    except ValueError:
        return
    assert frontier.to_bytes() == raw
