"""Which rules no post can reach, exactly: those whose posts are all decided by earlier rules.

Every condition names a set of values of one fact, so a rule is a box in the product of all facts. Shares are cut where
some rule cuts them, and of names all that no rule has are one value: so all sets are finite. A rule is reached if the
boxes of the rules before it do not cover its own. The search splits what is left of it along one fact after the other,
until something is left that no other box touches, or nothing.

Several matches reach no more than one does: with more of them the rules before fit at least as often. So two kinds of
posts are looked at, those without a match and those with one. Facts are taken to be independent of each other, but for
the verdict `clear`, which means that nothing matched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import and_
from typing import Any, get_args, get_type_hints

from .deciding import Condition, holds
from .facts import AccountFacts, MatchFacts, PostFacts
from .rules import NONE, Rule

_MAX_COMPARED = 500_000  # boxes, of one policy: about a second; those that people write take a few thousand

_Dimension = tuple[str, str]  # table and field of a condition
_Box = tuple[int, ...]

_VERDICT = ("post", "verdict")
_FACTS: Mapping[_Dimension, Any] = {
    (table, name): hint
    for table, facts in (("post", PostFacts), ("account", AccountFacts), ("match", MatchFacts))
    for name, hint in get_type_hints(facts).items()
}


@dataclass(frozen=True, slots=True)
class Reach:
    """Whether a rule can decide.

    Attributes:
        reachable: None where the search took too long to tell.
        covered_by: of a rule that cannot, the earlier rules that leave it nothing; empty if no post fits it at all.
    """

    rule: Rule
    reachable: bool | None
    covered_by: Sequence[str] = ()


def check(rules: Sequence[Rule]) -> list[Reach]:
    """For each rule, whether some post reaches it."""
    space = {
        dimension: _values(hint, [_condition(rule, dimension) for rule in rules]) for dimension, hint in _FACTS.items()
    }
    space["match", "verdict"].remove("clear")
    unmatched = {**space, _VERDICT: ["clear", "review"]}
    matched = {**space, _VERDICT: [each for each in space[_VERDICT] if each != "clear"]}
    without = [_box(rule, unmatched) if rule.match is None else None for rule in rules]
    with_one = [_box(rule, matched) for rule in rules]
    steps = iter(range(_MAX_COMPARED))
    return [_reach(rules, n, (without, with_one), steps) for n in range(len(rules))]


def _reach(rules: Sequence[Rule], n: int, worlds: Iterable[Sequence[_Box | None]], steps: Iterator[int]) -> Reach:
    """
    Args:
        worlds: two kinds of posts, each with the boxes of all rules in it.
    """
    used: set[int] = set()
    for boxes in worlds:
        box = boxes[n]
        left = box is not None and _leave(boxes[:n], box, 0, used, steps)
        if left is not False:
            return Reach(rules[n], left)
    return Reach(rules[n], False, [rules[each].name for each in sorted(used)])


# --- boxes: of each fact a set of values, a bit a value --------------------------------------------------------------
def _values(hint: Any, conditions: Sequence[Any]) -> list[Any]:
    """All values of a fact that the rules tell apart: of a share, the lower ends of the pieces they cut it into."""
    given = [each for each in conditions if each is not None]
    if hint is bool:
        return [False, True]
    if hint is float:
        return sorted({0.0}.union(*({each.min, each.below or 0.0} for each in given)))
    none = {NONE} if type(None) in get_args(hint) else set()
    if literals := _literals(hint):
        return sorted(none.union(literals))
    unnamed = "\0"  # all names that no rule has; no line of text has this one
    return sorted(none.union({unnamed}, *given))


def _literals(hint: Any) -> list[str]:
    return [*chain.from_iterable([each] if isinstance(each, str) else _literals(each) for each in get_args(hint))]


def _condition(rule: Rule, dimension: _Dimension) -> Condition:
    table, name = dimension
    condition: Condition = getattr(getattr(rule, table), name, None)
    return condition


def _box(rule: Rule, space: Mapping[_Dimension, Sequence[Any]]) -> _Box:
    """What of the space a rule fits."""
    return tuple(
        sum(1 << n for n, value in enumerate(values) if holds(_condition(rule, dimension), value))
        for dimension, values in space.items()
    )


# --- the search ------------------------------------------------------------------------------------------------------
def _leave(others: Sequence[_Box | None], box: _Box, start: int, used: set[int], steps: Iterator[int]) -> bool | None:
    """Whether other boxes, from one of them on, leave something of a box; None where the steps end before.

    Args:
        used: those that took something away are added.
        steps: one for each comparison of two boxes.
    """
    if not all(box):
        return False
    for n in range(start, len(others)):
        if next(steps, None) is None:
            return None
        other = others[n]
        if other is not None and all(map(and_, box, other)):
            used.add(n)
            for piece in _outside(box, other):
                found = _leave(others, piece, n + 1, used, steps)
                if found is not False:
                    return found
            return False
    return True


def _outside(box: _Box, other: _Box) -> list[_Box]:
    """What of a box is not in another, as boxes that do not overlap."""
    pieces: list[_Box] = []
    for n, (own, others) in enumerate(zip(box, other, strict=True)):
        if own & ~others:
            pieces.append((*box[:n], own & ~others, *box[n + 1 :]))
            box = (*box[:n], own & others, *box[n + 1 :])
    return pieces
