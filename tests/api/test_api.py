"""The API as its three kinds of users and a stranger meet it."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from api.bodies import JSON_LINES
from provenance.tlog import receipt, verify

pytestmark = pytest.mark.slow

TEXT = (
    "The night train stops at Orlen for exactly one minute, because the bridge keeper likes it so. In that minute a boy "
    "on the platform sells paper cones of roasted chestnuts through the windows, three for a coin, and never drops one. "
    "He told me once that the secret is not the hands but the counting: he counts the bogies under the carriages as they "
    "slow, and by the last pair he knows which window will open."
)
CLAIM = {"title": "One Minute at Orlen", "owner": "Ada Kestrel", "source_urls": ["https://kestrel.example/orlen"]}


def image_bytes(seed: int = 1) -> bytes:
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8))
    out = io.BytesIO()
    small.resize((480, 360), Image.Resampling.BICUBIC).save(out, "JPEG")
    return out.getvalue()


def problem(response, status: int, slug: str) -> dict:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["type"] == f"urn:sourcemark:problem:{slug}"
    assert body["status"] == status
    assert body["detail"]
    assert "\n" not in body["detail"]
    return body


def test_the_main_job(api) -> None:
    made = api("POST", "/v1/works", "producer", json={**CLAIM, "text": TEXT})
    assert made.status_code == 201, made.text
    work = made.json()
    assert work["status"] == "registered"
    assert api("POST", "/v1/works", "producer", json={**CLAIM, "text": TEXT}).status_code == 200

    post = {"text": f"Found this online.\n\n{TEXT}", "account": "City Daily", "post_url": "https://p.example/1"}
    scanned = api("POST", "/v1/scans", "platform", json=post)
    assert scanned.status_code == 200, scanned.text
    found = scanned.json()
    assert found["verdict"] == "uncredited"
    assert found["matches"][0]["work_id"] == work["work_id"]
    assert api("GET", f"/v1/scans/{found['scan_id']}", "platform").json() == found

    seen = api("GET", "/v1/sightings", "producer").json()["items"]
    assert [(s["post_url"], s["platform"], s["scan_id"]) for s in seen] == [
        ("https://p.example/1", "platform", found["scan_id"])
    ]
    assert api("GET", "/v1/sightings", "rival").json()["items"] == []
    path = f"/v1/sightings/{seen[0]['sighting_id']}"
    assert api("GET", path, "producer").json() == seen[0]
    page = api("GET", f"{path}/evidence?lang=zh", "producer")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "City Daily" in page.text
    problem(api("GET", f"{path}/picture", "producer"), 404, "not-found")
    for each in (path, f"{path}/evidence", f"{path}/picture"):
        problem(api("GET", each, "rival"), 404, "not-found")

    zipped = api("GET", f"/v1/works/{work['work_id']}/receipt", "producer")
    files = receipt.from_zip(zipped.content)
    single = api("GET", f"/v1/works/{work['work_id']}/receipt?format=json", "producer")
    assert single.headers["content-type"] == "application/json"
    assert receipt.from_json(single.content) == files
    assert api("GET", f"/v1/works/{work['work_id']}", "producer").json()["logged_at"] is not None
    assert verify.verify_receipt(files, policy=api("GET", "/v1/ledger/policy").content).ok
    credit = api("GET", f"/v1/works/{work['work_id']}/credit", "producer")
    assert "Ada Kestrel" in credit.text


def test_a_dry_run_leaves_nothing(api) -> None:
    api("POST", "/v1/works", "producer", json={**CLAIM, "text": TEXT})
    again = {"Idempotency-Key": "k"}
    for path, body in (("", {"text": TEXT}), ("/batch", {"items": [{"text": TEXT}]})):
        answer = api("POST", f"/v1/scans{path}?dry_run=true", "platform", json=body, headers=again).json()
        (result,) = answer.get("results", [answer])
        assert (result["status"], result["scan_id"]) == ("matched", None)
    assert api("GET", "/v1/scans", "platform").json()["items"] == []
    assert api("GET", "/v1/sightings", "producer").json()["items"] == []
    assert api("POST", "/v1/scans", "platform", json={"text": TEXT}, headers=again).json()["scan_id"]


def test_a_file_with_metadata(api) -> None:
    files = {"file": ("sea.jpg", image_bytes(), "image/jpeg")}
    made = api("POST", "/v1/works", "producer", files=files, data={"metadata": '{"owner": "Ada Kestrel"}'})
    assert made.status_code == 201, made.text
    assert made.json()["medium"] == "image"
    found = api("POST", "/v1/scans", "platform", files=files).json()
    assert found["matches"][0]["work_id"] == made.json()["work_id"]
    (seen,) = api("GET", "/v1/sightings", "producer").json()["items"]
    assert api("GET", f"/v1/sightings/{seen['sighting_id']}/picture", "producer").content.startswith(b"\x89PNG")


def test_html_is_scanned_as_html(api) -> None:
    api("POST", "/v1/works", "producer", json={**CLAIM, "text": TEXT})
    found = api("POST", "/v1/scans", "platform", json={"html": f"<p>By <b>Nobody &amp; Co</b></p><p>{TEXT}</p>"}).json()
    assert found["status"] == "matched"
    start = found["matches"][0]["segments"][0]["upload"][0]
    assert start >= len("<p>By <b>Nobody &amp; Co</b></p><p>")


def test_scopes(api) -> None:
    problem(api("POST", "/v1/works", json={}), 401, "unauthenticated")
    problem(api("POST", "/v1/works", headers={"Authorization": "Bearer smk_wrong"}, json={}), 401, "unauthenticated")
    problem(api("POST", "/v1/works", "platform", json={**CLAIM, "text": TEXT}), 403, "forbidden")
    problem(api("POST", "/v1/scans", "producer", json={"text": TEXT}), 403, "forbidden")
    problem(api("GET", "/v1/sightings", "platform"), 403, "forbidden")
    problem(api("GET", "/v1/accounts", "producer"), 403, "forbidden")


def test_a_key_sees_only_its_own(api) -> None:
    work = api("POST", "/v1/works", "producer", json={**CLAIM, "text": TEXT}).json()
    for path in (f"/v1/works/{work['work_id']}", f"/v1/works/{work['work_id']}/receipt"):
        problem(api("GET", path, "rival"), 404, "not-found")
    problem(api("DELETE", f"/v1/works/{work['work_id']}", "rival"), 404, "not-found")
    assert api("GET", "/v1/works", "rival").json()["items"] == []
    assert len(api("GET", "/v1/works", "administrator").json()["items"]) == 1


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        ({"json": {"owner": "A"}}, 400, "bad-input"),
        ({"json": {"owner": "A", "text": ""}}, 422, "bad-content"),
        ({"json": {"text": TEXT}}, 400, "bad-input"),
        ({"json": {"owner": "A\u0000", "text": TEXT}}, 400, "bad-input"),
        ({"json": {"owner": "A", "text": TEXT, "source_urls": ["javascript:1"]}}, 400, "bad-input"),
        ({"json": {"owner": "A", "text": TEXT, "published_at": "soon"}}, 400, "bad-input"),
        ({"json": [1]}, 400, "bad-input"),
        ({"content": b"{", "headers": {"Content-Type": "application/json"}}, 400, "bad-input"),
        (
            {"content": b'{"owner": "A", "text": "\\ud800"}', "headers": {"Content-Type": "application/json"}},
            422,
            "bad-content",
        ),
        ({"content": b"x", "headers": {"Content-Type": "text/plain"}}, 415, "unsupported-content"),
        ({"content": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=b"}}, 400, "bad-input"),
        ({"data": {"metadata": "{}"}, "files": {"other": b"x"}}, 400, "bad-input"),
        ({"data": {"metadata": '{"owner":"A"}'}, "files": {"file": b"{\\rtf1 x}"}}, 415, "unsupported-content"),
        ({"data": {"metadata": '{"owner":"A"}'}, "files": {"file": b"<!-- x --><svg/>"}}, 415, "unsupported-content"),
        ({"data": {"metadata": '{"owner":"A"}'}, "files": {"file": image_bytes()[:900]}}, 422, "bad-content"),
    ],
)
def test_bad_registrations(api, body: dict, status: int, slug: str) -> None:
    problem(api("POST", "/v1/works", "producer", **body), status, slug)
    assert api("GET", "/healthz").json()["status"] == "ok"


def test_a_body_over_the_limit(api, sqlite_settings) -> None:
    most = sqlite_settings.max_upload_mib * 1024 * 1024

    def endless():
        for _ in range(most // 2**20 + 3):
            yield b"x" * 2**20

    headers = {"Content-Type": "application/json"}
    problem(api("POST", "/v1/scans", "platform", content=endless(), headers=headers), 413, "too-large")
    declared = {**headers, "Content-Length": str(most * 2)}
    problem(api("POST", "/v1/scans", "platform", content=b"{}", headers=declared), 413, "too-large")


def test_batches_keep_order_and_go_on(api) -> None:
    items = [{**CLAIM, "text": f"{n} {TEXT}", "external_id": str(n)} for n in range(5)]
    items[2] = {**CLAIM, "external_id": "2"}
    items[3]["text"] = ""
    results = api("POST", "/v1/works/batch", "producer", json={"items": items}).json()["results"]
    assert [r["external_id"] for r in results] == ["0", "1", "2", "3", "4"]
    assert [r["status"] for r in results] == ["registered", "registered", "error", "error", "registered"]
    posts = [{"text": f"{n} {TEXT}", "external_id": str(n)} for n in range(3)] + [{"external_id": "none"}]
    results = api("POST", "/v1/scans/batch", "platform", json={"items": posts}).json()["results"]
    assert [r["status"] for r in results] == ["matched", "matched", "matched", "error"]
    too_many = {"items": [{"text": "x"}] * 1001}
    problem(api("POST", "/v1/scans/batch", "platform", json=too_many), 413, "too-large")


def test_pages_are_followed_to_the_end(api) -> None:
    items = [{**CLAIM, "text": f"{n} {TEXT}", "external_id": str(n)} for n in range(5)]
    api("POST", "/v1/works/batch", "producer", json={"items": items})
    seen, cursor = [], None
    for _ in range(10):
        page = api("GET", "/v1/works", "producer", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        seen += [w["external_id"] for w in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == ["0", "1", "2", "3", "4"]
    for bad in ("x", "LTE=", "MTAwMDAwMDAwMDAwMDAwMDAwMDAwMA==", "é"):
        problem(api("GET", "/v1/works", "producer", params={"cursor": bad}), 400, "bad-input")


def test_idempotency(api) -> None:
    headers = {"Idempotency-Key": "one"}
    post = {"text": TEXT, "external_id": "p"}
    first = api("POST", "/v1/scans", "platform", json=post, headers=headers).json()
    again = api("POST", "/v1/scans", "platform", json=post, headers=headers).json()
    assert first["scan_id"] == again["scan_id"]
    assert api("POST", "/v1/scans", "platform", json=post).json()["scan_id"] != first["scan_id"]
    problem(api("POST", "/v1/scans", "platform", json={**post, "external_id": "q"}, headers=headers), 409, "conflict")
    problem(
        api("POST", "/v1/scans", "platform", json={"text": ""}, headers={"Idempotency-Key": "two"}), 422, "bad-content"
    )
    fixed = api("POST", "/v1/scans", "platform", json={"text": TEXT}, headers={"Idempotency-Key": "two"})
    assert fixed.status_code == 200  # an error is not remembered


def test_a_grant_is_given_once(api) -> None:
    work = api("POST", "/v1/works", "producer", json={**CLAIM, "text": TEXT}).json()
    route, headers = f"/v1/works/{work['work_id']}/grants", {"Idempotency-Key": "g"}
    first, again = (api("POST", route, "producer", json={"to": ["City Daily"]}, headers=headers) for _ in range(2))
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert first.status_code == 201
    problem(api("POST", route, "producer", json={"to": ["*"]}, headers=headers), 409, "conflict")
    assert len(api("GET", route, "producer").json()["items"]) == 1


def test_the_log_is_public(api) -> None:
    api("POST", "/v1/works", "producer", json={**CLAIM, "text": TEXT})
    checkpoint = api("GET", "/v1/ledger/checkpoint").text
    assert checkpoint.split("\n")[1] == "2"
    assert api("GET", "/v1/ledger/log.vkey").text.startswith("log.test.example/sourcemark+")
    assert api("GET", "/v1/ledger/tile/0/000.p/2").content.__len__() == 64
    assert api("GET", "/v1/ledger/tile/entries/000.p/2").status_code == 200
    assert api("GET", "/v1/ledger/proof/inclusion", params={"index": 1}).text.startswith("c2sp.org/tlog-proof@v1\n")
    assert len(api("GET", "/v1/ledger/proof/consistency", params={"old": 1}).text.splitlines()) == 1
    problem(api("GET", "/v1/ledger/proof/inclusion", params={"index": 2}), 404, "not-found")
    problem(api("GET", "/v1/ledger/proof/consistency", params={"old": 3}), 404, "not-found")
    for path in ("0/001", "0/..%2f..%2f..%2fkeys", "entries/000.p/999", "%00"):
        problem(api("GET", f"/v1/ledger/tile/{path}"), 404, "not-found")


def test_readiness_tells_how_far_this_process_is(api) -> None:
    api("POST", "/v1/works", "producer", json={**CLAIM, "text": TEXT})
    assert api("GET", "/readyz").json() == {"status": "ready", "index_position": 2, "log_size": 2, "detail": None}


def test_withdrawal(api) -> None:
    work = api("POST", "/v1/works", "producer", json={**CLAIM, "text": TEXT}).json()
    assert api("DELETE", f"/v1/works/{work['work_id']}", "producer").json()["withdrawn_at"]
    assert api("POST", "/v1/scans", "platform", json={"text": TEXT}).json()["status"] == "no_match"


def test_grants(api) -> None:
    work = api("POST", "/v1/works", "producer", json={**CLAIM, "text": TEXT, "licence": "all-rights-reserved"}).json()
    route = f"/v1/works/{work['work_id']}/grants"
    given = api("POST", route, "producer", json={"to": ["City Daily"], "credit": False})
    assert given.status_code == 201
    posted = {"text": TEXT, "account": "City Daily"}
    seen = api("POST", "/v1/scans", "platform", json=posted).json()
    assert (seen["verdict"], seen["matches"][0]["permission"]["grant_id"]) == ("licensed", given.json()["grant_id"])
    assert [g["grant_id"] for g in api("GET", route, "producer").json()["items"]] == [given.json()["grant_id"]]
    problem(api("POST", route, "producer", json={"to": []}), 400, "bad-input")
    problem(api("POST", route, "platform", json={"to": ["City Daily"]}), 403, "forbidden")
    other = api("POST", "/v1/works", "producer", json={**CLAIM, "text": TEXT + " Later."}).json()["work_id"]
    problem(api("DELETE", f"/v1/works/{other}/grants/{given.json()['grant_id']}", "producer"), 404, "not-found")
    assert api("DELETE", f"{route}/{given.json()['grant_id']}", "producer").json()["revoked_at"]
    problem(api("DELETE", f"{route}/{given.json()['grant_id']}", "producer"), 409, "conflict")
    assert api("POST", "/v1/scans", "platform", json=posted).json()["verdict"] == "uncredited"


def test_administration(api) -> None:
    made = api("POST", "/v1/accounts", "administrator", json={"name": "新账号", "kind": "platform"})
    assert made.status_code == 201
    problem(api("POST", "/v1/accounts", "administrator", json={"name": "新账号"}), 409, "conflict")
    issued = api("POST", "/v1/keys", "administrator", json={"account": made.json()["id"]}).json()
    api.keys["new"] = issued["secret"]
    assert api("POST", "/v1/scans", "new", json={"text": TEXT}).status_code == 200
    listed = api("GET", "/v1/keys", "administrator").text
    assert issued["secret"] not in listed
    assert api("DELETE", f"/v1/keys/{issued['id']}", "administrator").json()["revoked_at"]
    problem(api("POST", "/v1/scans", "new", json={"text": TEXT}), 401, "unauthenticated")
    problem(api("DELETE", "/v1/keys/none", "administrator"), 404, "not-found")


def test_unknown_addresses_and_methods(api) -> None:
    problem(api("GET", "/v2"), 404, "not-found")
    assert api("PUT", "/v1/works").status_code == 405
    assert api("PUT", "/v1/works").headers["content-type"] == "application/problem+json"


def test_the_openapi_document_is_complete(api) -> None:
    document = api("GET", "/openapi.json").json()
    ids = []
    for path, operations in document["paths"].items():
        for operation in operations.values():
            ids.append(operation["operationId"])
            assert operation["summary"]
            for status, answer in operation["responses"].items():
                if int(status) >= 400 and not path.endswith("readyz"):
                    assert list(answer["content"]) == ["application/problem+json"], (path, status)
            for kind, content in operation.get("requestBody", {}).get("content", {}).items():
                files = all(
                    each.get("format") == "binary" for each in content["schema"].get("properties", {"": {}}).values()
                )
                if not files and kind != JSON_LINES:  # of lines the example is that of the list beside them
                    assert "example" in str(content) or "$ref" in content["schema"], (path, kind)
    assert len(ids) == len(set(ids))
    assert all(i[0].islower() and "_" not in i for i in ids)  # chosen by hand, not generated from paths
    text = api("GET", "/openapi.json").text
    import re

    for name in set(re.findall(r"#/components/schemas/(\w+)", text)):
        assert name in document["components"]["schemas"]
    docs = api("GET", "/docs").text
    assert "/v1/works" in docs
    assert "http" not in docs.replace("http://", "").split("</style>")[0]


def test_receipt_zip_is_a_zip(api) -> None:
    work = api("POST", "/v1/works", "producer", json={**CLAIM, "text": TEXT}).json()
    data = api("GET", f"/v1/works/{work['work_id']}/receipt", "producer").content
    assert "VERIFY.md" in zipfile.ZipFile(io.BytesIO(data)).namelist()


def test_characters_that_no_database_takes(api) -> None:
    """NUL and lone surrogates in every place a client can put them: a problem or an answer, never a server error."""
    for method, path, who in (
        ("GET", "/v1/works/%00", "producer"),
        ("GET", "/v1/scans/%00", "platform"),
        ("GET", "/v1/sightings?owner=%00&work_id=%00", "producer"),
        ("DELETE", "/v1/keys/%00", "administrator"),
    ):
        assert api(method, path, who).status_code < 500
    named = {"file": ("../a\x00b\u202e.jpg", image_bytes(), "image/jpeg")}
    made = api("POST", "/v1/works", "producer", files=named, data={"metadata": '{"owner": "A"}'})
    assert made.status_code == 201
    assert "/" not in (made.json()["path"] or "")
    raw = b'{"items": [{"text": "a\\ud800", "owner": "x"}, {"text": "%s", "owner": "\\ud800"}, {"text": "%s", "owner": "A"}]}'
    body = raw.replace(b"%s", TEXT.encode())
    answer = api("POST", "/v1/works/batch", "producer", content=body, headers={"Content-Type": "application/json"})
    assert [r["status"] for r in answer.json()["results"]] == ["error", "error", "registered"]


def test_a_stranger_is_told_so_before_the_body_is_read(api) -> None:
    for path in ("/v1/works", "/v1/works/batch", "/v1/scans", "/v1/scans/batch"):
        problem(
            api("POST", path, content=b"[" * 10_000, headers={"Content-Type": "application/json"}),
            401,
            "unauthenticated",
        )


def test_reserved_names(api) -> None:
    for name in ("local", "acc_0123"):
        problem(api("POST", "/v1/accounts", "administrator", json={"name": name}), 409, "conflict")


def test_withdrawing_twice(api) -> None:
    work = api("POST", "/v1/works", "producer", json={**CLAIM, "text": TEXT}).json()
    api("DELETE", f"/v1/works/{work['work_id']}", "producer")
    problem(api("DELETE", f"/v1/works/{work['work_id']}", "producer"), 409, "conflict")


def test_a_scan_s_picture(api) -> None:
    files = {"file": ("sea.jpg", image_bytes(), "image/jpeg")}
    api("POST", "/v1/works", "producer", files=files, data={"metadata": '{"owner": "Ada Kestrel"}'})
    found = api("POST", "/v1/scans", "platform", files=files).json()
    drawn = api("GET", f"/v1/scans/{found['scan_id']}/picture", "platform")
    assert (drawn.status_code, drawn.headers["content-type"]) == (200, "image/png")
    assert drawn.content.startswith(b"\x89PNG")
    problem(api("GET", f"/v1/scans/{found['scan_id']}/picture", "producer"), 403, "forbidden")
    words = api("POST", "/v1/scans", "platform", json={"text": TEXT}).json()
    problem(api("GET", f"/v1/scans/{words['scan_id']}/picture", "platform"), 404, "not-found")
