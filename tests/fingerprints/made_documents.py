"""Documents written by code: Word, PDF and EPUB with Chinese in them, and their bombs."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Override PartName="/word/document.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
CONTAINER = (
    '<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0"><rootfiles>'
    '<rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)


def zipped(parts: Mapping[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def docx(body: str, extra: Mapping[str, str | bytes] | None = None, prolog: str = '<?xml version="1.0"?>') -> bytes:
    """A Word document around the XML of its body."""
    main = (
        f'{prolog}<w:document xmlns:w="{_W}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
        f"<w:body>{body}</w:body></w:document>"
    )
    return zipped({"[Content_Types].xml": TYPES, "word/document.xml": main, **(extra or {})})


def paragraph(*runs: str) -> str:
    return f"<w:p>{''.join(runs)}</w:p>"


def notes(kind: str, *texts: str) -> str:
    inner = "".join(f'<w:{kind} w:id="{n}">{paragraph(run(text))}</w:{kind}>' for n, text in enumerate(texts, 1))
    rule = f'<w:{kind} w:type="separator" w:id="0">{paragraph(run("never shown"))}</w:{kind}>'
    return f'<w:{kind}s xmlns:w="{_W}">{rule}{inner}</w:{kind}s>'


def epub(chapters: Sequence[str], extra: Mapping[str, str | bytes] | None = None) -> bytes:
    """A book whose files are in another order than its spine."""
    items = "".join(
        f'<item id="c{n}" href="text/c%20{n}.xhtml" media-type="application/xhtml+xml"/>' for n in range(len(chapters))
    )
    spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    package = (
        f'<package xmlns="http://www.idpf.org/2007/opf"><manifest>{items}</manifest><spine>{spine}</spine></package>'
    )
    parts: dict[str, str | bytes] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": CONTAINER,
        "OEBPS/book.opf": package,
    }
    for number, chapter in reversed(list(enumerate(chapters))):
        parts[f"OEBPS/text/c {number}.xhtml"] = (
            '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/>'
            f"<style/></head><body>{chapter}</body></html>"
        )
    return zipped({**parts, **(extra or {})})


def pdf(pages: Sequence[Sequence[str]], password: str | None = None, owner: str | None = None) -> bytes:
    """A PDF with lines of text on its pages; Chinese in one of Adobe's standard fonts, which need no embedding."""
    from reportlab.lib.pdfencrypt import StandardEncryption

    out = io.BytesIO()
    lock = None
    if password is not None or owner is not None:
        lock = StandardEncryption(password or "", owner or password, strength=128)
    canvas = Canvas(out, encrypt=lock)
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    for lines in pages:
        for number, line in enumerate(lines):
            canvas.setFont("Helvetica" if line.isascii() else "STSong-Light", 12)
            canvas.drawString(60, 780 - 20 * number, line)
        canvas.rect(50, 50, 10, 10)
        canvas.showPage()
    canvas.save()
    return out.getvalue()
