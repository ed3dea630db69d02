"""What a platform's policy decides about a post."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..schema_fields import Line, Record, Request

Do = Literal["allow", "label", "ask-for-credit", "hold", "block"]


class Note(Request):
    """What the poster is told, in each language."""

    en: Line | None = Field(None, min_length=1, examples=["Please credit the owner."])
    zh: Line | None = Field(None, min_length=1, examples=["请署名。"])


class Action(Record):
    """What a policy decides about one post: that of its first rule that fits."""

    do: Do
    rule: str = Field(description="Name of the rule.", examples=["uncredited"])
    reason: str = Field(description="The rule's reason code.", examples=["credit_missing"])
    policy_version: str = Field(examples=["3-9f86d081884c"])
    queue: str | None = Field(None, description="The review queue that the rule names.", examples=["pictures"])
    note: Note | None = Field(None, description="What the rule tells the poster.")


Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
