"""A body that carries a file: the file goes to disk, the request is identified by exactly what was sent."""

import json
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace

import anyio
import pytest
from starlette.requests import Request
from starlette.types import Message

from api import bodies
from api.admission import Places
from api.bodies import Body, read_body, read_media
from api.stopping import Stopping
from fingerprints.source import CHUNK
from provenance.errors import BadInput, Unavailable

FILE = os.urandom(3 * CHUNK + 17)
NEVER = b"!" * 60_000  # a piece that does not come
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
async def body_of(
    sent: bytes,
    kind: str = "multipart/form-data; boundary=b",
    reader=read_body,
    stopping: Stopping | None = None,
    places: Places | None = None,
) -> AsyncIterator[Body]:
    """The body of a request that is sent in pieces; what is never sent is waited for."""
    pieces = [sent[at : at + 60_000] for at in range(0, len(sent), 60_000)]

    async def receive() -> Message:
        piece = pieces.pop(0)
        if piece == NEVER:
            await anyio.sleep_forever()
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    stopping = stopping or Stopping()
    places = places or Places(1, stopping)
    state = SimpleNamespace(stopping=stopping, places=places, large_places=Places(1, stopping))
    scope = {
        "type": "http",
        "method": "POST",
        "headers": [(b"content-type", kind.encode())],
        "app": SimpleNamespace(state=state),
    }
    request = Request(scope, receive)
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


JSON = "application/json"


def test_a_large_body_of_json_waits_for_its_place_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "x" * (3 * bodies._HELD)
    spools: list[tempfile.SpooledTemporaryFile[bytes]] = []
    real = tempfile.SpooledTemporaryFile

    def spooled(**options: int) -> object:
        spools.append(real(**options))
        return spools[-1]

    monkeypatch.setattr("api.bodies.tempfile.SpooledTemporaryFile", spooled)

    async def run() -> None:
        places = Places(1, Stopping())

        async def read() -> None:
            async with body_of(json.dumps({"text": text}).encode(), JSON, places=places) as body:
                assert body.data == {"text": text}

        async with anyio.create_task_group() as group, places.place():
            group.start_soon(read)
            with anyio.fail_after(10):
                while not (spools and spools[0].tell() > len(text)):
                    await anyio.sleep(0.01)
            assert spools[0]._rolled  # on disk
        assert spools[0].closed

    anyio.run(run)


def test_a_body_that_still_comes_when_the_service_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "_LAST_SECONDS", 0.05)

    async def run() -> None:
        stopping = Stopping()

        async def read() -> None:
            with pytest.raises(Unavailable) as caught:
                async with body_of(NEVER, JSON, stopping=stopping):
                    pass
            assert caught.value.reason == "stopping"

        async with anyio.create_task_group() as group:
            group.start_soon(read)
            await anyio.sleep(0.01)
            stopping.begin(30)

    anyio.run(run)
