"""What the supervisor does by itself; tests/cli/test_workers.py has the service that it keeps up."""

from __future__ import annotations

import subprocess
import sys

# Tells each worker to end as soon as it is forked, and the supervisor a second later.
_TOLD_EARLY = """
import os, signal, socket
from cli.supervisor import Supervisor

os.register_at_fork(after_in_child=lambda: os.kill(os.getpid(), signal.SIGTERM))
signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
signal.alarm(1)
role = Supervisor(1, socket.socket(), 5.0).run()
print(role if isinstance(role, int) else "serves", flush=True)
os._exit(0)
"""


def test_a_worker_that_is_told_to_end_before_it_has_its_role_ends() -> None:
    ran = subprocess.run([sys.executable, "-c", _TOLD_EARLY], capture_output=True, text=True, timeout=30, check=True)
    assert ran.stdout == "0\n"
    assert "worker 0 ended with status -15" in ran.stderr
