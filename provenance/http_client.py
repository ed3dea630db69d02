"""HTTP to a server of somebody else's: bounded in time and in size, and nothing it answers is a traceback.

No redirects, no proxies, no cookies: only the address that was configured is ever spoken to.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import SplitResult, urlsplit

from .errors import BadInput, Unavailable

_CHUNK = 64 * 1024  # bytes read at a time
_TRANSPORT_ERRORS = (OSError, http.client.HTTPException, ValueError)


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What a server said: HTTP status, media type without parameters, body."""

    status: int
    kind: str
    body: bytes


def check_url(url: str) -> SplitResult:
    """The parts of an address that can be spoken to; raises `BadInput`."""
    try:
        parts = urlsplit(url)
        ok = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        ok = ok and url.isascii() and url.isprintable() and " " not in url and not (parts.query or parts.fragment)
    except ValueError:
        ok = False
    if not ok or parts.username is not None:
        raise BadInput(f"{url!r:.80} is no address: it must be http://host[:port][/path] or https://...")
    return parts


class HttpServer:
    """One server under one prefix. Thread-safe; connections are kept open for the next request until `close`."""

    def __init__(self, url: str, seconds: float) -> None:
        """
        Args:
            url: http or https, with the path that requests are relative to.
            seconds: most that one request may take, whatever the server does.

        Raises:
            BadInput: not such an address.
        """
        self.url = url.rstrip("/")
        self.seconds = seconds
        self._parts = check_url(self.url)
        self._idle: list[http.client.HTTPConnection] = []
        self._closed = False

    def close(self) -> None:
        """Keep no connection open any longer; those in use are closed when their answers are there."""
        self._closed = True
        self._drop_idle()

    def _drop_idle(self) -> None:
        with contextlib.suppress(IndexError):
            while True:
                self._idle.pop().close()

    def get(self, path: str, most: int) -> HttpResponse:
        """See `request`."""
        return self.request("GET", path, None, {}, most)

    def post(self, path: str, body: bytes, kind: str, most: int) -> HttpResponse:
        """See `request`; ``kind`` is the body's media type."""
        return self.request("POST", path, body, {"Content-Type": kind}, most)

    def request(self, method: str, path: str, body: bytes | None, headers: dict[str, str], most: int) -> HttpResponse:
        """One request and its whole answer.

        Args:
            path: below the server's prefix, "" for the prefix itself.
            most: bytes of body beyond which the answer is refused.

        Raises:
            Unavailable: no complete answer of that size within the time; says of which server and why.
        """
        stop = time.monotonic() + self.seconds
        while True:
            connection = self._take()
            kept = connection.sock is not None
            try:
                answer = self._once(connection, method, path, body, headers, most, stop)
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError) as error:
                connection.close()
                if not kept or time.monotonic() >= stop:
                    raise self._unavailable(error) from error
                # A connection that was kept open may have been closed by the other side meanwhile: once more.
            except _TRANSPORT_ERRORS as error:
                connection.close()
                raise self._unavailable(error) from error
            except BaseException:
                connection.close()
                raise
            else:
                self._idle.append(connection)
                if self._closed:
                    self._drop_idle()
                return answer

    def _once(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: bytes | None,
        headers: dict[str, str],
        most: int,
        stop: float,
    ) -> HttpResponse:
        with _Deadline(connection, stop) as deadline:
            target = f"{self._parts.path}/{path}" if path else self._parts.path or "/"
            connection.request(method, target, body, {"User-Agent": "sourcemark", **headers})
            deadline.socket = connection.sock
            response = connection.getresponse()
            received = _read(response, most)
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return HttpResponse(response.status, kind, received)

    def _take(self) -> http.client.HTTPConnection:
        """A connection that is idle, or a new one; it connects by itself when it is used."""
        with contextlib.suppress(IndexError):
            return self._idle.pop()
        kind = http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
        return kind(str(self._parts.hostname), self._parts.port)

    def _unavailable(self, error: Exception) -> Unavailable:
        if isinstance(error, TimeoutError):
            return Unavailable(f"{self.url} did not answer within {self.seconds:g} seconds", reason="time_out")
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        why = "".join(c if c.isprintable() else "\ufffd" for c in why)[:200]
        return Unavailable(f"{self.url} does not answer as it should: {why}", reason="unreachable")


class _Deadline:
    """Cuts a connection at a moment of the monotonic clock; what fails because of that is a TimeoutError.

    A time-out of the socket bounds one read; a server that sends a byte now and then would never meet it.

    Attributes:
        socket: that the request went out on: the connection forgets it where the answer ends with the stream.
    """

    def __init__(self, connection: http.client.HTTPConnection, stop: float) -> None:
        self.socket: socket.socket | None = None
        self._connection = connection
        self._late = threading.Event()
        left = stop - time.monotonic()
        connection.timeout = max(0.001, left)
        if connection.sock is not None:
            connection.sock.settimeout(connection.timeout)
        self._timer = threading.Timer(max(0.0, left), self._cut)
        self._timer.daemon = True

    def _cut(self) -> None:
        self._late.set()
        held = self.socket or self._connection.sock
        if held is not None:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(held, socket.SHUT_RDWR)

    def __enter__(self) -> _Deadline:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        # What looks like the end of an answer may be where the connection was cut.
        if self._late.is_set() and (
            value is None or isinstance(value, OSError | http.client.HTTPException | ValueError)
        ):
            raise TimeoutError from None


def _read(response: http.client.HTTPResponse, most: int) -> bytes:
    """The whole body, of at most so many bytes."""
    received = bytearray()
    while chunk := response.read(min(_CHUNK, most + 1 - len(received))):
        received += chunk
        if len(received) > most:
            raise ValueError(f"it answered with more than {most} bytes")
    if response.length:  # cut off before what it had promised
        raise http.client.IncompleteRead(bytes(received), response.length)
    return bytes(received)
