"""Segments answer as memory does, however the log is divided into them, and tell when they are damaged."""

import os
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fingerprints.index import hamming, segment_file, segments
from fingerprints.index.interface import Change
from fingerprints.index.memory import MemoryIndex
from fingerprints.index.segment_file import UnusableSegment
from fingerprints.index.segmented import SegmentedIndex
from fingerprints.index.segments import Coverage, Segment, build, merge
from fingerprints.model import Fingerprint
from tests.fingerprints.index.asked import ALGORITHM, KEYS, answers, prints

# Each registers a work, or removes one that was registered so many before.
logs = st.lists(prints | prints | st.integers(1, 20), max_size=40)


def changes_of(log: Sequence[Fingerprint | int]) -> list[Change]:
    return [
        Change(at, at - each, None) if isinstance(each, int) else Change(at, at, each, account=at % 5)
        for at, each in enumerate(log, 1)
    ]


def built(folder: Path, changes: Sequence[Change], start: int, stop: int) -> Segment:
    path = folder / f"{start}-{stop}"
    some = [change for change in changes if start < change.position <= stop]
    build(path, Coverage(start, stop, stop, "", (ALGORITHM,)), [some[:3], some[3:]])
    return Segment(path)


def of_works(*works: int) -> list[Change]:
    return [Change(n, n, Fingerprint("image", ALGORITHM, bytes(32), keys=KEYS, detail=b"d" * n)) for n in works]


@settings(deadline=None, max_examples=30)
@given(log=logs, data=st.data())
def test_any_segments_and_merges_answer_as_memory_does(
    tmp_path_factory: pytest.TempPathFactory, log: list[Fingerprint | int], data: st.DataObject
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hamming, "_MAX_UNTABLED", data.draw(st.sampled_from([3, 1000]), "codes without tables"))
        compare(tmp_path_factory.mktemp("segments"), log, data)


def compare(folder: Path, log: Sequence[Fingerprint | int], data: st.DataObject) -> None:
    changes = changes_of(log)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(changes)), min_size=1, max_size=5), "segments"))
    whole, index = MemoryIndex(), SegmentedIndex()
    for change in changes:
        whole.apply([change])
    expected = answers(whole.view(ALGORITHM))
    made: list[Segment] = []
    for start, stop in pairwise([0, *cuts]):
        if data.draw(st.booleans(), "applied before"):
            index.apply(change for change in changes if index.position < change.position <= stop)
        made.append(built(folder, changes, start, stop))
        index.adopt(made)
        assert index.position >= stop
    index.apply(change for change in changes if change.position > index.position)
    assert answers(index.view(ALGORITHM)) == expected
    # What a process that starts now would open.
    fresh = SegmentedIndex()
    fresh.adopt(made)
    fresh.apply(change for change in changes if change.position > cuts[-1])
    assert answers(fresh.view(ALGORITHM)) == expected

    first = data.draw(st.integers(0, len(made) - 1), "first merged")
    last = data.draw(st.integers(first, len(made) - 1), "last merged")
    some = made[first : last + 1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segments, "_MERGED_AT_ONCE", data.draw(st.sampled_from([1, 5, 1 << 22]), "merged at once"))
        covered = Coverage(some[0].coverage.start, some[-1].coverage.stop, len(log), "", (ALGORITHM,))
        merge(folder / "merged", covered, [(each, index.alive(each)) for each in some])
    made[first : last + 1] = [Segment(folder / "merged")]
    assert not (folder / "merged.partial").exists()
    for one, known in ((index, len(log)), (SegmentedIndex(), 0)):
        one.adopt(made)
        one.apply(change for change in changes if change.position > max(known, cuts[-1]))
        assert answers(one.view(ALGORITHM)) == expected
        kept = {
            position: one.view(ALGORITHM).fingerprints_at(np.array([position])) for position in range(1, len(log) + 1)
        }
        for change in changes:
            if change.fingerprint is not None and change.position <= cuts[-1] and kept[change.position]:
                assert kept[change.position][change.position].to_bytes() == change.fingerprint.to_bytes()
    living = [each for segment in made for each in segment.registrations.columns.positions.tolist()]
    assert set(living) <= {change.position for change in changes if change.fingerprint is not None}


def test_fingerprints_come_with_their_detail(tmp_path: Path) -> None:
    segment = built(tmp_path, of_works(3, 5, 9), 0, 10)
    index = SegmentedIndex()
    index.adopt([segment])
    index.apply(of_works(11))
    found = index.view("another").fingerprints_at(np.array([9, 4, 3, 11]))
    assert {position: each.detail for position, each in found.items()} == {9: b"d" * 9, 3: b"ddd"}


def test_a_view_keeps_its_moment_while_segments_change(tmp_path: Path) -> None:
    index = SegmentedIndex()
    index.adopt([built(tmp_path, of_works(1, 2, 3), 0, 3)])
    before = index.view(ALGORITHM)
    index.apply([Change(4, 2, None)])
    after = index.view(ALGORITHM)
    merge(
        tmp_path / "rest",
        Coverage(0, 3, 4, "", (ALGORITHM,)),
        [(index.segments[0], index.alive(index.segments[0]))],
    )
    index.adopt([Segment(tmp_path / "rest")])
    (tmp_path / "0-3").unlink()
    assert before.by_digest(bytes(32)).tolist() == [1, 2, 3]
    assert after.by_digest(bytes(32)).tolist() == index.view(ALGORITHM).by_digest(bytes(32)).tolist() == [1, 3]
    assert before.fingerprints_at(np.array([2]))[2].detail == b"dd"
    assert b"dd" * 1 in (raw := (tmp_path / "rest").read_bytes())
    assert len(index.segments[0]) == 2
    assert raw.count(b'"keys":15') == 2  # the head of each fingerprint: the removed one's bytes are gone


@pytest.mark.parametrize("damage", ["short", "shorter", "empty", "bit", "footer", "newer", "other", "none", "folder"])
def test_a_damaged_segment_is_not_opened(tmp_path: Path, damage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = built(tmp_path, of_works(*range(1, 40)), 0, 40).path
    raw = bytearray(path.read_bytes())
    path.unlink()
    match damage:
        case "short":
            path.write_bytes(raw[:-1])
        case "shorter":
            path.write_bytes(raw[: len(raw) // 2])
        case "empty":
            path.write_bytes(b"")
        case "bit":
            at = raw.index(np.array([39], dtype=np.int64).tobytes()[:8] + bytes(0))
            raw[at] ^= 4
            path.write_bytes(raw)
        case "footer":
            raw[raw.index(b'"known"') + 1] ^= 1
            path.write_bytes(raw)
        case "newer":
            monkeypatch.setattr(segment_file, "FORMAT", 2)
            built(tmp_path, of_works(1), 0, 40)
            monkeypatch.undo()
        case "other":
            path.write_bytes(b"something else" * 100)
        case "folder":
            path.mkdir()
    with pytest.raises(UnusableSegment, match=r"damaged|cut short|format 2|cannot be opened"):
        Segment(path)


def test_every_changed_bit_of_the_arrays_is_noticed(tmp_path: Path) -> None:
    path = built(tmp_path, of_works(1, 2, 3), 0, 3).path
    raw = path.read_bytes()
    start = Segment(path)._file._footer()["start"]
    end = Segment(path)._file._footer_at
    for at in range(start, end, 7):
        path.write_bytes(raw[:at] + bytes([raw[at] ^ (1 << at % 8)]) + raw[at + 1 :])
        with pytest.raises(UnusableSegment):
            Segment(path)


def test_a_damaged_record_is_left_out_and_its_work_can_be_removed(tmp_path: Path) -> None:
    path = built(tmp_path, of_works(20, 30), 0, 30).path
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"d" * 20)] ^= 1
    path.write_bytes(raw)
    index = SegmentedIndex()
    index.adopt([Segment(path)])
    assert list(index.view(ALGORITHM).fingerprints_at(np.array([20, 30]))) == [30]
    index.apply([Change(31, 20, None)])
    hits = index.view(ALGORITHM).by_keys(KEYS[:1], 10)
    assert (hits.counts.tolist(), hits.positions.tolist()) == ([1], [30])


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        built(tmp_path, of_works(1), 0, 1)
    assert list(tmp_path.iterdir()) == []


def test_more_registrations_than_a_segment_holds_are_not_merged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [built(tmp_path, of_works(*range(1, 5)), 0, 4), built(tmp_path, of_works(5, 6), 4, 6)]
    monkeypatch.setattr(segments.postings, "MAX_SLOTS", 5)
    with pytest.raises(UnusableSegment, match="at most 5"):
        merge(
            tmp_path / "merged",
            Coverage(0, 6, 6, "", (ALGORITHM,)),
            [(each, each.registrations.columns.alive) for each in made],
        )
    index = SegmentedIndex()
    index.adopt(made)  # more than one part holds: 2^24 bounds a part, not an index
    assert len(index) == 6
    assert index.view(ALGORITHM).by_digest(bytes(32)).tolist() == [1, 2, 3, 4, 5, 6]
