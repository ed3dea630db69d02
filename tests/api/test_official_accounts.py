"""Official accounts, evidence and claim decisions over HTTP."""

from __future__ import annotations

from typing import Any

from provenance.accounts import accounts
from provenance.accounts.accounts import NewApiKey
from tests.api.conftest import Api
from tests.api.test_api import CLAIM, TEXT

VERIFIED = {"name": "City Daily", "verification": {"state": "verified", "by": "Desk"}}


def _reviewer(api: Api, account: str = "platform") -> None:
    key = accounts.issue_key(api.application.db, NewApiKey(account=account, scopes=["review"]))
    api.keys["reviewer"] = key.secret


def _problem(answer: Any, status: int, said: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert said in answer.json()["detail"]


def test_an_account_is_recorded_read_and_paged(api: Api) -> None:
    for n in range(3):
        told = {**VERIFIED, "operator": {"id": f"op{n % 2}", "name": "Media"}, "contact": {"email": "a@b.example"}}
        answer = api("PUT", f"/v1/official-accounts/gh_{n}", "platform", json=told)
        assert answer.status_code == 200, answer.text
    assert answer.json()["verification"] == {"state": "verified", "by": "Desk", "at": None}
    first = api("GET", "/v1/official-accounts?limit=2", "platform").json()
    rest = api("GET", f"/v1/official-accounts?limit=2&cursor={first['next']}", "platform").json()
    assert [each["account_id"] for each in first["items"] + rest["items"]] == ["gh_0", "gh_1", "gh_2"]
    assert rest["next"] is None
    of_one = api("GET", "/v1/official-accounts?operator=op0", "platform").json()["items"]
    assert [each["account_id"] for each in of_one] == ["gh_0", "gh_2"]
    assert api("DELETE", "/v1/official-accounts/gh_0/contact", "platform").json()["contact"] is None
    assert api("GET", "/v1/official-accounts/gh_0", "platform").json()["contact"] is None
    _problem(api("PUT", "/v1/official-accounts/gh_0", "platform", json={"nom": "x"}), 400, "nom: is no field here")
    _problem(api("PUT", "/v1/official-accounts/-x", "platform", json=VERIFIED), 400, "account_id")
    _problem(api("PUT", f"/v1/official-accounts/{'x' * 201}", "platform", json=VERIFIED), 400, "account_id")


def test_licences_and_standing(api: Api) -> None:
    _reviewer(api)
    api("PUT", "/v1/official-accounts/gh_1", "platform", json=VERIFIED)
    licence = {"account_id": "gh_1", "number": "10120", "valid_until": "2099-12-31"}
    once = {"headers": {"Idempotency-Key": "one"}, "json": licence}
    made = api("POST", "/v1/qualifications", "platform", **once)
    assert api("POST", "/v1/qualifications", "platform", **once).json() == made.json()
    assert len(api("GET", "/v1/qualifications?account_id=gh_1", "platform").json()["items"]) == 1
    assert api("GET", "/v1/qualifications?before=2099-01-01", "platform").json()["items"] == []
    post = {"text": TEXT, "account_id": "gh_1", "category": "news"}
    assert api("POST", "/v1/scans", "platform", json=post).json()["flags"] == []
    path = f"/v1/qualifications/{made.json()['qualification_id']}"
    assert api("DELETE", path, "platform").json()["state"] == "ended"
    _problem(api("DELETE", path, "platform"), 409, "was ended already")
    scan = api("POST", "/v1/scans", "platform", json=post).json()
    assert scan["flags"] == ["news_without_licence"]
    assert api("GET", f"/v1/scans/{scan['scan_id']}", "platform").json()["flags"] == scan["flags"]

    count = {"counter": "false_originality", "reason": "Not the author", "decided_by": "Reviewer 1"}
    counted = api("POST", "/v1/official-accounts/gh_1/standing", "reviewer", json=count).json()
    at = f"/v1/official-accounts/gh_1/standing/{counted['decision_id']}"
    answer = {"act": "reverse", "reason": "It was", "decided_by": "Reviewer 1"}
    assert api("POST", at, "reviewer", json=answer).status_code == 201  # nobody has appealed: a slip of his own
    assert api("GET", "/v1/official-accounts/gh_1/standing", "platform").json()["points"] == 0
    _problem(api("POST", at, "reviewer", json=answer), 409, "reversed already")
    _problem(api("POST", "/v1/official-accounts/gh_1/standing", "platform", json=count), 403, "review")


def test_evidence_claims_and_a_decision(api: Api) -> None:
    _reviewer(api)
    shown = {"kind": "draft", "date": "2019-03-01", "digest": "9f" * 32}
    ours = api("POST", "/v1/works", "producer", json={**CLAIM, "text": TEXT, "evidence": [shown]}).json()["work_id"]
    theirs = api("POST", "/v1/works", "rival", json={**CLAIM, "owner": "Jon Gray", "text": TEXT}).json()["work_id"]
    listed = api("GET", f"/v1/works/{ours}/evidence", "producer").json()["items"]
    assert [(each["date"], each["receipt"] is None) for each in listed] == [("2019-03-01", False)]
    _problem(api("POST", f"/v1/works/{ours}/evidence", "rival", json=shown), 404, "no work of yours")
    _problem(api("POST", f"/v1/works/{ours}/evidence", "producer", json={**shown, "date": "x"}), 400, "date")

    _problem(api("GET", f"/v1/works/{ours}/claims", "reviewer"), 404, "no work of yours")  # not seen there yet
    api("POST", "/v1/scans", "platform", json={"text": TEXT})
    claims = api("GET", f"/v1/works/{ours}/claims", "reviewer").json()["items"]
    assert [each["work_id"] for each in claims] == [ours, theirs]
    decision = {"work_id": theirs, "outcome": "counts", "counts": ours, "reason": "A draft", "decided_by": "R"}
    once = {"headers": {"Idempotency-Key": "one"}, "json": decision}
    made = api("POST", "/v1/claim-decisions", "reviewer", **once)
    assert made.status_code == 201, made.text
    assert api("POST", "/v1/claim-decisions", "reviewer", **once).json() == made.json()
    scan = api("POST", "/v1/scans", "platform", json={"text": TEXT}).json()
    outcomes = {match["work_id"]: match["decided"]["outcome"] for match in scan["matches"]}
    assert outcomes == {ours: "counts", theirs: "rejected"}
    again = api("GET", f"/v1/scans/{scan['scan_id']}", "platform").json()
    assert again["matches"] == scan["matches"]
    path = f"/v1/claim-decisions/{made.json()['decision_id']}"
    _problem(api("DELETE", path, "reviewer"), 400, "reason")
    assert api("DELETE", f"{path}?reason=Forged", "reviewer").json()["reversal_reason"] == "Forged"
    assert [each["reversal_reason"] for each in api("GET", "/v1/claim-decisions", "reviewer").json()["items"]] == [
        "Forged"
    ]
    _problem(
        api("POST", "/v1/works/prepare", "producer", json={**CLAIM, "text": TEXT, "evidence": [shown]}), 400, "evidence"
    )
