"""The fonts of a certificate: of each only the letters that the page needs, as TrueType outlines that a PDF can hold.

Two come as wheels, under the SIL Open Font License 1.1, which leaves documents that embed a font alone: Noto Sans CJK
(Chinese, Japanese and Korean; the same file as in Debian's fonts-noto-cjk) and Noto Sans (other Latin, Greek and
Cyrillic letters). An installation may name a file of its own, which is asked first.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import fontpkg_noto_sans
import noto_cjk_sans_otc
from fontTools import subset
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont, TTLibError, newTable

from ...errors import Misconfigured

_CURVE_ERROR = 0.001  # of an em: how far a quadratic curve may run from the cubic one that it stands for
# What lays out, hints or varies: a page of single letters in one weight needs none of it.
_NEEDLESS = (
    "BASE", "GDEF", "GPOS", "GSUB", "VORG", "vhea", "vmtx",
    "DSIG", "STAT", "HVAR", "MVAR", "avar", "fvar", "gvar",
)  # fmt: skip
# Of a TrueType font's `maxp` table: what programs of hinting and composed glyphs need.
_UNUSED_LIMITS = (
    "TwilightPoints", "Storage", "FunctionDefs", "InstructionDefs",
    "StackElements", "SizeOfInstructions", "ComponentElements",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Font:
    """A font file.

    Attributes:
        number: of the face in a collection.
    """

    path: Path
    number: int = 0


_COLLECTION = Path(str(noto_cjk_sans_otc.FONT_PATH))
JAPANESE, KOREAN, SIMPLIFIED = Font(_COLLECTION, 0), Font(_COLLECTION, 1), Font(_COLLECTION, 2)
_OTHERS = Font(next((fontpkg_noto_sans.ROOT / "files").glob("NotoSans?wdth,wght?.ttf")))


def choice(text: str, own: Path | None) -> list[Font]:
    """The fonts for a text, in the order in which they are asked for a letter.

    Han characters have other forms in Japanese and in Korean, which kana and Hangul beside them give away. In a text
    without any of these the quotation marks and dots must not be as wide as a Han character.
    """
    if any("\u3040" <= c <= "\u30ff" for c in text):
        fonts = [JAPANESE, _OTHERS]
    elif any("\uac00" <= c <= "\ud7a3" for c in text):
        fonts = [KOREAN, _OTHERS]
    elif any("\u2e80" <= c <= "\u9fff" or c > "\uffff" for c in text):
        fonts = [SIMPLIFIED, _OTHERS]
    else:
        fonts = [_OTHERS, SIMPLIFIED]
    return fonts if own is None else [Font(own), *fonts]


@cache
def characters(font: Font) -> frozenset[int]:
    """The code points that a font has a letter for; raises `Misconfigured` for what is no font."""
    with _opened(font) as file:
        if not {"glyf", "CFF ", "CFF2"} & set(file.keys()):
            raise _misconfigured(font, "it has no outlines")
        return frozenset(file.getBestCmap() or ())


def described(font: Font) -> str:
    """Name and version for a person; raises `Misconfigured`."""
    with _opened(font) as file:
        names = file["name"]
        return " ".join(str(names.getDebugName(number) or "").split(";")[0] for number in (4, 5)).strip()


def embeddable(font: Font, letters: Iterable[str]) -> bytes:
    """A TrueType file with these letters only; the same bytes for the same letters. Raises `Misconfigured`."""
    options = subset.Options(
        layout_features=[], hinting=False, notdef_outline=True, desubroutinize=True, recalc_timestamp=False
    )
    options.drop_tables = [*options.drop_tables, *_NEEDLESS]
    with _opened(font) as file:
        chosen = subset.Subsetter(options)
        chosen.populate(unicodes=[ord(letter) for letter in letters])
        chosen.subset(file)
        if "glyf" not in file:
            _to_quadratic(file)
        out = io.BytesIO()
        file.save(out)
    return out.getvalue()


@contextmanager
def _opened(font: Font) -> Iterator[TTFont]:
    try:
        with font.path.open("rb") as data:
            yield TTFont(data, fontNumber=font.number, lazy=True, recalcTimestamp=False)
    except (TTLibError, OSError, ValueError, KeyError, subset.Subsetter.SubsettingError, struct.error) as error:
        raise _misconfigured(font, str(error)) from error


def _misconfigured(font: Font, why: str) -> Misconfigured:
    return Misconfigured(f"SOURCEMARK_CERTIFICATE_FONT: {font.path} is not a font that can be embedded ({why})")


def _to_quadratic(file: TTFont) -> None:
    """PostScript outlines (CFF) as TrueType ones, which is what the PDF library embeds."""
    order, drawn = file.getGlyphOrder(), file.getGlyphSet()
    glyphs = {}
    for name in order:
        pen = TTGlyphPen(drawn)
        drawn[name].draw(Cu2QuPen(pen, file["head"].unitsPerEm * _CURVE_ERROR, reverse_direction=True))
        glyphs[name] = pen.glyph()
    table = file["glyf"] = newTable("glyf")
    table.glyphOrder, table.glyphs = order, glyphs
    file["loca"] = newTable("loca")
    for name in order:
        glyphs[name].recalcBounds(table)
        file["hmtx"][name] = (file["hmtx"][name][0], getattr(glyphs[name], "xMin", 0))
    for cff in ("CFF ", "CFF2"):
        if cff in file:
            del file[cff]
    limits = file["maxp"]
    limits.tableVersion = 0x00010000
    for name in _UNUSED_LIMITS:
        setattr(limits, f"max{name}", 0)
    limits.maxZones = 1
    file["post"].formatType = 3.0
    file.sfntVersion = "\x00\x01\x00\x00"
