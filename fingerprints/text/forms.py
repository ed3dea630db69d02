"""Is what two texts share a copy, or a form that was filled in twice?

A copy keeps the facts: its editor changes words as they come, facts no more than others. Another filling of a form
keeps the words, and what it changes are the facts. So the two texts are laid side by side along what is equal, and what
stands between is compared: numbers by value, names, and what a Chinese name stands in (a title, a suffix, a label). A
small logistic regression, fitted on forms of the benchmark's learning half (``scripts/training/fit_forms.py``) weighs
how many different facts differ, what share of all of them, and how much of the other words does.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import pairwise

import numpy as np

from ..unicode.folding import to_text
from ..unicode.scripts import HAN
from .alignment import TextAlignment
from .facts import Token, tokens
from .normalization import NormalizedText

_MAX_GAP = 1500  # units between two passages in the same order that may be one slot
_MAX_GAP_TOKENS = 1200  # compared token by token
_LONG_TOKENS = 120  # from which they are looked at first
_SLOT_TOKENS = 40  # up to which a gap is one slot whatever fills it;
_MIN_ALIKE = 0.4  # share of the words of a longer one that are equal, in order, in two fillings: labels, columns
_MAX_UNITS = 60_000  # of passages that are laid side by side: a form is no book
_MANY_FACTS = 8  # that differ: more say no more
_MIN_FACTS, _MIN_FACTS_HAN = 2, 3  # that differ, below which nothing is a form

_MAX_FAMILY = 2.0  # log odds against a form up to which a work may be of a form that several have filled in,
_MAX_SISTER = 6.0  # and up to which another is one of them
_MIN_OWN = 0.6  # facts of its own that a copy shares with its source, for each that it changes;
_SURE = 3.0  # log odds from which it must share
_MIN_OWN_OF_FORM = 1.25  # so many

_SURNAMES = frozenset(
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕张孔曹严华金魏陶姜戚谢邹苏潘葛范彭鲁韦马苗方俞任袁柳史唐费薛雷贺倪汤罗郝安常"
    "于傅康余顾孟黄萧尹姚邵汪毛狄米贝戴宋庞熊纪舒项祝董梁杜阮蓝季贾路江童颜郭梅林钟徐邱骆高夏蔡田胡凌霍虞万柯卢莫房丁邓洪石崔"
    "龚程邢裴陆翁段侯武刘龙叶黎白蒲乔谭申冉桑温庄晏瞿阎连习艾向古易廖耿匡文欧聂曾关"
)
_SUFFIXES = frozenset("站路街巷道镇县市区村桥楼省乡州湖河江山港里园城某氏厂局院校所店馆社司行会队部处科系寺庙")
_LABELS = frozenset('：:《「『“"【（(')


@dataclass(slots=True)
class Comparison:
    """What agrees and what differs where two texts have passages in common.

    Attributes:
        same_names, same_numbers: different facts that stand in both.
        names, numbers: different facts that stand in one of them each, the fewer of either side.
        phrases: different other slots, filled with other words; a Chinese name that nothing tells from a word is one.
        same: the facts that stand in both, kind and value.
        words: tokens that say the same in both. changed: of the words that are no facts, those that do not.
        slot_words: of those the ones that stand in a slot, for others. occurrences: of facts that differ.
    """

    same_names: int = 0
    same_numbers: int = 0
    names: int = 0
    numbers: int = 0
    phrases: int = 0
    words: int = 0
    changed: int = 0
    slot_words: int = 0
    occurrences: int = 0
    han: bool = False
    same: frozenset[tuple[str, str]] = frozenset()

    @property
    def differing(self) -> int:
        return self.names + self.numbers

    @property
    def enough(self) -> bool:
        """Whether so many facts differ that it may be a form."""
        return self.differing >= (_MIN_FACTS_HAN if self.han else _MIN_FACTS)

    def features(self) -> tuple[float, ...]:
        """What the regression weighs; each about -3..3."""
        differing = self.differing
        same = self.same_names + self.same_numbers
        return (
            math.log((differing + 0.5) / (same + 0.5)),
            math.log((self.numbers + 0.5) / (self.same_numbers + 0.5)),
            math.log((self.names + 0.5) / (self.same_names + 0.5)),
            math.log1p(min(self.names, self.numbers, _MANY_FACTS)),
            math.log((self.changed + 1.0) / (self.words + 1.0)),
            math.log1p(min(differing, _MANY_FACTS)),
            math.log1p(100.0 * differing / max(self.words, 1)),
            math.log((self.phrases + 0.5) / (differing + 0.5)),
            math.log((self.slot_words + 1.0) / (self.phrases + 1.0)),
            math.log((self.occurrences + 1.0) / (differing + 1.0)),
        )


@dataclass(slots=True)
class _Tally:
    same: set[tuple[str, str]] = field(default_factory=set)
    mine: Counter[tuple[str, str]] = field(default_factory=Counter)
    theirs: Counter[tuple[str, str]] = field(default_factory=Counter)
    slots: Counter[tuple[str, str]] = field(default_factory=Counter)
    named: set[tuple[str, str]] = field(default_factory=set)
    words: int = 0
    changed: int = 0
    filled: int = 0


class _Side:
    """One of the two texts, by its tokens."""

    def __init__(self, text: NormalizedText) -> None:
        folded = text.seen.copy()
        folded[text.where] = text.units
        self._text, self.string, self._folded = text, to_text(np.where(text.seen, text.seen, 32)), to_text(folded)

    def read(self, a: int, b: int, *, facts: bool = False) -> list[Token]:
        """The tokens of a range of units."""
        if a >= b:
            return []
        start, end = int(self._text.where[a]), int(self._text.where[b - 1]) + 1
        before = max(start - 3, 0)  # what stands before a word tells whether a sentence starts with it
        found = tokens(self.string[before : end + 1], self._folded[before : end + 1], facts=facts)
        return [t for t in found if before + t.start >= start and before + t.end <= end]

    def whole_word(self, unit: int, step: int) -> bool:
        """Whether the text may be cut before a unit: no letter or digit on both sides of the cut."""
        if not 0 < unit < len(self._text.units):
            return True
        left, right = int(self._text.where[unit - 1]), int(self._text.where[unit])
        if right - left > 1:
            return True
        one, other = self.string[left], self.string[right]
        return not (one.isalnum() and other.isalnum() and _joined(one) and _joined(other))


def _joined(letter: str) -> bool:
    return letter in "〇零一二三四五六七八九十百千万亿" or not "\u3400" <= letter <= "\u9fff"


def compare(found: TextAlignment, text: NormalizedText, other: NormalizedText) -> Comparison:
    """Lay two texts side by side along the passages that they share."""
    tally = _Tally()
    mine, theirs = _Side(text), _Side(other)
    pieces = _pieces(found, text, other, mine, theirs)
    if all(equal for equal, _ in pieces):
        return Comparison()
    for equal, (a, b, c, d) in pieces:
        if equal:
            same = mine.read(a, b, facts=True)
            tally.words += sum(t.kind in ("name", "word") or t.states for t in same)
            tally.words += int(np.count_nonzero(text.scripts[a:b] == HAN))
            tally.same.update((t.kind, t.value) for t in same if t.states)
        else:
            _add_gap(tally, mine.read(a, b), theirs.read(c, d), mine.string)
    return _counted(tally, bool((text.scripts == HAN).mean() > 0.5))


def _pieces(
    found: TextAlignment, text: NormalizedText, other: NormalizedText, mine: _Side, theirs: _Side
) -> list[tuple[bool, tuple[int, int, int, int]]]:
    """Equal stretches and what stands between them, cut between words, in the upload's order."""
    out: list[tuple[bool, tuple[int, int, int, int]]] = []
    runs = found.runs[np.argsort(found.runs[:, 0], kind="stable")]
    i, j, total = 0, 0, 0
    for a, b, c, d in runs.tolist():
        skip = max(i - a, 0)
        a, c = a + skip, c + skip
        if b - a < 2:
            continue
        in_order = c >= j and a - i <= _MAX_GAP and c - j <= _MAX_GAP
        while a < b and not (mine.whole_word(a, -1) and theirs.whole_word(c, -1)):
            a, c = a + 1, c + 1
        while b > a and not (mine.whole_word(b, 1) and theirs.whole_word(d, 1)):
            b, d = b - 1, d - 1
        if in_order and (a > i or c > j):
            out.append((False, (i, a, j, c)))
        if b > a:
            out.append((True, (a, b, c, d)))
        i, j = b, d
        total += b - a
        if total > _MAX_UNITS:
            return out
    if len(text.units) - i <= _MAX_GAP and len(other.units) - j <= _MAX_GAP:
        out.append((False, (i, len(text.units), j, len(other.units))))
    return out


def _add_gap(tally: _Tally, mine: list[Token], theirs: list[Token], string: str) -> None:
    if len(mine) > _MAX_GAP_TOKENS or len(theirs) > _MAX_GAP_TOKENS:
        return
    if max(len(mine), len(theirs)) > _LONG_TOKENS and not _may_be_alike(mine, theirs):
        return
    matcher = SequenceMatcher(None, [t.value for t in mine], [t.value for t in theirs], autojunk=False)
    steps = matcher.get_opcodes()
    if max(len(mine), len(theirs)) > _SLOT_TOKENS:
        equal = sum(_plain(mine[a:b]) for what, a, b, _, _ in steps if what == "equal")
        if equal < _MIN_ALIKE * max(_plain(mine), _plain(theirs)):
            return
    for what, a, b, c, d in steps:
        here, there = mine[a:b], theirs[c:d]
        if what == "equal":
            tally.words += sum(t.kind != "mark" for t in here)
            tally.same.update((t.kind, t.value) for t in here if t.states)
            continue
        tally.mine.update((t.kind, t.value) for t in here if t.states)
        tally.theirs.update((t.kind, t.value) for t in there if t.states)
        if what == "replace":
            _add_slot(tally, here, there, mine[a - 1] if a else None, mine[b] if b < len(mine) else None)
        tally.changed += max(_plain(here), _plain(there))


def _may_be_alike(mine: list[Token], theirs: list[Token]) -> bool:
    """Whether two long gaps share so many pairs of neighbours that it is worth to lay them side by side, which takes
    the square of their length."""
    shared = set(_pairs(mine)) & set(_pairs(theirs))
    least = _MIN_ALIKE * max(_plain(mine), _plain(theirs))
    return all(_plain(_covered(side, shared)) >= least for side in (mine, theirs))


def _pairs(of: list[Token]) -> Iterator[tuple[str, str]]:
    return pairwise(token.value for token in of)


def _covered(of: list[Token], pairs: Set[tuple[str, str]]) -> list[Token]:
    """The tokens that stand in one of the pairs."""
    inside = [False, *(pair in pairs for pair in _pairs(of)), False]
    return [token for n, token in enumerate(of) if inside[n] or inside[n + 1]]


def _plain(of: list[Token]) -> int:
    return sum(t.kind in ("word", "han") for t in of)


def _add_slot(tally: _Tally, here: list[Token], there: list[Token], before: Token | None, after: Token | None) -> None:
    x = "".join(t.value for t in here if t.kind in ("word", "han"))
    y = "".join(t.value for t in there if t.kind in ("word", "han"))
    if not x or not y:
        return
    tally.slots[x, y] += 1
    tally.filled += max(_plain(here), _plain(there))
    if all(t.kind == "han" for t in here + there if t.kind != "mark") and (
        (len(x) <= 4 and len(y) <= 4 and x[0] in _SURNAMES and y[0] in _SURNAMES)
        or (after is not None and after.value in _SUFFIXES)
        or (x[-1] in _SUFFIXES and y[-1] in _SUFFIXES)
        or (before is not None and before.value in _LABELS)
    ):
        tally.named.add((x, y))


def _counted(tally: _Tally, han: bool) -> Comparison:
    # The same fact in another order or notation, or that stands elsewhere in the other: no difference.
    both = tally.mine.keys() & tally.theirs.keys()
    out = Comparison(words=tally.words, changed=tally.changed, han=han)
    for kind in ("name", "number"):
        same = {f for f in tally.same | both if f[0] == kind}
        mine = [f for f in tally.mine if f[0] == kind and f not in both and f not in tally.same]
        theirs = [f for f in tally.theirs if f[0] == kind and f not in both and f not in tally.same]
        fewer = min(len(mine), len(theirs))
        out.occurrences += min(sum(tally.mine[f] for f in mine), sum(tally.theirs[f] for f in theirs))
        if kind == "name":
            out.names, out.same_names = fewer, len(same)
        else:
            out.numbers, out.same_numbers = fewer, len(same)
    out.same = frozenset(tally.same | both)
    named = tally.named | {slot for slot, times in tally.slots.items() if times > 1 and han}
    out.names += len({x for x, _ in named})
    out.occurrences += sum(tally.slots[slot] for slot in named)
    out.phrases = len(tally.slots) - len(named)
    out.slot_words = tally.filled
    return out


def likeness(what: Comparison) -> float:
    """How much two texts look like two fillings of one form: log odds, above zero where it is likelier than not."""
    weights = _WEIGHTS_HAN if what.han else _WEIGHTS
    return sum(w * f for w, f in zip(weights, (1.0, *what.features()), strict=True))


def fillings(compared: Mapping[int, Comparison]) -> list[int]:
    """Of the works that a text may be a copy of those that it is another filling of.

    One work alone is told by its `likeness`. Where several are alike, what all of them have is the form: then the text
    is a copy of the one with which it shares more facts of its own than it changes.

    Args:
        compared: each work beside the text.
    """
    odds = {n: likeness(what) for n, what in compared.items()}
    alike = {n for n, z in odds.items() if z > -_MAX_FAMILY and compared[n].enough}
    out = []
    for n, what in compared.items():
        if not what.enough:  # versions of one text, each with another date, are no fillings
            continue
        sisters = [compared[m].same for m in alike if m != n]
        if sisters and odds[n] > -_MAX_SISTER:
            own = sum(2 * sum(fact in same for same in sisters) < len(sisters) for fact in what.same)
            # Fillings of one office have its name, its place and more in common, and are no copies of each other.
            filled = own < (_MIN_OWN_OF_FORM if odds[n] > _SURE else _MIN_OWN) * what.differing
        else:
            filled = odds[n] > 0
        if filled:
            out.append(n)
    return out


# Fitted: a constant, then a weight for each of `Comparison.features`.
_WEIGHTS = (-3.69, -2.76, 3.48, 1.55, 1.03, -0.62, 0.48, 0.28, -0.96, 1.47, -0.88)
_WEIGHTS_HAN = (-6.00, -1.52, 1.89, -0.77, 2.18, 0.36, 1.03, 1.94, -2.51, 0.81, -1.55)
