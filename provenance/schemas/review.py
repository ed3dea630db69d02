"""The review queue: what waits for a person, and what the queue does all in all."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..schema_fields import Line, Record, Request
from .decisions import Decision
from .policies import Do, Slug
from .scans import ScanResult
from .stay_down import StayDown

ItemState = Literal["waiting", "decided", "settled"]
SecondOpinion = Literal["never", "restrict", "always"]


class Comment(Record):
    comment_id: str
    reviewer_name: str
    text: str
    created_at: str


class NewComment(Request):
    """A remark for colleagues; the poster is not told."""

    text: Annotated[str, Field(min_length=1, max_length=5000)] = Field(
        examples=["The owner is a member of our network."]
    )


class QueueItem(Record):
    """A post that waits for a person, or did."""

    item_id: str = Field(examples=["item_0123456789abcdef01234567"])
    queue: str = Field(examples=["hold"])
    state: ItemState = Field(description="settled: a later scan of the post asked for nobody any more.")
    scan_id: str = Field(description="The newest scan of the post.")
    external_id: str | None = None
    post_url: str | None = None
    account: str | None = Field(None, description="The account that posts, as the platform named it.")
    account_id: str | None = Field(None, description="Its id, if the platform told it.")
    medium: str | None = None
    verdict: str
    action: Do | None = Field(None, description="What the policy decided.")
    rule: str | None = None
    reason: str | None = None
    created_at: str
    closed_at: str | None = None
    reviewer_name: str | None = Field(None, description="Who looks at it now.")
    opinions: int = Field(0, description="Proposals so far, where a second opinion is asked for.")


class Evidence(Record):
    """Where to look at what was found."""

    picture: str | None = Field(None, description="Upload and works side by side; null where no picture matched.")
    pages: list[str] = Field(description="A page for each work: the facts, the picture or the passages beside it.")


class ItemDetail(QueueItem):
    """An item with all that a reviewer needs to decide."""

    scan: ScanResult
    evidence: Evidence
    comments: list[Comment]
    decisions: list[Decision] = Field(description="About this post, oldest first.")


class HistoricItem(QueueItem):
    """An item with what colleagues remarked."""

    comments: list[Comment]


class History(Record):
    """All that is known about a post, an account or a work."""

    ref: str
    scans: list[ScanResult] = Field(description="Of the same post, or that the id or name speaks of; oldest first.")
    items: list[HistoricItem]
    decisions: list[Decision]
    stay_down: list[StayDown]
    more: bool = Field(description="Whether there are older scans than these.")


class TakenItem(ItemDetail):
    """An item that is yours for a time."""

    lease: str = Field(description="To be sent with the decision.")
    lease_seconds: int


class Taken(Record):
    """The next item, if there is one for you."""

    item: TakenItem | None = None
    waiting: int = Field(description="How many wait for somebody in the queues asked for.")


class DecidedItem(Record):
    """A decision, and the next item where it was asked for."""

    decision: Decision
    next: Taken | None = None


class Skip(Request):
    """You are not offered the item again; it stays in the queue."""

    lease: Annotated[str, Field(max_length=32)] | None = None


class Move(Request):
    queue: Slug = Field(examples=["pictures"])


class QueueSettings(Request):
    """How a queue is run."""

    reviewers: list[Annotated[Line, Field(min_length=1, max_length=200)]] = Field(
        default_factory=list, max_length=500, description="Ids or labels of the API keys that may; empty: all."
    )
    second_opinion: SecondOpinion | None = Field(None, description="Null: as SOURCEMARK_SECOND_OPINION says.")


class QueueSummary(QueueSettings):
    """A queue, and how many wait in it."""

    queue: str
    waiting: int
    taken: int = Field(description="Of these, how many somebody looks at now.")
    oldest: str | None = Field(None, description="Since when the oldest waits.")


class Tally(Record):
    """How many decisions there are of one kind."""

    name: str
    automated: int = 0
    manual: int = 0


class ReviewOverview(Record):
    """What waits and what was decided."""

    since: str | None
    queues: list[QueueSummary]
    automated: int
    manual: int
    superseded: int = Field(description="Of these, how many have been overruled or taken back since.")
    outcomes: list[Tally]
    reasons: list[Tally] = Field(description="The most frequent ones.")
    reviewers: list[Tally] = Field(description="Decisions of each reviewer.")


__all__ = [
    "Comment",
    "DecidedItem",
    "Evidence",
    "HistoricItem",
    "History",
    "ItemDetail",
    "ItemState",
    "Move",
    "NewComment",
    "QueueItem",
    "QueueSettings",
    "QueueSummary",
    "ReviewOverview",
    "SecondOpinion",
    "Skip",
    "Taken",
    "TakenItem",
    "Tally",
]
