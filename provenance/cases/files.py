"""Files that parties attach: encrypted in the database, or as hashes only, as the setting says."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError

from ..config import Settings
from ..database.tables import case_files, case_steps
from ..errors import BadInput, LedgerReadOnly, NotFound, TooLarge
from ..ids import new_id
from ..json_input import one_line
from ..ledger.kept_cipher import KeptCipher
from ..schemas.case import CaseFile
from ..schemas.notice import MAX_FILES, AttachedFile

FILE = "cases.pem"
_USE = b"sourcemark: files of complaints, version 1"
_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as somebody sends it."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class SealedFile:
    """A file as it is stored.

    Attributes:
        sealed: None where only its hash is kept.
    """

    file_id: str
    name: str
    size: int
    digest: bytes
    sealed: bytes | None

    def row(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("file_id", "name", "size", "digest", "sealed")}


def attached(files: Sequence[SealedFile]) -> list[AttachedFile]:
    """Files as what a person says names them."""
    return [AttachedFile(name=each.name, sha256=each.digest.hex()) for each in files]


class CaseFiles:
    """Seals files and opens them again. Thread-safe."""

    def __init__(self, settings: Settings) -> None:
        self._cipher = KeptCipher(settings, FILE, _USE, "the files of complaints")
        self._kept = settings.case_files == "keep"
        self._limit = settings.max_case_file_mib

    def seal(self, uploads: Sequence[Upload], named: Sequence[AttachedFile] = ()) -> list[SealedFile]:
        """Files that come with a step.

        Args:
            named: those that stay with who has them.

        Raises:
            TooLarge: a file is.
            BadInput: they are too many, or one has no name.
            LedgerReadOnly: the key cannot be used, or made.
        """
        if len(uploads) + len(named) > MAX_FILES:
            raise BadInput(f"files: at most {MAX_FILES} at a time")
        by_hash = [SealedFile(new_id("file"), each.name, 0, bytes.fromhex(each.sha256), None) for each in named]
        return [*by_hash, *(self._sealed(each) for each in uploads)]

    def _sealed(self, upload: Upload) -> SealedFile:
        if len(upload.content) > self._limit * _MIB:
            raise TooLarge(
                f"{upload.name:.80} is larger than {self._limit} MiB (SOURCEMARK_MAX_CASE_FILE_MIB)", reason="too_large"
            )
        digest = hashlib.sha256(upload.content)
        try:
            named = AttachedFile(name=upload.name, sha256=digest.hexdigest())
        except ValidationError as error:
            raise BadInput(f"files: {one_line(error)}") from error
        file_id = new_id("file")
        sealed = self._cipher.seal(upload.content, file_id) if self._kept else None
        return SealedFile(file_id, named.name, len(upload.content), digest.digest(), sealed)

    def open(self, row: sa.Row[Any]) -> bytes:
        """The content of a stored file.

        Raises:
            NotFound: only its hash is kept, or it was erased.
            LedgerReadOnly: the key is not here, or is another one.
        """
        if row.sealed is None:
            raise NotFound(f"of {row.file_id} only the hash is kept")
        try:
            return self._cipher.open(row.sealed, row.file_id)
        except ValueError as error:
            raise LedgerReadOnly(
                f"{error}: restore that file of the keys from your backup", reason="key_damaged"
            ) from None


def of_step(connection: sa.Connection, step: int) -> list[CaseFile]:
    """The files of a step, in the order they came."""
    rows = connection.execute(sa.select(case_files).where(case_files.c.step == step).order_by(case_files.c.id))
    return [
        CaseFile(
            file_id=row.file_id,
            name=row.name,
            size=row.size or None,
            sha256=row.digest.hex(),
            kept=row.sealed is not None,
        )
        for row in rows
    ]


def find(connection: sa.Connection, case: int, file_id: str) -> tuple[sa.Row[Any], sa.Row[Any]]:
    """A file of a case, and the step it came with; raises `NotFound`."""
    row = connection.execute(sa.select(case_files).where(case_files.c.file_id == file_id)).first()
    if row is not None:
        step = connection.execute(sa.select(case_steps).where(case_steps.c.id == row.step)).one()
        if step.case == case:
            return row, step
    raise NotFound(f"no file of this case has the id {file_id!r:.80}")
