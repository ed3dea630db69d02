"""Can an attacker who knows the algorithm make a registered work invisible?

    python benchmarks/text/attack.py [--background 200] [--victims 12]

For every attack a registry is made anew: other people's works, then the victims, then what the attacker registers, 20
texts against each victim, from one account or from five. Before and after it the same posts are looked up: every
victim's paragraphs inside articles, its opening, its end, a half and the whole with an edit. Uploads teach nothing, so
posting is no attack. Printed is the recall of the posts before and after, and how many of the attacker's own texts were
recorded as competing with the victim.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from benchmarks.text.generate import FAR, edited, works
from fingerprints import registry, text
from fingerprints.index.interface import Change
from fingerprints.index.memory import MemoryIndex
from fingerprints.model import Fingerprint

REGISTRATIONS = 20
VICTIM, OTHERS, ATTACKER = 1, 1000, 2  # accounts

Attack = Callable[[str, int, Callable[[], str]], str]  # a victim, the number of the registration, filler -> a text


def _paragraphs(work: str) -> list[str]:
    return [p for p in work.split("\n") if len(p) > 40]


def _pieces(work: str, count: int, which: int) -> str:
    parts = _paragraphs(work)
    size = -(-len(parts) // count)
    return "\n".join(parts[which % count * size :][:size])


def _interleaved(work: str, n: int, filler: Callable[[], str]) -> str:
    return "\n".join(line for p in _paragraphs(work) for line in (p, filler()[: len(p) // 2]))


ATTACKS: dict[str, Attack] = {
    "whole work between fillers": lambda w, n, f: f() + "\n" + w + "\n" + f(),
    "comments between its paragraphs": _interleaved,
    "one half each": lambda w, n, f: f() + "\n" + _pieces(w, 2, n) + "\n" + f(),
    "one quarter each": lambda w, n, f: f() + "\n" + _pieces(w, 4, n) + "\n" + f(),
    "the opening": lambda w, n, f: _pieces(w, 4, 0) + "\n" + f() + "\n" + f(),
    "the end": lambda w, n, f: f() + "\n" + f() + "\n" + _pieces(w, 4, 3),
    "edited anew each time": lambda w, n, f: f() + "\n" + edited("word_sub_10", w, "", seed=100 + n).text,
}


def _posts(work: str, host: Iterator[str]) -> list[str]:
    parts = _paragraphs(work)
    long = sorted(parts, key=len)[-3:]
    return [
        *(next(host) + "\n" + p + "\n" + next(host) for p in long),
        _pieces(work, 4, 0) + "\n" + next(host),
        next(host) + "\n" + _pieces(work, 4, 3),
        _pieces(work, 4, 1),
        next(host) + "\n" + _pieces(work, 2, 1) + "\n" + next(host),
        edited("word_sub_10", work, "").text,
    ]


class _Registry:
    def __init__(self) -> None:
        self.index, self.kept = MemoryIndex(), dict[int, Fingerprint]()

    def add(self, content: str, account: int) -> int:
        number = len(self.kept) + 1
        self.kept[number] = text.fingerprint(content.encode())
        self.index.apply([Change(number, number, self.kept[number], account)])
        return number

    def found(self, content: str) -> set[int]:
        upload = text.fingerprint(content.encode())
        view = self.index.view(upload.algorithm)
        candidates = registry.propose(upload, view)
        return set(registry.decide(upload, candidates, {n: self.kept[n] for n in candidates.works}, view).matches)


def recall(of: _Registry, posts: dict[int, list[str]]) -> float:
    return float(np.mean([victim in of.found(post) for victim, some in posts.items() for post in some]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--background", type=int, default=200, help="works of others that are registered before")
    parser.add_argument("--victims", type=int, default=12)
    given = parser.parse_args()
    print(f"{'attack':34}{'accounts':>9}{'before':>8}{'after':>8}{'competing':>11}")
    for name, attack in ATTACKS.items():
        for accounts in (1, 5):
            fillers = works(range(FAR, FAR + 100_000), characters=2500)
            hosts = works(range(2 * FAR, 2 * FAR + 100_000), characters=3000)
            here = _Registry()
            for n, other in enumerate(works(range(given.background))):
                here.add(other, OTHERS + n % 50)
            victims = list(works(range(given.background, given.background + given.victims), characters=4000))
            numbers = {here.add(victim, VICTIM): victim for victim in victims}
            posts = {number: _posts(victim, hosts) for number, victim in numbers.items()}
            before, competing = recall(here, posts), 0
            for n in range(REGISTRATIONS):
                for number, victim in numbers.items():
                    made = attack(victim, n, partial(next, fillers))
                    competing += number in here.found(made)
                    here.add(made, ATTACKER + n % accounts)
            after = recall(here, posts)
            share = competing / (REGISTRATIONS * len(numbers))
            print(f"{name:34}{accounts:>9}{before:>8.3f}{after:>8.3f}{share:>11.3f}", flush=True)


if __name__ == "__main__":
    main()
