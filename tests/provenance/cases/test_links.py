"""Secret links: forged, replayed, expired, of another purpose."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from provenance.cases import links
from provenance.database.engine import Database
from provenance.database.tables import case_links
from provenance.errors import NotFound


def made(db: Database, party: int = 1, purpose: links.Purpose = "case", days: int = 14) -> str:
    with db.write() as connection:
        return links.make(connection, party, purpose, days)


def test_a_link_opens_the_case_of_its_party_as_often_as_wanted(db: Database) -> None:
    first, second, others = made(db), made(db), made(db, party=2)
    with db.read() as connection:
        for _ in range(2):
            assert [links.find(connection, secret) for secret in (first, second, others)] == [1, 1, 2]


def test_a_secret_has_256_bits_and_is_not_stored(sqlite_db: Database) -> None:
    secrets = {made(sqlite_db) for _ in range(50)}
    assert len(secrets) == 50
    assert all(len(secret) == len("sml_") + 43 for secret in secrets)
    with sqlite_db.read() as connection:
        stored = repr(connection.execute(sa.select(case_links)).all())
    assert not any(secret[4:] in stored for secret in secrets)


@pytest.mark.parametrize("change", ["cut", "longer", "other letter", "upper", "prefix", "empty", "huge", "surrogate"])
def test_a_forged_secret_opens_nothing(sqlite_db: Database, change: str) -> None:
    secret = made(sqlite_db)
    forged = {
        "cut": secret[:-1],
        "longer": secret + "A",
        "other letter": secret[:-2] + ("AA" if secret[-2:] != "AA" else "BB"),
        "upper": secret.swapcase(),
        "prefix": secret[4:],
        "empty": "",
        "huge": secret * 100_000,
        "surrogate": "\ud800" + secret,
    }[change]
    with sqlite_db.write() as connection:
        with pytest.raises(NotFound, match="opens nothing"):
            links.find(connection, forged)
        with pytest.raises(NotFound, match="opens nothing"):
            links.confirm(connection, forged)


def test_what_confirms_is_used_up_and_opens_no_case(db: Database) -> None:
    confirming, opening = made(db, 2, "confirm"), made(db)
    with db.write() as connection:
        with pytest.raises(NotFound):
            links.find(connection, confirming)
        with pytest.raises(NotFound):
            links.confirm(connection, opening)
        assert links.confirm(connection, confirming) == 2
    with db.write() as connection, pytest.raises(NotFound):
        links.confirm(connection, confirming)


def test_what_confirms_an_address_confirms_no_other_one(sqlite_db: Database) -> None:
    before, opening = made(sqlite_db, 1, "confirm"), made(sqlite_db, 1)
    with sqlite_db.write() as connection:
        links.unconfirm(connection, 1)
        with pytest.raises(NotFound):
            links.confirm(connection, before)
        assert links.find(connection, opening) == 1


def test_of_two_who_confirm_at_once_one_is_refused(db: Database) -> None:
    secret, together = made(db, 1, "confirm"), threading.Barrier(2)

    def attempt(_: int) -> bool:
        together.wait(60)
        try:
            with db.write() as connection:
                return links.confirm(connection, secret) == 1
        except NotFound:
            return False

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(attempt, range(2))) == [False, True]


def test_an_expired_link_opens_nothing_and_is_deleted(sqlite_db: Database) -> None:
    old, confirming, new = made(sqlite_db, days=-1), made(sqlite_db, purpose="confirm", days=0), made(sqlite_db)
    with sqlite_db.write() as connection:
        with pytest.raises(NotFound):
            links.find(connection, old)
        with pytest.raises(NotFound):
            links.confirm(connection, confirming)
    assert links.purge(sqlite_db) == 2
    with sqlite_db.read() as connection:
        assert links.find(connection, new) == 1


def test_a_link_that_is_taken_back_or_of_someone_erased_opens_nothing(sqlite_db: Database) -> None:
    untold, mine, others = made(sqlite_db), made(sqlite_db), made(sqlite_db, party=2)
    with sqlite_db.write() as connection:
        links.take_back(connection, untold)
        assert links.find(connection, mine) == 1
        links.forget(connection, 1)
        for secret in (untold, mine):
            with pytest.raises(NotFound):
                links.find(connection, secret)
        assert links.find(connection, others) == 2
