import struct
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fingerprints import text
from fingerprints.errors import LimitExceeded
from fingerprints.model import Limits
from fingerprints.text.codec import shown
from fingerprints.text.examples import words
from fingerprints.text.normalization import NormalizedText, normalize
from fingerprints.unicode.folding import code_points, fold, fold_units, fold_words, to_text
from tests.fingerprints.finding import match

ANY_TEXT = st.text(st.characters(codec="utf-8"), max_size=200)


@pytest.mark.parametrize(
    ("given_text", "folded"),
    [
        ("Ｈｅｌｌｏ, ＷＯＲＬＤ!", "helloworld"),
        ("Ünïcödé e\u0301", "unicodee"),
        ("Straße", "strasse"),
        ("ﬁnal ①②", "final12"),
        ("版權所有，轉載請註明出處", "版权所有转载请注明出处"),
        ("裡 臺灣", "里台湾"),
        ("zero\u200bwidth\u00adsoft\ufeff", "zerowidthsoft"),
        ("ｶﾞ", fold("が".translate({0x304C: 0x30AC}))),
        ("한국어", "한국어"),
        ("٣٤", "34"),
        ("हिन्दी", "हिन्दी"),
        ("😀🎉 --- …", ""),
        ("", ""),
    ],
)
def test_fold(given_text: str, folded: str) -> None:
    assert fold(given_text) == folded


@pytest.mark.parametrize(
    ("given_text", "folded"),
    [
        ("  Photo:  Jane O'Brien/Agency ", "photo jane o brien agency"),
        ("來源： 新華社 Xinhua 記者 王小明", "来源新华社xinhua记者王小明"),
        ("사진 = 김철수 기자", "사진 김철수 기자"),
        ("a\u200bb", "ab"),
        ("...", ""),
        ("中 - 文", "中文"),
    ],
)
def test_fold_words(given_text: str, folded: str) -> None:
    assert fold_words(given_text) == folded


@given(ANY_TEXT)
def test_folding_is_idempotent_and_words_are_the_same_letters(given_text: str) -> None:
    assert fold(fold(given_text)) == fold(given_text)
    assert fold_words(given_text).replace(" ", "") == fold(given_text)
    assert "  " not in fold_words(given_text)
    assert fold_words(given_text).strip() == fold_words(given_text)


def test_every_code_point_is_in_the_table() -> None:
    everything = np.arange(0x110000, dtype=np.uint32)
    units, where = fold_units(everything)
    assert (np.diff(where) >= 0).all()
    again, _ = fold_units(units)
    assert np.array_equal(units, again)


def normal(given_text: str) -> NormalizedText:
    return normalize(code_points(given_text))


def letters(given_text: str) -> str:
    """What matching compares: folded, look-alikes as one."""
    return to_text(normal(given_text).units)


@given(ANY_TEXT)
def test_each_unit_is_the_fold_of_the_code_point_it_points_to(given_text: str) -> None:
    found = normal(given_text)
    assert (np.diff(found.where) >= 0).all()
    assert len(found.seen) == len(given_text)
    for unit, place in zip(to_text(found.units), found.where.tolist(), strict=True):
        assert unit in letters(given_text[place])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("раураl аррlе соmе", "paypal apple come"),  # Cyrillic letters among Latin ones
        ("ΑΒΕΖΙΚΜΟΡΤΧ", "ABEZIKMOPTX"),  # Greek capitals
        ("fi1m, he11o, w0rd", "film, hello, word"),
        ("⽣⾯⻓⻅", "生面长见"),
        ("看著她的書，她作過", "看着他的书，他做过"),
    ],
)
def test_what_looks_alike_is_one(one: str, other: str) -> None:
    assert letters(one) == letters(other)


@pytest.mark.parametrize("tiny", ["好", "Hello, world", "a" * 1000, "ab " * 300, "😀" * 500 + "x"])
def test_texts_that_say_too_little_are_found_as_they_are_only(tiny: str) -> None:
    made = text.fingerprint(tiny.encode())
    assert made.reason == "too_short"
    again = text.fingerprint(("  " + tiny.upper() + " !").encode())
    found = match(again, made)
    assert found is not None
    assert found.score == 1
    assert set(made.keys) == set(again.keys) != set()
    assert match(text.fingerprint((tiny + " and some more").encode()), made) is None


def test_nothing_but_emoji_has_no_key_at_all() -> None:
    made, other = text.fingerprint("😀…!".encode()), text.fingerprint("🎉".encode())
    assert made.reason == other.reason == "too_short"
    assert not len(made.keys)
    assert match(made, other) is None


def test_the_text_limit() -> None:
    with pytest.raises(LimitExceeded) as caught:
        text.fingerprint(b"abc " * 100, Limits(max_text_bytes=100))
    assert caught.value.reason == "too_large"


def test_a_damaged_detail_is_refused() -> None:
    made = text.fingerprint(words(1, 60).encode())
    assert shown(made) == words(1, 60)
    for broken in (b"\x09" + made.detail[1:], made.detail[:-1], b""):
        with pytest.raises((ValueError, struct.error)):
            shown(replace(made, detail=broken))


def test_code_points_round_trip() -> None:
    assert to_text(code_points("a你😀")) == "a你😀"
