"""Each rule of the default policy decides the posts that docs/policy.md says it does: real scans, one a rule."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fingerprints.source import Source
from provenance.accounts import accounts, standing
from provenance.application import Application
from provenance.config import Settings
from provenance.database.tables import works
from provenance.scans.policy import store
from provenance.scans.posts import of_post
from provenance.schemas import NewPost, OfficialAccount, ScanResult, StandingCount, Verification
from tests.provenance.conftest import ESSAY, ESSAY_ZH, encoded, picture, register_work, scan_upload

pytestmark = pytest.mark.slow

LINE = "Text by Marta Salt | “The Salt Ferry” | Source: Salt Weekly | https://salt.example/a/1"
NEWS = "RIVERSIDE, May 3 (Salt Wire) - The ferry company said on Monday that it would add a crossing at noon.\n\n"
LICENSED = {"source_name": "Salt Weekly", "source_urls": ["https://salt.example/a/1"], "licence": "reprint-with-credit"}


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory, shared_workers: None) -> Iterator[Application]:
    """A platform with two recorded accounts, one of them suspended, and works, one claimed twice, one damaged."""
    home = tmp_path_factory.mktemp("default-policy")
    with Application(Settings(home=home / "home", workers=1, origin="log.test.example/sourcemark")) as app:
        mine = accounts.local(app.db).id
        for number in ("daily", "copyist"):
            verified = Verification(state="verified", by="Trust desk")
            app.official_accounts.put(
                mine, number, OfficialAccount(name=f"The {number}", entity="media", verification=verified)
            )
        for reason in ("One", "Two", "Three", "Four"):
            counted = StandingCount(counter="confirmed_copying", reason=reason, decided_by="Desk")
            with app.db.write() as connection:
                standing.count(connection, mine, "copyist", counted, app.official_accounts.table)
        register_work(app, ESSAY.encode(), **LICENSED)
        register_work(app, ESSAY_ZH.encode(), owner="玛尔塔", title="盐岛渡船")
        register_work(app, f"{ESSAY_ZH}　".encode(), owner="某甲", title="盐岛渡船")
        damaged = register_work(app, encoded(picture(1)), owner="Ines Vale")
        with app.db.write() as connection:
            forged = works.update().where(works.c.work_id == damaged.work_id)
            connection.execute(forged.values(registered_at="2019-01-01T00:00:00.000000Z"))
        yield app


def with_unread_part(app: Application) -> ScanResult:
    files = [("1.jpg", Source.blob(encoded(picture(9)))), ("2.jpg", Source.blob(encoded(picture(8))[:500]))]
    post = of_post(NewPost.model_validate({"text": "It rained all week. " * 20}), files)
    return next(app.scanner.scan(accounts.local(app.db), [post]))


CASES = {
    "suspended": lambda app: scan_upload(app, b"Hello there", account_id="copyist"),
    "contested": lambda app: scan_upload(app, f"作者：玛尔塔\n\n{ESSAY_ZH}".encode()),
    "false-origin": lambda app: scan_upload(app, f"By John Thief, from Thief Weekly\n\n{ESSAY}".encode()),
    "news-without-licence": lambda app: scan_upload(app, f"{NEWS}{LINE}".encode(), account_id="daily"),
    "uncredited": lambda app: scan_upload(app, ESSAY.encode(), account_id="daily"),
    "unread": with_unread_part,
    "partly-credited": lambda app: scan_upload(app, f"By Marta Salt\n\n{ESSAY}".encode()),
    "needs-a-person": lambda app: scan_upload(app, encoded(picture(1))),
    "otherwise": lambda app: scan_upload(app, f"{LINE}\n\n{ESSAY}".encode(), account_id="daily"),
}


def test_every_rule_has_a_case() -> None:
    assert list(CASES) == [rule.name for rule in store.default().rules]


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_decides_what_it_is_for(platform: Application, rule: str) -> None:
    result = CASES[rule](platform)
    assert result.action is not None
    shown = (result.verdict, result.flags, [(m.marking["verdict"], m.competing) for m in result.matches])
    assert result.action.rule == rule, shown


def test_conditions_on_the_account_are_those_of_the_one_that_is_named_by_its_id(platform: Application) -> None:
    mine = accounts.local(platform.db).id
    rule = '[[rule]]\nname = "{name}"\ndo = "hold"\nreason = "x"\n{more}\n'
    policy = (
        rule.format(name="suspended-media", more='account.level = "suspended"\naccount.entity = ["media"]')
        + rule.format(name="verified", more="account.verified = true")
        + rule.format(name="culture", more='post.category = "culture"')
        + rule.format(name="unknown", more='account.recorded = false\naccount.level = "none"\npost.category = "none"')
        + '[[rule]]\nname = "otherwise"\ndo = "allow"\nreason = "x"\n'
    )
    version = store.set_policy(platform.db, mine, policy).policy_version
    decided = {
        "suspended-media": {"account_id": "copyist"},
        "verified": {"account_id": "daily"},
        "culture": {"account": "The daily", "category": "culture"},  # a name is no identity
        "unknown": {"account": "The daily"},
        "otherwise": {"account_id": "nobody-we-know", "category": "sport"},
    }
    for expected, post in decided.items():
        action = scan_upload(platform, b"Hello there", **post).action
        assert action is not None
        assert (action.rule, action.policy_version) == (expected, version)
