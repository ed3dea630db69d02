"""The text of PDF files, as PDFium extracts it: page after page, line ends and hyphens at line ends as they are."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import Any

from ..errors import LimitExceeded, UnreadableMedia
from ..model import Limits
from ..source import Source
from .embedded import MAX_PICTURES, Embedded
from .text_limit import TextLimit

_MAX_DEPTH = 8  # forms within forms that pictures are looked for in
_LEAST_SIDE = 32  # pixels; what is smaller is an ornament
_MAX_PIXELS = 50_000_000  # of a picture that has to be compressed anew
_MAX_TYPED = 5000  # annotations of a page that are looked at
_NOTHING = 2  # bytes of an empty string, with its end
_BELOW = 40.0  # points below a picture in which its caption begins
# PDFium marks a hyphen that only breaks a word at the end of a line.
_REPLACEMENTS: dict[int, str | None] = {0x02: "\u00ad", 0xFFFE: "\u00ad", 0xFFFF: None, 0x00: None}


def extract(source: Source, limits: Limits) -> tuple[str, int]:
    """The text, pages apart by a line feed; text that is drawn invisibly (of a scanned page, by OCR) is text.

    Returns:
        The text, and 0: what a PDF hides is not told from what it shows.

    Raises:
        UnreadableMedia: ``encrypted_pdf``, ``damaged``, ``no_text``.
        LimitExceeded: ``too_many_pages``, ``too_large`` (of the text).
    """
    out: list[str] = []
    limit = TextLimit(limits)
    for page in _pages(source, limits):
        with _textpage(page) as textpage:
            text = _with_typed(_text(textpage, limit), page, limit)
        limit.left -= len(text) + 1
        out.append(text)
    return "\n".join(part for part in out if part), 0


def pictures(source: Source, limits: Limits) -> Iterator[Embedded]:
    """The pictures on the pages, in the order in which they are drawn. Raises as `extract` does."""
    from pypdfium2 import raw

    start = 0
    for number, page in enumerate(_pages(source, limits), 1):
        with _textpage(page) as textpage:
            text = _text(textpage, TextLimit(limits))
            found = islice(page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=_MAX_DEPTH), MAX_PICTURES + 1)
            for place, picture in enumerate(found, 1):
                if min(picture.get_px_size()) >= _LEAST_SIDE:
                    at = start + _caption_place(textpage, picture, text)
                    yield Embedded(f"page-{number}-{place}", at, partial(_image, picture))
        whole = _with_typed(text, page, TextLimit(limits))
        start += len(whole) + 1 if whole else 0


def _image(picture: Any) -> bytes:
    """A picture as a file: JPEG and JPEG 2000 as they are, others as PNG."""
    import pypdfium2

    filters = picture.get_filters()
    try:
        if filters and filters[-1] in ("DCTDecode", "JPXDecode"):
            return bytes(picture.get_data(decode_simple=True))
        width, height = picture.get_px_size()
        if width * height > _MAX_PIXELS:
            raise LimitExceeded("too_many_pixels", f"a picture of the PDF has more than {_MAX_PIXELS} pixels")
        out = io.BytesIO()
        picture.get_bitmap(render=False).to_pil().convert("RGB").save(out, "PNG", compress_level=1)
        return out.getvalue()
    except (pypdfium2.PdfiumError, ValueError, OSError) as error:
        raise UnreadableMedia("damaged", f"a picture of the PDF is damaged ({str(error)[:100]})") from None


def _caption_place(textpage: Any, picture: Any, text: str) -> int:
    """Where in the text of a page the line begins that stands right below a picture; the end where there is none."""
    import pypdfium2

    if textpage is None:
        return len(text)
    try:
        left, bottom, right, _ = picture.get_bounds()
        below = str(textpage.get_text_bounded(left, bottom - _BELOW, right, bottom, errors="replace"))
    except pypdfium2.PdfiumError:
        return len(text)
    line = below.translate(_REPLACEMENTS).strip().partition("\r")[0].partition("\n")[0]
    at = text.find(line) if line else -1
    return at if at >= 0 else len(text)


def _pages(source: Source, limits: Limits) -> Iterator[Any]:
    """The pages of a PDF, each until the next is asked for; a damaged one is left out. Raises as `extract` does."""
    import pypdfium2
    from pypdfium2 import raw

    data = source.read(limits.max_bytes)
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        code = getattr(error, "err_code", None)
        if code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY) or b"/Encrypt" in data:
            raise UnreadableMedia("encrypted_pdf", "the PDF is encrypted; save it without a password") from None
        raise UnreadableMedia("damaged", "the PDF is damaged; save or print it to a new PDF") from None
    try:
        count = len(document)
        if count > limits.max_pages:
            raise LimitExceeded("too_many_pages", f"the PDF has {count} pages, more than {limits.max_pages}")
        for number in range(count):
            try:
                page = document[number]
            except pypdfium2.PdfiumError:
                continue  # one damaged page costs no other
            yield page
            page.close()
    finally:
        document.close()


@contextmanager
def _textpage(page: Any) -> Iterator[Any]:
    """The text of a page with its places; None where it is damaged."""
    import pypdfium2

    try:
        textpage = page.get_textpage()
    except pypdfium2.PdfiumError:
        textpage = None
    try:
        yield textpage
    finally:
        if textpage is not None:
            textpage.close()


def _with_typed(text: str, page: Any, limit: TextLimit) -> str:
    return "\n".join(filter(None, (text, *_typed(page, limit))))


def _typed(page: Any, limit: TextLimit) -> Iterator[str]:
    """What was typed on a page: into its form's fields (ISO 32000-1, 12.7.4.3) and as free text (12.5.6.6)."""
    from pypdfium2 import raw

    for number in range(min(raw.FPDFPage_GetAnnotCount(page), _MAX_TYPED)):
        annotation = raw.FPDFPage_GetAnnot(page, number)
        if not annotation:
            continue
        try:
            key = {raw.FPDF_ANNOT_FREETEXT: b"Contents", raw.FPDF_ANNOT_WIDGET: b"V"}.get(
                raw.FPDFAnnot_GetSubtype(annotation)
            )
            hidden = raw.FPDFAnnot_GetFlags(annotation) & (raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW)
            size = raw.FPDFAnnot_GetStringValue(annotation, key, None, 0) if key and not hidden else 0
            if size > _NOTHING:
                limit.check(size // 2)
                held = (raw.FPDF_WCHAR * (size // 2))()
                raw.FPDFAnnot_GetStringValue(annotation, key, held, size)
                text = bytes(held).decode("utf-16-le", "replace").rstrip("\0")
                yield text.translate(_REPLACEMENTS).replace("\r\n", "\n").replace("\r", "\n").strip()
        finally:
            raw.FPDFPage_CloseAnnot(annotation)


def _text(textpage: Any, limit: TextLimit) -> str:
    if textpage is None:
        return ""
    limit.check(textpage.count_chars())
    text = str(textpage.get_text_bounded(errors="replace"))
    return text.translate(_REPLACEMENTS).replace("\r\n", "\n").replace("\r", "\n").strip()
