"""Policies that a reader of receipts has pinned: whose keys to check the receipts of a log with from then on.

Trust on first use: whoever pins a policy that the log itself hands out trusts the way to it once. From then on another
policy for the same log is noticed. What was pinned should be compared by another channel; `fingerprints` are for that.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path
from typing import TypedDict
from urllib.parse import quote

from ..errors import BadInput, Conflict, Unavailable, VerificationFailed
from ..tlog.note import COSIGNATURE_MLDSA44
from ..tlog.policy import Policy, parse_policy
from ..tlog.signed_checkpoint import open_checkpoint
from .fetcher import LogFetcher

_MAX_NAME = 200  # bytes of a file's name
_MAX_POLICY = 1 << 20  # bytes


class KeyFingerprint(TypedDict):
    """One key of a policy: whose, of which algorithm, and the SHA-256 of its raw bytes in hex."""

    role: str
    name: str
    algorithm: str
    sha256: str


class PinnedPolicies:
    """The policies in one folder, a file a log."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, origin: str) -> bytes | None:
        """The policy pinned for a log, None when there is none; raises `BadInput` when it cannot be read."""
        path = self._path(origin)
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise BadInput(f"the pinned policy {path} cannot be read: {error.strerror}") from error

    def pin(self, raw: bytes, *, replace: bool = False) -> list[Path]:
        """Keep a policy as the one for each log that it names; returns the files.

        Raises:
            VerificationFailed: it is no policy.
            Conflict: another one is pinned already; says in which lines they differ.
            Unavailable: the folder cannot be written.
        """
        origins = list(dict.fromkeys(key.name for key in parse_policy(raw).logs))
        for origin in origins:
            before = self.find(origin)
            if before is not None and not replace:
                differences = _differences(before, raw)
                if differences:
                    raise Conflict(
                        f"another policy is pinned for {origin}: {'; '.join(differences)}. Ask the operator by another "
                        "channel whether this change is his, then pin it with --replace"
                    )
        paths = [self._path(origin) for origin in origins]
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for path in paths:
                aside = path.with_name(f".{path.name[:_MAX_NAME]}.{os.getpid()}")
                aside.write_bytes(raw)
                aside.replace(path)
        except OSError as error:
            raise Unavailable(
                f"{self.folder} cannot be written ({error.strerror}): check the disk and its rights", reason="storage"
            ) from error
        return paths

    def _path(self, origin: str) -> Path:
        name = quote(origin, safe="")
        if len(name) > _MAX_NAME:
            name = hashlib.sha256(origin.encode()).hexdigest()
        return self.folder / f"{name}.policy"


def fetch_policy(where: str) -> bytes:
    """The policy that a log publishes, by the address of the log or of the service that has it under ``/log``.

    Args:
        where: an http(s) URL, a folder, or a policy's own file.

    Raises:
        BadInput, Unavailable: it cannot be read.
        VerificationFailed: no policy is published there, or not one of the log that is published with it.
    """
    if not where.startswith(("http://", "https://")) and Path(where).is_file():
        try:
            with Path(where).open("rb") as handle:
                raw = handle.read(_MAX_POLICY + 1)
        except OSError as error:
            raise BadInput(f"{where} cannot be read: {error.strerror}") from error
        parse_policy(raw)
        return raw
    try:
        return _published(where)
    except VerificationFailed as error:
        with contextlib.suppress(BadInput, VerificationFailed):
            return _published(f"{where.rstrip('/')}/log")
        raise VerificationFailed(
            f"{where}: {error.detail}: name where the log publishes its checkpoint, such as https://log.example.org/log"
        ) from error


def _published(where: str) -> bytes:
    fetcher = LogFetcher(where)
    try:
        raw = fetcher.text("policy")
        trusted = parse_policy(raw)
        open_checkpoint(fetcher.text("checkpoint"), trusted.logs)
    finally:
        fetcher.close()
    return raw


def fingerprints(policy: Policy) -> list[KeyFingerprint]:
    """What to compare by another channel, a key each."""
    keys = [("log", key) for key in policy.logs] + [("witness", key) for key in policy.witnesses.values()]
    return [
        {
            "role": role,
            "name": key.name,
            "algorithm": "ML-DSA-44" if key.kind == COSIGNATURE_MLDSA44 else "Ed25519",
            "sha256": hashlib.sha256(key.public).hexdigest(),
        }
        for role, key in keys
    ]


def _differences(old: bytes, new: bytes) -> list[str]:
    """The lines that only one of two policies has, without comments and the addresses of witnesses."""
    before, after = _lines(old), _lines(new)
    return [f"no longer {line!r:.100}" for line in before if line not in after] + [
        f"now {line!r:.100}" for line in after if line not in before
    ]


def _lines(raw: bytes) -> list[str]:
    found = []
    for line in raw.decode("utf-8", "replace").split("\n"):
        words = line.split()
        if words and not words[0].startswith("#"):
            most = {"log": 2, "witness": 3}.get(words[0], len(words))
            found.append(" ".join(words[:most]))
    return found
