"""A new account's first requests, at the same time in several processes: it gets one signing key."""

import json
import subprocess
import sys

import pytest

from provenance.accounts import accounts, enrolled_keys
from provenance.accounts.accounts import NewAccount
from provenance.application import Application
from provenance.auditing import fsck
from provenance.config import Settings
from provenance.errors import Forbidden, NotFound, SourcemarkError, Unavailable
from provenance.tlog import keys

pytestmark = pytest.mark.slow

PROCESSES, THREADS = 2, 4

# Asks for a key in several threads at once when told to, and prints what each got.
PROGRAM = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
from provenance.accounts import accounts
from provenance.application import Application
from provenance.config import Settings
from provenance.errors import SourcemarkError
from provenance.tlog import keys

home, url, what, threads = sys.argv[1], sys.argv[2] or None, sys.argv[3], int(sys.argv[4])

def ask(_):
    try:
        if what == "kept":
            return opened.signing_keys.ensure_signer(account).keyid
        if what == "own":
            return opened.signing_keys.ensure_signer(account, keys.new_signing_key()).keyid
        return opened.signing_keys.rotate(what)
    except SourcemarkError as error:
        return type(error).__name__

with Application(Settings(home=home, database_url=url, workers=1)) as opened, ThreadPoolExecutor(threads) as pool:
    account = accounts.find(opened.db, "weekly")
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(list(pool.map(ask, range(threads)))))
"""


def ask_at_once(settings: Settings, what: str) -> list[str]:
    command = [sys.executable, "-c", PROGRAM, str(settings.home), settings.database_url or "", what, str(THREADS)]
    runs = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(PROCESSES)
    ]
    for run in runs:
        assert run.stdout.readline() == "ready\n"
    for run in runs:
        run.stdin.write("go\n")
        run.stdin.flush()
    return [answer for run in runs for answer in json.loads(run.communicate(timeout=300)[0])]


@pytest.mark.parametrize("what", ["kept", "own", "rotated"])
def test_one_key_is_enrolled(settings: Settings, what: str) -> None:
    with Application(settings) as application:
        who = accounts.create(application.db, NewAccount(name="weekly"))
        first = application.signing_keys.ensure_kept_key(who).keyid if what == "rotated" else None
        answers = ask_at_once(settings, first or what)
        rows = [row for row in enrolled_keys.list_all(application.db, who.id) if row.keyid != first]
        assert len(rows) == 1, rows
        refused = {"kept": [], "own": ["Forbidden"], "rotated": ["Conflict"]}[what] * (PROCESSES * THREADS - 1)
        expected = refused or [rows[0].keyid] * (PROCESSES * THREADS - 1)
        assert sorted(answers) == sorted([rows[0].keyid, *expected])
        files = {path.name for path in settings.keys_dir.iterdir() if not path.name.startswith("log-")}
        assert files == {f"{keyid}.pem" for keyid in {first, rows[0].keyid} - {None} if what != "own"}
        assert fsck.check(application.db, application.log)["problems"] == []


def test_an_enrolment_that_a_killed_process_left_in_the_queue_counts(application: Application, monkeypatch) -> None:
    who = accounts.create(application.db, NewAccount(name="weekly"))
    with monkeypatch.context() as patched:
        patched.setattr(application.log, "commit", _killed)
        with pytest.raises(Unavailable):
            application.signing_keys.ensure_kept_key(who)
    with Application(application.settings.model_copy(update={"workers": 1})) as later:
        found = later.signing_keys.ensure_kept_key(who)
    assert [row.keyid for row in enrolled_keys.list_all(application.db, who.id)] == [found.keyid]


def _killed(_: object) -> None:
    raise Unavailable("killed", reason="storage")


def test_a_refused_key_leaves_no_file(sqlite_application: Application) -> None:
    application, local = sqlite_application, accounts.local(sqlite_application.db)
    application.signing_keys.ensure_kept_key(local)
    before = sorted(application.settings.keys_dir.iterdir())
    with pytest.raises(Forbidden, match="no present key"):
        application.signing_keys.new_kept_key(local, keys.new_signing_key())
    with pytest.raises(NotFound):
        application.signing_keys.rotate("0" * 64)
    assert sorted(application.settings.keys_dir.iterdir()) == before


def test_who_waits_too_long_is_told(sqlite_settings: Settings) -> None:
    with (
        Application(sqlite_settings) as one,
        Application(sqlite_settings.model_copy(update={"database_timeout_seconds": 1})) as two,
        one.signing_keys._alone(),
        pytest.raises(SourcemarkError, match="another thread of this process") as caught,
    ):
        two.signing_keys.ensure_kept_key(accounts.local(two.db))
    assert caught.value.reason == "database_busy"
