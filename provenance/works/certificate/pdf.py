"""A certificate as a PDF of one or two A4 pages.

A font file that the installation names is embedded, so that the page looks the same everywhere and for ever. Without
one, Latin letters are set in Helvetica and all else in the CJK fonts that most PDF readers supply for the four standard
character collections. A letter that no font has is shown by its Unicode number, never left out.
"""

from __future__ import annotations

import hashlib
import io
import struct
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from ...errors import Misconfigured
from .content import Certificate

_LATIN = "Helvetica"
_FONTS = (("gbk", "STSong-Light"), ("big5", "MSung-Light"), ("cp949", "HYSMyeongJo-Medium"), ("cp932", "HeiseiMin-W3"))
_TICK = '<font name="ZapfDingbats">3</font>'
_GREY = HexColor("#555555")


@cache
def _register() -> None:
    for _, name in _FONTS:
        registerFont(UnicodeCIDFont(name))


@cache
def _embedded(path: Path) -> tuple[str, frozenset[int]]:
    """Name and characters of a font file; raises `Misconfigured`."""
    name = f"Embedded{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"
    try:
        font = TTFont(name, str(path))
    except (TTFError, OSError, ValueError, struct.error) as error:
        raise Misconfigured(
            f"SOURCEMARK_CERTIFICATE_FONT: {path} is not a TrueType font that can be embedded ({error})"
        ) from error
    registerFont(font)
    return name, frozenset(font.face.charToGlyph)


class _Setter:
    """Chooses fonts."""

    def __init__(self, font: Path | None) -> None:
        _register()
        self._name, self._has = _embedded(font) if font is not None else ("", frozenset())

    def _font(self, character: str) -> str | None:
        if ord(character) in self._has:
            return self._name
        if " " <= character <= "~" or (character > "\xa0" and _encodes(character, "cp1252")):
            return _LATIN
        return next((name for encoding, name in _FONTS if _encodes(character, encoding)), None)

    def __call__(self, text: str) -> str:
        """The text in reportlab's markup, each run in a font that has its letters."""
        out = []
        for font, run in groupby(text, self._font):
            letters = "".join(run)
            if font is None:
                out.append("".join(f"[U+{ord(letter):04X}]" for letter in letters))
            elif font == _LATIN:
                out.append(escape(letters))
            else:
                out.append(f'<font name="{font}">{escape(letters)}</font>')
        return "".join(out)


def _encodes(character: str, encoding: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


class _Code(Flowable):  # type: ignore[misc]
    """The QR code, drawn."""

    def __init__(self, certificate: Certificate, side: float) -> None:
        super().__init__()
        self._rows = [list(row) for row in certificate.qr().matrix_iter(border=2)]
        self.width = self.height = side
        self.hAlign = "RIGHT"

    def draw(self) -> None:
        step = self.width / len(self._rows)
        for y, row in enumerate(self._rows):
            for x, dark in enumerate(row):
                if dark:
                    self.canv.rect(x * step, self.height - (y + 1) * step, step, step, stroke=0, fill=1)


def _style(size: float, **more: Any) -> ParagraphStyle:
    return ParagraphStyle("s", fontName=_LATIN, fontSize=size, leading=size * 1.35, wordWrap="CJK", **more)


def to_pdf(certificate: Certificate, font: Path | None = None) -> bytes:
    """The same bytes for the same certificate.

    Args:
        font: a TrueType file to embed; None embeds nothing.

    Raises:
        Misconfigured: that is not such a file.
    """
    marked = _Setter(font)
    plain, label, small = _style(9.5), _style(9.5, textColor=_GREY), _style(8)
    heading = _style(11, spaceBefore=8, spaceAfter=2)
    width = A4[0] - 40 * mm - 12  # the frame's own padding
    head = [[Paragraph(marked(certificate.title), _style(20)), _Code(certificate, 34 * mm)]]
    story: list[Any] = [Table(head, [width - 36 * mm, 36 * mm], style=_TIGHT, hAlign="LEFT")]
    for name, rows in certificate.sections:
        story.append(Paragraph(marked(name), heading))
        cells = [
            [Paragraph(marked("" if number else each), label), Paragraph(marked(value), plain)]
            for each, values in rows
            for number, value in enumerate(values)
        ]
        if cells:
            story.append(Table(cells, [40 * mm, width - 40 * mm], style=_TIGHT, hAlign="LEFT", splitInRow=1))
    story.append(Paragraph(marked(certificate.checks_title), heading))
    for mark, name, detail in certificate.checks:
        tick = _TICK if mark == "✓" else marked(mark)
        story.append(Paragraph(f"{tick} {marked(f'{name}: {detail}')}", small))
    story += [Spacer(1, 6 * mm), Paragraph(marked(certificate.note), small)]
    out = io.BytesIO()
    SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=20 * mm,
        rightMargin=20 * mm,
        topMargin=18 * mm,
        bottomMargin=18 * mm,
        title=certificate.title,
        lang={"en": "en", "zh": "zh-Hans"}[certificate.language],
        invariant=1,
    ).build(story)
    return out.getvalue()


_TIGHT = TableStyle(
    [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 1),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ]
)
