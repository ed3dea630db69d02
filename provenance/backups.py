"""Backups of an installation, and what may be done with one.

A backup has the database and the newest checkpoint. It never has the signer state: put back, that would allow the log
to sign another history than the one that others have seen. Keys go to a folder of their own.

Restored on a machine that has its signer state still, an old backup is read-only by itself (`database_behind`). On a
new machine nothing knows what was signed after the backup, so the log is restored read-only (`signer_state_missing`),
until somebody has made sure that the backup is the newest and says so by `sourcemark ledger rebuild`.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from fingerprints.durable import private

from .config import Settings
from .database import backlog, copies
from .database.engine import HEAD, Database
from .database.tables import now
from .errors import BadInput, Conflict, Unavailable, VerificationFailed, from_os_error
from .ledger.reader import LogReader
from .ledger.signer_state import SignerState
from .schema_fields import Record
from .tlog.checkpoint import Checkpoint, parse_checkpoint

_MANIFEST, _CHECKPOINT = "backup.json", "checkpoint"

State = Literal["current", "behind", "unknown"]


class Backup(Record):
    """What a backup holds."""

    made_at: str
    origin: str = Field(description="Name of the log.")
    size: int = Field(description="Entries of the log that it holds at least.")
    schema_version: str = Field(description="Of the database.")
    files: dict[str, str] = Field(description="SHA-256 of each file, hexadecimal.")


class Restored(Record):
    """What a restored installation may do."""

    origin: str
    size: int
    state: State = Field(
        description="current: the log goes on; behind: entries were signed after the backup, so it is read-only; "
        "unknown: this machine does not remember what was signed, so it is read-only until `ledger rebuild`."
    )


def save(db: Database, settings: Settings, folder: Path, *, keys: Path | None = None) -> Backup:
    """Back an installation up, in use or not, into a new folder that is there only when it is whole.

    Args:
        keys: a new folder for a copy of the private keys; None: they are not copied.

    Raises:
        BadInput: a folder is there already.
        Unavailable: the database or the disk.
    """
    for new in (folder, keys):
        if new is not None and new.exists():
            raise BadInput(f"{new} exists already: name a new folder")
    if keys is not None and (keys == folder or folder in keys.parents):
        raise BadInput("--keys: must lie apart from the backup")
    if (db.is_sqlite and not Path(str(db.url.database)).exists()) or db.revision() is None:
        raise Unavailable(f"there is no installation in {db.place}: nothing is backed up", reason="not_published")
    partial = folder.with_name(folder.name + ".partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o700, parents=True)
        newest = LogReader(settings.log_dir).read()  # first: what is copied after it holds it
        if newest is None:
            raise Unavailable(f"the log has no checkpoint in {settings.log_dir} yet: try again", reason="not_published")
        copies.save(db, partial / copies.name(db))
        (partial / _CHECKPOINT).write_bytes(newest.raw)
        made = Backup(
            made_at=now(),
            origin=newest.origin,
            size=newest.size,
            schema_version=str(db.revision()),
            files={file.name: _digest(file) for file in sorted(partial.iterdir())},
        )
        (partial / _MANIFEST).write_text(made.model_dump_json(indent=2) + "\n")
        if keys is not None:
            _copy_keys(settings.keys_dir, keys)
        partial.rename(folder)
    except OSError as error:
        raise from_os_error(error, folder) from error
    return made


def load(
    db: Database, settings: Settings, folder: Path, *, keys: Path | None = None, newest: bytes | None = None
) -> Restored:
    """Put a backup back where there is no database.

    Args:
        keys: a folder of private keys; None: those that are there are used.
        newest: the newest checkpoint of the log that others have, such as a witness, a mirror, or a receipt.

    Raises:
        BadInput: the folder is no whole backup, or of a newer version.
        Conflict: there is a database, or another key.
        VerificationFailed: others have seen entries that the backup lacks.
    """
    made = read(folder)
    copy = copies.check_kind(db, folder)
    seen = None if newest is None else parse_checkpoint(newest)
    if seen is not None and (seen.origin != made.origin or seen.size > made.size):
        raise VerificationFailed(
            f"the checkpoint is of {seen.size} entries of {seen.origin}, the backup holds {made.size} of "
            f"{made.origin}: find a newer backup, or what comes after would be signed a second time"
        )
    try:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        if keys is not None:
            _copy_keys(keys, settings.keys_dir)
        copies.load(db, copy)
        shutil.rmtree(settings.index_dir, ignore_errors=True)  # of another state of the log; it is made again
        with db.read() as connection:
            size = backlog.log_size(connection)
        published = LogReader(settings.log_dir).read()
        state = _state(size, SignerState(settings.signer_state).read(), published)
        if state == "unknown" and published is None:
            settings.log_dir.mkdir(exist_ok=True)
            shutil.copyfile(folder / _CHECKPOINT, settings.log_dir / _CHECKPOINT)
    except OSError as error:
        raise from_os_error(error, settings.home) from error
    return Restored(origin=made.origin, size=size, state=state)


def read(folder: Path) -> Backup:
    """What a backup holds, after comparing its files; raises `BadInput`."""
    try:
        made = Backup.model_validate_json((folder / _MANIFEST).read_bytes())
        wrong = [name for name, digest in made.files.items() if _digest(folder / name) != digest]
    except FileNotFoundError as error:
        raise BadInput(f"{folder} is no backup, or not whole: there is no {Path(error.filename).name}") from None
    except (OSError, ValidationError) as error:
        raise BadInput(f"{folder} cannot be read as a backup: {type(error).__name__}") from error
    if wrong:
        raise BadInput(f"{folder} is damaged: {', '.join(wrong)} is not what was saved; take another backup")
    if made.schema_version > HEAD:
        raise BadInput(f"{folder} was made by a newer version of Sourcemark: install that")
    return made


def _state(size: int, signed: Checkpoint | None, published: Checkpoint | None) -> State:
    """What this machine remembers of the log, compared with the size of a restored one."""
    if any(each is not None and each.size > size for each in (signed, published)):
        return "behind"
    return "unknown" if signed is None else "current"


def _copy_keys(source: Path, target: Path) -> None:
    """Copy private keys; raises `BadInput` where there are none, `Conflict` rather than put one in another's place."""
    found = sorted(source.glob("*.pem"))
    if not found:
        raise BadInput(f"{source} holds no keys")
    for file in found:
        there = target / file.name
        if there.exists() and there.read_bytes() != file.read_bytes():
            raise Conflict(f"{there} is another key than that of {source}: move one of the two away")
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    for file in found:
        if not (target / file.name).exists():
            with open(target / file.name, "xb", opener=private) as handle:
                handle.write(file.read_bytes())


def _digest(file: Path) -> str:
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
