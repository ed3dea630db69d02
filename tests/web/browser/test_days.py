"""The users' days in Chromium, from the first start on: in both languages, on a desk and on a phone, light and dark."""

from __future__ import annotations

from pathlib import Path

import pyotp
import pytest

from provenance.translation import translations

from .conftest import PASSWORD, Service, Window

pytestmark = pytest.mark.slow
# What a hostile poster or author writes; none of it may run.
XSS = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'{{7*7}}<svg/onload=alert(3)>javascript:alert(4)"
TEXT = (
    "The bell founder keeps the moulds of forty parishes in her barn. When a bell cracks, she says, it is never the "
    "clapper's fault; it is the frost, or the sexton, or a war. She can tell them apart by the edge of the break."
)


@pytest.mark.parametrize("window", [("en", 1280, "light"), ("zh", 390, "dark")], indirect=True)
def test_days(window: Window, service: Service, tmp_path: Path) -> None:
    t = translations("zh" if window.name.startswith("zh") else "en").gettext
    page = window.page

    def fill(**fields: str) -> None:
        for name, value in fields.items():
            page.locator(f"main [name={name}]:not([type=hidden])").first.fill(value)

    def come(link: str, name: str) -> None:
        page.context.clear_cookies()
        window.open(link)
        fill(name=name, password=PASSWORD)
        window.press(t("Continue"))

    def invite(account: str, kind: str) -> str:
        window.open("/people")
        form = page.locator("form[action='/people/accounts']")
        form.locator("[name=name]").fill(account)
        form.locator("[name=kind]").select_option(kind)
        window.press(t("Make the account"))
        page.locator("select#account").select_option(label=page.locator(f"option:has-text('{account}')").inner_text())
        window.press(t("Make a link"))
        return str(page.locator("main pre").inner_text()).strip()

    # --- the first start
    window.open("/")
    come(service.invitation, "Ada")
    window.open("/me/second-factor")
    secret = page.locator("main p code").inner_text()
    fill(code=pyotp.TOTP(secret).now())
    window.press(t("Ask for codes from now on"))
    producer, platform = invite("North Bank", "producer"), invite("Forum", "platform")
    page.context.clear_cookies()
    window.open("/sign-in")
    fill(name="ada", password=PASSWORD)
    window.press(t("Sign in"))
    assert page.locator("main [name=code]").count() == 1

    # --- the producer
    come(producer, "Bea")
    window.open("/works/new")
    fill(title=XSS, owner=XSS, source_name="Copse & Quarry", source_urls="https://copse.example/bells", text=TEXT)
    window.press(t("Register"))
    assert t("Registered. Keep the receipt: it proves this even if this service is gone.") in page.inner_text("main")
    work = page.url.partition("?")[0]
    with page.expect_download() as receipt:
        page.get_by_role("link", name=t("Receipt, JSON"), exact=True).click()
    receipt.value.save_as(tmp_path / "receipt.json")
    files = [tmp_path / "one.txt", tmp_path / "two.txt"]
    for each in files:
        each.write_text(f"{each.name}: {TEXT[::-1]}")
    window.open("/works/new")
    page.set_input_files("#file", [str(each) for each in files])
    page.fill("#owner", "Odile Ferrant")
    window.press(t("Register"), look=False)
    page.locator("#files a").nth(1).wait_for()
    window.open("/works")

    # --- the platform
    come(platform, "Cyd")
    window.open("/scan")
    fill(text=TEXT, account=XSS, post_url="https://forum.example/p/1")
    window.press(t("Scan"))
    window.open("/scans")
    window.open("/official")
    fill(account_id="gh_1", name=XSS, operator_id="op_1", operator_name=XSS)
    window.press(t("Record"))
    window.open("/policies")
    window.press(t("What would change"))
    window.open("/webhooks")
    fill(url="https://hooks.forum.example/in")
    window.press(t("Make the endpoint"))
    window.open("/queue")

    # --- the rights holder
    page.context.clear_cookies()
    window.open("/sign-in?next=/sightings")
    fill(name="Bea", password=PASSWORD)
    window.press(t("Sign in"))
    page.locator("tbody a").first.click()
    window.look()
    assert page.locator("mark").count() > 0
    page.get_by_role("link", name=t("Start a notice"), exact=True).click()
    window.look()
    window.open("/watches")
    window.open(work)
    page.get_by_text(t("Withdraw"), exact=True).click()
    window.press(t("Withdraw this work"))
    assert t("Withdrawn") in page.inner_text("main")

    # --- anybody
    page.context.clear_cookies()
    for path in ("/complaints", "/complaints/new", "/complaints/register", "/ledger", "/ledger/entries/0", "/verify"):
        window.open(path)
    window.open("/find?q=nothing")

    # --- years later: the page and its script from disk
    page.goto(window.origin + "/verify")
    saved = tmp_path / "saved"
    saved.mkdir()
    script = page.locator("script[src]").get_attribute("src")
    (saved / "verify.js").write_text(page.request.get(window.origin + script).text())
    (saved / "verify.html").write_text(page.content().replace(script, "verify.js").replace('"/static', '"static'))
    for place in (window.origin + "/verify", (saved / "verify.html").as_uri()):
        page.goto(place)
        page.set_input_files("#receipt", str(tmp_path / "receipt.json"))
        page.set_input_files("#work", files=[{"name": "w.txt", "mimeType": "text/plain", "buffer": TEXT.encode()}])
        page.locator("#verify button").click()
        page.locator("#steps li").nth(5).wait_for()
        said = page.locator("#steps").inner_text()
        assert said.count("✓") == 6, said
        assert "✗" not in said
