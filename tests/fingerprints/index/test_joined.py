"""An index over parts answers as one over everything, however the registrations are divided."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fingerprints.index import memory
from fingerprints.index.interface import Change, View
from fingerprints.index.joined import JoinedView, asking
from fingerprints.index.memory import MemoryIndex
from fingerprints.model import Fingerprint

ALGORITHM, OTHER = "made/1", "made/2"
KEYS = np.array([word << 38 | low for word in range(3) for low in (0, 1, 3, 7, 1 << 20)], dtype=np.uint64)
CODES = np.array([[0, 0, 0, 0], [1, 0, 0, 0], [3, 0, 0, 1 << 63], [2**64 - 1] * 4], dtype=np.uint64)

prints = st.builds(
    lambda algorithm, digest, keys, codes: Fingerprint(
        "image", algorithm, bytes([digest]) * 32, codes=CODES[codes], keys=KEYS[keys]
    ),
    st.sampled_from([ALGORITHM, ALGORITHM, ALGORITHM, OTHER]),
    st.integers(0, 2),
    st.lists(st.integers(0, len(KEYS) - 1), max_size=6).map(lambda at: np.array(at, dtype=np.int64)),
    st.lists(st.integers(0, len(CODES) - 1), max_size=3).map(lambda at: np.array(at, dtype=np.int64)),
)
# A work is registered, replaced or withdrawn, any number of times.
histories = st.lists(st.tuples(st.integers(0, 30), st.none() | prints | prints | prints), max_size=60)


def answers(view: View) -> list[Any]:
    """All that can be asked, as plain values."""
    found = [len(view)]
    for digest in range(4):
        found.append(view.by_digest(bytes([digest]) * 32).tolist())
    for cap in (1, 2, 5, 1000):
        hits = view.by_keys(KEYS[::-1], cap)
        found += [hits.counts.tolist(), hits.asked.tolist(), hits.positions.tolist()]
    for radius in (0, 1, 3):
        near = view.by_near_keys(KEYS, 2, radius, 1000)
        found.append(sorted(zip(near.asked.tolist(), near.positions.tolist(), near.distance.tolist(), strict=True)))
        found.append(view.count_near_keys(KEYS, 2, radius, 1000).tolist())
    for radius in (0, 2, 31, 255):
        codes = view.by_codes(CODES[:2], radius)
        found += [codes.positions.tolist(), codes.similarity.tolist()]
    everyone = np.union1d(view.by_keys(KEYS, 1000).positions, view.by_codes(CODES, 256).positions)[::-1]
    found += [view.accounts_at(everyone).tolist(), view.sizes_at(everyone).tolist(), view.codes_at(everyone).tolist()]
    return found


def joined(indexes: Sequence[MemoryIndex]) -> JoinedView:
    return JoinedView(asking([index.view(ALGORITHM) for index in indexes]))


def changes_of(history: Sequence[tuple[int, Fingerprint | None]]) -> list[Change]:
    return [Change(at, work, made, account=work % 5) for at, (work, made) in enumerate(history, 1)]


@settings(deadline=None, max_examples=120)
@given(history=histories, parts=st.integers(1, 5), data=st.data())
def test_any_division_gives_the_same_answers(
    history: list[tuple[int, Fingerprint | None]], parts: int, data: st.DataObject
) -> None:
    changes = changes_of(history)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(changes)), max_size=4), "batches"))
    part_of = data.draw(st.lists(st.integers(0, parts - 1), min_size=31, max_size=31), "part of each work")
    whole, divided = MemoryIndex(), [MemoryIndex() for _ in range(parts)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "_TOLERATED_DEAD", data.draw(st.sampled_from([0, 3, 4096]), "dead"))
        for start, stop in zip([0, *cuts], [*cuts, len(changes)], strict=True):
            batch = changes[start:stop]
            for number, index in enumerate(divided):
                index.apply(change for change in batch if part_of[change.work] == number)
        for change in changes:
            whole.apply([change])
    expected = answers(whole.view(ALGORITHM))
    assert answers(joined(divided)) == expected
    assert answers(JoinedView(asking([joined(divided[::2]), joined(divided[1::2])]))) == expected


def test_a_hub_over_parts_gives_its_earliest_and_hides_nobody() -> None:
    flat = Fingerprint("image", ALGORITHM, bytes(32), codes=CODES[:1], keys=KEYS[:1])
    near = Fingerprint("image", ALGORITHM, bytes(32), codes=CODES[1:2], keys=KEYS[:1])
    parts = [MemoryIndex() for _ in range(3)]
    for at in range(1, 100):
        parts[at % 3].apply([Change(at, at, flat if at != 50 else near)])
    view = joined(parts)
    found = view.by_codes(CODES[:1], 31)
    assert found.positions[found.similarity > 0].tolist() == [*range(1, 9), 50]
    hits = view.by_keys(KEYS[:1], 7)
    assert (hits.counts.tolist(), hits.positions.tolist()) == ([99], list(range(1, 8)))


def test_what_is_registered_nowhere_has_no_row() -> None:
    index = MemoryIndex()
    index.apply([Change(4, 1, Fingerprint("image", ALGORITHM, bytes(32)))])
    view = index.view(ALGORITHM)
    assert view.accounts_at(np.array([4])).tolist() == [0]
    with pytest.raises(KeyError, match="1 of 2 registrations"):
        view.sizes_at(np.array([4, 5]))
    assert len(MemoryIndex().view(ALGORITHM).by_keys(KEYS, 3).positions) == 0


def test_a_withdrawn_registration_is_in_no_count_before_it_is_forgotten() -> None:
    index = MemoryIndex()
    hub = Fingerprint("image", ALGORITHM, bytes(32), keys=KEYS[:1])
    index.apply([Change(at, at, hub) for at in range(1, 41)])
    before = index.view(ALGORITHM)
    index.apply([Change(100 + at, at, None) for at in range(1, 41, 2)])
    assert index._count == 40  # nothing was compacted
    for view, living in ((before, list(range(1, 41))), (index.view(ALGORITHM), list(range(2, 41, 2)))):
        assert len(view) == len(living)
        assert view.by_keys(KEYS[:1], 5).positions.tolist() == living[:5]
        assert view.by_keys(KEYS[:1], 5).counts.tolist() == [len(living)]
        assert view.count_near_keys(KEYS[:1], 2, 0, 100).tolist() == [len(living)]
        assert view.by_digest(bytes(32)).tolist() == living
