"""Grants: what an owner allows beside the licence, in the log and in a scan's verdict."""

from __future__ import annotations

import json

import pytest

from provenance.accounts import accounts
from provenance.application import Application
from provenance.auditing import fsck
from provenance.database.tables import entries
from provenance.errors import BadInput, Conflict, NotFound
from provenance.schemas import ScanItem, parse
from provenance.tlog import envelope
from provenance.works import grants
from provenance.works.grants import Grant, NewGrant
from tests.provenance.conftest import ESSAY, register_work, scan_upload

POST = "By Marta Salt, first in Salt Weekly, https://salt.example/a/1\n\n" + ESSAY
NOW = "2026-06-01T12:00:00.000000Z"


def _registered(service: Application, licence: str | None = None) -> str:
    done = register_work(
        service, ESSAY.encode(), source_name="Salt Weekly", source_urls=["https://salt.example/a/1"], licence=licence
    )
    assert done.work_id
    return done.work_id


def _give(service: Application, work_id: str, **terms: object) -> Grant:
    return service.grants.give(accounts.local(service.db), work_id, parse(NewGrant, {"to": ["City Daily"], **terms}))


def test_a_grant_is_the_permission_that_all_rights_reserved_asks_for(service: Application) -> None:
    work_id = _registered(service)
    before = scan_upload(service, POST.encode(), account="City Daily")
    assert (before.verdict, before.matches[0].permission.state) == ("review", "none")
    given = _give(service, work_id, note="Letter of 3 March")
    after = scan_upload(service, POST.encode(), account="CITY  Daily")
    permission = after.matches[0].permission
    assert (after.verdict, permission.state, permission.grant_id) == ("licensed", "permitted", given.grant_id)
    # marking stays what it is: the post itself states no permission
    assert after.matches[0].marking["licence_findings"] == ["permission_missing"]
    assert scan_upload(service, POST.encode(), account="Other Daily").verdict == "review"
    assert scan_upload(service, ESSAY.encode(), account="City Daily").verdict == "uncredited"  # credit is still owed
    stolen = scan_upload(service, b"By John Thief\n\n" + ESSAY.encode(), account="City Daily")
    assert stolen.verdict == "uncredited"
    ended = service.grants.revoke(accounts.local(service.db), given.grant_id)
    assert ended.revoked_at
    assert scan_upload(service, POST.encode(), account="City Daily").verdict == "review"
    with pytest.raises(Conflict, match="revoked already"):
        service.grants.revoke(accounts.local(service.db), given.grant_id)
    assert [g.grant_id for g in grants.of_work(service.db, service.log.origin, work_id)] == [given.grant_id]


def test_no_credit_means_no_credit(sqlite_service: Application) -> None:
    _give(sqlite_service, _registered(sqlite_service), credit=False)
    assert scan_upload(sqlite_service, ESSAY.encode(), account="City Daily").verdict == "licensed"
    assert (
        scan_upload(sqlite_service, b"By John Thief\n\n" + ESSAY.encode(), account="City Daily").verdict == "uncredited"
    )


def test_the_log_holds_a_commitment_and_nobodys_name(sqlite_service: Application) -> None:
    service = sqlite_service
    given = _give(service, _registered(service), commercial=True, until="2027-12-31")
    with service.db.read() as connection:
        leaves = connection.execute(entries.select().where(entries.c.kind == "grant")).all()
    (leaf,) = [envelope.parse_leaf(row.leaf) for row in leaves]
    assert given.receipt is not None
    assert leaves[0].idx == given.receipt.index
    assert leaf.predicate["commitments"].keys() == {"terms"}
    assert "City Daily" not in json.dumps(leaf.statement)
    assert fsck.check(service.db, service.log)["problems"] == []


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
        ({"territory": ["CN"]}, {"territory": "CN"}, "full", []),
        ({"territory": ["CN"]}, {"territory": "DE"}, "full", ["grant_territory"]),
        ({"territory": ["CN"]}, {}, "full", ["grant_territory_unknown"]),
    ],
)
def test_what_a_grant_covers(terms: dict[str, object], post: dict[str, object], use: str, gaps: list[str]) -> None:
    given = Grant(**{"to": ["城市日报"], **terms}, grant_id="g", work_id="w", given_at=NOW)  # type: ignore[arg-type]
    item = ScanItem.model_validate({"account": "城市日報", **post})
    found, missing = grants.chosen([given], item, use, NOW)  # type: ignore[arg-type]
    assert missing == gaps
    assert (found is given) is (gaps == [])
    assert grants.chosen([given], ScanItem(account="别的号"), "full", NOW) == (None, [])
    assert grants.chosen([given], ScanItem(), "full", NOW) == (None, [])


def test_everybody(sqlite_service: Application) -> None:
    service = sqlite_service
    _give(service, _registered(service, "CC-BY-ND-4.0"), to=["*"])
    assert scan_upload(service, POST.encode()).verdict == "licensed"


def test_only_the_owner_of_the_registration_grants(sqlite_service: Application) -> None:
    service = sqlite_service
    work_id = _registered(service)
    stranger = accounts.create(service.db, accounts.NewAccount(name="Stranger"))
    with pytest.raises(NotFound):
        service.grants.give(stranger, work_id, NewGrant(to=["Stranger"]))
    given = _give(service, work_id)
    with pytest.raises(NotFound):
        service.grants.revoke(stranger, given.grant_id)
    service.withdrawals.withdraw(accounts.local(service.db), work_id)
    with pytest.raises(Conflict, match="withdrawn"):
        _give(service, work_id)


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
