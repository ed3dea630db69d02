"""What the ledger must survive or expose, line by line: which test shows it, and here the tests of what had none.

Each test names what detects the attack: the sequencer, `fsck`, an audit, a witness, or a receipt's verification.
"""

import re
import shutil
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from provenance.accounts import accounts
from provenance.application import Application
from provenance.auditing import fsck
from provenance.auditing.report import audit_report
from provenance.config import Settings
from provenance.database.tables import entries
from provenance.errors import LedgerReadOnly, VerificationFailed
from provenance.ledger import tile_store
from provenance.ledger.publisher import Publisher
from provenance.tlog import envelope, keys, merkle, note, statement, tiles, verify
from provenance.tlog.checkpoint import Checkpoint
from provenance.tlog.cosignature import verify_signature
from provenance.tlog.signed_checkpoint import open_checkpoint, sign_checkpoint
from provenance.works.receipt_builder import build_receipt
from tests.provenance.conftest import ESSAY, register_work
from tests.provenance.ledger.small_log import LOG_KEYS, ORIGIN, SmallLog, enrolment, registration

pytestmark = pytest.mark.slow

# The line, and the tests that show it: file and function below tests/.
COVERED = {
    "edited and deleted rows": "provenance/ledger/test_sequencer.py test_every_edit_in_the_database_is_found",
    "swapped rows": "provenance/ledger/test_attacks.py test_swapped_rows_are_found_by_fsck",
    "edited tiles": "provenance/auditing/test_auditor.py test_every_edit_of_every_file_is_found",
    "edited openings": "provenance/ledger/test_sequencer.py test_every_edit_in_the_database_is_found",
    "an edit on disk while stopped": "provenance/ledger/test_attacks.py test_an_edit_while_stopped_is_found_by_fsck",
    "hidden tail": "provenance/ledger/test_attacks.py test_a_hidden_tail_is_found_by_fsck",
    "hidden tail, published": "provenance/auditing/test_auditor.py test_what_lies_past_the_signed_size",
    "one flipped bit between hash and signature": "provenance/ledger/test_attacks.py "
    "test_a_flipped_bit_before_the_signature_is_found_by_the_sequencer",
    "rewrite of everything with the log key": "provenance/ledger/test_witness.py test_a_rewritten_log_gets_no_cosignature",
    "fork to one client": "provenance/ledger/test_attacks.py test_a_clone_that_writes_on_is_found_by_an_audit",
    "fork, shown to a witness": "provenance/auditing/test_witness_server.py test_never_two_roots_of_one_size",
    "rollback": "provenance/ledger/test_witness.py test_a_machine_put_back_whole_is_found_by_the_witnesses",
    "restored backup that keeps writing": "provenance/ledger/test_sequencer.py test_a_restored_backup_does_not_write_on",
    "two instances": "provenance/ledger/test_sequencer.py test_two_processes_share_one_log",
    "a cloned database": "provenance/ledger/test_attacks.py test_a_clone_that_writes_on_is_found_by_an_audit",
    "stripped witness lines": "provenance/ledger/test_witness.py test_stripped_cosignatures_are_asked_for_again",
    "stripped or duplicated witness lines": "provenance/tlog/test_verify.py test_witness_lines_that_do_not_count",
    "clock jumps": "provenance/ledger/test_clock.py test_a_clock_that_is_set_back_stops_the_log_until_it_is_right",
    "backdated fields": "provenance/ledger/test_attacks.py test_a_backdated_statement_is_found_by_the_verifier",
    "tokens over other bytes, wrong certificate": "provenance/tlog/test_timestamp.py test_tokens_that_are_worth_nothing",
    "tokens with an expired certificate": "provenance/tlog/test_timestamp.py test_an_expired_certificate",
    "an operator forging a producer": "provenance/accounts/test_signing.py test_the_operator_cannot_forge_a_producer",
    "a stolen API key": "api/test_statements.py test_a_stolen_api_key_registers_nothing",
    "replay": "api/test_statements.py test_a_replayed_statement_with_another_signature",
    "a revoked or not yet enrolled key": "provenance/tlog/test_statement.py test_a_revoked_key",
    "a key before its enrolment": "provenance/tlog/test_statement.py test_a_key_is_enrolled_before_its_use",
    "weak keys": "provenance/tlog/test_keys.py test_weak_keys_are_refused",
    "malleable signatures": "provenance/tlog/test_keys.py test_signatures_are_checked_strictly",
    "type confusion between signature kinds": "provenance/ledger/test_attacks.py "
    "test_a_signature_of_one_kind_is_none_of_another",
    "a statement's signature for another payload type": "provenance/tlog/test_key_directory.py "
    "test_a_signature_of_another_payload_type",
    "key-id collision": "provenance/ledger/test_attacks.py test_a_key_id_that_collides_is_no_proof",
    "odd key names": "provenance/tlog/test_note.py test_key_names_and_ids",
    "duplicate keys, floats, surrogates, CRLF": "provenance/tlog/test_encoding.py test_what_is_refused",
    "leading zeros": "provenance/tlog/test_encoding.py test_decimal_numbers",
    "non-canonical base64": "provenance/tlog/test_encoding.py test_base64_that_is_not_canonical",
    "sizes 0 to 65,536": "provenance/ledger/test_tile_store.py test_growth_in_steps_serves_the_same_log",
    "kill -9 at every step": "faults/test_kill_rounds.py test_kill_rounds",
    "disk full and fsync errors at every step": "faults/test_every_store_call.py test_a_registration",
    "a full disk": "faults/test_full_disk.py test_registering_until_the_disk_is_full",
    "a paused leader that resumes": "faults/test_kill_rounds.py test_a_paused_sequencer_that_resumes",
    "a witness that is down or slow": "provenance/ledger/test_witness.py test_a_witness_that_is_down_or_slow",
    "a witness that lies": "provenance/ledger/test_witness.py test_a_witness_that_lies_or_fails_does_not_count",
    "erasure, then an old receipt": "provenance/ledger/test_attacks.py test_an_erased_work_s_old_receipt_verifies",
}
TESTS = Path(__file__).parents[2]


@pytest.mark.parametrize("line", COVERED)
def test_each_line_has_its_test(line: str) -> None:
    file, name = COVERED[line].split()
    assert re.search(rf"def {name}\(", (TESTS / file).read_text()), line


def problems(application: Application) -> list[str]:
    return fsck.check(application.db, application.log)["problems"]


def test_swapped_rows_are_found_by_fsck(application: Application) -> None:
    for n in range(3):
        register_work(application, f"{n} {ESSAY}".encode())
    with application.db.write() as connection:
        for old, new in ((1, 100), (2, 1), (100, 2)):
            connection.execute(entries.update().where(entries.c.idx == old).values(idx=new))
    found = problems(application)
    assert any("entry 1" in line for line in found), found


def test_an_edit_while_stopped_is_found_by_fsck(sqlite_settings: Settings) -> None:
    """The bytes of an entry and its hash beside it are edited alike: comparing roots alone would find nothing."""
    with Application(sqlite_settings) as application:
        register_work(application, ESSAY.encode())
        register_work(application, f"{ESSAY} Later.".encode())
    with sqlite3.connect(sqlite_settings.home / "sourcemark.db") as connection:
        (leaf,) = connection.execute("SELECT leaf FROM entries WHERE idx = 1").fetchone()
        edited = leaf.replace(b'"sig":"', b'"sig":"A', 1)
        connection.execute(
            "UPDATE entries SET leaf = ?, leaf_hash = ? WHERE idx = 1", (edited, merkle.leaf_hash(edited))
        )
    connection.close()
    with Application(sqlite_settings) as application:
        found = problems(application)
        assert any("entry 1" in line for line in found), found
        register_work(application, f"{ESSAY} Again.".encode())
        assert problems(application)  # and is not forgotten by what comes after


def test_a_hidden_tail_is_found_by_fsck(application: Application) -> None:
    """Entries that stand in the database behind the log's size, for whoever is shown them later."""
    register_work(application, ESSAY.encode())
    with application.db.write() as connection:
        row = connection.execute(sa.select(entries).where(entries.c.idx == 1)).one()._asdict()
        connection.execute(entries.insert().values({**row, "idx": 2, "leaf_hash": bytes(32)}))
    assert problems(application) != []


def test_a_flipped_bit_before_the_signature_is_found_by_the_sequencer(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    register_work(application, ESSAY.encode())
    before, real = application.log.reader.checkpoint(), Publisher.leaves

    def flipped(self: Publisher, start: int, stop: int) -> list[bytes]:
        found = real(self, start, stop)
        return [bytes([found[0][0] ^ 1]) + found[0][1:], *found[1:]]

    monkeypatch.setattr(Publisher, "leaves", flipped)
    with pytest.raises(LedgerReadOnly) as caught:
        register_work(application, f"{ESSAY} Later.".encode())
    assert caught.value.reason == "batch_changed"
    assert application.log.reader.checkpoint() == before  # nothing was signed


def test_a_clone_that_writes_on_is_found_by_an_audit(sqlite_settings: Settings, tmp_path: Path) -> None:
    """Home and database copied whole, both go on: each keeps its own rules, and whoever keeps a checkpoint sees it."""
    with Application(sqlite_settings) as application:
        register_work(application, ESSAY.encode())
    clone = sqlite_settings.model_copy(update={"home": tmp_path / "clone"})
    shutil.copytree(sqlite_settings.home, clone.home)
    kept = {}
    for settings in (sqlite_settings, clone):
        with Application(settings) as application:
            register_work(application, f"{settings.home} {ESSAY}".encode())
            assert problems(application) == []
            kept[settings.home] = application.log.signed(), application.log.policy()
    ours, trusted = kept[sqlite_settings.home]
    assert audit_report(str(sqlite_settings.log_dir), policy=trusted, since=[ours])["problems"] == []
    (found,) = audit_report(str(clone.log_dir), policy=trusted, since=[ours])["problems"]
    assert "history was rewritten" in found


def test_a_backdated_statement_is_found_by_the_verifier(tmp_path: Path) -> None:
    """A statement cannot say that it saw a younger log than its place allows, and its dates are no facts of a receipt."""
    key = keys.new_signing_key()
    records = {"claim": {"published_at": "1970-01-01"}}
    log = SmallLog(
        [enrolment(key), registration(key, records=records), registration(key, after=(9, bytes(32)))], tmp_path
    )
    done = verify.verify_receipt(log.receipt(1, 0, opening=records), log.policy)
    assert done.ok
    assert done.facts["logged_at"] == 1_790_000_000
    assert done.facts["not_before"] is None
    late = verify.verify_receipt(log.receipt(2, 0), log.policy)
    assert not late.ok
    assert "younger" in " ".join(check.detail for check in late.checks)


def test_a_signature_of_one_kind_is_none_of_another(tmp_path: Path) -> None:
    """The log's Ed25519 key signs checkpoints, and as a statement key statements: neither passes for the other."""
    as_key = LOG_KEYS.statement_key()
    text = Checkpoint(ORIGIN, 1, bytes(32)).text
    signed = as_key.sign(envelope.pae(text))
    with pytest.raises(VerificationFailed):
        verify_signature(LOG_KEYS.ed25519_vkey, text, signed)
    witness = note.VKey.make("one.example", note.COSIGNATURE_ED25519, as_key.public)
    with pytest.raises(VerificationFailed):  # a plain signature is no cosignature
        verify_signature(witness, text, bytes(8) + as_key.sign(text))
    leaf = enrolment(as_key)
    payload = envelope.parse_leaf(leaf).payload
    forged = statement.assemble(payload, [(as_key.keyid, as_key.sign(payload))])
    with pytest.raises(VerificationFailed):
        envelope.enrolled_key(envelope.parse_leaf(forged))


def test_a_key_id_that_collides_is_no_proof() -> None:
    """Two keys of one name and one 32-bit id: both signatures are tried, and one that does not hold refuses the note."""
    signed = sign_checkpoint(Checkpoint(ORIGIN, 1, bytes(32)), LOG_KEYS, 1)
    real = LOG_KEYS.ed25519_vkey
    twin = note.VKey(real.name, real.id, real.kind, keys.new_signing_key().public)
    assert open_checkpoint(signed, [real]).size == 1
    for known in ([twin], [twin, real], [real, twin]):
        with pytest.raises(VerificationFailed):
            open_checkpoint(signed, known)


def test_an_erased_work_s_old_receipt_verifies(application: Application) -> None:
    account = accounts.local(application.db)
    done = register_work(application, ESSAY.encode())
    files, trusted = build_receipt(application.db, application.log, done.work_id), application.log.policy()
    application.withdrawals.withdraw(account, done.work_id)
    application.erasures.erase(account, done.work_id)
    assert verify.verify_receipt(files, trusted).ok
    assert problems(application) == []
    fetch = tile_store.fetch_from(application.settings.log_dir)
    size = application.log.head()[0]
    published = tiles.split_bundle(fetch(tiles.tile_path("entries", 0, size)))
    assert envelope.parse_leaf(published[-1]).kind == "erasure"  # the log says so
    assert envelope.parse_leaf(published[done.receipt.index]).kind == "registration"
