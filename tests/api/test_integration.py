"""The programs of docs/integration.md, run against the real service and a server that answers as Coop documents it."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

import sourcemark
from provenance.accounts import accounts
from provenance.accounts.accounts import NewApiKey
from tests.api.conftest import Api
from tests.api.test_api import CLAIM, TEXT

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket]

PAGE = (Path(__file__).parents[2] / "docs/integration.md").read_text()
PIPELINE, BRIDGE = re.findall(r"```python\n(.*?)```", PAGE, re.S)


class Coop:
    """Takes items and appeals, and signs callbacks, in the shapes of Coop's documentation of its API."""

    def __init__(self) -> None:
        self.got: list[tuple[str, str, dict[str, Any]]] = []
        self.private = rsa.generate_private_key(65537, 2048)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append((self.path, self.headers["X-API-KEY"], json.loads(body)))
                self.send_response({"/api/v1/items/async/": 202, "/api/v1/report/appeal": 204}.get(self.path, 404))
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    @property
    def public_key(self) -> bytes:
        kind = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.private.public_key().public_bytes(serialization.Encoding.PEM, kind)

    def callback(self, told: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
        body = json.dumps(told).encode()
        signature = self.private.sign(body, padding.PKCS1v15(), hashes.SHA256())
        return body, {"Coop-Signature": base64.b64encode(signature).decode()}


@pytest.fixture
def coop() -> Iterator[Coop]:
    made = Coop()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture
def client(api: Api) -> Iterator[sourcemark.Client]:
    """Of a platform that may scan and review, with a work registered that its posts show."""
    api("POST", "/v1/works", "producer", json={**CLAIM, "licence": "reprint-with-credit", "text": TEXT})
    key = accounts.issue_key(api.application.db, NewApiKey(account="platform", scopes=["scan", "review"])).secret
    server = uvicorn.Server(uvicorn.Config(api.client.app, port=0, lifespan="off", log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.01)
    with sourcemark.Client(f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", key) as made:
        yield made
    server.should_exit = True
    thread.join()


def test_a_pipeline_asks_and_a_credited_post_clears(client: sourcemark.Client) -> None:
    names: dict[str, Any] = {}
    exec(PIPELINE, names)
    post = {"external_id": "post-1", "text": TEXT, "account": "Poster", "meta": {"revision": "1"}}
    do, lines = names["decide"](client, post, [])
    assert (do, len(lines)) == ("ask-for-credit", 1)
    credited = {**post, "text": f"{TEXT}\n\n{lines[0]}", "meta": {"revision": "2"}}
    assert names["decide"](client, credited, []) == ("allow", [])
    assert names["decide"](client, {**post, "text": "Mine.", "external_id": "post-2"}, []) == ("allow", [])
    assert names["decide"](client, {**post, "external_id": "post-3"}, [("a.jpg", b"no picture")])[0] in (
        "hold",
        "ask-for-credit",
    )
    with sourcemark.Client("http://127.0.0.1:1", "smk_x", patience=0) as nobody:
        assert names["decide"](nobody, post, []) == ("hold", [])


@pytest.fixture
def bridge(client: sourcemark.Client, coop: Coop) -> Iterator[Any]:
    names: dict[str, Any] = {}
    exec(BRIDGE, names)
    actions = {"act-1": "release", "act-2": "label", "act-3": "restrict"}
    made = names["CoopBridge"](client, coop.url, "coop-key", coop.public_key, "type-post", "type-user", actions)
    yield made
    made.coop.close()


def test_coop_in_front(bridge: Any, coop: Coop, client: sourcemark.Client) -> None:
    post = {"external_id": "post-1", "text": TEXT, "account": "Poster", "post_url": "https://p.example/1"}
    scan = bridge.scan(post)
    assert bridge.scan({**post, "text": "Nothing that anybody registered.", "post_url": None}).action.do == "allow"
    ((path, key, sent),) = coop.got  # what may be shown is not sent
    assert (path, key) == ("/api/v1/items/async/", "coop-key")
    (item,) = sent["items"]
    assert (item["id"], item["typeId"], item["data"]["postId"]) == (scan.scan_id, "type-post", "post-1")
    assert "One Minute at Orlen (Ada Kestrel)" in item["data"]["works"]

    def acted(action: str) -> tuple[bytes, dict[str, str]]:
        return coop.callback(
            {
                "item": {"id": scan.scan_id, "typeId": "type-post"},
                "action": {"id": action},
                "policies": [{"id": "p", "name": "Copying", "penalty": "MEDIUM"}],
                "rules": [],
                "actorEmail": "moderator@example.com",
            }
        )

    restricted = bridge.on_action(*acted("act-3"))
    assert (restricted.decision, restricted.in_force) == ("restrict", True)
    assert "moderator@example.com" in restricted.note
    assert restricted.statement_id is not None
    assert bridge.on_action(*acted("act-3")) == restricted  # delivered twice
    assert client.post(post).action.do != "allow"  # the next scan obeys

    bridge.appeal(restricted.decision_id, "user-7", "I wrote it")
    path, _, appeal = coop.got[-1]
    assert path == "/api/v1/report/appeal"
    assert (appeal["appealId"], appeal["actionsTaken"]) == (restricted.decision_id, ["act-3"])
    told = {"appealId": restricted.decision_id, "item": {"id": scan.scan_id}, "appealedBy": {"id": "user-7"}}
    assert bridge.on_appeal(*coop.callback({**told, "appealDecision": "REJECT"})).in_force
    bridge.on_appeal(*coop.callback({**told, "appealDecision": "ACCEPT"}))
    assert not client.get_decision(restricted.decision_id).in_force
    bridge.on_appeal(*coop.callback({**told, "appealDecision": "ACCEPT"}))  # delivered twice

    released = bridge.on_action(*acted("act-1"))
    assert released.decision == "release"
    assert client.post(post).action.do == "allow"


def test_callbacks_of_others_do_nothing(bridge: Any, coop: Coop, client: sourcemark.Client) -> None:
    scan = bridge.scan({"text": TEXT, "account": "Poster"})
    body, headers = coop.callback({"item": {"id": scan.scan_id}, "action": {"id": "act-1"}})
    stranger = Coop()
    stranger.server.server_close()
    for spoiled, headed in (
        (body.replace(b"act-1", b"act-2"), headers),
        (body, {}),
        (body, {"coop-signature": "nothing"}),
        stranger.callback({"item": {"id": scan.scan_id}, "action": {"id": "act-1"}}),
    ):
        for receive in (bridge.on_action, bridge.on_appeal):
            with pytest.raises(sourcemark.VerificationFailed):
                receive(spoiled, headed)
    assert not [each for each in client.decisions(scan_id=scan.scan_id) if not each.automated]
