"""The file of a policy: rules in order, each with its conditions and its action. The first rule that fits decides.

A rule's conditions must all hold: those on the post, on its account, and, of one and the same match, those on a match.
"""

from __future__ import annotations

import hashlib
import tomllib
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BeforeValidator, Field, StrictBool, ValidationInfo, field_validator, model_validator

from fingerprints.model import MediumName, Reuse

from ...errors import BadInput
from ...json_input import parse, unknown_key
from ...marking.model import Verdict as MarkingVerdict
from ...names import printable
from ...schema_fields import Line, Request
from ...schemas import PermissionState, ScanStatus, Verdict
from ...schemas.official_accounts import Entity
from ...schemas.policies import Do, Note, Slug

MAX_BYTES = 100_000
MAX_RULES = 200
NONE = "none"  # what a condition calls a fact that is not there

T = TypeVar("T")


def _listed(value: Any) -> Any:
    """One name may stand without a list."""
    if value == []:
        raise ValueError("is empty, so it would never hold: name at least one, or leave it out")
    if not isinstance(value, (str, list)):
        raise ValueError("must be a name or a list of names")
    return [value] if isinstance(value, str) else value


def _spanned(value: Any) -> Any:
    if not isinstance(value, dict) or not value:
        raise ValueError("must be a table such as { min = 0.5 } or { min = 0.2, below = 0.5 }")
    return value


Choice = Annotated[frozenset[T], BeforeValidator(_listed), Field(max_length=100)]


class Span(Request):
    """A share from 0 to 1: ``min <= share < below``."""

    min: float = Field(0, ge=0, le=1, strict=True)
    below: Annotated[float, Field(gt=0, le=1, strict=True)] | None = None

    @model_validator(mode="after")
    def _holds_something(self) -> Self:
        if self.below is not None and self.below <= self.min:
            raise ValueError(f"no number is from {self.min:g} and below {self.below:g}")
        return self

    def holds(self, share: float) -> bool:
        return self.min <= share and (self.below is None or share < self.below)


Share = Annotated[Span, BeforeValidator(_spanned)]


class _Table(Request):
    """A table of the file."""

    @model_validator(mode="before")
    @classmethod
    def _is_one(cls, given: Any) -> Any:
        if not isinstance(given, (dict, cls)):
            raise ValueError("must be a table")
        return given


class PostConditions(_Table):
    """Of the post as a whole."""

    verdict: Choice[Verdict] | None = None
    status: Choice[ScanStatus] | None = None
    category: Choice[Line] | None = None
    news_without_licence: StrictBool | None = None
    unread_parts: StrictBool | None = None


class AccountConditions(_Table):
    """Of the account that posts."""

    recorded: StrictBool | None = None
    verified: StrictBool | None = None
    level: Choice[Line] | None = None
    entity: Choice[Entity | Literal["none"]] | None = None


class MatchConditions(_Table):
    """Of one match; an empty table fits any match."""

    medium: Choice[MediumName] | None = None
    verdict: Choice[Literal["own", "licensed", "credited", "uncredited", "review"]] | None = None
    reuse: Choice[Reuse | Literal["none"]] | None = None
    score: Share | None = None
    coverage_upload: Share | None = None
    coverage_work: Share | None = None
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

    @field_validator("queue")
    @classmethod
    def _for_people(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("do") not in ("hold", "ask-for-credit"):
            raise ValueError("only posts that are held or asked for credit go into a queue: leave it out")
        return value

    @property
    def is_unconditional(self) -> bool:
        conditions = [*self.post.model_dump().values(), *self.account.model_dump().values()]
        return self.match is None and all(each is None for each in conditions)


def read(text: str) -> tuple[Rule, ...]:
    """The rules of a policy, in order; at least one has no conditions, so that some rule fits every post.

    Raises:
        BadInput: the first thing that is wrong, in one line.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise BadInput(f"the policy is larger than {MAX_BYTES} bytes")
    try:
        data = tomllib.loads(text)
    except ValueError as error:  # of TOML, or of a number of thousands of digits
        raise BadInput(f"the policy is not TOML: {error}") from None
    except RecursionError:
        raise BadInput("the policy is not TOML: nested too deeply") from None
    for key in data:
        if key != "rule":
            raise BadInput(unknown_key(key, ["rule"], "table"))
    given = data.get("rule")
    if not isinstance(given, list) or not 0 < len(given) <= MAX_RULES:
        raise BadInput(f"the policy needs from 1 to {MAX_RULES} rules, each a table [[rule]]")
    found = tuple(_rule(n, each) for n, each in enumerate(given, 1))
    names = [rule.name for rule in found]
    for n, name in enumerate(names, 1):
        if name in names[: n - 1]:
            raise BadInput(f"rule {n}: another rule is named {name}; a decision names its rule, so choose another name")
    if not any(rule.is_unconditional for rule in found):
        raise BadInput("the last rule must have no conditions, so that some rule fits every post")
    return found


def _rule(n: int, given: Any) -> Rule:
    if not isinstance(given, dict):
        raise BadInput(f"rule {n}: must be a table")
    name = given.get("name")
    try:
        return parse(Rule, given)
    except BadInput as error:
        named = f" ({printable(name[:60])})" if isinstance(name, str) else ""
        raise BadInput(f"rule {n}{named}: {error.detail}") from None


def content_id(text: str) -> str:
    """What a policy's version says of its content: the head of its SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]
