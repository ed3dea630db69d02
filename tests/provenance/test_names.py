"""One rule for every name, and what a terminal is shown of one."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance import names

JOINED = [
    ("hindi", "क्‍ष"),
    ("persian", "می‌خواهم"),
    ("family", "👨‍👩‍👧"),
    ("skin", "👩🏽‍💻"),
    ("rainbow", "🏳️‍🌈"),
    ("heart", "❤️‍🔥"),
    ("wales", "🏴󠁧󠁢󠁷󠁬󠁳󠁿"),
]


@pytest.mark.parametrize(
    ("given_name", "clean"),
    [
        pytest.param("red \x1b[31malert\x07", "red [31malert", id="escape"),
        pytest.param("invoice\u202egpj.exe", "invoicegpj.exe", id="override"),
        pytest.param("\u2067林\u2069", "林", id="isolate"),
        pytest.param("A\u200bda\ufeff \u00adLovelace", "Ada Lovelace", id="invisible"),
        pytest.param("one\u2028two\r\nthree\u0085four", "one two three four", id="lines"),
        pytest.param("  wide\u3000space  ", "wide space", id="spaces"),
        pytest.param("Cafe\u0301", "Café", id="composed"),
        pytest.param("e\u200b\u0301", "é", id="composed-later"),
        pytest.param("half\udc80", "half\ufffd", id="surrogate"),
        pytest.param("pay\u200dpal", "paypal", id="joiner-in-latin"),
        pytest.param("\x9b2Jcleared", "2Jcleared", id="c1"),
    ],
)
def test_nobody_signs_what_nobody_sees(given_name: str, clean: str) -> None:
    assert names.clean(given_name) == clean


@pytest.mark.parametrize("name", [pytest.param(text, id=label) for label, text in JOINED])
def test_joiners_that_are_written_stay(name: str) -> None:
    assert names.clean(name) == name
    assert names.printable(name) == name or "\U000e007f" in name


@given(st.text(st.characters(codec=None)))
def test_a_clean_name_is_clean_and_one_line(text: str) -> None:
    cleaned = names.clean(text)
    assert names.clean(cleaned) == cleaned
    assert names.is_one_line(cleaned)
    assert not set(cleaned) & set("\u200b\u200e\u202a\u202e\u2066\u2069\ufeff\x1b\x9b")
    cleaned.encode()


@given(st.text(st.characters(codec=None)))
def test_json_for_a_terminal_is_the_same_value(text: str) -> None:
    line = names.json_line({text: [text]})
    assert json.loads(line) == {text: [text]}
    assert names.is_one_line(line)
    assert not set(line) & set("\u202e\x7f\u2028")


def test_lines_are_shown_with_their_spaces_and_without_what_a_terminal_obeys() -> None:
    assert names.readable("红楼\u3000梦\u00a0一\n\x1b[2Jtwo\u202e\u200b") == "红楼\u3000梦\u00a0一\n[2Jtwo"
