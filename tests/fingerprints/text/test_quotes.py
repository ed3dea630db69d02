"""Quotes: found by what is in them, not by how much else an upload or a registry says."""

import numpy as np
import pytest

from fingerprints.text import quotes
from fingerprints.text.alignment import align, seeds
from fingerprints.text.examples import words
from fingerprints.text.normalization import normalize
from fingerprints.unicode.folding import code_points
from tests.fingerprints.finding import indexed, made, search

SENTENCE = (
    "he will not repair a watch that still runs, however badly, because a late thing is at least on its way home."
)
LETTERS = sum(c.isalpha() for c in SENTENCE)


def sentences(seed: int, count: int = 300, size: int = 12) -> str:
    """Prose of sentences with a full stop after so many words each."""
    parts = words(seed, count).split()
    return " ".join(" ".join(parts[n : n + size]).capitalize() + "." for n in range(0, count, size))


def weight(upload: str, work: str, own: float = 1.0) -> float:
    texts = [
        normalize(code_points(sentences(60 + n) + f" {part} " + sentences(70 + n)))
        for n, part in enumerate((upload, work))
    ]
    mine = seeds(texts[0])
    theirs = seeds(texts[1], 1, mine)
    return quotes.quoted(align(mine, theirs), mine, theirs, np.full(len(texts[0].units), own))


def test_a_whole_sentence_is_a_quote() -> None:
    assert weight(SENTENCE, SENTENCE) == LETTERS
    assert weight(f"Somebody wrote: “{SENTENCE}”", SENTENCE) == LETTERS


@pytest.mark.parametrize(
    "upload",
    [
        SENTENCE.removesuffix(" home.") + " now and then.",  # goes on in other words
        "we said that " + SENTENCE,  # begins in others
        "He Will Not Repair A Watch That Still Runs, However Badly, Because A Late Thing Is At Least On Its Way Home.",
        SENTENCE[:50] + " indeed " + SENTENCE[50:],
    ],
)
def test_what_is_less_than_a_sentence_word_for_word_is_none(upload: str) -> None:
    assert weight(upload, SENTENCE) == 0.0


def test_a_quote_may_say_that_it_was_cut() -> None:
    assert weight(SENTENCE.removesuffix(" its way home.") + "…", SENTENCE) > quotes.MIN_LETTERS
    assert weight(SENTENCE.removesuffix(" its way home."), SENTENCE) == 0.0


def test_what_other_works_have_is_no_quote() -> None:
    assert weight(SENTENCE, SENTENCE, own=0.5) == 0.0
    assert weight(SENTENCE, SENTENCE, own=0.95) == LETTERS


def test_a_sentence_is_found_in_a_large_registry_only() -> None:
    """In a small one nothing tells it from a formula."""
    work = made(sentences(10, 600) + " " + SENTENCE + " " + sentences(11, 600))
    upload = made(sentences(12, 400) + " " + SENTENCE + " " + sentences(13, 400))
    others = [made(words(10_000 + n, 20)) for n in range(quotes.MIN_REGISTERED)]
    assert not search(upload, [work, *others[:40]]).matches
    assert set(search(upload, [work, *others]).matches) == {0}


def test_phrases_that_other_works_have_one_by_one_weaken_no_quote() -> None:
    """A template is what others have in one piece."""
    phrases = [words(20 + n, 5) for n in range(8)]
    quote = " ".join(phrases)
    work = made(words(30, 400) + "\n\n" + quote + "\n\n" + words(31, 400))
    upload = made(words(32, 400) + "\n\n" + quote + "\n\n" + words(33, 400))
    scattered = [made(words(100 + n, 200) + " " + phrases[n % 8] + " " + words(200 + n, 200)) for n in range(40)]
    whole = [made(words(300 + n, 200) + "\n\n" + quote + "\n\n" + words(400 + n, 200)) for n in range(4)]
    same_account = [0] * 41
    assert set(search(upload, [work, *scattered], indexed([work, *scattered], same_account)).matches) == {0}
    assert not search(upload, [*whole, work]).matches
