"""The signer state never goes back or sideways, and survives what can happen to one small file."""

import json
import multiprocessing
import os
import queue
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.errors import LedgerReadOnly
from provenance.ledger.signer_state import SignerState
from provenance.tlog.checkpoint import Checkpoint
from provenance.tlog.encoding import b64
from provenance.tlog.merkle import leaf_hash
from provenance.tlog.signed_checkpoint import sign_checkpoint
from tests.provenance.ledger.small_log import LOG_KEYS, ORIGIN

pytestmark = pytest.mark.slow

ROOTS = [leaf_hash(bytes([n])) for n in range(4)]


def signed(size: int, root: bytes, time: int = 1) -> bytes:
    return sign_checkpoint(Checkpoint(ORIGIN, size, root), LOG_KEYS, time)


@pytest.fixture
def state(tmp_path: Path) -> SignerState:
    return SignerState(tmp_path / "home" / "signer.json")


def test_it_goes_forward_only(state: SignerState) -> None:
    assert state.read() is None
    first = signed(2, ROOTS[0])
    assert state.advance(ORIGIN, 2, ROOTS[0], first) == first
    second = signed(5, ROOTS[1])
    assert state.advance(ORIGIN, 5, ROOTS[1], second) == second
    for size, root in ((2, ROOTS[0]), (4, ROOTS[2]), (5, ROOTS[2]), (5, ROOTS[0])):
        with pytest.raises(LedgerReadOnly, match="backup"):
            state.advance(ORIGIN, size, root, signed(size, root))
    with pytest.raises(LedgerReadOnly, match=r"other\.example"):
        state.advance("other.example/log", 9, ROOTS[3], signed(9, ROOTS[3]))
    assert state.read() == Checkpoint(ORIGIN, 5, ROOTS[1], second)
    assert sorted(path.name for path in state.path.parent.iterdir()) == ["signer.json", "signer.lock"]


def test_what_was_signed_is_not_signed_differently(state: SignerState) -> None:
    first, again = signed(2, ROOTS[0], 1), signed(2, ROOTS[0], 2)
    assert first != again
    state.advance(ORIGIN, 2, ROOTS[0], first)
    assert state.advance(ORIGIN, 2, ROOTS[0], again) == first


@pytest.mark.parametrize("failing", [0, 1])
def test_a_failed_fsync_is_told(state: SignerState, monkeypatch: pytest.MonkeyPatch, failing: int) -> None:
    state.advance(ORIGIN, 2, ROOTS[0], signed(2, ROOTS[0]))
    count, real = 0, os.fsync

    def fsync(descriptor: int) -> None:
        nonlocal count
        count += 1
        if count > failing:
            raise OSError(5, "Input/output error")
        real(descriptor)

    monkeypatch.setattr("os.fsync", fsync)
    with pytest.raises(OSError, match="Input/output"):
        state.advance(ORIGIN, 3, ROOTS[1], signed(3, ROOTS[1]))
    monkeypatch.undo()
    now = state.read()
    assert now is not None
    assert now.size == (2 if failing == 0 else 3)  # failed, or failed but persisted: one of the two, whole
    state.advance(ORIGIN, 3, ROOTS[1], signed(3, ROOTS[1]))


def damaged(change) -> bytes:
    data = {"origin": ORIGIN, "size": 2, "root": b64(ROOTS[0]), "note": b64(signed(2, ROOTS[0]))}
    change(data)
    return json.dumps(data).encode()


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"{", b"null", b"[]", b"5", b"{}", b"\xff", b"[" * 100_000,
        damaged(lambda d: d.update(size=3)),
        damaged(lambda d: d.update(size="2")),
        damaged(lambda d: d.update(size=-2)),
        damaged(lambda d: d.update(origin="other.example/log")),
        damaged(lambda d: d.update(origin=5)),
        damaged(lambda d: d.update(root=d["root"][:-2])),
        damaged(lambda d: d.update(note="")),
        damaged(lambda d: d.pop("note")),
    ],
)  # fmt: skip
def test_a_damaged_state_stops_the_log(state: SignerState, raw: bytes) -> None:
    state.path.parent.mkdir()
    state.path.write_bytes(raw)
    for act in (state.read, lambda: state.advance(ORIGIN, 9, ROOTS[1], signed(9, ROOTS[1]))):
        with pytest.raises(LedgerReadOnly, match="damaged"):
            act()
    assert state.path.read_bytes() == raw


def _race(path: str, root: int, answers) -> None:
    for size in range(1, 40):
        try:
            SignerState(Path(path)).advance(ORIGIN, size, ROOTS[root], signed(size, ROOTS[root]))
            answers.put((size, root))
        except LedgerReadOnly:
            continue


def test_two_processes_never_sign_two_trees_of_one_size(state: SignerState) -> None:
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    racers = [context.Process(target=_race, args=(str(state.path), root, answers)) for root in (0, 1)]
    for racer in racers:
        racer.start()
    got = []
    for racer in racers:
        while racer.is_alive() or not answers.empty():
            try:
                got.append(answers.get(timeout=0.2))
            except queue.Empty:
                continue
        racer.join()
    assert all(racer.exitcode == 0 for racer in racers)
    sizes = [size for size, _ in got]
    assert sizes
    assert len(sizes) == len(set(sizes))


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 3)), max_size=12))
def test_whatever_is_asked_sizes_grow_and_roots_stay(tmp_path_factory, asked) -> None:
    state = SignerState(tmp_path_factory.mktemp("signer") / "signer.json")
    taken: dict[int, int] = {}
    for size, root in asked:
        try:
            state.advance(ORIGIN, size, ROOTS[root], signed(size, ROOTS[root]))
        except LedgerReadOnly:
            assert size < max(taken) or taken.get(size) != root
            continue
        assert taken.setdefault(size, root) == root
        assert size == max(taken)
