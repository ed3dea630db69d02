"""The text of PDF files, as PDFium extracts it: page after page, line ends and hyphens at line ends as they are."""

from __future__ import annotations

from typing import Any

from ..errors import LimitExceeded, UnreadableMedia
from ..model import Limits
from ..source import Source

# PDFium marks a hyphen that only breaks a word at the end of a line.
_REPLACEMENTS = {0x02: "\u00ad", 0xFFFE: "\u00ad", 0xFFFF: None, 0x00: None}


def extract(source: Source, limits: Limits) -> tuple[str, int]:
    """The text, pages apart by a line feed; text that is drawn invisibly (of a scanned page, by OCR) is text.

    Returns:
        The text, and 0: what a PDF hides is not told from what it shows.

    Raises:
        UnreadableMedia: ``encrypted_pdf``, ``damaged``, ``no_text``.
        LimitExceeded: ``too_many_pages``, ``too_large`` (of the text).
    """
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
    out: list[str] = []
    left = limits.max_text_bytes
    try:
        count = len(document)
        if count > limits.max_pages:
            raise LimitExceeded("too_many_pages", f"the PDF has {count} pages, more than {limits.max_pages}")
        for number in range(count):
            try:
                page = document[number]
            except pypdfium2.PdfiumError:
                continue  # one damaged page costs no other
            text = _page(page, left, limits.max_text_bytes)
            page.close()
            left -= len(text) + 1
            out.append(text)
    finally:
        document.close()
    return "\n".join(part for part in out if part), 0


def _page(page: Any, left: int, most: int) -> str:
    import pypdfium2

    try:
        textpage = page.get_textpage()
    except pypdfium2.PdfiumError:
        return ""
    try:
        if textpage.count_chars() > left:
            raise LimitExceeded("too_large", f"the text is longer than {most} characters; send it in parts")
        text = str(textpage.get_text_bounded(errors="replace"))
    finally:
        textpage.close()
    return text.translate(_REPLACEMENTS).replace("\r\n", "\n").replace("\r", "\n").strip()
