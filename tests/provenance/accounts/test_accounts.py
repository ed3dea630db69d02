"""Accounts and API keys."""

import pytest

from provenance.accounts import accounts
from provenance.accounts.accounts import NewAccount, NewApiKey, Principal
from provenance.application import Application
from provenance.database.tables import api_keys
from provenance.errors import BadInput, Conflict, Forbidden, NotFound, Unauthenticated

pytestmark = pytest.mark.slow


def test_a_key_is_shown_once_and_stored_hashed(application: Application) -> None:
    account = accounts.create(application.db, NewAccount(name="北岸周刊", kind="platform"))
    issued = accounts.issue_key(application.db, NewApiKey(account="北岸周刊"))
    assert issued.scopes == ["scan"]
    with application.db.read() as connection:
        rows = connection.execute(api_keys.select()).all()
    assert issued.secret.encode() not in b"".join(repr(tuple(row)).encode() for row in rows)
    principal = accounts.authenticate(application.db, issued.secret)
    assert principal.account_id == account.id
    principal.require("scan")
    with pytest.raises(Forbidden):
        principal.require("register")


def test_a_revoked_or_unknown_key_is_refused(application: Application) -> None:
    accounts.create(application.db, NewAccount(name="a"))
    issued = accounts.issue_key(application.db, NewApiKey(account="a"))
    accounts.revoke_key(application.db, issued.id)
    accounts.revoke_key(application.db, issued.id)
    for secret in (issued.secret, issued.secret + "x", "", "\ud800"):
        with pytest.raises(Unauthenticated):
            accounts.authenticate(application.db, secret)


def test_names_are_unique(application: Application) -> None:
    accounts.create(application.db, NewAccount(name="a"))
    with pytest.raises(Conflict):
        accounts.create(application.db, NewAccount(name="a"))
    with pytest.raises(NotFound):
        accounts.find(application.db, "b")
    with pytest.raises(NotFound):
        accounts.revoke_key(application.db, "key_none")


def test_the_local_account_is_made_once(application: Application) -> None:
    assert accounts.local(application.db) == accounts.local(application.db)


def test_a_key_without_scopes_is_not_made(sqlite_application: Application) -> None:
    accounts.create(sqlite_application.db, NewAccount(name="a"))
    with pytest.raises(BadInput, match="scopes"):
        accounts.issue_key(sqlite_application.db, NewApiKey(account="a", scopes=[]))
    assert accounts.keys(sqlite_application.db) == []


def test_an_administrator_may_do_everything() -> None:
    for scope in accounts.SCOPES:
        Principal("acc_1", frozenset(["admin"]), "key_1", "").require(scope)
        for other in set(accounts.SCOPES) - {scope, "admin"}:
            with pytest.raises(Forbidden, match=scope):
                Principal("acc_1", frozenset([other]), "key_1", "").require(scope)


def test_keys_are_listed_by_account(sqlite_application: Application) -> None:
    made = {}
    for name in ("a", "b"):
        account = accounts.create(sqlite_application.db, NewAccount(name=name))
        made[account.id] = accounts.issue_key(sqlite_application.db, NewApiKey(account=name)).id
    for account_id, key_id in made.items():
        assert [key.id for key in accounts.keys(sqlite_application.db, account_id)] == [key_id]
    assert {key.id for key in accounts.keys(sqlite_application.db)} == set(made.values())
