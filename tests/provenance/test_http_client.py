"""Speaking HTTP to strangers ends in time and in memory, with one line about what went wrong."""

import contextlib
import itertools
import time
from collections.abc import Iterator

import pytest

from provenance.errors import BadInput, Unavailable
from provenance.http_client import HttpServer, retry_after_seconds
from tests.provenance.ledger.servers import free_port, serving, speaking

pytestmark = pytest.mark.enable_socket
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


@contextlib.contextmanager
def opened(url: str, seconds: float) -> Iterator[HttpServer]:
    remote = HttpServer(url, seconds)
    try:
        yield remote
    finally:
        remote.close()


def test_an_answer() -> None:
    with (
        serving(lambda path, body: (418, "Text/Plain; charset=utf-8", path.encode() + b" " + body)) as url,
        opened(url + "/w1/", 5) as remote,
    ):
        answer = remote.post("add-checkpoint", b"x" * 5, "text/plain", 100)
        assert (answer.status, answer.kind, answer.body) == (418, "text/plain", b"/w1/add-checkpoint xxxxx")
        assert remote.get("", 100).body == b"/w1 "


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120), (" 7 ", 7), ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Wed, 21 Oct 2015 07:28:00 -0000", None), ("", None), ("-5", None), ("soon", None),
    ],
)  # fmt: skip
def test_how_long_to_wait(value: str, seconds: float | None) -> None:
    assert retry_after_seconds(value) == seconds


def test_a_connection_closed_in_between_is_opened_again() -> None:
    with speaking(HEAD + b"Content-Length: 2\r\n\r\nok") as url, opened(url, 5) as remote:  # closes without saying so
        for _ in range(3):
            assert remote.get("", 10).body == b"ok"
            time.sleep(0.05)


def test_nobody_there() -> None:
    with pytest.raises(Unavailable, match="Connection refused"):
        HttpServer(f"http://127.0.0.1:{free_port()}", 5).get("", 10)


SLOW = {
    "silence": [b""],
    "a header a moment": [HEAD, *(b"X-%d: y\r\n" % n for n in range(200))],
    "a byte a moment": [HEAD + b"Content-Length: 1000\r\n\r\n", *itertools.repeat(b"x", 200)],
    "a body without end": [HEAD + b"\r\n", *itertools.repeat(b"x", 200)],
}


@pytest.mark.parametrize("how", SLOW)
def test_a_slow_server_costs_the_time_out_and_no_more(how: str) -> None:
    with speaking(*SLOW[how], every=0.05, hold=10) as url:
        start = time.monotonic()
        with pytest.raises(Unavailable, match=r"within 0\.5 seconds"):
            HttpServer(url, 0.5).get("", 10_000)
        assert 0.4 < time.monotonic() - start < 1.5


BROKEN = {
    "more than": HEAD + b"Content-Length: 5000000\r\n\r\n" + b"x" * 2000,
    "bytes read": HEAD + b"Content-Length: 50\r\n\r\nshort",
    "as it should": b"SSH-2.0-OpenSSH_9.2\r\n",
    "closed connection": b"",
    "got more than": HEAD + b"X: y\r\n" * 500 + b"\r\n",
    "as it should: ": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\x1b[2J",
}


@pytest.mark.parametrize("said", BROKEN)
def test_broken_answers_are_one_line(said: str) -> None:
    with speaking(BROKEN[said]) as url, pytest.raises(Unavailable, match=said) as caught:
        HttpServer(url, 5).get("", 1000)
    assert caught.value.detail.isprintable()


@pytest.mark.parametrize(
    "url",
    ["", "x", "ftp://a/", "file:///etc/passwd", "http://", "http://a:b/", "http://a:0/", "http://u:p@a/", "http://a b/",
     "http://a/?x", "http://a/#x", "http://a/\n", "http://[::1", "http://\u00e9/"],
)  # fmt: skip
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(BadInput, match="no address"):
        HttpServer(url, 1)
