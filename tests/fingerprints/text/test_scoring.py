"""Scores of passages: what they are made from, and where they turn."""

from __future__ import annotations

import dataclasses
import random

import numpy as np
import pytest

from fingerprints.text.alignment import align, seeds
from fingerprints.text.commonness import own_share
from fingerprints.text.normalization import NormalizedText, normalize
from fingerprints.text.scoring import (
    ReuseScore,
    identical,
    match,
    passage_score,
    rewording_score,
    score_passages,
    unit_weights,
)
from fingerprints.unicode.folding import code_points

UPLOAD, WORK, SHARED = "bcdefgh", "qrstuvw", "kmnpxyz23456789"


def letters(seed: int, count: int, alphabet: str = SHARED) -> str:
    r = random.Random(f"{seed} {alphabet}")
    return "".join(r.choice(alphabet) for _ in range(count))


def normal(text: str) -> NormalizedText:
    return normalize(code_points(text))


def scored(mine: str, theirs: str, own: float | np.ndarray = 1.0, step: int = 1) -> ReuseScore | None:
    query = seeds(normal(mine), step)
    candidate = seeds(normal(theirs), step, query)
    return score_passages(align(query, candidate), query, candidate, np.ones(len(query.text.units)) * own, registered=1)


def filled(piece: str, before: int = 400, after: int = 400) -> tuple[str, str]:
    """A piece in an upload and in a work that have nothing else in common."""
    return (
        letters(1, before, UPLOAD) + piece + letters(2, after, UPLOAD),
        letters(1, before, WORK) + piece + letters(2, after, WORK),
    )


# --- how much is needed ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("needed", "smaller"),
    [
        (97.0, 1200.0),  # two pages
        (100.0, 2400.0),  # three letters more for every doubling
        (103.0, 4800.0),
        (97.0 * 0.5**1.18, 600.0),
        (14.0, 100.0),  # the least
        (14.0, 0.0),
    ],
)
def test_one_passage_is_reported_from_what_the_smaller_text_asks_for(needed: float, smaller: float) -> None:
    """A passage's evidence is what it has beyond a phrase, which weighs 12."""
    assert passage_score(needed, needed - 12, smaller) == pytest.approx(0.5)
    assert passage_score(needed * 2, needed * 2 - 12, smaller) == pytest.approx(8 / 9)
    assert passage_score(needed / 2, needed / 2 - 12, smaller) == pytest.approx(1 / 9)


def test_many_passages_say_less_than_one_of_their_weight_and_more_than_each() -> None:
    one, each = passage_score(120, 108, 1200), passage_score(40, 28, 1200)
    assert each < passage_score(40, 3 * 28, 1200) < one


def test_a_reworded_text_is_reported_from_a_share_of_the_larger_one_and_from_seventy_letters() -> None:
    assert rewording_score(95, 1000) == pytest.approx(0.5)
    assert rewording_score(190, 1000) == pytest.approx(8 / 9)
    assert rewording_score(70, 100) > 0.9
    assert rewording_score(69.9, 100) == 0


def test_what_several_works_have_counts_less() -> None:
    spread = np.array([0, 1, 1.5, 2, 3, 4, 9], dtype=float)
    assert own_share(spread) == pytest.approx([1, 1, 0.75, 0.5, 0.1, 0, 0])


def test_a_han_character_weighs_three_letters() -> None:
    assert unit_weights(normal("ab水ね")).tolist() == [1, 1, 3, 1.5]
    mine, theirs = filled("".join(chr(0x6000 + n) for n in range(40)), 30, 30)
    found = scored(mine, theirs)
    assert found is not None
    assert found.upload == pytest.approx(120 / 180)


# --- passages ------------------------------------------------------------------------------------------------------------
def test_a_piece_is_scored_by_its_grams_in_the_smaller_text() -> None:
    mine, theirs = filled(letters(3, 108))
    found = scored(mine, theirs)
    assert found is not None
    assert found.score == pytest.approx(passage_score(100, 88, 908))  # 108 letters begin a hundred grams
    assert found.spans.tolist() == [[400, 508, 400, 508]]
    assert found.upload == found.work == pytest.approx(108 / 908)
    assert (found.exact, found.common) == (1, 0)
    assert scored(mine[:600], theirs).score == pytest.approx(passage_score(100, 88, 600))  # type: ignore[union-attr]


def test_texts_with_a_phrase_in_common_have_no_score() -> None:
    assert scored(*filled(letters(3, 19))) is None
    assert scored(*filled(letters(3, 20))) is not None
    assert scored(letters(1, 400, UPLOAD), letters(1, 400, WORK)) is None


def test_repetition_makes_no_text_larger() -> None:
    mine, theirs = filled(letters(3, 108), 100, 100)
    again = scored(mine * 6, theirs * 6)
    once = scored(mine, theirs)
    assert once is not None
    assert again is not None
    assert again.score >= once.score
    assert again.upload == pytest.approx(once.upload, abs=0.01)
    # Of the smaller text, the upload or the work, only what is different counts.
    long = letters(1, 4000, WORK) + letters(3, 108)
    size = 1848 * seeds(normal(mine * 6)).variety
    assert size < 320
    for one, other, passages in ((mine * 6, long, 6), (long, mine * 6, 1)):
        repeated = scored(one, other)
        assert repeated is not None
        assert repeated.score == pytest.approx(passage_score(100, passages * 88, size))


def test_a_changed_letter_makes_a_passage_less_exact() -> None:
    piece = letters(3, 200)
    mine, _ = filled(piece[:100] + "a" + piece[101:])
    found = scored(mine, filled(piece)[1])
    assert found is not None
    assert found.exact == pytest.approx(199 / 200)
    assert found.score == pytest.approx(passage_score(183, 171, 1000))


def test_the_longer_side_of_a_passage_says_how_exact_it_is() -> None:
    one, other = letters(3, 100), letters(4, 100)
    for mine, theirs in ((0, 30), (30, 0)):
        upload = letters(1, 400, UPLOAD) + one + letters(2, mine, UPLOAD) + other + letters(3, 400, UPLOAD)
        work = letters(1, 400, WORK) + one + letters(2, theirs, WORK) + other + letters(3, 400, WORK)
        found = scored(upload, work)
        assert found is not None
        assert len(found.spans) == (2 if mine + theirs > 27 else 1)
    upload = letters(1, 400, UPLOAD) + one + other + letters(3, 400, UPLOAD)
    found = scored(upload, letters(1, 400, WORK) + one + letters(2, 12, WORK) + other + letters(3, 400, WORK))
    assert found is not None
    assert found.exact == pytest.approx(200 / 212)


def test_passages_that_other_works_have_count_less_and_phrases_of_them_not_at_all() -> None:
    mine, theirs = filled(letters(3, 108))
    found = scored(mine, theirs, 0.5)
    assert found is not None
    assert found.common == pytest.approx(0.5)
    assert found.score == pytest.approx(passage_score(50, 38, 908))
    assert scored(mine, theirs, 0.1201) is not None
    assert scored(mine, theirs, 0.1199) is None


def test_a_passage_that_is_nobody_s_own_is_left_out_of_the_others() -> None:
    one, other = letters(3, 100), letters(4, 60)
    upload = letters(1, 400, UPLOAD) + one + letters(2, 300, UPLOAD) + other
    work = letters(1, 400, WORK) + other + letters(2, 300, WORK) + one
    own = np.ones(860)
    own[800:] = 0
    found = scored(upload, work, own)
    assert found is not None
    assert found.spans.tolist() == [[400, 500, 760, 860]]
    assert found.upload == pytest.approx(100 / 860)
    assert found.score == pytest.approx(passage_score(92, 80, 860))


@pytest.mark.parametrize(("before", "copy"), [(22, True), (23, False)])
def test_of_a_copy_all_counts_however_many_works_have_the_same(before: int, copy: bool) -> None:
    """Nine tenths of the larger text are equal."""
    piece = letters(3, 198)
    found = scored(letters(1, before, UPLOAD) + piece, piece, 0.0)
    assert (found is not None) is copy
    back = scored(piece, letters(1, before, WORK) + piece, 0.0)
    assert (back is not None) is copy
    if found is not None:
        assert found.common == 1
        assert found.score > 0.9


def test_scattered_grams_tell_a_reworded_text() -> None:
    pieces = [letters(n, 13) for n in range(40)]  # each too short for a passage
    upload = "".join(letters(n, 40, UPLOAD) + piece for n, piece in enumerate(pieces))
    work = "".join(letters(n, 40, WORK) + pieces[(7 * n) % 40] for n in range(40))
    one = letters(99, 30)
    found = scored(upload + one, work + letters(98, 40, WORK) + one)
    assert found is not None
    # Forty times five grams and those of the passage; the larger text has 2,190 letters.
    assert found.score == pytest.approx(max(rewording_score(222, 2190 * 1.0), passage_score(22, 10, 2150)))
    assert found.score > passage_score(22, 10, 2150)


def test_a_sample_of_grams_stands_for_as_many_times_more() -> None:
    pieces = [letters(n, 20) for n in range(60)]
    upload = "".join(letters(n, 40, UPLOAD) + piece for n, piece in enumerate(pieces))
    work = "".join(letters(n, 40, WORK) + pieces[(7 * n) % 60] for n in range(60))
    whole, sampled = scored(upload, work), scored(upload, work, step=2)
    assert whole is not None
    assert sampled is not None
    assert whole.score == pytest.approx(rewording_score(720, 3600))
    grams = align(seeds(normal(upload), 2), seeds(normal(work), 2)).shared
    assert len(grams) < 500
    assert sampled.score == pytest.approx(rewording_score(2.0 * len(grams), 3600), rel=0.02)


# --- quotations ------------------------------------------------------------------------------------------------------------
def quoted(length: int, mine: str = "“{}”", theirs: str = "“{}”") -> ReuseScore | None:
    piece = letters(3, length)
    upload = letters(1, 4000, UPLOAD) + mine.format(piece) + letters(2, 4000, UPLOAD)
    work = letters(1, 4000, WORK) + theirs.format(piece) + letters(2, 4000, WORK)
    return scored(upload, work)


@pytest.mark.parametrize(
    ("mine", "theirs", "common"),
    [("“{}”", "“{}”", 0.7), ("“{}”", "„{}“", 0.7), ("“{}”", "{}", 0), ("{}", "“{}”", 0), ("“{}", "“{}”", 0)],
)
def test_what_both_quote_is_somebody_else_s_mostly(mine: str, theirs: str, common: float) -> None:
    found = quoted(108, mine, theirs)
    assert found is not None
    assert found.common == pytest.approx(common)
    assert found.score == pytest.approx(passage_score(100 * (1 - common), 100 * (1 - common) - 12, 8108))


@pytest.mark.parametrize(("length", "common"), [(400, 0.7), (401, 0)])
def test_a_long_passage_in_quotation_marks_is_no_quotation(length: int, common: float) -> None:
    found = quoted(length)
    assert found is not None
    assert found.common == pytest.approx(common)


# --- what is reported ------------------------------------------------------------------------------------------------------
def test_passages_are_reported_in_submitted_code_points() -> None:
    mine, theirs = normal("--ab-cd."), normal("…AB cd")
    score = ReuseScore(0.75, np.array([[1, 4, 0, 3]]), 0.5, 0.25, 1.0, 0.125)
    found = match(score, mine, theirs, "edited")
    assert (found.score, found.coverage_upload, found.coverage_work) == (0.75, 0.5, 0.25)
    assert (found.reuse, found.common) == ("edited", 0.125)
    ((upload, work, kind),) = ((each.upload, each.work, each.unit) for each in found.segments)
    assert (upload, work, kind) == ((3, 7), (1, 5), "codepoint")


def test_the_longest_thousand_passages_are_reported_in_their_order() -> None:
    text = normal(letters(1, 9000))
    spans = np.array([[3 * n, 3 * n + 1 + (n != 500), 3 * n, 3 * n + 1] for n in range(1001)])
    found = match(ReuseScore(1, spans, 1, 1, 1, 0), text, text, "edited")
    starts = [each.upload[0] for each in found.segments]
    assert starts == [3 * n for n in range(1001) if n != 500]
    fewer = dataclasses.replace(ReuseScore(1, spans[:1000], 1, 1, 1, 0))
    assert len(match(fewer, text, text, "edited").segments) == 1000


def test_the_same_text_is_reported_whole() -> None:
    found = identical(normal(" a b."), normal("AB"))
    assert (found.score, found.coverage_upload, found.coverage_work, found.reuse) == (1, 1, 1, "verbatim")
    assert [(each.upload, each.work) for each in found.segments] == [((1, 4), (0, 2))]
    assert found.transform == {"identical_text": True}
