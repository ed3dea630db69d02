"""The engine: every post is decided, by the first rule that fits; a rule is unreachable exactly if no facts reach it."""

from __future__ import annotations

from itertools import product
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance.scans.policy import reachability
from provenance.scans.policy.deciding import Policy, decide, fits
from provenance.scans.policy.facts import AccountFacts, Facts, MatchFacts, PostFacts
from provenance.scans.policy.rules import AccountConditions, MatchConditions, PostConditions, Rule, Span

LAST = Rule.model_validate({"name": "otherwise", "do": "allow", "reason": "nothing"})
CUTS = (0.0, 0.2, 0.5, 0.5001, 0.999, 1.0)


# --- facts and rules of every kind -----------------------------------------------------------------------------------
def _fact(hint: Any) -> st.SearchStrategy[Any]:
    if hint is float:
        return st.sampled_from(CUTS) | st.floats(0, 1)
    if hint == str | None:
        return st.none() | st.sampled_from(["news", "culture", "good", "watched"])
    return st.from_type(hint)


def _table(kind: type[Any]) -> st.SearchStrategy[Any]:
    return st.builds(kind, **{name: _fact(hint) for name, hint in get_type_hints(kind).items()})


def _possible(facts: Facts) -> bool:
    """A match means that something was found; without one the verdict is that nothing was, or that nobody can tell."""
    if any(match.verdict == "clear" for match in facts.matches):
        return False
    return facts.post.verdict != "clear" if facts.matches else facts.post.verdict in ("clear", "review")


FACTS = st.builds(
    Facts, _table(PostFacts), _table(AccountFacts), st.lists(_table(MatchFacts), max_size=3).map(tuple)
).filter(_possible)


@st.composite
def _span(draw: st.DrawFn) -> dict[str, float]:
    low, high = sorted((draw(st.sampled_from(CUTS)), draw(st.sampled_from(CUTS))))
    return {"min": low} | ({"below": high} if high > low and draw(st.booleans()) else {})


def _condition(hint: Any) -> st.SearchStrategy[Any]:
    if hint is float:
        return _span()
    if hint is bool:
        return st.booleans()
    values = [value for each in (hint, *get_args(hint)) for value in get_args(each) if isinstance(value, str)]
    if type(None) in get_args(hint):
        values = [*values, "none"] if values else ["none", "news", "good"]
    return st.lists(st.sampled_from([each for each in values if each != "clear"]), min_size=1, max_size=4)


def _conditions(kind: type[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {}, optional={name: _condition(hint) for name, hint in get_type_hints(kind).items()}
    ).filter(lambda given: len(given) <= 3)


RULES = st.lists(
    st.fixed_dictionaries(
        {"do": st.sampled_from(["allow", "label", "hold", "block", "ask-for-credit"])},
        optional={
            "post": _conditions(PostFacts),
            "account": _conditions(AccountFacts),
            "match": _conditions(MatchFacts),
        },
    ),
    max_size=8,
).map(lambda given: [*(Rule(name=f"r{n}", reason="x", **each) for n, each in enumerate(given)), LAST])


def test_every_fact_has_its_condition() -> None:
    tables = ((PostConditions, PostFacts), (AccountConditions, AccountFacts), (MatchConditions, MatchFacts))
    for conditions, facts in tables:
        assert list(conditions.model_fields) == list(get_type_hints(facts))


@given(RULES, FACTS)
@settings(max_examples=100)
def test_the_first_rule_that_fits_decides(rules: list[Rule], facts: Facts) -> None:
    action = decide(Policy("1-x", rules), facts)
    first = next(rule for rule in rules if fits(rule, facts))
    assert (action.rule, action.do, action.reason, action.policy_version) == (
        first.name,
        first.do,
        "x" if first is not LAST else "nothing",
        "1-x",
    )
    assert decide(Policy("1-x", rules), Facts.from_json(facts.to_json())) == action  # on what is stored, the same


@given(RULES, FACTS)
@settings(max_examples=150)
def test_what_decides_is_reachable(rules: list[Rule], facts: Facts) -> None:
    decided_by = decide(Policy("1-x", rules), facts).rule
    assert next(each for each in reachability.check(rules) if each.rule.name == decided_by).reachable is True


# --- completeness: all facts of a small space are tried ---------------------------------------------------------------
SMALL_POST = [
    PostFacts(verdict, "matched", unread_parts=unread)
    for verdict in ("clear", "review", "uncredited")
    for unread in (False, True)
]
SMALL_MATCH = [
    MatchFacts("text", verdict, None, 0.9, 0.5, coverage, "partial", "none", contested)
    for verdict, coverage, contested in product(("uncredited", "review"), (0.0, 0.2, 0.5, 1.0), (False, True))
]
SMALL = [
    facts
    for post in SMALL_POST
    for matches in [(), *((match,) for match in SMALL_MATCH), *product(SMALL_MATCH[:6], SMALL_MATCH[6:9])]
    if _possible(facts := Facts(post, AccountFacts(), matches))
]
SMALL_RULES = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "post": st.fixed_dictionaries(
                {},
                optional={
                    "verdict": st.lists(st.sampled_from(["clear", "review", "uncredited"]), min_size=1),
                    "unread_parts": st.booleans(),
                },
            ),
            "match": st.fixed_dictionaries(
                {},
                optional={
                    "verdict": st.lists(st.sampled_from(["uncredited", "review"]), min_size=1),
                    "coverage_work": st.sampled_from(
                        [{"min": 0.2}, {"below": 0.5}, {"min": 0.5}, {"min": 0.2, "below": 1.0}, {"min": 1.0}]
                    ),
                    "contested": st.booleans(),
                },
            ),
        },
    ),
    max_size=7,
)


@given(SMALL_RULES)
@settings(max_examples=100)
def test_exactly_the_rules_that_no_facts_reach_are_unreachable(given_rules: list[dict[str, Any]]) -> None:
    """Verdicts of posts and matches that the rules do not name reach what these do, or the last rule."""
    narrow = {"post": {"verdict": ["own", "licensed", "credited"]}}
    beside = [{"match": {"verdict": ["own", "licensed", "credited"]}}, narrow]
    rules = [Rule(name=f"r{n}", do="hold", reason="x", **each) for n, each in enumerate([*beside, *given_rules])] + [
        LAST
    ]
    policy = Policy("1-x", rules)
    reached = {decide(policy, facts).rule for facts in SMALL} | {"r0", "r1"}
    for each in reachability.check(rules):
        assert each.reachable == (each.rule.name in reached), each


# --- by example --------------------------------------------------------------------------------------------------------
def _rule(name: str, **given: Any) -> Rule:
    return Rule.model_validate({"name": name, "do": "hold", "reason": "x", **given})


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([LAST, _rule("late")], {"late": ["otherwise"]}),
        (
            [_rule("low", match={"score": {"below": 0.7}}), _rule("high", match={"score": {"min": 0.6}}), _rule("any", match={}), LAST],
            {"any": ["low", "high"]},
        ),
        ([_rule("low", match={"score": {"below": 0.6}}), _rule("high", match={"score": {"min": 0.7}}), _rule("any", match={}), LAST], {}),
        ([_rule("clear", post={"verdict": "clear"}, match={}), LAST], {"clear": []}),
        ([_rule("some", match={}), _rule("all", post={"verdict": ["uncredited", "credited"]}), LAST], {"all": ["some"]}),
        ([_rule("news", post={"category": "news"}), _rule("rest", post={"category": ["news", "none"]}), LAST], {}),
        ([_rule("both", post={"category": ["news", "none"]}), _rule("one", post={"category": "none"}), LAST], {"one": ["both"]}),
        (
            [_rule("verified", account={"verified": True}), _rule("not", account={"verified": False}), LAST],
            {"otherwise": ["verified", "not"]},
        ),
    ],
)  # fmt: skip
def test_rules_that_are_covered_are_named_with_what_covers_them(
    rules: list[Rule], expected: dict[str, list[str]]
) -> None:
    found = {each.rule.name: list(each.covered_by) for each in reachability.check(rules) if each.reachable is False}
    assert found == expected


def test_conditions_on_a_match_hold_of_one_and_the_same() -> None:
    rule = _rule("long", match={"verdict": "uncredited", "coverage_work": {"min": 0.5}})
    short = MatchFacts("text", "uncredited", "excerpt", 0.9, 0.5, 0.1, "missing", "none", False)
    licensed = MatchFacts("text", "licensed", "verbatim", 0.9, 0.5, 0.9, "compliant", "granted", False)
    long = MatchFacts("image", "uncredited", None, 0.9, 0.5, 0.5, "missing", "none", False)
    post = PostFacts("uncredited", "matched")
    assert not fits(rule, Facts(post, AccountFacts(), (short, licensed)))
    assert fits(rule, Facts(post, AccountFacts(), (short, licensed, long)))


def test_what_is_not_there_is_none() -> None:
    unknown, known = AccountFacts(), AccountFacts(True, True, "good", "media")
    post = PostFacts("clear", "no_match")
    for account, expected in ((unknown, True), (known, False)):
        assert fits(_rule("none", account={"level": "none"}), Facts(post, account)) is expected
        assert fits(_rule("none", account={"entity": ["none", "person"]}), Facts(post, account)) is expected


@pytest.mark.parametrize(("span", "inside", "outside"), [
    ({"min": 0.5}, [0.5, 1.0], [0.4999, 0.0]),
    ({"below": 0.5}, [0.0, 0.4999], [0.5, 1.0]),
    ({"min": 0.2, "below": 0.5}, [0.2, 0.4999], [0.5, 0.1999]),
    ({"min": 1}, [1.0], [0.9999]),
])  # fmt: skip
def test_a_share_has_its_lower_end_and_not_its_upper(
    span: dict[str, float], inside: list[float], outside: list[float]
) -> None:
    found = Span.model_validate(span)
    assert [found.holds(each) for each in (*inside, *outside)] == [True] * len(inside) + [False] * len(outside)


def test_a_search_that_takes_too_long_says_that_it_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = [_rule(f"r{n}", match={"score": {"min": n / 10}}) for n in range(9, 0, -1)]
    assert {each.reachable for each in reachability.check([*rules, LAST])} == {True}
    monkeypatch.setattr(reachability, "_MAX_COMPARED", 10)
    checked = reachability.check([*rules, LAST])
    assert [checked[0].reachable, checked[-1].reachable, checked[-1].covered_by] == [True, None, ()]
