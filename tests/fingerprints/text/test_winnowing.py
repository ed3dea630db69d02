"""Grams, winnowing and the MinHash signature."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fingerprints import text
from fingerprints.text import codec, minhash, winnowing
from fingerprints.text.examples import edited, han, words
from fingerprints.text.grams import _BLOCK, grams
from fingerprints.text.normalization import NormalizedText, normalize
from fingerprints.unicode.folding import code_points


def normal(given_text: str) -> NormalizedText:
    return normalize(code_points(given_text))


def cut(of: NormalizedText, start: int, end: int) -> NormalizedText:
    return NormalizedText(of.units[start:end], of.where[start:end], of.scripts[start:end], of.seen)


def test_a_gram_has_the_same_hash_wherever_it_stands_and_another_gram_another() -> None:
    one, two = normal("x" * (_BLOCK - 100) + words(3, 200)), normal(words(3, 200))
    a, places_a = grams(one.units, one.scripts, minhash.SIZES)
    b, places_b = grams(two.units, two.scripts, minhash.SIZES)
    assert np.array_equal(places_a, np.arange(len(a)))
    assert np.array_equal(a[_BLOCK - 100 :], b)
    pieces = ["".join(map(chr, two.units[p : p + 6])) for p in places_b.tolist()]
    assert len(set(pieces)) == len(np.unique(b)) > 200


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


def test_keys_do_not_depend_on_where_blocks_end() -> None:
    body = normal(words(5, 6000))
    repeated = normal(words(9, 1) + " " + words(5, 6000))
    shift = len(repeated.units) - len(body.units)
    prefix = normal("y" * (_BLOCK - shift - 5000))
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
