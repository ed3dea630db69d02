"""What a policy decides on: of a scan, of the posting account, and of each match. Recorded with the decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from fingerprints.model import MediumName, Reuse

from ...accounts.official import AccountState
from ...marking.model import Verdict as MarkingVerdict
from ...schemas import PermissionState, ScanResult, ScanStatus, Verdict
from ...schemas.official_accounts import Entity
from ..assessment import Assessment
from ..news import NEWS_WITHOUT_LICENCE


@dataclass(frozen=True, slots=True)
class PostFacts:
    """The post as a whole.

    Attributes:
        category: as the platform names it.
        news_without_licence: it is news, and its account has no valid qualification for news.
        unread_parts: some of its parts, or all of it, could not be read.
    """

    verdict: Verdict
    status: ScanStatus
    category: str | None = None
    news_without_licence: bool = False
    unread_parts: bool = False


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """The posting account: what its platform has recorded of it, if anything."""

    recorded: bool = False
    verified: bool = False
    level: str | None = None
    entity: Entity | None = None


@dataclass(frozen=True, slots=True)
class MatchFacts:
    """One match that counts: shares from 0 to 1; `contested` where others claim the same, and nobody has decided."""

    medium: MediumName
    verdict: Verdict
    reuse: Reuse | None
    score: float
    coverage_upload: float
    coverage_work: float
    marking: MarkingVerdict
    permission: PermissionState
    contested: bool


@dataclass(frozen=True, slots=True)
class Facts:
    post: PostFacts
    account: AccountFacts = AccountFacts()
    matches: tuple[MatchFacts, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As it is stored with the scan: names and quotes nobody."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Facts:
        """Raises `TypeError` or `KeyError` for what is not the facts of a scan."""
        return cls(
            PostFacts(**stored["post"]),
            AccountFacts(**stored["account"]),
            tuple(MatchFacts(**each) for each in stored["matches"]),
        )


def of_scan(
    result: ScanResult, assessments: Sequence[Assessment], account: AccountState | None, category: str | None
) -> Facts:
    """The facts of a scan that is about to be recorded, or of an upload that could not be read.

    Args:
        account: that posts; None where its platform keeps none of its id.
        category: as the platform names it.
    """
    unread = bool(result.unread) or result.error is not None
    unread = unread or any(part.error is not None for part in result.parts or ())
    post = PostFacts(result.verdict, result.status, category, NEWS_WITHOUT_LICENCE in result.flags, unread)
    kept = (
        AccountFacts() if account is None else AccountFacts(True, account.verified, account.level_name, account.entity)
    )
    return Facts(post, kept, tuple(_match(each) for each in assessments if each.verdict != "clear"))


def _match(assessment: Assessment) -> MatchFacts:
    match = assessment.match
    return MatchFacts(
        medium=assessment.work.medium,
        verdict=assessment.verdict,
        reuse=match.reuse,
        score=round(match.score, 4),
        coverage_upload=round(match.coverage_upload, 4),
        coverage_work=round(match.coverage_work, 4),
        marking=assessment.report.verdict,
        permission=assessment.permission.state,
        contested=bool(assessment.competing) and assessment.decided is None,
    )
