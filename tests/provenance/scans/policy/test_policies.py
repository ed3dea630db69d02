"""Policies as files and as rows: what is refused, what is kept, which one decides, what another would have decided."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from provenance.accounts import accounts
from provenance.accounts.accounts import NewAccount
from provenance.application import Application
from provenance.database.tables import policies, scans
from provenance.errors import BadContent, BadInput, Conflict, NotFound
from provenance.scans import records
from provenance.scans.policy import replay, rules, store
from provenance.scans.posts import Upload
from provenance.schemas import ScanItem
from provenance.schemas.policies import NewTrial
from tests.provenance.conftest import ESSAY, register_work, scan_upload

RULE = '[[rule]]\nname = "{name}"\ndo = "{do}"\nreason = "x"\n{more}\n'
LAST = RULE.format(name="otherwise", do="allow", more="")


def one_rule(more: str = "", name: str = "first", do: str = "hold") -> str:
    return RULE.format(name=name, do=do, more=more) + LAST


# --- files -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the policy needs from 1 to 200 rules, each a table [[rule]]"),
        ("rule = 3", "the policy needs from 1 to 200 rules, each a table [[rule]]"),
        ("rule = [3]", "rule 1: must be a table"),
        (LAST * 201, "the policy needs from 1 to 200 rules, each a table [[rule]]"),
        ("[[rule", "the policy is not TOML: "),
        ("a = " + "[" * 5000, "the policy is not TOML: "),
        ("a = " + "1" * 5000, "the policy is not TOML: "),
        ("# " + "x" * 100_001, "the policy is larger than 100000 bytes"),
        ("[[rules]]", "rules: is no table here; did you mean rule?"),
        (LAST + LAST, "rule 2: another rule is named otherwise; a decision names its rule, so choose another name"),
        (RULE.format(name="a", do="hold", more="match = {}"), "the last rule must have no conditions, so that some rule"),
        (one_rule(do="hld"), "rule 1 (first): do: must be 'allow', 'label', 'ask-for-credit', 'hold' or 'block'"),
        (one_rule(name="First One"), "rule 1 (First One): name: must match pattern"),
        (one_rule("whn = 1"), "rule 1 (first): whn: is no field here"),
        (one_rule('post.verdicts = "clear"'), "rule 1 (first): post.verdicts: is no field here; did you mean verdict?"),
        (one_rule('post.verdict = "uncreditd"'), "rule 1 (first): post.verdict.0: must be 'clear', 'own', 'licensed'"),
        (one_rule("post.verdict = []"), "rule 1 (first): post.verdict: is empty, so it would never hold"),
        (one_rule("post.category = 3"), "rule 1 (first): post.category: must be a name or a list of names"),
        (one_rule("post.unread_parts = 'yes'"), "rule 1 (first): post.unread_parts: must be a valid boolean"),
        (one_rule("match.score = 0.5"), "rule 1 (first): match.score: must be a table such as { min = 0.5 }"),
        (one_rule("match.score = {}"), "rule 1 (first): match.score: must be a table such as { min = 0.5 }"),
        (one_rule("match.score = { min = 0.5, below = 0.5 }"), "match.score: no number is from 0.5 and below 0.5"),
        (one_rule("match.score = { min = 2 }"), "rule 1 (first): match.score.min: must be less than or equal to 1"),
        (one_rule("match.score = { min = nan }"), "rule 1 (first): match.score.min: must be "),
        (one_rule('queue = "q"', do="block"), "rule 1 (first): queue: only posts that are held or asked for credit"),
        (one_rule("note.en = 'two\\nlines'\nnote.en = 'x'"), "the policy is not TOML: "),
        (one_rule('note.en = """two\nlines"""'), "rule 1 (first): note.en: must be one line"),
        (one_rule("note.fr = 'non'"), "rule 1 (first): note.fr: is no field here; there are en, zh"),
        (one_rule("post = 1979-05-27"), "rule 1 (first): post: must be a table"),
        (one_rule("match = []"), "rule 1 (first): match: must be a table"),
        (one_rule("match.score = { min = true }"), "rule 1 (first): match.score.min: must be a valid number"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_told_in_one_line(text: str, message: str) -> None:
    with pytest.raises(BadInput) as caught:
        rules.read(text)
    assert message in caught.value.detail
    assert "\n" not in caught.value.detail


def test_the_default_policy_can_be_used_and_each_of_its_rules_can_decide() -> None:
    text = store.get_default().toml
    assert [each.reachable for each in replay.check(text).rules] == [True] * len(rules.read(text))
    assert "block" not in {rule.do for rule in rules.read(text)}
    assert all(rule.note is None or (rule.note.en and rule.note.zh) for rule in rules.read(text))


# --- rows ------------------------------------------------------------------------------------------------------------
def platform(application: Application, name: str = "Riverside Forum") -> str:
    return accounts.create(application.db, NewAccount(name=name, kind="platform")).id


@pytest.mark.slow
def test_versions_are_kept_and_the_newest_decides(application: Application) -> None:
    mine, other = platform(application), platform(application, "Other Forum")
    assert store.in_force(application.db, mine) == store.default()
    first = store.set_policy(application.db, mine, one_rule())
    assert store.set_policy(application.db, mine, one_rule()) == first  # not set twice
    second = store.set_policy(application.db, mine, one_rule(do="block"))
    third = store.set_policy(application.db, mine, one_rule())
    assert [each.policy_version[:2] for each in (first, second, third)] == ["1-", "2-", "3-"]
    assert first.policy_version[2:] == third.policy_version[2:]  # the content's
    listed, after = store.page(application.db, mine, limit=2)
    assert [each.policy_version for each in listed] == [first.policy_version, second.policy_version]
    assert after is not None
    assert store.page(application.db, mine, after=after)[0][0].policy_version == third.policy_version
    assert store.get(application.db, mine, "current") == third
    assert store.get(application.db, mine, second.policy_version) == second
    assert store.get(application.db, mine, "default").toml == store.get(application.db, other).toml
    with pytest.raises(NotFound):
        store.get(application.db, other, second.policy_version)
    with pytest.raises(BadInput):
        store.set_policy(application.db, mine, "nonsense")
    assert store.get(application.db, mine) == third


@pytest.mark.slow
def test_of_policies_set_at_once_each_has_its_number(application: Application) -> None:
    mine = platform(application)

    def set_one(n: int) -> str | None:
        try:
            return store.set_policy(application.db, mine, one_rule(name=f"r{n}")).policy_version.split("-")[0]
        except Conflict:
            return None

    with ThreadPoolExecutor(8) as pool:
        numbers = [number for number in pool.map(set_one, range(8)) if number is not None]
    assert len(numbers) == len(set(numbers)) >= 1
    assert len(store.page(application.db, mine)[0]) == len(numbers)


@pytest.mark.slow
def test_a_policy_that_can_no_longer_be_read_is_passed_over(
    sqlite_application: Application, caplog: pytest.LogCaptureFixture
) -> None:
    application = sqlite_application
    mine = accounts.local(application.db).id
    good = store.set_policy(application.db, mine, one_rule(do="block"))
    bad = store.set_policy(application.db, mine, one_rule(do="label"))

    def damage(version: str) -> None:
        with application.db.write() as connection:
            connection.execute(policies.update().where(policies.c.version == version).values(content="rule = 0"))

    damage(bad.policy_version)
    with caplog.at_level(logging.ERROR):
        action = scan_upload(application, ESSAY.encode()).action
    assert action is not None
    assert (action.do, action.policy_version) == ("block", good.policy_version)
    assert bad.policy_version in caplog.text
    damage(good.policy_version)
    action = scan_upload(application, ESSAY.encode()).action
    assert action is not None
    assert action.policy_version == store.default().version


@pytest.mark.slow
def test_an_upload_of_which_nothing_can_be_read_is_decided_too_and_never_allowed_in_silence(
    sqlite_application: Application,
) -> None:
    application = sqlite_application
    broken = b"\xff\xd8\xff\xe0 broken"
    shipped = scan_upload(application, broken)
    assert shipped.action is not None
    assert (shipped.status, shipped.scan_id, shipped.verdict) == ("undecodable", None, "review")
    assert (shipped.action.do, shipped.action.rule) == ("hold", "unread")
    mine = platform(application)
    condition = 'post.status = "undecodable"\npost.unread_parts = true\npost.category = "news"'
    store.set_policy(application.db, mine, one_rule(condition, do="block"))
    for category, do in (("news", "block"), ("sport", "allow")):
        action = scan_upload(application, broken, platform=mine, category=category).action
        assert action is not None
        assert action.do == do
    missing = Upload(ScanItem(path="x.jpg"), BadContent("there is no file x.jpg", reason="file_missing"))
    result = next(application.scanner.scan(accounts.find(application.db, mine), [missing]))
    assert (result.status, result.action) == ("error", None)


# --- scans -----------------------------------------------------------------------------------------------------------
@pytest.mark.slow
def test_each_scan_is_decided_by_the_policy_of_its_platform(application: Application) -> None:
    register_work(application, ESSAY.encode())
    mine = platform(application)
    text = one_rule(
        'post.verdict = "uncredited"\nmatch.coverage_work = { min = 0.5 }\nqueue = "texts"\nnote.en = "No."\nnote.zh = "不。"'
    )
    version = store.set_policy(application.db, mine, text).policy_version
    held = scan_upload(application, ESSAY.encode(), platform=mine)
    free = scan_upload(application, b"Hello there", platform=mine)
    elsewhere = scan_upload(application, ESSAY.encode())
    shown = [None if each.action is None else each.action.model_dump() for each in (held, free, elsewhere)]
    assert shown[0] == {
        "do": "hold",
        "rule": "first",
        "reason": "x",
        "policy_version": version,
        "queue": "texts",
        "note": {"en": "No.", "zh": "不。"},
    }
    assert [each and (each["do"], each["rule"]) for each in shown[1:]] == [
        ("allow", "otherwise"),
        ("ask-for-credit", "uncredited"),
    ]
    for each in (held, free, elsewhere):
        assert each.scan_id is not None
        assert records.get(application.db, each.scan_id) == each


def trial(application: Application, account: str, text: str, since: str = "2020-01-01", **options: Any) -> Any:
    limit = options.pop("limit", 100)
    return replay.replay_now(application.db, account, NewTrial(toml=text, since=since, **options), limit=limit)


@pytest.mark.slow
def test_past_scans_are_decided_anew_on_the_facts_of_then(application: Application) -> None:
    register_work(application, ESSAY.encode())
    mine, other = platform(application), platform(application, "Other Forum")
    seen = [scan_upload(application, ESSAY.encode(), platform=mine, external_id=f"p{n}") for n in range(3)]
    seen += [scan_upload(application, b"Hello there", platform=mine)]
    scan_upload(application, ESSAY.encode(), platform=other)
    same = store.get_default().toml
    assert trial(application, mine, same).model_dump(exclude={"counts", "changes"}) == {
        "scans": 4,
        "changed": 0,
        "not_replayable": 0,
    }
    block = one_rule("match.coverage_work = { min = 0.9 }", do="block")
    tried = trial(application, mine, block, limit=2)
    assert (tried.scans, tried.changed) == (4, 4)  # of the fourth the reason is another
    assert [(each.before, each.after, each.count) for each in tried.counts] == [
        ("ask-for-credit", "block", 3),
        ("allow", "allow", 1),
    ]
    assert [(each.scan_id, each.external_id) for each in tried.changes] == [
        (each.scan_id, each.external_id) for each in seen[:2]
    ]
    assert (tried.changes[0].before, tried.changes[0].after.rule) == (seen[0].action, "first")
    # A work that has another licence, or is withdrawn, since then changes nothing; nor does time.
    assert trial(application, mine, block, since=seen[2].scanned_at).scans == 2
    assert trial(application, mine, block, until=seen[2].scanned_at).scans == 2
    assert trial(application, mine, block, since="2999-01-01").scans == 0
    assert [records.get(application.db, str(each.scan_id)) for each in seen] == seen  # nothing is changed


@pytest.mark.slow
def test_a_long_history_is_read_in_pieces_and_what_has_no_facts_is_counted(
    sqlite_application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = sqlite_application
    mine = accounts.local(application.db).id
    ids = [scan_upload(application, b"Hello there").scan_id for _ in range(5)]
    with application.db.write() as connection:
        old = scans.update().where(scans.c.scan_id == ids[1])
        connection.execute(old.values(action=None, rule=None, facts=None))
        connection.execute(scans.update().where(scans.c.scan_id == ids[2]).values(facts={"of": "another version"}))
        assert connection.execute(sa.select(sa.func.count()).select_from(scans)).scalar_one() == 5
    monkeypatch.setattr(replay, "_CHUNK", 2)
    tried = trial(application, mine, one_rule())
    assert (tried.scans, tried.changed, tried.not_replayable) == (3, 3, 2)
