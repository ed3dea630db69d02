import time
import zlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fingerprints import media, text
from fingerprints.errors import LimitExceeded
from fingerprints.model import Limits, Match
from fingerprints.text import fold, fold_words
from fingerprints.text.alignment import align
from fingerprints.text.examples import FOOTER, edited, han, words, wrapped
from fingerprints.text.folding import code_points, fold_units, to_text
from fingerprints.text.html import visible
from fingerprints.text.normal import normalise
from fingerprints.text.shingle import SKETCH_SIZES, grams, sketch

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


@given(ANY_TEXT)
def test_each_unit_is_the_fold_of_the_code_point_it_points_to(given_text: str) -> None:
    normal = normalise(code_points(given_text))
    assert (np.diff(normal.where) >= 0).all()
    assert normal.length == len(given_text)
    for unit, place in zip(to_text(normal.units), normal.where.tolist(), strict=True):
        assert unit in fold(given_text[place])


def spans(data: bytes, work: bytes) -> Match:
    made = [media.examine(d, Limits()).fingerprint for d in (data, work)]
    match = media.verify(*made)
    assert match is not None
    return match


def test_segments_point_at_the_same_words_in_the_submitted_code_points() -> None:
    work = words(11, 200)
    page = wrapped("Some new headline. " + work)
    match = spans(page.encode(), work.encode())
    for segment in match.segments:
        (a, b), (c, d) = segment.upload, segment.work
        upload_text, work_text = page[int(a) : int(b)], work[int(c) : int(d)]
        assert to_text(normalise(visible(upload_text, code_points(upload_text))[0]).units) == fold(work_text)
    assert match.coverage_work > 0.95


def test_a_traditional_copy_with_emoji_and_zero_width_characters_maps_back() -> None:
    work = han(12, 200)
    upload = "😀標題\u200b" + "\u200b".join(work) + "🎉"
    match = spans(upload.encode(), work.encode())
    (segment,) = match.segments
    a, b = map(int, segment.upload)
    c, d = map(int, segment.work)
    assert fold(upload[a:b]) == fold(work[c:d])
    assert match.coverage_work > 0.98


@given(st.integers(0, 1000), st.integers(20, 120), st.integers(0, 40))
def test_alignment_spans_are_ordered_and_inside(seed: int, count: int, shift: int) -> None:
    work = words(seed, count)
    upload = words(seed + 1, shift) + " " + edited(work, 0.1, seed)
    a, b = normalise(code_points(upload)), normalise(code_points(work))
    found = align(a, b)
    assert (found.spans[:, 0] < found.spans[:, 1]).all()
    assert (found.spans[:, 2] < found.spans[:, 3]).all()
    assert (found.spans >= 0).all()
    assert (found.spans[:, 1] <= len(a.units)).all()
    assert (found.spans[:, 3] <= len(b.units)).all()
    assert (found.spans[1:, 0] >= found.spans[:-1, 0]).all()
    assert 0 <= found.distinct <= found.shared + 1e-6 <= a.weight + 1e-5


def test_grams_are_the_same_wherever_they_stand() -> None:
    one = normalise(code_points("x" * 700_000 + words(3, 50)))
    two = normalise(code_points(words(3, 50)))
    all_of = lambda n: np.concatenate([g[0] for g in grams(n.units, n.scripts, SKETCH_SIZES)])  # noqa: E731
    assert np.isin(all_of(two), all_of(one)).all()
    assert len(np.unique(all_of(two))) > 200


def test_the_sketch_is_datasketch_s_and_estimates_jaccard() -> None:
    from datasketch import MinHash

    a, b = (normalise(code_points(t)) for t in (words(1, 300), edited(words(1, 300), 0.1, 2)))
    sets = [set(np.concatenate([g[0] for g in grams(n.units, n.scripts, SKETCH_SIZES)]).tolist()) for n in (a, b)]
    truth = len(sets[0] & sets[1]) / len(sets[0] | sets[1])
    signatures = [sketch(n.units, n.scripts)[0] for n in (a, b)]
    assert np.mean(signatures[0] == signatures[1]) == pytest.approx(truth, abs=0.15)
    slow = MinHash(num_perm=128, seed=1, scheme="affine32", hashfunc=lambda value: value)
    slow.update_batch([value >> 32 for value in sets[0]])
    assert np.array_equal(slow.hashvalues, signatures[0])
    stored = text.fingerprint(words(1, 300).encode())
    assert np.array_equal(text.signature(stored), signatures[0])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (words(1, 40) + " " + FOOTER, words(2, 40) + " " + FOOTER),
        (words(1, 60) + " " + FOOTER, FOOTER),
        (
            "Dear Ms A, your order 1 of tea is on its way. " + words(3, 30),
            "Dear Mr B, your order 7 of rope is on its way. " + words(4, 30),
        ),
        (words(1, 400), words(1, 40) + words(9, 360)),
        ("ha " * 300, "ha " * 40 + words(3, 80)),
    ],
)
def test_a_shared_footer_or_phrase_is_no_copy(one: str, other: str) -> None:
    a, b = (text.fingerprint(t.encode()) for t in (one, other))
    assert text.verify(a, b) is None
    assert text.verify(b, a) is None


@pytest.mark.parametrize("tiny", ["好", "Hello, world", "a" * 1000, "ab " * 300, "😀" * 500 + "x"])
def test_texts_that_say_too_little_are_found_as_they_are_only(tiny: str) -> None:
    made = text.fingerprint(tiny.encode())
    assert made.reason == "too_short"
    again = text.fingerprint(("  " + tiny.upper() + " !").encode())
    match = text.verify(again, made)
    assert match is not None
    assert match.score == 1
    assert set(made.keys) == set(again.keys) != set()


def test_nothing_but_emoji_has_no_key_at_all() -> None:
    made, other = text.fingerprint("😀…!".encode()), text.fingerprint("🎉".encode())
    assert made.reason == other.reason == "too_short"
    assert not len(made.keys)
    assert text.verify(made, other) is None


@pytest.mark.parametrize("monster", ["a" * 1_000_000, "the same sentence again. " * 10_000, "一" * 1_000_000])
def test_repetition_takes_linear_time(monster: str) -> None:
    started = time.process_time()
    made = text.fingerprint(monster.encode())
    text.verify(made, text.fingerprint((monster + " end").encode()))
    assert time.process_time() - started < 8


def test_the_text_limit() -> None:
    with pytest.raises(LimitExceeded) as caught:
        text.fingerprint(b"abc " * 100, Limits(max_text_bytes=100))
    assert caught.value.reason == "too_large"


def test_a_damaged_detail_is_refused() -> None:
    made = text.fingerprint(words(1, 60).encode())
    assert zlib.decompress(made.detail[6 + 512 :]).decode() == words(1, 60)
    with pytest.raises(ValueError, match="layout"):
        text.verify(replace(made, detail=b"\x09" + made.detail[1:]), made)


def test_very_long_texts_are_aligned_by_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    work = words(21, 3000)
    a, b = normalise(code_points("New headline. " + edited(work, 0.05, 1))), normalise(code_points(work))
    full = align(a, b)
    monkeypatch.setattr("fingerprints.text.alignment._MOST", 3000)
    sampled = align(a, b)
    covered = [(found.spans[:, 1] - found.spans[:, 0]).sum() for found in (full, sampled)]
    assert covered[1] == pytest.approx(covered[0], rel=0.1)
    assert sampled.distinct == pytest.approx(full.distinct, rel=0.2)


def test_code_points_round_trip() -> None:
    assert to_text(code_points("a你😀")) == "a你😀"
