"""Alignment, unit by unit: texts of random letters in which only what is meant to be shared is."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fingerprints.text.alignment import align, seeds, step_for
from fingerprints.text.normalization import NormalizedText, normalize
from fingerprints.unicode.folding import code_points

# Letters that fold to themselves. The pieces, what fills an upload and what fills a work have no letter in common, so
# that nothing but the pieces is shared and a piece ends where it is meant to.
UPLOAD, WORK, SHARED = "bcdefgh", "qrstuvw", "kmnpxyz23456789"
HAN = "".join(chr(c) for c in range(0x6000, 0x6400))


def letters(seed: int, count: int, alphabet: str = SHARED) -> str:
    r = random.Random(f"{seed} {alphabet}")
    return "".join(r.choice(alphabet) for _ in range(count))


def upload(seed: int, count: int) -> str:
    return letters(seed, count, UPLOAD)


def work(seed: int, count: int) -> str:
    return letters(seed, count, WORK)


def normal(text: str) -> NormalizedText:
    out = normalize(code_points(text))
    assert len(out.units) == len(text)
    return out


def spans(mine: str, theirs: str) -> list[list[int]]:
    """What two texts share: units of the upload and of the work."""
    return align(seeds(normal(mine)), seeds(normal(theirs))).spans.tolist()


def runs(mine: str, theirs: str) -> list[list[int]]:
    return sorted(align(seeds(normal(mine)), seeds(normal(theirs))).runs.tolist())


def between(pieces: list[str], mine: list[int], theirs: list[int]) -> tuple[str, str]:
    """An upload and a work with the same pieces and so many letters of their own before each."""
    one = "".join(upload(n, gap) + piece for n, (piece, gap) in enumerate(zip(pieces, mine, strict=True)))
    other = "".join(work(n, gap) + piece for n, (piece, gap) in enumerate(zip(pieces, theirs, strict=True)))
    return one + upload(90, 50), other + work(90, 50)


# --- how much must be shared -----------------------------------------------------------------------------------------
def test_a_piece_is_located_to_the_letter() -> None:
    mine, theirs = between([letters(1, 80)], [30], [70])
    assert spans(mine, theirs) == runs(mine, theirs) == [[30, 110, 70, 150]]


@pytest.mark.parametrize(("length", "count"), [(19, 0), (20, 1)])
def test_twelve_grams_are_a_passage_and_eleven_are_chance(length: int, count: int) -> None:
    assert len(spans(*between([letters(1, length)], [40], [40]))) == count


@pytest.mark.parametrize(("length", "count"), [(6, 0), (7, 1)])
def test_four_han_grams_are_a_passage(length: int, count: int) -> None:
    """A gram has four characters, and each says what three letters say."""
    mine = letters(2, 30, HAN[:300]) + letters(1, length, HAN[600:]) + letters(3, 30, HAN[:300])
    theirs = letters(4, 40, HAN[300:600]) + letters(1, length, HAN[600:]) + letters(5, 30, HAN[300:600])
    assert spans(mine, theirs) == [[30, 30 + length, 40, 40 + length]] * count


def test_texts_without_a_gram_share_nothing() -> None:
    for mine, theirs in (
        ("", ""),
        ("", letters(1, 50)),
        (letters(1, 50), ""),
        ("abc", "abc"),
        (upload(1, 99), work(1, 99)),
    ):
        found = align(seeds(normal(mine)), seeds(normal(theirs)))
        assert [len(each) for each in (found.spans, found.runs, found.passage, found.shared)] == [0, 0, 0, 0]


# --- chains ----------------------------------------------------------------------------------------------------------
PIECES = [letters(n, 13) for n in range(3)]  # each too little for a passage, together enough


@pytest.mark.parametrize(
    ("mine", "theirs", "joined"),
    [
        (28, 28, True),
        (29, 29, False),
        (24, 27, True),  # where the gaps differ, half of the difference counts besides
        (23, 27, False),
        (27, 24, True),
        (27, 23, False),
        (1, 1, True),
        (0, 18, True),
        (0, 20, False),
    ],
)
def test_small_pieces_are_one_passage_if_little_lies_between(mine: int, theirs: int, joined: bool) -> None:
    one, other = between(PIECES, [40, mine, mine], [60, theirs, theirs])
    expected = [[40, 40 + 39 + 2 * mine, 60, 60 + 39 + 2 * theirs]]
    assert spans(one, other) == (expected if joined else [])


def test_a_chain_turns_neither_back_nor_round() -> None:
    a, b, c = PIECES
    mine = upload(1, 40) + a + upload(2, 5) + b + upload(3, 5) + c + upload(4, 40)
    for order in ((b, a, c), (c, b, a), (c, a, b), (a, c, b)):
        theirs = work(1, 40) + "".join(piece + work(n, 5) for n, piece in enumerate(order)) + work(4, 40)
        assert spans(mine, theirs) == []


def test_pieces_side_by_side_in_another_order_are_no_chain() -> None:
    a, b, c = PIECES
    mine = upload(1, 40) + a + b + c + upload(4, 40)
    for order in ((b, a, c), (c, b, a)):
        assert spans(mine, work(1, 40) + "".join(order) + work(4, 40)) == []
    assert spans(mine, work(1, 40) + a + b + c + work(4, 40)) == [[40, 79, 40, 79]]


def test_a_part_that_comes_twice_belongs_to_no_chain() -> None:
    """A chain goes forwards with each run, at its start and at its end, in both texts."""
    whole = letters(1, 30)
    part = whole[10:23]
    assert spans(whole + upload(1, 5) + part + upload(2, 40), whole + work(1, 40)) == [[0, 30, 0, 30]]
    assert spans(part + upload(1, 5) + whole + upload(2, 40), whole + work(1, 40)) == [[18, 48, 0, 30]]
    assert spans(whole + upload(2, 40), whole + work(1, 5) + part + work(2, 40)) == [[0, 30, 0, 30]]
    assert spans(whole + upload(2, 40), part + work(1, 5) + whole + work(2, 40)) == [[0, 30, 18, 48]]


@pytest.mark.parametrize(("common", "joined"), [(28, True), (29, False)])
def test_passages_that_overlap_in_both_texts_are_two_if_they_overlap_by_much(common: int, joined: bool) -> None:
    """Of a period that comes once more in the upload, both passages have all that the work has of it."""
    one, other, period = letters(1, 70), letters(2, 70), "kmnp2" * 8
    mine = one + period[: common + 5] + other
    theirs = one + period[:common] + other
    first, second = [0, 70 + common, 0, 70 + common], [75, 145 + common, 70, 140 + common]
    assert spans(mine, theirs) == ([[0, 145 + common, 0, 140 + common]] if joined else [first, second])


def test_what_was_moved_is_a_passage_of_its_own() -> None:
    a, b = letters(1, 60), letters(2, 50)
    assert spans(a + b, b + a) == [[0, 60, 50, 110], [60, 110, 0, 50]]


@pytest.mark.parametrize(("strays", "joined"), [(0, True), (7, True), (8, False)])
def test_seven_chance_hits_between_break_no_chain(strays: int, joined: bool) -> None:
    filled = upload(1, 28)
    elsewhere = "".join(work(n, 40) + filled[2 * n : 2 * n + 9] for n in reversed(range(strays)))
    mine = upload(2, 40) + filled.join(PIECES) + upload(3, 40)
    theirs = elsewhere + work(60, 100) + "".join(piece + work(70 + n, 28) for n, piece in enumerate(PIECES))
    found = spans(mine, theirs)
    assert found == ([[40, 135, theirs.index(PIECES[0]), len(theirs) - 28]] if joined else [])


# --- passages that explain the same stretch ---------------------------------------------------------------------------
def test_of_two_places_that_explain_a_stretch_the_stronger_counts() -> None:
    piece = letters(1, 80)
    mine = upload(1, 40) + piece + upload(2, 40)
    assert spans(mine, work(1, 50) + piece + work(2, 300) + piece + work(3, 50)) == [[40, 120, 50, 130]]
    theirs = work(1, 50) + piece[:60] + work(2, 300) + piece + work(3, 50)
    assert spans(mine, theirs) == [[40, 120, 410, 490]]


@pytest.mark.parametrize(("overlap", "count"), [(19, 2), (20, 1), (21, 1)])
def test_a_passage_of_which_half_is_explained_already_goes(overlap: int, count: int) -> None:
    piece = letters(1, 100)
    mine = upload(1, 40) + piece + upload(2, 40)
    second = piece[60 - overlap : 100 - overlap]
    theirs = work(1, 50) + second + work(2, 300) + piece[:60] + work(3, 50)
    expected = [[40, 100, 390, 450], [100 - overlap, 140 - overlap, 50, 90]]
    assert spans(mine, theirs) == expected[:count]


# --- what was rewritten in place ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("sizes", "mine", "theirs", "joined"),
    [
        ((60, 60), 160, 160, True),
        ((60, 60), 161, 160, False),
        ((60, 60), 160, 161, False),
        ((30, 60), 120, 120, True),  # four times the shorter
        ((30, 60), 121, 121, False),
        ((60, 30), 120, 120, True),
        ((60, 30), 121, 121, False),
        ((60, 60), 100, 38, True),  # half of the longer and twelve
        ((60, 60), 100, 37, False),
        ((60, 60), 38, 100, True),
        ((60, 60), 37, 100, False),
    ],
)
def test_pieces_with_as_much_between_them_on_both_sides_are_one_passage(
    sizes: tuple[int, int], mine: int, theirs: int, joined: bool
) -> None:
    one, other = between([letters(n, size) for n, size in enumerate(sizes)], [40, mine], [60, theirs])
    first, second = sizes
    apart = [
        [40, 40 + first, 60, 60 + first],
        [40 + first + mine, 40 + first + mine + second, 60 + first + theirs, 60 + first + theirs + second],
    ]
    whole = [[40, apart[1][1], 60, apart[1][3]]]
    assert spans(one, other) == (whole if joined else apart)
    assert len(runs(one, other)) == 2


def test_each_gap_is_looked_at_by_itself() -> None:
    one, other = between([letters(n, 40) for n in range(5)], [40, 90, 90, 90, 90], [60, 90, 10, 90, 10])
    assert spans(one, other) == [[40, 210, 60, 230], [300, 470, 240, 410], [560, 600, 420, 460]]
    # Of three pieces the second is short, so that little may lie between it and the third.
    sizes = (60, 30, 60)
    one, other = between([letters(n, size) for n, size in enumerate(sizes)], [40, 100, 121], [60, 10, 121])
    assert len(spans(one, other)) == 3


def test_a_chance_hit_between_two_pieces_does_not_part_them() -> None:
    """It is more than nothing and less than a passage, and stands elsewhere in the work."""
    a, b, stray = letters(1, 60), letters(2, 60), letters(3, 16)
    mine = upload(1, 40) + a + upload(2, 20) + stray + upload(3, 20) + b + upload(4, 40)
    theirs = stray + work(1, 300) + a + work(2, 50) + b + work(3, 40)
    assert spans(mine, theirs) == [[40, 216, 316, 486]]


@pytest.mark.parametrize(("gap", "joined"), [(28, True), (29, False)])
def test_a_short_piece_may_be_rewritten_around_as_far_as_a_chain_reaches(gap: int, joined: bool) -> None:
    """Five Han characters say enough not to be chance, and four times five is less than the gap of a chain."""
    pieces = [letters(n, size, HAN[600:]) for n, size in ((1, 5), (2, 20))]
    # One side of the gap is longer by what a chain does not bear.
    mine = letters(3, 40, HAN[:300]) + pieces[0] + letters(4, gap, HAN[:300]) + pieces[1]
    theirs = letters(5, 40, HAN[300:600]) + pieces[0] + letters(6, gap - 6, HAN[300:600]) + pieces[1]
    start, end = (40 if joined else 45 + gap), 65 + gap
    assert spans(mine, theirs) == [[start, end, start if joined else 45 + gap - 6, end - 6]]


@pytest.mark.parametrize(("length", "joined"), [(13, False), (14, True)])
def test_six_grams_beside_a_passage_belong_to_it_and_five_are_chance(length: int, joined: bool) -> None:
    one, other = between([letters(1, 80), letters(2, length)], [40, 40], [60, 40])
    assert spans(one, other) == [[40, 120 + (40 + length) * joined, 60, 140 + (40 + length) * joined]]


def test_passages_are_in_the_upload_s_order_and_their_runs_are_numbered_so() -> None:
    pieces = [letters(n, 40) for n in range(4)]
    mine = "".join(upload(n, 300) + piece for n, piece in enumerate(pieces))
    theirs = "".join(work(n, 20) + pieces[k] for n, k in enumerate((2, 0, 3, 1)))
    found = align(seeds(normal(mine)), seeds(normal(theirs)))
    assert found.spans[:, 0].tolist() == [300, 640, 980, 1320]
    assert found.spans[:, 2].tolist() == [80, 200, 20, 140]
    assert found.passage.tolist() == [0, 1, 2, 3]
    assert np.array_equal(found.runs, found.spans)


# --- runs ------------------------------------------------------------------------------------------------------------
def test_a_changed_letter_ends_a_run() -> None:
    piece = letters(1, 100)
    changed = piece[:50] + "a" + piece[51:]
    assert runs(changed, piece) == [[0, 50, 0, 50], [51, 100, 51, 100]]
    assert spans(changed, piece) == [[0, 100, 0, 100]]


def test_an_added_letter_shifts_what_follows() -> None:
    piece = letters(1, 100)
    assert runs(piece[:50] + "a" + piece[50:], piece) == [[0, 50, 0, 50], [51, 101, 50, 100]]


# --- what both texts repeat ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("times", [2, 4, 5, 9])
def test_a_text_that_repeats_itself_is_one_run_of_its_copy(times: int) -> None:
    """From five times on, not every occurrence is paired with every other."""
    repeated = letters(1, 30)
    text = "".join(letters(10 + n, 40) + repeated for n in range(times)) + letters(99, 40)
    size = len(text)
    assert [0, size, 0, size] in runs(text, text)
    assert spans(text, text) == [[0, size, 0, size]]


def test_a_text_that_begins_and_ends_with_what_it_repeats_is_one_run_of_its_copy() -> None:
    repeated = letters(1, 30)
    text = "".join(repeated + letters(10 + n, 40) for n in range(6)) + repeated
    assert runs(text, text) == [[0, 450, 0, 450]]


def test_a_repeated_piece_is_paired_where_the_unique_ones_around_it_point() -> None:
    """By rank, the first occurrence of the upload would be paired with the first of the work."""
    repeated, unique = letters(1, 30), [letters(10 + n, 40) for n in range(8)]
    theirs = repeated.join(unique)
    mine = upload(1, 60) + repeated.join(unique[3:]) + upload(2, 60)
    start = theirs.index(unique[3])
    size = len(theirs) - start
    assert [60, 60 + size, start, start + size] in runs(mine, theirs)


def test_anchors_point_beyond_neither_text_and_only_to_the_same_gram() -> None:
    repeated, unique = letters(1, 30) * 5, letters(2, 40)
    assert spans(repeated + unique, unique + repeated) == [[0, 150, 40, 190], [150, 190, 0, 40]]
    assert spans(unique + repeated, repeated + unique) == [[0, 40, 150, 190], [40, 190, 0, 150]]
    assert spans(unique + repeated, unique + work(1, 200) + repeated) == [[0, 40, 0, 40], [40, 190, 240, 390]]
    assert spans(unique + upload(1, 200) + repeated, unique + repeated) == [[0, 40, 0, 40], [240, 390, 40, 190]]


def test_a_repeated_piece_is_paired_by_the_anchor_on_either_side() -> None:
    """Four of five occurrences have lost the unique letters before them, or those behind them."""
    repeated, unique = letters(1, 30), [letters(10 + n, 40) for n in range(6)]
    theirs = "".join(repeated + each for each in unique)
    after = "".join(upload(n, 30) + repeated + each for n, each in enumerate(unique[1:]))
    expected = [[70 * n + 30 + 30 * n, 70 * n + 100 + 30 * n, 70 * n + 70, 70 * n + 140] for n in range(5)]
    assert runs(after, theirs) == expected
    theirs = "".join(each + repeated for each in unique)
    before = "".join(upload(n, 30) + each + repeated for n, each in enumerate(unique[1:]))
    assert runs(before, theirs) == expected


def test_what_is_nothing_but_repetition_is_paired_by_rank() -> None:
    repeated = letters(1, 30)
    for here, there in ((5, 5), (5, 7), (7, 5)):
        found = spans(repeated * here, repeated * there)
        assert found == [[0, 30 * min(here, there), 0, 30 * min(here, there)]]


def test_every_different_gram_is_counted_once_wherever_it_stands() -> None:
    repeated = letters(1, 30)
    mine = upload(1, 40) + repeated + upload(2, 40) + repeated + upload(3, 40)
    found = align(seeds(normal(mine)), seeds(normal(work(1, 40) + repeated + work(2, 40))))
    assert len(found.shared) == 22
    assert {mine[at : at + 9] for at in found.shared.tolist()} == {repeated[n : n + 9] for n in range(22)}


# --- seeds -----------------------------------------------------------------------------------------------------------
@given(st.integers(0, 10_000), st.integers(0, 200))
@settings(deadline=None, max_examples=30)
def test_what_the_query_cannot_have_is_left_out_and_nothing_else(seed: int, length: int) -> None:
    a, b = (normal(text) for text in between([letters(seed, length)], [70], [90]))
    query = seeds(a)
    whole, filtered = align(query, seeds(b)), align(query, seeds(b, query=query))
    for name in ("spans", "runs", "passage", "shared"):
        assert np.array_equal(getattr(whole, name), getattr(filtered, name))
    assert len(seeds(b, query=query).hashes) <= len(seeds(b).hashes)


def test_few_grams_of_an_unrelated_text_are_kept_for_a_query() -> None:
    query = seeds(normal(letters(1, 500)))
    assert len(seeds(normal(letters(2, 5000)), query=query).hashes) < 200


def test_variety_is_the_share_of_different_grams() -> None:
    assert seeds(normal(letters(1, 500))).variety == 1
    assert seeds(normal(letters(1, 100) * 5)).variety == pytest.approx(100 / 492)
    assert seeds(normal("")).variety == 1
    # Of more than 2,000 grams a sample is counted, the same grams each time they come.
    assert seeds(normal(letters(1, 1000) * 10)).variety == pytest.approx(0.1, abs=0.005)
    assert seeds(normal(letters(1, 20_000))).variety == 1


def test_long_texts_are_aligned_by_a_sample() -> None:
    assert [step_for(units) for units in (0, 1, 1_000_000, 1_000_001, 2_000_001)] == [0, 1, 1, 2, 3]
    piece = letters(1, 3000)
    a, b = (normal(text) for text in between([piece], [500], [700]))
    one, other = seeds(a, 4), seeds(b, 4)
    assert len(one.hashes) == pytest.approx(len(a.units) / 4, rel=0.15)
    found = align(one, other)
    ((start, end, work_start, work_end),) = found.spans.tolist()
    assert 500 <= start < 530 < 3470 < end <= 3500
    assert (work_start, work_end) == (start + 200, end + 200)
    assert len(found.runs) == 1  # between the grams of a sample nothing is known to differ
