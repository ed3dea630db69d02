"""Only so much content is in hand at once; what costs little never waits for it."""

import asyncio
import json

import pytest

from api.admission import Admission
from api.app import create_app
from provenance.config import Settings

PATHS = {"/v1/scans"}


class Held:
    """An application that answers when it is told to."""

    def __init__(self) -> None:
        self.released = asyncio.Event()

    async def __call__(self, scope, receive, send) -> None:
        if scope["method"] == "POST":
            await self.released.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def ask(app: Admission, path: str = "/v1/scans", size: int | None = 10, method: str = "POST") -> dict:
    said: list[dict] = []
    headers = [] if size is None else [(b"content-length", str(size).encode())]

    async def receive() -> dict:
        raise AssertionError("the body of what is refused is not read")

    async def send(message: dict) -> None:
        said.append(message)

    await app({"type": "http", "method": method, "path": path, "headers": headers}, receive, send)
    return {
        "status": said[0]["status"],
        "headers": dict(said[0]["headers"]),
        "body": b"".join(message.get("body", b"") for message in said[1:]),
    }


async def in_hand(app: Admission, sizes: list[int | None]) -> list[asyncio.Task]:
    tasks = [asyncio.create_task(ask(app, size=size)) for size in sizes]
    await asyncio.sleep(0)
    return tasks


def test_what_is_too_much_is_told_when_to_come_again() -> None:
    async def run() -> None:
        held = Held()
        app = Admission(held, PATHS, most=2, max_bytes=1000)
        first = await in_hand(app, [10, 10])
        refused = await ask(app)
        assert refused["status"] == 503
        assert 1 <= int(refused["headers"][b"retry-after"]) <= 60
        assert json.loads(refused["body"])["reason"] == "overloaded"
        for light in ({"method": "GET"}, {"path": "/healthz", "method": "GET"}):
            assert (await ask(app, **light))["status"] == 200
        assert not any(task.done() for task in first)
        held.released.set()
        assert [(await task)["status"] for task in first] == [200, 200]
        assert (await ask(app))["status"] == 200

    asyncio.run(run())


@pytest.mark.parametrize(
    ("held_sizes", "size", "status"),
    [([600], 300, 200), ([600], 500, 503), ([600, 300], None, 503), ([600], None, 200), ([], 5000, 200)],
)
def test_bodies_are_counted_together_and_one_alone_may_be_large(held_sizes, size, status) -> None:
    async def run() -> None:
        held = Held()
        app = Admission(held, PATHS, most=9, max_bytes=1000)
        first = await in_hand(app, held_sizes)
        last = asyncio.create_task(ask(app, size=size))
        await asyncio.sleep(0)
        held.released.set()
        assert (await last)["status"] == status
        await asyncio.gather(*first)

    asyncio.run(run())


def test_a_request_that_fails_is_no_longer_in_hand() -> None:
    async def fails(scope, receive, send) -> None:
        raise ConnectionError

    async def run() -> None:
        app = Admission(fails, PATHS, most=1, max_bytes=10)
        for _ in range(3):
            with pytest.raises(ConnectionError):
                await ask(app)

    asyncio.run(run())


def test_every_route_that_takes_content_is_counted(sqlite_settings: Settings) -> None:
    service = create_app(sqlite_settings)
    counted = next(each.kwargs["paths"] for each in service.user_middleware if each.cls is Admission)
    content = ('schemas/NewWork"', 'schemas/NewScan"', 'schemas/NewPost"', "multipart/form-data")
    takes = {
        path
        for path, methods in service.openapi()["paths"].items()
        if "post" in methods and any(each in json.dumps(methods["post"].get("requestBody", {})) for each in content)
    }
    assert takes == counted
    assert {"/v1/works/batch", "/v1/scans", "/v1/posts", "/compat/hma/h/hash", "/compat/hma/m/lookup"} <= takes
