"""The script that checks receipts in a browser says what `verify_receipt` says, of good receipts and of damaged ones."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from fingerprints.source import Source
from provenance.accounts import accounts
from provenance.accounts.accounts import NewAccount
from provenance.application import Application
from provenance.schemas import Amendment, RegistrationItem
from provenance.tlog import receipt
from provenance.tlog.verify import verify_receipt
from provenance.works.receipt_builder import build_receipt
from provenance.works.registration import RegistrationRequest

pytestmark = pytest.mark.slow
SCRIPT = Path(__file__).parents[2] / "api/web/static/verify.js"
CHECKED = ("inclusion", "signature", "commitments", "work")
WORK = "The bell founder keeps the moulds of forty parishes in her barn, 铸钟人。"
Files = dict[str, bytes]


def answers(receipts: list[bytes], keys: str, work: bytes) -> list[dict[str, str]]:
    """What the script says of each, by the names of its steps."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node")
    held = base64.b64encode(work).decode()
    lines = [
        json.dumps({"receipt": each.decode("utf-8", "surrogateescape"), "keys": keys, "work": held})
        for each in receipts
    ]
    command = [node, str(Path(__file__).with_name("verify_all.mjs")), str(SCRIPT)]
    done = subprocess.run(command, input="\n".join(lines) + "\n", capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def made(sqlite_application: Application) -> tuple[Application, Files]:
    application = sqlite_application
    account = accounts.create(application.db, NewAccount(name="North Bank"))
    item = RegistrationItem(
        title="钟", owner="Odile Ferrant", source_urls=["https://copse.example/b"], licence="CC-BY-4.0"
    )
    result = next(application.registrar.register(account, [RegistrationRequest(item, Source.text(WORK))]))
    application.amendments.amend(account, result.work_id, Amendment(title="Bells"))
    return application, build_receipt(application.db, application.log, result.work_id, account.id)


def test_good_and_damaged_receipts(made: tuple[Application, Files]) -> None:
    application, good = made
    keys, work = application.log.vkeys()[0], WORK.encode()  # a browser cannot check the other, ML-DSA-44
    chance = random.Random(7)
    damaged = [good, *(damage(chance, good) for _ in range(240))]
    said = answers([receipt.to_json(files) for files in damaged], keys, work)
    wrong = 0
    for files, steps in zip(damaged, said, strict=True):
        checked = verify_receipt(files, f"log {keys}\nquorum none\n".encode(), digest(work))
        states = {each.name: each.state for each in checked.checks}
        ours = all(states.get(name) == "passed" for name in CHECKED)
        theirs = all(steps.get(name) == "passed" for name in CHECKED)
        changed = [name for name in good if files.get(name) != good[name]]
        assert ours == theirs, (changed, [str(each) for each in checked.checks], steps)
        wrong += not ours
    assert said[0]["inclusion"] == "passed"
    assert said[0]["amendments"] == "absent"
    assert wrong > 150


def test_another_file_and_another_log(made: tuple[Application, Files]) -> None:
    application, good = made
    written = receipt.to_json(good)
    keys = application.log.vkeys()
    assert answers([written], "\n".join(keys), b"another")[0]["work"] == "failed"
    other = "other.example/log" + keys[0][keys[0].index("+") :]
    assert answers([written], other, b"")[0]["keys"] == "failed"
    assert answers([b"{}", b"nonsense"], keys[0], b"") == [{"receipt": "failed"}] * 2


def digest(work: bytes) -> bytes:
    return hashlib.sha256(work).digest()


def damage(chance: random.Random, good: Files) -> Files:
    """A receipt with one thing changed, in a file that both check."""
    files = dict(good)
    name = chance.choice(
        [each for each in files if not each.startswith(("VERIFY", "policy", "amendments", "first", "after"))]
    )
    data = bytearray(files[name])
    kinds: list[Callable[[], object]] = [
        lambda: data.__setitem__(chance.randrange(len(data)), chance.randrange(32, 127)),
        lambda: data.insert(chance.randrange(len(data)), chance.randrange(32, 127)),
        lambda: data.pop(chance.randrange(len(data))),
        lambda: data.extend(data[-chance.randrange(1, 9) :]),
        lambda: data.__delitem__(slice(chance.randrange(len(data)), None)),
        lambda: data.__setitem__(slice(None), files[chance.choice([*files])]),
    ]
    chance.choice(kinds)()
    if chance.random() < 0.1:
        files.pop(name)
    else:
        files[name] = bytes(data)
    return files
