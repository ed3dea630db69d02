"""The Python client: what it does for a producer, and what a dishonest service cannot make it sign."""

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from provenance.errors import BadInput, VerificationFailed
from provenance.tlog import keys, receipt, statement, verify
from provenance.tlog.encoding import b64, canonical
from sourcemark import Client, Refused
from tests.api.test_api import CLAIM, TEXT

pytestmark = pytest.mark.slow


class Through(httpx.BaseTransport):
    """Into the application in this process; keeps what was sent, and may lie about what it answers."""

    def __init__(self, api) -> None:
        self.api, self.sent = api, []
        self.lie = lambda path, raw: raw

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path, body = request.url.path, request.read()
        self.sent.append((request.method, path, body))
        headers = {name: request.headers[name] for name in ("authorization", "content-type") if name in request.headers}
        url = path if not request.url.query else f"{path}?{request.url.query.decode()}"
        answer = self.api.client.request(request.method, url, content=body, headers=headers)
        raw = self.lie(path, answer.content) if answer.status_code < 400 else answer.content
        return httpx.Response(answer.status_code, content=raw)


class Direct(Client):
    def __init__(self, api, who: str = "producer") -> None:
        self.through = Through(api)
        super().__init__("http://localhost:1", api.keys[who], transport=self.through)


@pytest.fixture
def client(api) -> Iterator[Direct]:
    with Direct(api) as opened:
        yield opened


@pytest.fixture
def key() -> keys.SigningKey:
    return keys.new_signing_key()


def test_what_a_producer_does(client: Direct, key: keys.SigningKey, tmp_path: Path) -> None:
    work = client.register(TEXT, CLAIM, key)
    (tmp_path / "钟.txt").write_text(TEXT + " Again.")
    file = client.register(tmp_path / "钟.txt", {"owner": "Ada"}, key)
    assert (work.status, file.status) == ("registered", "registered")
    assert file.competing == [work.work_id]
    assert verify.verify_receipt(client.receipt(file.work_id)).facts["claim"] == {"owner": "Ada", "title": "钟"}
    secret = key.private.private_bytes_raw()
    for _, _, body in client.through.sent:
        assert secret not in body
        assert b64(secret).encode() not in body
    recovery = keys.new_signing_key()
    client.enrol(recovery, old=key)
    fresh = keys.new_signing_key()
    client.enrol(fresh, old=key, recovery=recovery.keyid)
    client.revoke(key.keyid, fresh)
    with pytest.raises(Refused) as caught:
        client.register(TEXT + " And again.", CLAIM, key)
    assert caught.value.exit_status == 4
    assert client.withdraw(work.work_id, fresh).withdrawn_at is not None
    assert client.register(TEXT + " And again.", CLAIM, fresh).status == "registered"
    assert {k["keyid"] for k in client.signing_keys()} == {key.keyid, recovery.keyid, fresh.keyid}


def test_a_picture_comes_with_what_it_says_of_its_rights(client: Direct, key: keys.SigningKey, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[315] = "Marta Salt"
    noise = np.random.default_rng(5).integers(0, 256, (12, 16, 3), np.uint8)
    Image.fromarray(noise).resize((640, 480)).save(tmp_path / "a.jpg", exif=exif)
    work = client.register(tmp_path / "a.jpg", {"owner": "Marta Salt"}, key)
    opening = json.loads(client.receipt(work.work_id)["opening.json"])
    assert opening["metadata"]["record"] == {"fields": [["exif", "Artist", "Marta Salt"]]}


def test_sealed_and_opened(client: Direct, key: keys.SigningKey, tmp_path: Path) -> None:
    path, kept = tmp_path / "novel", []
    path.write_text(TEXT)
    sealed = client.register_sealed(path, CLAIM, key, keep=kept.append)
    hidden = client.register_sealed(TEXT.encode(), CLAIM, key, keep=kept.append, tell=False)
    assert sealed.work_id != hidden.work_id  # nobody sees that they are the same
    for _, _, body in client.through.sent:
        assert TEXT.encode()[:40] not in body
        assert hashlib.sha256(TEXT.encode()).hexdigest().encode() not in body
    files = client.receipt(hidden.work_id, kept[1])
    work = TEXT.encode()
    done = verify.verify_receipt(
        files, None, hashlib.sha256(work).digest(), lambda s: hashlib.sha256(s + work).digest()
    )
    assert done.ok
    assert done.facts["claim"]["title"] == "One Minute at Orlen"
    opens = {"opens": sealed.work_id, "seal": kept[0]["seal"]["record"]["salt"]}
    opened = client.register(path, {**CLAIM, **opens}, key)
    assert opened.medium == "text"


def _lies(change):
    """A service that changes the statement it prepares, and makes all its openings fit."""

    def lie(path: str, raw: bytes) -> bytes:
        if path != "/v1/works/prepare":
            return raw
        answer = json.loads(raw)
        made = json.loads(base64.b64decode(answer["statement"]))
        change(made, answer["opening"])
        for name, each in answer["opening"].items():
            made["predicate"]["commitments"][name] = statement.commit(base64.b64decode(each["salt"]), each["record"])
        return json.dumps({"statement": b64(canonical(made)), "opening": answer["opening"]}).encode()

    return lie


@pytest.mark.parametrize(
    "change",
    [
        lambda s, o: s["subject"][0]["digest"].update(sha256="0" * 64),
        lambda s, o: s["subject"].append(s["subject"][0]),
        lambda s, o: s.update(predicateType=s["predicateType"].replace("log.test", "log.other")),
        lambda s, o: s.update(
            predicateType=s["predicateType"].replace("registration", "withdrawal"),
            predicate={**s["predicate"], "index": 1, "leafHash": "0" * 64},
        ),
        lambda s, o: o["claim"]["record"].update(owner="Eve"),
        lambda s, o: o["claim"]["record"].update(licence="CC0-1.0"),
        lambda s, o: o["claim"]["record"].pop("source_urls"),
        lambda s, o: o.update(other=o["claim"]),
        lambda s, o: s["predicate"]["commitments"].update(hidden="sha256:" + "0" * 64),
        lambda s, o: s["predicate"].update(extra="x"),
        lambda s, o: s["predicate"].update(opens={"index": 0, "leafHash": "0" * 64, "salt": b64(bytes(32))}),
    ],
)
def test_a_service_that_lies(client: Direct, key: keys.SigningKey, change) -> None:
    client.enrol(key)
    client.through.lie = _lies(lambda s, o: None)
    client.register(TEXT, CLAIM, key)  # the way it lies is not what is noticed
    client.through.lie = _lies(change)
    before = len(client.through.sent)
    with pytest.raises(VerificationFailed):
        client.register(TEXT + " More.", CLAIM, key)
    assert not [path for _, path, _ in client.through.sent[before:] if path == "/v1/statements"]


def test_a_receipt_that_does_not_hold(client: Direct, key: keys.SigningKey) -> None:
    work = client.register(TEXT, CLAIM, key)

    def lie(path: str, raw: bytes) -> bytes:
        files = receipt.from_zip(raw)
        files["opening.json"] = files["opening.json"].replace(b"Ada", b"Eve")
        return receipt.to_zip(files)

    client.through.lie = lie
    with pytest.raises(VerificationFailed, match="commitments"):
        client.receipt(work.work_id)


@pytest.mark.parametrize(
    "url", ["http://service.example", "ftp://x", "service.example", "", "https:", "http://127.0.0.1.evil.example"]
)
def test_addresses_that_would_give_the_key_away(url: str) -> None:
    with pytest.raises(BadInput, match="https"):
        Client(url, "smk_x")


def test_odd_texts(client: Direct, key: keys.SigningKey, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="surrogate"):
        client.register("\ud800", CLAIM, key)
    with pytest.raises(BadInput, match="cannot be read"):
        client.register(tmp_path / "nothing", CLAIM, key)
    with pytest.raises(Refused):
        client.register("", CLAIM, key)


def test_a_producer_amends_and_transfers_by_its_own_key(api, client: Direct, key: keys.SigningKey) -> None:
    work = client.register(TEXT, CLAIM, key).work_id
    amended = client.amend(work, {"title": "Orlen", "source_urls": None}, key)
    assert amended.claim.title == "Orlen"
    assert amended.claim.source_urls == []
    with pytest.raises(BadInput, match="transfer"):
        client.amend(work, {"owner": "Ines"}, key)
    stranger, other = Direct(api, "rival"), keys.new_signing_key()
    stranger.enrol(other)
    with pytest.raises(Refused, match="not enrolled for account"):
        client.amend(work, {"title": "X"}, other)
    client.transfer(work, "Ines Vale", key, to=other.keyid)
    with pytest.raises(Refused):
        client.amend(work, {"title": "Mine"}, key)
    assert stranger.amend(work, {"licence": "CC0-1.0"}, other).claim.owner == "Ines Vale"
    facts = verify.verify_receipt(stranger.receipt(work)).facts
    assert [each["kind"] for each in facts["amendments"]] == ["amendment", "transfer", "amendment"]
    assert facts["claim"] == {"title": "Orlen", "owner": "Ines Vale", "licence": "CC0-1.0"}


def test_amendments_over_http(api) -> None:
    work = api("POST", "/v1/works", "producer", json={**CLAIM, "text": TEXT}).json()["work_id"]
    amended = api("POST", f"/v1/works/{work}/amendments", "producer", json={"title": "Orlen", "licence": "MIT"})
    assert amended.status_code == 201, amended.text
    assert amended.json()["claim"]["licence"] == "MIT"
    assert [each["kind"] for each in amended.json()["amendments"]] == ["amendment"]
    again = api("POST", "/v1/works", "producer", json={**CLAIM, "text": TEXT})
    assert (again.status_code, again.json()["differs"]) == (200, ["title"])
    for sent, who, status in (
        ({}, "producer", 400),
        ({"owner": "B"}, "producer", 400),
        ({"license": "MIT"}, "producer", 400),
        ({"licence": "CC-BY-9.9"}, "producer", 400),
        ({"title": None}, "producer", 400),
        ({"title": "B"}, "rival", 404),
        ({"title": "B"}, "platform", 403),
    ):
        assert api("POST", f"/v1/works/{work}/amendments", who, json=sent).status_code == status, sent
    handed = api("POST", f"/v1/works/{work}/transfer", "producer", json={"owner": "Ines", "to": "rival"})
    assert handed.status_code == 201, handed.text
    assert api("GET", f"/v1/works/{work}", "producer").status_code == 404
    assert api("GET", f"/v1/works/{work}", "rival").json()["claim"]["owner"] == "Ines"
