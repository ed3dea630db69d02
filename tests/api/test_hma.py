"""Look-ups in HMA's shapes: what its clients send, and read, is what is answered here."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pdqhash
import pytest
from PIL import Image

import cli.demo
from api.hma import BANK
from provenance.search import signals
from tests.api.conftest import Api
from tests.api.test_api import TEXT, image_bytes, problem

ROOT = "/compat/hma"


PICTURES = Path(cli.demo.__file__).parent / "pictures"
SCENES = {1: "dusk-ridges", 2: "harbour-night", 3: "ginkgo-branch", 99: "marbled-ink"}


def scene(number: int) -> Image.Image:
    return Image.open(PICTURES / f"{SCENES[number]}.jpg").convert("RGB").resize((900, 600), Image.Resampling.LANCZOS)


def encoded(picture: Image.Image, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, **{"format": "JPEG", "quality": 90, **options})
    return out.getvalue()


def pdq(picture: Image.Image) -> str:
    """As HMA's own library writes it."""
    bits, _ = pdqhash.compute(np.asarray(picture.convert("RGB")))
    return f"{int(''.join(map(str, bits)), 2):064x}"


@pytest.fixture
def banked(api: Api) -> tuple[Api, dict[int, int]]:
    """Pictures and a text that are registered, by their seeds, with the indexes of their entries."""
    made = {}
    for seed in (1, 2, 3):
        done = api("POST", "/v1/works", "producer", files=_work(encoded(scene(seed))))
        assert done.status_code == 201, done.text
        made[seed] = done.json()["receipt"]["index"]
    api("POST", "/v1/works", "producer", json={"owner": "Ada", "title": "T", "text": TEXT})
    return api, made


def _work(data: bytes) -> dict[str, object]:
    return {"file": ("a.jpg", data), "metadata": (None, '{"owner": "Ada Kestrel", "title": "Scene"}')}


def test_hashes_of_clients_find_works(banked: tuple[Api, dict[int, int]]) -> None:
    """A PDQ that HMA's library computes of a whole file, or of a smaller copy, finds the work."""
    api, made = banked
    for seed, index in made.items():
        smaller = {"signal": pdq(scene(seed).resize((600, 400))), "signal_type": "pdq"}
        assert api("GET", f"{ROOT}/m/raw_lookup", "platform", params=smaller).json() == {"matches": [index]}
        asked = {"signal": pdq(scene(seed)), "signal_type": "pdq"}
        near = api("GET", f"{ROOT}/m/raw_lookup", "platform", params={**asked, "include_distance": "true"}).json()
        (match,) = near["matches"]
        assert match["bank_content_id"] == index
        assert 0 <= int(match["distance"]) <= 10
        assert api("GET", f"{ROOT}/m/lookup", "platform", params=asked).json() == {BANK: [match]}
        assert api("GET", f"{ROOT}/m/lookup", "platform", params={**asked, "banks": "OTHER"}).json() == {}
    unknown = {"signal": pdq(scene(99)), "signal_type": "pdq"}
    assert api("GET", f"{ROOT}/m/raw_lookup", "platform", params=unknown).json() == {"matches": []}
    assert api("GET", f"{ROOT}/m/lookup", "platform", params=unknown).json() == {}


def test_a_file_is_hashed_and_matched(banked: tuple[Api, dict[int, int]]) -> None:
    api, made = banked
    copy = encoded(scene(2).resize((700, 466)), quality=70)
    hashes = api("POST", f"{ROOT}/h/hash", "platform", files={"photo": ("b.jpg", copy)}).json()
    assert hashes.keys() == {"pdq", "sourcemark_phash16", "sha256"}
    theirs = pdq(Image.open(io.BytesIO(copy)))
    assert bin(int(hashes["pdq"], 16) ^ int(theirs, 16)).count("1") <= 16
    only = api("POST", f"{ROOT}/h/hash?types=sha256", "platform", files={"photo": ("b.jpg", copy)}).json()
    assert only == {"sha256": hashes["sha256"]}
    found = api("POST", f"{ROOT}/m/lookup", "platform", files={"photo": ("b.jpg", copy)}).json()
    assert found["sha256"] == {}
    for kind in ("pdq", "sourcemark_phash16", "sourcemark"):
        assert [match["bank_content_id"] for match in found[kind][BANK]] == [made[2]], kind
    part = encoded(scene(2).crop((100, 100, 500, 400)))
    cropped = api("POST", f"{ROOT}/m/lookup", "platform", files={"photo": ("c.jpg", part)}).json()
    assert cropped["pdq"] == {}  # a hash of the whole picture does not find a part; our matching does
    assert cropped["sourcemark"][BANK][0]["bank_content_id"] == made[2]
    text = api("POST", f"{ROOT}/m/lookup", "platform", files={"text": ("a.txt", f"Look: {TEXT}".encode())}).json()
    assert list(text) == ["sha256", "sourcemark"]
    exact = api("POST", f"{ROOT}/m/lookup", "platform", files={"photo": ("a.jpg", encoded(scene(3)))}).json()
    assert exact["sha256"] == {BANK: [{"bank_content_id": made[3], "distance": "0"}]}


def test_what_a_match_is(banked: tuple[Api, dict[int, int]]) -> None:
    api, made = banked
    content = api("GET", f"{ROOT}/c/bank/{BANK}/content/{made[1]}", "platform").json()
    assert content["bank"] == {"name": BANK, "matching_enabled_ratio": 1.0}
    assert content["id"] == made[1]
    work = api("GET", f"/v1/works/{content['work_id']}", "producer").json()
    assert work["receipt"]["index"] == made[1]
    assert content.keys() == {"id", "bank", "work_id"}  # ids can be counted up: titles and owners are not for that
    assert api("GET", f"{ROOT}/c/banks", "platform").json() == [content["bank"]]
    for gone in (f"OTHER/content/{made[1]}", f"{BANK}/content/0", f"{BANK}/content/99999"):
        problem(api("GET", f"{ROOT}/c/bank/{gone}", "platform"), 404, "not-found")
    status = api("GET", f"{ROOT}/m/index/status", "platform").json()
    assert status["sourcemark_phash16"]["size"] == 3
    api("GET", f"{ROOT}/m/raw_lookup", "platform", params={"signal": "0" * 64, "signal_type": "pdq"})
    pdq_now = api("GET", f"{ROOT}/m/index/status", "platform").json()["pdq"]
    assert (pdq_now["size"], pdq_now["built_to"]) == (3, status["sha256"]["built_to"])
    assert api("GET", f"{ROOT}/status", "platform").json() == "I-AM-ALIVE"


def test_withdrawn_works_are_not_found(banked: tuple[Api, dict[int, int]]) -> None:
    api, made = banked
    work = api("GET", f"{ROOT}/c/bank/{BANK}/content/{made[1]}", "platform").json()["work_id"]
    asked = _hash(api, encoded(scene(1)))
    for kind, value in asked.items():
        assert _raw(api, kind, value) == [made[1]]
    api("DELETE", f"/v1/works/{work}", "producer")
    for kind, value in asked.items():
        assert _raw(api, kind, value) == []


def _hash(api: Api, data: bytes) -> dict[str, str]:
    return api("POST", f"{ROOT}/h/hash", "platform", files={"photo": ("a.jpg", data)}).json()


def _raw(api: Api, kind: str, value: str) -> list[int]:
    return api("GET", f"{ROOT}/m/raw_lookup", "platform", params={"signal": value, "signal_type": kind}).json()[
        "matches"
    ]


def test_bad_input(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in (
        "m/raw_lookup?signal=zz&signal_type=pdq",
        "m/raw_lookup?signal=ab&signal_type=pdq",
        "m/raw_lookup?signal=" + "0" * 64 + "&signal_type=tlsh",
        "m/lookup?url=http://127.0.0.1/picture.jpg",
        "m/lookup?signal=" + "0" * 64,
        "m/lookup?signals=1",
    ):
        problem(api("GET", f"{ROOT}/{path}", "platform"), 400, "bad-input")
    picture = image_bytes()
    for files in (
        {"file": ("a.jpg", picture)},
        [("photo", ("a.jpg", picture)), ("photo", ("b.jpg", picture))],
    ):
        problem(api("POST", f"{ROOT}/h/hash", "platform", files=files), 400, "bad-input")
    problem(api("POST", f"{ROOT}/h/hash", "platform", files={"video": ("a", picture)}), 415, "unsupported-content")
    problem(api("POST", f"{ROOT}/h/hash?types=md5", "platform", files={"photo": ("a.jpg", picture)}), 400, "bad-input")
    problem(api("POST", f"{ROOT}/h/hash", "platform", json={}), 415, "unsupported-content")
    problem(api("POST", f"{ROOT}/h/hash", "platform", files={"photo": ("a.jpg", picture[:500])}), 422, "bad-content")
    flat = encoded(Image.new("RGB", (640, 480), (90, 90, 90)))
    assert _hash(api, flat).keys() == {"sha256"}  # flat pictures would all be alike
    problem(api("GET", f"{ROOT}/m/index/status", "producer"), 403, "forbidden")


def test_without_the_extra_there_is_no_pdq(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signals.pdq, "available", lambda: False)
    assert _hash(api, encoded(scene(1))).keys() == {"sourcemark_phash16", "sha256"}
    told = problem(
        api("GET", f"{ROOT}/m/raw_lookup", "platform", params={"signal": "0" * 64, "signal_type": "pdq"}),
        400,
        "bad-input",
    )
    assert re.search("sourcemark_phash16", told["detail"])


def test_a_large_bank_is_waited_for(banked: tuple[Api, dict[int, int]], monkeypatch: pytest.MonkeyPatch) -> None:
    api, _ = banked
    monkeypatch.setattr(signals, "_SECONDS", -1.0)
    answer = api("GET", f"{ROOT}/m/raw_lookup", "platform", params={"signal": "0" * 64, "signal_type": "pdq"})
    assert problem(answer, 503, "unavailable")["reason"] == "index_building"
    assert "Retry-After" in answer.headers
