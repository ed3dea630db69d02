"""Filled forms: another filling accuses nobody, a copy of a filling is found whatever was done to it.

    python benchmarks/text/forms.py [--half learning|held-out|both] [--fillings 3] [--seed 1] [--list]

Families of forms stand in ``forms_data/``, prose with slots; every second one is held out from fitting. Of each family
one, two or three fillings are registered, by one account or by several. Then are looked up

* other fillings: none may match;
* copies of the registered ones (same facts): whole, an excerpt, words changed, sentences moved, inside an article, in
  another notation of numbers and dates, in traditional characters, with one or two facts corrected: all are to be
  found;
* stories with their names replaced throughout: each is to be found.
"""

from __future__ import annotations

import argparse
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from opencc import OpenCC

from benchmarks.text.forms_facts import PLAIN, SLOT, Notation, fact, written
from benchmarks.text.generate import FAR, works
from benchmarks.text.ours import engine

_DATA = Path(__file__).with_name("forms_data")
_OPTIONAL = 0.5
_OFFICE = r"org1?$|place1?$|street1?$|phone1?$"  # slots that say the same in all that one office issues


@dataclass(frozen=True, slots=True)
class Family:
    """A form or a story: its name, language (``en`` or ``zh``), its text with slots, and whether it is held out."""

    name: str
    language: str
    template: str
    held_out: bool


@dataclass(frozen=True, slots=True)
class Query:
    """An upload and the registered filling it is a copy of, None for another filling."""

    family: Family
    edit: str
    content: str
    source: int | None


@cache
def families(kind: str) -> tuple[Family, ...]:
    """All of a kind, ``forms`` or ``stories``."""
    out = []
    for language in ("en", "zh"):
        name = f"{language}.txt" if kind == "forms" else f"stories_{language}.txt"
        parts = re.split(r"^== (.+)\n", (_DATA / name).read_text("utf-8"), flags=re.M)[1:]
        for n, (title, template) in enumerate(zip(parts[::2], parts[1::2], strict=True)):
            out.append(Family(title, language, template.strip(), n % 2 == 1))
    return tuple(out)


@dataclass(frozen=True, slots=True)
class Filling:
    """A family filled with the facts of a seed; slots named in ``other`` are filled anew, those of rows
    where it names ``*``."""

    family: Family
    seed: int
    notation: Notation = PLAIN
    other: frozenset[str] = frozenset()

    def __str__(self) -> str:
        lines = []
        for number, line in enumerate(self.family.template.split("\n")):
            r = self._random(f"line {number}")
            if line.startswith("?"):
                if r.random() < _OPTIONAL:
                    lines.append(self._filled(line[1:]))
            elif line.startswith("* "):
                (low, high), row = (int(n) for n in line.split()[1].split("-")), line.split(" ", 2)[2]
                lines += [self._filled(row, f"{number} {k} ") for k in range(r.integers(low, high + 1))]
            else:
                lines.append(self._filled(line))
        return "\n".join(lines)

    def _filled(self, line: str, row: str = "") -> str:
        def fill(slot: re.Match[str]) -> str:
            kind, number = slot[1], slot[2]
            same = {"surname": "person"}.get(kind, kind)
            # In a row each slot without a number is a fact of its own.
            key = row + same + (number or "") if not row or number is None else same + number
            anew = (same + (number or "")) in self.other and (not row or "*" in self.other)
            r = self._random(key, 1000 if anew else 0)
            return written(kind, fact(kind, self.family.language, r), self.family.language, self.notation)

        return SLOT.sub(fill, line)

    def _random(self, key: str, more: int = 0) -> np.random.Generator:
        return np.random.default_rng([self.seed + more, zlib.crc32((self.family.name + key).encode())])

    def slots(self) -> list[str]:
        return sorted({m[1] + (m[2] or "") for m in SLOT.finditer(self.family.template)})


# --- what is done to a copy ------------------------------------------------------------------------------------------
@cache
def _host(n: int, language: str, characters: int) -> str:
    if language == "en":
        return next(works([FAR + n], characters=characters))
    return next(works([FAR + n], characters=characters, script="han"))


def _units(content: str, language: str) -> list[str]:
    return re.findall(r"\w+|\W+", content) if language == "en" else list(content)


def _substituted(content: str, language: str, share: float, r: np.random.Generator) -> str:
    """Words (of Chinese pairs of characters) replaced by words of prose, names and numbers no less than others."""
    prose = _host(int(r.integers(8)), language, 3000)
    words = re.findall(r"\w+" if language == "en" else r"[一-鿿]{2}", prose)

    def other(found: re.Match[str]) -> str:
        if r.random() >= share:
            return found[0]
        return str(r.integers(1, 3000)) if found[0].isdecimal() else words[r.integers(len(words))]

    return re.sub(r"[^\W_]+" if language == "en" else r"[一-鿿]{2}|\d+", other, content)


def _moved(content: str, r: np.random.Generator) -> str:
    parts = [p for p in re.split(r"(?<=[.。；！])\s*|\n", content) if p]
    return "\n".join(parts[n] for n in r.permutation(len(parts)).tolist())


def _excerpt(content: str) -> str:
    return content[len(content) // 5 : len(content) * 7 // 10]


def _corrected(filling: Filling, r: np.random.Generator) -> str:
    slots = filling.slots()
    some = r.permutation(len(slots))[: max(1, min(2, len(slots) // 5))].tolist()
    return str(replace(filling, other=frozenset(slots[n] for n in some)))


def copies(filling: Filling, n: int) -> Iterator[tuple[str, str]]:
    """Each edit and the copy it makes of a filling."""
    r = np.random.default_rng([filling.seed, n, 7])
    language, whole = filling.family.language, str(filling)
    yield "whole", whole + ("\n(reposted)" if language == "en" else "\n（转载）")
    yield "excerpt", _excerpt(whole)
    yield "10 % of the words", _substituted(whole, language, 0.1, r)
    yield "20 % of the words", _substituted(whole, language, 0.2, r)
    yield "30 % of the words", _substituted(whole, language, 0.3, r)
    yield "sentences moved", _moved(whole, r)
    article = 1500 if language == "en" else 500
    yield (
        "in an article",
        _host(2 * n % 16, language, article) + "\n" + whole + "\n" + _host((2 * n + 1) % 16, language, article),
    )
    stranger = str(Filling(families("forms")[(n * 2 + 7) % len(families("forms"))], filling.seed + 77))
    third = len(whole) * 2 // 5
    yield "pieces between strangers", f"{stranger}\n{whole[:third]}\n{stranger[::-1]}\n{whole[-third:]}"
    yield "other notation", str(replace(filling, notation=Notation(1)))
    if len(filling.slots()) >= 6:
        yield "corrected", _corrected(filling, r)
    if language == "zh":
        yield "traditional", OpenCC("s2t").convert(whole)


def renamed(story: Filling) -> str:
    return str(replace(story, other=frozenset(story.slots())))


# --- what is asked ---------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class CaseSet:
    """Registered texts, the account of each, and the uploads."""

    registered: list[str]
    accounts: list[int]
    queries: list[Query]


def cases(half: str = "both", fillings: int = 3, seed: int = 1) -> CaseSet:
    """Of each family one, two or three fillings are registered, by turns from one account and from several.

    Args:
        fillings: others of each family that are looked up.
    """
    out = CaseSet([], [], [])
    wanted = {"learning": (False,), "held-out": (True,), "both": (False, True)}[half]
    for n, family in enumerate(f for f in families("forms") if f.held_out in wanted):
        count = n % 3 + 1
        for k in range(count):
            filling = Filling(family, 10_000 * seed + 10 * n + k)
            out.registered.append(str(filling))
            out.accounts.append(100 * n + (k if n // 3 % 2 else 0))
            if k == 0 or k == count - 1:
                number = len(out.registered) - 1
                out.queries.extend(Query(family, edit, copy, number) for edit, copy in copies(filling, n))
        office = frozenset("*") | frozenset(s for s in Filling(family, 0).slots() if not re.match(_OFFICE, s))
        for k in range(fillings):
            other = Filling(family, 10_000 * seed + 5000 + 10 * n + k, Notation(k % 2))
            if k == 0:  # of the same office: its name and where it is are the same
                other = Filling(family, 10_000 * seed + 10 * n, PLAIN, office)
            out.queries.append(Query(family, f"another filling, {count} registered", str(other), None))
    for language in ("en", "zh"):
        some = [f for f in families("forms") if f.held_out in wanted and f.language == language]
        for n in range(8):
            parts = [str(Filling(some[(n + k * (n + 1)) % len(some)], 10_000 * seed + 8000 + n)) for k in range(2 + n)]
            out.registered.append("\n\n".join(parts))
            out.accounts.append(80_000 + n)
            r = np.random.default_rng([seed, n])
            for share in (0.1, 0.2, 0.3, 0.4):
                changed = _substituted(out.registered[-1], language, share, r)
                edit = f"collection, {100 * share:.0f} % of the words"
                out.queries.append(Query(some[n], edit, changed, len(out.registered) - 1))
    for n, story in enumerate(f for f in families("stories") if f.held_out in wanted):
        for k in range(2):
            filling = Filling(story, 10_000 * seed + 9000 + 10 * n)
            if not k:
                out.registered.append(str(filling))
                out.accounts.append(90_000 + n)
            number = len(out.registered) - 1
            again = replace(filling, seed=filling.seed + k) if k else filling
            made = renamed(again) if not k else str(again)
            out.queries.append(Query(story, "names replaced", made, number))
            changed = _substituted(made, story.language, 0.1, np.random.default_rng(n))
            out.queries.append(Query(story, "names and words replaced", changed, number))
    return out


def answers(of: CaseSet) -> list[Mapping[int, float]]:
    """For each query the registered texts that it matches, with their scores."""
    here = engine()
    here.register(
        ((n, content.encode()) for n, content in enumerate(of.registered, 1)), dict(enumerate(of.accounts, 1))
    )
    found = [here.query(query.content.encode()) for query in of.queries]
    here.close()
    return [{number - 1: match.score for number, match in matches} for matches in found]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=("learning", "held-out", "both"), default="both")
    parser.add_argument("--fillings", type=int, default=3, help="other fillings that are looked up, a family")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--list", action="store_true", help="name what fired and what was missed")
    given = parser.parse_args()
    of = cases(given.half, given.fillings, given.seed)
    tried: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for query, matches in zip(of.queries, answers(of), strict=True):
        # A copy may be found as another filling as well: those are the accusations of a form.
        good = not matches if query.source is None else query.source in matches
        tried[query.edit] += 1
        right[query.edit] += good
        if given.list and not good:
            print(f"{query.family.name}: {query.edit}: { ({n: round(s, 3) for n, s in matches.items()}) }")
    print(f"{len(of.registered)} registered, {len(of.queries)} looked up, {given.half}")
    print(f"{'':36}{'tried':>7}{'right':>7}{'share':>8}")
    for edit in sorted(tried):
        print(f"{edit:36}{tried[edit]:>7}{right[edit]:>7}{right[edit] / tried[edit]:>8.3f}")
    copied = [e for e in tried if not e.startswith("another")]
    others = [e for e in tried if e.startswith("another")]
    print(f"{'copies found':36}{sum(right[e] for e in copied) / sum(tried[e] for e in copied):>22.3f}")
    print(f"{'other fillings that fired':36}{1 - sum(right[e] for e in others) / sum(tried[e] for e in others):>22.3f}")


if __name__ == "__main__":
    main()
