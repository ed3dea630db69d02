"""What reviewers do: take posts that wait, and decide about them."""

from __future__ import annotations

from typing import Any

from provenance.json_input import parse
from provenance.schemas.decisions import Decision, ItemDecision, Outcome, ScanDecision, Undo
from provenance.schemas.review import ItemState, QueueItem, Taken

from .calls import Call, Flow, Listing, given, path, read_model
from .session import Session


def queue(_: Session, *, queue: str | None = None, state: ItemState | None = None) -> Listing[QueueItem]:
    """Posts that wait for a person, or did, oldest first."""
    return Listing(path("queue"), QueueItem, given(queue=queue, state=state))


def take(_: Session, queue: str | None = None) -> Flow[Taken]:
    """The oldest post that waits, for you: nobody else is given it until its lease ends."""
    return (yield Call("POST", path("queue", "take"), query=given(queue=queue), repeatable=False)).model(Taken)


def decide(_: Session, /, item_id: str, decision: str, reason: str, **terms: Any) -> Flow[Decision]:
    """Decide about a post in the queue.

    Args:
        decision: release, label, restrict or escalate.
        reason: your code for why.
        terms: lease, note, territory, until and so on, as `POST /v1/queue/{item_id}/decision` takes them.
    """
    body = _written(ItemDecision, decision=decision, reason=reason, **terms)
    answer = yield Call("POST", path("queue", item_id, "decision"), body, repeatable=False)
    return read_model(Decision, answer.json().get("decision"), answer.service)


def decide_scan(_: Session, /, scan_id: str, decision: str, reason: str, **terms: Any) -> Flow[Decision]:
    """Decide about a scan, in the queue or not; ``supersedes`` names a person's decision that it takes the place of."""
    body = _written(ScanDecision, scan_id=scan_id, decision=decision, reason=reason, **terms)
    return (yield Call("POST", path("decisions"), body, repeatable=False)).model(Decision)


def undo(_: Session, decision_id: str, reason: str = "mistake", note: str | None = None) -> Flow[Decision]:
    """Take a decision back; it stays in the log, and what was decided before counts again."""
    body = _written(Undo, reason=reason, note=note)
    return (yield Call("POST", path("decisions", decision_id, "undo"), body, repeatable=False)).model(Decision)


def get_decision(_: Session, decision_id: str) -> Flow[Decision]:
    """One decision."""
    return (yield Call("GET", path("decisions", decision_id))).model(Decision)


def decisions(
    _: Session, *, scan_id: str | None = None, decision: Outcome | None = None, since: str | None = None
) -> Listing[Decision]:
    """The log of decisions, oldest first."""
    return Listing(path("decisions"), Decision, given(scan_id=scan_id, decision=decision, since=since))


def _written(model: type[ItemDecision | ScanDecision | Undo], **fields: Any) -> dict[str, Any]:
    return parse(model, fields).model_dump(mode="json", exclude_unset=True)
