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
from urllib.parse import SplitResult, urlsplit

from .errors import BadInput, Unavailable

_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
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


class Remote:
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

    def get(self, path: str, most: int) -> Answer:
        """See `request`."""
        return self.request("GET", path, None, {}, most)

    def post(self, path: str, body: bytes, kind: str, most: int) -> Answer:
        """See `request`; ``kind`` is the body's media type."""
        return self.request("POST", path, body, {"Content-Type": kind}, most)

    def request(self, method: str, path: str, body: bytes | None, headers: dict[str, str], most: int) -> Answer:
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
            except (OSError, http.client.HTTPException, ValueError) as error:
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
    ) -> Answer:
        connection.timeout = max(0.001, stop - time.monotonic())
        if connection.sock is not None:
            connection.sock.settimeout(connection.timeout)
        late = threading.Event()
        sock = None

        def end() -> None:
            late.set()
            # A time-out of the socket bounds one read; a server that sends a byte now and then would never meet it.
            held = sock or connection.sock  # the connection forgets its socket where the answer ends with the stream
            if held is not None:
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(held, socket.SHUT_RDWR)

        timer = threading.Timer(max(0.0, stop - time.monotonic()), end)
        timer.daemon = True
        timer.start()
        try:
            target = f"{self._parts.path}/{path}" if path else self._parts.path or "/"
            connection.request(method, target, body, {"User-Agent": "sourcemark", **headers})
            sock = connection.sock
            response = connection.getresponse()
            received = bytearray()
            while chunk := response.read(min(_CHUNK, most + 1 - len(received))):
                received += chunk
                if len(received) > most:
                    raise ValueError(f"it answered with more than {most} bytes")
            if response.length:  # cut off before what it had promised
                raise http.client.IncompleteRead(bytes(received), response.length)
        except (OSError, http.client.HTTPException, ValueError):
            if late.is_set():
                raise TimeoutError from None
            raise
        finally:
            timer.cancel()
        if late.is_set():  # what looks like the end may be where the connection was cut
            raise TimeoutError
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return Answer(response.status, kind, bytes(received))

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
