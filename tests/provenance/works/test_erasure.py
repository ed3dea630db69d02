"""Erasure: nothing personal is left in the database, and every older receipt still verifies."""

import hashlib
import json
import re
import uuid
from collections.abc import Container
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from fingerprints.source import Source
from provenance.accounts import accounts
from provenance.accounts.accounts import NewAccount
from provenance.application import Application
from provenance.auditing import fsck
from provenance.config import Settings
from provenance.database import idempotency, traces
from provenance.database.engine import Database
from provenance.database.tables import metadata, works
from provenance.errors import Conflict, Forbidden, NotFound, Unavailable
from provenance.scans import records, sightings
from provenance.schemas import RegistrationItem
from provenance.tlog import keys, merkle, statement, verify
from provenance.works import catalog, grants
from provenance.works.grants import NewGrant
from provenance.works.receipt_builder import build_receipt
from tests.provenance.conftest import ESSAY, ESSAY_ZH, register_work, scan_upload

pytestmark = pytest.mark.slow

OWNER, TITLE, ID = "Ottoline Quillfeather", "The Unrepeatable Harbour", "external-73921"


def everything(application: Application) -> str:
    """Every row of every table."""
    with application.db.read() as connection:
        return "\n".join(repr(row) for table in metadata.sorted_tables for row in connection.execute(sa.select(table)))


def test_proofs_stay(application: Application) -> None:
    local = accounts.local(application.db)
    result = register_work(application, ESSAY.encode(), owner=OWNER, title=TITLE, external_id=ID)
    rival = register_work(application, (ESSAY + " Later.").encode(), owner="Rival", title="Other")
    upload = scan_upload(application, ESSAY.encode(), post_url="https://p.example/1", caption=f"by {OWNER}")
    assert {m.work_id for m in upload.matches} == {result.work_id, rival.work_id}
    idempotency.once(application.db, local.id, "k", bytes(32), 24, lambda _: (200, upload.model_dump(mode="json")))
    before = build_receipt(application.db, application.log, result.work_id)
    assert all(word in everything(application) for word in (OWNER, TITLE, ID))

    record = application.erasures.erase(local, result.work_id)
    assert record.erased_at is not None
    assert record.withdrawn_at is not None
    assert record.claim.owner == record.claim.title == ""
    left = everything(application)
    assert not [word for word in (OWNER, TITLE, ID) if word in left]
    fingerprint = json.loads(before["opening.json"])["fingerprint"]["record"]["sha256"]
    assert fingerprint not in left

    digest = hashlib.sha256(ESSAY.encode()).digest()
    done = verify.verify_receipt(before, application.log.policy(), digest)
    assert done.ok
    assert done.facts["claim"]["owner"] == OWNER  # whoever was given it keeps what he was given
    after = build_receipt(application.db, application.log, result.work_id)
    assert "opening.json" not in after
    done = verify.verify_receipt(after, application.log.policy(), digest)
    assert done.ok
    assert "claim" not in done.facts

    assert {m.work_id for m in scan_upload(application, ESSAY.encode()).matches} == {rival.work_id}
    shown = records.get(application.db, upload.scan_id)
    assert [m.title for m in shown.matches if m.work_id == result.work_id] == [""]
    seen, _ = sightings.page(application.db, None)
    assert [(each.work_id, each.title, each.marking) for each in seen if each.work_id == result.work_id] == [
        (result.work_id, "", {})
    ]
    assert catalog.get(application.db, application.log.origin, rival.work_id).competing == []
    assert fsck.check(application.db, application.log)["problems"] == []
    with pytest.raises(Conflict, match="already"):
        application.erasures.erase(local, result.work_id)
    again = register_work(application, ESSAY.encode(), owner=OWNER, title=TITLE)
    assert again.status == "registered"


def test_its_grants_go_with_it(application: Application) -> None:
    local = accounts.local(application.db)
    kept, gone = register_work(application, ESSAY_ZH.encode()), register_work(application, ESSAY.encode())
    for work, to in ((kept, "Stays Daily"), (gone, "Thaddeus Grantee"), (gone, "Hepzibah Licensee")):
        given = application.grants.give(local, work.work_id, NewGrant(to=[to]))
    application.grants.revoke(local, given.grant_id)
    application.erasures.erase(local, gone.work_id)
    left = everything(application)
    assert "Stays Daily" in left
    assert not [name for name in ("Grantee", "Licensee") if name in left]
    assert grants.of_work(application.db, application.log.origin, gone.work_id) == []
    assert len(grants.of_work(application.db, application.log.origin, kept.work_id)) == 1
    assert fsck.check(application.db, application.log)["problems"] == []


def test_what_was_prepared_and_never_signed_goes_with_it(application: Application) -> None:
    local = accounts.local(application.db)
    item = RegistrationItem(owner=OWNER, title=TITLE)
    for text, other in ((ESSAY, item), (ESSAY_ZH, RegistrationItem(owner="Stays", title="Other"))):
        application.prepared.prepare(local, other, Source.blob(text.encode()))
    result = register_work(application, ESSAY.encode(), owner=OWNER, title=TITLE)
    application.erasures.erase(local, result.work_id)
    left = everything(application)
    assert not [word for word in (OWNER, TITLE) if word in left]
    assert "Stays" in left


def test_the_disk_forgets_too(sqlite_application: Application) -> None:
    application = sqlite_application
    register_work(application, ESSAY_ZH.encode(), owner="Other")
    result = register_work(application, ESSAY.encode(), owner=OWNER, title=TITLE)
    scan_upload(application, ESSAY.encode(), account="City Daily")  # its matches name the work

    def on_disk() -> bool:
        files = application.settings.home.rglob("*")
        return any(OWNER.encode() in path.read_bytes() for path in files if path.is_file())

    assert on_disk()
    application.erasures.erase(accounts.local(application.db), result.work_id)
    assert not on_disk()


def holds(folder: Path, *words: str, without: Container[Path] = ()) -> list[str]:
    """The files of a folder with one of these words in them; folders ``without`` are passed over."""
    wanted = re.compile("|".join(map(re.escape, words)).encode())
    files = (path for path in folder.rglob("*") if path.parent not in without and path.is_file())
    return [str(path.relative_to(folder)) for path in files if wanted.search(path.read_bytes())]


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_earlier_versions_of_rows_go_too(application: Application) -> None:
    """Of many works, also those whose rows were changed or moved before."""
    local = accounts.local(application.db)
    texts = [f"{ESSAY} Copy {number} of the ledger." for number in range(12)]
    made = [register_work(application, text.encode(), owner=f"{OWNER} {n}") for n, text in enumerate(texts)]
    for number, each in enumerate(made):
        application.grants.give(local, each.work_id, NewGrant(to=[f"{TITLE} Grantee {number}"]))
    application.withdrawals.withdraw(local, made[3].work_id)
    for each in made:
        application.erasures.erase(local, each.work_id)
    application.erasures.finish(rewrite=True)
    with application.db.read() as connection:
        assert connection.exec_driver_sql("PRAGMA temp_store").scalar() == 2  # as every session has it
    assert holds(application.settings.home, OWNER, TITLE) == []


def test_a_reader_of_an_older_state_is_told_and_waited_for(settings: Settings) -> None:
    settings = settings.model_copy(update={"database_timeout_seconds": 1})
    with Application(settings) as application, Application(settings) as other:
        local = accounts.local(application.db)
        one, two = (register_work(application, text.encode(), owner=OWNER) for text in (ESSAY, ESSAY_ZH))
        with other.db.read() as reading:
            if not other.db.is_sqlite:
                reading.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            assert reading.execute(sa.select(works.c.owner)).scalars().all() == [OWNER, OWNER]
            record = application.erasures.erase(local, one.work_id)
            assert record.erased_at is not None
            assert record.erasure_finished is False
            for asked in (application.erasures.finish, application.erasures.check_finished):
                with pytest.raises(Unavailable) as caught:
                    asked()
                assert caught.value.reason == "erasure_unfinished"
            if application.db.is_sqlite:
                assert holds(settings.home, OWNER)
        assert application.erasures.erase(local, two.work_id).erasure_finished is True  # the first one with it
        application.erasures.check_finished()
        assert catalog.get(application.db, application.log.origin, one.work_id).erasure_finished is True
        if application.db.is_sqlite:
            assert holds(settings.home, OWNER) == []


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_who_works_on_a_small_table_is_not_kept_waiting(application: Application, monkeypatch) -> None:
    """Where a table cannot be written anew soon, it is only vacuumed."""
    monkeypatch.setattr(traces, "_MAX_LOCK_SECONDS", 1)
    local, result = accounts.local(application.db), register_work(application, ESSAY.encode(), owner=OWNER)
    with application.db.alone() as connection:
        connection.execute(sa.text("BEGIN"))
        connection.execute(sa.text("LOCK TABLE works IN ACCESS SHARE MODE"))  # sees nothing old, but has the table
        assert application.erasures.erase(local, result.work_id).erasure_finished is True
        connection.execute(sa.text("COMMIT"))
    with application.db.read() as connection:
        assert connection.execute(sa.text("SHOW lock_timeout")).scalar() != "1s"


def test_a_role_that_may_not_vacuum_is_told(postgres) -> None:
    url = Settings(database_url=postgres(template="migrated")).url
    db, other = Database(url, 5), Database(url.replace("sourcemark@", "visitor@"), 5)
    with db.write() as connection:
        connection.execute(sa.text("DROP ROLE IF EXISTS visitor"))
        connection.execute(sa.text("CREATE ROLE visitor LOGIN"))
    with pytest.raises(Unavailable, match="does not own the tables works") as caught:
        traces.clear(other, [works])
    assert caught.value.reason == "erasure_unfinished"
    traces.clear(db, [works])
    for each in (db, other):
        each.close()


def test_the_files_of_postgresql_forget_too(postgres, tmp_path: Path) -> None:
    """With what the documentation names for what no erasure reaches."""
    url = postgres(template="migrated")
    settings = Settings(home=tmp_path / "home", database_url=url, workers=1, origin="log.test.example/sourcemark")
    files = Path(parse_qs(urlsplit(url).query)["host"][0]) / "data"
    owner, title = f"Wilhelmina {uuid.uuid4().hex}", f"Harbour {uuid.uuid4().hex}"
    page = Path(__file__).parents[3].joinpath("docs", "ledger.md").read_text().split("### What an erasure leaves", 1)[1]
    statements = page.split("```sql\n", 1)[1].split("```", 1)[0].strip().rstrip(";").split(";")
    with Application(settings) as application:
        local = accounts.local(application.db)
        works_ = [register_work(application, f"{ESSAY} {n}".encode(), owner=owner, title=title) for n in range(3)]
        application.grants.give(local, works_[0].work_id, NewGrant(to=[owner]))
        scan_upload(application, ESSAY.encode())
        with application.db.alone() as connection:
            connection.execute(sa.text("ANALYZE"))
            connection.execute(sa.text("CHECKPOINT"))
            own = connection.execute(sa.text("SELECT oid FROM pg_database WHERE datname = current_database()")).scalar()
        others = {path for path in (files / "base").iterdir() if path.name != str(own)}  # databases of other tests
        assert {Path(name).parts[0] for name in holds(files, owner, without=others)} >= {"base", "pg_wal"}
        for each in works_:
            application.erasures.erase(local, each.work_id)
        with application.db.alone() as connection:
            quoted = "SELECT count(*) FROM pg_stats WHERE most_common_vals::text LIKE :owner"
            assert connection.execute(sa.text(quoted), {"owner": f"%{owner}%"}).scalar() == 0
            connection.execute(sa.text("CHECKPOINT"))
            assert {Path(name).parts[0] for name in holds(files, owner, title, without=others)} <= {"pg_wal"}
            for statement_ in statements:
                connection.execute(sa.text(statement_))
        assert holds(files, owner, title, without=others) == []


def test_another_process_forgets_too(settings) -> None:
    with Application(settings) as one, Application(settings) as two:
        result = register_work(one, ESSAY.encode(), owner=OWNER)
        assert scan_upload(two, ESSAY.encode()).status == "matched"
        one.erasures.erase(None, result.work_id)  # the operator: no withdrawal entry, the erasure itself removes it
        assert scan_upload(two, ESSAY.encode()).status == "no_match"
        assert two.follower.position == one.follower.refresh()
        assert fsck.check(two.db, two.log)["problems"] == []
    with Application(settings) as three:
        assert scan_upload(three, ESSAY.encode()).status == "no_match"


def test_who_may_erase(application: Application) -> None:
    rival = accounts.create(application.db, NewAccount(name="rival"))
    result = register_work(application, ESSAY.encode(), owner=OWNER)
    with pytest.raises(NotFound):
        application.erasures.erase(rival, result.work_id)
    with pytest.raises(NotFound):
        application.erasures.erase(None, "work_nothing")
    with pytest.raises(Forbidden):
        application.erasures.erase(accounts.local(application.db), result.work_id, keys.new_signing_key())
    assert catalog.get(application.db, application.log.origin, result.work_id).withdrawn_at is None


def test_a_sealed_work_is_erased(application: Application) -> None:
    result = register_work(application, ESSAY.encode(), owner=OWNER, sealed=True)
    before = build_receipt(application.db, application.log, result.work_id)
    application.erasures.erase(accounts.local(application.db), result.work_id)
    assert OWNER not in everything(application)
    work = ESSAY.encode()
    done = verify.verify_receipt(
        before, None, hashlib.sha256(work).digest(), lambda s: hashlib.sha256(s + work).digest()
    )
    assert done.ok
    assert fsck.check(application.db, application.log)["problems"] == []


def test_the_log_refuses_an_erasure_of_nothing(application: Application) -> None:

    result = register_work(application, ESSAY.encode(), owner=OWNER)
    found = catalog.find(application.db, result.work_id)
    key = application.signing_keys.ensure_kept_key(accounts.local(application.db))
    for entry, index, erased in (
        (found.leaf_hash, found.index, ["nothing"]),
        (bytes(32), found.index, ["claim"]),
        (found.leaf_hash, 0, ["claim"]),
    ):
        made = statement.erasure(
            application.log.origin, entry=entry, index=index, erased=erased, after=application.log.head()
        )
        leaf = statement.sign(made, key)
        with application.db.write() as connection:
            application.log.submit(connection, [leaf])
        with pytest.raises(Conflict):
            application.log.commit([merkle.leaf_hash(leaf)])
    assert fsck.check(application.db, application.log)["problems"] == []
