"""Time-stamps of the log: an authority that is asked, or misbehaves, and what receipts bring of it."""

import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from provenance.application import Application
from provenance.auditing import fsck
from provenance.config import Settings
from provenance.database.tables import timestamps
from provenance.errors import Misconfigured, Unavailable
from provenance.ledger.timestamp_authority import TimestampAuthority
from provenance.tlog import keys, proof, receipt, timestamp, verify
from provenance.tlog.checkpoint import parse_checkpoint
from provenance.tlog.signed_checkpoint import signed_time
from provenance.works import receipt_builder, receipt_files
from provenance.works.receipt_builder import build_receipt
from tests.provenance.accounts.test_signing import TOOLS
from tests.provenance.conftest import ESSAY, ESSAY_ZH, register_work
from tests.provenance.ledger.authority import MISSING, Tsa, standing
from tests.provenance.ledger.servers import free_port, serving

pytestmark = [pytest.mark.enable_socket, pytest.mark.skipif(bool(MISSING), reason=MISSING), pytest.mark.slow]
DATA = b"log.example/x\n5\nAAAA\n"
KEY = keys.new_signing_key()


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Tsa:
    return Tsa(tmp_path_factory.mktemp("tsa") / "good")


@pytest.fixture(scope="module")
def token(tsa: Tsa) -> bytes:
    return tsa.stamp(DATA)


def test_an_authority_that_misbehaves(tsa: Tsa, tmp_path: Path) -> None:
    roots = timestamp.roots_of(tsa.root)
    other = Tsa(tmp_path / "other")
    replies = {
        "does not hold": lambda _, body: (200, "", other.reply(body)),
        "over other bytes": lambda *_: (200, "", tsa.stamp(b"other bytes")),
        "no RFC 3161": lambda *_: (200, "text/html", b"<html>"),
        "HTTP 503": lambda *_: (503, "", b""),
        "Nonce mismatch": lambda *_: (200, "", tsa.stamp(DATA)),  # a token for somebody else's question
    }
    for word, act in replies.items():
        with serving(act) as url:
            authority = TimestampAuthority(url, roots, 5)
            with pytest.raises(Unavailable, match=word):
                authority.stamp(DATA)
            authority.close()
    with standing(tsa) as url:
        authority = TimestampAuthority(url, roots, 5)
        assert timestamp.verify(authority.stamp(DATA), DATA, roots)
        authority.close()


# --- in the log ------------------------------------------------------------------------------------------------------
def stamping(settings: Settings, tsa: Tsa, url: str, every: int = 0) -> Settings:
    values = {"tsa_url": url, "tsa_ca": tsa.folder / "root.pem", "tsa_interval_seconds": every, "tsa_seconds": 5}
    return settings.model_copy(update=values)


def stored(application: Application) -> list[int]:
    with application.db.read() as connection:
        return list(connection.execute(sa.select(timestamps.c.size).order_by(timestamps.c.size)).scalars())


def test_checkpoints_are_timestamped_beside_the_sequencer(settings: Settings, tsa: Tsa) -> None:
    with standing(tsa) as url:
        with Application(stamping(settings, tsa, url)) as application:
            made = register_work(application, ESSAY.encode())
        with Application(stamping(settings, tsa, url)) as application:
            assert stored(application)[-1] == 2
            files = build_receipt(application.db, application.log, made.work_id)
            assert fsck.check(application.db, application.log)["problems"] == []
    done = verify.verify_receipt(files, tsa_roots=tsa.root)
    assert done.ok, done.checks
    (found,) = done.facts["timestamps"]
    assert (found["authority"], found["size"]) == ("CN=Test TSA", 2)
    assert any(line.startswith("  not after: ") and "RFC 3161" in line for line in done.lines())
    assert any("不晚于" in line for line in done.lines("zh"))
    unproven = verify.verify_receipt(files)
    assert unproven.ok
    assert unproven.facts["timestamps"] == []
    assert {c.name: c.state for c in unproven.checks}["timestamp"] == "absent"
    assert any("--tsa-ca" in line for line in unproven.lines())


def test_a_receipt_waits_for_no_interval(sqlite_settings: Settings, tsa: Tsa) -> None:
    with standing(tsa) as url, Application(stamping(sqlite_settings, tsa, url, every=86_400)) as application:
        register_work(application, ESSAY.encode())
        application.log.timestamper._thread.join()
        asked = tsa.asked
        made = register_work(application, ESSAY_ZH.encode())
        time.sleep(0.2)
        assert tsa.asked == asked  # not yet due
        done = verify.verify_receipt(build_receipt(application.db, application.log, made.work_id), tsa_roots=tsa.root)
        assert len(done.facts["timestamps"]) == 1
        assert tsa.asked == asked + 1


def test_a_stamp_of_a_later_checkpoint_hides_no_earlier_time(
    sqlite_settings: Settings, tsa: Tsa, tmp_path: Path
) -> None:
    with standing(tsa) as url, Application(stamping(sqlite_settings, tsa, url, every=86_400)) as application:
        register_work(application, ESSAY.encode())
        application.log.timestamper._thread.join()
        made = register_work(application, ESSAY_ZH.encode())  # not yet due
        time.sleep(1.1)
        register_work(application, ("later " + ESSAY).encode())
        files = build_receipt(application.db, application.log, made.work_id)
        policy = application.log.policy()
        register_work(application, ("last " + ESSAY).encode())
        again = build_receipt(application.db, application.log, made.work_id)
    done = verify.verify_receipt(files, policy, tsa_roots=tsa.root)
    assert done.ok, done.checks
    assert [each["size"] for each in done.facts["timestamps"]] == [4]
    first = proof.parse_proof(files[receipt.FIRST]).checkpoint
    assert parse_checkpoint(first).size == 3
    stamped = proof.parse_proof(files[receipt.PROOF]).checkpoint
    assert done.facts["logged_at"] == signed_time(first) < signed_time(stamped)
    assert again == files  # nothing moves with what is registered later
    if (TOOLS / "verify_receipt.py").exists():
        receipt_files.write(files, tmp_path / "r")
        (tmp_path / "ca.pem").write_bytes(tsa.root)
        given = ["--policy", tmp_path / "r" / "policy", "--tsa-ca", tmp_path / "ca.pem", "--require-tsa"]
        command = [sys.executable, TOOLS / "verify_receipt.py", tmp_path / "r", *given]
        told = subprocess.run(command, capture_output=True, text=True, check=False)
        assert told.returncode == 0, told.stdout


def test_an_authority_that_is_down_stops_nothing(sqlite_settings: Settings, tsa: Tsa) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with Application(stamping(sqlite_settings, tsa, url)) as application:
        made = register_work(application, ESSAY.encode())
        files = build_receipt(application.db, application.log, made.work_id)
        assert receipt.STAMP not in files
        done = verify.verify_receipt(files, tsa_roots=tsa.root)
        assert done.ok
        assert {c.name: c.state for c in done.checks}["timestamp"] == "absent"
        with pytest.raises(Unavailable):
            application.log.timestamper.stamp_if_due()


def test_settings_that_are_no_use(sqlite_settings: Settings, tsa: Tsa, tmp_path: Path) -> None:
    (tmp_path / "junk").write_text("x")
    for values, said in (
        ({"tsa_url": "http://127.0.0.1:9"}, "SOURCEMARK_TSA_CA"),
        ({"tsa_url": "http://127.0.0.1:9", "tsa_ca": tmp_path / "no"}, "cannot be read"),
        ({"tsa_url": "http://127.0.0.1:9", "tsa_ca": tmp_path / "junk"}, "no certificate"),
        ({"tsa_url": "nonsense", "tsa_ca": tsa.folder / "root.pem"}, "SOURCEMARK_TSA_URL"),
    ):
        with pytest.raises(Misconfigured, match=said), Application(sqlite_settings.model_copy(update=values)):
            pass


def test_a_later_stamp_renews(sqlite_settings: Settings, tsa: Tsa, tmp_path: Path, monkeypatch) -> None:
    successor = Tsa(tmp_path / "successor", "Next TSA")
    with standing(tsa) as url, Application(stamping(sqlite_settings, tsa, url)) as application:
        made = register_work(application, ESSAY.encode())
    with standing(successor) as url, Application(stamping(sqlite_settings, successor, url)) as application:
        register_work(application, ESSAY_ZH.encode())
        application.log.timestamper._thread.join()
        assert receipt.RENEWED_STAMP not in build_receipt(
            application.db, application.log, made.work_id
        )  # the first is fresh
        monkeypatch.setattr(receipt_builder, "_RENEWED_AFTER", timedelta(seconds=-10))
        files = build_receipt(application.db, application.log, made.work_id)
    both = tsa.root + successor.root
    done = verify.verify_receipt(files, tsa_roots=both)
    assert done.ok, done.checks
    assert [(each["authority"], each["size"]) for each in done.facts["timestamps"]] == [
        ("CN=Test TSA", 2),
        ("CN=Next TSA", 3),
    ]
    assert not verify.verify_receipt(files, tsa_roots=tsa.root).ok
    for name in (receipt.RENEWED_CHECKPOINT, receipt.RENEWED_CONSISTENCY, receipt.RENEWED_STAMP):
        for raw in (b"", b"x", files[name][:-2], files[name] + b"x", b"\xff" * 40, files[name].replace(b"A", b"B", 1)):
            if raw != files[name]:
                assert not verify.verify_receipt({**files, name: raw}, tsa_roots=both).ok, (name, raw[:20])
        rest = {each: data for each, data in files.items() if each != name}
        assert not verify.verify_receipt(rest, tsa_roots=both).ok


def test_a_clock_that_is_ahead_of_the_authority_s(
    sqlite_settings: Settings, tsa: Tsa, monkeypatch: pytest.MonkeyPatch
) -> None:
    with standing(tsa) as url, Application(stamping(sqlite_settings, tsa, url)) as application:
        register_work(application, ESSAY.encode())
        application.log.timestamper._thread.join()
        application.log.check_clock()
        real = time.time
        monkeypatch.setattr(time, "time", lambda: real() + 3600)
        register_work(application, ESSAY_ZH.encode())
        application.log.timestamper._thread.join()
        with pytest.raises(Unavailable, match="clock is ahead") as caught:
            application.log.check_clock()
        assert caught.value.reason == "clock_ahead"
