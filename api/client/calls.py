"""Requests and answers as values, and what is written once for the blocking and the asynchronous client.

An operation is a generator: it yields a `Call`, is sent the `Answer`, and returns its result. `Client` and
`AsyncClient` run the same generators; only they do any input or output.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import quote
from uuid import uuid4

from pydantic import BaseModel, ValidationError

from provenance.errors import BadInput, Unavailable
from provenance.json_input import one_line

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")

_PAGE = 500  # items asked for at a time, the most that a service gives


@dataclass(frozen=True, slots=True)
class File:
    """A part of a request: its bytes, or the path that they are read from when they are sent."""

    name: str
    content: bytes | Path


@dataclass(frozen=True, slots=True)
class Call:
    """One request.

    Attributes:
        body: sent as JSON, or with files as the part ``metadata``.
        files: a sequence, even an empty one, makes the request multipart/form-data (RFC 7578).
        repeatable: carried out twice it leaves what once leaves, so a lost answer may be asked for again.
    """

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    files: Sequence[File] | None = None
    query: Mapping[str, str | int] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    idempotency_key: str | None = None
    repeatable: bool = True

    def arguments(self, opened: ExitStack) -> dict[str, Any]:
        """What `httpx.Client.build_request` takes; files stay open as long as ``opened``.

        Raises:
            BadInput: a file cannot be read.
        """
        made: dict[str, Any] = {"params": dict(self.query) or None, "headers": dict(self.headers)}
        if self.idempotency_key is not None:
            made["headers"]["Idempotency-Key"] = self.idempotency_key
        if self.files is not None:
            metadata = encode(self.body or {})
            made["files"] = [("metadata", (None, metadata, "application/json"))]
            made["files"] += [("file", (_label(each.name), _open(each, opened))) for each in self.files]
        elif self.body is not None:
            made["content"] = encode(self.body)
            made["headers"]["Content-Type"] = "application/json"
        return made


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer, whole."""

    status: int
    body: bytes
    service: str  # address of who answered, for messages

    def json(self) -> dict[str, Any]:
        """Raises `Unavailable` where it is no JSON object."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise _other_service(self.service)
        return found

    def model(self, kind: type[M]) -> M:
        """Fields that this version does not know are ignored; raises `Unavailable` for what is no such object."""
        return read_model(kind, self.json(), self.service)


def _other_service(service: str) -> Unavailable:
    return Unavailable(f"{service} does not answer like Sourcemark: check its address", reason="unreachable")


def read_model(kind: type[M], data: Any, service: str) -> M:
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise Unavailable(
            f"{service} answers otherwise than this version understands ({one_line(error)}): use that of the service",
            reason="unreachable",
        ) from error


@dataclass(frozen=True, slots=True)
class Pause:
    """In place of a call: nothing is asked for so many seconds, and `NOTHING` is the answer."""

    seconds: float


NOTHING = Answer(204, b"", "")

Flow = Generator[Call | Pause, Answer, T]


@dataclass(frozen=True, slots=True)
class Listing(Generic[M]):
    """A list that is read page by page as it is iterated over."""

    path: str
    kind: type[M]
    query: Mapping[str, str | int] = field(default_factory=dict)

    def page(self, cursor: str | None) -> Flow[tuple[list[M], str | None]]:
        answer = yield Call("GET", self.path, query={**self.query, **given(limit=_PAGE, cursor=cursor)})
        found = answer.json()
        items = found.get("items")
        if not isinstance(items, list):
            raise _other_service(answer.service)
        after = found.get("next")
        return [read_model(self.kind, each, answer.service) for each in items], str(after) if after else None


def path(*parts: str) -> str:
    """An address under /v1, its parts escaped."""
    return "/v1/" + "/".join(quote(part, safe="") for part in parts)


def given(**query: str | int | None) -> dict[str, str | int]:
    """The parameters that have a value."""
    return {name: value for name, value in query.items() if value is not None}


def content(source: Path | str, about: Mapping[str, Any]) -> tuple[Mapping[str, Any], Sequence[File] | None]:
    """Body and files of a request about a file, or about a text given as such."""
    if isinstance(source, str):
        return {**about, "text": source}, None
    return about, [File(source.name, source)]


def new_key() -> str:
    """An Idempotency-Key that nobody used before."""
    return str(uuid4())


def encode(body: Mapping[str, Any]) -> bytes:
    """JSON; raises `BadInput` for a text that is not Unicode."""
    return encode_text(json.dumps(dict(body), ensure_ascii=False))


def encode_text(text: str) -> bytes:
    """UTF-8; raises `BadInput` for what is not Unicode."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise BadInput("the text holds half of a surrogate pair, which is not Unicode text") from None


def read_file(file: Path) -> bytes:
    """Raises `BadInput`."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}") from error


def _open(file: File, opened: ExitStack) -> Any:
    if isinstance(file.content, bytes):
        return file.content
    try:
        return opened.enter_context(file.content.open("rb"))
    except OSError as error:
        raise BadInput(f"{file.content} cannot be read: {error.strerror}") from error


def _label(name: str) -> str:
    return "".join(c if c.isprintable() and c not in '"\\' else "_" for c in name)
