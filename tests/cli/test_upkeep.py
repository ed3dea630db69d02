"""What operators run: purging, backing up, restoring."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def test_purge(sourcemark) -> None:
    unset = sourcemark("purge", env={"SOURCEMARK_KEEP_JOBS_DAYS": "0", "SOURCEMARK_KEEP_EVENTS_DAYS": "0"})
    assert unset.status == 2
    assert "SOURCEMARK_KEEP_COPIES_DAYS" in unset.err
    sourcemark("scan", "-", stdin="Nothing that anybody has registered.")
    due = {"SOURCEMARK_KEEP_UNMATCHED_DAYS": "1"}
    counts = {"unmatched_scans": 0, "matched_scans": 0, "copies": 0, "names": 0, "jobs": 0, "events": 0}
    assert sourcemark("purge", "--json", env=due).lines == [counts]
    assert "已删除：无匹配的扫描：0" in sourcemark("purge", env={**due, "SOURCEMARK_LANG": "zh"}).out
    assert sourcemark("purge", env={"SOURCEMARK_KEEP_UNMATCHED_DAYS": "-1"}).status == 2


def test_backup_and_restore(sourcemark, tmp_path: Path) -> None:
    assert sourcemark("backup", "none").status == 3
    (tmp_path / "a.txt").write_text("A work of a few words, which only its exact bytes can find again.")
    work = sourcemark("register", "a.txt", "--owner", "Ada", "--json").lines[0]
    saved = sourcemark("backup", "saved", "--json").lines[0]
    assert saved["size"] == work["receipt"]["size"]
    assert "不含私钥" in sourcemark("backup", "apart", env={"SOURCEMARK_LANG": "zh"}).out
    assert sourcemark("backup", "again", "--keys", "kept").status == 0
    assert sourcemark("backup", "saved").status == 2
    new = {"SOURCEMARK_HOME": str(tmp_path / "new")}
    done = sourcemark("restore", "saved", "--keys", "kept", env=new)
    assert done.status == 0, done.err
    assert "ledger rebuild" in done.out
    assert sourcemark("register", "a.txt", "--owner", "Bo", env=new).status == 3
    assert sourcemark("ledger", "rebuild", env=new).status == 0
    assert sourcemark("register", "a.txt", "--owner", "Bo", env=new).status == 0
    assert sourcemark("restore", "saved", env=new).status == 2
    (tmp_path / "new" / "sourcemark.db").unlink()
    for left in (tmp_path / "new").glob("sourcemark.db-*"):
        left.unlink()
    behind = sourcemark("restore", "saved", "--json", env=new)
    assert (behind.status, behind.lines[0]["state"]) == (1, "behind")
    assert sourcemark("restore", "nothing", env={"SOURCEMARK_HOME": str(tmp_path / "third")}).status == 2
