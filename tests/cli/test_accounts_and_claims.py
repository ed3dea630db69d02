"""Official accounts, evidence and decisions whose claim counts, as a person types them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.cli.test_commands import ESSAY

pytestmark = pytest.mark.slow


def test_an_official_account_from_record_to_appeal(sourcemark: Command, tmp_path: Path) -> None:
    official = ("--kind", "official", "--json")
    made = sourcemark("account", "new", "Valley Post", *official, "--id", "vp1", "--entity", "media", "--also", "谷报",
                      "--operator", "op1", "--operator-name", "Valley Media", "--verification", "verified",
                      "--verified-by", "Desk", "--contact-email", "desk@valley.example")  # fmt: skip
    assert made.status == 0, made.err
    assert made.lines[0]["operator"] == {"id": "op1", "name": "Valley Media"}
    assert sourcemark("account", "forget", "vp1", "--json").lines[0]["contact"] is None
    added = sourcemark("qualification", "add", "vp1", "--number", "10120", "--valid-until", "2099-12-31", "--json")
    assert (added.status, added.lines[0]["state"]) == (0, "valid")
    (tmp_path / "bell.txt").write_text("BREAKING: the bell is back\n\n" + ESSAY)
    assert sourcemark("scan", "bell.txt", "--account-id", "vp1", "--json").lines[0]["flags"] == []
    assert sourcemark("qualification", "end", added.lines[0]["qualification_id"]).status == 0
    flagged = sourcemark("scan", "bell.txt", "--account-id", "vp1", env={"SOURCEMARK_LANG": "zh"})
    assert "涉新闻内容，账号无有效新闻许可记录" in flagged.out

    said = ("--reason", "A copy", "--json", "--by")
    counted = sourcemark("standing", "count", "vp1", "--counter", "confirmed_copying", *said, "Desk 1").lines[0]
    assert (counted["level_before"], counted["level_after"]) == (0, 1)
    decision = counted["decision_id"]
    assert sourcemark("standing", "appeal", "vp1", decision, *said, "Valley Post").status == 0
    assert sourcemark("standing", "reverse", "vp1", decision, *said, "Desk 2").lines[0]["level_after"] == 0
    shown = sourcemark("standing", "show", "vp1")
    assert all(word in shown.out for word in ("good", "counted", "appealed", "reversed"))
    listed = sourcemark("account", "list", *official, "--operator", "op1").lines
    assert [(each["account_id"], each["level"]) for each in listed] == [("vp1", 0)]


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        (("account", "new", "X", "--kind", "official"), "--id: say the account's id"),
        (("account", "new", "X", "--id", "x1"), "add --kind official"),
        (("account", "new", "X", "--kind", "official", "--id", "a/b"), "account_id"),
        (("account", "show", "x1", "--kind", "official"), "no official account of yours"),
        (("evidence", "add", "work_0", "--kind", "draft", "--date", "2024-03-01", "--file", "none"), "cannot be read"),
        (("claim", "decide", "work_0", "--reason", "x", "--by", "y"), "one of the two"),
        (("claim", "decide", "work_0", "--reason", "x", "--by", "y", "--part", "a-b"), "write 0-480"),
        (("claim", "reverse", "claim_0", "--reason", "x"), "nothing of yours"),
    ],
)
def test_what_cannot_be_done_is_one_line(sourcemark: Command, arguments: tuple[str, ...], wrong: str) -> None:
    done = sourcemark(*arguments)
    assert (done.status, done.err.count("\n")) == (2, 1), done.err
    assert wrong in done.err


def test_evidence_and_a_decision(sourcemark: Command, tmp_path: Path) -> None:
    (tmp_path / "bell.txt").write_text(ESSAY)
    (tmp_path / "draft.pdf").write_bytes(b"The first draft.")
    ours = sourcemark("register", "bell.txt", "--title", "The Bell", "--owner", "Ines Vale", "--json").lines[0][
        "work_id"
    ]
    sourcemark("account", "new", "Other")
    theirs = sourcemark("register", "bell.txt", "--owner", "Jon Gray", "--account", "Other", "--json").lines[0][
        "work_id"
    ]
    added = sourcemark("evidence", "add", ours, "--kind", "draft", "--date", "2019-03-01", "--file", "draft.pdf",
                       "--shows", "First draft", "--json")  # fmt: skip
    assert added.status == 0, added.err
    assert added.lines[0]["digest"] == hashlib.sha256(b"The first draft.").hexdigest()
    assert "First draft" in sourcemark("evidence", "list", ours).out
    claims = sourcemark("claim", "list", theirs, "--json").lines
    assert (claims[0]["work_id"], claims[0]["earliest"]) == (ours, "2019-03-01")
    decided = sourcemark("claim", "decide", theirs, "--counts", ours, "--reason", "The draft", "--by", "Desk", "--json")
    assert decided.status == 0, decided.err
    shown = sourcemark("scan", "bell.txt", env={"SOURCEMARK_LANG": "zh"}).out
    assert "人工裁定：以他人主张为准" in shown
    assert "the claim of" in sourcemark("claim", "list", theirs).out
    assert sourcemark("claim", "reverse", decided.lines[0]["decision_id"], "--reason", "Forged").status == 0
    assert sourcemark("ledger", "fsck").status == 0
