"""A witness: cosigns checkpoints of the logs it knows, each only if it continues what it cosigned before.

Protocol: c2sp.org/tlog-witness, cosignatures by c2sp.org/tlog-cosignature. What was cosigned last is compared and
swapped in a database of the witness's own, on disk before the signature exists; so it never goes back, and never signs
two roots of one size, not even from two processes or after a crash.
"""

from __future__ import annotations

import os
import sqlite3
import struct
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from ..errors import BadInput, Conflict, LedgerReadOnly, Unavailable, VerificationFailed
from ..ledger import key_files
from ..tlog import note, policy
from ..tlog.checkpoint import Checkpoint, parse_checkpoint
from ..tlog.cosignature import cosigned_message
from ..tlog.merkle import verify_consistency
from ..tlog.signed_checkpoint import open_checkpoint
from ..tlog.witness_request import SIZE_TYPE, parse_request

_NAME = "name"
_STATE = "state.db"
_TEXT = "text/plain; charset=utf-8"
_MAX_FORKS = 1000  # kept as evidence
_SCHEMA = """
CREATE TABLE IF NOT EXISTS logs
  (origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, note BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS forks (seen_at INTEGER NOT NULL, origin TEXT NOT NULL, note BLOB NOT NULL);
"""


class WitnessKeys:
    """A witness's private keys: Ed25519 for every reader today, ML-DSA-44 against quantum computers."""

    def __init__(self, name: str, ed25519: Ed25519PrivateKey, mldsa44: MLDSA44PrivateKey) -> None:
        self._pairs = (
            (note.VKey.make(name, note.COSIGNATURE_ED25519, ed25519.public_key().public_bytes_raw()), ed25519),
            (note.VKey.make(name, note.COSIGNATURE_MLDSA44, mldsa44.public_key().public_bytes_raw()), mldsa44),
        )

    @property
    def vkeys(self) -> list[note.VKey]:
        """Ed25519 first."""
        return [key for key, _ in self._pairs]

    def cosign(self, text: bytes, timestamp: int) -> bytes:
        """Signature lines over a checkpoint's text at a time in POSIX seconds."""
        return b"".join(
            note.signature_line(
                key, struct.pack(">Q", timestamp) + private.sign(cosigned_message(key, timestamp, text))
            )
            for key, private in self._pairs
        )


@dataclass(frozen=True, slots=True)
class WitnessResponse:
    """What the witness answers: HTTP status, media type, body."""

    status: int
    body: bytes
    kind: str = _TEXT


def create(folder: Path, name: str) -> WitnessKeys:
    """Make a witness: its folder, its name, its keys.

    Args:
        name: a key name, for example "witness.example.org/w1": no spaces, no "+".

    Raises:
        BadInput: not a name.
        Conflict: there is a witness in this folder.
        Unavailable: the folder cannot be written.
    """
    try:
        note.VKey.make(name, note.COSIGNATURE_ED25519, bytes(32))
    except VerificationFailed as error:
        raise BadInput(f"{error.detail}: take something like witness.example.org/w1") from None
    if len(name.encode()) > 255:
        raise BadInput("a witness's name has at most 255 bytes")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(folder / _NAME, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
            handle.write(name + "\n")
        key_files.create_log_keys(folder)  # the same two kinds of key as a log's, kept in the same two files
    except FileExistsError:
        raise Conflict(f"there is a witness in {folder} already: choose another folder") from None
    except OSError as error:
        raise Unavailable(f"{folder} cannot be written: {error.strerror}", reason="storage") from error
    return load(folder)


def load(folder: Path) -> WitnessKeys:
    """The keys of a witness; raises `BadInput` when there is none in this folder, or a part is missing."""
    try:
        return WitnessKeys((folder / _NAME).read_text().rstrip("\n"), *key_files.load_log_keys(folder))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise BadInput(
            f"there is no witness in {folder} ({Path(error.filename).name} is missing): make one with "
            "`sourcemark witness new`, or restore it from your backup"
        ) from None
    except OSError as error:
        raise BadInput(f"{folder} cannot be read: {error.strerror}") from error
    except (LedgerReadOnly, UnicodeDecodeError, VerificationFailed) as error:
        raise BadInput(f"the witness in {folder} is damaged ({error}): restore it from your backup") from None


def log_keys(raw: bytes) -> list[note.VKey]:
    """The keys of a log out of its ``log.vkey`` (one key a line) or its policy; raises `VerificationFailed`."""
    try:
        lines = raw.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        raise VerificationFailed("it is not UTF-8") from None
    words = [line.split() for line in lines]
    if any(line[:1] in (["log"], ["quorum"]) for line in words):
        return list(policy.parse_policy(raw).logs)
    found = [note.VKey.parse(line) for line in lines if line and not line.startswith("#")]
    if not found:
        raise VerificationFailed("it holds no key")
    return found


class Witness:
    """One witness at work. Thread-safe, and safe beside other processes on the same folder."""

    def __init__(self, folder: Path, logs: Sequence[Sequence[note.VKey]]) -> None:
        """
        Args:
            logs: sets of keys, the name of a key being the origin of its log. A checkpoint is good if all keys of one
                set signed it; a log whose keys change has two sets for a while.

        Raises:
            BadInput: no witness in the folder, or a key that cannot be a log's.
            Unavailable: its state cannot be opened.
        """
        self.keys = load(folder)
        self._state = folder / _STATE
        self._logs: dict[str, list[list[note.VKey]]] = {}
        for each in logs:
            for origin in {key.name for key in each}:
                own = [key for key in each if key.name == origin]
                if any(key.kind == note.COSIGNATURE_ED25519 for key in own):
                    raise BadInput(f"the key of {origin} is a witness's, not a log's")
                self._logs.setdefault(origin, []).append(own)
        with self._connected() as connection:
            connection.executescript(_SCHEMA)

    @property
    def origins(self) -> list[str]:
        """The logs that are witnessed."""
        return sorted(self._logs)

    def add_checkpoint(self, body: bytes) -> WitnessResponse:
        """WitnessResponse one add-checkpoint request; never raises for what a client sends.

        Raises:
            Unavailable: the state cannot be read or written; nothing is signed.
        """
        try:
            old, proof, raw = parse_request(body)
            checkpoint = parse_checkpoint(raw)
        except VerificationFailed as error:
            return _refusal(400, error.detail)
        known = self._logs.get(checkpoint.origin)
        if known is None:
            return _refusal(404, "this witness does not know the log")
        refused = [why for why in (_not_signed(raw, each) for each in known) if why]
        if len(refused) == len(known):
            return _refusal(403, refused[-1])
        if old > checkpoint.size:
            return _refusal(400, "the old size is larger than the checkpoint's")
        refusal = self._advance(checkpoint, old, proof)
        if refusal is not None:
            return refusal
        text = note.parse_note(raw).text
        return WitnessResponse(200, self.keys.cosign(text, int(time.time())))

    def _advance(self, checkpoint: Checkpoint, old: int, proof: Sequence[bytes]) -> WitnessResponse | None:
        """Compare and swap: remember a checkpoint that continues the one before, or say why not."""
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            last = connection.execute("SELECT size, root FROM logs WHERE origin = ?", (checkpoint.origin,)).fetchone()
            size, root = last or (0, None)
            if size == checkpoint.size and root not in (None, checkpoint.root):
                self._keep_fork(connection, checkpoint)
                return WitnessResponse(409, b"%d\n" % size, SIZE_TYPE)
            if old != size:
                return WitnessResponse(409, b"%d\n" % size, SIZE_TYPE)
            try:
                if old > 0:
                    verify_consistency(old, checkpoint.size, proof, root or b"", checkpoint.root)
                elif proof:
                    raise VerificationFailed("the proof from an empty log must be empty")
            except VerificationFailed as error:
                return _refusal(422, error.detail)
            connection.execute(
                "INSERT INTO logs VALUES (?, ?, ?, ?) ON CONFLICT (origin) DO UPDATE SET"
                " size = excluded.size, root = excluded.root, note = excluded.note",
                (checkpoint.origin, checkpoint.size, checkpoint.root, checkpoint.raw),
            )
            connection.execute("COMMIT")
        return None

    def _keep_fork(self, connection: sqlite3.Connection, checkpoint: Checkpoint) -> None:
        """The log signed two roots of one size: that signature convicts it, so it is kept."""
        (count,) = connection.execute("SELECT count(*) FROM forks").fetchone()
        if count < _MAX_FORKS:
            connection.execute(
                "INSERT INTO forks VALUES (?, ?, ?)", (int(time.time()), checkpoint.origin, checkpoint.raw)
            )
            connection.execute("COMMIT")

    def forks(self) -> list[bytes]:
        """Signed checkpoints of another root than the one cosigned at their size."""
        with self._connected() as connection:
            return [raw for (raw,) in connection.execute("SELECT note FROM forks ORDER BY rowid")]

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        try:
            os.close(os.open(self._state, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            connection = sqlite3.connect(self._state, timeout=5, isolation_level=None)
            try:
                # EXTRA: the folder is synchronised as well, so that a power cut cannot bring the old state back.
                connection.execute("PRAGMA synchronous = EXTRA")
                yield connection
            finally:
                connection.close()  # what was not committed is rolled back
        except (OSError, sqlite3.Error) as error:
            raise Unavailable(f"the witness's state {self._state} cannot be used: {error}", reason="storage") from error


def _not_signed(raw: bytes, log_keys: Sequence[note.VKey]) -> str:
    """Why these keys did not all sign a checkpoint, nothing if they did."""
    try:
        open_checkpoint(raw, log_keys)
    except VerificationFailed as error:
        return error.detail
    return ""


def _refusal(status: int, why: str) -> WitnessResponse:
    return WitnessResponse(status, why.encode("utf-8", "replace") + b"\n")
