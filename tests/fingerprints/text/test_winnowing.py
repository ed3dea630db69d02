"""Grams, winnowing and the MinHash signature."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fingerprints import text
from fingerprints.text import codec, minhash, winnowing
from fingerprints.text.examples import edited, han, words
from fingerprints.text.grams import _BLOCK_UNITS, distinct, grams, grouped, sorted_with_place
from fingerprints.text.normalization import NormalizedText, normalize
from fingerprints.unicode.folding import code_points


def normal(given_text: str) -> NormalizedText:
    return normalize(code_points(given_text))


def cut(of: NormalizedText, start: int, end: int) -> NormalizedText:
    return NormalizedText(of.units[start:end], of.where[start:end], of.scripts[start:end], of.seen)


def test_a_gram_has_the_same_hash_wherever_it_stands_and_another_gram_another() -> None:
    one, two = normal("x" * (_BLOCK_UNITS - 100) + words(3, 200)), normal(words(3, 200))
    a, places_a = grams(one.units, one.scripts, minhash.SIZES)
    b, places_b = grams(two.units, two.scripts, minhash.SIZES)
    assert np.array_equal(places_a, np.arange(len(a)))
    assert np.array_equal(a[_BLOCK_UNITS - 100 :], b)
    pieces = ["".join(map(chr, two.units[p : p + 6])) for p in places_b.tolist()]
    assert len(set(pieces)) == len(np.unique(b)) > 200


def test_hashes_are_sorted_with_their_places_and_grouped() -> None:
    values = np.array([3, 1, 3, 2, 1, 3], dtype=np.uint64)
    assert distinct(values).tolist() == [1, 2, 3]
    assert distinct(values[:0]).tolist() == []
    ordered, places = sorted_with_place(values << np.uint64(8), np.arange(6)[::-1].copy(), 8)
    assert (ordered >> np.uint64(8)).tolist() == [1, 1, 2, 3, 3, 3]
    assert places.tolist() == [1, 4, 2, 0, 3, 5]
    keys = np.array([7, 1 << 39, 0, 7, (1 << 39) - 1], dtype=np.uint64)
    found, place = grouped(keys)
    assert found.tolist() == [0, 7, (1 << 39) - 1, 1 << 39]
    assert found[place].tolist() == keys.tolist()


def test_a_sample_of_grams_is_the_same_wherever_they_stand() -> None:
    text_ = normal(words(4, 2000))
    hashes, positions = grams(text_.units, text_.scripts, minhash.SIZES, 3)
    all_hashes, all_positions = grams(text_.units, text_.scripts, minhash.SIZES)
    assert len(hashes) == pytest.approx(len(all_hashes) / 3, rel=0.1)
    assert (hashes % np.uint64(3) == 0).all()
    assert np.array_equal(all_hashes[np.isin(all_positions, positions)], hashes)


def test_the_length_of_a_gram_follows_the_script_of_its_first_letter() -> None:
    mixed = normal("abcd春江潮水연평도")
    hashes, places = grams(mixed.units, mixed.scripts, (4, 3, 2, 3))
    same = {}
    for n in places.tolist():
        size = (4, 3, 2, 3)[mixed.scripts[n]]
        alone = cut(mixed, n, n + size)
        same[n] = grams(alone.units, alone.scripts, (4, 3, 2, 3))[0][0]
    assert list(same) == places.tolist() == list(range(10))
    assert np.array_equal(hashes, np.array(list(same.values())))


@given(st.integers(0, 500), st.integers(0, 2000), st.integers(31, 120))
def test_two_texts_that_share_31_letters_share_a_key(seed: int, start: int, size: int) -> None:
    work = normal(words(seed, 700))
    start = min(start, len(work.units) - size)
    strange = normal(words(seed + 1000, 60))
    upload = NormalizedText(
        np.concatenate((strange.units, work.units[start : start + size], strange.units)),
        np.arange(2 * len(strange.units) + size, dtype=np.int32),
        np.concatenate((strange.scripts, work.scripts[start : start + size], strange.scripts)),
        work.seen,
    )
    assert len(work.units) > winnowing.MAX_SHORT_UNITS
    assert np.isin(winnowing.work_keys(work), winnowing.upload_keys(upload)[0]).any()


def test_a_long_work_keeps_two_grams_in_nineteen_and_a_short_one_all() -> None:
    long = normal(words(1, 4000))
    assert len(winnowing.work_keys(long)) == pytest.approx(len(long.units) * 2 / 19, rel=0.1)
    short = normal(han(1, 40))
    assert set(winnowing.work_keys(short)) == set(winnowing.upload_keys(short)[0])
    assert (winnowing.work_keys(long) < 1 << winnowing.KEY_BITS).all()
    assert np.isin(winnowing.work_keys(long), winnowing.upload_keys(long)[0]).all()


@pytest.mark.parametrize(
    ("units", "window"), [(159, 1), (160, 1), (161, 4), (2499, 4), (2500, 4), (2501, 18), (9000, 18)]
)
def test_a_work_keeps_the_least_gram_of_every_window(units: int, window: int) -> None:
    work = cut(normal(words(1, 3000)), 0, units)
    hashes = grams(work.units, work.scripts, winnowing.SIZES)[0].tolist()
    least = {min(hashes[at : at + window]) >> 64 - winnowing.KEY_BITS for at in range(len(hashes) - window + 1)}
    assert winnowing.work_keys(work).tolist() == sorted(least)


@pytest.mark.parametrize(("units", "count"), [(13, 0), (14, 1), (16, 3), (17, 1), (18, None)])
def test_a_work_with_fewer_grams_than_a_window_keeps_all(
    monkeypatch: pytest.MonkeyPatch, units: int, count: int | None
) -> None:
    monkeypatch.setattr(winnowing, "MAX_DENSE_UNITS", 0)
    kept = len(winnowing.work_keys(cut(normal("kmnpxyz23456789abcdef"), 0, units)))
    assert kept == count if count is not None else kept in (1, 2)


def test_windows_go_on_over_the_end_of_a_block() -> None:
    units = np.random.default_rng(1).integers(ord("b"), ord("z"), 2 * _BLOCK_UNITS + 500).astype(np.uint32)
    work = NormalizedText(units, np.arange(len(units), dtype=np.int32), np.zeros(len(units), dtype=np.uint8), units)
    hashes = grams(work.units, work.scripts, winnowing.SIZES)[0]
    least = np.lib.stride_tricks.sliding_window_view(hashes, winnowing.WINDOW).min(axis=1)
    assert np.array_equal(winnowing.work_keys(work), np.unique(least >> np.uint64(64 - winnowing.KEY_BITS)))


def test_keys_do_not_depend_on_where_blocks_end() -> None:
    body = normal(words(5, 6000))
    repeated = normal(words(9, 1) + " " + words(5, 6000))
    shift = len(repeated.units) - len(body.units)
    prefix = normal("y" * (_BLOCK_UNITS - shift - 5000))
    moved = NormalizedText(
        np.concatenate((prefix.units, body.units)),
        np.zeros(0, dtype=np.int32),
        np.concatenate((prefix.scripts, body.scripts)),
        body.seen,
    )
    assert np.isin(winnowing.work_keys(body), winnowing.work_keys(moved)).mean() > 0.995


def test_a_very_long_upload_asks_for_its_winnowed_grams(monkeypatch: pytest.MonkeyPatch) -> None:
    long = normal(words(2, 3000))
    monkeypatch.setattr(winnowing, "_MAX_DENSE_UPLOAD", 1000)
    assert np.array_equal(np.unique(winnowing.upload_keys(long)[0]), winnowing.work_keys(long))
    keys, positions = winnowing.upload_keys(long)
    all_hashes, all_positions = grams(long.units, long.scripts, winnowing.SIZES)
    assert np.array_equal(all_hashes[np.isin(all_positions, positions)] >> np.uint64(24), keys)
    for limit, every in ((len(long.units), True), (len(long.units) - 1, False)):
        monkeypatch.setattr(winnowing, "_MAX_DENSE_UPLOAD", limit)
        assert (len(winnowing.upload_keys(long)[0]) == len(all_hashes)) is every


def test_the_signature_is_datasketch_s_bit_for_bit() -> None:
    from datasketch import MinHash

    for given_text in (words(1, 300), han(3, 6000), "x"):
        one = normal(given_text)
        hashes = grams(one.units, one.scripts, minhash.SIZES)[0]
        theirs = MinHash(num_perm=minhash.PERMUTATIONS, seed=1, scheme="affine32", hashfunc=lambda value: value)
        theirs.update_batch([value >> 32 for value in set(hashes.tolist())])
        assert np.array_equal(theirs.hashvalues, minhash.sketch(one))
    stored = text.fingerprint(words(1, 300).encode())
    assert np.array_equal(codec.signature(stored), minhash.sketch(normal(words(1, 300))))


@pytest.mark.parametrize("share", [0.0, 0.05, 0.3, 1.0])
def test_signature_and_code_estimate_the_jaccard_similarity(share: float) -> None:
    one, other = normal(words(1, 900)), normal(edited(words(1, 900), share, 2))
    sets = [set(grams(n.units, n.scripts, minhash.SIZES)[0].tolist()) for n in (one, other)]
    truth = len(sets[0] & sets[1]) / len(sets[0] | sets[1])
    signatures = [minhash.sketch(n) for n in (one, other)]
    assert np.mean(signatures[0] == signatures[1]) == pytest.approx(truth, abs=0.15)
    a, b = map(minhash.code, signatures)
    assert float(minhash.resemblance(a, b)[0]) == pytest.approx(truth, abs=0.2)
    assert float(minhash.resemblance(a, a)[0]) == 1.0
