"""Certificates over HTTP: of one's own works, in both forms and languages."""

import pytest

from tests.api.conftest import Api


@pytest.fixture
def work_id(api: Api) -> str:
    text = (
        "The lamplighter of Orlen retired the day the last lamp was wired, and lights one candle every dusk since. " * 4
    )
    made = api("POST", "/v1/works", "producer", json={"text": text, "owner": "Ada Kestrel", "title": "Dusk"})
    assert made.status_code == 201
    return made.json()["work_id"]


def test_both_forms_and_languages(api: Api, work_id: str) -> None:
    for lang, title in (("en", "Certificate of registration"), ("zh", "登记证书")):
        page = api("GET", f"/v1/works/{work_id}/certificate?lang={lang}", "producer")
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert title in page.text
        assert "Ada Kestrel" in page.text
        printed = api("GET", f"/v1/works/{work_id}/certificate?format=pdf&lang={lang}", "producer")
        assert printed.headers["content-type"] == "application/pdf"
        assert printed.content.startswith(b"%PDF-")


def test_it_is_private_like_the_receipt(api: Api, work_id: str) -> None:
    path = f"/v1/works/{work_id}/certificate"
    assert api("GET", path).status_code == 401
    assert api("GET", path, "rival").status_code == 404
    assert api("GET", path, "platform").status_code == 403
    assert api("GET", f"{path}?format=doc", "producer").status_code == 400
