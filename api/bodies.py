"""Reading a body that is either JSON, or a file with its metadata in multipart/form-data."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from fingerprints.model import MediumName
from fingerprints.source import Source
from provenance.config import MEBIBYTE, Settings
from provenance.errors import BadInput, TooLarge, UnsupportedContent, from_os_error
from provenance.json_input import parse, read_json, unknown_key
from provenance.names import clean

from .stopping import Stopping, not_begun, until

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")
_CUT_OFF = "the request was cut off"
_LAST_SECONDS = 1.0  # for the rest of a body, when the service ends
_HELD = 256 * 1024  # bytes of a body that are held in memory; what is larger waits on disk
_LARGE = 4 * MEBIBYTE  # bytes of JSON, which takes several times as much memory, that are read beside others


@dataclass(frozen=True, slots=True)
class Body:
    """The metadata object as it came and parsed, and the file if there was one."""

    raw: bytes
    data: dict[str, Any]
    file: Source | None = None
    filename: str | None = None

    def exact(self) -> Iterator[bytes]:
        """The bytes that identify the request, piece by piece."""
        yield self.raw
        if self.file is not None:
            yield b"\0"
            yield from self.file.chunks()


async def read_body(request: Request) -> AsyncIterator[Body]:
    """The body of a request, as a dependency; a large file in it is on disk, and gone after the answer.

    Raises:
        BadInput: what should be JSON is not, or the part ``file`` is missing.
        UnsupportedContent: neither JSON nor multipart/form-data.
    """
    async with AsyncExitStack() as files:
        yield await _read(request, files)


async def _read(request: Request, files: AsyncExitStack) -> Body:
    read = await _parsed(request, files, max_files=2, max_field=MEBIBYTE)
    return Body(read, await _parsed_json(read)) if isinstance(read, bytes) else _multipart(read)


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def _received(request: Request, reading: Coroutine[Any, Any, T]) -> T:
    """What reads the body of a request, unless the service is to end before all of it has come."""
    stopping: Stopping = request.app.state.stopping
    task = await until(stopping.begun, reading)
    if not task.done():
        await asyncio.wait({task}, timeout=_LAST_SECONDS)  # a sender is told only when it has sent all
        task.cancel()
        raise not_begun()
    try:
        return task.result()
    except ClientDisconnect:
        raise BadInput(_CUT_OFF) from None
    except OSError as error:
        raise from_os_error(error, Path(tempfile.gettempdir())) from error


async def _whole(request: Request, files: AsyncExitStack) -> bytes:
    """All of a body that is no form, which is on disk until there is a place for the request."""
    spool = files.enter_context(tempfile.SpooledTemporaryFile(max_size=_HELD))  # noqa: SIM115 - the stack closes it

    async def read() -> int:
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
            if size > _HELD:
                await run_in_threadpool(spool.write, chunk)
            else:
                spool.write(chunk)
        return size

    size = await _received(request, read())
    await _take_place(request, files, large=size > _LARGE)
    spool.seek(0)
    return spool.read()


async def _take_place(request: Request, files: AsyncExitStack, *, large: bool) -> None:
    """Wait for a place in work; what is large in memory waits for the one place of its kind first."""
    state = request.app.state
    if large:
        await files.enter_async_context(state.large_places.place())
    await files.enter_async_context(state.places.place())


async def _parsed(request: Request, files: AsyncExitStack, max_files: int, max_field: int) -> bytes | FormData:
    """The bytes of a JSON body, or the parts of a form; from then on the request has a place in work.

    Args:
        max_field: bytes of a part that is no file.
    """
    kind = _media_type(request)
    if kind == "application/json":
        return await _whole(request, files)
    if kind != "multipart/form-data":
        raise UnsupportedContent("send application/json, or multipart/form-data with a part named file")
    try:
        form = await _received(request, _form(request, max_files, max_field))
    except MultiPartException as error:
        kind_of = _TooManyFiles if error.message.startswith("Too many files") else BadInput
        raise kind_of(f"the multipart body cannot be read: {error.message}") from None
    files.push_async_callback(form.close)
    fields = sum(len(part) for _, part in form.multi_items() if isinstance(part, str))
    await _take_place(request, files, large=fields > _LARGE)
    return form


async def _form(request: Request, max_files: int, max_field: int) -> FormData:
    async with aclosing(request.stream()) as stream:
        return await _Form(request.headers, stream, max_files=max_files, max_fields=8, max_part_size=max_field).parse()


class _Form(MultiPartParser):
    """Starlette's parser, which by itself takes a body that ends in the middle of a part for one without that part."""

    def __init__(self, headers: Headers, stream: AsyncGenerator[bytes, None], **limits: int) -> None:
        super().__init__(headers, self._all_of(stream), **limits)
        self._ended = False

    def on_end(self) -> None:
        """The closing boundary was read (RFC 2046, section 5.1.1)."""
        self._ended = True

    async def _all_of(self, stream: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        async for chunk in stream:
            yield chunk
        if not self._ended:
            raise MultiPartException("it ends before its closing boundary, so it was cut off; send all of it")


async def read_batch(request: Request) -> AsyncIterator[Body]:
    """As `read_body`; the items of a batch may come as JSON lines too."""
    async with AsyncExitStack() as files:
        if _media_type(request) == JSON_LINES:
            raw = await _whole(request, files)
            yield Body(raw, {"items": await run_in_threadpool(_lines, raw)})
        else:
            yield await _read(request, files)


def _lines(raw: bytes) -> list[Any]:
    return [_line(line) for line in raw.splitlines() if line.strip()]


def _line(line: bytes) -> Any:
    """One line; what is not JSON is judged as an item of text, which is none."""
    try:
        return read_json(line)
    except (ValueError, RecursionError):
        return line.decode("utf-8", "replace")


class _TooManyFiles(BadInput):
    """A form has more files than its route takes."""


RequestBody = Annotated[Body, Depends(read_body)]
BatchBody = Annotated[Body, Depends(read_batch)]
JSON_LINES = "application/x-ndjson"
_ESCAPED = 6  # most bytes of JSON for a byte of text


@dataclass(frozen=True, slots=True)
class PostBody:
    """The metadata object as it came and parsed, and the files with their names, in their order."""

    raw: bytes
    data: dict[str, Any]
    files: tuple[tuple[str | None, Source], ...] = ()

    def exact(self) -> Iterator[bytes]:
        """The bytes that identify the request, piece by piece."""
        yield self.raw
        for name, source in self.files:
            yield f"\0{name or ''}\0{source.size}\0".encode("utf-8", "surrogatepass")
            yield from source.chunks()


async def read_post(request: Request) -> AsyncIterator[PostBody]:
    """The body of a post, as a dependency; large files in it are on disk, and gone after the answer.

    Raises:
        BadInput: what should be JSON is not, or a part is neither ``metadata`` nor ``file``.
        TooLarge: there are more files than a post may have parts.
        UnsupportedContent: neither JSON nor multipart/form-data.
    """
    settings: Settings = request.app.state.application.settings
    async with AsyncExitStack() as files:
        try:
            read = await _parsed(request, files, settings.max_parts, _ESCAPED * settings.max_text_mib * MEBIBYTE)
        except _TooManyFiles as error:
            raise TooLarge(
                f"the post has more than {settings.max_parts} files (SOURCEMARK_MAX_PARTS): send it in several posts",
                reason="too_many_parts",
            ) from error
        if isinstance(read, bytes):
            yield PostBody(read, await _parsed_json(read))
            return
        raw = _metadata(read, once=("metadata",))
        sent = (part for name, part in read.multi_items() if name == "file")
        yield PostBody(raw, _object(raw, "metadata"), tuple(map(_sent_file, sent)))


def _sent_file(part: UploadFile | str) -> tuple[str | None, Source]:
    if isinstance(part, str):
        raise BadInput("file: a part has no file name: give each one of its own")
    return _plain_name(part.filename), _source(part)


SentPost = Annotated[PostBody, Depends(read_post)]


@dataclass(frozen=True, slots=True)
class Media:
    """One file, in a part that is named by what it is."""

    kind: MediumName
    source: Source


async def read_media(request: Request) -> AsyncIterator[Media]:
    """The only file of a form, as a dependency; a large one is on disk, and gone after the answer.

    Raises:
        BadInput: there is no file, or more than one, or in a part of another name.
        UnsupportedContent: not multipart/form-data.
    """
    async with AsyncExitStack() as files:
        read = await _parsed(request, files, max_files=2, max_field=MEBIBYTE)
        if isinstance(read, bytes):
            raise UnsupportedContent(f"send multipart/form-data with a file in a part named {', '.join(MEDIA_PARTS)}")
        parts = read.multi_items()
        for name, _ in parts:
            if name not in MEDIA_PARTS:
                raise BadInput(unknown_key(name, MEDIA_PARTS, "part"))
        if len(parts) != 1 or not isinstance(part := parts[0][1], UploadFile):
            raise BadInput(f"exactly one file is needed, in a part named {', '.join(MEDIA_PARTS)}")
        yield Media(MEDIA_PARTS[parts[0][0]], _source(part))


MEDIA_PARTS: dict[str, MediumName] = {"photo": "image", "video": "video", "audio": "audio", "text": "text"}
SentMedia = Annotated[Media, Depends(read_media)]


_READERS = (read_body, read_batch, read_post, read_media)


def content_paths(routers: Iterable[APIRouter]) -> frozenset[str]:
    """The paths of routes that read a body with content, by one of the dependencies here."""
    routes = (route for router in routers for route in router.routes if isinstance(route, APIRoute))
    return frozenset(
        route.path for route in routes if any(each.call in _READERS for each in route.dependant.dependencies)
    )


_PARTS = ("file", "metadata")


def _multipart(form: FormData) -> Body:
    raw = _metadata(form, once=_PARTS)
    upload = form.get("file")
    if not isinstance(upload, UploadFile):
        raise BadInput("file: the multipart part named file is missing")
    return Body(raw, _object(raw, "metadata"), _source(upload), _plain_name(upload.filename))


def _source(upload: UploadFile) -> Source:
    try:
        return Source.spooled(upload.file)
    except OSError as error:
        raise from_os_error(error, Path(tempfile.gettempdir())) from error


def _metadata(form: FormData, once: Sequence[str]) -> bytes:
    """The part ``metadata`` of a form.

    Args:
        once: names of parts of which there may be one.

    Raises:
        BadInput: it is a file, there is a part of another name, or one too many.
    """
    for name, part in form.multi_items():
        if name not in _PARTS:
            raise BadInput(unknown_key(name, _PARTS, "part"))
        if name in once and part is not form.get(name):
            raise BadInput(f"{name}: there is more than one part of this name")
    metadata = form.get("metadata", "{}")
    if not isinstance(metadata, str):
        raise BadInput("metadata: must be a JSON object as text, not a file (with curl: -F 'metadata=<FILE')")
    return metadata.encode("utf-8", "surrogatepass")


def _plain_name(name: str | None) -> str | None:
    """The client's name of a file, as a label: never a path, and clean as every name."""
    return clean((name or "").replace("\\", "/").rpartition("/")[2])[:255].strip() or None


async def _parsed_json(raw: bytes) -> dict[str, Any]:
    """A body that is a JSON object; a large one is parsed beside the other requests."""
    return await run_in_threadpool(_object, raw, "body") if len(raw) > _HELD else _object(raw, "body")


def _object(raw: bytes, name: str) -> dict[str, Any]:
    try:
        data = read_json(raw)
    except (ValueError, RecursionError):
        raise BadInput(f"{name}: is not JSON") from None
    if not isinstance(data, dict):
        raise BadInput(f"{name}: expected a JSON object")
    return data


def item(model: type[M], body: Body) -> M:
    """The metadata as a model; with a file there is no inline text."""
    parsed = parse(model, body.data)
    inline = [k for k in ("text", "html") if getattr(parsed, k, None) is not None]
    if len(inline) + (body.file is not None) != 1:
        kinds = " or ".join(k for k in ("text", "html") if k in model.model_fields)
        raise BadInput(f"exactly one is needed: a file, or {kinds}")
    return parsed


def batch_items(body: Body, max_items: int, setting: str) -> list[Any]:
    """The items of a batch, as they came: `json_input.parse_each` judges each by itself.

    Args:
        setting: that the limit is.

    Raises:
        BadInput: there is no list of items.
        TooLarge: there are more than ``max_items``.
    """
    for key in body.data:
        if key != "items":
            raise BadInput(unknown_key(key, ["items"]))
    items = body.data.get("items")
    if body.file is not None or not isinstance(items, list) or not items:
        raise BadInput("items: expected a JSON list with at least one object")
    if len(items) > max_items:
        raise TooLarge(f"items: at most {max_items} in one request ({setting}), got {len(items)}")
    return items
