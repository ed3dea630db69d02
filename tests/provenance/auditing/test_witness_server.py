"""A witness signs what continues the log it saw, and nothing else: not back, not sideways, not twice, not after a crash."""

import re
import sqlite3
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provenance.auditing import witness_server
from provenance.auditing.witness_server import Witness, WitnessResponse
from provenance.errors import BadInput, Conflict, Unavailable
from provenance.ledger import key_files, tile_store
from provenance.tlog import keys, merkle, note, tiles
from provenance.tlog.checkpoint import Checkpoint, parse_checkpoint
from provenance.tlog.cosignature import verify_note
from provenance.tlog.signed_checkpoint import LogKeys, sign_checkpoint
from provenance.tlog.witness_request import format_request
from tests.provenance.ledger.small_log import LOG_KEYS, ORIGIN, SmallLog, enrolment, registration

pytestmark = pytest.mark.slow

KEY = keys.new_signing_key()
SIZE = 9


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> SmallLog:
    return SmallLog([enrolment(KEY), *(registration(KEY) for _ in range(SIZE - 1))], tmp_path_factory.mktemp("log"))


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    witness_server.create(tmp_path, "witness.example/w1")
    return Witness(tmp_path, [[note.VKey.parse(key) for key in LOG_KEYS.vkeys()]])


def signed(size: int, root: bytes, origin: str = ORIGIN) -> bytes:
    return sign_checkpoint(Checkpoint(origin, size, root), LOG_KEYS, 1_790_000_000)


def at(log: SmallLog, size: int) -> bytes:
    return signed(size, merkle.root_of(map(merkle.leaf_hash, log.leaves[:size])))


def request(log: SmallLog, old: int, new: int) -> bytes:
    nodes = tiles.TileReader(tile_store.fetch_from(log.folder), SIZE)
    return format_request(old, merkle.consistency_proof(nodes, old, new), at(log, new))


def state(witness: Witness) -> int:
    with sqlite3.connect(witness._state) as connection:
        row = connection.execute("SELECT size FROM logs").fetchone()
    connection.close()
    return row[0] if row else 0


def check_signed(witness: Witness, raw: bytes, answer: WitnessResponse) -> None:
    assert answer.status == 200, answer
    text = note.parse_note(raw).text
    good = verify_note(note.parse_note(text + b"\n" + answer.body), witness.keys.vkeys)
    assert set(good) == set(witness.keys.vkeys)
    assert [key.kind for key in good] == [note.COSIGNATURE_ED25519, note.COSIGNATURE_MLDSA44]
    assert None not in good.values()


def test_a_growing_log(log: SmallLog, witness: Witness) -> None:
    old = 0
    for new in (0, 1, 1, 4, 7, 8, 9, 9):
        check_signed(witness, at(log, new), witness.add_checkpoint(request(log, old, new)))
        old = new
        assert state(witness) == new
    assert witness.forks() == []


def test_a_client_that_does_not_know_the_size_is_told(log: SmallLog, witness: Witness) -> None:
    witness.add_checkpoint(request(log, 0, 5))
    for old, new in ((0, 9), (4, 9), (7, 9), (0, 3), (3, 3), (0, 5)):
        assert witness.add_checkpoint(request(log, old, new)) == WitnessResponse(409, b"5\n", "text/x.tlog.size")
    check_signed(witness, at(log, 9), witness.add_checkpoint(request(log, 5, 9)))


def test_never_two_roots_of_one_size(log: SmallLog, witness: Witness) -> None:
    witness.add_checkpoint(request(log, 0, 5))
    fork = signed(5, bytes(32))
    for old in (5, 0, 4):
        assert witness.add_checkpoint(format_request(old, [], fork)).status == 409
    assert set(witness.forks()) == {fork}  # the log's own signatures convict it
    assert state(witness) == 5


def test_never_another_history(log: SmallLog, witness: Witness) -> None:
    witness.add_checkpoint(request(log, 0, 5))
    good = request(log, 5, 9)
    lines = good.split(b"\n")
    for bad in (
        format_request(5, [], at(log, 9)),
        format_request(5, [bytes(32)] * 3, at(log, 9)),
        good.replace(lines[1] + b"\n", b"", 1),
        good.replace(lines[1], lines[2], 1),
        good.partition(b"\n\n")[0] + b"\n\n" + signed(9, bytes(32)),
        good.partition(b"\n\n")[0] + b"\n\n" + signed(8, merkle.root_of(map(merkle.leaf_hash, log.leaves))),
    ):
        answer = witness.add_checkpoint(bad)
        assert answer.status == 422, answer
        assert state(witness) == 5
    witness.add_checkpoint(good)
    assert witness.add_checkpoint(request(log, 5, 5)).status == 409  # never back
    assert state(witness) == 9


def test_a_proof_from_nothing_is_empty(log: SmallLog, witness: Witness) -> None:
    assert witness.add_checkpoint(format_request(0, [bytes(32)], at(log, 3))).status == 422
    assert witness.add_checkpoint(format_request(4, [], at(log, 3))).status == 400
    assert state(witness) == 0


def test_whose_log_it_is(log: SmallLog, witness: Witness) -> None:
    assert witness.add_checkpoint(format_request(0, [], signed(1, bytes(32), "other.example/log"))).status == 404
    stranger = LogKeys(ORIGIN, keys.new_signing_key().private, LOG_KEYS._mldsa44)
    raw = sign_checkpoint(Checkpoint(ORIGIN, 1, bytes(32)), stranger, 1)
    assert witness.add_checkpoint(format_request(0, [], raw)).status == 403
    unsigned = re.sub(rb"(?m)^\xe2\x80\x94 .*\n", b"", at(log, 1), count=1)  # one of the log's two signatures
    assert witness.add_checkpoint(format_request(0, [], unsigned)).status == 403
    assert state(witness) == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda body: b"",
        lambda body: b"old",
        lambda body: body.replace(b"old 0", b"old 00"),
        lambda body: body.replace(b"old 0", b"old -1"),
        lambda body: body.replace(b"old 0", b"old  0"),
        lambda body: body.replace(b"old 0", b"old 9223372036854775808"),
        lambda body: body.replace(b"\n", b"\r\n"),
        lambda body: body.replace(b"old 0\n", b"old 0\nAAAA\n"),
        lambda body: body.replace(b"old 0\n", b"old 0\n" + b"A" * 43 + b"=\n" * 64),
        lambda body: body.replace(b"old 0\n", b"old 0\n" + (b"A" * 43 + b"=\n") * 64),
        lambda body: body.replace(b"old 0\n\n", b"old 0\n"),
        lambda body: body + b"x" * 70_000,
        lambda body: body[:-2],
        lambda body: body.replace(ORIGIN.encode(), b"\xff", 1),
        lambda body: body.replace(b"\n3\n", b"\n03\n", 1),
    ],
)
def test_requests_that_are_none(log: SmallLog, witness: Witness, change) -> None:
    body = change(request(log, 0, 3))
    answer = witness.add_checkpoint(body)
    assert answer.status in (400, 403, 404), answer
    assert answer.body.count(b"\n") == 1
    assert state(witness) == 0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(st.data())
def test_any_edit_of_a_request_is_refused_or_means_the_same(log: SmallLog, witness: Witness, data) -> None:
    body = bytearray(request(log, 0, 3))
    for _ in range(data.draw(st.integers(1, 3))):
        where = data.draw(st.integers(0, len(body) - 1))
        body[where] = data.draw(st.integers(0, 255))
    answer = witness.add_checkpoint(bytes(body))
    if answer.status == 200:
        assert parse_checkpoint(bytes(body).partition(b"\n\n")[2]).root == parse_checkpoint(at(log, 3)).root


def test_many_at_once_and_never_back(log: SmallLog, witness: Witness, tmp_path: Path) -> None:
    """Threads on two openings of one folder race for the same step: exactly one size wins each time."""
    other = Witness(tmp_path, [[note.VKey.parse(key) for key in LOG_KEYS.vkeys()]])
    answers: dict[int, list[WitnessResponse]] = {}

    def client(number: int) -> None:
        new = 5 + number % 3
        answers[number] = [(witness, other)[number % 2].add_checkpoint(request(log, 4, new))]

    witness.add_checkpoint(request(log, 0, 4))
    threads = [threading.Thread(target=client, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = {5 + number % 3 for number, (answer,) in answers.items() if answer.status == 200}
    assert len(won) == 1
    assert {answer.status for (answer,) in answers.values()} == {200, 409}
    assert state(witness) == won.pop()


def test_nothing_is_signed_that_is_not_on_disk(log: SmallLog, witness: Witness, monkeypatch) -> None:
    witness._state.chmod(0o600)
    with sqlite3.connect(witness._state) as connection:
        connection.execute("CREATE TRIGGER full BEFORE INSERT ON logs BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
    connection.close()
    monkeypatch.setattr(witness.keys, "cosign", lambda *_: pytest.fail("signed"))
    with pytest.raises(Unavailable, match="disk is full"):
        witness.add_checkpoint(request(log, 0, 3))
    witness._state.write_bytes(b"not a database, but longer than a header" * 100)
    with pytest.raises(Unavailable, match="cannot be used"):
        witness.add_checkpoint(request(log, 0, 3))


def test_what_a_person_gets_wrong(tmp_path: Path) -> None:
    for name in ("", "a b", "a+b", "x" * 300, "a\x00b"):
        with pytest.raises(BadInput):
            witness_server.create(tmp_path / "bad", name)
    made = witness_server.create(tmp_path / "w", "w.example/w1")
    assert [str(key) for key in witness_server.load(tmp_path / "w").vkeys] == [str(key) for key in made.vkeys]
    with pytest.raises(Conflict):
        witness_server.create(tmp_path / "w", "w.example/w1")
    with pytest.raises(BadInput, match="a witness's"):
        Witness(tmp_path / "w", [made.vkeys])
    with pytest.raises(BadInput, match="no witness"):
        witness_server.load(tmp_path / "nowhere")
    (tmp_path / "w" / key_files.LOG_ED25519).write_bytes(b"x")
    with pytest.raises(BadInput, match="damaged"):
        witness_server.load(tmp_path / "w")


def test_where_a_log_publishes_its_keys(log: SmallLog) -> None:
    assert witness_server.log_keys(log.policy) == log.vkeys
    assert witness_server.log_keys("".join(f"{key}\n" for key in LOG_KEYS.vkeys()).encode()) == log.vkeys
