"""Can an attacker who knows the algorithm make a registered work invisible?

    python benchmarks/text/attack.py [--background 200] [--victims 12]

For every attack a registry is made anew: other people's works, then the victims, then what the attacker registers, 20
texts against each victim, from one account, from five, or from the victim's own, as in an installation that has one
account for all. Before and after it the same posts are looked up: every victim's paragraphs inside articles, its
opening, its end, a half and the whole with an edit. Uploads teach nothing, so posting is no attack. Printed is the
recall of the posts before and after, and how many of the attacker's own texts were recorded as competing with the
victim.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count as count_from

import numpy as np

from benchmarks.common.engine import Engine
from benchmarks.text.generate import FAR, edited, works
from benchmarks.text.ours import engine

REGISTRATIONS = 20
VICTIM, OTHERS = 1, 1000  # accounts
ATTACKERS = {"one": [2], "five": [2, 3, 4, 5, 6], "the victim's": [VICTIM]}

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


def _found(here: Engine, content: str) -> set[int]:
    return {number for number, _ in here.query(content.encode())}


def recall(here: Engine, posts: dict[int, list[str]]) -> float:
    return float(np.mean([victim in _found(here, post) for victim, some in posts.items() for post in some]))


def attacked(attack: Attack, attackers: list[int], background: int, count: int) -> tuple[float, float, float]:
    """Recall of the posts before and after an attack, and the share of the attacker's texts that compete.

    Args:
        attackers: the accounts that register by turns.
    """
    fillers = works(range(FAR, FAR + 100_000), characters=2500)
    hosts = works(range(2 * FAR, 2 * FAR + 100_000), characters=3000)
    here, numbers = engine(), count_from(1)

    def add(content: str, account: int) -> int:
        number = next(numbers)
        here.register([(number, content.encode())], {number: account})
        return number

    for n, other in enumerate(works(range(background))):
        add(other, OTHERS + n % 50)
    victims = {add(victim, VICTIM): victim for victim in works(range(background, background + count), characters=4000)}
    posts = {number: _posts(victim, hosts) for number, victim in victims.items()}
    before, competing = recall(here, posts), 0
    for n in range(REGISTRATIONS):
        for number, victim in victims.items():
            made = attack(victim, n, partial(next, fillers))
            competing += number in _found(here, made)
            add(made, attackers[n % len(attackers)])
    after = recall(here, posts)
    here.close()
    return before, after, competing / (REGISTRATIONS * len(victims))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--background", type=int, default=200, help="works of others that are registered before")
    parser.add_argument("--victims", type=int, default=12)
    given = parser.parse_args()
    print(f"{'attack':34}{'accounts':>14}{'before':>8}{'after':>8}{'competing':>11}")
    for name, attack in ATTACKS.items():
        for who, attackers in ATTACKERS.items():
            before, after, share = attacked(attack, attackers, given.background, given.victims)
            print(f"{name:34}{who:>14}{before:>8.3f}{after:>8.3f}{share:>11.3f}", flush=True)


if __name__ == "__main__":
    main()
