"""POST /v1/posts over HTTP: posts as platforms send them, and what cannot be one."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn
from fastapi.testclient import TestClient

from api.app import create_app
from api.limits import BodyLimit
from provenance.accounts import accounts
from provenance.accounts.accounts import NewAccount, NewApiKey
from provenance.config import Settings
from provenance.scans import records
from tests.api.conftest import Api
from tests.provenance.conftest import ESSAY, encoded, picture, register_work

pytestmark = pytest.mark.slow

PICTURE = encoded(picture(1), quality=60)
CREDIT = "Photo: Marta Salt / Salt Weekly, https://salt.example/p/1"


def sent(files: Sequence[tuple[str, bytes]], **metadata: Any) -> dict[str, Any]:
    return {
        "data": {"metadata": json.dumps(metadata)} if metadata else {},
        "files": [("file", (name, data, "application/octet-stream")) for name, data in files],
    }


@pytest.fixture
def known(api: Api) -> Api:
    register_work(
        api.application, encoded(picture(1)), owner="Marta Salt", source_name="Salt Weekly",
        source_urls=["https://salt.example/p/1"], licence="reprint-with-credit",
    )  # fmt: skip
    return api


def recorded(api: Api) -> int:
    return len(records.page(api.application.db, None)[0])


def test_an_article_with_its_picture(known: Api) -> None:
    html = f'<p>{ESSAY}</p><figure><img src="a.jpg"><figcaption>{CREDIT}</figcaption></figure>'
    answer = known("POST", "/v1/posts", "platform", **sent([("a.jpg", PICTURE)], html=html, external_id="post-1"))
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["verdict"], body["external_id"], body["medium"]) == ("licensed", "post-1", None)
    assert [(part["name"], part["status"]) for part in body["parts"]] == [("html", "no_match"), ("a.jpg", "matched")]
    assert [match["part"] for match in body["matches"]] == ["a.jpg"]
    scan = f"/v1/scans/{body['scan_id']}"
    assert known("GET", scan, "platform").json() == body
    drawn = known("GET", f"{scan}/picture?part=a.jpg", "platform")
    assert drawn.headers["content-type"] == "image/png"
    assert known("GET", f"{scan}/picture?part=html", "platform").status_code == 404
    for path in (scan, f"{scan}/picture?part=a.jpg"):
        assert known("GET", path, "rival").status_code in (403, 404)


def test_files_alone_or_texts_alone_are_a_post(known: Api) -> None:
    alone = known("POST", "/v1/posts", "platform", **sent([("a.jpg", PICTURE)]))
    assert (alone.status_code, alone.json()["verdict"]) == (200, "uncredited")
    texts = known("POST", "/v1/posts", "platform", json={"title": "Ferry", "text": ESSAY, "caption": "Fog"})
    assert [part["name"] for part in texts.json()["parts"]] == ["title", "text", "caption"]
    cut_off = known("POST", "/v1/posts", "platform", json={"html": f'<p>{ESSAY}</p><img src="a.jpg">'})
    assert (cut_off.json()["verdict"], cut_off.json()["parts"][1]["error"]["reason"]) == ("review", "not_sent")


def test_sent_twice_with_a_key_it_is_one_scan(known: Api) -> None:
    for _ in range(2):
        answer = known(
            "POST", "/v1/posts", "platform", headers={"Idempotency-Key": "k"}, **sent([("a.jpg", PICTURE)], text="Fog")
        )
    assert answer.status_code == 200
    renamed = known(
        "POST", "/v1/posts", "platform", headers={"Idempotency-Key": "k"}, **sent([("b.jpg", PICTURE)], text="Fog")
    )
    assert renamed.status_code == 409
    assert recorded(known) == 1
    dry = known("POST", "/v1/posts?dry_run=true", "platform", **sent([("a.jpg", PICTURE)]))
    assert (dry.json()["scan_id"], recorded(known)) == (None, 1)


PROBLEMS: list[tuple[dict[str, Any], int, str]] = [
    (sent([("a.jpg", PICTURE), ("a.jpg", PICTURE)]), 400, "two parts are called 'a.jpg'"),
    (sent([("a.jpg", PICTURE), ("img/a.jpg", PICTURE)]), 400, "two parts are called 'a.jpg'"),
    (sent([(f"{n}.txt", b"x") for n in range(500)]), 413, "more than 100 files (SOURCEMARK_MAX_PARTS)"),
    ({"json": {}}, 400, "the post has no part"),
    ({"json": {"html": " "}}, 400, "the post has no part"),
    (sent([("a.jpg", b"\xff\xd8\xff\xe0 broken")]), 422, "send the whole file"),
    (sent([("a.jpg", PICTURE)], titel="x"), 400, "did you mean title?"),
    ({"files": [("picture", ("a.jpg", PICTURE))]}, 400, "picture: is no part here"),
    ({"files": [("metadata", ("m.json", b"{}")), ("file", ("a", b"x"))]}, 400, "metadata: must be a JSON object"),
    ({"data": {"metadata": "{"}, "files": [("file", ("a", b"x"))]}, 400, "metadata: is not JSON"),
    ({"data": {"metadata": ["{}", "{}"]}, "files": [("file", ("a", b"x"))]}, 400, "metadata: there is more than one"),
    ({"data": {"file": "words", "metadata": "{}"}, "files": [("file", ("a", b"x"))]}, 400, "has no file name"),
    ({"content": b"--x", "headers": {"content-type": "multipart/form-data"}}, 400, "cannot be read"),
    ({"content": b"words", "headers": {"content-type": "text/plain"}}, 415, "send application/json"),
]  # fmt: skip


def test_what_cannot_be_a_post_is_one_clear_problem(api: Api) -> None:
    for request, status, said in PROBLEMS:
        answer = api("POST", "/v1/posts", "platform", **request)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), said
        assert said in answer.json()["detail"]
    assert recorded(api) == 0


def test_what_cannot_be_read_at_all_has_an_action(api: Api) -> None:
    request = sent([("a.jpg", b"\xff\xd8\xff\xe0 broken")])
    for path in ("/v1/posts", "/v1/scans"):
        problem = api("POST", path, "platform", **request).json()
        assert (problem["status"], problem["reason"]) == (422, "truncated")
        assert (problem["action"]["do"], problem["action"]["rule"]) == ("hold", "unread")
    assert recorded(api) == 0


def test_who_may(api: Api) -> None:
    assert api("POST", "/v1/posts", None, json={"text": "x"}).status_code == 401
    assert api("POST", "/v1/posts", "producer", json={"text": "x"}).status_code == 403


# --- over a real socket ----------------------------------------------------------------------------------------------
@pytest.fixture
def service(api: Api) -> Iterator[tuple[str, int]]:
    server = uvicorn.Server(uvicorn.Config(api.client.app, port=0, lifespan="off", log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.01)
    yield server.servers[0].sockets[0].getsockname()
    server.should_exit = True
    thread.join()


def _head(api: Api, *lines: str) -> bytes:
    fixed = ["POST /v1/posts HTTP/1.1", "Host: x", f"Authorization: Bearer {api.keys['platform']}"]
    form = "Content-Type: multipart/form-data; boundary=b"
    return "\r\n".join([*fixed, form, *lines, "", ""]).encode()


def _file(number: int) -> bytes:
    head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{number}.jpg"\r\n\r\n'
    return head.encode() + PICTURE + b"\r\n"


@pytest.mark.enable_socket
def test_a_connection_cut_in_the_middle_of_part_7_leaves_nothing(api: Api, service: tuple[str, int]) -> None:
    body = b"".join(_file(number) for number in range(1, 10)) + b"--b--\r\n"
    cut = sum(len(_file(number)) for number in range(1, 7)) + 5000
    with socket.create_connection(service, timeout=60) as connection:
        connection.sendall(_head(api, f"Content-Length: {len(body)}") + body[:cut])
    with socket.create_connection(service, timeout=60) as connection:
        connection.sendall(_head(api, f"Content-Length: {len(body)}", "Connection: close") + body)
        answer = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    assert answer.startswith(b"HTTP/1.1 200")
    assert recorded(api) == 1


@pytest.mark.parametrize("kept", [20, 5000], ids=["in the head of a part", "in the middle of one"])
def test_a_body_that_ends_too_early_is_not_scanned_without_its_end(api: Api, kept: int) -> None:
    """A proxy that was cut off may pass on what it had, with a length that fits."""
    metadata = b'--b\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n{"text": "words"}\r\n'
    headers = {"content-type": "multipart/form-data; boundary=b"}
    for path, first in (("/v1/posts", metadata + _file(1)), ("/v1/scans", b"")):
        answer = api("POST", path, "platform", content=first + _file(2)[:kept], headers=headers)
        assert answer.status_code == 400, answer.text
        assert "closing boundary" in answer.json()["detail"]
    assert recorded(api) == 0


@pytest.mark.enable_socket
def test_a_body_that_does_not_come_holds_no_place(
    api: Api, service: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = api.client.app.middleware_stack  # type: ignore[attr-defined]
    while not isinstance(limit, BodyLimit):
        limit = limit.app
    monkeypatch.setattr(limit, "grace_seconds", 0.3)
    with socket.create_connection(service, timeout=60) as connection:
        connection.sendall(_head(api, "Content-Length: 900000") + _file(1)[:200])
        answer = b"".join(iter(lambda: connection.recv(1 << 16), b""))  # closed by the service
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"too slowly" in answer
    with socket.create_connection(service, timeout=60) as connection:
        body = _file(1) + b"--b--\r\n"
        connection.sendall(_head(api, f"Content-Length: {len(body)}", "Connection: close") + body[:100])
        time.sleep(0.1)
        connection.sendall(body[100:])
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200")
    assert recorded(api) == 1


@pytest.mark.enable_socket
def test_a_body_of_a_gigabyte_is_refused_before_it_is_sent(api: Api, service: tuple[str, int]) -> None:
    with socket.create_connection(service, timeout=60) as connection:
        connection.sendall(_head(api, f"Content-Length: {1 << 30}", "Connection: close"))
        answer = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"SOURCEMARK_MAX_POST_MIB" in answer


# --- limits ----------------------------------------------------------------------------------------------------------
@contextmanager
def limited(settings: Settings, **limits: int) -> Iterator[TestClient]:
    """A client with the key of a platform, of a service with other limits."""
    with TestClient(create_app(settings.model_copy(update=limits)), raise_server_exceptions=False) as client:
        db = client.app.state.application.db  # type: ignore[attr-defined]
        accounts.create(db, NewAccount(name="p", kind="platform"))
        client.headers["Authorization"] = f"Bearer {accounts.issue_key(db, NewApiKey(account='p')).secret}"
        yield client


def test_a_body_that_does_not_say_its_size_is_read_up_to_the_limit(sqlite_settings: Settings) -> None:
    def endless() -> Iterator[bytes]:
        for number in range(1, 200):
            yield _file(number)

    with limited(sqlite_settings, max_post_mib=1) as client:
        head = {"content-type": "multipart/form-data; boundary=b"}
        answer = client.post("/v1/posts", content=endless(), headers=head)
        assert (answer.status_code, answer.json()["reason"]) == (413, "too_large")


def test_one_part_too_large_is_that_parts_problem(sqlite_settings: Settings) -> None:
    with limited(sqlite_settings, max_upload_mib=1, max_text_mib=1) as client:
        request = sent([("a.jpg", PICTURE), ("b.jpg", PICTURE + bytes(2 << 20))], text="words " * 200_000)
        answer = client.post("/v1/posts", **request)
        assert answer.status_code == 200, answer.text
        assert [part["reason"] for part in answer.json()["parts"]] == ["too_large", None, "too_large"]
        assert answer.json()["verdict"] == "review"
