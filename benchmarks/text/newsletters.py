"""Newsletters that quote many registered works: which of the quotes are found, by their length, and what fires wrongly.

    python benchmarks/text/newsletters.py [--half learning|held-out|both] [--works 2000] [--newsletters 60] [--list]

A newsletter has an introduction, then 3 to 12 items: a heading, a sentence of its own, a quote of a work of 40 to
400 characters, a link; in the end what its publisher puts under every issue. A quote is whole sentences, or is
cut inside one with an ellipsis; some stand in quotation marks. The works have phrases in common as a registry's have:
besides those of the language and of a topic some of 400 stock phrases each, which the newsletters use as well. As many
newsletters quote works that nobody registered, and may match nothing. Every second newsletter is held out.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np

from benchmarks.common.engine import Engine
from benchmarks.text.generate import FAR, works
from benchmarks.text.ours import NAME, engine

HALVES = {"learning": (0,), "held-out": (1,), "both": (0, 1)}
LENGTHS = ((40, 80), (80, 120), (120, 200), (200, 400))
_CHARACTERS = {"latin": 4500, "han": 1500}
_STOCK = 400  # phrases that a registry's works have in common,
_STOCK_CHARACTERS = {"latin": (20, 60), "han": (6, 18)}
_STOCK_OF_A_WORK = 6  # and how many each has
_COLON = {"latin": ":", "han": "："}
_FOOTER = {
    "latin": "You receive this letter as a reader. Unsubscribe at any time.",
    "han": "如不想再收到本刊，请回复退订。",
}
_ACCOUNTS = 50
_CUT, _IN_MARKS = 0.4, 0.3  # share of the quotes that end inside a sentence, and that stand in quotation marks


@dataclass(frozen=True, slots=True)
class Quote:
    """A quote and the registered work it is of, None where that is not registered; ``bucket`` of `LENGTHS`."""

    text: str
    work: int | None
    bucket: int


@dataclass(frozen=True, slots=True)
class Newsletter:
    name: str
    text: str
    quotes: tuple[Quote, ...]


def _sentences(text: str) -> list[str]:
    return re.findall(r"\s*[^.。\s][^.。\n]*[.。]", text)


class Registry:
    """The texts of one script: those that are registered, and others."""

    def __init__(self, script: str, count: int, seed: int = 1) -> None:
        self.script, self._characters = script, _CHARACTERS[script]
        self._random = np.random.default_rng([seed, len(script), 31])
        self._stock = self._phrases()
        self.works = [self._with_stock(text) for text in self._texts(0, count)]
        self._own = chain.from_iterable(map(_sentences, self._texts(FAR, 1_000_000)))

    def register(self, where: Engine, first: int) -> None:
        """Register all works, from the number after ``first`` on."""
        self.first = first + 1
        numbered = dict(enumerate((text.encode() for text in self.works), self.first))
        where.register(numbered.items(), {n: 1 + n % _ACCOUNTS for n in numbered})

    def _texts(self, first: int, count: int) -> Iterator[str]:
        return works(range(first, first + count), characters=self._characters, script=self.script)

    def _phrases(self) -> list[str]:
        low, high = _STOCK_CHARACTERS[self.script]
        source = "".join(self._texts(2 * FAR, 40)).replace("\n", "")
        plain = re.sub(r"[.,，。]", "", source)
        starts = self._random.integers(0, len(plain) - high, _STOCK).tolist()
        lengths = self._random.integers(low, high + 1, _STOCK).tolist()
        return [plain[a : a + n].strip() for a, n in zip(starts, lengths, strict=True)]

    def stock(self) -> str:
        """A phrase that many use, the commonest most often."""
        return self._stock[min(int(self._random.zipf(1.3)) - 1, int(self._random.integers(_STOCK)))]

    def _with_stock(self, text: str) -> str:
        stop, gap = (". ", " ") if self.script == "latin" else ("。", "")
        parts = text.split(stop)
        for _ in range(_STOCK_OF_A_WORK):
            n = int(self._random.integers(len(parts)))
            parts[n] += gap + self.stock()
        return stop.join(parts)

    def quote(self, text: str, work: int | None, bucket: int) -> Quote:
        low, high = LENGTHS[bucket]
        target = int(self._random.integers(low, high))
        sentences = _sentences(text.split("\n\n\n")[0])
        start = int(self._random.integers(max(len(sentences) - 8, 1)))
        out = sentences[start].strip()
        for sentence in sentences[start + 1 :]:
            if len(out) >= target:
                break
            out += sentence
        if self._random.random() < _CUT or len(out) > high:
            cut = out[:target]
            out = (cut.rsplit(" ", 1)[0] if self.script == "latin" else cut) + "…"
        return Quote(out.strip(), work, bucket)

    def newsletter(self, name: str, registered: bool, others: Iterator[str]) -> Newsletter:
        r = self._random
        count = int(r.integers(3, 13))
        chosen = r.choice(len(self.works), count, replace=False).tolist()
        quotes = [
            self.quote(self.works[n] if registered else self._with_stock(next(others)), n if registered else None, k)
            for n, k in zip(chosen, r.integers(0, len(LENGTHS), count).tolist(), strict=True)
        ]
        own = map(str.strip, self._own)
        heading = r.integers(1000, 9999)
        parts = [self.stock() + ("." if self.script == "latin" else "。"), *(next(own) for _ in range(3))]
        for number, quote in enumerate(quotes, 1):
            marked = f"“{quote.text}”" if r.random() < _IN_MARKS else quote.text
            link = f"https://letters.example/{heading}/{number}?from=issue"
            introduction = next(own) + " " + self.stock()
            parts += [
                f"{number}. {next(own)[:40]}",
                introduction + ("：" if self.script == "han" else ":"),
                marked,
                link,
            ]
        parts += [next(own), "Unsubscribe at any time" if self.script == "latin" else "如不想再收到本刊，请回复退订"]
        return Newsletter(name, "\n\n".join(parts), tuple(quotes))

    def newsletters(self, count: int) -> Iterator[Newsletter]:
        """``count`` that quote registered works, and as many that quote others."""
        others = (t for t in self._texts(3 * FAR, 1_000_000))
        for n in range(count):
            yield self.newsletter(f"{self.script} {n}", True, others)
            yield self.newsletter(f"{self.script} {n}, unregistered", False, others)


class Tally:
    """What is counted over the newsletters."""

    def __init__(self) -> None:
        self.tried: Counter[tuple[str, int]] = Counter()
        self.found: Counter[tuple[str, int]] = Counter()
        self.letters = self.fired = self.wrong = 0

    def add(self, script: str, letter: Newsletter, matched: set[int]) -> list[Quote]:
        """Returns the quotes of registered works that were missed."""
        missed = []
        for quote in letter.quotes:
            if quote.work is None:
                continue
            self.tried[script, quote.bucket] += 1
            self.found[script, quote.bucket] += quote.work in matched
            if quote.work not in matched:
                missed.append(quote)
        wrong = len(matched - {quote.work for quote in letter.quotes})
        self.wrong += wrong
        if letter.quotes[0].work is None:
            self.letters, self.fired = self.letters + 1, self.fired + bool(matched)
        return missed

    def print(self) -> None:
        print(f"{'quotes of':24}{'tried':>7}{'found':>7}{'share':>8}")
        for script, bucket in sorted(self.tried):
            tried, found = self.tried[script, bucket], self.found[script, bucket]
            low, high = LENGTHS[bucket]
            print(f"{f'{script}, {low} to {high}':24}{tried:>7}{found:>7}{found / tried:>8.3f}")
        tried, found = self.tried.total(), self.found.total()
        print(f"{'all':24}{tried:>7}{found:>7}{found / tried:>8.3f}")
        print(f"works that were not quoted and matched: {self.wrong}")
        print(f"newsletters of unregistered works that matched: {self.fired} of {self.letters}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=HALVES, default="both")
    parser.add_argument("--works", type=int, default=2000, help="registered works of each script")
    parser.add_argument("--newsletters", type=int, default=60, help="of each script and kind")
    parser.add_argument("--list", action="store_true", help="print the quotes that were missed")
    given = parser.parse_args()
    tally = Tally()
    here = engine()
    registries = [Registry(script, given.works) for script in ("latin", "han")]
    for n, registry in enumerate(registries):
        registry.register(here, n * given.works)
    for registry in registries:
        for number, letter in enumerate(registry.newsletters(given.newsletters)):
            if number // 2 % 2 in HALVES[given.half]:
                matched = {work - registry.first for work, _ in here.query(letter.text.encode())}
                for quote in tally.add(registry.script, letter, matched):
                    if given.list:
                        print(f"{letter.name}: {quote}")
    print(f"{len(here.index.view(NAME))} works, {given.half}")
    tally.print()
    here.close()


if __name__ == "__main__":
    main()
