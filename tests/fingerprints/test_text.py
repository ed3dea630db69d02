import struct
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fingerprints import text
from fingerprints.errors import LimitExceeded, UnreadableMedia
from fingerprints.model import Limits
from fingerprints.text import decode, fold, fold_words
from fingerprints.text.examples import words
from fingerprints.text.folding import code_points, fold_units, to_text
from fingerprints.text.html import visible
from fingerprints.text.normal import Normal, normalise

from .finding import match

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


def normal(given_text: str, html: bool = False) -> Normal:
    points = code_points(given_text)
    return normalise(visible(given_text, points) if html else points)


def letters(given_text: str) -> str:
    """What matching compares: folded, look-alikes as one."""
    return to_text(normal(given_text).units)


@given(ANY_TEXT, st.booleans())
def test_each_unit_is_the_fold_of_the_code_point_it_points_to(given_text: str, html: bool) -> None:
    found = normal(given_text, html)
    assert (np.diff(found.where) >= 0).all()
    assert found.length == len(given_text)
    if not html:
        for unit, place in zip(to_text(found.units), found.where.tolist(), strict=True):
            assert unit in letters(given_text[place])


@given(ANY_TEXT, ANY_TEXT)
def test_markup_hides_nothing_and_moves_nothing(left: str, right: str) -> None:
    clean = [part.replace("<", " ").replace("&", " ") for part in (left, right)]
    page = f"<p class='a>b'>{clean[0]}</p><script>var x = '<p>';</script><!-- no -->{clean[1]}"
    found = normal(page, True)
    assert to_text(found.units) == letters(clean[0]) + letters(clean[1])
    assert all(page[place] in clean[0] + clean[1] for place in found.where.tolist())


@pytest.mark.parametrize(
    ("page", "seen"),
    [
        ("a&amp;b &eacute;t&#233; &#x4F60;&#22909;", "abete你好"),
        ("<b>bo</b>ld", "bold"),
        ("x<style>p{a:b}</style>y", "xy"),
        ("x<!-- never closed", "x"),
        ("x<script>never closed", "x"),
        ('x<a href="never closed', "x"),
        ("x<SCRIPT>a</SCRIPT >y", "xy"),
        ("a < b and c > d", "abandcd"),
        ("&unknown; &", "unknown"),
        ("<title>t</title>body", "body"),
        ("<scripted>x", "x"),
    ],
)
def test_html_is_read_as_a_reader_sees_it(page: str, seen: str) -> None:
    assert to_text(normal(page, True).units) == letters(seen)


@pytest.mark.parametrize(
    "piece", ["<!--", "<a b='", "<", "&", "<script>", "<!", "<a ", "<a b=", "</", "]]>", "<title "]
)
def test_hostile_markup_takes_linear_time(piece: str) -> None:
    page = piece * (2_000_000 // len(piece))
    started = time.process_time()
    normal(page, True)
    assert time.process_time() - started < 8


ENGLISH, CHINESE = (
    "The quick brown fox ate 42 grapes. ",
    "这是我们在北京的一个小小的家，他说不要来了，大家都知道的事情没有人会说。",
)


@pytest.mark.parametrize(
    ("given_text", "encoding", "name"),
    [
        (ENGLISH, "utf-8", "utf-8"),
        (CHINESE, "utf-8-sig", "utf-8"),
        (CHINESE, "utf-16", "utf-16-le"),
        ("\ufeff" + CHINESE, "utf-16-be", "utf-16-be"),
        (CHINESE, "utf-32", "utf-32-le"),
        (CHINESE, "gb18030", "gb18030"),
        (CHINESE, "gbk", "gb18030"),
        ("這是我們在臺北的一個小小的家，他說不要來了，大家都知道的事情沒有人會說。", "big5", "big5hkscs"),
        ("これはわたしたちの小さな家です。みんなが知っていることを言わない。", "shift_jis", "cp932"),
        ("これはわたしたちの小さな家です。みんなが知っていることを言わない。", "euc_jp", "euc_jp"),
        ("이것은 우리의 작은 집이다. 모두가 아는 사실을 말하지 않는다. 그는 서울에서 왔다고 한다.", "euc_kr", "cp949"),
    ],
)
def test_decode(given_text: str, encoding: str, name: str) -> None:
    assert decode(given_text.encode(encoding)) == (given_text.removeprefix("\ufeff"), name)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00\ufeff"), min_size=1))
def test_all_of_utf8_is_read_as_it_is(given_text: str) -> None:
    assert decode(given_text.encode()) == (given_text, "utf-8")


def test_random_bytes_are_not_mistaken_for_an_old_encoding() -> None:
    r = np.random.default_rng(5)
    read = 0
    for size in (4, 8, 16, 40, 200):
        for low in (1, 128):
            for _ in range(400):
                data = r.integers(low, 256, size, dtype=np.uint8).tobytes()
                try:
                    _, encoding = decode(data)
                except UnreadableMedia:
                    continue
                read += encoding != "utf-8"
    assert read <= 4


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
    assert text.shown(made) == words(1, 60)
    for broken in (b"\x09" + made.detail[1:], made.detail[:-1], b""):
        with pytest.raises((ValueError, struct.error)):
            text.shown(replace(made, detail=broken))


def test_code_points_round_trip() -> None:
    assert to_text(code_points("a你😀")) == "a你😀"
