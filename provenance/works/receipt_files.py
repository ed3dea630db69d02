"""Receipts on disk, as a folder, a zip or one JSON file: written whole or not at all, read back within bounds."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path

from ..errors import BadInput, Unavailable, VerificationFailed
from ..tlog import receipt

# Names that a person gives to a file, never to a folder.
_OTHER_FILES = {".7z", ".gz", ".html", ".pdf", ".rar", ".tar", ".tgz", ".txt", ".xz"}


def write(files: Mapping[str, bytes], target: Path) -> None:
    """Write a receipt as a new folder, or as a .zip or .json by the ending of the name.

    Raises:
        BadInput: something is there already, or the name is of another kind of file.
        Unavailable: the disk refuses.
    """
    if target.exists():
        raise BadInput(f"{target} exists already: choose another name")
    if target.suffix.lower() in _OTHER_FILES:
        raise BadInput(f"{target} names no folder: a receipt is a folder, or a file that ends in .zip or .json")
    if not all(map(receipt.is_plain_name, files)):
        raise BadInput("a file of the receipt has a name that is none")
    # Made aside, so that a full disk leaves no half of a receipt behind.
    aside = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    try:
        try:
            if target.suffix.lower() == ".zip":
                _write_private(aside, receipt.to_zip(files))
            elif target.suffix.lower() == ".json":
                _write_private(aside, receipt.to_json(files))
            else:
                aside.mkdir(mode=0o700)
                for name, data in files.items():
                    (aside / name).parent.mkdir(parents=True, exist_ok=True)
                    _write_private(aside / name, data)
            aside.rename(target)
        except OSError:
            shutil.rmtree(aside, ignore_errors=True)
            aside.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise Unavailable(f"{target} cannot be written: {error.strerror}", reason="storage") from error


def _write_private(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(data)


def read(path: Path) -> dict[str, bytes]:
    """Read a receipt back: a folder, or a zip or JSON file, whatever its name.

    Raises:
        BadInput: there is nothing at this path.
        VerificationFailed: it is no receipt, or larger than any receipt is.
    """
    try:
        if stat.S_ISDIR(path.stat().st_mode):
            return _read_folder(path)
        if path.stat().st_size > 2 * receipt.MAX_BYTES:
            raise VerificationFailed(f"{path} is too large to be a receipt")
        data = path.read_bytes()
        return receipt.from_json(data) if data.lstrip()[:1] == b"{" else receipt.from_zip(data)
    except FileNotFoundError:
        raise BadInput(f"{path} does not exist: name a receipt's folder, .zip or .json") from None
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error


def _read_folder(folder: Path) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            if path.is_symlink() or not path.is_file():
                continue
            total += path.stat().st_size
            if len(files) >= receipt.MAX_FILES or total > receipt.MAX_BYTES:
                raise VerificationFailed(f"{folder} holds more than any receipt does")
            files[path.relative_to(folder).as_posix()] = path.read_bytes()
    return files
