"""sourcemark policy: what people and scripts see of it, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Command

pytestmark = pytest.mark.slow

RULE = '[[rule]]\nname = "{name}"\ndo = "{do}"\nreason = "x"\n{more}\n'
HOLD = RULE.format(name="everything", do="hold", more="")
TANGLED = (
    RULE.format(name="clear-copies", do="hold", more='post.verdict = "clear"\nmatch = {}')
    + HOLD
    + RULE.format(name="late", do="block", more="match = {}")
)


def test_check_names_what_covers_a_rule(sourcemark: Command, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(HOLD)
    assert sourcemark("policy", "check", file).out == "✓ everything → hold for a person\n"
    file.write_text(TANGLED)
    checked = sourcemark("policy", "check", file)
    assert checked.status == 1
    assert checked.out.splitlines() == [
        "! clear-copies → hold for a person: its conditions exclude each other: no post fits it",
        "✓ everything → hold for a person",
        "! late → block: no post reaches it, decided before by: everything",
    ]
    chinese = sourcemark("policy", "check", file, env={"SOURCEMARK_LANG": "zh"})
    assert chinese.out.splitlines()[2] == "! late → 拦截：不会命中，已由前面的规则处理：everything"
    (record,) = sourcemark("policy", "check", file, "--json").lines
    assert [each["reachable"] for each in record["rules"]] == [False, True, False]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xff\xfe", "is not UTF-8, which a policy has to be"),
        (b"[[rule]]\nname = 'a'\ndo = 'hold'\nreason = 'x'\nwen = 1", "rule 1 (a): wen: is no field here"),
        (None, "cannot be read: No such file or directory"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line(
    sourcemark: Command, tmp_path: Path, content: bytes | None, told: str
) -> None:
    file = tmp_path / "mine.toml"
    if content is not None:
        file.write_bytes(content)
    for args in (["check"], ["set"], ["try", "--since", "2020-01-01"]):
        run = sourcemark("policy", *args, file)
        assert (run.status, run.out) == (2, "")
        assert told in run.err
        assert run.err.count("\n") == 1


def test_a_policy_is_tried_set_shown_and_listed(sourcemark: Command, tmp_path: Path) -> None:
    file, post = tmp_path / "mine.toml", tmp_path / "post.txt"
    file.write_text(HOLD)
    post.write_text("A text that nobody has registered.")
    (scan,) = sourcemark("scan", post, "--json").lines
    assert scan["action"]["do"] == "allow"
    tried = sourcemark("policy", "try", file, "--since", "2020-01-01")
    assert tried.out.startswith("1 scans; 1 decided otherwise\n  1 × allow → hold for a person\n")
    assert scan["scan_id"] in tried.out
    (record,) = sourcemark("policy", "try", file, "--since", "2020-01-01", "--json").lines
    assert (record["scans"], record["changes"][0]["scan_id"]) == (1, scan["scan_id"])
    assert "ISO 8601" in sourcemark("policy", "try", file, "--since", "yesterday").err
    assert sourcemark("policy", "list").out == "none is set: the default policy decides\n"
    (made,) = sourcemark("policy", "set", file, "--json").lines
    assert sourcemark("policy", "show").out == f"# {made['policy_version']}\n{HOLD}"
    assert sourcemark("policy", "show", "default").out.startswith("# default-")
    assert made["policy_version"] in sourcemark("policy", "list").out
    (scan,) = sourcemark("scan", post, "--json").lines
    assert scan["action"] == {
        "do": "hold",
        "rule": "everything",
        "reason": "x",
        "policy_version": made["policy_version"],
        "queue": None,
        "note": None,
    }
    unknown = sourcemark("policy", "show", "9-000000000000")
    assert (unknown.status, unknown.err) == (
        2,
        "sourcemark: no policy of yours has the version '9-000000000000': see `sourcemark policy list`\n",
    )
