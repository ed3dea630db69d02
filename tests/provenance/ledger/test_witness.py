"""The log and its witnesses, through real sockets: growing logs, quorums, and witnesses that are down, slow or lie."""

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from provenance.accounts import log_keys
from provenance.application import Application
from provenance.auditing import auditor, fsck, witness_server
from provenance.auditing.report import audit_report
from provenance.auditing.witness_server import Witness
from provenance.config import Settings
from provenance.database.tables import checkpoints, entries
from provenance.errors import LedgerReadOnly, Misconfigured, SourcemarkError, Unavailable
from provenance.ledger import reader, tile_store
from provenance.ledger.witness_client import WitnessClient
from provenance.tlog import note, policy, verify
from provenance.tlog.checkpoint import Checkpoint, parse_checkpoint
from provenance.tlog.signed_checkpoint import LogKeys, open_checkpoint, sign_checkpoint
from provenance.tlog.verification import Verification
from provenance.tlog.witness_request import format_request, parse_request
from provenance.works.receipt_builder import build_receipt
from tests.provenance.conftest import ESSAY, ESSAY_ZH, register_work
from tests.provenance.ledger.servers import Act, free_port, serving, speaking

pytestmark = [pytest.mark.enable_socket, pytest.mark.slow]
SIZE_TYPE = "text/x.tlog.size"


class Partner:
    """A real witness over HTTP, which can be told to misbehave."""

    def __init__(self, folder: Path, name: str) -> None:
        self.vkeys = witness_server.create(folder, name).vkeys
        self.folder = folder
        self.witness: Witness | None = None
        self.url = ""
        self.asked: list[int] = []
        self.instead: Act | None = None  # what it answers instead of the truth

    def __call__(self, path: str, body: bytes) -> tuple[int, str, bytes]:
        assert path == "/add-checkpoint"
        self.asked.append(parse_request(body)[0])
        if self.instead is not None:
            return self.instead(path, body)
        return self.honest(body)

    def honest(self, body: bytes) -> tuple[int, str, bytes]:
        assert self.witness is not None
        answer = self.witness.add_checkpoint(body)
        return answer.status, answer.kind, answer.body


class WitnessedLog:
    """An installation with three partners as witnesses."""

    def __init__(self, settings: Settings, tmp_path: Path, partners: list[Partner]) -> None:
        self.settings = settings
        self.partners = partners
        self.file = tmp_path / "witnesses"

    def with_policy(self, ending: str, kind: int = 0, seconds: int = 1) -> Settings:
        lines = [f"witness w{n} {p.vkeys[kind]} {p.url}\n" for n, p in enumerate(self.partners)]
        self.file.write_text("".join(lines) + ending)
        return self.settings.model_copy(update={"witness_policy": self.file, "witness_seconds": seconds})

    def introduce(self, application: Application) -> None:
        """The partners learn the log's keys, as they would from log.vkey."""
        for partner in self.partners:
            partner.witness = Witness(partner.folder, [[note.VKey.parse(key) for key in application.log.vkeys()]])


@pytest.fixture
def witnessed(sqlite_settings: Settings, tmp_path: Path) -> Iterator[WitnessedLog]:
    with contextlib.ExitStack() as stack:
        partners = [Partner(tmp_path / f"w{n}", f"witness.example/w{n}") for n in range(3)]
        for partner in partners:
            partner.url = stack.enter_context(serving(partner))
        made = WitnessedLog(sqlite_settings, tmp_path, partners)
        with Application(sqlite_settings) as application:  # a log that had no witnesses yet
            register_work(application, ESSAY.encode())
            made.introduce(application)
        yield made


TWO_OF_THREE = "group partners 2 w0 w1 w2\nquorum partners\n"


def good_receipt(application: Application, work_id: str) -> Verification:
    return verify.verify_receipt(build_receipt(application.db, application.log, work_id), application.log.policy())


def refused(application: Application, text: str) -> SourcemarkError:
    with pytest.raises(SourcemarkError) as caught:
        register_work(application, text.encode())
    return caught.value


def signers(application: Application) -> set[str]:
    trusted = policy.parse_policy(application.log.policy())
    opened = open_checkpoint(application.log.reader.checkpoint().raw, trusted.logs, list(trusted.witnesses.values()))
    return {name for name, key in trusted.witnesses.items() if key in opened.signed_by}


def test_a_log_gets_witnesses_and_grows(witnessed: WitnessedLog) -> None:
    with Application(witnessed.with_policy(TWO_OF_THREE)) as application:
        assert len(signers(application)) >= 2  # what was published without them is cosigned at once
        for text in (ESSAY_ZH, "one more " + ESSAY, "and again " + ESSAY):
            made = register_work(application, text.encode())
            assert made.status == "registered", made
            assert len(signers(application)) >= 2
            done = good_receipt(application, made.work_id)
            assert done.ok, done.checks
            assert abs(done.facts["witnessed_at"] - time.time()) < 60
        assert fsck.check(application.db, application.log)["problems"] == []
    with Application(
        witnessed.with_policy(TWO_OF_THREE)
    ) as application:  # another process, with nothing to sign, asks nobody
        asked = [len(partner.asked) for partner in witnessed.partners]
        register_work(application, ("a fifth " + ESSAY).encode())
        assert len(signers(application)) >= 2
        time.sleep(0.3)
        assert all(len(p.asked) - before <= 4 for p, before in zip(witnessed.partners, asked, strict=True))


def test_mldsa_witnesses(witnessed: WitnessedLog) -> None:
    with Application(witnessed.with_policy("group all 3 w0 w1 w2\nquorum all\n", kind=1)) as application:
        made = register_work(application, ESSAY_ZH.encode())
        assert signers(application) == {"w0", "w1", "w2"}
        assert good_receipt(application, made.work_id).ok


def test_one_server_with_both_keys_is_asked_once(witnessed: WitnessedLog) -> None:
    (partner, *_) = witnessed.partners
    lines = [f"witness w{n} {key} {partner.url}\n" for n, key in enumerate(partner.vkeys)]
    witnessed.file.write_text("".join(lines) + "group either any w0 w1\nquorum either\n")
    settings = witnessed.settings.model_copy(update={"witness_policy": witnessed.file})
    with Application(settings) as application:
        before = len(partner.asked)
        made = register_work(application, ESSAY_ZH.encode())
        assert signers(application) == {"w0", "w1"}
        assert good_receipt(application, made.work_id).ok
        assert len(partner.asked) == before + 2  # compared before the first signature, then cosigned


def test_a_witness_that_missed_a_thousand_entries_catches_up(witnessed: WitnessedLog) -> None:
    from tests.provenance.ledger.test_sequencer import append, leaf_of

    witnessed.partners[2].instead = lambda *_: (500, "text/plain", b"out of order")
    with Application(witnessed.with_policy(TWO_OF_THREE)) as application:
        for _ in range(3):
            append(application, [leaf_of(application) for _ in range(333)])
        witnessed.partners[2].instead = None
        witnessed.partners[0].instead = lambda *_: (500, "text/plain", b"out of order")
        append(application, [leaf_of(application)])
        assert signers(application) == {"w1", "w2"}


def test_a_proof_of_what_is_not_published_reads_a_part_at_a_time(
    witnessed: WitnessedLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The published folder is lost, and a witness that is late must be led over a thousand entries without tiles."""
    from tests.provenance.ledger.test_sequencer import append, leaf_of

    with Application(witnessed.with_policy(TWO_OF_THREE)) as application:
        append(application, [leaf_of(application) for _ in range(9)])
        witnessed.partners[2].instead = lambda *_: (500, "text/plain", b"out of order")
        append(application, [leaf_of(application) for _ in range(1000)])
    shutil.rmtree(witnessed.settings.log_dir)
    witnessed.partners[2].instead = None
    monkeypatch.setattr(reader, "MAX_HASHES_AT_ONCE", 64)
    parts = []

    def watch(_connection: object, _cursor: object, query: str, bounds: tuple[int, ...], *_: object) -> None:
        if query.startswith("SELECT entries.leaf_hash") and "entries.idx >= " in query:
            parts.append(bounds[1] - bounds[0])

    sa.event.listen(sa.Engine, "before_cursor_execute", watch)
    try:
        with Application(witnessed.with_policy("group all all w0 w1 w2\nquorum all\n")) as application:
            assert signers(application) == {"w0", "w1", "w2"}
            assert application.log.reader.checkpoint().size > 1000
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", watch)
    assert sum(parts) > 900
    assert max(parts) == 64


# --- what they do wrong ----------------------------------------------------------------------------------------------
def forged(partner: Partner, change: Callable[[bytes], bytes]) -> Act:
    def act(_: str, body: bytes) -> tuple[int, str, bytes]:
        status, kind, answer = partner.honest(body)
        return status, kind, change(answer) if status == 200 else answer

    return act


def other_name(lines: bytes) -> bytes:
    return lines.replace(b"witness.example/", b"stranger.example/")


def at_another_time(partner: Partner, moment: int) -> Act:
    def act(_: str, body: bytes) -> tuple[int, str, bytes]:
        text = note.parse_note(parse_request(body)[2]).text
        assert partner.witness is not None
        return 200, "text/plain", partner.witness.keys.cosign(text, moment)

    return act


def of_another_checkpoint(partner: Partner) -> Act:
    def act(_: str, body: bytes) -> tuple[int, str, bytes]:
        checkpoint = parse_checkpoint(parse_request(body)[2])
        text = Checkpoint(checkpoint.origin, checkpoint.size, bytes(32)).text
        assert partner.witness is not None
        return 200, "text/plain", partner.witness.keys.cosign(text, int(time.time()))

    return act


BAD = {
    "HTTP 500: out of order": lambda p: lambda *_: (500, "text/plain", b"out\x1b of\norder"),
    "HTTP 403": lambda p: lambda *_: (403, "text/plain", b""),
    "HTTP 404": lambda p: lambda *_: (404, "text/html", b"<html>"),
    "HTTP 301": lambda p: lambda *_: (301, "text/html", b""),
    "no good cosignature": lambda p: lambda *_: (200, "text/plain", b""),
    "cosignature: ": lambda p: lambda *_: (200, "text/plain", b"\xff\xfe"),
    "is not a signature line": lambda p: forged(p, lambda lines: lines + b"more\n"),
    "did not sign with the key": lambda p: forged(p, other_name),
    "signed twice": lambda p: forged(p, lambda lines: lines + lines),
    "does not verify": of_another_checkpoint,
    "signs with the time": lambda p: at_another_time(p, int(time.time()) - 7200),
    "signs with the time ": lambda p: at_another_time(p, 2**62),
    "tells no size": lambda p: lambda *_: (409, "text/plain", b"conflict"),
    "is not a decimal": lambda p: lambda *_: (409, SIZE_TYPE, b"007\n"),
    "more than": lambda p: lambda *_: (200, "text/plain", b"x" * 100_000),
    "another size each time": lambda p: lambda _, body: (409, SIZE_TYPE, b"0\n" if parse_request(body)[0] else b"1\n"),
}


@pytest.mark.parametrize("said", BAD)
def test_a_witness_that_lies_or_fails_does_not_count(witnessed: WitnessedLog, said: str) -> None:
    with Application(witnessed.with_policy(TWO_OF_THREE)) as application:
        first, second, _ = witnessed.partners
        first.instead = BAD[said](first)
        made = register_work(application, ESSAY_ZH.encode())
        assert made.status == "registered"
        assert signers(application) == {"w1", "w2"}
        second.instead = BAD[said](second)
        published = application.log.head()
        failed = refused(application, "more " + ESSAY)
        assert failed.reason == "witnesses"
        assert said.strip() in failed.detail
        assert failed.detail.isprintable()
        assert application.log.head() == published  # nothing is published that too few have seen
        first.instead = second.instead = None
        again = register_work(application, ("more " + ESSAY).encode())  # nothing was lost
        assert again.status == "already_registered"
        assert good_receipt(application, again.work_id).ok
        assert fsck.check(application.db, application.log)["problems"] == []


def test_a_witness_that_is_down_or_slow(witnessed: WitnessedLog) -> None:
    down, slow, fine = witnessed.partners
    down.url = f"http://127.0.0.1:{free_port()}"
    with speaking(b"HTTP/1.1 200 OK\r\n", *[b"X: y\r\n"] * 100, every=0.2, hold=30) as url:
        slow.url = url
        with Application(witnessed.with_policy("group any any w0 w1 w2\nquorum any\n")) as application:
            start = time.monotonic()
            for text in (ESSAY_ZH, "x " + ESSAY, "y " + ESSAY):
                assert register_work(application, text.encode()).status == "registered"
            assert time.monotonic() - start < 3  # the first signature waits for all, once; then only for the quorum
            assert signers(application) == {"w2"}
        with Application(witnessed.with_policy(TWO_OF_THREE)) as application:  # opens all the same
            start = time.monotonic()
            failed = refused(application, "z " + ESSAY)
            assert failed.reason == "witnesses"
            assert "Connection refused" in failed.detail
            assert "within 1 seconds" in failed.detail
            assert time.monotonic() - start < 6
            slow.url, slow.instead = fine.url, None
    assert fine.asked


def test_without_a_quorum_they_sign_if_they_can(witnessed: WitnessedLog) -> None:
    down, *_ = witnessed.partners
    down.url = f"http://127.0.0.1:{free_port()}"
    with Application(witnessed.with_policy("quorum none\n")) as application:
        made = register_work(application, ESSAY_ZH.encode())
        assert signers(application) == {"w1", "w2"}
        assert "quorum none" in application.log.policy().decode()
        done = good_receipt(application, made.work_id)
        assert done.ok
        assert done.facts["witnessed_at"] is None  # nobody demands them, so nobody may rely on them
        for partner in witnessed.partners[1:]:
            partner.instead = lambda *_: (500, "text/plain", b"")
        assert register_work(application, ("x " + ESSAY).encode()).status == "registered"
        assert signers(application) == set()


AHEAD = {
    "more entries": (lambda _, body: (409, SIZE_TYPE, b"%d\n" % (parse_checkpoint(parse_request(body)[2]).size + 7)), "has signed"),
    "another log": (lambda _, body: (409, SIZE_TYPE, b"%d\n" % parse_checkpoint(parse_request(body)[2]).size), "another log of"),
}  # fmt: skip


@pytest.mark.parametrize("what", AHEAD)
def test_a_witness_that_contradicts_stops_the_log(witnessed: WitnessedLog, what: str) -> None:
    act, said = AHEAD[what]
    witnessed.partners[1].instead = act
    with Application(witnessed.with_policy("group all all w0 w1 w2\nquorum all\n")) as application:
        with application.db.read() as connection:
            before = connection.execute(sa.select(sa.func.max(checkpoints.c.size))).scalar_one()
        with pytest.raises(LedgerReadOnly, match=said):
            application.log.check_writable()
        assert refused(application, ESSAY_ZH).reason == "witness_contradicts"
        with application.db.read() as connection:
            assert connection.execute(sa.select(sa.func.max(checkpoints.c.size))).scalar_one() == before
        assert application.log.head()[0] == before  # it goes on answering and proving
        assert any("witness" in found for found in fsck.check(application.db, application.log)["problems"])


def test_a_machine_put_back_whole_is_found_by_the_witnesses(witnessed: WitnessedLog, tmp_path: Path) -> None:
    """Database, signer state and published log all of one old backup: nobody here knows, the witnesses do."""
    settings = witnessed.with_policy(TWO_OF_THREE)
    with Application(settings) as application:
        register_work(application, ESSAY_ZH.encode())
    shutil.copytree(settings.home, tmp_path / "backup")
    with Application(settings) as application:
        register_work(application, ("lost " + ESSAY).encode())
    shutil.rmtree(settings.home)
    shutil.copytree(tmp_path / "backup", settings.home)
    with Application(settings) as application:
        old = application.log.signed()
        failed = refused(application, "new " + ESSAY)
        assert failed.reason == "witness_contradicts"
        assert "restored from an old backup" in failed.detail
        assert application.log.signed() == old  # stopped before it signed another history


def test_a_rewritten_log_gets_no_cosignature(witnessed: WitnessedLog) -> None:
    """Whoever holds the log's keys and all its stores can sign any history; the witnesses sign only one."""
    from tests.provenance.ledger.test_sequencer import append, leaf_of

    settings = witnessed.with_policy(TWO_OF_THREE)
    with Application(settings) as application:
        for _ in range(4):
            append(application, [leaf_of(application)])
        size = application.log.head()[0]
        with application.db.read() as connection:
            leaves = list(connection.execute(sa.select(entries.c.leaf).order_by(entries.c.idx)).scalars())
        leaves[size - 2] = leaf_of(application)
        from provenance.tlog.merkle import leaf_hash, root_of

        hashes = [leaf_hash(leaf) for leaf in [*leaves, leaf_of(application)]]
        rewritten = sign_checkpoint(
            Checkpoint(application.log.origin, size + 1, root_of(hashes)),
            application.log.keys_in_force(),
            int(time.time()),
        )
        trusted = WitnessClient(policy.parse_policy(application.log.policy()), 2)

        class Nodes:
            def node(self, height: int, index: int) -> bytes:
                return root_of(hashes[index << height : (index + 1) << height])

        from provenance.tlog.merkle import consistency_proof

        with pytest.raises(Unavailable, match="history was rewritten") as caught:
            trusted.collect(rewritten, lambda old: consistency_proof(Nodes(), old, size + 1), size)
        trusted.close()
        assert caught.value.reason == "witnesses"


def test_stripped_cosignatures_are_asked_for_again(witnessed: WitnessedLog) -> None:
    settings = witnessed.with_policy(TWO_OF_THREE)
    with Application(settings) as application:
        register_work(application, ESSAY_ZH.encode())
        raw = application.log.reader.checkpoint().raw
        size = application.log.head()[0]
        stripped = b"".join(line for line in raw.splitlines(True) if b"witness.example" not in line)
        with application.db.write() as connection:
            connection.execute(checkpoints.update().where(checkpoints.c.size == size).values(note=stripped))
        (settings.log_dir / "checkpoint").write_bytes(stripped)
    with Application(settings) as application:
        assert len(signers(application)) >= 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("witness w0 nonsense http://127.0.0.1:1\nquorum w0\n", "verifier key"),
        ("quorum nobody\n", "means nothing"),
        ("", "no quorum"),
        ("{w0}", "no quorum"),
        ("{w0}quorum w0\n# \x07\n", "control"),
        ("{bad}quorum w0\n", "no address"),
        ("{log}quorum none\n{log}", None),
    ],
)
def test_policies_that_are_none(witnessed: WitnessedLog, content: str, said: str | None) -> None:
    key = str(witnessed.partners[0].vkeys[0])
    log = "log other.example+" + key.partition("+")[2] + "\n"
    filled = content.format(w0=f"witness w0 {key} http://127.0.0.1:9\n", bad=f"witness w0 {key} ftp://x\n", log=log)
    witnessed.file.write_text(filled)
    settings = witnessed.settings.model_copy(update={"witness_policy": witnessed.file})
    if said is None:  # lines about other logs are left out
        with Application(settings) as application:
            assert application.log.policy().count(b"log ") == 2
        return
    with pytest.raises(Misconfigured, match=said) as caught, Application(settings):
        pass
    assert caught.value.detail.startswith("SOURCEMARK_WITNESS_POLICY: ")
    assert "\n" not in caught.value.detail


def test_a_policy_file_that_is_not_there(witnessed: WitnessedLog) -> None:
    with (
        pytest.raises(Misconfigured, match="SOURCEMARK_WITNESS_POLICY"),
        Application(witnessed.settings.model_copy(update={"witness_policy": witnessed.file / "no"})),
    ):
        pass


def test_a_named_witness_without_an_address(witnessed: WitnessedLog) -> None:
    witnessed.file.write_text(f"witness w0 {witnessed.partners[0].vkeys[0]}\nquorum w0\n")
    with Application(witnessed.settings.model_copy(update={"witness_policy": witnessed.file})) as application:
        assert "w0 has no address in the policy" in refused(application, ESSAY_ZH).detail


def test_an_audit_of_a_cosigned_log(witnessed: WitnessedLog) -> None:
    with Application(witnessed.with_policy(TWO_OF_THREE)) as application:
        register_work(application, ESSAY_ZH.encode())
        folder = application.settings.log_dir
        vkeys = [note.VKey.parse(key) for key in application.log.vkeys()]
        assert list(auditor.audit_log((folder / "checkpoint").read_bytes(), tile_store.fetch_from(folder), vkeys)) == []


def test_the_request_is_the_protocols() -> None:
    raw = format_request(3, [bytes(32)], b"o\n5\nr\n\n\xe2\x80\x94 x y\n")
    assert raw == b"old 3\n" + b"A" * 43 + b"=\n\no\n5\nr\n\n\xe2\x80\x94 x y\n"
    assert parse_request(raw) == (3, [bytes(32)], b"o\n5\nr\n\n\xe2\x80\x94 x y\n")


def test_a_crash_between_cosignatures_and_publishing(witnessed: WitnessedLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the witnesses signed is published again as they signed it, byte for byte, and asked for only once."""

    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    settings = witnessed.with_policy("group all all w0 w1 w2\nquorum all\n")
    with Application(settings) as application:
        monkeypatch.setattr(tile_store, "publish", killed)
        with pytest.raises(Killed):
            register_work(application, ESSAY_ZH.encode())
        cosigned = application.log.signed()
        assert cosigned.count(b"witness.example/") == 3
        assert application.log.reader.checkpoint().raw != cosigned
        monkeypatch.undo()
    asked = [len(partner.asked) for partner in witnessed.partners]
    for partner in witnessed.partners:
        partner.instead = lambda *_: (500, "text/plain", b"not again")
    with Application(settings) as application:
        assert application.log.reader.checkpoint().raw == cosigned
    assert [len(partner.asked) for partner in witnessed.partners] == asked


def test_the_logs_keys_change_under_its_witnesses(witnessed: WitnessedLog) -> None:
    """The checkpoint of the change is signed by both pairs of keys; after it, witnesses need to know the new ones."""
    settings = witnessed.with_policy(TWO_OF_THREE)
    with Application(settings) as application:
        older = register_work(application, ESSAY_ZH.encode())
        kept = application.log.reader.checkpoint().raw
        before = [note.VKey.parse(key) for key in application.log.vkeys()]
        with pytest.raises(Unavailable, match="did not sign"):  # the old key's revocation, signed by the new keys alone
            log_keys.rotate(application.db, application.log, application.settings)
        assert len(signers(application)) >= 2
        assert refused(application, "more " + ESSAY).reason == "witnesses"
        after = [note.VKey.parse(key) for key in application.log.vkeys()]
        for partner in witnessed.partners:
            partner.witness = Witness(partner.folder, [before, after])
        made = register_work(application, ("more " + ESSAY).encode())
        for each in (older, made):
            done = good_receipt(application, each.work_id)
            assert done.ok, done.checks
        report = audit_report(str(application.settings.log_dir), since=[kept], policy=application.log.policy())
        assert report["problems"] == []
        stranger = LogKeys(
            application.log.origin, *(each() for each in (Ed25519PrivateKey.generate, MLDSA44PrivateKey.generate))
        )
        checkpoint = parse_checkpoint(kept)
        forged = sign_checkpoint(Checkpoint(checkpoint.origin, checkpoint.size, checkpoint.root), stranger, 1)
        assert audit_report(str(application.settings.log_dir), since=[forged])["problems"]
    with Application(settings) as application:
        assert fsck.check(application.db, application.log)["problems"] == []
