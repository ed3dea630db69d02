"""A browser on a service of its own: each page is looked at by axe, and nothing may leave the origin or break its policy.

`SCREENSHOTS` names a folder for pictures of every page.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

AXE = Path(__file__).parents[1] / "node_modules/axe-core/axe.min.js"
CHROMIUM = shutil.which("chromium")
SCREENSHOTS = os.environ.get("SCREENSHOTS")
PASSWORD = "four plain words here"
# Without these a browser asks its maker for news, which a closed network refuses many times over.
_QUIET = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
_QUIET += ["--disable-component-update", "--disable-sync"]


@dataclass
class Service:
    """`sourcemark serve` on a home of its own, and the link of its first start."""

    address: str
    invitation: str


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    environment = {**os.environ, "SOURCEMARK_HOME": str(tmp_path / "home"), "SOURCEMARK_LANG": "en"}
    environment |= {"SOURCEMARK_PUBLIC_PER_MINUTE": "0"}
    command = [sys.executable, "-m", "cli.main", "serve", "--port", "0"]
    log = tmp_path / "serve.log"
    with log.open("w") as err:
        process = subprocess.Popen(command, env=environment, stderr=err)
    try:
        while "/invitation/" not in log.read_text():
            assert process.poll() is None, log.read_text()
        said = log.read_text()
        yield Service(re.search(r"listens on (\S+)", said)[1], re.search(r"http://\S+/invitation/\S+", said)[0])
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("there is no chromium: as root apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, chromium_sandbox=os.getuid() != 0, args=_QUIET)
        yield browser
        browser.close()


@dataclass
class Window:
    """A window of the browser.

    Attributes:
        page: Playwright's.
        origin: of the service.
        broken: what went against the policy of a page, or was asked of another origin.
    """

    page: Any
    origin: str
    name: str
    broken: list[str] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    def open(self, path: str) -> None:
        self.page.goto(path if path.startswith("http") else self.origin + path)
        self.look()

    def press(self, name: str, *, look: bool = True, exact: bool = True) -> None:
        self.page.locator("main").get_by_role("button", name=name, exact=exact).first.click()
        self.page.wait_for_load_state()
        if look:
            self.look()

    def look(self) -> None:
        """Let axe look at a page that it has not seen, and keep a picture of it."""
        kind = re.sub(r"(work|sight|scan|item|case|hook)_\w+|sml_[\w-]+|(?<=invitation/)[\w-]+", "ID", self.page.url)
        kind = re.sub(r"\?.*", "", kind.removeprefix(self.origin))
        assert not self.broken, self.broken
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{kind} is {wide} px wider than the window"
        if kind in self._seen:
            return
        self._seen.add(kind)
        if SCREENSHOTS:
            file = Path(SCREENSHOTS) / f"{self.name}{kind.replace('/', '-')}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=str(file), full_page=True)
        if not AXE.exists():
            pytest.skip("axe-core is not installed: npm ci in tests/web")
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate("axe.run()")["violations"]
        assert not found, kind + json.dumps([[each["id"], each["nodes"][0]["html"]] for each in found], indent=1)


@pytest.fixture
def window(chromium: Any, service: Service, request: pytest.FixtureRequest) -> Iterator[Window]:
    """Its language and width are the test's parameters."""
    language, width, scheme = getattr(request, "param", ("en", 1280, "light"))
    context = chromium.new_context(
        viewport={"width": width, "height": 900}, locale="zh-CN" if language == "zh" else "en-GB", color_scheme=scheme
    )
    context.set_default_timeout(30_000)
    page = context.new_page()
    window = Window(page, service.address, f"{language}-{width}-{scheme}")
    page.on("console", lambda each: window.broken.append(each.text) if "Content Security" in each.text else None)
    page.on("pageerror", lambda error: window.broken.append(str(error)))
    page.on("dialog", lambda dialog: (window.broken.append(f"a dialog: {dialog.message}"), dialog.dismiss()))

    def asked(sent: Any) -> None:
        if not sent.url.startswith((service.address, "data:", "blob:", "file:")):
            window.broken.append(sent.url)

    page.on("request", asked)
    yield window
    assert not window.broken
    context.close()
