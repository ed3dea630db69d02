"""A body that carries a file: the file goes to disk, the request is identified by exactly what was sent."""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest
from starlette.requests import Request
from starlette.types import Message

from api.bodies import Body, read_body, read_media
from fingerprints.source import CHUNK
from provenance.errors import BadInput, Unavailable

FILE = os.urandom(3 * CHUNK + 17)
METADATA = json.dumps({"owner": "林昭云"})


def multipart(file: bytes) -> bytes:
    return b"\r\n".join(
        (
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="../a.jpg"\r\n\r\n' + file,
            b'--b\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n' + METADATA.encode(),
            b"--b--\r\n",
        )
    )


@asynccontextmanager
async def body_of(sent: bytes, kind: str = "multipart/form-data; boundary=b", reader=read_body) -> AsyncIterator[Body]:
    pieces = [sent[at : at + 60_000] for at in range(0, len(sent), 60_000)]

    async def receive() -> Message:
        piece = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    request = Request({"type": "http", "method": "POST", "headers": [(b"content-type", kind.encode())]}, receive)
    async with asynccontextmanager(reader)(request) as body:
        yield body


@pytest.mark.parametrize("file", [FILE, FILE[:100], b""], ids=["large", "small", "empty"])
def test_a_file_is_on_disk_until_the_answer(file: bytes) -> None:
    async def run() -> None:
        async with body_of(multipart(file)) as body:
            assert body.data == {"owner": "林昭云"}
            assert body.filename == "a.jpg"
            assert body.file is not None
            assert body.file.read(len(FILE)) == file
            assert b"".join(body.exact()) == METADATA.encode() + b"\0" + file
            assert max(map(len, body.exact())) <= CHUNK
            with body.file.shared() as (descriptor, size):
                assert (os.fstat(descriptor).st_size, size) == (len(file), len(file))
                assert os.fstat(descriptor).st_nlink == 0
        with pytest.raises(OSError, match="descriptor"):
            os.fstat(descriptor)

    anyio.run(run)


def test_json_is_its_own_identity() -> None:
    async def run() -> None:
        async with body_of(b'{"text":  "a"}', "application/json") as body:
            assert (body.data, body.file) == ({"text": "a"}, None)
            assert b"".join(body.exact()) == b'{"text":  "a"}'

    anyio.run(run)


def test_a_part_without_the_right_name_is_no_file() -> None:
    async def run() -> None:
        with pytest.raises(BadInput, match="fill: is no part here; did you mean file"):
            async with body_of(multipart(FILE).replace(b'"file"', b'"fill"', 1)):
                pass

    anyio.run(run)


MEDIA = b'--b\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n' + FILE + b"\r\n--b--\r\n"


@pytest.mark.parametrize(("sent", "reader"), [(multipart(FILE), read_body), (MEDIA, read_media)], ids=["work", "media"])
def test_a_full_disk_is_not_the_clients_fault(monkeypatch: pytest.MonkeyPatch, sent: bytes, reader) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fingerprints.source.Source.spooled", full)

    async def run() -> None:
        with pytest.raises(Unavailable) as caught:
            async with body_of(sent, reader=reader):
                pass
        assert caught.value.reason == "disk_full"

    anyio.run(run)
