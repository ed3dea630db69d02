"""What was decided before comes before the policy: a person's decision about the same post and content, then the
stay-down list."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from ...database.tables import decisions, matches, scans
from ...schema_fields import end_of
from ...schemas import Verdict
from ...schemas.policies import Action, Do
from . import stay_down
from .stay_down import ShownWork

DECIDED, STAY_DOWN = "decided_before", "stay_down"  # reason codes of the actions made here
VERSION = "review"  # stands where a policy's version would

_DONE: dict[str, Do] = {"release": "allow", "label": "label", "restrict": "block"}


@dataclass(frozen=True, slots=True)
class KnownPost:
    """What is known of a post that is being scanned.

    Attributes:
        key: `scans.sightings.post_key`.
        digest: of its content: of several parts that of all of them.
        digests: SHA-256 of each of its contents.
        shown: the works found in it.
        names: id and name of the posting account, as far as they were told.
        verdict: on it: a post whose credit was mended is another case.
        territory: where it is shown, if that was told.
    """

    key: bytes
    digest: bytes
    digests: Collection[bytes]
    shown: Sequence[ShownWork]
    names: Collection[str]
    verdict: Verdict
    territory: str | None = None


def action(connection: sa.Connection, account_id: str, post: KnownPost) -> Action | None:
    """What to do with a post by what was decided before; None where the policy has to say.

    `reason` says which of the two it was, `rule` is the id of the decision or of the entry.
    """
    decided = _decided(connection, account_id, post)
    if decided is not None:
        return Action(do=_DONE[decided.outcome], rule=decided.decision_id, reason=DECIDED, policy_version=VERSION)
    entry = stay_down.applying(connection, account_id, post.digests, post.shown, post.names)
    if entry is not None:
        return Action(do="block", rule=entry, reason=STAY_DOWN, policy_version=VERSION)
    return None


def _decided(connection: sa.Connection, account_id: str, post: KnownPost) -> sa.Row[Any] | None:
    """A person's decision about the same content of the same post, unless the verdict on it has changed, it shows works
    that it did not show then, or the decision's time or place does not fit."""
    last = connection.execute(
        sa.select(decisions)
        .where(
            decisions.c.account_id == account_id,
            decisions.c.post == post.key,
            decisions.c.digest == post.digest,
            decisions.c.final.is_(True),
        )
        .order_by(decisions.c.id.desc())
        .limit(1)
    ).first()
    if last is None or last.automated or last.outcome not in _DONE:
        return None
    until, territory = last.terms["until"], last.terms["territory"]
    if until is not None and end_of(until) <= datetime.now(UTC):
        return None
    if territory and post.territory is not None and post.territory not in territory:
        return None
    known = connection.execute(
        sa.select(matches.c.work, scans.c.verdict)
        .join_from(scans, matches, matches.c.scan == scans.c.id, isouter=True)
        .where(scans.c.scan_id == last.subject_id)
    ).all()
    same_verdict = all(row.verdict == post.verdict for row in known)
    return last if same_verdict and {each.number for each in post.shown} <= {row.work for row in known} else None
