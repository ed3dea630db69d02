"""The amendments and transfers in a receipt: each proven like the registration, by the log's own rules. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ..errors import VerificationFailed
from . import envelope, receipt
from .key_directory import KeyDirectory
from .verification import AmendmentFact, Passed, VerifiedFacts

_FOLDER = re.compile(r"(amendments/[0-9]{1,4}/)" + re.escape(receipt.ENTRY) + r"\Z", re.ASCII)
_KEYS = re.compile(
    r"((?:amendments|evidence)/[0-9]{1,4}/)(keys/[0-9]{1,3}/)" + re.escape(receipt.ENTRY) + r"\Z", re.ASCII
)

Files = Mapping[str, bytes]


class Proven(Protocol):
    """An entry whose inclusion in the reader's log holds: its content, index, origin, and when that log was signed."""

    @property
    def leaf(self) -> envelope.Leaf: ...
    @property
    def index(self) -> int: ...
    @property
    def origin(self) -> str: ...


def are_in(files: Files) -> bool:
    """Whether a receipt brings any."""
    return any(name.startswith("amendments/") for name in files)


def check(
    files: Files,
    entry: Proven,
    prove: Callable[[str], Proven],
    logged_at: Callable[[Any], int | None],
    opened: Callable[[bytes, Mapping[str, str]], dict[str, Any]],
) -> Passed[None]:
    """Each amendment supersedes the one before, by a key that may act for the work; the newest says what is claimed.

    Args:
        entry: the registration.
        prove: the entry in a folder of the receipt, proven; logged_at: when its checkpoint was signed, POSIX seconds.
        opened: the records of an opening.json, checked against the commitments of a statement.

    Raises:
        VerificationFailed: one of them does not hold, or one between them is left out.
    """
    folders = sorted(found[1] for name in files if (found := _FOLDER.match(name)))
    if not folders:
        raise VerificationFailed(f"amendments/ has no {receipt.ENTRY}")
    earlier = {entry.index: files[receipt.ENTRY]}
    directory = KeyDirectory(entry.origin)
    told: list[AmendmentFact] = []
    newest, claim = entry.index, None
    for folder in folders:
        proven = prove(folder)
        if proven.origin != entry.origin or proven.leaf.kind not in envelope.AMENDING:
            raise VerificationFailed(f"{folder} is no amendment in the same log")
        said = proven.leaf.predicate
        if said["index"] != entry.index or said["supersedes"]["index"] != newest or proven.index <= newest:
            raise VerificationFailed(f"{folder} does not amend the claim in entry {newest} of this registration")
        enrol(files, folder, proven, prove, directory)
        directory.replay(proven.index, files[folder + receipt.ENTRY], earlier.__getitem__)
        newest, claim = proven.index, None
        earlier[newest] = files[folder + receipt.ENTRY]
        if folder + receipt.OPENING in files:
            claim = opened(files[folder + receipt.OPENING], said["commitments"]).get("claim")
        told.append({"kind": proven.leaf.kind, "index": newest, "logged_at": logged_at(proven)})
    facts: VerifiedFacts = {"amendments": told}
    if isinstance(claim, dict):
        facts["claim"] = claim
    listed = ", ".join(f"{each['kind']} in entry {each['index']}" for each in told)
    chinese = "、".join(f"第 {each['index']} 条（{_CHINESE[each['kind']]}）" for each in told)
    return Passed(None, f"what is claimed was changed: {listed}", f"登记内容已变更：{chinese}", facts)


_CHINESE = {"amendment": "更正", "transfer": "转让"}


def enrol(files: Files, folder: str, later: Proven, prove: Callable[[str], Proven], directory: KeyDirectory) -> None:
    """Add to a directory the keys that an entry about the work rests on, in the order of the log."""
    names = (found for name in sorted(files) if (found := _KEYS.match(name)))
    keys = [(found[1] + found[2], prove(found[1] + found[2])) for found in names if found[1] == folder]
    for place, enrolment in sorted(keys, key=lambda each: each[1].index):
        if enrolment.origin != later.origin:
            raise VerificationFailed("a key was enrolled in another log")
        if enrolment.leaf.kind != "key-enrol" or enrolment.index >= later.index:
            raise VerificationFailed("a key was not enrolled before the entry it signed")
        if envelope.enrolled_key(enrolment.leaf)[0] not in directory.known:
            directory.replay(enrolment.index, files[place + receipt.ENTRY], _no_entry)


def _no_entry(index: int) -> bytes:
    raise VerificationFailed(f"an enrolment names entry {index}")
