"""Prose written by code, with the statistics that make matching hard, and uploads that reuse it.

    python benchmarks/text/generate.py FOLDER [--works 400] [--copies 400] [--distractors 1200] [--seed 1]

makes a case set (see benchmarks/common/cases.py).

The same seed gives the same texts (with one version of numpy). Nothing of it is anybody's text:

* words are made of syllables, or of the 3,755 common characters of GB 2312 (level 1), and used by the
  Zipf-Mandelbrot law (Mandelbrot 1953) over 40,000 words;
* each word has a few preferred followers, so unrelated texts share common short phrases as real prose does;
* a work has a topic that many works share, its words and phrases with it, and favourites of its own among them;
* a fifth of the works ends with one of fifty publishers' footers: shared text that is nobody's reuse.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from itertools import count as count_from
from itertools import groupby, islice, pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.common.cases import Span

VOCABULARY = 40_000
GENERAL = 4_000  # the commonest words, everybody's; the others belong to one topic each
TOPICS = 300
FOLLOWERS = 8
FOOTERS = 50
FOOTER_SHARE = 0.2
BLOCK = 256  # works drawn together; a work depends on its number and the seed only
FAR = 40_000 * BLOCK  # from here on the benchmarks take texts that nobody registers
_TOPIC_WORDS = (VOCABULARY - GENERAL) // TOPICS
# Where the next word comes from: a preferred follower of the last one, the topic, or anywhere. Chosen so that two
# unrelated works share as many 14-letter (Han: 6-character) grams as two articles of one newspaper; see README.md.
_FOLLOW, _TOPIC = 0.36, 0.24
_END, _COMMA, _PARAGRAPH = 0.06, 0.07, 0.2  # a word ends a sentence, is followed by a comma; a sentence a paragraph
_PLAIN, _WITH_COMMA, _STOP, _BREAK = range(4)  # what follows a word
_COMMON_HAN = (
    "的一是不了在人有我他这中大来上个国到说们为子和你地出道也时年"
    "得就那要下以生会自着去之过家学对可里后小么心多天而能好都然"
)


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """The words by rank and how they follow each other.

    ``tokens``: strings, shape (VOCABULARY, 2, 4): a word, capitalised or not, with what follows it.
    ``cumulative``: of the words' probabilities. ``followers``: word numbers, shape (VOCABULARY, FOLLOWERS).
    """

    name: str
    number: int
    tokens: NDArray[np.object_]
    cumulative: NDArray[np.float64]
    followers: NDArray[np.int32]
    characters_a_word: float


def _syllables(r: np.random.Generator, count: int) -> list[str]:
    onsets = [*"tsnrldmcpbfhgvwkyj", "st", "tr", "pr", "ch", "sh", "br", "pl", "gr", "qu"]
    vowels = [*"eaiou", "ea", "ou", "ai", "ie", "oo"]
    ends = ["", "n", "r", "s", "t", "l", "d", "m", "nd", "st", "ck", "ng"]

    def pick(parts: list[str]) -> NDArray[np.str_]:
        weights = 1 / np.arange(1, len(parts) + 1) ** 0.9
        return r.choice(np.array(parts), count, p=weights / weights.sum())

    return ["".join(s) for s in zip(pick(onsets), pick(vowels), pick(ends), strict=True)]


def _latin_words(r: np.random.Generator) -> list[str]:
    """Distinct words, the commonest short."""
    sizes = 1 + (np.arange(VOCABULARY * 8) > 300) + (r.random(VOCABULARY * 8) < 0.35)
    syllables = iter(_syllables(r, int(sizes.sum())))
    pool: dict[str, None] = {}
    for size in sizes.tolist():
        pool["".join(islice(syllables, size))] = None
        if len(pool) == VOCABULARY:
            return list(pool)
    raise AssertionError("too few distinct words")


def _han_words(r: np.random.Generator) -> list[str]:
    """Distinct words of one to four characters, which are used as unevenly as words are."""
    level_1 = [
        bytes((row, cell)).decode("gb2312")
        for row in range(0xB0, 0xD8)
        for cell in range(0xA1, 0xFF)
        if not (row == 0xD7 and cell > 0xF9)
    ]
    rest = [c for c in level_1 if c not in _COMMON_HAN]
    r.shuffle(rest)
    characters = np.array([*_COMMON_HAN, *rest])
    weights = 1 / (np.arange(len(characters)) + 30.0) ** 0.9
    weights /= weights.sum()
    pool = dict.fromkeys(_COMMON_HAN)
    sizes = r.choice([1, 2, 3, 4], VOCABULARY * 4, p=[0.03, 0.72, 0.15, 0.10])
    drawn = r.choice(characters, (len(sizes), 4), p=weights)
    for size, word in zip(sizes.tolist(), drawn, strict=True):
        if len(pool) == VOCABULARY:
            break
        pool["".join(word[:size])] = None
    return list(pool)


@cache
def language(name: str, seed: int) -> Language:
    """``latin`` or ``han``."""
    number = {"latin": 1, "han": 2}[name]
    r = np.random.default_rng([seed, number])
    words = _latin_words(r) if name == "latin" else _han_words(r)
    after = (" ", ", ", ". ", ".\n\n") if name == "latin" else ("", "，", "。", "。\n")
    tokens = np.array([[[w + a for a in after], [w.capitalize() + a for a in after]] for w in words], dtype=object)
    probability = 1 / (np.arange(VOCABULARY) + 2.7) ** 1.05
    probability /= probability.sum()
    cumulative = np.cumsum(probability)
    followers = _draw(r, cumulative, (VOCABULARY, FOLLOWERS))
    own = (np.arange(GENERAL, VOCABULARY) - GENERAL) // _TOPIC_WORDS
    for column in (1, 3, 5):  # a topic has phrases of its own
        followers[GENERAL:, column] = GENERAL + own * _TOPIC_WORDS + r.integers(0, _TOPIC_WORDS, len(own))
    mean = float(np.dot(probability, [len(w) for w in words])) + (1.1 if name == "latin" else 0.13)
    return Language(name, number, tokens, cumulative, followers, mean)


def _draw(r: np.random.Generator, cumulative: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.int32]:
    return np.minimum(np.searchsorted(cumulative, r.random(shape)), len(cumulative) - 1).astype(np.int32)


def _block(of: Language, seed: int, block: int, characters: int, members: Iterable[int]) -> Iterator[str]:
    """Works of one block, of .5 to 1.5 times ``characters``."""
    r = np.random.default_rng([seed, of.number, 7, block])
    longest = int(characters * 1.5 / of.characters_a_word * 0.9) + 8
    lengths = (longest * (1 / 3 + 2 / 3 * r.random(BLOCK))).astype(int)
    topics = r.integers(0, TOPICS, BLOCK)
    favourites = r.permuted(np.tile(np.arange(_TOPIC_WORDS, dtype=np.int32), (BLOCK, 1)), axis=1)
    skew = np.cumsum(1 / (np.arange(_TOPIC_WORDS) + 1.5))
    ranks = _draw(r, skew / skew[-1], (longest, BLOCK))
    topical = GENERAL + topics * _TOPIC_WORDS + favourites[np.arange(BLOCK), ranks]
    source = r.random((longest, BLOCK))
    fresh = np.where(source < _FOLLOW + _TOPIC, topical, _draw(r, of.cumulative, (longest, BLOCK)))
    follows = source < _FOLLOW
    skew = np.cumsum(0.62 ** np.arange(FOLLOWERS))
    choice = _draw(r, skew / skew[-1], (longest, BLOCK))
    chosen = np.empty((longest, BLOCK), dtype=np.int64)
    last = fresh[0]
    for step in range(longest):  # over words, not works
        last = chosen[step] = np.where(follows[step], of.followers[last, choice[step]], fresh[step])

    after = r.random((longest, BLOCK))
    marks = np.where(after < _END, _STOP, np.where(after < _END + _COMMA, _WITH_COMMA, _PLAIN))
    marks[(marks == _STOP) & (r.random((longest, BLOCK)) < _PARAGRAPH)] = _BREAK
    starts = np.ones((longest, BLOCK), dtype=np.int64)
    starts[1:] = marks[:-1] >= _STOP
    footer = np.where(r.random(BLOCK) < FOOTER_SHARE, r.zipf(1.5, BLOCK) % FOOTERS, -1).tolist()
    for n in members:
        words = slice(0, int(lengths[n]))
        text = "".join(of.tokens[chosen[words, n], starts[words, n], marks[words, n]].tolist()).rstrip(" ,，")
        yield text + "\n\n" + footers(of.name, seed)[footer[n]] if footer[n] >= 0 else text


@cache
def footers(name: str, seed: int) -> list[str]:
    """What publishers put under everything: some 200 letters or 80 Han characters."""
    of = language(name, seed)
    r = np.random.default_rng([seed, of.number, 8])
    words = of.tokens[_draw(r, of.cumulative, (FOOTERS, 36)), 0, 0]
    return ["".join(line.tolist()).strip().capitalize() + of.tokens[0, 0, _STOP][-2:].strip() for line in words]


def _footer(text: str, script: str, seed: int) -> str | None:
    return next((footer for footer in footers(script, seed) if text.endswith(footer)), None)


def works(numbers: Iterable[int], *, characters: int = 4500, script: str = "latin", seed: int = 1) -> Iterator[str]:
    """The works with these numbers, ascending, each of about ``characters`` characters (.5 to 1.5 times)."""
    of = language(script, seed)
    for block, members in groupby(numbers, lambda n: n // BLOCK):
        yield from _block(of, seed, block, characters, (n % BLOCK for n in members))


# --- uploads -------------------------------------------------------------------------------------------------------
EDITS = ("verbatim", "excerpt_10pct", "embed_1para", "word_sub_10")


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload made of a work: its text, and where it has the work's text."""

    text: str
    upload: Span
    work: Span


def edited(edit: str, work: str, host: str, *, script: str = "latin", seed: int = 1) -> Upload:
    """An upload that reuses a work.

    Args:
        edit: one of `EDITS`.
        host: an unrelated text, long, in which ``embed_1para`` puts its paragraph.
    """
    r = np.random.default_rng([seed, 9, len(work), EDITS.index(edit)])
    if edit == "verbatim":
        return Upload(work, (0, len(work)), (0, len(work)))
    if edit == "word_sub_10":
        text = _substituted(work, language(script, seed), r)
        return Upload(text, (0, len(text)), (0, len(work)))
    if edit == "excerpt_10pct":
        size = len(work) // 10
        start = int(r.integers(0, len(work) - size))
        return Upload(work[start : start + size], (0, size), (start, start + size))
    breaks = [-1, *(i for i, c in enumerate(work) if c == "\n"), len(work)]
    paragraphs = [(a + 1, b) for a, b in pairwise(breaks) if b - a > 1]
    # The footer is everybody's paragraph, so the last one is not taken; a paragraph of one line is hardly a lift.
    long = [p for p in paragraphs[:-1] if p[1] - p[0] >= (300 if script == "latin" else 100)]
    a, b = long[int(r.integers(len(long)))] if long else max(paragraphs, key=lambda p: p[1] - p[0])
    gaps = [i + 1 for i, c in enumerate(host) if c == "\n"] or [len(host)]
    at = gaps[int(r.integers(len(gaps)))]
    return Upload(host[:at] + work[a:b] + "\n" + host[at:], (at, at + b - a), (a, b))


def _substituted(work: str, of: Language, r: np.random.Generator) -> str:
    """A tenth of the words replaced by words of the language; in Han, where words have no edges, two characters."""
    if of.name == "han":
        out, at = [], 0
        for n, replacement in enumerate(_draw(r, of.cumulative, (len(work) // 2,)).tolist()):
            out.append(str(of.tokens[replacement, 0, 0]) if r.random() < 0.1 else work[2 * n : 2 * n + 2])
            at = 2 * n + 2
        return "".join(out) + work[at:]
    parts = work.split(" ")
    replacements = of.tokens[_draw(r, of.cumulative, (len(parts),)), 0, 0]
    return " ".join(
        str(new).strip() if chance < 0.1 else old
        for old, new, chance in zip(parts, replacements, r.random(len(parts)), strict=True)
    )


def _strangers(
    carried: Counter[str | None], script: str, seed: int, first: int, count: int, characters: int
) -> Iterator[str]:
    """Texts that are nobody's works, and bear no footer of one or two works only: nothing tells that from a lift."""
    texts = works(count_from(first), characters=characters, script=script, seed=seed)
    return islice((t for t in texts if (footer := _footer(t, script, seed)) is None or carried[footer] >= 3), count)


def write_cases(folder: Path, count: int, copies: int, distractors: int, seed: int) -> None:
    """A case set, half of it in each of two scripts: works, each edit of some of them, and uploads that reuse none."""
    for part in ("refs", "queries"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    lines: dict[str, list[dict[str, object]]] = {"refs": [], "queries": [], "passages": []}

    def write(kind: str, name: str, text: str, **known: object) -> None:
        path = f"{kind}/{name}.txt"
        (folder / path).write_text(text, encoding="utf-8", newline="")
        lines[kind].append({"id": name, "path": path, **known})

    for script, characters in (("latin", 4500), ("han", 1500)):
        texts = list(works(range(count // 2), characters=characters, script=script, seed=seed))
        others = partial(_strangers, Counter(_footer(text, script, seed) for text in texts), script, seed)
        for n, text in enumerate(texts):
            write("refs", f"{script}-{n}", text)
        for n, host in enumerate(others(FAR, copies // 2, 3 * characters)):
            edit, number = EDITS[n % len(EDITS)], n % len(texts)
            made = edited(edit, texts[number], host, script=script, seed=seed)
            query, ref, (a, b), (c, d) = f"{script}-q{n}", f"{script}-{number}", made.upload, made.work
            write("queries", query, made.text, expected=[ref], transform=edit)
            lines["passages"].append({"query": query, "ref": ref, "q_start": a, "q_end": b, "r_start": c, "r_end": d})
        # The same language, topics and footers, and nobody's works; in a short text a footer weighs more.
        for kind, first, size in (("unrelated", 2 * FAR, characters), ("unrelated_short", 3 * FAR, characters // 7)):
            for n, text in enumerate(others(first, distractors // 4, size)):
                write("queries", f"{script}-{kind}-{n}", text, expected=[], transform=kind)
    for name, rows in lines.items():
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--works", type=int, default=400)
    parser.add_argument("--copies", type=int, default=400)
    parser.add_argument("--distractors", type=int, default=1200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    write_cases(given.folder, given.works, given.copies, given.distractors, given.seed)


if __name__ == "__main__":
    main()
