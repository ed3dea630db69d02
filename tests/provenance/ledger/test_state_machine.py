"""Whatever is done in whatever order - appending, crashing, restarting, proving - the log is the list it should be."""

import contextlib
import hashlib
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from provenance import application as application_module
from provenance.accounts import accounts
from provenance.application import Application
from provenance.auditing import fsck
from provenance.config import Settings
from provenance.errors import NotFound
from provenance.tlog import keys, merkle, note, proof, statement
from provenance.tlog.encoding import b64, unb64
from provenance.tlog.signed_checkpoint import open_checkpoint
from provenance.works.submissions import SignedStatement
from tests.faults.killed import NoSandbox, registration
from tests.faults.store import Crash, Faults

pytestmark = pytest.mark.slow

KEY = keys.new_signing_key()


def naive_root(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word."""
    if len(leaves) < 2:
        return hashlib.sha256(b"\0" + leaves[0]).digest() if leaves else hashlib.sha256(b"").digest()
    half = 1
    while 2 * half < len(leaves):
        half *= 2
    return hashlib.sha256(b"\1" + naive_root(leaves[:half]) + naive_root(leaves[half:])).digest()


class LogMachine(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.home = Path(tempfile.mkdtemp())
        self.settings = Settings(home=self.home / "home", origin="log.test.example/sourcemark")
        self.leaves: list[bytes] = []
        self.start()
        made = statement.key_enrol(
            self.application.log.origin, public_key=KEY.public, custody="producer", after=self.application.log.head()
        )
        self.submit(statement.sign(made, KEY))

    def start(self) -> None:
        real, application_module.Sandbox = application_module.Sandbox, NoSandbox  # type: ignore[misc,assignment]
        self.application = Application(self.settings)
        application_module.Sandbox = real  # type: ignore[misc]
        self.faults = Faults(self.settings.home)
        self.faults.watch(self.application.db.engine)
        self.application.start()

    def submit(self, leaf: bytes) -> None:
        done = self.application.submissions.submit(accounts.local(self.application.db), SignedStatement(leaf=b64(leaf)))
        assert done.receipt.index == len(self.leaves)
        self.leaves.append(leaf)

    def new(self) -> bytes:
        return registration(self.application.log.origin, self.application.log.head(), KEY)

    @rule(count=st.integers(1, 3))
    def append(self, count: int) -> None:
        for _ in range(count):
            self.submit(self.new())

    @rule()
    def restart(self) -> None:
        self.application.close()
        self.start()

    @rule(number=st.integers(0, 150), after=st.booleans())
    def crash(self, number: int, after: bool) -> None:
        leaf = self.new()
        self.faults.arm(number, "crash after" if after else "crash")
        with self.faults.files():
            try:
                self.submit(leaf)
                answered = True
            except Crash:
                answered = False
        self.faults.disarm()
        self.restart()
        if not answered:
            self.submit(leaf)  # the client, who heard nothing, sends it again

    @precondition(lambda self: self.leaves)
    @rule(data=st.data())
    def prove(self, data: st.DataObject) -> None:
        index = data.draw(st.integers(0, len(self.leaves) - 1))
        found = proof.parse_proof(self.application.log.reader.proof(index))
        merkle.verify_inclusion(
            index, len(self.leaves), merkle.leaf_hash(self.leaves[index]), found.hashes, naive_root(self.leaves)
        )

    @rule(data=st.data())
    def continue_from(self, data: st.DataObject) -> None:
        new = data.draw(st.integers(1, len(self.leaves)))
        old = data.draw(st.integers(1, new))
        lines = [unb64(line) for line in self.application.log.reader.consistency(old, new).split()]
        merkle.verify_consistency(old, new, lines, naive_root(self.leaves[:old]), naive_root(self.leaves[:new]))

    @rule(beyond=st.integers(0, 5))
    def nothing_beyond(self, beyond: int) -> None:
        with contextlib.suppress(NotFound):
            self.application.log.reader.proof(len(self.leaves) + beyond)
            raise AssertionError("there is no such entry")

    @invariant()
    def is_the_list(self) -> None:
        assert self.application.log.head() == (len(self.leaves), naive_root(self.leaves))
        signed = self.application.log.reader.checkpoint().raw
        opened = open_checkpoint(signed, [note.VKey.parse(key) for key in self.application.log.vkeys()])
        assert opened.size == len(self.leaves)

    def teardown(self) -> None:
        if hasattr(self, "application"):
            assert fsck.check(self.application.db, self.application.log)["problems"] == []
            self.application.close()
        shutil.rmtree(self.home, ignore_errors=True)


EXAMPLES = 60 if os.environ.get("FAULTS") == "all" else 8

TestLog = LogMachine.TestCase
TestLog.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
