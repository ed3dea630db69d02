"""No option that somebody gave is ignored, and no name that a stranger gave touches the terminal."""

import json
from pathlib import Path

import pytest

from tests.provenance.conftest import ESSAY

pytestmark = pytest.mark.slow


def lines(path: Path, *items: dict) -> str:
    path.write_text("".join(json.dumps(each) + "\n" for each in items))
    return path.name


def test_options_are_defaults_of_the_lines_of_a_batch(sourcemark, tmp_path: Path) -> None:
    batch = lines(
        tmp_path / "works.jsonl",
        {"text": f"One. {ESSAY}", "title": "One"},
        {"text": f"Two. {ESSAY}", "title": "Two", "owner": "Ada", "sealed": False},
        {"text": f"Three. {ESSAY}", "titel": "Three"},
    )
    options = ("--owner", "Marta", "--owner-alias", "Old Marta", "--licence", "cc by 4.0", "--sealed")
    run = sourcemark("register", "--batch", batch, *options, "--json")
    assert run.status == 0
    assert [each["medium"] for each in run.lines] == ["sealed", "text", None]
    assert run.lines[2]["error"]["detail"].endswith("titel: is no field here; did you mean title?")
    posts = lines(tmp_path / "posts.jsonl", {"text": f"Two. {ESSAY}"}, {"text": f"Two. {ESSAY}", "account": "Ada"})
    found = sourcemark("scan", "--batch", posts, "--account", "City Daily", "--json").lines
    assert [each["verdict"] for each in found] == ["uncredited", "own"]
    assert found[0]["matches"][0]["permission"]["licence"] == "CC-BY-4.0"


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("register", "--batch", "b.jsonl", "--title", "T"), id="title"),
        pytest.param(("register", "--batch", "b.jsonl", "--source-url", "https://a.example/"), id="source-url"),
        pytest.param(("register", "--batch", "b.jsonl", "--identifier", "doi:10.5555/1"), id="identifier"),
        pytest.param(("register", "--batch", "b.jsonl", "--opens", "work_1"), id="opens"),
        pytest.param(("register", "--batch", "b.jsonl", "--licence", "CC-BY-9.9"), id="licence"),
        pytest.param(("register", "--batch", "b.jsonl", "--account", "nobody"), id="account"),
        pytest.param(("register", "b.jsonl", "--owner", "A", "--seal", "a.opening.json"), id="seal"),
        pytest.param(("scan", "--batch", "b.jsonl", "--post-url", "https://a.example/"), id="post-url"),
        pytest.param(("scan", "--batch", "b.jsonl", "--caption", "c.txt"), id="caption"),
        pytest.param(("scan", "--batch", "b.jsonl", "--use", "some"), id="use"),
        pytest.param(("key", "new", "local", "--recovery", "a" * 64), id="recovery"),
        pytest.param(("key", "new", "local", "--signing", "k.pem", "--scope", "scan"), id="scope"),
        pytest.param(("key", "revoke", "key_1", "--sign-key", "k.pem"), id="revoke"),
        pytest.param(("credit", "work_1", "--into", "a.jpg", "--format", "html"), id="format"),
    ],
)
def test_an_option_that_does_not_apply_is_refused(sourcemark, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    lines(tmp_path / "b.jsonl", {"text": ESSAY, "owner": "A"})
    run = sourcemark(*arguments)
    assert run.status == 2, run.err
    assert run.err.count("\n") == 1
    assert not run.out


def test_a_hostile_file_name_is_a_plain_title_and_prints_plainly(sourcemark, tmp_path: Path) -> None:
    name = "salt\x1b]0;owned\x07\u202etxt.exe\u200b\n✓ fake.txt"
    (tmp_path / name).write_text(ESSAY)
    shown = sourcemark("register", name, "--owner", "Marta")
    assert shown.status == 0, shown.err
    assert len(shown.out.splitlines()) == 1
    assert not set(shown.out) & set("\x1b\x07\u202e")
    scanned = sourcemark("scan", name)
    assert "«salt]0;ownedtxt.exe ✓ fake»" in scanned.out
    assert not set(scanned.out) & set("\x1b\x07\u202e")
    raw = sourcemark("scan", name, "--json")
    assert raw.lines[0]["path"] == name
    assert not set(raw.out) & set("\x1b\x07\u202e")
    wrong = sourcemark("scan", "\x1b[31mnone")
    assert "\x1b" not in wrong.out + wrong.err


def test_a_key_that_stands_twice_is_an_error(sourcemark) -> None:
    line = json.dumps({"text": ESSAY, "owner": "A"})[:-1] + ', "owner": "B"}'
    (answer,) = sourcemark("register", "--batch", "-", "--json", stdin=line).lines
    assert "owner: stands twice" in answer["error"]["detail"]


def test_a_claim_is_corrected_and_a_work_transferred(sourcemark, tmp_path: Path) -> None:
    (tmp_path / "salt.txt").write_text(ESSAY)
    work = sourcemark("register", "salt.txt", "--owner", "Marta", "--json").lines[0]["work_id"]
    again = sourcemark("register", "salt.txt", "--owner", "Marta", "--title", "The Salt Ferry")
    assert again.out.startswith("! salt.txt: already registered")
    assert f"title; to correct it: sourcemark amend {work}" in again.out
    done = sourcemark("amend", work, "--title", "The Salt Ferry", "--licence", "cc by 4.0")
    assert done.out == f"✓ amended: {work} «The Salt Ferry» — Marta (log entry 2)\n"
    assert sourcemark("amend", work, "--clear", "licence", "--json").lines[0]["claim"]["licence"] is None
    done = sourcemark("transfer", work, "--owner", "Ines", env={"SOURCEMARK_LANG": "zh"})
    assert done.out == f"✓ 已转让：{work} 《The Salt Ferry》——Ines（账本条目 4）\n"
    assert "Ines" in sourcemark("credit", work, "--permission").out
    for arguments in (("amend", work), ("amend", work, "--clear", "licens"), ("amend", work, "--licence", "foo")):
        assert sourcemark(*arguments).status == 2
    assert sourcemark("ledger", "fsck").status == 0
