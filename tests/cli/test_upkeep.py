"""What operators run: purging, backing up, restoring."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.slow


def test_purge(sourcemark) -> None:
    unset = sourcemark("purge")
    assert unset.status == 2
    assert "SOURCEMARK_KEEP_COPIES_DAYS" in unset.err
    sourcemark("scan", "-", stdin="Nothing that anybody has registered.")
    due = {"SOURCEMARK_KEEP_UNMATCHED_DAYS": "1"}
    counts = {"unmatched_scans": 0, "matched_scans": 0, "copies": 0, "names": 0}
    assert sourcemark("purge", "--json", env=due).lines == [counts]
    assert "已删除：无匹配的扫描：0" in sourcemark("purge", env={**due, "SOURCEMARK_LANG": "zh"}).out
    assert sourcemark("purge", env={"SOURCEMARK_KEEP_UNMATCHED_DAYS": "-1"}).status == 2
