"""kill -9 of a witness between and within answers: it never forgets what it signed, so it never signs another history."""

import os
import random
import re
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from provenance.auditing import witness_server
from provenance.errors import Unavailable
from provenance.http_client import HttpServer
from provenance.ledger import tile_store
from provenance.tlog import keys, merkle, tiles
from provenance.tlog.checkpoint import Checkpoint
from provenance.tlog.signed_checkpoint import sign_checkpoint
from provenance.tlog.witness_request import format_request
from tests.cli.conftest import Command, Running
from tests.provenance.ledger.small_log import LOG_KEYS, ORIGIN, SmallLog, enrolment, registration

pytestmark = pytest.mark.slow

SIZE = 300
ROUNDS = 8
KEY = keys.new_signing_key()


@contextmanager
def started(command: Command) -> Iterator[tuple[Running, str]]:
    """A witness and its address; killed at the end, if it still runs."""
    reading, writing = os.pipe()
    with Path(os.devnull).open("r+b") as nothing, open(reading) as said:  # noqa: PTH123 - a descriptor
        with open(writing, "wb") as told:  # noqa: PTH123
            arguments = ("witness", "serve", "w", "--log", "vkey", "--port", "0")
            running = command.start(*arguments, streams=(nothing, nothing, told))
        try:
            found = re.search(r"http://\S+", said.readline())
            assert found
            yield running, found[0]
        finally:
            running.send_signal(signal.SIGKILL)
            running.wait()


@pytest.mark.enable_socket
def test_kill_a_witness(control: socket.socket, tmp_path: Path) -> None:
    log = SmallLog([enrolment(KEY), *(registration(KEY) for _ in range(SIZE - 1))], tmp_path / "log")
    nodes = tiles.TileReader(tile_store.fetch_from(log.folder), SIZE)
    witness_server.create(tmp_path / "w", "witness.example/w")
    (tmp_path / "vkey").write_text("".join(f"{key}\n" for key in LOG_KEYS.vkeys()))
    hashes = [merkle.leaf_hash(leaf) for leaf in log.leaves]
    signed = [
        sign_checkpoint(Checkpoint(ORIGIN, size, merkle.root_of(hashes[:size])), LOG_KEYS, 1_790_000_000)
        for size in range(SIZE + 1)
    ]
    rng, acknowledged, told, killed = random.Random(11), 0, 0, 0
    for _ in range(ROUNDS):
        with started(Command(tmp_path, control)) as (process, url):
            timer = threading.Timer(rng.uniform(0.0, 0.2), process.send_signal, [signal.SIGKILL])
            remote, old = HttpServer(url, 20), acknowledged
            try:
                while acknowledged < SIZE:
                    new = min(SIZE, old + rng.randrange(1, 4))
                    body = format_request(old, merkle.consistency_proof(nodes, old, new), signed[new])
                    answer = remote.post("add-checkpoint", body, "text/plain", 65_536)
                    if timer.ident is None:  # its time runs from the first answer, however slowly the process came up
                        timer.start()
                    if answer.status == 409:
                        old = told = int(answer.body)
                        assert told >= acknowledged  # never behind what it has answered
                        continue
                    assert answer.status == 200
                    old = acknowledged = new
            except Unavailable:
                killed += 1
            finally:
                remote.close()
                timer.join()
    assert killed >= ROUNDS // 2
    witness = witness_server.Witness(tmp_path / "w", [log.vkeys])
    assert acknowledged > 0
    fork = sign_checkpoint(Checkpoint(ORIGIN, acknowledged, bytes(32)), LOG_KEYS, 1_790_000_000)
    for old in (0, acknowledged):
        assert witness.add_checkpoint(format_request(old, [], fork)).status == 409
