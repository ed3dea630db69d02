"""From the bytes of a text to the code points that a reader sees.

Every medium of text comes through here: plain text in any encoding, HTML, Markdown, and documents whose text a library
takes out. Whatever is seen stands at the place where it was submitted, so that a span of it is a span of the text.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import sniff
from ..errors import LimitExceeded, UnreadableMedia
from ..model import Limits, TextFormat
from ..source import Source
from ..unicode.charset import decode
from ..unicode.folding import CodePoints, code_points
from . import html, markdown

DOCUMENTS = frozenset({"docx", "pdf", "epub", "pptx"})


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """One text, read.

    Attributes:
        text: as submitted: the decoded bytes without their byte order mark, or what the document holds; spans count
            its code points.
        encoding: of the bytes (``utf-8``, ``gb18030`` ...); empty for documents.
        format: plain, html, markdown, docx, pptx, pdf or epub.
        seen: shape (len(text),): the code points, with zero for what a reader does not see; a character reference is
            its characters followed by zeros, an HTML tag that breaks the line is a line feed followed by zeros.
        hidden: letters and digits that the document holds as text but does not show.
        by_script: text that only the page's script may show is taken for shown.
    """

    text: str
    encoding: str
    format: str
    seen: NDArray[np.uint32]
    hidden: int
    by_script: bool = False


def read(source: Source, limits: Limits, format: str | None = None) -> Reading:
    """Read a text.

    Args:
        source: the file; its declared format holds, where it has one.
        limits: ``max_text_bytes`` and what documents may unpack to.
        format: as `sniff.sniff` names it, where it was asked already.

    Raises:
        UnreadableMedia: ``empty``, ``undecodable``, ``nul_bytes``, ``lone_surrogate``; of documents ``truncated``,
            ``damaged``, ``encrypted``, ``encrypted_pdf``, ``no_text``; ``mislabelled`` if it is no text.
        UnsupportedMedium: what `sniff.sniff` says.
        LimitExceeded: ``too_large``, and of documents ``unpacked_too_large``, ``too_many_entries``, ``too_many_pages``.
    """
    if source.declared is not None:
        format = source.declared
    elif format is None:
        medium, format = sniff.sniff(source)
        if medium != "text":
            raise UnreadableMedia("mislabelled", f"this is {medium} ({format}), not text")
    if format in DOCUMENTS:
        return _document(source, format, limits)
    if source.size > limits.max_text_bytes:
        raise LimitExceeded("too_large", f"the text is larger than {limits.max_text_bytes} bytes; send it in parts")
    text, encoding = _decoded(source.read(limits.max_text_bytes), source.declared)
    if source.declared is None and format == "plain" and markdown.is_markdown(text):
        format = "markdown"
    return Reading(text, encoding, format, *_seen(text, format))


def _decoded(data: bytes, declared: TextFormat | None) -> tuple[str, str]:
    """Text and encoding; what was sent as text is UTF-8, unless it holds what no encoding can."""
    if declared is not None:
        try:
            data.decode()
        except UnicodeDecodeError:
            raise UnreadableMedia(
                "undecodable", "the text holds half of a surrogate pair, which is not Unicode text"
            ) from None
    return decode(data)


def _seen(text: str, format: str) -> tuple[CodePoints, int, bool]:
    points = code_points(text)
    if format == "html":
        return html.visible_in_the_end(text, points)
    if format == "markdown":
        return *markdown.visible(text, points), False
    return (html.references(text, points) if "&" in text else points), 0, False


def _document(source: Source, format: str, limits: Limits) -> Reading:
    # Their libraries take a while to import and most files are none of these.
    if format == "pdf":
        from .pdf import extract
    elif format == "docx":
        from .docx import extract
    elif format == "pptx":
        from .pptx import extract
    else:
        from .epub import extract
    text, hidden = extract(source, limits)
    if not any(map(str.isalnum, text)):
        raise UnreadableMedia("no_text", f"the {format.upper()} holds no text, only pictures; send those as pictures")
    if text.count("\x00"):
        text = text.replace("\x00", "\ufffd")
    return Reading(text, "", format, code_points(text), hidden)
