"""The decision: the action of the first rule whose conditions hold. A pure function of the rules and the facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...schema_fields import Request
from ...schemas.policies import Action
from .facts import AccountFacts, Facts, MatchFacts, PostFacts
from .rules import NONE, Rule, Span

Condition = Span | frozenset[str] | bool | None


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules in their order, at least one of them without conditions, under the version that decisions name."""

    version: str
    rules: Sequence[Rule]


def decide(policy: Policy, facts: Facts) -> Action:
    """What is done with a post."""
    return action_of(choose(policy, facts), policy)


def choose(policy: Policy, facts: Facts) -> Rule:
    """The rule that decides: the first one that fits."""
    return next(rule for rule in policy.rules if fits(rule, facts))


def action_of(rule: Rule, policy: Policy) -> Action:
    """What a rule of a policy decides."""
    return Action(
        do=rule.do,
        rule=rule.name,
        reason=rule.reason,
        policy_version=policy.version,
        queue=rule.queue,
        note=rule.note,
    )


def fits(rule: Rule, facts: Facts) -> bool:
    """Whether all conditions of a rule hold: those on a match, of one and the same match."""
    if not (_hold(rule.post, facts.post) and _hold(rule.account, facts.account)):
        return False
    return rule.match is None or any(_hold(rule.match, match) for match in facts.matches)


def _hold(conditions: Request, facts: PostFacts | AccountFacts | MatchFacts) -> bool:
    return all(holds(getattr(conditions, name), getattr(facts, name)) for name in type(conditions).model_fields)


def holds(condition: Condition, fact: float | str | bool | None) -> bool:
    """Whether one condition, if there is one, holds of one fact."""
    if condition is None:
        return True
    if isinstance(condition, Span):
        return isinstance(fact, (int, float)) and condition.holds(fact)
    if isinstance(condition, frozenset):
        return (NONE if fact is None else fact) in condition
    return fact is condition
