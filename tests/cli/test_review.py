"""Review at the command line: who acts, what is printed, what is refused."""

from __future__ import annotations

import csv
import io
import json

import pytest

from tests.cli.test_commands import ESSAY

pytestmark = pytest.mark.slow

CHINESE = {"SOURCEMARK_LANG": "zh"}


@pytest.fixture
def desk(sourcemark, tmp_path):
    """Three posts that wait."""
    (tmp_path / "essay.txt").write_text(ESSAY)
    sourcemark("register", "essay.txt", "--title", "Bells", "--owner", "Ada")
    lines = [{"text": ESSAY, "account": "City", "post_url": f"https://c.example/{n}"} for n in range(3)]
    assert sourcemark("scan", "--batch", "-", stdin="\n".join(map(json.dumps, lines))).status in (0, 1)
    return sourcemark


def test_the_way_of_an_item(desk, tmp_path) -> None:
    listed = desk("queue", "list", "--json").lines
    assert [each["post_url"] for each in listed] == [f"https://c.example/{n}" for n in range(3)]
    taken = desk("queue", "take", "--by", "ann", "--json").lines[0]["item"]
    assert taken["item_id"] == listed[0]["item_id"]
    assert "ann looks at it" in desk("queue", "list").out
    refused = desk("queue", "decide", taken["item_id"], "--as", "restrict", "--reason", "copied", "--by", "ben")
    assert (refused.status, refused.out) == (2, "")
    assert "ann looks at" in refused.err
    shown = desk("queue", "show", taken["item_id"], "--evidence", "pages")
    assert "«Bells» — Ada" in shown.out
    assert "Bells" in next((tmp_path / "pages").glob("*.html")).read_text()
    restrict = ["--as", "restrict", "--reason", "copied", "--lease", taken["lease"], "--by", "ann"]
    decided = desk("queue", "decide", taken["item_id"], *restrict, "--law", "Copyright Law, article 53")
    assert "restricted (copied)" in decided.out
    log = desk("decision", "list", "--manual", "--json").lines
    assert [(each["decision"], each["reviewer"]) for each in log] == [("restrict", "ann")]
    assert "Copyright Law, article 53" in desk("decision", "reasons", log[0]["decision_id"]).out
    assert "由人工决定" in desk("decision", "reasons", log[0]["decision_id"], env=CHINESE).out
    (body,) = desk("decision", "reasons", log[0]["decision_id"], "--dsa").lines
    assert body["illegal_content_legal_ground"] == "Copyright Law, article 53"
    assert len(desk("decision", "reasons", "--dsa").lines) == 4
    assert "taken back" not in desk("decision", "undo", log[0]["decision_id"], "--by", "ben").out
    assert [each["state"] for each in desk("queue", "list", "--json").lines] == ["waiting"] * 3
    rows = list(csv.DictReader(io.StringIO(desk("decision", "list", "--csv").out)))
    assert [row["decision"] for row in rows] == ["ask-for-credit"] * 3 + ["restrict", "ask-for-credit"]


def test_many_at_once_and_what_stays_down(desk) -> None:
    items = [each["item_id"] for each in desk("queue", "list", "--json").lines]
    many = desk("queue", "decide", *items, "item_none", "--as", "release", "--reason", "quoted")
    assert many.out.endswith("3 decided, 1 refused\n")
    assert desk("queue", "take").out == "nothing waits for you\n"
    scan = desk("queue", "list", "--state", "decided", "--json").lines[0]["scan_id"]
    entry = desk("stay-down", "add", scan, "--except-account", "Friend", "--json").lines[0]["stay_down_id"]
    assert "持续下架" in desk("decision", "history", scan, env=CHINESE).out
    assert entry in desk("stay-down", "list").out.replace("\n", "")
    blocked = desk("scan", "essay.txt", "--account", "Other", "--json").lines[0]["action"]
    assert (blocked["do"], blocked["reason"]) == ("block", "stay_down")
    assert desk("stay-down", "end", entry).status == 0
    assert desk("stay-down", "list", "--json").out == ""
    assert "by people 3" in desk("decision", "overview").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["queue", "list", "--state", "gone"], "none of waiting"),
        (["queue", "take", "item_0", "--queue", "q"], "leave out its id"),
        (["queue", "show", "item_0"], "no item of your queue"),
        (["queue", "skip", "item_0", "--by", "key_1"], "cannot begin with key_"),
        (["queue", "decide", "a", "b", "--as", "label", "--reason", "x", "--lease", "l"], "name only that"),
        (
            ["queue", "decide", "a", "--as", "label", "--reason", "x", "--clause", "c", "--law", "l"],
            "exclude each other",
        ),
        (["queue", "decide", "scan_0", "--as", "label", "--reason", "x", "--lease", "l"], "in place of its scan"),
        (["queue", "decide", "item_0", "--as", "label", "--reason", "x", "--supersedes", "d"], "in place of the item"),
        (["decision", "list", "--json", "--csv"], "exclude each other"),
        (["decision", "list", "--decision", "ban"], "none of release"),
        (["decision", "history", "nobody"], "speaks of"),
        (["stay-down", "add", "scan_0", "--until", "2001-01-01"], "has passed"),
    ],
)
def test_what_is_wrong_is_one_line(sourcemark, arguments: list[str], said: str) -> None:
    run = sourcemark(*arguments)
    assert (run.status, run.out) == (2, "")
    assert said in run.err
    assert run.err.count("\n") == 1
