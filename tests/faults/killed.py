"""A process that serves clients until it is killed; they write down what they send and what they are answered.

Started by `test_kill_rounds` through a fork server, so that two hundred of them cost little.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import queue
import random
import threading
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fingerprints import registry
from fingerprints.model import Examination, Limits
from fingerprints.source import Source
from provenance import application
from provenance.accounts import accounts
from provenance.application import Application
from provenance.config import Settings
from provenance.errors import LedgerReadOnly, Unavailable
from provenance.schemas import RegistrationItem
from provenance.tlog import envelope, merkle, statement
from provenance.tlog.keys import SigningKey
from provenance.works.registration import RegistrationRequest
from provenance.works.submissions import SignedStatement
from tests.faults.store import Faults
from tests.provenance.cases import people

CLIENTS = 4
COMMITMENTS = {"seal": statement.commit(bytes(32), {"salt": ""})}


class NoSandbox:
    """Sealed works are not read here, and a killed process must not leave others behind."""

    def __init__(self, *_: object) -> None:
        pass

    def close(self) -> None:
        pass


def registration(origin: str, after: envelope.After, key: SigningKey) -> bytes:
    made = statement.sealed_registration(origin, digest=os.urandom(32), commitments=COMMITMENTS, after=after)
    return statement.sign(made, key)


class Book:
    """Lines of JSON, each in one write: what a killed process wrote stays written."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(self, **line: Any) -> None:
        os.write(self._descriptor, json.dumps(line).encode() + b"\n")


def serve(settings: Settings, key: bytes, book: Path, again: list[str], kill: tuple[int, str] | None) -> None:
    """Register until killed.

    Args:
        again: base64 of leaves that were sent before and never answered; they are sent again first.
        kill: number and mode of the store call to be killed at; None: somebody else does it.
    """
    application.Sandbox = NoSandbox  # type: ignore[misc,assignment]
    faults, lines, signer = Faults(settings.home), Book(book), SigningKey.of(Ed25519PrivateKey.from_private_bytes(key))
    faults.told = lambda word: lines.write(killed=word)
    todo: queue.SimpleQueue[str] = queue.SimpleQueue()
    for leaf in again:
        todo.put(leaf)
    with faults.files():
        opened = Application(settings)
        faults.watch(opened.db.engine)
        if kill is not None and kill[0] < 0:  # at the start already
            faults.arm(-kill[0], kill[1])
        opened.start()
        account = accounts.local(opened.db)
        if kill is not None and kill[0] >= 0:
            faults.arm(*kill)

        def client() -> None:
            while True:
                try:
                    leaf = base64.b64decode(todo.get_nowait())
                except queue.Empty:
                    leaf = registration(opened.log.origin, opened.log.head(), signer)
                lines.write(sent=base64.b64encode(leaf).decode())
                try:
                    done = opened.submissions.submit(account, SignedStatement(leaf=base64.b64encode(leaf).decode()))
                except (Unavailable, LedgerReadOnly) as error:
                    lines.write(refused=error.detail, reason=error.reason)
                    continue
                except Exception as error:
                    lines.write(broken=f"{type(error).__name__}: {error}")
                    raise
                lines.write(answered=merkle.leaf_hash(leaf).hex(), index=done.receipt.index, size=done.receipt.size)

        threads = [threading.Thread(target=client, daemon=True) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        with contextlib.suppress(KeyboardInterrupt):
            threads[0].join(60)


class InProcess(NoSandbox):
    """Examines texts of the tests' own in this process, so that none is left behind."""

    def examine(self, source: Source, *, thorough: bool = False) -> Examination:
        return registry.examine(source, Limits(), thorough=thorough)


def register(settings: Settings, text: str, kill: tuple[int, str]) -> None:
    """Register one text and be killed where its competing claims are recorded."""
    application.Sandbox = InProcess  # type: ignore[misc,assignment]
    faults = Faults(settings.home)
    opened = Application(settings)
    faults.watch(opened.db.engine)
    opened.start()
    faults.arm(*kill, only="claims")
    wanted = RegistrationRequest(RegistrationItem(owner="Ada"), Source.blob(text.encode()))
    next(opened.registrar.register(accounts.local(opened.db), [wanted]))
    opened.close()


def random_kill(rng: random.Random) -> tuple[int, str] | None:
    """At a numbered store call, before or after it took effect, in the start or at work; or from outside."""
    if rng.random() < 0.4:
        return None
    number = rng.randrange(-60, 240)
    return number, rng.choice(("kill before", "kill after"))


def complain(settings: Settings, number: int, kill: tuple[int, str]) -> None:
    """File a notice, confirm its address, send the letters, and be killed at one of the store calls of that."""
    application.Sandbox = NoSandbox  # type: ignore[misc,assignment]
    faults = Faults(settings.home)
    opened = Application(settings)
    faults.watch(opened.db.engine)
    opened.start()
    faults.arm(*kill, only="case|pending_entries|openings|commit")
    people.forwarded(opened, addresses=[f"https://forum.example/p/{number}"], email=f"m{number}@salt.example")
    people.send_letters(opened)
    opened.close()
