"""kill -9 of a witness between and within answers: it never forgets what it signed, so it never signs another history."""

import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
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
from tests.provenance.ledger.small_log import LOG_KEYS, ORIGIN, SmallLog, enrolment, registration

pytestmark = pytest.mark.slow

SIZE = 300
ROUNDS = 8
KEY = keys.new_signing_key()


def start(folder: Path) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "witness", "serve", "w", "--log", "vkey", "--port", "0"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    found = re.search(r"http://\S+", process.stderr.readline())
    assert found
    return process, found[0]


@pytest.mark.enable_socket
def test_kill_a_witness(tmp_path: Path) -> None:
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
        process, url = start(tmp_path)
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
            process.kill()
            process.wait()
            assert process.stderr is not None
            process.stderr.close()
            time.sleep(0.01)
    assert killed >= ROUNDS // 2
    witness = witness_server.Witness(tmp_path / "w", [log.vkeys])
    assert acknowledged > 0
    fork = sign_checkpoint(Checkpoint(ORIGIN, acknowledged, bytes(32)), LOG_KEYS, 1_790_000_000)
    for old in (0, acknowledged):
        assert witness.add_checkpoint(format_request(old, [], fork)).status == 409
