"""Grants: what an owner allows beside the licence, in the log and in a scan's verdict."""

from __future__ import annotations

import json

import pytest

from provenance.accounts import accounts
from provenance.accounts.official import by_name
from provenance.application import Application
from provenance.auditing import fsck
from provenance.database.tables import entries, pending_entries
from provenance.errors import BadInput, Conflict, NotFound
from provenance.json_input import parse
from provenance.schemas import ScanItem
from provenance.tlog import envelope
from provenance.works import catalog, grants
from provenance.works.grants import Grant, NewGrant
from tests.provenance.conftest import ESSAY, register_work, scan_upload

POST = "By Marta Salt, first in Salt Weekly, https://salt.example/a/1\n\n" + ESSAY
NOW = "2026-06-01T12:00:00.000000Z"


def _registered(application: Application, licence: str | None = None) -> str:
    done = register_work(
        application,
        ESSAY.encode(),
        source_name="Salt Weekly",
        source_urls=["https://salt.example/a/1"],
        licence=licence,
    )
    assert done.work_id
    return done.work_id


def _give(application: Application, work_id: str, **terms: object) -> Grant:
    return application.grants.give(
        accounts.local(application.db), work_id, parse(NewGrant, {"to": ["City Daily"], **terms})
    )


def test_a_grant_is_the_permission_that_all_rights_reserved_asks_for(application: Application) -> None:
    work_id = _registered(application)
    before = scan_upload(application, POST.encode(), account="City Daily")
    assert (before.verdict, before.matches[0].permission.state) == ("review", "none")
    given = _give(application, work_id, note="Letter of 3 March")
    after = scan_upload(application, POST.encode(), account="CITY  Daily")
    permission = after.matches[0].permission
    assert (after.verdict, permission.state, permission.grant_id) == ("licensed", "permitted", given.grant_id)
    # marking stays what it is: the post itself states no permission
    assert after.matches[0].marking["licence_findings"] == ["permission_missing"]
    assert scan_upload(application, POST.encode(), account="Other Daily").verdict == "review"
    assert (
        scan_upload(application, ESSAY.encode(), account="City Daily").verdict == "uncredited"
    )  # credit is still owed
    stolen = scan_upload(application, b"By John Thief\n\n" + ESSAY.encode(), account="City Daily")
    assert stolen.verdict == "uncredited"
    ended = application.grants.revoke(accounts.local(application.db), given.grant_id)
    assert ended.revoked_at
    assert scan_upload(application, POST.encode(), account="City Daily").verdict == "review"
    with pytest.raises(Conflict, match="ended already"):
        application.grants.revoke(accounts.local(application.db), given.grant_id)
    assert [g.grant_id for g in grants.of_work(application.db, application.log.origin, work_id)] == [given.grant_id]


def test_no_credit_means_no_credit(sqlite_application: Application) -> None:
    _give(sqlite_application, _registered(sqlite_application), credit=False)
    assert scan_upload(sqlite_application, ESSAY.encode(), account="City Daily").verdict == "licensed"
    assert (
        scan_upload(sqlite_application, b"By John Thief\n\n" + ESSAY.encode(), account="City Daily").verdict
        == "uncredited"
    )


def test_the_log_holds_a_commitment_and_nobodys_name(sqlite_application: Application) -> None:
    application = sqlite_application
    given = _give(application, _registered(application), commercial=True, until="2027-12-31")
    with application.db.read() as connection:
        leaves = connection.execute(entries.select().where(entries.c.kind == "grant")).all()
    (leaf,) = [envelope.parse_leaf(row.leaf) for row in leaves]
    assert given.receipt is not None
    assert leaves[0].idx == given.receipt.index
    assert leaf.predicate["commitments"].keys() == {"terms"}
    assert "City Daily" not in json.dumps(leaf.statement)
    assert fsck.check(application.db, application.log)["problems"] == []


@pytest.mark.parametrize(
    ("terms", "post", "use", "gaps"),
    [
        ({}, {}, "full", []),
        ({}, {}, "adapted", ["grant_use"]),
        ({"uses": ["adapted"]}, {}, "adapted", []),
        ({}, {"commercial": True}, "full", ["grant_commercial"]),
        ({"commercial": True}, {"commercial": True}, "full", []),
        ({"until": "2026-06-01"}, {}, "full", []),
        ({"until": "2026-05-31"}, {}, "full", ["grant_expired"]),
        ({"until": "2026-06-01T14:00:00+08:00"}, {}, "full", ["grant_expired"]),
        ({"until": "2026-06-01T11:00:00-05:00"}, {}, "full", []),
        ({"until": "2026-06-01T12:00:00Z"}, {}, "full", []),
        ({"until": "2026-06-01T11:59:59Z"}, {}, "full", ["grant_expired"]),
        ({"until": "2026-06-01T12:00:01"}, {}, "full", []),
        ({"until": "2026-06-01T11:59:59"}, {}, "full", ["grant_expired"]),
        ({"until": "9999-12-31"}, {}, "full", []),  # no day comes after it
        ({"until": "0001-01-01T00:00:00+14:00"}, {}, "full", ["grant_expired"]),
        ({"territory": ["CN"]}, {"territory": "CN"}, "full", []),
        ({"territory": ["CN"]}, {"territory": "DE"}, "full", ["grant_territory"]),
        ({"territory": ["CN"]}, {}, "full", ["grant_territory_unknown"]),
        ({"territory": ["CN", "DE"]}, {"territory": "DE"}, "full", []),
        ({}, {"territory": "DE"}, "full", []),
        ({"uses": ["full"]}, {}, "quotation", ["grant_use"]),
        (
            {"until": "2026-05-31", "territory": ["CN"], "uses": ["adapted"]},
            {"territory": "DE", "commercial": True},
            "full",
            ["grant_expired", "grant_territory", "grant_use", "grant_commercial"],
        ),
    ],
)
def test_what_a_grant_covers(terms: dict[str, object], post: dict[str, object], use: str, gaps: list[str]) -> None:
    given = Grant(**{"to": ["城市日报"], **terms}, grant_id="g", work_id="w", given_at=NOW)  # type: ignore[arg-type]
    item = ScanItem.model_validate({"account": "城市日報", **post})
    found, missing = grants.applicable([given], by_name(item.account), item, use, NOW)  # type: ignore[arg-type]
    assert missing == gaps
    assert (found is given) is (gaps == [])
    assert grants.applicable(
        [given], by_name(ScanItem(account="别的号").account), ScanItem(account="别的号"), "full", NOW
    ) == (None, [])
    assert grants.applicable([given], by_name(ScanItem().account), ScanItem(), "full", NOW) == (None, [])


def _grant(grant_id: str, **terms: object) -> Grant:
    return Grant(**{"to": ["City Daily"], **terms}, grant_id=grant_id, work_id="w", given_at=NOW)  # type: ignore[arg-type]


def test_the_first_grant_that_covers_a_post_is_told() -> None:
    item = ScanItem(account="City Daily", commercial=True)
    given = [_grant("a"), _grant("b", commercial=True), _grant("c", commercial=True)]
    found, missing = grants.applicable(given, by_name(item.account), item, "full", NOW)
    assert found is given[1]
    assert missing == []


def test_the_gaps_are_those_of_the_grant_that_comes_nearest() -> None:
    item = ScanItem(account="City Daily", commercial=True)
    far, near = _grant("a", until="2026-05-01", uses=["adapted"]), _grant("b", until="2026-05-01", commercial=True)
    other = _grant("c", to=["Other Daily"])
    for given in ([far, near, other], [other, near, far]):
        assert grants.applicable(given, by_name(item.account), item, "full", NOW) == (None, ["grant_expired"])


def test_a_name_without_letters_is_nobodys() -> None:
    """Two accounts whose names fold to nothing are not the same, and nobody is not one of them."""
    given = [_grant("a", to=["!!!"])]
    for item in (ScanItem(), ScanItem(account="???"), ScanItem(account="City Daily")):
        assert grants.applicable(given, by_name(item.account), item, "full", NOW) == (None, [])


def test_everybody_beside_somebody() -> None:
    given = [_grant("a", to=["Other Daily", "*"])]
    for item in (ScanItem(), ScanItem(account="City Daily")):
        assert grants.applicable(given, by_name(item.account), item, "full", NOW) == (given[0], [])


def test_a_work_tells_its_own_grants_in_their_order(sqlite_application: Application) -> None:
    application = sqlite_application
    one, db, origin = _registered(application), application.db, application.log.origin
    two = str(register_work(application, (ESSAY + " More.").encode()).work_id)
    first, second = _give(application, one), _give(application, one, to=["Other Daily"])
    elsewhere = _give(application, two)
    assert [g.grant_id for g in grants.of_work(db, origin, one)] == [first.grant_id, second.grant_id]
    numbers = [catalog.find(db, work_id).id for work_id in (one, two)]
    found = grants.in_force(db, origin, numbers)
    assert [[g.grant_id for g in found[number]] for number in numbers] == [
        [first.grant_id, second.grant_id],
        [elsewhere.grant_id],
    ]
    application.grants.revoke(accounts.local(db), first.grant_id)
    assert [g.grant_id for g in grants.in_force(db, origin, numbers)[numbers[0]]] == [second.grant_id]
    assert grants.get(db, origin, first.grant_id).revoked_at is not None
    assert grants.in_force(db, origin, []) == {}
    stranger = accounts.create(db, accounts.NewAccount(name="Stranger"))
    with pytest.raises(NotFound):
        grants.of_work(db, origin, one, stranger.id)
    with pytest.raises(NotFound):
        grants.get(db, origin, second.grant_id, stranger.id)


def test_a_revocation_stands_in_the_log_once(sqlite_application: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    application, local = sqlite_application, accounts.local(sqlite_application.db)
    given = _give(application, _registered(application))
    signer = application.signing_keys.ensure_signer

    def revoked_meanwhile(*arguments: object) -> object:
        monkeypatch.undo()
        application.grants.revoke(local, given.grant_id)
        return signer(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(application.signing_keys, "ensure_signer", revoked_meanwhile)
    with pytest.raises(Conflict, match="ended already"):
        application.grants.revoke(local, given.grant_id)
    with application.db.read() as connection:
        ended = connection.execute(entries.select().where(entries.c.kind == "withdrawal")).all()
        waiting = connection.execute(pending_entries.select()).all()
    assert given.receipt is not None
    assert [envelope.parse_leaf(row.leaf).predicate["index"] for row in ended] == [given.receipt.index]
    assert waiting == []


def test_everybody(sqlite_application: Application) -> None:
    application = sqlite_application
    _give(application, _registered(application, "CC-BY-ND-4.0"), to=["*"])
    assert scan_upload(application, POST.encode()).verdict == "licensed"


def test_only_the_owner_of_the_registration_grants(sqlite_application: Application) -> None:
    application = sqlite_application
    work_id = _registered(application)
    stranger = accounts.create(application.db, accounts.NewAccount(name="Stranger"))
    with pytest.raises(NotFound):
        application.grants.give(stranger, work_id, NewGrant(to=["Stranger"]))
    given = _give(application, work_id)
    with pytest.raises(NotFound):
        application.grants.revoke(stranger, given.grant_id)
    application.withdrawals.withdraw(accounts.local(application.db), work_id)
    with pytest.raises(Conflict, match="withdrawn"):
        _give(application, work_id)


@pytest.mark.parametrize(
    ("terms", "key"),
    [
        ({"to": []}, "to"),
        ({"territory": ["china"]}, "territory"),
        ({"until": "soon"}, "until"),
        ({"uses": ["all"]}, "uses"),
    ],
)
def test_bad_terms_name_the_key(terms: dict[str, object], key: str) -> None:
    with pytest.raises(BadInput, match=f"^{key}"):
        parse(NewGrant, {"to": ["City Daily"], **terms})


def test_scans_have_no_room_for_a_wrong_country() -> None:
    with pytest.raises(BadInput, match=r"^territory"):
        parse(ScanItem, {"territory": "Germany"})


def test_a_request_that_is_carried_out_again_finds_its_grant(application: Application) -> None:
    """Its process was killed before it answered: it had entered the grant, or it had not."""
    local = accounts.local(application.db)
    work_id = register_work(application, ESSAY.encode()).work_id
    terms, ids = NewGrant(to=["City Daily"]), (bytes([1]) * 32, bytes([1]) * 32, bytes([2]) * 32)
    one, again, other = (application.grants.give(local, work_id, terms, request_id=each) for each in ids)
    assert one == again
    assert other.grant_id != one.grant_id
    assert len(grants.of_work(application.db, application.log.origin, work_id)) == 2
    assert fsck.check(application.db, application.log)["problems"] == []
