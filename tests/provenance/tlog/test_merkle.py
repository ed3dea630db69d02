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
    range_root,
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


class NoNodes:
    """A tree without nodes: nothing may be asked of it."""

    def node(self, height: int, index: int) -> bytes:
        raise AssertionError((height, index))


def test_what_needs_no_node() -> None:
    assert range_root(NoNodes(), 0, 0) == EMPTY_ROOT
    assert consistency_proof(NoNodes(), 0, 5) == consistency_proof(NoNodes(), 5, 5) == []


def test_no_proof_of_what_is_not_in_the_tree() -> None:
    for index, size in ((-1, 5), (5, 5), (0, 0)):
        with pytest.raises(ValueError, match="no leaf"):
            inclusion_proof(NaiveNodes(LEAVES), index, size)
    for old, new in ((-1, 5), (6, 5)):
        with pytest.raises(ValueError, match="no tree"):
            consistency_proof(NaiveNodes(LEAVES), old, new)


def test_one_leaf_at_a_time() -> None:
    frontier = Frontier()
    for leaf in LEAVES:
        frontier.append(leaf)
    assert (frontier.size, frontier.root()) == (len(LEAVES), root_of(LEAVES))


def test_what_is_no_frontier() -> None:
    root = LEAVES[0]
    for size, roots in ((-1, [root]), (1, []), (1, [root, root]), (0, [root]), (1, [root[:-1]]), (1, [root + b"x"])):
        with pytest.raises(ValueError, match="frontier"):
            Frontier(size, roots)


@pytest.mark.parametrize("odd", [b"", bytes(31), bytes(33), bytes(64)])
def test_a_hash_of_another_length(odd: bytes) -> None:
    """Even where everything that is computed from it agrees."""
    with pytest.raises(VerificationFailed, match="32 bytes"):
        verify_inclusion(0, 2, LEAVES[0], [odd], node_hash(LEAVES[0], odd))
    with pytest.raises(VerificationFailed, match="32 bytes"):
        verify_inclusion(0, 1, odd, [], odd)
    with pytest.raises(VerificationFailed, match="32 bytes"):
        verify_consistency(1, 2, [odd], LEAVES[0], node_hash(LEAVES[0], odd))


@pytest.mark.parametrize(("old", "new"), [(3, 5), (1, 2), (4, 5), (4, 8), (6, 7)])
def test_an_empty_consistency_proof(old: int, new: int) -> None:
    with pytest.raises(VerificationFailed, match="empty"):
        verify_consistency(old, new, [], root_of(LEAVES[:old]), root_of(LEAVES[:new]))


@pytest.mark.parametrize(("old", "new"), [(3, 5), (3, 4), (1, 2), (4, 8), (6, 7), (5, 8)])
def test_a_consistency_proof_that_goes_on(old: int, new: int) -> None:
    """Hashes past the root, with roots that were signed so as to agree: a tree of another size, or none."""
    proof = consistency_proof(NaiveNodes(LEAVES[:new]), old, new)
    roots = [root_of(LEAVES[:old]), root_of(LEAVES[:new])]
    for more in (LEAVES[60], LEAVES[61]):
        proof, roots = [*proof, more], [node_hash(more, each) for each in roots]
        if old & (old - 1) == 0:  # the proof begins with the old root itself, whatever it is said to be
            roots[0] = root_of(LEAVES[:old])
        with pytest.raises(VerificationFailed, match="long"):
            verify_consistency(old, new, proof, *roots)


def test_what_a_failed_proof_is_told() -> None:
    old_root, new_root = root_of(LEAVES[:3]), root_of(LEAVES[:5])
    proof = consistency_proof(NaiveNodes(LEAVES[:5]), 3, 5)
    verify_consistency(3, 5, proof, old_root, new_root)
    for old, new, hashes, roots, told in (
        (3, 5, proof, (new_root, new_root), "rewritten"),
        (3, 5, proof, (old_root, old_root), "new root"),
        (3, 3, [], (old_root, new_root), "two different logs"),
        (3, 3, proof, (old_root, old_root), "must be empty"),
        (0, 5, proof, (EMPTY_ROOT, new_root), "out of order"),
        (5, 3, proof, (new_root, old_root), "out of order"),
    ):
        with pytest.raises(VerificationFailed, match=told):
            verify_consistency(old, new, hashes, *roots)
    verify_consistency(3, 3, [], old_root, old_root)
    for index, size in ((5, 5), (-1, 5)):
        with pytest.raises(VerificationFailed, match="speaks of entry"):
            verify_inclusion(index, size, LEAVES[0], [], LEAVES[0])
    verify_inclusion(0, 1, LEAVES[0], [], LEAVES[0])
