"""An index over parts answers as one over everything, however the registrations are divided."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fingerprints.index import memory
from fingerprints.index.interface import Change
from fingerprints.index.joined import JoinedView, asking
from fingerprints.index.memory import MemoryIndex
from fingerprints.index.postings import NearKeys
from fingerprints.model import Fingerprint
from tests.fingerprints.index.asked import ALGORITHM, CODES, KEYS, answers, histories


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
        assert view.count_near_keys(NearKeys(KEYS[:1], 2, 0, KEYS[:1] & 0, 0, 100)).tolist() == [len(living)]
        assert view.by_digest(bytes(32)).tolist() == living
