"""What the JSON objects are made of: their bases, and the kinds of text that their fields hold."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, StringConstraints, model_validator

from . import licences, names
from .json_input import COUNTRY, check_keys

_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC)


class Record(BaseModel):
    """Base of all of them. Of what a service answers, keys that this version does not know are ignored."""

    model_config = ConfigDict(extra="ignore")


class Request(Record):
    """Base of what is sent. An unknown key is an error: what is claimed is signed for good, and nothing may vanish."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _knows_every_key(cls, data: Any) -> Any:
        if isinstance(data, dict):
            check_keys(data, cls.model_fields)
        return data


def _clean_line(value: str) -> str:
    """One line of text that every database and every JSON reader can hold, by the one rule for names."""
    if not names.is_one_line(value):
        raise ValueError("must be one line without control characters")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("holds half of a surrogate pair, which is not Unicode text") from None
    return names.clean(value)


def _clean_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        raise ValueError("is not a URL") from None
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        raise ValueError("must start with http:// or https:// and name a host")
    return value


def _clean_date(value: str) -> str:
    try:
        if len(value) == 10:
            date.fromisoformat(value)
        else:
            datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("must be an ISO 8601 date or time, for example 2026-01-31") from None
    return value


def end_of(until: str) -> datetime:
    """The instant at which something is over that lasts until a `Date`: a bare day counts to its end, and what names no
    zone is UTC."""
    moment = datetime.fromisoformat(until)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    moment = min(max(moment, _EARLIEST), _LATEST)  # what a zone or a day more can still be reckoned with
    return moment.astimezone(UTC) + (timedelta(days=1) if len(until) == 10 else timedelta())


def _says_something(value: str) -> str:
    if not value:
        raise ValueError("must not be empty")
    return value


# The patterns tell a reader of the API's description what the validators demand.
_LINE = {"pattern": r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$"}
URL_PATTERN: dict[str, JsonValue] = {
    "pattern": r"^[Hh][Tt][Tt][Pp][Ss]?://[^\u0000-\u0020\u007f-\u00a0\u2028\u2029/?#:@\[\]\\]+"
    r"([/?#][^\u0000-\u001f\u007f-\u009f\u2028\u2029]*)?$"
}
NOTHING: list[JsonValue] = [{"type": "string", "maxLength": 0}, {"type": "null"}]
# The identifiers of SPDX are too many to list; these are those that people use, and any other is taken too.
LICENCES: list[JsonValue] = [
    {"enum": [*licences.USUAL]},
    {
        "type": "string",
        "pattern": r"^other:[^\u0000-\u0020\u007f-\u00a0\u2028\u2029][^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$",
        "maxLength": 1000,
    },
]
_DATE = {"format": "date"}

Country = Annotated[str, StringConstraints(pattern=COUNTRY)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]  # hexadecimal

Line = Annotated[str, Field(max_length=1000, json_schema_extra=_LINE), AfterValidator(_clean_line)]
# One line that says something, such as a reason.
Said = Annotated[
    str,
    Field(
        max_length=1000,
        json_schema_extra={
            "pattern": r"^[^\u0000-\u0020\u007f-\u00a0\u2028\u2029][^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$"
        },
    ),
    AfterValidator(_clean_line),
    AfterValidator(_says_something),
]
Name = Annotated[str, Field(max_length=500, json_schema_extra=_LINE), AfterValidator(_clean_line)]
Url = Annotated[
    str, Field(max_length=2000, json_schema_extra=URL_PATTERN), AfterValidator(_clean_line), AfterValidator(_clean_url)
]
NewLicence = Annotated[Line, AfterValidator(licences.canonical)]
Date = Annotated[str, Field(max_length=40, json_schema_extra=_DATE), AfterValidator(_clean_date)]
Meta = Annotated[
    dict[str, Any] | None,
    Field(exclude=True, description="What your script carries along: neither read, kept nor signed."),
]
