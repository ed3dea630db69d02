"""Lifted text is found, located and named for what it is; what many have in common accuses nobody."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fingerprints.text.alignment import align, seeds
from fingerprints.text.diff import compare
from fingerprints.text.examples import FOOTER, edited, han, words, wrapped
from fingerprints.text.normalization import NormalizedText, normalize
from fingerprints.unicode.folding import code_points, fold
from tests.fingerprints.finding import found as found_among
from tests.fingerprints.finding import indexed, made, match, search

pytestmark = pytest.mark.slow

LICENCE = words(900, 120)
WORK = words(11, 700)
PARAGRAPH = words(12, 60)
OTHER = words(13, 700)
CHINESE = han(20, 1500)


def normal(given_text: str) -> NormalizedText:
    return normalize(code_points(given_text))


# --- alignment -------------------------------------------------------------------------------------------------------
@given(st.integers(0, 1000), st.integers(20, 120), st.integers(0, 40), st.sampled_from([0.0, 0.1, 0.4]))
@settings(deadline=None)
def test_passages_are_inside_both_texts_and_hold_their_runs(seed: int, count: int, shift: int, share: float) -> None:
    work = words(seed, count)
    upload = words(seed + 1, shift) + " " + edited(work, share, seed)
    a, b = normal(upload), normal(work)
    found = align(seeds(a), seeds(b))
    assert (found.spans[:, 0] < found.spans[:, 1]).all()
    assert (found.spans[:, 2] < found.spans[:, 3]).all()
    assert (found.spans >= 0).all()
    assert (found.spans[:, 1] <= len(a.units)).all()
    assert (found.spans[:, 3] <= len(b.units)).all()
    for (i, i_end, j, j_end), passage in zip(found.runs.tolist(), found.passage.tolist(), strict=True):
        assert np.array_equal(a.units[i:i_end], b.units[j:j_end])
        start, end, work_start, work_end = found.spans[passage].tolist()
        assert start <= i < i_end <= end
        assert work_start <= j < j_end <= work_end


def test_a_passage_without_edits_is_located_to_the_letter() -> None:
    upload = OTHER + "\n\n" + WORK[1000:2000] + "\n\n" + words(14, 400)
    found = match(made(upload), made(WORK))
    assert found is not None
    (segment,) = found.segments
    (a, b), (c, d) = segment.upload, segment.work
    start = len(OTHER) + 2
    assert abs(a - start) <= 3
    assert abs(b - start - 1000) <= 3
    assert abs(c - 1000) <= 3
    assert abs(d - 2000) <= 3
    assert found.reuse == "excerpt"


def test_spans_count_submitted_code_points_also_in_html() -> None:
    page = wrapped("Some new headline. " + WORK)
    found = match(made(page), made(WORK))
    assert found is not None
    (a, b), (c, d) = found.segments[0].upload, found.segments[-1].work
    shown = made(page)
    from fingerprints.text.codec import shown as reader

    assert fold(reader(shown)[int(a) : int(b)])[-30:] in fold(WORK)
    assert found.coverage_work > 0.98
    assert c < d <= len(WORK)


def test_a_traditional_copy_with_emoji_and_zero_width_characters_maps_back() -> None:
    work = han(12, 200)
    upload = "😀標題\u200b" + "\u200b".join(work) + "🎉"
    found = match(made(upload), made(work))
    assert found is not None
    (segment,) = found.segments
    a, b = map(int, segment.upload)
    c, d = map(int, segment.work)
    assert fold(upload[a:b]) == fold(work[c:d])
    assert found.coverage_work > 0.98


def test_very_long_texts_are_aligned_by_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    work = words(21, 3000)
    a, b = normal("New headline. " + edited(work, 0.05, 1)), normal(work)
    full, sampled = align(seeds(a), seeds(b)), align(seeds(a, 5), seeds(b, 5))
    covered = [(found.spans[:, 1] - found.spans[:, 0]).sum() for found in (full, sampled)]
    assert covered[1] == pytest.approx(covered[0], rel=0.1)
    monkeypatch.setattr("fingerprints.text.alignment._MAX_GRAMS", 3000)
    found = match(made("New headline. " + edited(work, 0.05, 1)), made(work))
    assert found is not None
    assert found.coverage_work > 0.9


# --- kinds of reuse --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("upload", "reuse"),
    [
        ("New headline\n" + WORK, "verbatim"),
        (WORK[500:1500], "excerpt"),
        (edited(WORK, 0.1, 1), "edited"),
        (edited(WORK, 0.45, 1), "rewritten"),
        (OTHER + PARAGRAPH + words(15, 300), None),
    ],
)
def test_the_kind_of_reuse_is_named(upload: str, reuse: str | None) -> None:
    found = match(made(upload), made(WORK))
    assert (found.reuse if found else None) == reuse


def test_every_source_of_a_stitched_text_is_found() -> None:
    works = [made(words(30 + n, 500)) for n in range(5)]
    upload = "\n\n".join(words(30 + n, 500)[400:900] for n in range(5))
    found = search(made(upload), works)
    assert set(found.matches) == set(range(5))
    assert {m.reuse for m in found.matches.values()} == {"stitched"}


def test_moved_sentences_are_passages_of_their_own() -> None:
    sentences = [words(200 + n, 14) + "." for n in range(40)]
    moved = [sentences[n] for n in np.random.default_rng(1).permutation(40).tolist()]
    found = match(made(" ".join(moved)), made(" ".join(sentences)))
    assert found is not None
    assert found.coverage_upload > 0.95
    assert len(found.segments) > 20


# --- what many have --------------------------------------------------------------------------------------------------
def test_a_licence_that_several_works_carry_matches_none_of_them() -> None:
    works = [made(words(40 + n, 300) + "\n\n" + LICENCE) for n in range(6)]
    for upload in (words(50, 300) + "\n\n" + LICENCE, LICENCE + "\n" + words(51, 800)):
        assert search(made(upload), works).matches == {}
    alone = search(made(LICENCE), works)
    assert alone.matches == {}
    assert alone.reason == "template_only"
    copied = search(made(edited(words(42, 300), 0.05, 1) + "\n\n" + LICENCE), works)
    assert set(copied.matches) == {2}
    assert 0.1 < copied.matches[2].common < 0.6


def test_a_work_registered_many_times_does_not_hide_itself() -> None:
    claims = [made(f"Claim number {n}. " + edited(WORK, 0.01, n)) for n in range(12)]
    index = indexed(claims)
    for upload in (WORK, WORK[600:1400], OTHER + "\n" + WORK[600:1400] + "\n" + words(16, 500)):
        assert len(search(made(upload), claims, index).matches) == 12


def test_a_work_registered_a_hundred_times_is_still_found_by_a_paragraph() -> None:
    claims = [made(f"Claim number {n}. " + edited(WORK, 0.01, n)) for n in range(100)]
    found = search(made(OTHER + "\n" + WORK[600:1400] + "\n" + words(16, 500)), claims)
    assert len(found.matches) == 64  # the earliest: nobody reads more


def test_strangers_that_share_a_phrase_with_many_works_match_none() -> None:
    phrase = "as everybody in the harbour knows by now"
    works = [made(words(700 + n, 120) + phrase + words(800 + n, 120)) for n in range(70)]
    assert search(made(words(1, 300) + phrase + words(2, 300)), works).matches == {}


def test_a_saying_in_quotation_marks_is_nobody_s_in_particular() -> None:
    saying = words(77, 30)
    work = made(words(78, 300) + f" “{saying}” " + words(79, 300))
    assert match(made(words(80, 300) + f" “{saying}” " + words(81, 300)), work) is None
    assert match(made(words(80, 300) + f" {saying} " + words(81, 300)), work) is not None


def test_an_exact_copy_of_a_filled_form_is_found_and_another_form_is_not() -> None:
    def form(n: int) -> str:
        return " ".join(words(500 + k, 14) + " " + words(1000 + 50 * n + k, 12) for k in range(12))

    forms = [made(form(n)) for n in range(8)]
    assert 3 in search(made(form(3) + " !"), forms).matches
    assert search(made(form(20)), forms).matches == {}


def test_a_common_phrase_is_no_copy() -> None:
    phrase = "in the course of the last few years it has become clear that "
    assert match(made(OTHER + phrase + words(17, 300)), made(WORK + phrase + words(18, 300))) is None


@pytest.mark.parametrize("other", [words(60, 60) + " " + FOOTER, "ha " * 40 + words(3, 80), OTHER])
def test_unrelated_texts_share_nothing(other: str) -> None:
    assert match(made(words(61, 300)), made(other)) is None
    assert match(made(other), made(words(61, 300))) is None


# --- hostile ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "monster",
    [
        "a" * 1_000_000,
        "一" * 1_000_000,
        "ab" * 400_000,
        "\u202e" + WORK * 60,
        "e\u0301" * 300_000,
        " ".join([WORK[:400]] * 3000),
    ],
    ids=["a", "one", "ab", "bidi", "marks", "repeated"],
)
def test_repetition_takes_linear_time(monster: str) -> None:
    started = time.process_time()
    whole, more = made(monster), made(monster + " end")
    match(whole, more)
    match(whole, made(WORK))
    assert time.process_time() - started < 20


def test_a_sentence_repeated_ten_thousand_times_is_found_once_and_fast() -> None:
    sentence = WORK[700:800] + " "
    started = time.process_time()
    found = match(made(sentence * 10_000), made(WORK))
    assert time.process_time() - started < 15
    assert found is not None
    assert found.coverage_work < 0.1
    back = match(made(WORK), made(sentence * 10_000))
    assert back is not None


def test_works_that_the_registry_withholds_are_not_matched() -> None:
    works = [made(WORK), made(WORK + "!")]
    index = indexed(works)
    assert set(found_among(made(WORK[:900]), index, {1: works[1]}).matches) == {1}


# --- for people ------------------------------------------------------------------------------------------------------
def test_shared_words_are_marked_in_both_passages() -> None:
    mine, theirs = compare(
        "Der alte Fuchs sah zwölf Trauben\u200b, nicht mehr.", "Ein alter Fuchs sah elf TRAUBEN, nicht mehr!"
    )
    assert [mine.text[a:b] for a, b in mine.shared] == ["Fuchs sah", "Trauben\u200b, nicht mehr"]
    assert [theirs.text[a:b] for a, b in theirs.shared] == ["Fuchs sah", "TRAUBEN, nicht mehr"]
    mine, theirs = compare("春江潮水連海平，海上明月", "春江的潮水连海平")
    assert [mine.text[a:b] for a, b in mine.shared] == ["春江", "潮水連海平"]
    assert compare("", "x") == (mine.__class__("", ()), mine.__class__("x", ()))
