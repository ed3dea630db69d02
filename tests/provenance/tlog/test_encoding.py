"""Strict codecs: one byte string, one meaning, and one kind of error."""

import time

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from provenance.errors import VerificationFailed
from provenance.tlog.encoding import b64, canonical, decimal, parse_canonical, unb64

# Keys on both sides of U+E000 and past U+FFFF, where UTF-16 and code points sort differently.
words = st.text(st.sampled_from('aZ\x00\x1f\x7f"\\/钟\u2028\ue000\uffff\U0001f600\U00010000['), max_size=4)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=5),
    max_leaves=20,
)


@given(values)
def test_the_canonical_form_is_read_and_no_other(value) -> None:
    raw = rfc8785.dumps(value)
    assert canonical(value) == raw
    assert parse_canonical(raw) == value
    for other in (raw + b" ", b" " + raw, raw + b"\r\n"):
        with pytest.raises(VerificationFailed):
            parse_canonical(other)


def test_keys_are_sorted_as_utf_16() -> None:
    by_utf_16, by_code_point = '{"\U00010000":1,"\ue000":2}', '{"\ue000":2,"\U00010000":1}'
    assert parse_canonical(by_utf_16.encode()) == {"\U00010000": 1, "\ue000": 2}
    with pytest.raises(VerificationFailed, match="canonical"):
        parse_canonical(by_code_point.encode())


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":1,"a":1}', b'{"b":1,"a":2}', b'{"a":1.0}', b'{"a":1e2}', b'{"a":-0}', b'{"a":01}', b'{"a":NaN}',
        b'{"a":Infinity}', b"9007199254740992", b"-9007199254740992", b"1" * 5000, b'"\\ud800"', b'"\\u0061"',
        b'"\\/"', b'"\xed\xa0\x80"', b"\xff", b"\xef\xbb\xbf{}", b"", b"{", b"[1,]", b"'a'", b"true ", b"\n{}",
        b"[" * 33 + b"]" * 33, b"[" * 60_000, b'{"a":' * 40 + b"1" + b"}" * 40,
    ],
)  # fmt: skip
def test_what_is_refused(raw: bytes) -> None:
    with pytest.raises(VerificationFailed) as caught:
        parse_canonical(raw)
    assert "\n" not in caught.value.detail


def test_brackets_in_words_are_no_nesting() -> None:
    assert parse_canonical(b'["' + b"[{" * 500 + b'"]') == ["[{" * 500]


def test_what_cannot_be_written() -> None:
    deep: list[object] = []
    for _ in range(5000):
        deep = [deep]
    for value in (1.5, {"a": [0.0]}, float("nan"), 2**53, "\ud800", {"\ud800": 1}, {1: 2}, b"bytes", {1, 2}, deep):
        with pytest.raises(VerificationFailed):
            canonical(value)


def test_hostile_json_costs_little() -> None:
    began = time.process_time()
    for raw in (b'"' + b'\\"' * 30_000, b'"' * 60_000, b"[" * 60_000, b'{"a":' * 10_000, b"1" * 60_000):
        with pytest.raises(VerificationFailed):
            parse_canonical(raw)
    assert time.process_time() - began < 5


@given(st.binary(max_size=60))
def test_base64_both_ways(data: bytes) -> None:
    assert unb64(b64(data)) == data


@pytest.mark.parametrize(
    "text", ["QQ", "QQ=", "QR==", "QQ==\n", " QQ==", "QQ==QQ==", "Q-__", "=", "\uff31Q==", 5, None, ["QQ=="]]
)
def test_base64_that_is_not_canonical(text) -> None:
    with pytest.raises(VerificationFailed):
        unb64(text)


def test_decimal_numbers() -> None:
    assert [decimal(text) for text in ("0", "1", "65536", str(2**63 - 1))] == [0, 1, 65_536, 2**63 - 1]
    for text in ("", "00", "01", "+1", "-1", " 1", "1\n", "1_0", "\u0661", "\uff11", "1.0", str(2**63), "9" * 5000):
        with pytest.raises(VerificationFailed):
            decimal(text)
