"""What people say in a case: notices, counter-notices, appeals, messages."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..schema_fields import Line, Name, Record, Request, Sha256, Url

Text = Annotated[str, Field(max_length=10_000)]
Lang = Literal["en", "zh"]
_Id = Annotated[Line, Field(max_length=100)]
MAX_ADDRESSES, MAX_FILES, MAX_BULK_NOTICES = 100, 20, 100


class Person(Request):
    """Who says something. Which of it is needed is the regime's to say."""

    name: Name | None = Field(None, description="Of a person or of an organisation.", examples=["North Bank Weekly"])
    email: Annotated[Line, Field(max_length=254)] | None = Field(
        None, description="Where letters go.", examples=["desk@example.org"]
    )
    postal_address: Annotated[Line, Field(max_length=1000)] | None = None
    phone: Annotated[Line, Field(max_length=100)] | None = None
    identity: Annotated[Line, Field(max_length=500)] | None = Field(
        None, description="What shows who it is, such as a number of registration.", examples=["91110000600037341L"]
    )


class AttachedFile(Request):
    """Evidence that is named by its SHA-256: the file stays with who has it."""

    name: Annotated[Name, Field(min_length=1)] = Field(examples=["draft.pdf"])
    sha256: Sha256


class Statement(Person):
    """What notice and counter-notice have in common."""

    explanation: Text | None = Field(None, description="Why, in words.")
    files: list[AttachedFile] = Field(default_factory=list, max_length=MAX_FILES)
    good_faith: bool = Field(False, description="Stated in good faith.")
    accurate: bool = Field(False, description="All of it is accurate, to the best of the person's knowledge.")
    signature: Name | None = Field(None, description="The name of who signs.", examples=["Chen Yi"])
    lang: Lang = Field("en", description="Of letters.")


class NoticeContent(Statement):
    """What a notice says, all of it or what it lacked."""

    work_id: _Id | None = Field(None, description="The work, if it is registered.")
    work_description: Annotated[Line, Field(max_length=1000)] | None = Field(
        None, description="The work, if it is not.", examples=["The article of 3 March on the harbour"]
    )
    addresses: list[Url] = Field(default_factory=list, max_length=MAX_ADDRESSES, description="Of each post.")
    authorised: bool = Field(False, description="By the owner of the work, or the owner.")


class Notice(NoticeContent):
    """A notice that posts show a work without permission. What is missing can be added later."""

    regime: Annotated[Line, Field(max_length=40)] | None = Field(
        None, description="Under which rules; default: the platform's.", examples=["eu-dsa"]
    )
    platform: _Id | None = Field(None, description="Id or name of the platform; default: that of the sighting.")
    sighting_id: _Id | None = Field(
        None, description="A sighting of the work: what it knows and the notice leaves out is filled in."
    )


class FiledNotice(Record):
    """What became of a notice."""

    case_id: str = Field(examples=["case_0123456789abcdef01234567"])
    state: str = Field(examples=["received"])
    missing: list[str] = Field(default_factory=list, description="What the regime asks for and the notice lacks.")
    link: str | None = Field(
        None, description="Secret: opens the case at /v1/case-links/. With an API key the id of the case does."
    )


class MatchedWorks(Record):
    """The registered works that a file shows."""

    work_ids: list[str] = Field(description="The surest first.")


class CounterNotice(Statement):
    """A poster's answer: the notice is wrong."""

    jurisdiction: bool = Field(False, description="The person consents to a court's jurisdiction.")


class Appeal(Request):
    """Why the outcome is wrong."""

    reason: Annotated[Text, Field(min_length=1)] = Field(examples=["The licence of 2 May covers it."])
    files: list[AttachedFile] = Field(default_factory=list, max_length=MAX_FILES)


class Message(Request):
    """Of a party to those who decide."""

    text: Annotated[Text, Field(min_length=1)]
    files: list[AttachedFile] = Field(default_factory=list, max_length=MAX_FILES)


class LegalAction(Request):
    """The notifier has gone to a court or an authority, so the post stays down."""

    reference: Annotated[Line, Field(min_length=1, max_length=500)] = Field(
        description="Court or authority, and file number.", examples=["Beijing Internet Court (2026) 0491-1"]
    )
    files: list[AttachedFile] = Field(default_factory=list, max_length=MAX_FILES)


class BulkNotices(Request):
    """Notices of a trusted notifier, each on its own."""

    notices: list[Notice] = Field(min_length=1, max_length=MAX_BULK_NOTICES)


class BulkNoticeAnswer(Record):
    """What became of one notice of many."""

    case_id: str | None = None
    state: str | None = None
    missing: list[str] = Field(default_factory=list)
    error: dict[str, object] | None = Field(None, description="A problem: no case was made of this one.")


class BulkNoticeAnswers(Record):
    answers: list[BulkNoticeAnswer] = Field(description="In the order of the notices.")
    filed: int
    refused: int


__all__ = [
    "MAX_ADDRESSES",
    "MAX_BULK_NOTICES",
    "MAX_FILES",
    "Appeal",
    "AttachedFile",
    "BulkNoticeAnswer",
    "BulkNoticeAnswers",
    "BulkNotices",
    "CounterNotice",
    "FiledNotice",
    "Lang",
    "LegalAction",
    "MatchedWorks",
    "Message",
    "Notice",
    "NoticeContent",
    "Person",
    "Statement",
    "Text",
]
