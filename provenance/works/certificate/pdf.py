"""A certificate as a PDF of one or two A4 pages.

All fonts are embedded (`fonts`), so that the page looks the same everywhere and for ever. A letter that no font has is
shown by its Unicode number, never left out.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, Image, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from . import fonts
from .content import Certificate
from .fonts import Font

_GREY = HexColor("#555555")
_ALWAYS = "".join(map(chr, range(0x20, 0x7F)))  # of the first font: styles and numbers by code need a base
_lock = threading.Lock()  # the library knows fonts by name for the whole process


def _register(font: TTFont) -> None:
    """In the place of the font that had its name: `pdfmetrics.registerFont` would keep the one of the page before."""
    pdfmetrics._fonts[font.fontName] = font
    pdfmetrics.registerFontFamily(font.fontName)


class _Setter:
    """Chooses fonts, and registers them with the letters that a certificate needs."""

    def __init__(self, texts: Iterable[str], own: Path | None) -> None:
        """Raises `Misconfigured` for a file of one's own that cannot be embedded."""
        self._own = own
        self._names: dict[Font, str] = {}
        needed: dict[Font, set[str]] = {fonts.choice("", own)[0]: set(_ALWAYS)}
        for text in texts:
            for font, run in self._runs(text):
                if font is not None:
                    needed.setdefault(font, set()).update(run)
        for number, (font, letters) in enumerate(needed.items()):
            self._names[font] = f"Certificate{number}"
            _register(TTFont(self._names[font], io.BytesIO(fonts.embeddable(font, sorted(letters)))))

    @property
    def base(self) -> str:
        return next(iter(self._names.values()))

    def _runs(self, text: str) -> list[tuple[Font | None, str]]:
        asked = fonts.choice(text, self._own)

        def font_of(character: str) -> Font | None:
            return next((font for font in asked if ord(character) in fonts.characters(font)), None)

        return [(font, "".join(run)) for font, run in groupby(text, font_of)]

    def __call__(self, text: str) -> str:
        """The text in reportlab's markup, each run in a font that has its letters."""
        out = []
        for font, run in self._runs(text):
            if font is None:
                out.append("".join(f"[U+{ord(letter):04X}]" for letter in run))
            else:
                out.append(f'<font name="{self._names[font]}">{escape(run)}</font>')
        return "".join(out)


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


def to_pdf(certificate: Certificate, font: Path | None = None) -> bytes:
    """The same bytes for the same certificate.

    Args:
        font: a font file of one's own, TrueType or OpenType, to ask first for every letter.

    Raises:
        Misconfigured: that is not such a file.
    """
    with _lock:
        return _built(certificate, _Setter(certificate.texts(), font))


def _built(certificate: Certificate, marked: _Setter) -> bytes:
    def style(size: float, **more: Any) -> ParagraphStyle:
        return ParagraphStyle("s", fontName=marked.base, fontSize=size, leading=size * 1.35, wordWrap="CJK", **more)

    tight = _tight(marked.base)
    plain, label, small = style(9.5), style(9.5, textColor=_GREY), style(8)
    heading = style(11, spaceBefore=8, spaceAfter=2)
    width = A4[0] - 40 * mm - 12  # the frame's own padding
    story: list[Any] = [_head(certificate, Paragraph(marked(certificate.title), style(20)), width, tight)]
    for name, rows in certificate.sections:
        story.append(Paragraph(marked(name), heading))
        cells = [
            [Paragraph(marked("" if number else each), label), Paragraph(marked(value), plain)]
            for each, values in rows
            for number, value in enumerate(values)
        ]
        if cells:
            story.append(Table(cells, [40 * mm, width - 40 * mm], style=tight, hAlign="LEFT", splitInRow=1))
    story.append(Paragraph(marked(certificate.checks_title), heading))
    for mark, name, detail in certificate.checks:
        story.append(Paragraph(marked(certificate.check_line(mark, name, detail)), small))
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
        initialFontName=marked.base,
    ).build(story)
    return out.getvalue()


def _head(certificate: Certificate, title: Paragraph, width: float, tight: TableStyle) -> Table:
    """Title, the picture of the work where there is one, and the code."""
    shown: list[Any] = [title]
    columns = [width - 36 * mm, 36 * mm]
    if certificate.picture is not None:
        picture = Image(io.BytesIO(certificate.picture.data), hAlign="RIGHT")
        picture._restrictSize(44 * mm, 34 * mm)
        shown.append(picture)
        columns = [width - 84 * mm, 48 * mm, 36 * mm]
    return Table([[*shown, _Code(certificate, 34 * mm)]], columns, style=tight, hAlign="LEFT")


def _tight(base: str) -> TableStyle:
    return TableStyle(
        [
            ("FONTNAME", (0, 0), (-1, -1), base),  # else the page refers to a font that is not embedded
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("TOPPADDING", (0, 0), (-1, -1), 1),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ]
    )
