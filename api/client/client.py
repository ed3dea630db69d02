"""The two clients: one runs the operations, the other awaits them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack
from functools import wraps
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import urlsplit

import httpx
from pydantic import BaseModel

from provenance.errors import BadInput, Unavailable
from provenance.http_client import retry_after_seconds

from . import complaints, keys, owner, platform, producer, review
from . import jobs as later
from .attempts import Attempts
from .calls import NOTHING, Answer, Call, Flow, Listing, Pause
from .errors import Refused
from .session import Session, log_origin

P = ParamSpec("P")
T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

_MOST = 64 << 20  # bytes of an answer
_CONNECT_SECONDS = 10
_SECONDS = 300.0  # long films are read before a statement is prepared


class _Service:
    """What both clients know and do without input or output."""

    def __init__(self, url: str, api_key: str, origin: str | None, timeout: float, patience: float) -> None:
        parts = urlsplit(url)
        local = parts.hostname in ("localhost", "127.0.0.1", "::1")
        if not parts.hostname or (parts.scheme != "https" and not (parts.scheme == "http" and local)):
            raise BadInput(f"{url!r}: must start with https:// (http:// only to this machine): it carries the API key")
        self._url = url.rstrip("/")
        self._session = Session(origin)
        self._patience = patience
        # A redirect would take the API key to another host.
        self._options: dict[str, Any] = {
            "headers": {"Authorization": f"Bearer {api_key}"},
            "timeout": httpx.Timeout(timeout, connect=_CONNECT_SECONDS),
            "follow_redirects": False,
        }

    def _attempts(self, call: Call) -> Attempts:
        return Attempts(call, self._url, self._patience)

    def _target(self, call: Call) -> str:
        return self._url + call.path

    def _fits(self, size: int) -> None:
        if size > _MOST:
            raise Unavailable(f"{self._url} answers with more than it should", reason="unreachable")

    def _answer(self, response: httpx.Response, body: bytes) -> Answer:
        """Raises `Refused` for every answer but a success."""
        if response.is_success:
            return Answer(response.status_code, body, self._url)
        try:
            problem = Answer(response.status_code, body, self._url).json()
        except Unavailable:
            problem = {}
        raise Refused(problem, response.status_code, retry_after_seconds(response.headers.get("Retry-After", "")))


def _blocking(
    operation: Callable[Concatenate[Session, P], Flow[T]],
) -> Callable[Concatenate[Client, P], T]:
    @wraps(operation)
    def method(self: Client, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._run(operation(self._session, *args, **kwargs))

    return method


def _blocking_list(
    listed: Callable[Concatenate[Session, P], Listing[M]],
) -> Callable[Concatenate[Client, P], Iterator[M]]:
    @wraps(listed)
    def method(self: Client, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[M]:
        return self._each(listed(self._session, *args, **kwargs))

    return method


class Client(_Service):
    """One account's access to a service, by its API key. Close it, or use it as a context manager.

    Every method raises `Refused` when the service says no, `Unavailable` when it does not answer, and
    `VerificationFailed` when what it answers is not what was asked for. Thread-safe.
    """

    def __init__(
        self,
        url: str,
        api_key: str,
        origin: str | None = None,
        *,
        timeout: float = _SECONDS,
        patience: float = 60,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """
        Args:
            url: of the service, https:// unless it is this machine's.
            origin: the log's name if you know it; else the service is asked once.
            timeout: seconds that a connection may be silent.
            patience: seconds after which a request that was refused for now, or got lost, is not sent again.
            transport: of httpx, for certificates or proxies of your own.

        Raises:
            BadInput: the address would give the key away.
        """
        super().__init__(url, api_key, origin, timeout, patience)
        self._http = httpx.Client(transport=transport, **self._options)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    origin = _blocking(log_origin)
    register = _blocking(producer.register)
    register_sealed = _blocking(producer.register_sealed)
    get_work = _blocking(producer.get_work)
    works = _blocking_list(producer.works)
    credit = _blocking(producer.credit)
    amend = _blocking(producer.amend)
    transfer = _blocking(producer.transfer)
    withdraw = _blocking(producer.withdraw)
    erase = _blocking(producer.erase)
    receipt = _blocking(producer.fetch_receipt)
    enrol = _blocking(keys.enrol)
    revoke = _blocking(keys.revoke)
    signing_keys = _blocking(keys.signing_keys)
    scan = _blocking(platform.scan)
    post = _blocking(platform.post)
    scan_html = _blocking(platform.scan_html)
    scan_many = _blocking(platform.scan_many)
    get_scan = _blocking(platform.get_scan)
    scans = _blocking_list(platform.scans)
    scan_later = _blocking(later.scan_later)
    register_later = _blocking(later.register_later)
    get_job = _blocking(later.get_job)
    jobs = _blocking_list(later.jobs)
    job_results = _blocking_list(later.job_results)
    wait_for_job = _blocking(later.wait_for_job)
    cancel_job = _blocking(later.cancel_job)
    queue = _blocking_list(review.queue)
    take = _blocking(review.take)
    decide = _blocking(review.decide)
    decide_scan = _blocking(review.decide_scan)
    undo = _blocking(review.undo)
    get_decision = _blocking(review.get_decision)
    decisions = _blocking_list(review.decisions)
    file_notice = _blocking(complaints.file_notice)
    file_notices = _blocking(complaints.file_notices)
    get_notice = _blocking(complaints.get_notice)
    cases = _blocking_list(complaints.cases)
    get_case = _blocking(complaints.get_case)
    decide_case = _blocking(complaints.decide_case)
    decide_appeal = _blocking(complaints.decide_appeal)
    sightings = _blocking_list(owner.sightings)
    get_sighting = _blocking(owner.get_sighting)
    evidence = _blocking(owner.evidence)

    def _run(self, flow: Flow[T]) -> T:
        try:
            call = next(flow)
            while True:
                try:
                    answer = self._send(call)
                except Refused as error:
                    call = flow.throw(error)
                else:
                    call = flow.send(answer)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]

    def _each(self, listing: Listing[M]) -> Iterator[M]:
        items, cursor = self._run(listing.page(None))
        yield from items
        while cursor is not None:
            items, cursor = self._run(listing.page(cursor))
            yield from items

    def _send(self, call: Call | Pause) -> Answer:
        if isinstance(call, Pause):
            time.sleep(call.seconds)
            return NOTHING
        attempts = self._attempts(call)
        while True:
            try:
                return self._once(call)
            except (Refused, httpx.HTTPError) as error:
                time.sleep(attempts.delay_after(error))

    def _once(self, call: Call) -> Answer:
        with ExitStack() as opened:
            arguments = call.arguments(opened)
            response = opened.enter_context(self._http.stream(call.method, self._target(call), **arguments))
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                self._fits(len(body))
        return self._answer(response, bytes(body))


def _awaited(
    operation: Callable[Concatenate[Session, P], Flow[T]],
) -> Callable[Concatenate[AsyncClient, P], Awaitable[T]]:
    @wraps(operation)
    def method(self: AsyncClient, /, *args: P.args, **kwargs: P.kwargs) -> Awaitable[T]:
        return self._run(operation(self._session, *args, **kwargs))

    return method


def _awaited_list(
    listed: Callable[Concatenate[Session, P], Listing[M]],
) -> Callable[Concatenate[AsyncClient, P], AsyncIterator[M]]:
    @wraps(listed)
    def method(self: AsyncClient, /, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[M]:
        return self._each(listed(self._session, *args, **kwargs))

    return method


class AsyncClient(_Service):
    """`Client` for asyncio: the same methods, to be awaited; lists are iterated over with ``async for``."""

    def __init__(
        self,
        url: str,
        api_key: str,
        origin: str | None = None,
        *,
        timeout: float = _SECONDS,
        patience: float = 60,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """See `Client`."""
        super().__init__(url, api_key, origin, timeout, patience)
        self._http = httpx.AsyncClient(transport=transport, **self._options)

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close its connections."""
        await self._http.aclose()

    origin = _awaited(log_origin)
    register = _awaited(producer.register)
    register_sealed = _awaited(producer.register_sealed)
    get_work = _awaited(producer.get_work)
    works = _awaited_list(producer.works)
    credit = _awaited(producer.credit)
    amend = _awaited(producer.amend)
    transfer = _awaited(producer.transfer)
    withdraw = _awaited(producer.withdraw)
    erase = _awaited(producer.erase)
    receipt = _awaited(producer.fetch_receipt)
    enrol = _awaited(keys.enrol)
    revoke = _awaited(keys.revoke)
    signing_keys = _awaited(keys.signing_keys)
    scan = _awaited(platform.scan)
    post = _awaited(platform.post)
    scan_html = _awaited(platform.scan_html)
    scan_many = _awaited(platform.scan_many)
    get_scan = _awaited(platform.get_scan)
    scans = _awaited_list(platform.scans)
    scan_later = _awaited(later.scan_later)
    register_later = _awaited(later.register_later)
    get_job = _awaited(later.get_job)
    jobs = _awaited_list(later.jobs)
    job_results = _awaited_list(later.job_results)
    wait_for_job = _awaited(later.wait_for_job)
    cancel_job = _awaited(later.cancel_job)
    queue = _awaited_list(review.queue)
    take = _awaited(review.take)
    decide = _awaited(review.decide)
    decide_scan = _awaited(review.decide_scan)
    undo = _awaited(review.undo)
    get_decision = _awaited(review.get_decision)
    decisions = _awaited_list(review.decisions)
    file_notice = _awaited(complaints.file_notice)
    file_notices = _awaited(complaints.file_notices)
    get_notice = _awaited(complaints.get_notice)
    cases = _awaited_list(complaints.cases)
    get_case = _awaited(complaints.get_case)
    decide_case = _awaited(complaints.decide_case)
    decide_appeal = _awaited(complaints.decide_appeal)
    sightings = _awaited_list(owner.sightings)
    get_sighting = _awaited(owner.get_sighting)
    evidence = _awaited(owner.evidence)

    async def _run(self, flow: Flow[T]) -> T:
        try:
            call = next(flow)
            while True:
                try:
                    answer = await self._send(call)
                except Refused as error:
                    call = flow.throw(error)
                else:
                    call = flow.send(answer)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]

    async def _each(self, listing: Listing[M]) -> AsyncIterator[M]:
        items, cursor = await self._run(listing.page(None))
        for each in items:
            yield each
        while cursor is not None:
            items, cursor = await self._run(listing.page(cursor))
            for each in items:
                yield each

    async def _send(self, call: Call | Pause) -> Answer:
        if isinstance(call, Pause):
            await asyncio.sleep(call.seconds)
            return NOTHING
        attempts = self._attempts(call)
        while True:
            try:
                return await self._once(call)
            except (Refused, httpx.HTTPError) as error:
                await asyncio.sleep(attempts.delay_after(error))

    async def _once(self, call: Call) -> Answer:
        with ExitStack() as opened:
            arguments = call.arguments(opened)
            async with self._http.stream(call.method, self._target(call), **arguments) as response:
                body = bytearray()
                async for chunk in response.aiter_bytes():
                    body += chunk
                    self._fits(len(body))
        return self._answer(response, bytes(body))
