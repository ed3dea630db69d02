"""The folder of a bulk run: `manifest.json`, a file of rows and a record of each chunk, and at the end `summary.json`.

Every file is there only when it is whole, and a chunk's record only after its rows: whatever was killed is done again
by the next run, and takes the place of what was there.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from fingerprints.durable import synchronise
from provenance.database.locks import file_lock
from provenance.errors import BadInput, SourcemarkError, Unavailable, from_os_error
from provenance.names import json_line
from provenance.schemas.bulk import BulkChunk, BulkManifest

from .listing import Chunk
from .storage import file_system, first_line, local_path, put

_WORDS = {
    "command": "another command",
    "list_format": "another list",
    "list_digest": "another list, or a list that was changed since",
    "chunk_rows": "another --chunk-rows",
    "row_format": "another --format",
    "every_row": "another --all",
    "record": "another --record",
    "account_id": "another account",
    "fields": "other values for the fields of rows",
}


@dataclass(frozen=True, slots=True)
class Folder:
    """
    Attributes:
        address: a folder of this machine, or of object storage.
    """

    address: str

    @property
    def local(self) -> Path | None:
        return local_path(self.address)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Make the folder, and hold it against other runs of this machine.

        Raises:
            BadInput: another run is writing into it, or it is a file.
            Unavailable: it cannot be written.
        """
        if self.local is None:
            yield
            return
        try:
            for name in ("rows", "done"):
                (self.local / name).mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise BadInput(f"{self.local} is no folder: name another --output") from None
        except OSError as error:
            raise from_os_error(error, self.local) from error
        with contextlib.ExitStack() as held:
            try:
                held.enter_context(file_lock(self.local / "lock", 1))
            except Unavailable as error:
                if error.reason != "database_busy":
                    raise
                raise BadInput(f"another run is writing into {self.local}: wait for it, or end it") from None
            for left in self.local.glob("*/.*"):  # of a run that was killed
                left.unlink(missing_ok=True)
            yield

    def begin(self, manifest: BulkManifest) -> None:
        """Write down what is asked; where that was written before, it must be the same.

        Raises:
            BadInput: something else was asked, or the folder holds something else.
        """
        kept = self._read("manifest.json")
        if kept is None:
            if self._names("rows") or self._names("done"):
                raise BadInput(f"{self.address} holds rows without a manifest.json: name another --output")
            self.write("manifest.json", manifest)
            return
        try:
            before = BulkManifest.model_validate_json(kept)
        except ValidationError:
            raise BadInput(f"{self.address}/manifest.json is damaged: name another --output") from None
        for name in BulkManifest.model_fields:
            if getattr(before, name) != getattr(manifest, name):
                raise BadInput(
                    f"{self.address} holds rows of {_WORDS[name]}: name another --output, or give what was given then"
                )

    def done(self) -> Iterator[BulkChunk]:
        """The records of the chunks that are answered; a damaged one is none."""
        for name in sorted(self._names("done")):
            with contextlib.suppress(ValidationError):
                yield BulkChunk.model_validate_json(self._read(f"done/{name}") or b"")

    def numbers_done(self) -> set[int]:
        """The numbers of the chunks that are answered."""
        return {int(name.partition(".")[0]) for name in self._names("done")}

    def write(self, name: str, value: BaseModel) -> None:
        with self.file(name) as path:
            path.write_text(json_line(value.model_dump(mode="json")) + "\n", encoding="utf-8")

    def finish(self, record: BulkChunk) -> None:
        """Say that a chunk is answered, once its rows are written."""
        self.write(f"done/{record.number:08}.json", record)

    @contextmanager
    def rows(self, chunk: Chunk, form: str) -> Iterator[Path]:
        """A file to write the rows of a chunk to."""
        with self.file(f"rows/{chunk.number:08}.{form}") as path:
            yield path

    @contextmanager
    def file(self, name: str) -> Iterator[Path]:
        """A file that takes its place when the block ends, on disk and whole; not where it raises.

        Raises:
            Unavailable: the folder cannot be written.
        """
        target = None if self.local is None else self.local / name
        beside = Path(tempfile.gettempdir()) if target is None else target.parent
        path = beside / f".{Path(name).name}.{os.getpid()}"
        try:
            yield path
            if target is None:
                put(path, f"{self.address.rstrip('/')}/{name}")
            else:
                synchronise(path)
                path.replace(target)
                synchronise(beside)
        except OSError as error:
            raise from_os_error(error, beside) from error
        finally:
            path.unlink(missing_ok=True)

    def _read(self, name: str) -> bytes | None:
        try:
            if self.local is not None:
                return (self.local / name).read_bytes()
            system, path = self._remote(name)
            return bytes(system.cat_file(path))
        except FileNotFoundError:
            return None
        except SourcemarkError:
            raise
        except Exception as error:  # storages have no common base of what they raise
            raise self._unreadable(error) from error

    def _names(self, folder: str) -> list[str]:
        try:
            if self.local is not None:
                return [path.name for path in (self.local / folder).iterdir() if not path.name.startswith(".")]
            system, path = self._remote(folder)
            return [str(each).rpartition("/")[2] for each in system.ls(path, detail=False)]
        except FileNotFoundError:
            return []
        except SourcemarkError:
            raise
        except Exception as error:
            raise self._unreadable(error) from error

    def _remote(self, name: str) -> tuple[Any, str]:
        return file_system(f"{self.address.rstrip('/')}/{name}")

    def _unreadable(self, error: Exception) -> Unavailable:
        return Unavailable(f"{self.address} cannot be read: {first_line(error)}", reason="storage")
