"""The file of a policy: rules in order, each with its conditions and its action. The first rule that fits decides.

A rule's conditions must all hold: those on the post, on its account, and, of one and the same match, those on a match.
"""

from __future__ import annotations

import hashlib
import tomllib
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BeforeValidator, Field, StrictBool, model_validator

from fingerprints.model import MediumName, Reuse

from ...errors import BadInput
from ...json_input import parse
from ...marking.model import Verdict as MarkingVerdict
from ...schema_fields import Line, Request
from ...schemas import PermissionState, ScanStatus, Verdict
from ...schemas.official_accounts import Entity
from ...schemas.policies import Do, Note, Slug

MAX_BYTES = 100_000
MAX_RULES = 200
NONE = "none"  # what a condition calls a fact that is not there

T = TypeVar("T")


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Choice = Annotated[frozenset[T], BeforeValidator(_listed), Field(min_length=1, max_length=100)]


class Span(Request):
    """A share from 0 to 1: ``min <= share < below``."""

    min: float = Field(0, ge=0, le=1)
    below: float | None = Field(None, gt=0, le=1)

    @model_validator(mode="after")
    def _holds_something(self) -> Self:
        if self.below is not None and self.below <= self.min:
            raise ValueError(f"no number is from {self.min:g} and below {self.below:g}")
        return self

    def holds(self, share: float) -> bool:
        return self.min <= share and (self.below is None or share < self.below)


class PostConditions(Request):
    """Of the post as a whole."""

    verdict: Choice[Verdict] | None = None
    status: Choice[ScanStatus] | None = None
    category: Choice[Line] | None = None
    news_without_licence: StrictBool | None = None
    unread_parts: StrictBool | None = None


class AccountConditions(Request):
    """Of the account that posts."""

    verified: StrictBool | None = None
    level: Choice[Line] | None = None
    entity: Choice[Entity | Literal["none"]] | None = None


class MatchConditions(Request):
    """Of one match; an empty table fits any match."""

    medium: Choice[MediumName] | None = None
    verdict: Choice[Literal["own", "licensed", "credited", "uncredited", "review"]] | None = None
    reuse: Choice[Reuse | Literal["none"]] | None = None
    score: Span | None = None
    coverage_upload: Span | None = None
    coverage_work: Span | None = None
    marking: Choice[MarkingVerdict] | None = None
    permission: Choice[PermissionState] | None = None
    contested: StrictBool | None = None


class Rule(Request):
    name: Slug
    post: PostConditions = PostConditions()
    account: AccountConditions = AccountConditions()
    match: MatchConditions | None = None
    do: Do
    reason: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
    queue: Slug | None = None
    note: Note | None = None

    @property
    def is_unconditional(self) -> bool:
        conditions = [*self.post.model_dump().values(), *self.account.model_dump().values()]
        return self.match is None and all(each is None for each in conditions)


class PolicyFile(Request):
    rule: list[Rule] = Field(min_length=1, max_length=MAX_RULES)

    @model_validator(mode="after")
    def _decides_every_post(self) -> Self:
        names = [rule.name for rule in self.rule]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"rule: two are named {name!r}; a decision names its rule, so each needs its own name")
        if not any(rule.is_unconditional for rule in self.rule):
            raise ValueError("rule: the last one must have no conditions, so that some rule fits every post")
        return self


def read(text: str) -> PolicyFile:
    """The rules of a policy.

    Raises:
        BadInput: the first thing that is wrong, in one line.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise BadInput(f"the policy is larger than {MAX_BYTES} bytes")
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"the policy is not TOML: {error}") from None
    except RecursionError:
        raise BadInput("the policy is not TOML: nested too deeply") from None
    return parse(PolicyFile, data)


def content_id(text: str) -> str:
    """What a policy's version says of its content: the head of its SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]
