"""A receipt: the files with which a stranger checks a registration offline. Built, written, read back safely.

``opening.json`` is private: it opens the commitments. Everything else could be published.
"""

from __future__ import annotations

import io
import os
import re
import secrets
import shutil
import stat
import zipfile
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from ..errors import BadInput, Unavailable, VerificationFailed
from .encoding import canonical
from .envelope import parse_leaf

ENTRY = "entry.dsse.json"
PROOF = "entry.tlog-proof"
OPENING = "opening.json"
AFTER = "after.checkpoint"
STAMP = "checkpoint.tsr"
RENEWED_CHECKPOINT = "renewed/checkpoint"
RENEWED_CONSISTENCY = "renewed/consistency"
RENEWED_STAMP = "renewed/checkpoint.tsr"
POLICY = "policy"
README = "VERIFY.md"

_MOST_FILES = 200
_MOST_BYTES = 4 * 1024 * 1024

_VERIFY_MD = resources.files(__package__).joinpath(README)


def build(
    *,
    leaf: bytes,
    proof: bytes,
    enrolments: Sequence[tuple[bytes, bytes]],
    opening: Mapping[str, Any],
    policy: bytes,
    origin: str,
    index: int,
    after: bytes | None = None,
    stamp: bytes | None = None,
    renewal: tuple[bytes, bytes, bytes] | None = None,
) -> dict[str, bytes]:
    """The files of a receipt by name.

    Args:
        enrolments: leaf and proof of each enrolment of a key that signed the entry, and of the keys that signed those
            with them, in the order of the log.
        after: the signed checkpoint that the entry names as seen.
        stamp: an RFC 3161 token over the exact bytes of the checkpoint in ``proof``.
        renewal: a later checkpoint, the consistency proof to it (one base64 hash a line), and a token over it.
        opening: ``{name: {"salt": base64, "record": {...}}}`` for each commitment that is opened.
    """
    files = {ENTRY: leaf, PROOF: proof, POLICY: policy}
    if after is not None:
        files[AFTER] = after
    if stamp is not None:
        files[STAMP] = stamp
    if renewal is not None:
        files |= dict(zip((RENEWED_CHECKPOINT, RENEWED_CONSISTENCY, RENEWED_STAMP), renewal, strict=True))
    signer, at = parse_leaf(leaf).signers[0], "0"
    digits = len(str(len(enrolments)))  # so that the order of names is that of numbers
    for number, (enrolment, its_proof) in enumerate(enrolments):
        name = f"{number:0{digits}}"
        files[f"keys/{name}/{ENTRY}"] = enrolment
        files[f"keys/{name}/{PROOF}"] = its_proof
        if parse_leaf(enrolment).digests == [signer]:  # an enrolment is about its key
            at = name
    if opening:
        files[OPENING] = canonical(opening)
    facts = {"origin": origin, "index": str(index), "entry": ENTRY, "proof": PROOF, "key": at}
    text = _VERIFY_MD.read_text(encoding="utf-8")
    files[README] = re.sub(r"\{(\w+)\}", lambda match: facts[match[1]], text).encode()
    return files


def to_zip(files: Mapping[str, bytes]) -> bytes:
    """The same bytes for the same files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.external_attr = 0o600 << 16
            archive.writestr(info, files[name])
    return out.getvalue()


def write(files: Mapping[str, bytes], target: Path) -> None:
    """Write a receipt as a new folder, or as a .zip.

    Raises:
        BadInput: something is there already.
        Unavailable: the disk refuses.
    """
    if target.exists():
        raise BadInput(f"{target} exists already: choose another name")
    if not all(map(_is_plain, files)):
        raise BadInput("a file of the receipt has a name that is none")
    # Made aside, so that a full disk leaves no half of a receipt behind.
    aside = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    try:
        try:
            if target.suffix == ".zip":
                _write_private(aside, to_zip(files))
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
        raise Unavailable(f"{target} cannot be written: {error.strerror}") from error


def _is_plain(name: str) -> bool:
    """Whether a name stays within its folder, on every system."""
    return "\\" not in name and ":" not in name and all(part not in ("", ".", "..") for part in name.split("/"))


def _write_private(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(data)


def read(path: Path) -> dict[str, bytes]:
    """Read a receipt back, folder or zip.

    Raises:
        BadInput: there is nothing at this path.
        VerificationFailed: it is no receipt, or larger than any receipt is.
    """
    try:
        if stat.S_ISDIR(path.stat().st_mode):
            return _read_folder(path)
        if path.stat().st_size > _MOST_BYTES:
            raise VerificationFailed(f"{path} is too large to be a receipt")
        return from_zip(path.read_bytes())
    except FileNotFoundError:
        raise BadInput(f"{path} does not exist: name a receipt's folder or .zip") from None
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error


def from_zip(data: bytes) -> dict[str, bytes]:
    """Raises `VerificationFailed` for anything but a small zip of plain files."""
    files: dict[str, bytes] = {}
    total = 0
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if len(archive.infolist()) > _MOST_FILES:
                raise VerificationFailed("the zip has too many files to be a receipt")
            for info in archive.infolist():
                if info.is_dir():
                    continue
                with archive.open(info) as handle:
                    content = handle.read(_MOST_BYTES - total + 1)
                total += len(content)
                if total > _MOST_BYTES:
                    raise VerificationFailed("the zip unpacks to more than any receipt holds")
                if info.filename in files:
                    raise VerificationFailed(f"the zip holds {info.filename!r:.60} twice")
                if not _is_plain(info.filename):
                    raise VerificationFailed(f"the zip holds {info.filename!r:.60}, which is not a name within it")
                files[info.filename] = content
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError, EOFError) as error:
        raise VerificationFailed(f"this is no receipt: {error or type(error).__name__}") from None
    except Exception as error:  # zlib.error and whatever else a hostile archive makes a decompressor say
        if isinstance(error, VerificationFailed):
            raise
        raise VerificationFailed(f"this is no receipt: {error or type(error).__name__}") from None
    return _unwrapped(files)


def _unwrapped(files: dict[str, bytes]) -> dict[str, bytes]:
    """Without the one folder around everything that zipping a folder by hand puts there."""
    around = [name.removesuffix(ENTRY) for name in files if re.fullmatch(r"[^/]+/" + re.escape(ENTRY), name)]
    if ENTRY in files or len(around) != 1:
        return files
    return {name.removeprefix(around[0]): data for name, data in files.items() if name.startswith(around[0])}


def _read_folder(folder: Path) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            if path.is_symlink() or not path.is_file():
                continue
            total += path.stat().st_size
            if len(files) >= _MOST_FILES or total > _MOST_BYTES:
                raise VerificationFailed(f"{folder} holds more than any receipt does")
            files[path.relative_to(folder).as_posix()] = path.read_bytes()
    return files
