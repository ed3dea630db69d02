"""Evidence of claims, competing claims by its date, and decisions whose claim counts."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from provenance.accounts import accounts
from provenance.accounts.accounts import Account, NewAccount
from provenance.application import Application
from provenance.auditing import fsck
from provenance.database.tables import claim_decisions as decision_rows
from provenance.database.tables import claim_evidence, entries, openings
from provenance.errors import BadInput, Conflict, NotFound
from provenance.json_input import parse
from provenance.schemas import ClaimDecision, ClaimReversal, Evidence, NewClaimDecision, NewEvidence, ScanResult
from provenance.tlog import envelope
from provenance.works import claim_decisions, evidence
from tests.provenance.conftest import ESSAY, ESSAY_ZH, encoded, heard, listen, picture, register_work, scan_upload

DIGEST = "9f" * 32
CREDITED = "By Marta Salt, first in Salt Weekly, https://salt.example/a/1\n\n" + ESSAY
SOURCE = {"source_name": "Salt Weekly", "source_urls": ["https://salt.example/a/1"], "licence": "reprint-with-credit"}


def _account(application: Application, name: str, kind: str = "producer") -> Account:
    return accounts.create(application.db, parse(NewAccount, {"name": name, "kind": kind}))


def _registered(application: Application, account: str | None = None, content: bytes = b"", **claim: Any) -> str:
    done = register_work(application, content or ESSAY.encode(), account, **claim)
    assert done.work_id
    return done.work_id


def _add(application: Application, work_id: str, account: Account | None = None, **told: Any) -> Evidence:
    told = {"kind": "draft", "date": "2024-03-01", "digest": DIGEST, **told}
    acting = account or accounts.local(application.db)
    return application.evidence.add(acting, work_id, parse(NewEvidence, told))


def _decide(application: Application, account: Account, work_id: str, **told: Any) -> ClaimDecision:
    said = {"work_id": work_id, "outcome": "counts", "reason": "Dated drafts", "decided_by": "Reviewer 7", **told}
    return application.claim_decisions.decide(account, parse(NewClaimDecision, said))


def _reverse(application: Application, account: Account, decision: ClaimDecision) -> ClaimDecision:
    return application.claim_decisions.reverse(account, decision.decision_id, ClaimReversal(reason="It was forged"))


def _problems(application: Application) -> list[str]:
    return list(fsck.check(application.db, application.log)["problems"])


def _by_work(result: ScanResult) -> dict[str, str | None]:
    return {match.work_id: match.decided and match.decided.outcome for match in result.matches}


def test_evidence_is_an_entry_that_names_nobody(application: Application) -> None:
    work_id = _registered(application)
    added = _add(application, work_id, shows="Draft with corrections by Marta")
    published = _add(
        application, work_id, kind="publication", digest=None, date="2023-01-02", address="https://salt.example/a/1"
    )
    assert added.receipt is not None
    with application.db.read() as connection:
        leaves = connection.execute(sa.select(entries.c.leaf).where(entries.c.kind == "evidence")).scalars().all()
    assert len(leaves) == 2
    said = envelope.parse_leaf(leaves[0])
    assert said.predicate.keys() == {"nonce", "after", "index", "leafHash", "commitments"}
    assert b"Marta" not in said.payload
    listed = evidence.of_work(application.db, application.log.origin, work_id)
    assert [each.evidence_id for each in listed] == [added.evidence_id, published.evidence_id]
    taken = application.evidence.withdraw(accounts.local(application.db), added.evidence_id)
    assert taken.withdrawn_at is not None
    with pytest.raises(Conflict, match="ended already"):
        application.evidence.withdraw(accounts.local(application.db), added.evidence_id)
    claims = claim_decisions.competing(application.db, application.log.origin, work_id, accounts.local(application.db))
    assert [each.evidence_id for each in claims[0].evidence] == [published.evidence_id]
    assert claims[0].earliest == "2023-01-02"
    assert _problems(application) == []


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        ({"kind": "photo"}, "kind"),
        ({"date": "last year"}, "date"),
        ({"digest": None}, "SHA-256 of the document"),
        ({"digest": "AB" * 32}, "digest"),
        ({"kind": "publication"}, "where it was published"),
        ({"address": "file:///etc/passwd"}, "http"),
        ({"colour": "red"}, "colour: is no field"),
    ],
)
def test_evidence_that_shows_nothing_says_why(told: dict[str, Any], wrong: str) -> None:
    with pytest.raises(BadInput, match=wrong):
        parse(NewEvidence, {"kind": "draft", "date": "2024-03-01", "digest": DIGEST, **told})


def test_evidence_is_of_ones_own_works(sqlite_application: Application) -> None:
    application = sqlite_application
    work_id, rival = _registered(application), _account(application, "Rival")
    with pytest.raises(NotFound):
        _add(application, work_id, rival)
    added = _add(application, work_id)
    with pytest.raises(NotFound):
        application.evidence.withdraw(rival, added.evidence_id)
    with pytest.raises(NotFound):
        claim_decisions.competing(application.db, application.log.origin, work_id, rival)
    application.withdrawals.withdraw(accounts.local(application.db), work_id)
    with pytest.raises(Conflict, match="was withdrawn"):
        _add(application, work_id)


def test_claims_stand_by_the_date_of_their_evidence(sqlite_application: Application) -> None:
    """Not first come first served: who registered later may show the earlier date."""
    application = sqlite_application
    rival = _account(application, "Rival")
    first = _registered(application)
    second = _registered(application, "Rival", owner="Ines Vale", title="Ferry")
    _add(application, first, date="2024-03-01")
    listed = claim_decisions.competing(application.db, application.log.origin, first, rival)
    assert [claim.work_id for claim in listed] == [first, second]
    _add(application, second, rival, date="2019-05-06", kind="certificate", shows="Registry of 2019")
    listed = claim_decisions.competing(application.db, application.log.origin, first, accounts.local(application.db))
    assert [(claim.work_id, claim.earliest, claim.owner) for claim in listed] == [
        (second, "2019-05-06", "Ines Vale"),
        (first, "2024-03-01", "Marta Salt"),
    ]
    assert listed[0].evidence[0].shows == "Registry of 2019"


def test_a_rejected_claim_accuses_nobody(application: Application) -> None:
    local = accounts.local(application.db)
    ours = _registered(application, **SOURCE)
    _account(application, "Thief")
    theirs = _registered(application, "Thief", owner="John Thief", title="My Ferry")
    assert scan_upload(application, CREDITED.encode()).verdict == "review"  # who of the two?
    decided = _decide(application, local, theirs, counts=ours)
    result = scan_upload(application, CREDITED.encode())
    assert result.verdict == "licensed"
    assert _by_work(result) == {ours: "counts", theirs: "rejected"}
    bare = scan_upload(application, ESSAY.encode())
    assert bare.verdict == "uncredited"
    assert {match.work_id for match in bare.matches if match.credit_line} == {ours}  # nobody else is to be credited
    assert scan_upload(application, ESSAY.encode(), account="Marta Salt").verdict == "own"
    # the one whose claim was rejected does not clear his own post
    assert scan_upload(application, ESSAY.encode(), account="John Thief").verdict == "uncredited"
    # other platforms decide for themselves
    _account(application, "Forum", "platform")
    other = scan_upload(application, CREDITED.encode(), platform="Forum")
    assert (other.verdict, set(_by_work(other).values())) == ("review", {None})

    assert _problems(application) == []
    ended = _reverse(application, local, decided)
    assert (ended.reversal_reason, ended.reversed_at is not None) == ("It was forged", True)
    assert scan_upload(application, CREDITED.encode()).verdict == "review"
    with pytest.raises(Conflict, match="ended already"):
        _reverse(application, local, decided)
    assert _problems(application) == []


def test_where_the_claim_that_counts_is_not_matched_a_person_looks(sqlite_application: Application) -> None:
    application = sqlite_application
    local = accounts.local(application.db)
    ours = _registered(application, **SOURCE)
    _account(application, "Thief")
    theirs = _registered(application, "Thief", owner="John Thief", title="My Ferry")
    _decide(application, local, theirs, counts=ours)
    application.withdrawals.withdraw(local, ours)
    result = scan_upload(application, ESSAY.encode(), account="John Thief")
    assert (result.verdict, _by_work(result)) == ("review", {theirs: "rejected"})


def test_the_administrators_decision_counts_for_all_and_the_later_one_wins(sqlite_application: Application) -> None:
    application = sqlite_application
    admin, forum = _account(application, "Office", "administrator"), _account(application, "Forum", "platform")
    ours = _registered(application, **SOURCE)
    thief = _account(application, "Thief")
    theirs = _registered(application, "Thief", owner="John Thief", title="My Ferry")

    def seen() -> dict[str, str | None]:
        return _by_work(scan_upload(application, CREDITED.encode(), platform="Forum"))

    _decide(application, thief, ours, counts=theirs)  # what he decides counts for his own scans
    assert seen() == {ours: None, theirs: None}
    _decide(application, admin, theirs, counts=ours)
    assert seen() == {ours: "counts", theirs: "rejected"}
    own = _decide(application, forum, ours, counts=theirs)
    assert seen() == {ours: "rejected", theirs: "counts"}
    _reverse(application, forum, own)
    assert seen() == {ours: "counts", theirs: "rejected"}
    given_up = _decide(application, thief, theirs, counts=ours)  # of his own work he may
    assert given_up.receipt is not None
    page, _ = claim_decisions.page(application.db, application.log.origin, forum.id)
    assert [each.decision_id for each in page] == [own.decision_id]


def test_a_part_that_is_not_exclusive_accuses_nobody(sqlite_application: Application) -> None:
    application = sqlite_application
    local = accounts.local(application.db)
    work_id = _registered(application, content=(ESSAY_ZH + "\n\n" + ESSAY).encode())
    half = {"unit": "codepoint", "span": [0, len(ESSAY_ZH) + 1]}
    assert scan_upload(application, ESSAY_ZH.encode()).verdict == "uncredited"
    _decide(application, local, work_id, outcome="split", parts=[half])
    result = scan_upload(application, ESSAY_ZH.encode())
    assert (result.verdict, result.status, _by_work(result)) == ("clear", "matched", {work_id: "split"})
    assert scan_upload(application, ESSAY.encode()).verdict == "uncredited"
    assert scan_upload(application, (ESSAY_ZH + ESSAY).encode()).verdict == "uncredited"


def test_a_part_of_a_picture(sqlite_application: Application) -> None:
    application = sqlite_application
    local = accounts.local(application.db)
    whole = picture(3, (900, 600))
    work_id = _registered(application, content=encoded(whole))
    part = encoded(whole.crop((20, 20, 430, 580)))
    other = encoded(whole.crop((470, 20, 880, 580)))
    assert scan_upload(application, part).verdict == "uncredited"
    _decide(application, local, work_id, outcome="split", parts=[{"unit": "pixel", "span": [0, 0, 450, 600]}])
    assert _by_work(scan_upload(application, part)) == {work_id: "split"}
    assert _by_work(scan_upload(application, other)) == {work_id: None}


def test_what_cannot_be_decided_says_why(sqlite_application: Application) -> None:
    application = sqlite_application
    local, rival = accounts.local(application.db), _account(application, "Rival")
    ours, other = _registered(application), _registered(application, content=ESSAY_ZH.encode())
    with pytest.raises(Conflict, match="does not compete"):
        _decide(application, local, ours, counts=other)
    with pytest.raises(NotFound):
        _decide(application, rival, ours, outcome="split", parts=[{"unit": "second", "span": [0, 5]}])
    for told, wrong in (
        ({"outcome": "split"}, "parts: says"),
        ({}, "counts: names"),
        ({"outcome": "split", "parts": [{"unit": "pixel", "span": [0, 5]}]}, "a picture four"),
        ({"outcome": "split", "parts": [{"unit": "second", "span": [5, 5]}]}, "ends before"),
        ({"outcome": "split", "parts": [{"unit": "pixel", "span": [0, 0, 5, 0]}]}, "ends before"),
        ({"counts": other, "reason": " "}, "reason: must not be empty"),
    ):
        with pytest.raises(BadInput, match=wrong):
            _decide(application, local, ours, **told)


def test_erasing_a_work_takes_its_evidence_with_it(application: Application) -> None:
    local = accounts.local(application.db)
    ours = _registered(application)
    _account(application, "Thief")
    theirs = _registered(application, "Thief", owner="John Thief", title="My Ferry")
    taken = _add(application, ours, shows="Drafts of Marta")
    application.evidence.withdraw(local, taken.evidence_id)
    _add(application, ours)
    _reverse(application, local, _decide(application, local, ours, counts=theirs))
    _decide(application, local, theirs, counts=ours)
    application.erasures.erase(local, ours)
    with application.db.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(claim_evidence)).scalar_one() == 0
        assert connection.execute(sa.select(decision_rows.c.decision_id)).scalars().all() != []  # about the other work
        named = connection.execute(sa.select(openings.c.record).where(openings.c.name == "item")).scalars().all()
    assert named == []
    assert _problems(application) == []


def test_a_decision_that_the_log_does_not_back_does_not_count(sqlite_application: Application) -> None:
    application = sqlite_application
    local = accounts.local(application.db)
    ours = _registered(application, **SOURCE)
    thief = _account(application, "Thief")
    theirs = _registered(application, "Thief", owner="John Thief", title="My Ferry")
    _decide(application, thief, ours, counts=theirs)
    with application.db.write() as connection:  # his decision, made that of the platform
        connection.execute(decision_rows.update().values(account_id=local.id))
    assert _by_work(scan_upload(application, CREDITED.encode())) == {ours: None, theirs: None}
    assert _problems(application) == [f"account_id of {_only(application)} was changed in the database"]


def _only(application: Application) -> str:
    with application.db.read() as connection:
        return str(connection.execute(sa.select(decision_rows.c.decision_id)).scalar_one())


def test_evidence_comes_with_a_registration_once(sqlite_application: Application) -> None:
    application = sqlite_application
    shown = [
        {"kind": "draft", "date": "2024-03-01", "digest": DIGEST},
        {"kind": "publication", "date": "2024-04-01", "address": "https://salt.example/a/1"},
    ]
    work_id = _registered(application, evidence=shown)
    assert _registered(application, evidence=shown[:1]) == work_id  # sent again
    found = evidence.of_work(application.db, application.log.origin, work_id)
    assert [each.kind for each in found] == ["draft", "publication"]
    sealed = register_work(application, b"A sealed work.", sealed=True, evidence=shown).work_id
    assert sealed is not None
    assert len(evidence.of_work(application.db, application.log.origin, sealed)) == 2
    assert _problems(application) == []


def test_the_account_of_an_earlier_work_is_told(sqlite_application: Application) -> None:
    application = sqlite_application
    work_id = _registered(application)
    listen(application, accounts.local(application.db).id, "claim.contested")
    also = _registered(application, owner="Marta and Co")  # the same account's: nobody is told
    _account(application, "Rival")
    theirs = _registered(application, "Rival", owner="Ines Vale")
    assert [(each["work_id"], each["competing"]) for each in heard(application)] == [
        (work_id, [theirs]),
        (also, [theirs]),
    ]
