"""A visitor of the pages: a client that fills in forms as a browser would, and checks what every page must have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from lxml import html

from api.app import create_app
from provenance.accounts import people
from provenance.accounts.people import NewInvitation
from provenance.application import Application
from provenance.config import Settings

PASSWORD = "four plain words here"


@dataclass
class Visitor:
    """One browser.

    Attributes:
        page: the last one, parsed.
    """

    client: TestClient
    application: Application
    page: Any = None
    answer: Response | None = None
    _names: int = field(default=0)

    def open(self, address: str, status: int = 200) -> Any:
        return self._shown(self.client.get(address, headers={"accept": "text/html"}), status)

    def send(self, action: str | None = None, *, status: int = 200, press: str | None = None, **fields: Any) -> Any:
        """Fill in the form with this action and send it.

        Args:
            press: the button, name=value.
            fields: what is typed; a tuple (name, bytes) is a file, a list more than one value.
        """
        forms = self.page.xpath("//main//form[@method='post'] | //header//form[@method='post'] | //footer//form")
        own = self.answer.url.path
        wanted = set(fields) | ({press.partition("=")[0]} if press else set())
        form = next(
            each
            for each in forms
            if (each.get("action") or own) == (action or own)
            and wanted <= {*each.xpath(".//@name")} | {"confirmed"}
            and (not wanted or each.xpath(".//*[not(@type='hidden')][@name]"))
        )
        values: dict[str, Any] = {}
        for each in form.xpath(".//input[@name] | .//textarea[@name] | .//select[@name]"):
            if each.get("type") in ("checkbox", "radio") and each.get("checked") is None:
                continue
            if each.get("type") != "file":
                values[each.get("name")] = each.value or ""
        files = [(name, value) for name, value in fields.items() if isinstance(value, tuple)]
        values |= {name: value for name, value in fields.items() if not isinstance(value, tuple)}
        if press is not None:
            name, _, value = press.partition("=")
            values[name] = value
        answer = self.client.post(form.get("action") or own, data=values, files=files or None, headers=_BROWSER)
        return self._shown(answer, status)

    def sign_in(self, account: str, name: str | None = None) -> None:
        """As a new person of an account."""
        self._names += 1
        made = people.invite(self.application.db, NewInvitation(account=account))
        self.open(f"/invitation/{made.secret}")
        self.send(name=name or f"{account} {self._names}", password=PASSWORD)

    def _shown(self, answer: Response, status: int) -> Any:
        assert answer.status_code == status, answer.text[:2000]
        self.answer = answer
        if not answer.headers["content-type"].startswith("text/html"):
            return answer
        check_page(answer)
        self.page = html.fromstring(answer.text)
        return self.page

    @property
    def text(self) -> str:
        return " ".join(self.page.text_content().split())


_BROWSER = {"accept": "text/html", "sec-fetch-site": "same-origin", "origin": "http://testserver"}


def check_page(answer: Response) -> None:
    """What holds of every page: nothing inline, nothing from elsewhere, small, one heading, every field labelled."""
    assert len(answer.content) < 100_000
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    page = html.fromstring(answer.text)
    assert not page.xpath("//*[@style] | //style | //script[not(@src)] | //*[@*[starts-with(name(), 'on')]]")
    for address in page.xpath("//script/@src | //link/@href | //img/@src | //form/@action"):
        assert address.startswith(("/", "data:image/")), address
    assert len(page.xpath("//h1")) == 1
    assert page.xpath("string(//title)").strip(" ·") != "Sourcemark"
    for each in page.xpath("//input[not(@type='hidden')] | //textarea | //select"):
        named = each.getparent().tag == "label" or page.xpath("//label[@for=$id]", id=each.get("id"))
        assert named, html.tostring(each)
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids)), sorted(ids)


@pytest.fixture
def visitor(sqlite_settings: Settings) -> Iterator[Visitor]:
    app = create_app(sqlite_settings)
    with TestClient(app, raise_server_exceptions=False, client=("127.0.0.1", 50000)) as client:
        yield Visitor(client, client.app.state.application)
