"""The amendments and transfers in a receipt: each supersedes the one before, by the log's own rules. Pure."""

from __future__ import annotations

from ..errors import VerificationFailed
from . import envelope, receipt
from .verification import AmendmentFact, Passed, VerifiedFacts
from .verify_later import Later


def check(later: Later) -> Passed[None]:
    """Each amendment supersedes the one before, by a key that may act for the work; the newest says what is claimed.

    Raises:
        VerificationFailed: one of them does not hold, or one between them is left out.
    """
    entry, folders = later.entry, later.folders("amendments")
    if not folders:
        raise VerificationFailed(f"amendments/ has no {receipt.ENTRY}")
    told: list[AmendmentFact] = []
    newest, claim = entry.index, None
    for folder in folders:
        proven = later.prove(folder)
        if proven.origin != entry.origin or proven.leaf.kind not in envelope.AMENDING:
            raise VerificationFailed(f"{folder} is no amendment in the same log")
        said = proven.leaf.predicate
        if said["index"] != entry.index or said["supersedes"]["index"] != newest or proven.index <= newest:
            raise VerificationFailed(f"{folder} does not amend the claim in entry {newest} of this registration")
        later.replay(folder, proven)
        newest, claim = proven.index, later.record(folder, proven, "claim")
        told.append({"kind": proven.leaf.kind, "index": newest, "logged_at": later.logged_at(proven)})
    facts: VerifiedFacts = {"amendments": told}
    if claim is not None:
        facts["claim"] = claim
    listed = ", ".join(f"{each['kind']} in entry {each['index']}" for each in told)
    chinese = "、".join(f"第 {each['index']} 条（{_CHINESE[each['kind']]}）" for each in told)
    return Passed(None, f"what is claimed was changed: {listed}", f"登记内容已变更：{chinese}", facts)


_CHINESE = {"amendment": "更正", "transfer": "转让"}
