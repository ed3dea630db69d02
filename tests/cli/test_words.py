"""What people read has words in place of codes, the punctuation of its language, and one line for every mistake."""

import json
from pathlib import Path

import pytest

from tests.cli.test_commands import ESSAY, ZH

pytestmark = pytest.mark.slow

CHINESE = {"SOURCEMARK_LANG": "zh"}


def test_no_codes_in_what_people_read(sourcemark, tmp_path: Path) -> None:
    (tmp_path / "tiny.txt").write_text("hi")
    first = sourcemark("register", "tiny.txt", "--owner", "Ada", env=CHINESE).out
    again = sourcemark("register", "tiny.txt", "--owner", "Ada", "--source-url", "https://a.example/", env=CHINESE).out
    found = sourcemark("scan", "tiny.txt", env=CHINESE).out
    assert "内容过短" in first
    assert "来源网址" in again
    assert "too_short" not in first + found
    assert "source_urls" not in again
    assert "it is too short" in sourcemark("scan", "tiny.txt").out


def test_a_batch_s_texts_without_a_name_are_told_without_one(sourcemark) -> None:
    run = sourcemark("register", "--batch", "-", stdin=json.dumps({"text": ESSAY, "owner": "Ada"}))
    assert run.out.startswith("✓ registered work_")
    assert sourcemark("scan", "--batch", "-", stdin=json.dumps({"text": ZH})).out.startswith("verdict clear")


def test_grants_accounts_and_keys_in_chinese(sourcemark, tmp_path: Path) -> None:
    (tmp_path / "bell.txt").write_text(ESSAY)
    work = sourcemark("register", "bell.txt", "--owner", "Ada", "--json").lines[0]["work_id"]
    given = ["grant", "give", work, "--to", "*", "--until", "2099-12-31", "--use", "full", "--no-credit"]
    assert "任何人 · 全文 · 截至 2099-12-31 · 无须署名" in sourcemark(*given, env=CHINESE).out
    assert "授予时间（UTC）" in sourcemark("grant", "list", work, env=CHINESE).out
    assert "（平台）" in sourcemark("account", "new", "日报", "--kind", "platform", env=CHINESE).out
    assert "保管方：本人" in sourcemark("key", "list", env=CHINESE).out
    made = sourcemark("key", "new", "日报", env=CHINESE).out
    assert "（" in made
    assert "(" not in made


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["grant", "give", "work_none", "--to", "A", "--territory", "China"], "two capital letters, such as CN"),
        (["grant", "give", "work_none", "--to", "A", "--use", "all"], "must be 'full', 'excerpt'"),
        (["account", "new", "A", "--kind", "king"], "kind: must be 'producer'"),
    ],
    ids=["territory", "use", "kind"],
)
def test_what_is_wrong_is_said_in_our_words(sourcemark, arguments: list[str], said: str) -> None:
    run = sourcemark(*arguments)
    assert run.status == 2
    assert said in run.err
    assert "should" not in run.err


def test_clear_takes_the_name_of_the_option(sourcemark, tmp_path: Path) -> None:
    (tmp_path / "bell.txt").write_text(ESSAY)
    made = sourcemark("register", "bell.txt", "--owner", "Ada", "--source-url", "https://a.example/", "--json")
    work = made.lines[0]["work_id"]
    cleared = sourcemark("amend", work, "--clear", "source-url", "--json")
    assert cleared.status == 0, cleared.err
    assert cleared.lines[0]["claim"]["source_urls"] == []


@pytest.mark.parametrize("name", ["r.pdf", "r.tar.gz"])
def test_a_receipt_is_no_folder_of_a_file_s_name(sourcemark, tmp_path: Path, name: str) -> None:
    (tmp_path / "bell.txt").write_text(ESSAY)
    work = sourcemark("register", "bell.txt", "--owner", "Ada", "--json").lines[0]["work_id"]
    run = sourcemark("receipt", work, "--out", name)
    assert run.status == 2
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize(
    "data", [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\n\n\n", '{"text": "x"}\n'.encode("utf-16")], ids=["PNG", "UTF-16"]
)
def test_a_batch_that_is_no_text_is_one_error(sourcemark, data: bytes) -> None:
    run = sourcemark("scan", "--batch", "-", stdin=data)
    assert run.status == 2
    assert len(run.err.splitlines()) == 1
    assert not run.out
