"""HTTP to a server of somebody else's: bounded in time and in size, and nothing it answers is a traceback.

No redirects, no proxies, no cookies: only the address that was configured is ever spoken to. Where strangers configure
addresses, `is_public` keeps them out of this machine and its networks: a name is resolved once for a connection, all
its addresses are checked, and one that was checked is connected to.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any
from urllib.parse import SplitResult, urlsplit

from .errors import BadInput, Unavailable

_CHUNK = 64 * 1024  # bytes read at a time
_TRANSPORT_ERRORS = (OSError, http.client.HTTPException, ValueError)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Resolve = Callable[..., list[Any]]  # as `socket.getaddrinfo`


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What a server said.

    Attributes:
        status: of HTTP.
        kind: media type without parameters.
        retry_after: value of the header Retry-After, "" without one.
    """

    status: int
    kind: str
    body: bytes
    retry_after: str = ""


def check_url(url: str, *, query: bool = False) -> SplitResult:
    """The parts of an address that can be spoken to; raises `BadInput`.

    Args:
        query: it may have one.
    """
    try:
        parts = urlsplit(url)
        ok = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        ok = ok and url.isascii() and url.isprintable() and " " not in url
        ok = ok and not parts.fragment and (query or not parts.query)
    except ValueError:
        ok = False
    if not ok or parts.username is not None:
        raise BadInput(f"{url!r:.80} is no address: it must be http://host[:port][/path] or https://...")
    return parts


def retry_after_seconds(value: str) -> float | None:
    """How long a Retry-After (RFC 9110, section 10.2.3) asks to wait; None if it says nothing that can be read."""
    if value.strip().isdecimal():
        return float(value.strip()[:9])
    with contextlib.suppress(ValueError, TypeError):  # TypeError: of a date without its zone
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    return None


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet: neither this machine's nor of a private or special range."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo or (None, None))[1]
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            ip = inner
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


@dataclass(frozen=True, slots=True)
class Guard:
    """Which IP addresses may be connected to.

    Attributes:
        allows: judges an IP address.
        resolve: finds the addresses of a name.
    """

    allows: Callable[[str], bool] = is_public
    resolve: Resolve = socket.getaddrinfo

    def addresses(self, host: str, port: int) -> list[tuple[Any, ...]]:
        """Where a host can be connected to: address family and socket address.

        Raises:
            BlockedAddress: one of its addresses is not allowed; no other is used either.
            OSError: the name is not known.
        """
        found = [(family, address) for family, _, _, _, address in self.resolve(host, port, type=socket.SOCK_STREAM)]
        for _, address in found:
            if not self.allows(str(address[0])):
                raise BlockedAddress(f"{host} is not on the public internet (SOURCEMARK_WEBHOOK_PRIVATE)")
        return found

    def connect(self, host: str, port: int, seconds: float) -> socket.socket:
        """A connection to one of the addresses of a host; raises as `addresses`."""
        stop = time.monotonic() + seconds
        error: OSError = TimeoutError()
        for family, address in self.addresses(host, port):
            if (left := stop - time.monotonic()) <= 0:
                break
            made = socket.socket(family, socket.SOCK_STREAM)
            try:
                made.settimeout(left)
                made.connect(address)
                made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as failure:
                made.close()
                error = failure
            else:
                return made
        raise error


class BlockedAddress(ValueError):
    """The address is not one that may be connected to."""


class HttpServer:
    """One server under one prefix. Thread-safe; connections are kept open for the next request until `close`."""

    def __init__(self, url: str, seconds: float, *, exact: bool = False, guard: Guard | None = None) -> None:
        """
        Args:
            url: http or https, with the path that requests are relative to.
            seconds: most that one request may take, whatever the server does.
            exact: the address may have a query and is asked for as it is, with no path added.
            guard: which IP addresses may be connected to; None: all.

        Raises:
            BadInput: not such an address.
        """
        self.url = url if exact else url.rstrip("/")
        self.seconds = seconds
        self._parts = check_url(self.url, query=exact)
        self._guard = guard
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

    def request(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str], most: int, *, cut: bool = False
    ) -> HttpResponse:
        """One request and its answer.

        Args:
            path: below the server's prefix, "" for the prefix itself.
            most: bytes of body beyond which the answer is refused.
            cut: a longer one is not refused but cut off there.

        Raises:
            Unavailable: no complete answer of that size within the time; says of which server and why.
        """
        stop = time.monotonic() + self.seconds
        while True:
            connection = self._take()
            kept = connection.sock is not None
            try:
                answer = self._once(connection, method, path, body, headers, most, cut, stop)
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
        cut: bool,
        stop: float,
    ) -> HttpResponse:
        with _Deadline(connection, stop) as deadline:
            target = f"{self._parts.path}/{path}" if path else self._parts.path or "/"
            target += f"?{self._parts.query}" if self._parts.query else ""
            connection.request(method, target, body, {"User-Agent": "sourcemark", **headers})
            deadline.socket = connection.sock
            response = connection.getresponse()
            received = _read(response, most, cut)
        if cut and not response.isclosed():  # what was left unread would be taken for the next answer
            connection.close()
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return HttpResponse(response.status, kind, received, response.headers.get("Retry-After", ""))

    def _take(self) -> http.client.HTTPConnection:
        """A connection that is idle, or a new one; it connects by itself when it is used."""
        with contextlib.suppress(IndexError):
            return self._idle.pop()
        host, port = str(self._parts.hostname), self._parts.port
        if self._guard is not None:
            kind = _GuardedTls if self._parts.scheme == "https" else _Guarded
            return kind(host, port, self._guard)
        return (http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection)(
            host, port
        )

    def _unavailable(self, error: Exception) -> Unavailable:
        if isinstance(error, TimeoutError):
            return Unavailable(f"{self.url} did not answer within {self.seconds:g} seconds", reason="time_out")
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        why = "".join(c if c.isprintable() else "\ufffd" for c in why)[:200]
        return Unavailable(f"{self.url} does not answer as it should: {why}", reason="unreachable")


class _Guarded(http.client.HTTPConnection):
    """A connection to a checked address; the request names the host all the same."""

    def __init__(self, host: str, port: int | None, guard: Guard) -> None:
        super().__init__(host, port)
        self._guard = guard

    def connect(self) -> None:
        self.sock = self._guard.connect(self.host, self.port, float(self.timeout or 0))


class _GuardedTls(_Guarded):
    """The same with TLS: the certificate must be the host's."""

    default_port = http.client.HTTPS_PORT

    def connect(self) -> None:
        super().connect()
        self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)


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


def _read(response: http.client.HTTPResponse, most: int, cut: bool) -> bytes:
    """The whole body, of at most so many bytes, or its beginning."""
    received = bytearray()
    while chunk := response.read(min(_CHUNK, most + 1 - len(received))):
        received += chunk
        if len(received) > most:
            if cut:
                return bytes(received[:most])
            raise ValueError(f"it answered with more than {most} bytes")
    if response.length:  # cut off before what it had promised
        raise http.client.IncompleteRead(bytes(received), response.length)
    return bytes(received)
