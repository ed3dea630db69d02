"""The users' days without a script: first start, works, sightings, the queue, complaints, the log."""

from __future__ import annotations

import re

from provenance.accounts import accounts, people
from provenance.accounts.accounts import NewAccount
from tests.web.conftest import PASSWORD, Visitor

TEXT = (
    "The bell founder keeps the moulds of forty parishes in her barn. When a bell cracks, she says, it is never the "
    "clapper's fault; it is the frost, or the sexton, or a war. She can tell them apart by the edge of the break."
)
NOTICE = {
    "name": "Odile Ferrant",
    "email": "odile@copse.example",
    "postal_address": "1 Lane",
    "identity": "ID 7",
    "work_description": "Bells",
    "addresses": "https://forum.example/p/1",
    "platform": "Forum",
    "explanation": "It repeats the text.",
    "signature": "Odile Ferrant",
    "good_faith": "1",
    "accurate": "1",
    "authorised": "1",
    "file": ("draft.txt", b"draft"),
}


def test_home_says_whose_log_it_is_and_how_to_complain(visitor: Visitor) -> None:
    visitor.open("/")
    assert visitor.application.log.origin in visitor.text
    assert visitor.page.xpath("//main//a[@href='/complaints']")
    assert visitor.open("/find?q=work_none", 404) is not None


def test_first_invitation_makes_the_administrator_once(visitor: Visitor) -> None:
    made = people.first_invitation(visitor.application.db)
    visitor.open(f"/invitation/{made.secret}")
    visitor.send(name="Ada", password="short", status=400)
    assert "12 to 200" in visitor.text
    visitor.send(name="Ada", password=PASSWORD)
    assert "Ada" in visitor.text
    assert people.first_invitation(visitor.application.db) is None
    visitor.open(f"/invitation/{made.secret}", 404)
    visitor.open("/people")
    visitor.send("/people/accounts", name="North Bank", kind="producer")
    visitor.send("/people", account=accounts.find(visitor.application.db, "North Bank").id)
    link = re.search(r"/invitation/[\w-]+", visitor.page.xpath("//pre")[0].text)
    visitor.send("/sign-out")
    visitor.open(link[0])
    visitor.send(name="Bea", password=PASSWORD)
    visitor.open("/people", 403)


def test_a_producer_registers_and_withdraws(visitor: Visitor) -> None:
    for name in ("North Bank", "Rival"):
        accounts.create(visitor.application.db, NewAccount(name=name, kind="producer"))
    visitor.open("/works", 200)
    assert "/sign-in" in str(visitor.answer.url)
    visitor.sign_in("North Bank")
    visitor.open("/works/new")
    visitor.send(title="Bells", owner="Odile Ferrant", text=TEXT, licence="nonsense", status=400)
    assert visitor.page.xpath("//textarea[@name='text']")[0].text == TEXT  # nothing typed is lost
    visitor.send(title="Bells", owner="Odile Ferrant", source_name="Copse", text=TEXT, licence="CC-BY-4.0")
    assert "Keep the receipt" in visitor.text
    address = visitor.answer.url.path
    receipt = visitor.client.get(f"{address}/receipt?format=json")
    assert receipt.json()["format"] if "format" in receipt.json() else receipt.json()
    assert visitor.client.get(f"{address}/certificate").content.startswith(b"%PDF")
    visitor.send(f"{address}/grants", to="City Daily\nHarbour News", commercial="1")
    assert "City Daily, Harbour News" in visitor.text
    visitor.send("/sign-out")
    visitor.sign_in("Rival")
    visitor.open(address, 404)
    visitor.open("/works/new")
    visitor.send(title="Mine", owner="Rival", text=TEXT)
    assert "Others have registered the like before you" in visitor.text
    visitor.send(text=f"{TEXT} And one more.")  # another text than the one that was confirmed
    assert "Others have registered the like before you" in visitor.text
    visitor.send()
    assert "Others claim the same" in visitor.text
    visitor.send(f"{visitor.answer.url.path}/withdraw")
    assert "Withdrawn" in visitor.text


def test_files_are_registered_each_for_itself(visitor: Visitor) -> None:
    accounts.create(visitor.application.db, NewAccount(name="North Bank", kind="producer"))
    visitor.sign_in("North Bank")
    visitor.open("/works/new")
    visitor.send(owner="Odile Ferrant", file=("bells.txt", TEXT.encode()))
    assert "bells.txt" in visitor.text


def test_a_platform_scans_and_decides_and_the_owner_sees_it(visitor: Visitor) -> None:
    for name, kind in (("North Bank", "producer"), ("Forum", "platform")):
        accounts.create(visitor.application.db, NewAccount(name=name, kind=kind))
    visitor.sign_in("North Bank", "Owner")
    visitor.open("/works/new")
    visitor.send(title="=1+1<script>alert(1)</script>", owner="Odile Ferrant", source_name="Copse", text=TEXT)
    visitor.send("/sign-out")
    visitor.sign_in("Forum", "Reviewer")
    visitor.open("/scan")
    visitor.send(status=400)
    visitor.send(text=TEXT, account='<img src=x onerror="alert(1)">', post_url="https://forum.example/p/1")
    assert "uncredited" in visitor.text
    visitor.open("/policies")
    rules = visitor.page.xpath("//textarea")[0].text
    visitor.send(toml="nonsense", press="set=1", status=400)
    visitor.send(toml=rules, press="try=1")
    assert "past scans" in visitor.text
    visitor.open("/official")
    visitor.send(account_id="gh_1", name="City Daily", operator_id="op_1", operator_name="City Ltd")
    assert "City Ltd" in visitor.text
    visitor.open("/queue")
    assert visitor.client.get("/queue/counts").json()["waiting"] == len(visitor.page.xpath("//tbody/tr"))
    if visitor.page.xpath("//tbody/tr"):
        visitor.send("/queue/next")
        item = visitor.answer.url.path
        visitor.send(f"{item}/comments", text="Looks whole.")
        visitor.send(f"{item}/decision", reason="credit_missing", press="decision=restrict")
        assert "Nothing waits" in visitor.text
    visitor.send("/sign-out")
    visitor.open("/sign-in")
    visitor.send("/sign-in", name="owner", password=PASSWORD)
    visitor.open("/sightings?verdict=uncredited&covers=90")
    assert len(visitor.page.xpath("//tbody/tr")) == 1
    assert visitor.page.xpath("//*[local-name()='svg']")
    visitor.open("/sightings?account=nobody")
    assert not visitor.page.xpath("//tbody/tr")
    visitor.open("/sightings?covers=many", 400)
    table = visitor.client.get("/sightings.csv").text
    assert "'=1+1" in table
    visitor.open("/sightings")
    visitor.open(visitor.page.xpath("//tbody//a/@href")[0])
    assert visitor.page.xpath("//mark")
    visitor.open(visitor.page.xpath("//a[contains(@href, 'sighting=')]/@href")[0])
    assert visitor.page.xpath("//input[@name='work_id']")[0].value.startswith("work_")
    visitor.open("/watches")
    visitor.send(email="desk@northbank.example", verdict=["uncredited"])
    assert "desk@northbank.example" in visitor.text


def test_anybody_complains_and_follows_the_case(visitor: Visitor) -> None:
    accounts.create(visitor.application.db, NewAccount(name="Forum", kind="platform"))
    visitor.open("/complaints")
    for regime in visitor.application.regimes.offered:
        visitor.open(f"/complaints/new?regime={regime}")
        asked = {*visitor.page.xpath("//main//@name")}
        visitor.send(**{name: value for name, value in NOTICE.items() if name in asked})
        assert "Your notice is here" in visitor.text
    case = visitor.answer.url.path
    visitor.open(case)
    assert "Odile Ferrant" in visitor.text
    visitor.open("/complaints/register")
    visitor.open("/complaints/case/nothing", 404)


def test_the_log_can_be_looked_through(visitor: Visitor) -> None:
    accounts.create(visitor.application.db, NewAccount(name="North Bank", kind="producer"))
    visitor.sign_in("North Bank")
    visitor.open("/works/new")
    visitor.send(title="Bells", owner="Odile Ferrant", text=TEXT)
    visitor.send("/sign-out")
    visitor.open("/ledger")
    visitor.open(visitor.page.xpath("//tbody//a/@href")[0])
    assert "c2sp.org/tlog-proof" in visitor.text
    visitor.open("/ledger/entries/999", 404)
    visitor.open("/verify")


def test_chinese_is_complete_and_kept(visitor: Visitor) -> None:
    visitor.open("/")
    visitor.send("/language", press="language=zh", back="/sign-in")
    assert visitor.page.xpath("string(//html/@lang)") == "zh-Hans"
    assert "登录" in visitor.text


def test_forms_of_other_sites_do_nothing(visitor: Visitor) -> None:
    visitor.open("/sign-in")
    token = visitor.page.xpath("//main//input[@name='csrf']")[0].value
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}):
        assert (
            visitor.client.post("/language", data={"csrf": token, "language": "zh"}, headers=headers).status_code == 403
        )
    assert visitor.client.post("/language", data={"csrf": "x", "language": "zh"}).status_code == 403
    away = visitor.client.post("/language", data={"csrf": token, "back": "//evil.example"}, follow_redirects=False)
    assert away.headers["location"] == "/"
