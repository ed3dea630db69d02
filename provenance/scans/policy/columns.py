"""An action as the columns of a scan's row, and read back."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ...schemas.policies import Action, Note


def of_action(action: Action) -> dict[str, Any]:
    return {
        "action": action.do,
        "rule": action.rule,
        "reason_code": action.reason,
        "policy_version": action.policy_version,
        "queue": action.queue,
        "note": None if action.note is None else action.note.model_dump(),
    }


def action_of(row: sa.Row[Any]) -> Action | None:
    """None of a scan of before there were policies."""
    if row.action is None:
        return None
    return Action(
        do=row.action,
        rule=row.rule,
        reason=row.reason_code,
        policy_version=row.policy_version,
        queue=row.queue,
        note=None if row.note is None else Note.model_validate(row.note),
    )
