"""The Python client on the wire: what is sent again and what is not, and that both clients do the same."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable, Iterator
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import uvicorn

import sourcemark
from provenance.accounts import accounts
from provenance.accounts.accounts import NewApiKey
from provenance.errors import BadInput, Unavailable
from provenance.jobs.delivery import Message
from provenance.jobs.webhook_sender import payload, signed
from provenance.schemas import RegistrationResult, ScanResult
from sourcemark import AsyncClient, Client, Refused
from tests.api.conftest import Api
from tests.api.test_api import CLAIM, TEXT, image_bytes

pytestmark = pytest.mark.enable_socket

Step = tuple[int, dict[str, str], bytes] | None  # None: cut the connection


class Scripted:
    """A server that answers request after request as it was told, and keeps what it was sent."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if self.headers.get("Transfer-Encoding") == "chunked":
                    while size := int(self.rfile.readline(), 16):
                        body += self.rfile.read(size + 2)[:-2]
                    self.rfile.readline()
                outer.seen.append((self.command, self.path, dict(self.headers), body))
                step = outer.steps.pop(0)
                if step is None:
                    self.close_connection = True
                    return
                status, headers, content = step
                self.send_response(status)
                for name, value in {"Content-Length": str(len(content)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = answer  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    made = Scripted()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


SCANNED = b'{"scan_id": "scan_1", "status": "no_match", "verdict": "clear", "fresh_field": 1}'
BUSY: Step = (429, {"Retry-After": "0"}, b'{"detail": "slower"}')
DOWN: Step = (503, {"Retry-After": "0"}, b"not even JSON")


def test_what_is_refused_for_now_is_sent_again_with_its_key(scripted: Scripted, tmp_path: Path) -> None:
    (tmp_path / 'odd "name".txt').write_bytes(b"x" * 100_000)
    scripted.steps = [BUSY, DOWN, None, (409, {}, b'{"detail": "is being answered"}'), (200, {}, SCANNED)]
    with Client(scripted.url, "smk_x") as client:
        found = client.scan(tmp_path / 'odd "name".txt', {"caption": "c"})
    assert found.scan_id == "scan_1"
    assert len(scripted.seen) == 5
    assert len({headers["Idempotency-Key"] for _, _, headers, _ in scripted.seen}) == 1
    for _, _, headers, body in scripted.seen:
        assert headers["Authorization"] == "Bearer smk_x"
        message = message_from_bytes(b"Content-Type: " + headers["Content-Type"].encode() + b"\r\n\r\n" + body)
        metadata, file = message.get_payload()
        assert metadata.get_payload() == '{"caption": "c"}'
        assert file.get_payload(decode=True) == b"x" * 100_000


def test_what_may_have_been_done_is_not_sent_again(scripted: Scripted) -> None:
    with Client(scripted.url, "smk_x") as client:
        scripted.steps = [None]
        with pytest.raises(Unavailable, match="cannot be reached"):
            client.amend("work_1", {"title": "T"})
        scripted.steps = [DOWN]
        with pytest.raises(Refused):
            client.amend("work_1", {"title": "T"})
        scripted.steps = [BUSY, (404, {}, b'{"detail": "no such work"}')]  # refused before anything was done
        with pytest.raises(Refused, match="no such work"):
            client.amend("work_1", {"title": "T"})
    assert len(scripted.seen) == 4


def test_patience_ends(scripted: Scripted) -> None:
    scripted.steps = [(429, {"Retry-After": "120"}, b"{}")]
    with Client(scripted.url, "smk_x", patience=5) as client, pytest.raises(Refused) as caught:
        client.get_scan("scan_1")
    assert (caught.value.retry_after, caught.value.status, len(scripted.seen)) == (120, 429, 1)
    with Client("http://127.0.0.1:1", "smk_x", patience=0.1) as client, pytest.raises(Unavailable):
        client.get_scan("scan_1")


def test_a_key_never_follows_a_redirect(scripted: Scripted) -> None:
    scripted.steps = [(307, {"Location": f"{scripted.url}/v1/elsewhere"}, b"")]
    with Client(scripted.url, "smk_x") as client, pytest.raises(Refused):
        client.get_scan("../works/a b")
    assert [path for _, path, _, _ in scripted.seen] == ["/v1/scans/..%2Fworks%2Fa%20b"]


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"items": 3}', b'{"scan_id": 1}', b"[" * 100_000])
def test_what_is_no_sourcemark(scripted: Scripted, body: bytes) -> None:
    with Client(scripted.url, "smk_x") as client:
        scripted.steps = [(200, {}, body), (200, {}, body)]
        with pytest.raises(Unavailable, match=r"Sourcemark|understands"):
            client.get_scan("scan_1")
        with pytest.raises(Unavailable):
            list(client.scans())


def test_an_answer_without_end_is_left(scripted: Scripted) -> None:
    scripted.steps = [(200, {"Content-Length": str(1 << 40)}, bytes(65 << 20))]
    with Client(scripted.url, "smk_x") as client, pytest.raises(Unavailable, match="more than it should"):
        client.get_scan("scan_1")


@pytest.fixture
def service(api: Api) -> Iterator[str]:
    """The real application behind a real socket."""
    server = uvicorn.Server(uvicorn.Config(api.client.app, port=0, lifespan="off", log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def _written(file: Path, content: bytes) -> Path:
    file.write_bytes(content)
    return file


def test_both_clients_do_a_days_work(api: Api, service: str, tmp_path: Path) -> None:
    with Client(service, api.keys["producer"]) as producer:
        work = producer.register(TEXT, CLAIM)
        assert work.status == "registered"
        assert "Ada" in producer.amend(work.work_id, {"title": "Orlen"}).claim.owner
        with Client(service, api.keys["platform"]) as platform:
            assert platform.scan(TEXT, {"post_url": "https://p.example/1"}).matches[0].work_id == work.work_id
            wrong = platform.scan_many([{"text": TEXT}, {"text": TEXT, "html": TEXT}])
            assert [each.status for each in wrong] == ["matched", "error"]
            with pytest.raises(BadInput, match="did you mean caption"):
                platform.scan(TEXT, {"captoin": "x"})
        assert [work.work_id] == [each.work_id for each in producer.works()]

        with Client(service, api.keys["platform"]) as platform:
            picture = image_bytes(3)
            photo = producer.register(_written(tmp_path / "harbour.jpg", picture), {"owner": "Marta Salt"})
            page = {"html": f"<p>{TEXT}</p><img src='b.jpg'>", "title": "Read", "post_url": "https://p.example/9"}
            posted = platform.post(page, [("b.jpg", picture)])
            assert {match.work_id for match in posted.matches} == {work.work_id, photo.work_id}
            assert posted.action is not None
            assert platform.get_scan(str(posted.scan_id)) == posted

    async def day() -> None:
        (tmp_path / "post.txt").write_text(TEXT)
        async with AsyncClient(service, api.keys["platform"]) as platform:
            found = await asyncio.gather(
                platform.scan(tmp_path / "post.txt", {"post_url": "https://p.example/2"}),
                platform.scan_html(f"<p>{TEXT}</p>", idempotency_key="same"),
                platform.scan("Nothing that anybody registered.", dry_run=True),
            )
            assert [len(each.matches) for each in found] == [1, 1, 0]
            assert await platform.scan_html(f"<p>{TEXT}</p>", idempotency_key="same") == found[1]
            assert len([each async for each in platform.scans()]) == 5
            with pytest.raises(Refused, match="no scan of yours"):
                await platform.get_scan("scan_0")
        async with AsyncClient(service, api.keys["producer"]) as producer:
            seen = [each async for each in producer.sightings(work_id=work.work_id)]
            assert {"https://p.example/1", "https://p.example/2"} <= {each.post_url for each in seen}
            assert "<html" in await producer.evidence(seen[0].sighting_id)
            assert "Orlen" in await producer.credit(work.work_id)
            assert (await producer.withdraw(work.work_id)).withdrawn_at is not None

    asyncio.run(day())


def test_jobs(api: Api, service: str) -> None:
    api.application.background.start(1, api.application.start)
    with Client(service, api.keys["producer"]) as producer, Client(service, api.keys["platform"]) as platform:
        registered = producer.register_later([{"text": TEXT, "owner": "Ada"}, {"text": TEXT}])
        assert producer.wait_for_job(registered.job_id, 60).state == "done"
        (made, wrong) = producer.job_results(registered.job_id, RegistrationResult)
        assert (made.status, wrong.status) == ("registered", "error")
        job = platform.scan_later([{"text": TEXT}, {"text": "Nothing that anybody registered."}])
        assert platform.wait_for_job(job.job_id, 60) == platform.get_job(job.job_id)
        found = [each.status for each in platform.job_results(job.job_id, ScanResult)]
        assert found[0] == "matched"
        assert len(found) == 2
        assert [each.job_id for each in platform.jobs()] == [job.job_id]
        with pytest.raises(Refused):
            platform.cancel_job(job.job_id)
        with pytest.raises(Refused, match="no job of yours"):
            producer.get_job(job.job_id)

    async def waited() -> None:
        async with AsyncClient(service, api.keys["platform"]) as client:
            assert (await client.wait_for_job(job.job_id)).state == "done"

    asyncio.run(waited())


def test_a_job_that_does_not_end_is_waited_for_so_long(scripted: Scripted) -> None:
    running = (
        b'{"job_id": "job_1", "kind": "k", "state": "running", "progress": 0, "attempts": 1, "created_at": "2026"}'
    )
    scripted.steps = [(200, {}, running)] * 3
    with Client(scripted.url, "smk_x") as client, pytest.raises(Unavailable, match="has not ended"):
        client.wait_for_job("job_1", 0.6)


def test_decisions(api: Api, service: str) -> None:
    api("POST", "/v1/works", "producer", json={**CLAIM, "text": TEXT})
    key = accounts.issue_key(api.application.db, NewApiKey(account="platform", scopes=["review", "scan"])).secret
    with Client(service, key) as platform:
        scan = platform.scan(TEXT, {"account": "Poster", "post_url": "https://p.example/1"})
        assert scan.action is not None
        taken = platform.take().item
        assert taken is not None
        assert [each.item_id for each in platform.queue(state="waiting")] == [taken.item_id]
        with pytest.raises(BadInput, match="did you mean lease"):
            platform.decide(taken.item_id, "restrict", "copied", leese=taken.lease)
        decided = platform.decide(taken.item_id, "restrict", "copied", lease=taken.lease, territory=["CN"])
        assert (decided.in_force, decided.territory) == (True, ["CN"])
        with pytest.raises(Refused) as caught:
            platform.decide_scan(str(scan.scan_id), "release", "mistaken")
        assert caught.value.status == 409
        other = platform.decide_scan(str(scan.scan_id), "release", "mistaken", supersedes=decided.decision_id)
        assert platform.get_decision(decided.decision_id).superseded_by == other.decision_id
        assert platform.undo(other.decision_id).decision in ("withdrawn", "restrict")
        log = [each.decision for each in platform.decisions(scan_id=str(scan.scan_id)) if not each.automated]
        assert log[:2] == ["restrict", "release"]


def _payload(event: str, data: dict[str, object]) -> str:
    return payload(Message(1, "subject", 0, "evt_1", event, data, "2026-01-31T12:00:00.000000Z"))


def test_webhooks_are_verified_before_they_are_read() -> None:
    secret, other = "whsec_" + "A" * 32, "whsec_" + "B" * 32
    body = _payload("webhook.test", {"endpoint_id": "hook_1"}).encode()
    headers = signed("evt_1", body.decode(), [{"secret": other, "until": None}, {"secret": secret, "until": None}])
    event = sourcemark.verify_webhook(body, {name.title(): value for name, value in headers.items()}, secret)
    assert (event.event_id, event.type, event.data.endpoint_id) == ("evt_1", "webhook.test", "hook_1")
    unknown = _payload("from.later", {"x": 1}).encode()  # of a newer service
    assert (
        sourcemark.verify_webhook(
            unknown, signed("evt_2", unknown.decode(), [{"secret": secret, "until": None}]), secret
        ).data
        is None
    )
    for spoiled, headed, key in (
        (body + b" ", headers, secret),
        (body, {**headers, "webhook-id": "evt_2"}, secret),
        (body, {**headers, "webhook-timestamp": "1700000000"}, secret),
        (body, {}, secret),
        (body, headers, "whsec_" + "C" * 32),
        (b"[]", signed("evt_1", "[]", [{"secret": secret, "until": None}]), secret),
    ):
        with pytest.raises(sourcemark.VerificationFailed, match="no webhook of the service"):
            sourcemark.verify_webhook(spoiled, headed, key)


def test_both_clients_have_the_same_methods() -> None:
    def operations(kind: type) -> dict[str, str]:
        return {
            name: str(inspect.signature(each)).rpartition(" -> ")[0]
            for name, each in vars(kind).items()
            if isinstance(each, Callable) and not name.startswith("_") and name != "close"
        }

    assert operations(Client) == operations(AsyncClient)
    assert set(sourcemark.__all__) <= set(vars(sourcemark))
