"""What a key may do and see: scopes, accounts, pages."""

from __future__ import annotations

from provenance.accounts import accounts
from provenance.accounts.accounts import NewAccount, NewApiKey
from tests.api.test_api import CLAIM, TEXT

# Which scope each operation asks for, or one of which; None: public. A route that is added must be added here.
# Which scope each operation asks for; "any": a key; None: public. A route that is added must be added here.
SCOPES = {
    "registerWork": "register",
    "prepareWork": "register",
    "registerWorks": "register",
    "listWorks": "register",
    "getWork": "register",
    "amendWork": "register",
    "transferWork": "register",
    "withdrawWork": "register",
    "eraseWork": "register",
    "getReceipt": "register",
    "getCertificate": "register",
    "getCredit": "lookup",
    "giveGrant": "register",
    "listGrants": "register",
    "revokeGrant": "register",
    "submitStatement": "register",
    "submitStatements": "register",
    "listSigningKeys": "register",
    "scanUpload": "scan",
    "scanUploads": "scan",
    "scanPost": "scan",
    "listScans": "scan",
    "getScan": "scan",
    "showScan": "scan",
    "listSightings": "lookup",
    "countSightings": "lookup",
    "getSighting": "lookup",
    "getSightingEvidence": "lookup",
    "showSighting": "lookup",
    "putOfficialAccount": "scan",
    "listOfficialAccounts": "scan",
    "getOfficialAccount": "scan",
    "eraseOfficialContact": "scan",
    "getStanding": "scan",
    "countAgainstAccount": "review",
    "answerStanding": "review",
    "addEvidence": "register",
    "listEvidence": "register",
    "withdrawEvidence": "register",
    "listCompetingClaims": ("lookup", "review"),
    "decideClaim": "review",
    "listClaimDecisions": "review",
    "getClaimDecision": "review",
    "reverseClaimDecision": "review",
    "addQualification": "scan",
    "listQualifications": "scan",
    "getQualification": "scan",
    "endQualification": "scan",
    "setPolicy": "scan",
    "listPolicies": "scan",
    "readPolicy": "scan",
    "checkPolicy": "scan",
    "tryPolicy": "scan",
    "listQueue": "review",
    "takeNext": "review",
    "getQueueItem": "review",
    "showQueueItem": "review",
    "getQueueItemEvidence": "review",
    "takeQueueItem": "review",
    "skipQueueItem": "review",
    "moveQueueItem": "review",
    "commentQueueItem": "review",
    "decideQueueItem": "review",
    "putQueueSettings": "scan",
    "decideScan": "review",
    "decideMany": "review",
    "listDecisions": "review",
    "getDecision": "review",
    "undoDecision": "review",
    "listStatementsOfReasons": "review",
    "exportStatementsOfReasons": "review",
    "getStatementOfReasons": "review",
    "exportStatementOfReasons": "review",
    "addStayDown": "review",
    "listStayDown": "review",
    "getStayDown": "review",
    "endStayDown": "review",
    "getHistory": "review",
    "getOverview": "review",
    "listRegimes": None,
    "fileNotice": None,
    "fileNotices": "any",
    "countNotices": "any",
    "findWorksForNotice": None,
    "getCaseByLink": None,
    "confirmAddress": None,
    "showConfirmation": None,
    "completeNotice": None,
    "fileCounterNotice": None,
    "showLegalAction": None,
    "appealCase": None,
    "writeInCase": None,
    "withdrawNotice": None,
    "getCaseFileByLink": None,
    "getStepReceipt": None,
    "listPublicCases": None,
    "getPublicCase": None,
    "listMonths": None,
    "getFeed": None,
    "listCases": "review",
    "getCase": "review",
    "getCaseFile": "review",
    "getMisuse": "review",
    "assignCase": "review",
    "forwardNotice": "review",
    "linkPoster": "review",
    "refuseNotice": "review",
    "putBack": "review",
    "decideCase": "review",
    "decideAppeal": "review",
    "takeMeasure": "review",
    "writeToParties": "review",
    "eraseParty": "review",
    "createWatch": "lookup",
    "listWatches": "lookup",
    "getWatch": "lookup",
    "removeWatch": "lookup",
    "createWebhook": "any",
    "listWebhooks": "any",
    "getWebhook": "any",
    "removeWebhook": "any",
    "rotateWebhook": "any",
    "tryWebhook": "any",
    "redeliverWebhook": "any",
    "listDeliveries": "any",
    "listJobs": "any",
    "getJob": "any",
    "listJobResults": "any",
    "cancelJob": "any",
    "getJobFile": "any",  # that of the list in it: test_exports
    "exportList": "any",  # that of the list that is asked for: test_exports
    "getUsage": "any",
    "createAccount": "admin",
    "listAccounts": "admin",
    "invitePerson": "admin",
    "listPeople": "admin",
    "disablePerson": "admin",
    "listSessions": "admin",
    "endSession": "admin",
    "createKey": "admin",
    "listKeys": "admin",
    "revokeKey": "admin",
    "limitKey": "admin",
    "getHealth": None,
    "getReadiness": None,
    "getMetrics": None,
    "getHmaStatus": "scan",
    "hashFile": "scan",
    "lookUpSignal": "scan",
    "lookUpSignalByBank": "scan",
    "lookUpFile": "scan",
    "getHmaIndexStatus": "scan",
    "listBanks": "scan",
    "getBankContent": "scan",
    "getCheckpoint": None,
    "getLogKeys": None,
    "getPolicy": None,
    "getTile": None,
    "getInclusionProof": None,
    "getConsistencyProof": None,
}


def test_each_operation_asks_for_its_scope(api) -> None:
    document = api("GET", "/openapi.json").json()
    operations = {
        operation["operationId"]: (method.upper(), path.replace("{", "").replace("}", ""))
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    assert operations.keys() == SCOPES.keys()
    for scope in accounts.SCOPES:
        key = accounts.issue_key(api.application.db, NewApiKey(account="producer", scopes=[scope]))
        api.keys[scope] = key.secret
    for name, (method, path) in operations.items():
        needed = SCOPES[name]
        assert (api(method, path).status_code == 401) is (needed is not None), name
        for scope in accounts.SCOPES:
            refused = api(method, path, scope, json={}).status_code == 403
            enough = (needed,) if needed is None or isinstance(needed, str) else needed
            assert refused is (needed not in (None, "any") and scope not in (*enough, "admin")), (name, scope)


def test_what_a_key_sees_is_its_accounts(api) -> None:
    """Works, scans, sightings and signing keys of others are not there; an administrator sees everybody's."""
    work = api("POST", "/v1/works", "producer", json={**CLAIM, "text": TEXT}).json()["work_id"]
    scan = api("POST", "/v1/scans", "platform", json={"text": TEXT, "account": "x"}).json()["scan_id"]
    seen = {
        "/v1/works": ["producer", "administrator"],
        f"/v1/works/{work}": ["producer", "administrator"],
        f"/v1/works/{work}/receipt": ["producer", "administrator"],
        f"/v1/works/{work}/certificate": ["producer", "administrator"],
        f"/v1/works/{work}/credit": ["producer", "administrator"],
        f"/v1/works/{work}/grants": ["producer", "administrator"],
        "/v1/scans": ["platform", "administrator"],
        f"/v1/scans/{scan}": ["platform", "administrator"],
        "/v1/sightings": ["producer", "administrator"],
        "/v1/signing-keys": ["producer", "administrator"],
    }
    accounts.create(api.application.db, NewAccount(name="other platform", kind="platform"))
    secret = accounts.issue_key(api.application.db, NewApiKey(account="other platform")).secret
    api.keys["other platform"] = secret
    for path, who in seen.items():
        for asking in (*who, "other platform" if "scans" in path else "rival"):
            answer = api("GET", path, asking)
            if path.count("/") > 2:
                assert answer.status_code == (200 if asking in who else 404), (path, asking)
            else:
                assert bool(answer.json()["items"]) is (asking in who), (path, asking)


def test_a_page_of_all_there_is_has_no_next(api) -> None:
    api("POST", "/v1/works/batch", "producer", json={"items": [{**CLAIM, "text": f"{n} {TEXT}"} for n in range(2)]})
    api("POST", "/v1/scans/batch", "platform", json={"items": [{"text": f"{n} {TEXT}"} for n in range(2)]})
    for path, who, count in (("works", "producer", 2), ("scans", "platform", 2), ("sightings", "producer", 4)):
        for limit, more in ((count - 1, True), (count, False), (count + 1, False)):
            page = api("GET", f"/v1/{path}", who, params={"limit": limit}).json()
            assert len(page["items"]) == min(limit, count)
            assert (page["next"] is not None) is more, (path, limit)
        for limit, status in ((0, 400), (1, 200), (500, 200), (501, 400)):
            assert api("GET", f"/v1/{path}", who, params={"limit": limit}).status_code == status, (path, limit)


def test_a_cursor_is_read_within_64_bits(api) -> None:
    for cursor, status in (("0" * 16, 200), ("7" + "f" * 15, 200), ("8" + "0" * 15, 400), ("-" + "0" * 15, 400)):
        assert api("GET", "/v1/works", "producer", params={"cursor": cursor}).status_code == status, cursor
