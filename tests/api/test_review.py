"""Review over HTTP: keys of people beside those of programs, the way of an item, exports."""

from __future__ import annotations

import csv
import io

import jsonschema
import pytest

from provenance.accounts import accounts
from provenance.accounts.accounts import NewApiKey
from provenance.scans.review import dsa
from tests.api.conftest import Api
from tests.api.test_api import CLAIM, TEXT


@pytest.fixture
def desk(api: Api) -> Api:
    """A platform with two reviewers and three posts that wait."""
    for name in ("ann", "ben"):
        new = NewApiKey(account="platform", scopes=["review"], label=name)
        api.keys[name] = accounts.issue_key(api.application.db, new).secret
    assert api("POST", "/v1/works", "producer", json={**CLAIM, "text": TEXT}).status_code < 300
    for n in range(3):
        scan = {"text": TEXT, "account": "x", "post_url": f"https://p.example/{n}"}
        assert api("POST", "/v1/scans", "platform", json=scan).json()["action"]["do"] == "ask-for-credit"
    return api


RESTRICT = {"decision": "restrict", "reason": "copied"}


def test_who_scans_does_not_decide_and_who_decides_does_not_scan(desk: Api) -> None:
    assert desk("GET", "/v1/queue", "platform").status_code == 403
    assert desk("POST", "/v1/decisions", "platform", json={**RESTRICT, "scan_id": "scan_0"}).status_code == 403
    assert desk("POST", "/v1/scans", "ann", json={"text": TEXT}).status_code == 403
    settings = {"reviewers": ["ben"], "second_opinion": "always"}
    assert desk("PUT", "/v1/queue/settings/ask-for-credit", "ann", json=settings).status_code == 403
    assert desk("PUT", "/v1/queue/settings/ask-for-credit", "platform", json=settings).json() == settings
    assert desk("GET", "/v1/queue", "ann").json()["items"] == []
    assert len(desk("GET", "/v1/queue", "ben").json()["items"]) == 3
    assert len(desk("GET", "/v1/queue", "administrator").json()["items"]) == 3


def test_an_item_is_taken_looked_at_and_decided_and_the_next_comes(desk: Api) -> None:
    taken = desk("POST", "/v1/queue/take", "ann").json()
    item, lease = taken["item"]["item_id"], taken["item"]["lease"]
    assert taken["waiting"] == 3
    refused = desk("POST", f"/v1/queue/{item}/decision", "ben", json=RESTRICT)
    assert (refused.status_code, refused.json()["reason"]) == (409, "taken")
    stale = desk("POST", f"/v1/queue/{item}/decision", "ann", json={**RESTRICT, "lease": "0" * 32})
    assert (stale.status_code, stale.json()["reason"]) == (409, "lease_expired")
    (page,) = taken["item"]["evidence"]["pages"]
    shown = desk("GET", page, "ann")
    assert shown.headers["content-type"].startswith("text/html")
    assert CLAIM["title"] in shown.text
    assert desk("GET", f"/v1/queue/{item}/picture", "ann").status_code == 404  # it is a text
    assert desk("POST", f"/v1/queue/{item}/comments", "ben", json={"text": "his own?"}).status_code == 201
    decided = desk("POST", f"/v1/queue/{item}/decision?next=true", "ann", json={**RESTRICT, "lease": lease}).json()
    assert decided["decision"]["in_force"]
    assert decided["next"]["item"]["item_id"] != item
    assert decided["next"]["waiting"] == 2
    again = desk("POST", f"/v1/queue/{item}/decision", "ben", json=RESTRICT)
    assert (again.status_code, again.json()["reason"]) == (409, "decided")
    seen = desk("GET", f"/v1/queue/{item}", "ben").json()
    assert (seen["state"], seen["comments"][0]["text"], len(seen["decisions"])) == ("decided", "his own?", 2)
    assert desk("GET", "/v1/review/history", "ben", params={"ref": item}).json()["items"][0]["item_id"] == item


def test_skip_move_and_filters(desk: Api) -> None:
    first = desk("POST", "/v1/queue/take", "ann").json()["item"]
    skipped = desk("POST", f"/v1/queue/{first['item_id']}/skip", "ann", json={"lease": first["lease"]})
    assert (skipped.status_code, skipped.content) == (204, b"")
    assert desk("POST", "/v1/queue/take", "ann").json()["item"]["item_id"] != first["item_id"]
    moved = desk("POST", f"/v1/queue/{first['item_id']}/move", "ben", json={"queue": "pictures"})
    assert moved.json()["queue"] == "pictures"
    for query, count in (
        ("queue=pictures", 1), ("state=waiting", 3), ("state=decided", 0), ("account=x", 3), ("account=y", 0),
        ("reason=credit_missing", 3), ("verdict=review", 0), ("since=2099-01-01", 0), ("limit=2", 2),
    ):  # fmt: skip
        assert len(desk("GET", f"/v1/queue?{query}", "ben").json()["items"]) == count, query
    after = desk("GET", "/v1/queue?limit=2", "ben").json()["next"]
    assert len(desk("GET", f"/v1/queue?limit=2&cursor={after}", "ben").json()["items"]) == 1


def test_decisions_are_listed_overruled_and_exported(desk: Api) -> None:
    items = desk("GET", "/v1/queue", "ann").json()["items"]
    ids = [items[0]["item_id"], items[1]["scan_id"], "item_none"]
    answers = desk("POST", "/v1/decisions/batch", "ann", json={**RESTRICT, "ids": ids}).json()
    assert (answers["decided"], answers["refused"]) == (2, 1)
    assert answers["answers"][2]["error"]["status"] == 404
    first = answers["answers"][0]["decision"]
    about = {"decision": "release", "reason": "licence-shown", "scan_id": items[0]["scan_id"]}
    assert desk("POST", "/v1/decisions", "ben", json=about).status_code == 409
    assert desk("POST", "/v1/decisions", "ben", json={**about, "supersedes": first["decision_id"]}).json()["in_force"]
    back = desk("POST", f"/v1/decisions/{answers['answers'][1]['decision']['decision_id']}/undo", "ben", json={})
    assert back.json()["decision"] == "ask-for-credit"
    listed = desk("GET", "/v1/decisions?automated=false", "ann").json()["items"]
    assert [each["decision"] for each in listed] == ["restrict", "restrict", "release", "ask-for-credit"]
    assert len(desk("GET", "/v1/decisions?by=ben", "ann").json()["items"]) == 2
    assert desk("GET", "/v1/decisions?decision=nonsense", "ann").status_code == 400
    table = desk("GET", "/v1/decisions?format=csv&automated=false", "ann")
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert [row["reviewer_name"] for row in rows] == ["ann", "ann", "ben", "ben"]
    overview = desk("GET", "/v1/review/overview", "ann").json()
    assert (overview["automated"], overview["manual"], overview["queues"][0]["waiting"]) == (3, 4, 2)


def test_statements_are_exported_for_the_eu_s_database(desk: Api) -> None:
    items = desk("GET", "/v1/queue", "ann").json()["items"]
    elsewhere = {**RESTRICT, "territory": ["CN"]}
    made = desk("POST", f"/v1/queue/{items[0]['item_id']}/decision", "ann", json=elsewhere).json()["decision"]
    page = desk("GET", "/v1/statements-of-reasons", "ann").json()
    assert len(page["items"]) == 4
    assert page["items"][-1]["statement_id"] == made["statement_id"]
    bodies = desk("GET", "/v1/statements-of-reasons/dsa?limit=100", "ann").json()
    assert (len(bodies["statements"]), bodies["next"]) == (3, None)  # China is no part of the area
    for body in bodies["statements"]:
        jsonschema.validate(body, dsa.schema())
    one = page["items"][0]["statement_id"]
    assert desk("GET", f"/v1/statements-of-reasons/{one}/dsa", "ann").json() == bodies["statements"][0]
    refused = desk("GET", f"/v1/statements-of-reasons/{made['statement_id']}/dsa", "ann")
    assert refused.status_code == 400
    assert desk("GET", f"/v1/statements-of-reasons/{made['decision_id']}", "ann").json()["text"]["zh"]


def test_what_stays_down_comes_before_the_policy(desk: Api) -> None:
    scan = desk("GET", "/v1/queue", "ann").json()["items"][0]["scan_id"]
    new = {"scan_id": scan, "exceptions": {"accounts": ["friend"]}, "note": "confirmed"}
    made = desk("POST", "/v1/stay-down", "ann", json=new)
    assert made.status_code == 201
    entry = made.json()["stay_down_id"]
    blocked = desk("POST", "/v1/scans", "platform", json={"text": TEXT, "account": "y"}).json()["action"]
    assert (blocked["do"], blocked["rule"], blocked["reason"]) == ("block", entry, "stay_down")
    friend = desk("POST", "/v1/scans", "platform", json={"text": TEXT, "account": "friend"}).json()["action"]
    assert friend["reason"] == "credit_missing"
    assert desk("DELETE", f"/v1/stay-down/{entry}", "ann").json()["ended_at"]
    assert desk("GET", "/v1/stay-down", "ann").json()["items"] == []
    for wrong in ({}, {"scan_id": scan, "work_id": "w"}, {"scan_id": scan, "coverage": 2}, {"scan": scan}):
        assert desk("POST", "/v1/stay-down", "ann", json=wrong).status_code == 400, wrong


def test_bad_decisions_are_told_in_one_line(desk: Api) -> None:
    item = desk("GET", "/v1/queue", "ann").json()["items"][0]["item_id"]
    for wrong, said in (
        ({"decision": "restrict"}, "reason"),
        ({"decision": "ban", "reason": "x"}, "release"),
        ({"decision": "restrict", "reason": "Two Words"}, "credit_missing"),
        ({"decision": "release", "reason": "x", "territory": ["DE"]}, "belong to label and restrict"),
        ({"decision": "restrict", "reason": "x", "until": "2001-01-01"}, "has passed"),
        ({"decision": "restrict", "reason": "x", "grounds": {}}, "did you mean ground"),
        ({"decision": "restrict", "reason": "x", "strike": "confirmed_copying"}, "strike"),
    ):
        answer = desk("POST", f"/v1/queue/{item}/decision", "ann", json=wrong)
        assert answer.status_code == 400, answer.text
        assert said in answer.json()["detail"]
        assert "\n" not in answer.json()["detail"]
