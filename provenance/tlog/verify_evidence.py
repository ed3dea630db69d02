"""The evidence in a receipt: each piece an entry of its own, by a key that may act for the work. Pure."""

from __future__ import annotations

from ..errors import VerificationFailed
from . import receipt
from .verification import EvidenceFact, Passed
from .verify_later import Later


def check(later: Later) -> Passed[None]:
    """Each piece is about this registration, and signed by who could act for the work then.

    The amendments are replayed with it: a transfer says who may act from then on.

    Raises:
        VerificationFailed: one of them does not hold.
    """
    entry = later.entry
    folders = {folder: later.prove(folder) for folder in later.folders("amendments", "evidence")}
    if not any(folder.startswith("evidence/") for folder in folders):
        raise VerificationFailed(f"evidence/ has no {receipt.ENTRY}")
    told: list[EvidenceFact] = []
    for folder, proven in sorted(folders.items(), key=lambda each: each[1].index):
        brought = folder.startswith("evidence/")
        if proven.origin != entry.origin or (brought and proven.leaf.kind != "evidence"):
            raise VerificationFailed(f"{folder} is no evidence in the same log")
        if proven.leaf.predicate.get("index") != entry.index:
            raise VerificationFailed(f"{folder} is about another registration")
        later.replay(folder, proven)
        if brought:
            item = later.record(folder, proven, "item")
            told.append({"index": proven.index, "logged_at": later.logged_at(proven), "item": item})
    english = ", ".join(f"{_said(each, 'evidence')} in entry {each['index']}" for each in told)
    chinese = "、".join(f"第 {each['index']} 条（{_said(each, '证据')}）" for each in told)
    return Passed(None, f"brought forward: {english}", f"已提交证据：{chinese}", {"evidence": told})


def _said(told: EvidenceFact, unknown: str) -> str:
    item = told["item"] or {}
    return " ".join(str(item[name]) for name in ("kind", "date") if name in item) or unknown
