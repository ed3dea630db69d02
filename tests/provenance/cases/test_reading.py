"""What each reader of a case is shown, what a receipt proves, what an erasure leaves."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa

from provenance import spreadsheet
from provenance.application import Application
from provenance.auditing import fsck
from provenance.cases import files, reading, register
from provenance.cases.files import Upload
from provenance.cases.notices import Filed
from provenance.database.tables import case_files, case_links, case_parties, case_steps, openings
from provenance.errors import Conflict, NotFound
from provenance.schemas.case import CaseDecision, CaseRecord, Measure, Role, StaffMessage
from provenance.schemas.notice import CounterNotice, Message, Notice
from provenance.tlog import verify
from tests.provenance.cases.people import ANN, ANSWER, NOTICE, countered, file, forwarded, party, state

PROOF = Upload("draft of Marta.txt", b"The ferry to the salt islands, a draft")
PRIVATE = ("Marta Salt", "marta@salt.example", "1 Quay", "555 0100", "They copied", "draft of Marta", "Paul Poster")
PRIVATE += ("paul@post.example", "2 Hill", "I have a licence", "ID 7")


def read(app: Application, filed: Filed, role: Role | None = None) -> CaseRecord:
    if role is None:
        return reading.get(app.db, app.log, app.regimes, filed.case_id, None)
    return reading.for_party(app.db, app.log, app.regimes, party(app, filed.case_id, role))


def closed(app: Application, **said: Any) -> Filed:
    """A case that the poster answered and that was withdrawn after it."""
    filed = countered(app, **said)
    app.proceedings.withdraw(filed.party)
    return filed


# --- views -----------------------------------------------------------------------------------------------------------
def test_dmca_forwards_the_notifier_s_name_and_nothing_it_does_not_demand(sqlite_application: Application) -> None:
    filed = countered(sqlite_application)
    seen = read(sqlite_application, filed, "poster").model_dump_json()
    assert "Marta Salt" in seen
    assert "They copied my essay." in seen
    for hidden in ("1 Quay", "555 0100"):
        assert hidden not in seen
    seen = read(sqlite_application, filed, "notifier").model_dump_json()
    assert "2 Hill" in seen
    assert "I have a licence." in seen


@pytest.mark.parametrize(("regime", "state_"), [("eu-dsa", "counter_notice"), ("cn-cc", "clock_running")])
def test_other_regimes_keep_each_side_s_person_from_the_other(
    sqlite_application: Application, regime: str, state_: str
) -> None:
    app = sqlite_application
    proof = [{"name": "draft of Marta.txt", "sha256": "a" * 64}]
    filed = forwarded(app, regime=regime, identity="ID 7", files=proof)
    answer = CounterNotice.model_validate({**ANSWER, "identity": "ID 8", "files": proof})
    assert app.proceedings.counter(party(app, filed.case_id, "poster"), answer) == state_
    for role, own, other in (("notifier", "Marta Salt", "Paul Poster"), ("poster", "Paul Poster", "Marta Salt")):
        seen = read(app, filed, role).model_dump_json()
        assert own in seen
        assert other not in seen
    for hidden in ("marta@salt.example", "1 Quay", "555 0100", "ID 7"):
        assert hidden not in read(app, filed, "poster").model_dump_json()
    assert all(each in read(app, filed).model_dump_json() for each in ("Marta Salt", "Paul Poster"))


def test_messages_and_measures_are_for_whom_they_are_addressed_to(sqlite_application: Application) -> None:
    app = sqlite_application
    filed = forwarded(app)
    app.proceedings.message(filed.party, Message(text="Between us"), [PROOF])
    app.case_decisions.message(ANN, filed.case_id, StaffMessage(text="To the poster", to=["poster"]))
    why = {"act": "warn", "against": "notifier", "reason": "rude", "explanation": "Be polite"}
    app.case_decisions.measure(ANN, filed.case_id, Measure.model_validate(why))
    views = {role: read(app, filed, role).model_dump_json() for role in ("notifier", "poster")}
    assert "Between us" in views["notifier"]
    assert "Between us" not in views["poster"]
    assert "To the poster" in views["poster"]
    assert "To the poster" not in views["notifier"]
    assert "Be polite" in views["notifier"]
    assert "rude" not in views["poster"]
    assert all("Ann Li" not in view for view in views.values())
    kept = read(app, filed).steps[2].files[0]
    assert reading.file(app.db, app.case_files, filed.case_id, kept.file_id, None) == (PROOF.name, PROOF.content)
    with pytest.raises(NotFound):
        reading.file(app.db, app.case_files, filed.case_id, kept.file_id, "poster")
    with pytest.raises(NotFound):
        reading.receipt(app.db, app.log, filed.case_id, 3, "poster")
    assert "message" not in [each.name for each in register.get(app.db, app.log, filed.case_id).steps]


def test_lists_find_cases_by_what_they_are_about(sqlite_application: Application) -> None:
    app = sqlite_application
    one, two = forwarded(app), file(app, addresses=["https://forum.example/p/2"])
    app.case_decisions.assign(ANN, one.case_id, ANN)

    def ids(**sought: Any) -> list[str]:
        return [each.case_id for each in reading.page(app.db, None, reading.Sought(**sought))[0]]

    assert ids() == [one.case_id, two.case_id]
    assert ids(state="forwarded") == ids(assignee="Ann Li") == ids(address="https://forum.example/p/1") == [one.case_id]
    assert ids(overdue=True) == ids(work_id="work_none") == []
    first, more = reading.page(app.db, None, reading.Sought(), limit=1)
    assert (first[0].case_id, reading.page(app.db, None, reading.Sought(), after=more or 0)[0][0].case_id) == (
        one.case_id,
        two.case_id,
    )
    assert reading.page(app.db, "acc_other", reading.Sought()) == ([], None)
    with pytest.raises(NotFound):
        reading.party_of(app.db, one.case_id, "acc_other")


# --- files -----------------------------------------------------------------------------------------------------------
def test_files_are_encrypted_at_rest_or_kept_as_hashes(sqlite_settings: Any) -> None:
    with Application(sqlite_settings) as app:
        filed = file(app, [PROOF])
        stored = sqlite_settings.home.rglob("*")
        assert all(PROOF.content not in path.read_bytes() for path in stored if path.is_file())
        only = read(app, filed).steps[0].files[0]
        assert only.kept
        with app.db.write() as connection:
            connection.execute(case_files.update().values(file_id="file_moved"))
        with app.db.read() as connection, pytest.raises(Exception, match="does not open"):
            app.case_files.open(connection.execute(sa.select(case_files)).one())
    with Application(sqlite_settings.model_copy(update={"case_files": "hash"})) as app:
        filed = file(app, [PROOF])
        only = read(app, filed).steps[0].files[0]
        assert not only.kept
        with pytest.raises(NotFound, match="only the hash"):
            reading.file(app.db, app.case_files, filed.case_id, only.file_id, None)


# --- the log ---------------------------------------------------------------------------------------------------------
def test_a_party_proves_offline_what_it_filed_and_when(application: Application) -> None:
    filed = countered(application, explanation="他们抄了我的文章 🧂")
    said = reading.receipt(application.db, application.log, filed.case_id, 1, "notifier")
    done = verify.verify_receipt(said, policy=application.log.policy())
    assert done.verdict == "valid"
    assert done.facts["kind"] == "notice"
    assert done.facts["opened"]["facts"]["case"] == filed.case_id
    assert done.facts["opened"]["said"]["notice"]["explanation"] == "他们抄了我的文章 🧂"
    forged = {name: data.replace(b"essay", b"novel") for name, data in said.items()}
    assert verify.verify_receipt(forged, policy=application.log.policy()).verdict == "not_valid"
    others = reading.receipt(application.db, application.log, filed.case_id, 1, "poster")
    assert list(verify.verify_receipt(others, policy=application.log.policy()).facts["opened"]) == ["facts"]
    assert not any(b"Marta" in data for data in others.values())


def test_nothing_personal_is_in_the_log_and_every_row_is_bound(application: Application) -> None:
    filed = closed(application)
    application.proceedings.confirm(forwarded(application, addresses=["https://forum.example/p/9"]).party)
    with application.db.read() as connection:
        leaves = connection.exec_driver_sql("SELECT leaf FROM entries").scalars().all()
    assert not any(private.encode() in bytes(leaf) for leaf in leaves for private in (*PRIVATE, "forum.example"))
    assert fsck.check(application.db, application.log)["problems"] == []
    with application.db.write() as connection:
        mine = case_steps.c.name == "forward"
        connection.execute(case_steps.update().where(mine).values(state="closed", at="2026-01-01T00:00:00.000000Z"))
    problems = "\n".join(fsck.check(application.db, application.log)["problems"])
    assert "state, at of step_" in problems
    assert state(application, filed.case_id).state == "withdrawn"


def test_a_step_that_was_deleted_or_made_up_is_found(sqlite_application: Application) -> None:
    app = sqlite_application
    forwarded(app)
    with app.db.write() as connection:
        connection.exec_driver_sql("DELETE FROM case_letters")
        connection.execute(case_steps.update().where(case_steps.c.number == 2).values(leaf_hash=b"\1" * 32))
    problems = "\n".join(fsck.check(app.db, app.log)["problems"])
    assert "is missing from the database" in problems
    assert "stands for no entry of the log" in problems


# --- erasure ---------------------------------------------------------------------------------------------------------
def test_an_erased_party_leaves_the_facts_and_every_proof(application: Application) -> None:
    app = application
    running = countered(app, addresses=["https://forum.example/p/8"])
    with pytest.raises(Conflict, match="has not ended"):
        app.case_erasures.forget(running.case_id, "notifier", None)
    filed = closed(app)
    before = reading.receipt(app.db, app.log, filed.case_id, 1, "notifier")
    app.case_erasures.forget(filed.case_id, "notifier", None)
    assert verify.verify_receipt(before, policy=app.log.policy()).verdict == "valid"
    after = verify.verify_receipt(reading.receipt(app.db, app.log, filed.case_id, 1, None), policy=app.log.policy())
    assert (after.verdict, list(after.facts["opened"])) == ("valid", ["facts"])
    case = read(app, filed)
    assert [each.erased for each in case.parties] == [True, False]
    assert "Marta" not in case.model_dump_json()
    assert "Paul Poster" in case.model_dump_json()
    assert [each.name for each in case.steps][:2] == ["file", "forward"]
    assert case.steps[0].facts["addresses"] == ["https://forum.example/p/1"]
    assert fsck.check(app.db, app.log)["problems"] == []
    with pytest.raises(Conflict, match="erased already"):
        app.case_erasures.forget(filed.case_id, "notifier", None)
    with pytest.raises(NotFound):
        app.case_erasures.forget(file(app).case_id, "poster", None)


def test_the_files_of_the_database_forget_an_erased_party(sqlite_settings: Any) -> None:
    with Application(sqlite_settings) as app:
        filed = file(app, [PROOF], name="Ludmilla Unrepeatable")
        app.proceedings.withdraw(filed.party)
        app.case_erasures.forget(filed.case_id, "notifier", None)
        stored = [path for path in sqlite_settings.home.rglob("*") if path.is_file()]
        assert not any(b"Ludmilla Unrepeatable" in path.read_bytes() for path in stored)


def test_parties_are_erased_by_the_setting_once_their_case_has_ended(sqlite_application: Application) -> None:
    app = sqlite_application
    filed, running = closed(app), forwarded(app, addresses=["https://forum.example/p/8"])
    assert app.case_erasures.purge(0) == app.case_erasures.purge(30) == 0
    with app.db.write() as connection:
        connection.exec_driver_sql("UPDATE cases SET closed_at = '2020-01-01' WHERE closed_at IS NOT NULL")
    assert app.case_erasures.purge(30) == 2
    assert "Marta" not in read(app, filed).model_dump_json()
    assert "Marta" in read(app, running).model_dump_json()
    with app.db.read() as connection:
        assert connection.execute(sa.select(case_links)).all() == []
        gone = sa.select(openings.c.name).join(case_steps, case_steps.c.leaf_hash == openings.c.leaf_hash)
        theirs = gone.join(case_parties, case_parties.c.id == case_steps.c.party)
        kept = connection.execute(theirs.where(case_parties.c.erased_at.is_not(None)).distinct()).scalars().all()
    assert kept == ["facts"]


# --- the register ----------------------------------------------------------------------------------------------------
def test_the_register_names_nobody(application: Application) -> None:
    app = application
    filed, unconfirmed = countered(app), file(app, addresses=["https://forum.example/p/5"])
    decided = CaseDecision(finding="founded", outcome="restrict", reason="copied", explanation="Marta Salt is right.")
    app.case_decisions.decide(ANN, filed.case_id, decided)
    found, more = register.page(app.db, app.log, register.Sought())
    assert ([each.case_id for each in found], more) == ([filed.case_id], None)
    shown = json.dumps([each.model_dump() for each in (*found, *register.newest(app.db, app.log, register.Sought()))])
    assert not any(private in shown for private in (*PRIVATE, "Ann Li", "key_ann"))
    steps = register.get(app.db, app.log, filed.case_id).steps
    assert [(each.name, each.finding, each.outcome) for each in steps][-1] == ("decide", "founded", "restrict")
    assert all(each.receipt is not None for each in steps)
    with pytest.raises(NotFound):  # nobody publishes a complaint by sending one
        register.get(app.db, app.log, unconfirmed.case_id)
    by = {"address": "https://forum.example/p/1", "regime": "us-dmca", "since": "2020"}
    assert len(register.page(app.db, app.log, register.Sought(**by))[0]) == 1
    for other in ({"address": "https://forum.example/p/2"}, {"work_id": "work_x"}, {"since": "2999"}):
        assert register.page(app.db, app.log, register.Sought(**other)) == ([], None)


def test_months_are_counted(application: Application) -> None:
    app = application
    countered(app)
    closed(app, addresses=["https://forum.example/p/2"])
    file(app, addresses=["https://forum.example/p/3"], signature=None)
    (month,) = register.months(app.db)
    assert (month.regime, month.filed, month.incomplete, month.counter_notices) == ("us-dmca", 3, 1, 2)
    assert (month.withdrawn, month.open, month.founded) == (1, 2, 0)
    assert register.months(app.db, regime="eu-dsa") == []


# --- hostile words ---------------------------------------------------------------------------------------------------
HOSTILE = ("=HYPERLINK(1)", "<script>alert(1)</script>", "\u202eevil", "＝1+1", "a\u0000b", "-1+1\r\nBcc: x@y.example")


@pytest.mark.parametrize("words", HOSTILE)
def test_markup_and_formulas_are_words_wherever_they_stand(sqlite_application: Application, words: str) -> None:
    app = sqlite_application
    fields = ("name", "postal_address", "phone", "identity", "explanation", "signature", "work_description")
    for field in fields:
        try:
            notice = Notice.model_validate({**NOTICE, field: words, "addresses": [f"https://f.example/{field}"]})
        except ValueError:
            assert any(each in words for each in "\0\r\n\u202e") or field == "explanation"
            continue
        filed = app.notices.file(notice)
        seen = read(app, filed)
        assert seen.steps[0].said is not None
        assert seen.steps[0].said["notice"][field] == getattr(notice, field)
    hostile = f"https://f.example/?q={'=1+1' if words.startswith('=') else 'x'}<b>"
    public = forwarded(app, addresses=[hostile])
    line = spreadsheet.row(register.cells(register.get(app.db, app.log, public.case_id)))
    assert line.count("\n") == 1
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in line.split(","))


def test_a_file_s_name_and_size_are_checked(sqlite_application: Application) -> None:
    from provenance.errors import BadInput, TooLarge

    for upload, error in (
        (Upload("", b"x"), BadInput),
        (Upload("a\nb", b"x"), BadInput),
        (Upload("big", bytes((20 << 20) + 1)), TooLarge),
    ):
        with pytest.raises(error):
            file(sqlite_application, [upload])
    with pytest.raises(BadInput, match="at most"):
        file(sqlite_application, [Upload("x", b"x")] * (files.MAX_FILES + 1))
