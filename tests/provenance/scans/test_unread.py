"""Clear is only said of what was read."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from provenance.scans import verdict


def matched(said: str) -> Any:
    return SimpleNamespace(work_id="work_1", competing=(), verdict=said)


@pytest.mark.parametrize(
    ("said", "unread", "expected"),
    [
        ([], (), "clear"),
        ([], ("script",), "review"),
        ([], ("text_in_picture",), "review"),
        (["uncredited"], ("script",), "review"),
        (["uncredited"], ("text_in_picture",), "uncredited"),
        (["own"], ("script",), "own"),
    ],
)
def test_the_verdict_of_what_was_not_read(said: list[str], unread: tuple[str, ...], expected: str) -> None:
    assert verdict.of_read([matched(each) for each in said], unread) == expected
