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


# --- with pictures ---------------------------------------------------------------------------------------------------
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"


def blip(relation: str) -> str:
    """A run that shows the picture of a relationship."""
    return (
        f'<w:r><w:drawing><a:blip xmlns:a="{_DRAWING}" xmlns:r="{_RELATION}" r:embed="{relation}"/></w:drawing></w:r>'
    )


def _relations(targets: Mapping[str, str]) -> str:
    listed = "".join(
        f'<Relationship Id="{key}" Type="{_RELATION}/image" Target="{target}"/>' for key, target in targets.items()
    )
    return (
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{listed}</Relationships>'
    )


def illustrated_docx(body: str, pictures: Mapping[str, bytes], outside: Mapping[str, str] | None = None) -> bytes:
    """A Word document whose relationships are the names of its pictures.

    Args:
        outside: further relationships, to what is not in the file.
    """
    targets = {name: f"media/{name}" for name in pictures}
    media = {f"word/media/{name}": data for name, data in pictures.items()}
    return docx(body, {"word/_rels/document.xml.rels": _relations({**targets, **(outside or {})}), **media})


def pptx(slides: Sequence[tuple[str, str | None]], pictures: Mapping[str, bytes]) -> bytes:
    """Slides of a line of text and a picture above it, by its name; the parts are numbered against their order."""
    kind = "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"
    names = [f"slide{len(slides) - n}.xml" for n in range(len(slides))]
    ids = "".join(f'<p:sldId id="{256 + n}" r:id="s{n}"/>' for n in range(len(slides)))
    space = f'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:r="{_RELATION}"'
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": TYPES.replace("/word/document.xml", "/ppt/presentation.xml").replace(
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml", kind
        ),
        "ppt/presentation.xml": f"<p:presentation {space}><p:sldIdLst>{ids}</p:sldIdLst></p:presentation>",
        "ppt/_rels/presentation.xml.rels": _relations({f"s{n}": f"slides/{name}" for n, name in enumerate(names)}),
        **{f"ppt/media/{name}": data for name, data in pictures.items()},
    }
    for name, (text, picture) in zip(names, slides, strict=True):
        shown = "" if picture is None else f'<a:blip r:embed="{picture}"/>'
        parts[f"ppt/slides/{name}"] = (
            f'<p:sld {space} xmlns:a="{_DRAWING}"><p:cSld>{shown}<a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:cSld></p:sld>'
        )
        if picture is not None:
            parts[f"ppt/slides/_rels/{name}.rels"] = _relations({picture: f"../media/{picture}"})
    return zipped(parts)


def illustrated_pdf(pages: Sequence[Sequence[str | bytes]]) -> bytes:
    """A PDF of pages with lines of text and pictures below each other."""
    from reportlab.lib.utils import ImageReader

    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(400, 800))
    for page in pages:
        top = 760
        for item in page:
            if isinstance(item, bytes):
                canvas.drawImage(ImageReader(io.BytesIO(item)), 40, top - 200, 260, 200)
                top -= 220
            else:
                canvas.drawString(40, top, item)
                top -= 20
        canvas.showPage()
    canvas.save()
    return out.getvalue()
