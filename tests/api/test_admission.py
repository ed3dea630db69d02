"""Only so much content is in hand at once; what costs little never waits for it."""

import asyncio
import json
from pathlib import Path

import pytest

from api.admission import Admission, Places
from api.app import create_app
from api.stopping import Stopping
from api.worker_memory import ALONE, InHand, Worker, WorkerMemory
from provenance.config import Settings
from provenance.errors import Unavailable

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


def admission(app: object, *, most: int, max_bytes: int, stopping: Stopping | None = None) -> Admission:
    in_hand = InHand(WorkerMemory(ALONE), 0, most, max_bytes)
    return Admission(app, PATHS, in_hand, max_bytes, stopping or Stopping())


async def ask(app: Admission, path: str = "/v1/scans", size: int | None = 10, method: str = "POST") -> dict:
    said: list[dict] = []
    headers = [] if size is None else [(b"content-length", str(size).encode())]

    async def receive() -> dict:
        return {"type": "http.request", "body": b"", "more_body": False}

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
    await turns()
    return tasks


async def turns() -> None:
    """Let every task come as far as it can."""
    for _ in range(5):
        await asyncio.sleep(0)


def test_what_is_too_much_is_told_when_to_come_again() -> None:
    async def run() -> None:
        held = Held()
        app = admission(held, most=2, max_bytes=1000)
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
        app = admission(held, most=9, max_bytes=1000)
        first = await in_hand(app, held_sizes)
        last = asyncio.create_task(ask(app, size=size))
        await turns()
        held.released.set()
        assert (await last)["status"] == status
        await asyncio.gather(*first)

    asyncio.run(run())


def test_a_request_that_fails_is_no_longer_in_hand() -> None:
    async def fails(scope, receive, send) -> None:
        raise ConnectionError

    async def run() -> None:
        app = admission(fails, most=1, max_bytes=10)
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


def test_processes_count_together(tmp_path: Path) -> None:
    folder = tmp_path
    here, there = (WorkerMemory(Worker(n, 2, folder)) for n in (0, 1))
    first, second = (InHand(memory, n, 3, 1000) for n, memory in enumerate((here, there)))
    assert [first.take(10), second.take(10), first.take(10), second.take(10)] == [True, True, True, False]
    assert not first.take(10)
    first.give_back(10)
    assert second.take(970)
    second.give_back(970)
    assert not second.take(981)  # more bytes than there may be together
    reborn = WorkerMemory(Worker(0, 2, folder))  # what the dead one had in hand is nobody's
    assert [slot[1:] for slot in reborn.slots()[:2]] == [(0, 0), (1, 10)]


def test_places_are_given_in_turn() -> None:
    async def run() -> None:
        places, order, go = Places(1, Stopping()), [], asyncio.Event()

        async def work(name: str) -> None:
            async with places.place():
                order.append(name)
                await go.wait()

        tasks = [asyncio.create_task(work(name)) for name in "abcd"]
        await turns()
        assert order == ["a"]
        tasks[1].cancel()  # its client has gone
        go.set()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert order == ["a", "c", "d"]
        async with places.place():
            pass

    asyncio.run(run())


def test_the_end_sends_away_who_waits_and_then_who_works() -> None:
    async def run() -> None:
        stopping, held = Stopping(), Held()
        app = admission(held, most=9, max_bytes=1000, stopping=stopping)
        places = Places(0, stopping)
        waiting = asyncio.create_task(places.place().__aenter__())
        working = (await in_hand(app, [10]))[0]
        stopping.begin(0.05)
        with pytest.raises(Unavailable, match="begins nothing more"):
            await waiting
        with pytest.raises(Unavailable, match="begins nothing more"):
            async with places.place():
                pass
        refused = await ask(app)
        assert (refused["status"], json.loads(refused["body"])["reason"]) == (503, "stopping")
        assert refused["headers"][b"connection"] == b"close"  # the next one may reach another process
        assert not working.done()
        cut = await working
        assert (cut["status"], json.loads(cut["body"])["reason"]) == (503, "stopping")
        held.released.set()  # its thread ends, and its answer goes nowhere
        await turns()

    asyncio.run(run())


def test_what_ends_in_time_is_answered() -> None:
    async def run() -> None:
        stopping, held = Stopping(), Held()
        working = (await in_hand(admission(held, most=9, max_bytes=1000, stopping=stopping), [10]))[0]
        stopping.begin(30)
        held.released.set()
        assert (await working)["status"] == 200

    asyncio.run(run())
