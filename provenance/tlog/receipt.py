"""A receipt: the files with which a stranger checks a registration offline; built, zipped and unzipped safely. Pure.

``opening.json`` is private: it opens the commitments. Everything else could be published.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from ..errors import VerificationFailed
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

MAX_FILES = 200
MAX_BYTES = 4 * 1024 * 1024

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


def is_plain_name(name: str) -> bool:
    """Whether a name stays within its folder, on every system."""
    return "\\" not in name and ":" not in name and all(part not in ("", ".", "..") for part in name.split("/"))


def from_zip(data: bytes) -> dict[str, bytes]:
    """Raises `VerificationFailed` for anything but a small zip of plain files."""
    files: dict[str, bytes] = {}
    total = 0
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if len(archive.infolist()) > MAX_FILES:
                raise VerificationFailed("the zip has too many files to be a receipt")
            for info in archive.infolist():
                if info.is_dir():
                    continue
                with archive.open(info) as handle:
                    content = handle.read(MAX_BYTES - total + 1)
                total += len(content)
                if total > MAX_BYTES:
                    raise VerificationFailed("the zip unpacks to more than any receipt holds")
                if info.filename in files:
                    raise VerificationFailed(f"the zip holds {info.filename!r:.60} twice")
                if not is_plain_name(info.filename):
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
