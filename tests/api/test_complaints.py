"""Complaints over HTTP: from a notice that anybody files to the end of its case, and who may not see or do what."""

from __future__ import annotations

import csv
import hashlib
import re
import threading
from collections.abc import Mapping
from email import message_from_bytes, policy
from typing import Any

import pytest
from lxml import etree

from api.v1 import notices
from provenance.accounts import accounts
from provenance.accounts.accounts import NewApiKey
from provenance.cases.letters import Letters
from provenance.jobs.mail import Mailer
from sourcemark import Refused
from tests.api.conftest import Api
from tests.api.test_client import Direct

ANSWER: Mapping[str, Any] = {
    "name": "City Daily",
    "email": "desk@citydaily.example",
    "postal_address": "9 Market Square",
    "good_faith": True,
    "accurate": True,
    "jurisdiction": True,
    "signature": "Lin Zhaoyun",
    "explanation": "The article is ours.",
}
DECISION: Mapping[str, Any] = {
    "finding": "founded",
    "outcome": "restrict",
    "reason": "copied",
    "explanation": "The post repeats the article.",
}


def mail(api: Api) -> dict[str, list[str]]:
    """Sends all letters; returns those of each mailbox, oldest first, and empties them."""
    settings = api.application.settings
    sends = Letters(api.application.db, Mailer.of(settings), api.application.regimes, settings)
    while sends.deliver(threading.Event()):
        pass
    found: dict[str, list[str]] = {}
    for file in sorted(settings.mail_dir.glob("*.eml"), key=lambda each: each.stat().st_mtime_ns):
        letter = message_from_bytes(file.read_bytes(), policy=policy.default)
        found.setdefault(letter["To"], []).append(f"{letter['Subject']}\n{letter.get_content()}")  # type: ignore[attr-defined]
        file.unlink()
    return found


def link_in(letter: str, after: str = "") -> str:
    return re.findall(rf"/v1/case-links/(sml_[\w-]{{43}}){after}\s", letter)[-1]


def filed(api: Api, **said: Any) -> dict[str, Any]:
    answer = api("POST", "/v1/notices", json={**notices.EXAMPLE, "platform": "platform", **said})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def reviewer(api: Api, name: str, account: str = "platform") -> None:
    """A key of somebody who decides."""
    secret = accounts.issue_key(api.application.db, NewApiKey(account=account, label=name, scopes=["review"])).secret
    api.keys[name] = secret


def forwarded(api: Api) -> tuple[str, str, str]:
    """A confirmed case that was forwarded: its id, and the links of notifier and poster."""
    made = filed(api)
    reviewer(api, "Ann")
    confirm = link_in(mail(api)["desk@northbank.example"][0], "/confirmation")
    assert api("POST", f"/v1/case-links/{confirm}/confirmation").json()["state"] == "forwarded"
    return made["case_id"], made["link"], poster_link(api, made["case_id"])


def poster_link(api: Api, case_id: str) -> str:
    """What the platform hands to its poster, of whom it has told no mail address."""
    answer = api("POST", f"/v1/cases/{case_id}/poster-link", "Ann").json()
    assert answer["url"] == f"http://127.0.0.1:8470/v1/case-links/{answer['link']}"
    return str(answer["link"])


def test_a_notice_of_anybody_goes_all_the_way(api: Api) -> None:
    made = filed(api, signature=None)
    assert (made["state"], made["missing"]) == ("incomplete", ["signature"])
    mine = f"/v1/case-links/{made['link']}"
    shown = api("GET", mine)
    assert shown.json()["missing"] == ["signature"]
    assert (shown.headers["cache-control"], shown.headers["referrer-policy"]) == ("no-store", "no-referrer")
    done = api("POST", f"{mine}/completion", json={"signature": "Chen Yi"})
    assert (done.json()["state"], done.json()["missing"]) == ("received", [])
    letters = mail(api)["desk@northbank.example"]
    confirm = link_in(letters[-1], "/confirmation")
    assert api("GET", f"/v1/case-links/{confirm}").status_code == 404  # it opens no case
    assert api("POST", f"/v1/case-links/{confirm}/confirmation").json()["state"] == "forwarded"
    assert api("POST", f"/v1/case-links/{confirm}/confirmation").status_code == 404  # replayed
    reviewer(api, "Ann")
    theirs = f"/v1/case-links/{poster_link(api, made['case_id'])}"
    assert api("POST", f"{theirs}/counter-notice", json=dict(ANSWER)).json()["state"] == "clock_running"
    seen = api("GET", mine).json()
    assert seen["clock"]["name"] == "put_back"
    assert not seen["clock"]["overdue"]
    reviewer(api, "Ben")
    case = f"/v1/cases/{made['case_id']}"
    assert api("POST", f"{case}/assignment", "Ann", json={"mine": True}).json()["assignee"] == "Ann"
    assert api("POST", f"{case}/decision", "Ann", json=dict(DECISION)).json()["state"] == "decided"
    told = mail(api)["desk@northbank.example"][-1]
    assert "> The post repeats the article." in told
    assert api("POST", f"{theirs}/appeal", json={"reason": "It is ours."}).json()["state"] == "appealed"
    reversed_ = {**DECISION, "finding": "unfounded", "outcome": "release", "explanation": "It is theirs."}
    refused = api("POST", f"{case}/appeal-decision", "Ann", json=reversed_)
    assert (refused.status_code, refused.json()["reason"]) == (409, "same_person")
    closed = api("POST", f"{case}/appeal-decision", "Ben", json=reversed_).json()
    assert (closed["state"], closed["finding"]) == ("closed", "unfounded")
    erased = api("DELETE", f"{case}/parties/poster", "Ben")
    assert (erased.status_code, api("DELETE", f"{case}/parties/poster", "Ben").status_code) == (204, 409)
    assert api("GET", theirs).status_code == 404
    assert "Zhaoyun" not in api("GET", case, "Ben").text
    names = [step["name"] for step in api("GET", mine).json()["steps"]]
    assert names == [
        *("file", "ask", "complete", "forward", "counter", "start_clock", "decide", "appeal", "decide_appeal")
    ]


def test_what_each_side_sees_of_the_other(api: Api) -> None:
    case_id, mine, theirs = forwarded(api)
    api("POST", f"/v1/case-links/{mine}/messages", json={"text": "between us"})
    to_poster = {"text": "only for the poster", "to": ["poster"]}
    assert api("POST", f"/v1/cases/{case_id}/messages", "Ann", json=to_poster).status_code == 200
    api("POST", f"/v1/case-links/{theirs}/counter-notice", json=dict(ANSWER))
    poster, notifier = api("GET", f"/v1/case-links/{theirs}").text, api("GET", f"/v1/case-links/{mine}").text
    assert "North Bank Weekly" in poster  # the DMCA has it forwarded
    for hidden in ("between us", "4 Embankment", "Chen Yi", '"Ann"'):
        assert hidden not in poster, hidden
    assert "City Daily" in notifier
    assert "The article is ours." in notifier
    for hidden in ("only for the poster", '"Ann"'):
        assert hidden not in notifier, hidden
    everything = api("GET", f"/v1/cases/{case_id}", "Ann").text
    for shown in ("between us", "only for the poster", "4 Embankment", "Chen Yi", "Lin Zhaoyun"):
        assert shown in everything


def test_files_are_kept_and_given_to_whoever_may_see_them(api: Api) -> None:
    content, name = b"<script>alert(1)</script>", "draft 草稿.html"
    metadata = (None, '{"platform": "platform", "regime": "us-dmca"}')
    answer = api("POST", "/v1/notices", files=[("metadata", metadata), ("file", (name, content, "text/html"))])
    assert answer.status_code == 201, answer.text
    mine = f"/v1/case-links/{answer.json()['link']}"
    (file,) = api("GET", mine).json()["steps"][0]["files"]
    assert (file["name"], file["sha256"]) == (name, hashlib.sha256(content).hexdigest())
    got = api("GET", f"{mine}/files/{file['file_id']}")
    assert got.content == content
    assert got.headers["content-type"] == "application/octet-stream"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["content-disposition"].startswith("attachment; filename*=UTF-8''draft%20%E8%8D%89")
    reviewer(api, "Ann")
    where = f"/v1/cases/{answer.json()['case_id']}/files/{file['file_id']}"
    assert api("GET", where, "Ann").content == content
    other = filed(api, email="other@x.example")
    assert api("GET", f"/v1/case-links/{other['link']}/files/{file['file_id']}").status_code == 404
    assert api("GET", f"/v1/cases/{other['case_id']}/files/{file['file_id']}", "Ann").status_code == 404


PARTY = {
    "": None, "completion": {}, "counter-notice": dict(ANSWER), "legal-action": {"reference": "a court"},
    "appeal": {"reason": "no"}, "messages": {"text": "hello"}, "withdrawal": None,
    "files/file_0123456789abcdef01234567": None,
}  # fmt: skip
STAFF = {
    "": None, "misuse": None, "assignment": {"mine": True}, "forwarding": {}, "decision": dict(DECISION),
    "refusal": {"reason": "x", "explanation": "y"}, "put-back": {"reason": "x", "explanation": "y"}, "poster-link": None,
    "appeal-decision": dict(DECISION), "messages": {"text": "x", "to": ["notifier"]},
    "measures": {"act": "warn", "against": "notifier", "reason": "x", "explanation": "y"},
    "files/file_0123456789abcdef01234567": None,
}  # fmt: skip


def ask(api: Api, base: str, route: str, body: Any, who: str | None = None) -> Any:
    path = f"{base}/{route}".rstrip("/")
    reads = route in ("", "misuse") or route.startswith("files/")
    return api("GET", path, who) if reads else api("POST", path, who, **({} if body is None else {"json": body}))


def test_every_route_of_a_party_is_closed_to_others(api: Api) -> None:
    case_id, mine, theirs = forwarded(api)
    for route, body in PARTY.items():
        refused_to_others(api, route, body, (case_id, mine, theirs))
    assert api("GET", f"/v1/cases/{case_id}", "Ann").json()["state"] == "forwarded"


def refused_to_others(api: Api, route: str, body: Any, case: tuple[str, str, str]) -> None:
    case_id, mine, theirs = case
    for forged in (mine[:-1] + ("A" if mine[-1] != "A" else "B"), mine[4:], case_id, "sml_", "x" * 100):
        assert ask(api, f"/v1/case-links/{forged}", route, body).status_code == 404
        assert ask(api, f"/v1/case-links/{forged}", route, body, "rival").status_code == 404
    for key in ("platform", "Ann"):  # who decides is no party
        assert ask(api, f"/v1/case-links/{case_id}", route, body, key).status_code == 404
    if route in ("counter-notice",):
        assert ask(api, f"/v1/case-links/{mine}", route, body).status_code == 403
    if route in ("completion", "legal-action", "withdrawal"):
        assert ask(api, f"/v1/case-links/{theirs}", route, body).status_code == 403


def test_every_route_of_staff_is_closed_to_others(api: Api) -> None:
    case_id, *secrets = forwarded(api)
    reviewer(api, "Eve", "rights_holder")
    base = f"/v1/cases/{case_id}"
    for route, body in STAFF.items():
        assert ask(api, base, route, body).status_code == 401
        assert ask(api, base, route, body, "rival").status_code == 403
        assert ask(api, base, route, body, "Eve").status_code == 404  # decides elsewhere
        assert api("DELETE", f"{base}/parties/poster", "Eve").status_code == 404
        for link in secrets:
            api.keys["link"] = link
            assert ask(api, base, route, body, "link").status_code == 401
            assert ask(api, f"/v1/cases/{link}", route, body, "Ann").status_code == 404
    assert api("GET", "/v1/cases", "Eve").json()["items"] == []
    assert len(api("GET", "/v1/cases", "Ann").json()["items"]) == 1
    assert api("GET", f"/v1/cases/{case_id}", "Ann").json()["state"] == "forwarded"


def test_an_account_files_without_confirming_and_comes_back_by_its_key(api: Api) -> None:
    said = {**notices.EXAMPLE, "platform": "platform"}
    first = api("POST", "/v1/notices", "rights_holder", json=said, headers={"Idempotency-Key": "n1"})
    assert (first.status_code, first.json()["state"], first.json()["link"]) == (201, "forwarded", None)
    again = api("POST", "/v1/notices", "rights_holder", json=said, headers={"Idempotency-Key": "n1"})
    assert again.json() == first.json()
    mine = f"/v1/case-links/{first.json()['case_id']}"
    assert api("GET", mine, "rights_holder").json()["state"] == "forwarded"
    assert api("POST", f"{mine}/withdrawal", "rights_holder").json()["state"] == "withdrawn"
    assert api("POST", f"{mine}/withdrawal", "rights_holder").status_code == 409


def test_many_notices_are_answered_each_on_its_own(api: Api) -> None:
    good, bad = {**notices.EXAMPLE, "platform": "platform"}, {**notices.EXAMPLE, "regime": "mars"}
    assert api("POST", "/v1/notices/batch", json={"notices": [good]}).status_code == 401
    answer = api("POST", "/v1/notices/batch", "rights_holder", json={"notices": [good, bad, good]}).json()
    assert (answer["filed"], answer["refused"]) == (2, 1)
    assert [each["state"] for each in answer["answers"]] == ["forwarded", None, "repeated"]
    counts = api("GET", "/v1/notices/counts", "rights_holder").json()
    assert (counts["filed"], counts["repeated"]) == (2, 1)
    assert api("GET", "/v1/notices/counts", "rival").json()["filed"] == 0
    assert "mars is not offered here" in answer["answers"][1]["error"]["detail"]
    assert api("POST", "/v1/notices/batch", "rights_holder", json={"notices": [good] * 101}).status_code == 400


def test_what_a_notice_needs_is_told(api: Api) -> None:
    offered = api("GET", "/v1/notices/regimes").json()["items"]
    assert [each["regime"] for each in offered] == ["cn-ntd", "cn-cc", "cn-ec", "us-dmca", "eu-dsa"]
    assert offered[3]["put_back"]["earliest"]["business_days"] == 10
    assert offered[0]["liability"]["zh"]


def test_the_work_of_a_file_is_found(api: Api) -> None:
    text = "The clock mender sets up his table on the embankment before the ferries start, and mends until noon. " * 8
    made = api("POST", "/v1/works", "producer", json={"text": text, "title": "A", "owner": "North Bank"}).json()
    found = api("POST", "/v1/notices/works", files={"text": ("a.txt", text.encode())})
    assert found.json() == {"work_ids": [made["work_id"]]}
    assert api("POST", "/v1/notices/works", files={"text": ("a.txt", b"")}).status_code in (415, 422)


def test_who_sends_too_much_without_a_key_waits(api: Api) -> None:
    api.application.settings.__dict__["public_per_minute"] = 1  # of a frozen object
    api.client.app.state.rate_limits._burst = 3.0  # type: ignore[attr-defined]
    statuses = [api("GET", "/v1/notices/regimes").status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    refused = api("GET", "/v1/notices/regimes")
    assert "SOURCEMARK_PUBLIC_PER_MINUTE" in refused.json()["detail"]
    assert int(refused.headers["retry-after"]) >= 1
    assert api("GET", "/v1/notices/regimes", "rival").status_code == 200  # a key has limits of its own
    assert api("GET", "/v1/notices/regimes", headers={"Authorization": "Bearer smk_x"}).status_code == 401
    assert api("GET", "/v1/notices/regimes", headers={"Authorization": "Basic x"}).status_code == 401


def test_lists_of_cases_are_narrowed(api: Api) -> None:
    case_id, _, _ = forwarded(api)
    other = filed(api, email="other@x.example", addresses=["https://platform.example/p/1"])["case_id"]
    api("POST", f"/v1/cases/{case_id}/assignment", "Ann", json={"mine": True})

    def listed(**query: Any) -> list[str]:
        return [each["case_id"] for each in api("GET", "/v1/cases", "Ann", params=query).json()["items"]]

    assert listed() == [case_id, other]
    assert listed(state="forwarded") == [case_id]
    assert listed(assignee="Ann") == [case_id]
    assert listed(address="https://platform.example/p/1") == [other]
    assert listed(overdue=True) == listed(work_id="work_x") == []
    first = api("GET", "/v1/cases", "Ann", params={"limit": 1}).json()
    assert listed(cursor=first["next"]) == [other]
    assert api("GET", "/v1/cases", "Ann", params={"state": "lost"}).status_code == 400


def test_the_register_says_what_became_of_complaints_and_of_nobody(api: Api) -> None:
    case_id, mine, theirs = forwarded(api)
    unpublished = filed(api, email="other@x.example", addresses=["https://platform.example/p/secret"])["case_id"]
    api("POST", f"/v1/case-links/{theirs}/counter-notice", json=dict(ANSWER))
    api("POST", f"/v1/case-links/{mine}/messages", json={"text": "between us"})
    api("POST", f"/v1/cases/{case_id}/decision", "Ann", json=dict(DECISION))
    listed = api("GET", "/v1/transparency/cases")
    (case,) = listed.json()["items"]
    assert (case["case_id"], case["state"], case["addresses"]) == (
        case_id,
        "decided",
        ["https://platform.example/p/9002"],
    )
    assert [step["name"] for step in case["steps"]] == ["forward", "counter", "start_clock", "decide"]
    assert case["steps"][-1]["finding"] == "founded"
    assert api("GET", f"/v1/transparency/cases/{case_id}").json() == case
    assert api("GET", f"/v1/transparency/cases/{unpublished}").status_code == 404
    table = api("GET", "/v1/transparency/cases", params={"format": "csv"})
    months, feed = api("GET", "/v1/transparency/months"), api("GET", "/v1/transparency/feed")
    assert [(each["filed"], each["founded"]) for each in months.json()["items"]] == [(2, 1)]
    months_table = api("GET", "/v1/transparency/months", params={"format": "csv"})
    assert table.text.count("\r\n") == months_table.text.count("\r\n") == 2
    for answer in (listed, table, months, months_table, feed):
        for personal in (
            *("North Bank", "northbank", "Embankment", "Chen Yi", "City Daily", "citydaily", "Market", "Zhaoyun"),
            *("Ann", "between us", "names nobody", "repeats the article", "sml_", "secret"),
        ):
            assert personal not in answer.text, (answer.url, personal)


def test_the_register_is_asked_by_address_work_and_time(api: Api) -> None:
    case_id, _, _ = forwarded(api)
    for query, found in (
        ({"address": "https://platform.example/p/9002"}, [case_id]),
        ({"address": "https://platform.example/p/1"}, []),
        ({"work_id": "work_1"}, []),
        ({"regime": "eu-dsa"}, []),
        ({"regime": "us-dmca", "since": "2020-01-01"}, [case_id]),
        ({"since": "2099-01-01"}, []),
    ):
        items = api("GET", "/v1/transparency/cases", params=query).json()["items"]
        assert [each["case_id"] for each in items] == found, query
    assert api("GET", "/v1/transparency/cases", params={"since": "soon"}).status_code == 400
    assert api("GET", "/v1/transparency/months", params={"regime": "eu-dsa"}).json()["items"] == []


def test_hostile_addresses_are_text_in_the_table_and_the_feed(api: Api) -> None:
    hostile = "https://x.example/]]><script>alert(1)</script>&amp;\u202egnp"
    said = {**notices.EXAMPLE, "platform": "platform", "addresses": [hostile, 'https://platform.example/"=1+1,']}
    made = api("POST", "/v1/notices", "rights_holder", json=said)
    assert made.json()["state"] == "forwarded", made.text
    feed = api("GET", "/v1/transparency/feed")
    assert feed.headers["content-type"].startswith("application/atom+xml")
    tree = etree.fromstring(feed.content)
    names = {each.tag.rpartition("}")[2] for each in tree.iter()}
    assert names == {
        *("feed", "id", "title", "updated", "author", "name", "link", "entry", "published", "content")
    }  # and nothing of the address's
    assert "<script>" in tree.findtext(".//{*}content")
    (_, line) = list(csv.reader(api("GET", "/v1/transparency/cases", params={"format": "csv"}).text.splitlines()))
    assert len(line) == 9
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in line)


def test_a_table_names_its_next_page(api: Api) -> None:
    said = {**notices.EXAMPLE, "platform": "platform"}
    for n in range(3):
        api("POST", "/v1/notices", "rights_holder", json={**said, "addresses": [f"https://platform.example/{n}"]})
    path = "/v1/transparency/cases?format=csv&limit=2"
    for rows, more in ((2, True), (1, False)):
        answer = api("GET", path)
        assert (answer.text.count("\r\n") - 1, "link" in answer.headers) == (rows, more)
        path = answer.headers.get("link", "")[1:].partition(">")[0]


def test_complaints_by_the_python_client(api: Api) -> None:
    reviewer(api, "Ann")
    about = {**notices.EXAMPLE, "platform": "platform"}
    with Direct(api, "rights_holder") as holder, Direct(api, "Ann") as ann:
        filed_ = holder.file_notice(about, [("draft.txt", b"A draft.")])
        assert filed_.state == "forwarded"
        assert [each.state for each in holder.file_notices([about]).answers] == ["repeated"]
        assert [each.case_id for each in ann.cases(state="forwarded")] == [filed_.case_id]
        assert ann.get_case(filed_.case_id).steps[0].files[0].name == "draft.txt"
        assert ann.decide_case(filed_.case_id, **DECISION).finding == "founded"
        assert holder.get_notice(filed_.case_id).allowed == ["appeal", "message"]
        assert list(ann.cases(overdue=True)) == []
        with pytest.raises(Refused, match="is decided now"):
            ann.decide_appeal(filed_.case_id, **DECISION)


BROWSER = {"Accept": "text/html,application/xhtml+xml", "Accept-Language": "zh-CN,zh;q=0.9"}


def test_the_links_of_letters_open_pages_in_a_browser(api: Api) -> None:
    made = filed(api, explanation="<script>alert(1)</script>\u202e", name="<b>Ada</b>")
    confirm = link_in(mail(api)["desk@northbank.example"][0], "/confirmation")
    where = f"/v1/case-links/{confirm}/confirmation"
    for _ in range(2):  # opening it confirms nothing
        page = api("GET", where, headers=BROWSER)
        assert "确认</button>" in page.text
        assert "form-action 'self'" in page.headers["content-security-policy"]
    assert api("GET", f"/v1/case-links/{made['link']}").json()["state"] == "received"
    token = re.search(r'name="csrf" value="(\w+)"', page.text)[1]
    done = api("POST", f"/complaints/case/{confirm}/confirmation", headers=BROWSER, data={"csrf": token})
    assert "已转送" in done.text
    case = api("GET", f"/v1/case-links/{made['link']}", headers=BROWSER)
    assert case.headers["cache-control"] == "no-store"
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in case.text
    assert "&lt;b&gt;Ada&lt;/b&gt;" in case.text
    assert "<script" not in case.text
    assert "<b>" not in case.text
    assert "\u202e" not in case.text
    english = api("GET", f"/v1/case-links/{made['link']}", headers={"Accept": "text/html"})
    assert "counter-notice by" in english.text
