"""Certificates: what the receipt proves and nothing else, in both languages, whatever the claim holds."""

import io
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import reportlab
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from provenance.errors import Misconfigured, VerificationFailed
from provenance.tlog import keys, merkle, receipt, verify
from provenance.works.certificate import Certificate, WorkPicture, certify, to_html, to_pdf
from tests.provenance.ledger.small_log import SmallLog, enrolment, registration

pytestmark = pytest.mark.slow

KEY = keys.new_signing_key()
CLAIM = {
    "title": "钟匠 — The Clock Mender",
    "owner": "林昭云",
    "authors": ["Zoë Łukasz", "시계"],
    "source_urls": ["https://northbank.example/a/17?x=1&y=2"],
    "licence": "CC-BY-4.0",
}
VERA = Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"


def made(folder: Path, claim: Any, language: str = "en", **opening: Any) -> tuple[Certificate, dict[str, bytes]]:
    log = SmallLog([enrolment(KEY, custody="service"), registration(KEY, records={"claim": claim})], folder)
    files = log.receipt(1, 0, opening={"claim": claim})
    return certify(files, verify.verify_receipt(files), language), files


def pdf_text(data: bytes) -> str:
    document = pypdfium2.PdfDocument(data)
    try:
        text = "".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()
    return text.replace("\r\n", "").replace("\n", "")


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [
            f"{name}={value}" for name, value in attrs if name in ("src", "href", "data") or name[:2] == "on"
        ]

    def handle_data(self, data: str) -> None:
        self.text += data


def read(data: bytes) -> Page:
    page = Page()
    page.feed(data.decode())
    return page


def fonts_of(data: bytes) -> dict[str, bool]:
    """The fonts of a PDF by their names without the tag of a subset, and whether each is embedded."""
    found = {}
    for font in re.findall(rb"/BaseFont /(?:[A-Z]{6}\+)?(\S+).*?>>", data, re.DOTALL):
        found[font.decode()] = bool(re.search(rb"/FontName /(?:[A-Z]{6}\+)?" + re.escape(font) + rb"\b", data))
    return found


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_font_is_embedded(tmp_path: Path, language: str) -> None:
    data = to_pdf(made(tmp_path, CLAIM, language)[0])
    used = fonts_of(data)
    assert {"NotoSansCJKsc-Regular", "NotoSansCJKkr-Regular", "NotoSans-Regular"} <= used.keys()
    assert all(used.values())
    assert len(data) < 200_000


@pytest.mark.skipif(
    shutil.which("pdffonts") is None, reason="pdffonts is not installed (Debian: apt-get install poppler-utils)"
)
def test_another_reader_finds_every_font_embedded_and_every_letter(tmp_path: Path) -> None:
    (tmp_path / "page.pdf").write_bytes(to_pdf(made(tmp_path, {**CLAIM, "title": "葉知秋・かな"}, "zh")[0]))

    def run(*command: str | Path) -> str:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    rows = [line.split() for line in run("pdffonts", tmp_path / "page.pdf").splitlines()[2:]]
    assert rows
    assert all(row[-5:-2] == ["yes", "yes", "yes"] for row in rows), rows  # embedded, subset, with its Unicode
    text = run("pdftotext", tmp_path / "page.pdf", "-")
    for shown in ("登记证书", "葉知秋・かな", "林昭云", "Zoë Łukasz", "시계", "✓"):
        assert shown in text


def test_a_letter_that_no_font_has_is_spelled_out(tmp_path: Path) -> None:
    text = pdf_text(to_pdf(made(tmp_path, {**CLAIM, "title": "ا𝄞 and Łódź"})[0]))
    assert "[U+0627][U+1D11E] and Łódź" in text


def test_the_picture_of_the_work_is_shown(tmp_path: Path) -> None:
    _, files = made(tmp_path, CLAIM)
    drawn = io.BytesIO()
    Image.new("RGB", (64, 48), (200, 30, 90)).save(drawn, "JPEG")
    for language, said in (("en", "small copy kept at registration"), ("zh", "登记时所存缩图")):
        shown = certify(files, verify.verify_receipt(files), language, WorkPicture(drawn.getvalue()))
        page = read(to_html(shown))
        assert said in page.text
        assert [link[:27] for link in page.links] == ["src=data:image/jpeg;base64,"]
        assert b"/DCTDecode" in to_pdf(shown)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_it_says(tmp_path: Path, language: str) -> None:
    certificate, files = made(tmp_path, CLAIM, language)
    page = read(to_html(certificate))
    text = page.text + pdf_text(to_pdf(certificate))
    leaf = merkle.leaf_hash(files[receipt.ENTRY]).hex()
    facts = verify.verify_receipt(files).facts
    for shown in (CLAIM["title"], CLAIM["owner"], *CLAIM["source_urls"], "CC-BY-4.0", KEY.keyid, leaf, facts["sha256"][0],
                  "2026-09-21 14:13:20 UTC"):  # fmt: skip
        assert text.count(shown) >= 2, shown
    for words in (("key kept by the service", "私钥由服务方保管"), ("the operator's own word", "仅由运营方声明"),
                  ("nobody", "没有见证方"), ("Certificate of registration", "登记证书")):  # fmt: skip
        assert text.count(words[language == "zh"]) >= 2
        assert words[language == "en"] not in text
    assert page.links == []  # nothing is loaded from anywhere
    assert "script" not in page.tags
    assert certificate.code.splitlines()[1:] == [
        "log log.test.example/sourcemark", "entry 1", f"leaf {leaf}", f"sha256 {facts['sha256'][0]}"]  # fmt: skip


def test_the_same_certificate_is_the_same_bytes(tmp_path: Path) -> None:
    certificate, _ = made(tmp_path, CLAIM)
    assert to_pdf(certificate) == to_pdf(certificate)
    assert to_html(certificate) == to_html(certificate)


def test_nothing_is_certified_that_does_not_hold(tmp_path: Path) -> None:
    _, files = made(tmp_path, CLAIM)
    forged = {**files, receipt.OPENING: files[receipt.OPENING].replace("林昭云".encode(), "林昭雨".encode())}
    with pytest.raises(VerificationFailed, match="commitments"):
        certify(forged, verify.verify_receipt(forged))
    with pytest.raises(VerificationFailed):
        certify({}, verify.verify_receipt({}))


def test_without_the_private_part(tmp_path: Path) -> None:
    _, files = made(tmp_path, CLAIM)
    public = {name: data for name, data in files.items() if name != receipt.OPENING}
    page = read(to_html(certify(public, verify.verify_receipt(public))))
    assert "not shown" in page.text
    assert "林昭云" not in page.text


HOSTILE = [
    "<script>alert(1)</script>", "</bdi></dd><img src=x onerror=alert(1)>", "&lt;b&gt;", "\u202eevil\u202c", "\x1b[2J\x00",
    "<font name='x'>", "<para>", "]]>", "&#0;", "𠀀😀العربية", "W" * 5000, "长" * 3000, " \n\t ",
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_hostile_claims(tmp_path: Path, number: int) -> None:
    word = HOSTILE[number]
    claim = {
        "title": word,
        "owner": word,
        "authors": [word] * 50,
        "source_urls": {"x": word},
        "licence": 5,
        word[:9]: word,
    }
    certificate, _ = made(tmp_path, claim)
    page = read(to_html(certificate))
    assert page.links == []
    assert page.tags <= {"html", "meta", "title", "style", "h1", "h2", "svg", "path", "dl", "dt", "dd", "bdi", "br",
                         "table", "tr", "td", "p"}  # fmt: skip
    assert "\u202e" not in page.text
    assert "\x1b" not in page.text
    assert pdf_text(to_pdf(certificate))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(min_size=1, max_size=80))
def test_any_title_is_shown_or_spelled_out(title: str) -> None:
    from provenance.works.certificate.content import _clean

    rows = [("Title", [_clean(title)])]
    certificate = Certificate("en", "T", [("S", rows)], "C", [], "n", "code")
    assert to_pdf(certificate).startswith(b"%PDF-")
    shown = read(to_html(certificate)).text
    assert all(c in shown or not c.isprintable() for c in title if c not in "\r\n")


def test_a_font_of_ones_own_is_embedded(tmp_path: Path) -> None:
    certificate, _ = made(tmp_path, {**CLAIM, "title": "Clock"})
    assert "BitstreamVeraSans-Roman" in "".join(fonts_of(to_pdf(certificate, VERA)))
    assert "Clock" in pdf_text(to_pdf(certificate, VERA))
    (tmp_path / "x.ttf").write_bytes(b"no font" * 100)
    for bad in (tmp_path / "x.ttf", tmp_path / "missing.ttf", tmp_path):
        with pytest.raises(Misconfigured, match="SOURCEMARK_CERTIFICATE_FONT"):
            to_pdf(certificate, bad)


@pytest.mark.skipif(
    shutil.which("zbarimg") is None, reason="zbarimg is not installed (Debian: apt-get install zbar-tools)"
)
def test_the_code_can_be_scanned(tmp_path: Path) -> None:
    certificate, _ = made(tmp_path, CLAIM)
    document = pypdfium2.PdfDocument(to_pdf(certificate))
    document[0].render(scale=2).to_pil().save(tmp_path / "page.png")
    document.close()
    done = subprocess.run(
        ["zbarimg", "-q", "--raw", tmp_path / "page.png"], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == certificate.code
