"""One decision about many posts in a job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...jobs.queue import JobKind, Run
from ...schema_fields import Request
from ...schemas.decisions import BulkDecision
from .decisions import Decisions
from .reviewer import Reviewer

KIND = "decision-batch"
_GROUP = 20  # decided between two savings: of those that a killed worker leaves the next one says "decided"


class DecisionBatch(Request):
    """What a job is given that decides.

    Attributes:
        account_id, reviewer, reviewer_name: see `Reviewer`.
    """

    account_id: str | None
    reviewer: str
    reviewer_name: str
    decision: BulkDecision


def job_kind(decisions: Decisions) -> JobKind[DecisionBatch]:
    """Jobs that decide about many posts, each on its own."""

    def run(attempt: Run, batch: DecisionBatch) -> Mapping[str, Any]:
        who = Reviewer(batch.account_id, batch.reviewer, batch.reviewer_name)
        ids = batch.decision.ids
        while group := ids[attempt.saved : attempt.saved + _GROUP]:
            answers = decisions.decide_many(who, batch.decision.model_copy(update={"ids": group})).answers
            attempt.save(answers, (attempt.saved + len(answers)) / len(ids))
        decided = attempt.outcomes("error").get("None", 0)
        return {"items": len(ids), "decided": decided, "refused": len(ids) - decided}

    return JobKind(KIND, DecisionBatch, run)
