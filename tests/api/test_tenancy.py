"""Another account's things are not there: asked for by their ids on every route, and in every list.

A route with an id in its path needs nothing here if `THINGS` has the id's name. A new name needs a line that makes such a
thing; until it has one, this test fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from provenance.accounts import accounts
from provenance.accounts.accounts import NewAccount, NewApiKey
from tests.api.conftest import Api
from tests.api.test_api import CLAIM, TEXT, image_bytes

pytestmark = pytest.mark.slow

Things = dict[str, str]
Maker = Callable[[Api, Things], str]


def _work(api: Api, _: Things) -> str:
    file = {"file": ("a.jpg", image_bytes()), "metadata": (None, '{"owner": "Ada", "title": "A"}')}
    return str(api("POST", "/v1/works", "owner", files=file).json()["work_id"])


def _grant(api: Api, made: Things) -> str:
    return str(api("POST", f"/v1/works/{made['work_id']}/grants", "owner", json={"to": ["*"]}).json()["grant_id"])


def _scan(api: Api, _: Things) -> str:
    return str(api("POST", "/v1/scans", "owner", files={"file": ("b.jpg", image_bytes())}).json()["scan_id"])


def _sighting(api: Api, _: Things) -> str:
    return str(api("GET", "/v1/sightings", "owner").json()["items"][0]["sighting_id"])


def _policy(api: Api, _: Things) -> str:
    toml = "[[rule]]\nname = 'all'\ndo = 'hold'\nreason = 'cautious'\n"
    return str(api("POST", "/v1/policies", "owner", json={"toml": toml}).json()["policy_version"])


def _official(api: Api, _: Things) -> str:
    api("PUT", "/v1/official-accounts/gh_1", "owner", json={"name": "City Daily"})
    return "gh_1"


def _qualification(api: Api, made: Things) -> str:
    licence = {"account_id": made["account_id"], "number": "10120", "valid_until": "2027-12-31"}
    return str(api("POST", "/v1/qualifications", "owner", json=licence).json()["qualification_id"])


def _evidence(api: Api, made: Things) -> str:
    shown = {"kind": "draft", "date": "2024-03-01", "digest": "9f" * 32}
    return str(api("POST", f"/v1/works/{made['work_id']}/evidence", "owner", json=shown).json()["evidence_id"])


def _standing(api: Api, made: Things) -> str:
    said = {"counter": "confirmed_copying", "reason": "A copy", "decided_by": "R"}
    path = f"/v1/official-accounts/{made['account_id']}/standing"
    return str(api("POST", path, "owner", json=said).json()["decision_id"])


def _claim_decision(api: Api, made: Things) -> str:
    part = {"unit": "pixel", "span": [0, 0, 9, 9]}
    said = {"work_id": made["work_id"], "outcome": "split", "parts": [part], "reason": "A logo", "decided_by": "R"}
    return str(api("POST", "/v1/claim-decisions", "owner", json=said).json()["decision_id"])


def _item(api: Api, _: Things) -> str:
    return str(api("GET", "/v1/queue", "owner").json()["items"][0]["item_id"])


def _review_decision(api: Api, made: Things) -> str:
    restrict = {"decision": "restrict", "reason": "copied"}
    answer = api("POST", f"/v1/queue/{made['item_id']}/decision", "owner", json=restrict)
    return str(answer.json()["decision"]["decision_id"])


def _statement(api: Api, _: Things) -> str:
    return str(api("GET", "/v1/statements-of-reasons", "owner").json()["items"][0]["statement_id"])


def _stay_down(api: Api, made: Things) -> str:
    return str(api("POST", "/v1/stay-down", "owner", json={"scan_id": made["scan_id"]}).json()["stay_down_id"])


def _case(api: Api, _: Things) -> str:
    """A notice that the owner sends to itself, with a file."""
    parts = [("metadata", (None, '{"platform": "owner", "name": "Ada"}')), ("file", ("draft.txt", b"A draft."))]
    return str(api("POST", "/v1/notices", "owner", files=parts).json()["case_id"])


def _case_file(api: Api, made: Things) -> str:
    steps = api("GET", f"/v1/cases/{made['case_id']}", "owner").json()["steps"]
    return str(steps[0]["files"][0]["file_id"])


def _webhook(api: Api, _: Things) -> str:
    return str(api("POST", "/v1/webhooks", "owner", json={"url": "https://93.184.215.14/"}).json()["webhook_id"])


def _watch(api: Api, made: Things) -> str:
    return str(api("POST", "/v1/watches", "owner", json={"webhook_id": made["webhook_id"]}).json()["watch_id"])


def _job(api: Api, _: Things) -> str:
    """One that is done and has written a file."""
    job_id = str(api("POST", "/v1/exports", "owner", json={"what": "decisions"}).json()["job_id"])
    queue = api.application.jobs
    taken = queue.take()
    assert taken is not None
    queue.end(taken, "done", result=queue.run(taken, lambda: False))
    return job_id


# How the owner comes to a thing whose id stands in a path, in the order they are made.
THINGS: dict[str, Maker] = {
    "work_id": _work,
    "grant_id": _grant,
    "scan_id": _scan,
    "sighting_id": _sighting,
    "policy_version": _policy,
    "account_id": _official,
    "qualification_id": _qualification,
    "standing_decision_id": _standing,
    "evidence_id": _evidence,
    "claim_decision_id": _claim_decision,
    "item_id": _item,
    "decision_id": _review_decision,
    "statement_id": _statement,
    "stay_down_id": _stay_down,
    "case_id": _case,
    "link": lambda _, made: made["case_id"],  # opens the case with the key of the account that complains
    "file_id": _case_file,
    "webhook_id": _webhook,
    "watch_id": _watch,
    "job_id": _job,
}
# Names in paths that are no account's.
NOBODYS = {
    "path": "of the published log",
    "bank_name": "there is one bank, of all works",
    "content_id": "of the published log",
    "number": "of a step, in its case",
    "role": "of a party, in its case: test_complaints",
    "key_id": "for administrators only",
    "person_id": "for administrators only",
    "session_id": "for administrators only",
    "queue": "a name that each platform gives",
}
# What a request must hold to come as far as asking for the thing.
BODIES: dict[str, dict[str, Any]] = {
    "amendWork": {"title": "B"},
    "transferWork": {"owner": "B"},
    "giveGrant": {"to": ["*"]},
    "addEvidence": {"kind": "draft", "date": "2024-03-01", "digest": "9f" * 32},
    "countAgainstAccount": {"counter": "confirmed_copying", "reason": "A copy", "decided_by": "R"},
    "answerStanding": {"act": "reverse", "reason": "No copy", "decided_by": "S"},
    "moveQueueItem": {"queue": "other"},
    "commentQueueItem": {"text": "a remark"},
    "assignCase": {"mine": True},
    "refuseNotice": {"reason": "x", "explanation": "y"},
    "putBack": {"reason": "x", "explanation": "y"},
    "decideCase": {"finding": "unfounded", "outcome": "release", "reason": "x", "explanation": "y"},
    "decideAppeal": {"finding": "unfounded", "outcome": "release", "reason": "x", "explanation": "y"},
    "takeMeasure": {"act": "warn", "against": "notifier", "reason": "x", "explanation": "y"},
    "writeToParties": {"text": "x", "to": ["notifier"]},
    "decideQueueItem": {"decision": "release", "reason": "fine"},
}
# What its query must hold.
QUERIES = {"reverseClaimDecision": "?reason=forged"}
# Operations that make a thing of the account's own under the id that it has chosen.
MAKING = {"putOfficialAccount"}
# Operations that show the same to everybody: test_complaints.
PUBLIC = {"getPublicCase", "showConfirmation"}


@pytest.fixture
def tenants(api: Api) -> tuple[Api, Things]:
    """Two accounts that may do everything but administrate, and the things of one of them."""
    scopes = [scope for scope in accounts.SCOPES if scope != "admin"]
    for name in ("owner", "stranger"):
        accounts.create(api.application.db, NewAccount(name=name, kind="platform"))
        api.keys[name] = accounts.issue_key(api.application.db, NewApiKey(account=name, scopes=scopes)).secret
    made: Things = {}
    for name, make in THINGS.items():
        made[name] = make(api, made)
    return api, made


def test_the_things_of_others_are_not_there(tenants: tuple[Api, Things]) -> None:
    api, made = tenants
    document = api("GET", "/openapi.json").json()
    named = set(re.findall(r"\{(\w+)\}", " ".join(document["paths"])))
    assert named - THINGS.keys() - NOBODYS.keys() == set(), "say in THINGS how such a thing is made"
    seen_by_owner = ""
    for template, operations in document["paths"].items():
        names = set(re.findall(r"\{(\w+)\}", template))
        if not names or names & NOBODYS.keys():
            continue
        path = template.format(**made)
        for method, operation in operations.items():
            if operation["operationId"] in MAKING | PUBLIC:
                continue
            options = {"json": BODIES.get(operation["operationId"], {})} if method in ("post", "put", "patch") else {}
            query = QUERIES.get(operation["operationId"], "")
            refused = api(method.upper(), path + query, "stranger", **options)
            assert refused.status_code == 404, (method, path, refused.text)
            assert refused.json()["type"] == "urn:sourcemark:problem:not-found"
            if method == "get":
                shown = api("GET", path, "owner")
                assert shown.status_code == 200, (path, shown.text)
                seen_by_owner += path + shown.text
    assert not [name for name, thing in made.items() if thing not in seen_by_owner]  # so the ids were right


def test_lists_have_nothing_of_others(tenants: tuple[Api, Things]) -> None:
    api, made = tenants
    listed = {"owner": "", "stranger": ""}
    for template, operations in api("GET", "/openapi.json").json()["paths"].items():
        if "{" not in template and "get" in operations and operations["get"].get("security"):
            for who in listed:
                listed[who] += api("GET", template, who).text
    assert not [thing for thing in made.values() if thing in listed["stranger"]]
    assert [name for name, thing in made.items() if thing in listed["owner"]]


def test_things_of_others_are_not_matched_by_their_names_either(tenants: tuple[Api, Things]) -> None:
    """A batch and a statement name things in their bodies."""
    api, made = tenants
    opened = {**CLAIM, "text": TEXT, "opens": made["work_id"], "seal": "A" * 43 + "="}
    assert api("POST", "/v1/works", "stranger", json=opened).status_code in (400, 404)
    assert api("GET", f"/v1/sightings?work_id={made['work_id']}", "stranger").json()["items"] == []
