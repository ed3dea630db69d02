"""A receipt: the files with which a stranger checks a registration offline; built, packed and unpacked safely. Pure.

``opening.json`` is private: it opens the commitments. Everything else could be published.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from ..errors import VerificationFailed
from .checkpoint import parse_checkpoint
from .encoding import b64, canonical, unb64
from .envelope import parse_leaf
from .proof import parse_proof

ENTRY = "entry.dsse.json"
PROOF = "entry.tlog-proof"
FIRST = "first.tlog-proof"
OPENING = "opening.json"
AFTER = "after.checkpoint"
STAMP = "checkpoint.tsr"
RENEWED_CHECKPOINT = "renewed/checkpoint"
RENEWED_CONSISTENCY = "renewed/consistency"
RENEWED_STAMP = "renewed/checkpoint.tsr"
POLICY = "policy"
README = "VERIFY.md"

MAX_FILES = 2000
MAX_BYTES = 4 * 1024 * 1024

_JSON_FORMAT = "sourcemark/receipt/v1"
_VERIFY_MD = resources.files(__package__).joinpath(README)


@dataclass(frozen=True, slots=True)
class LaterFiles:
    """What a receipt brings of a later entry about the work: a receipt within the receipt, in a folder of its own.

    Attributes:
        enrolments: leaf and proof of each enrolment that decides whether its signer may act for the work.
        opening: of what it commits to, empty once that was erased.
    """

    leaf: bytes
    proof: bytes
    enrolments: Sequence[tuple[bytes, bytes]]
    opening: Mapping[str, Any]


def build(
    *,
    leaf: bytes,
    proof: bytes,
    enrolments: Sequence[tuple[bytes, bytes]],
    opening: Mapping[str, Any],
    policy: bytes,
    origin: str,
    index: int,
    first: bytes | None = None,
    after: bytes | None = None,
    stamp: bytes | None = None,
    renewal: tuple[bytes, bytes, bytes] | None = None,
    amendments: Sequence[LaterFiles] = (),
    evidence: Sequence[LaterFiles] = (),
) -> dict[str, bytes]:
    """The files of a receipt by name.

    Args:
        enrolments: leaf and proof of each enrolment of a key that signed the entry, and of the keys that signed those
            with them, in the order of the log.
        first: proof of the entry that leads to an earlier checkpoint than ``proof`` does.
        after: the signed checkpoint that the entry names as seen.
        stamp: an RFC 3161 token over the exact bytes of the checkpoint in ``proof``.
        renewal: a later checkpoint, the consistency proof to it (one base64 hash a line), and a token over it.
        amendments, evidence: of the work, oldest first.
        opening: ``{name: {"salt": base64, "record": {...}}}`` for each commitment that is opened.
    """
    files = {ENTRY: leaf, PROOF: proof, POLICY: policy}
    if first is not None:
        files[FIRST] = first
    if after is not None:
        files[AFTER] = after
    if stamp is not None:
        files[STAMP] = stamp
    if renewal is not None:
        files |= dict(zip((RENEWED_CHECKPOINT, RENEWED_CONSISTENCY, RENEWED_STAMP), renewal, strict=True))
    files |= _keys("", enrolments)
    signer, at = parse_leaf(leaf).signers[0], "0"
    for name, enrolment in zip(_numbers(enrolments), enrolments, strict=True):
        if parse_leaf(enrolment[0]).digests == [signer]:  # an enrolment is about its key
            at = name
    for kind, later in (("amendments", amendments), ("evidence", evidence)):
        for name, each in zip(_numbers(later), later, strict=True):
            files |= _later(f"{kind}/{name}/", each)
    if opening:
        files[OPENING] = canonical(opening)
    facts = {"origin": origin, "index": str(index), "entry": ENTRY, "proof": PROOF, "key": at}
    text = _VERIFY_MD.read_text(encoding="utf-8")
    files[README] = re.sub(r"\{(\w+)\}", lambda match: facts[match[1]], text).encode()
    return files


def _later(folder: str, each: LaterFiles) -> dict[str, bytes]:
    files = {folder + ENTRY: each.leaf, folder + PROOF: each.proof, **_keys(folder, each.enrolments)}
    if each.opening:
        files[folder + OPENING] = canonical(each.opening)
    return files


def _numbers(those: Sequence[object]) -> list[str]:
    """Names of folders whose order is that of their numbers."""
    digits = len(str(len(those)))
    return [f"{number:0{digits}}" for number in range(len(those))]


def _keys(folder: str, enrolments: Sequence[tuple[bytes, bytes]]) -> dict[str, bytes]:
    files = {}
    for name, (enrolment, its_proof) in zip(_numbers(enrolments), enrolments, strict=True):
        files[f"{folder}keys/{name}/{ENTRY}"] = enrolment
        files[f"{folder}keys/{name}/{PROOF}"] = its_proof
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


def to_json(files: Mapping[str, bytes]) -> bytes:
    """A receipt as one file of JSON: texts as they are, other files in base64; the same bytes for the same files."""
    packed: dict[str, str | dict[str, str]] = {}
    for name in sorted(files):
        try:
            packed[name] = files[name].decode("utf-8")
        except UnicodeDecodeError:
            packed[name] = {"base64": b64(files[name])}
    made = {"format": _JSON_FORMAT, "files": packed}
    return (json.dumps(made, ensure_ascii=False, indent=1) + "\n").encode()


def from_json(data: bytes) -> dict[str, bytes]:
    """Raises `VerificationFailed` for anything but what `to_json` makes."""
    if len(data) > 2 * MAX_BYTES:
        raise VerificationFailed("the file is too large to be a receipt")
    try:
        made = json.loads(data, object_pairs_hook=_once_each)
    except (ValueError, RecursionError):
        raise VerificationFailed("this is no receipt: it is not the JSON of one") from None
    if not isinstance(made, dict) or made.get("format") != _JSON_FORMAT or not isinstance(made.get("files"), dict):
        raise VerificationFailed(f"this is no receipt: it is JSON, but not of the format {_JSON_FORMAT}")
    files: dict[str, bytes] = {}
    for name, content in made["files"].items():
        if not is_plain_name(name):
            raise VerificationFailed(f"the receipt holds {name!r:.60}, which is not a name within it")
        match content:
            case str():
                files[name] = content.encode("utf-8", "surrogatepass")
            case {"base64": str(encoded)}:
                files[name] = unb64(encoded)
            case _:
                raise VerificationFailed(f"the receipt holds {name!r:.60} as neither text nor base64")
    if len(files) > MAX_FILES or sum(map(len, files.values())) > MAX_BYTES:
        raise VerificationFailed("the file holds more than any receipt does")
    return files


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def origin_of(files: Mapping[str, bytes]) -> str | None:
    """The log that a receipt says it is of, before anything is checked; None when it cannot be made out."""
    try:
        return parse_checkpoint(parse_proof(files[PROOF]).checkpoint).origin
    except (KeyError, VerificationFailed):
        return None


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
