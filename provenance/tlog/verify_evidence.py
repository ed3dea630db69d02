"""The evidence in a receipt: each piece an entry of its own, by a key that may act for the work. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ..errors import VerificationFailed
from . import receipt
from .key_directory import KeyDirectory
from .verification import EvidenceFact, Passed
from .verify_amendments import Files, Proven, enrol

_FOLDER = re.compile(r"((?:amendments|evidence)/[0-9]{1,4}/)" + re.escape(receipt.ENTRY) + r"\Z", re.ASCII)


def is_in(files: Files) -> bool:
    """Whether a receipt brings any."""
    return any(name.startswith("evidence/") for name in files)


def check(
    files: Files,
    entry: Proven,
    prove: Callable[[str], Proven],
    logged_at: Callable[[Any], int | None],
    opened: Callable[[bytes, Mapping[str, str]], dict[str, Any]],
) -> Passed[None]:
    """Each piece is about this registration, and signed by who could act for the work then.

    The amendments are replayed with it: a transfer says who may act from then on.

    Args:
        entry, prove, logged_at, opened: as of `verify_amendments.check`.

    Raises:
        VerificationFailed: one of them does not hold.
    """
    folders = {found[1]: prove(found[1]) for name in files if (found := _FOLDER.match(name))}
    if not any(folder.startswith("evidence/") for folder in folders):
        raise VerificationFailed(f"evidence/ has no {receipt.ENTRY}")
    earlier = {entry.index: files[receipt.ENTRY]}
    directory = KeyDirectory(entry.origin)
    told: list[EvidenceFact] = []
    for folder, proven in sorted(folders.items(), key=lambda each: each[1].index):
        brought = folder.startswith("evidence/")
        if proven.origin != entry.origin or (brought and proven.leaf.kind != "evidence"):
            raise VerificationFailed(f"{folder} is no evidence in the same log")
        if proven.leaf.predicate.get("index") != entry.index:
            raise VerificationFailed(f"{folder} is about another registration")
        enrol(files, folder, proven, prove, directory)
        raw = files[folder + receipt.ENTRY]
        directory.replay(proven.index, raw, earlier.__getitem__)
        earlier[proven.index] = raw
        if brought:
            item = _item(files, folder, proven, opened)
            told.append({"index": proven.index, "logged_at": logged_at(proven), "item": item})
    english = ", ".join(f"{_said(each, 'evidence')} in entry {each['index']}" for each in told)
    chinese = "、".join(f"第 {each['index']} 条（{_said(each, '证据')}）" for each in told)
    return Passed(None, f"brought forward: {english}", f"已提交证据：{chinese}", {"evidence": told})


def _item(
    files: Files, folder: str, proven: Proven, opened: Callable[[bytes, Mapping[str, str]], dict[str, Any]]
) -> dict[str, Any] | None:
    """What the evidence is; None where it is not shown."""
    if folder + receipt.OPENING not in files:
        return None
    item = opened(files[folder + receipt.OPENING], proven.leaf.predicate["commitments"]).get("item")
    return item if isinstance(item, dict) else None


def _said(told: EvidenceFact, unknown: str) -> str:
    item = told["item"] or {}
    return " ".join(str(item[name]) for name in ("kind", "date") if name in item) or unknown
