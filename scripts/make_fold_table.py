"""Make fingerprints/unicode/fold-2.npz, the frozen table that folds every Unicode code point.

Run it once for a version of the table and commit the result; a change of any entry is a new file and a new version of
the text algorithm, because fingerprints made with different tables cannot be compared. The table is data so that the
fold does not depend on the Unicode version of the Python that runs it.

    python scripts/make_fold_table.py fingerprints/unicode/fold-2.npz

Per code point: compatibility decomposition (UAX 15; Hangul syllables stay whole), case folding, diacritics dropped,
OpenCC traditional -> simplified for a single character, radicals as the
characters they look like, decimal digits as ASCII, letters and numbers only.
"""

from __future__ import annotations

import sys
import unicodedata
from pathlib import Path

import numpy as np
import opencc

INVISIBLE, SEPARATOR, POOLED = 0, 1, 0x8000_0000
# Vowel signs, viramas, tone marks and kana voicing carry the word; every other mark is decoration on a letter.
KEPT_COMBINING_CLASSES = {0, 8, 9, 84, 91, 103, 107, 118, 122, 129, 130, 132}
# Default_Ignorable_Code_Point that are not in category Cf (DerivedCoreProperties.txt).
IGNORABLE = {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2065, 0x3164, 0xFFA0}
IGNORABLE |= {*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xFFF0, 0xFFF9), *range(0xE0000, 0xE1000)}

# CJK Radicals Supplement: no decomposition is defined for them, but they look like the character and are used for it
# (UCD, EquivalentUnifiedIdeograph.txt has them all; these are the ones that stand alone in text).
RADICALS = dict(
    zip(
        "⺁⺄⺇⺊⺌⺒⺓⺗⺘⺛⺜⺝⺟⺠⺢⺥⺧⺩⺪⺫⺬⺮⺳⺷⺻⺼⺽⻁⻄⻅⻆⻇⻉⻊⻋⻐⻑⻓⻔⻕⻗⻘⻙⻚⻛⻜⻝⻞⻡⻢⻣⻤⻥⻦⻧⻨⻩⻪⻬⻮⻰⻳",
        "厂乙几卜小巳幺心手旡日月母民水爪牛王疋目示竹网羊聿月臼虎西见角角贝足车金长长门阜雨青韦页风飞食食首马骨鬼鱼鸟卤麦黄黾齐齿龙龟",
        strict=True,
    )
)


def decompose(text: str) -> str:
    return "".join(c if "\uac00" <= c <= "\ud7a3" else unicodedata.normalize("NFKD", c) for c in text)


def kept(char: str) -> bool:
    category = unicodedata.category(char)
    if ord(char) in IGNORABLE:
        return False
    if category == "Mn":
        return unicodedata.combining(char) in KEPT_COMBINING_CLASSES
    return category[0] in "LN" or category == "Mc"


def fold(char: str, converter: opencc.OpenCC) -> str:
    """The units of one code point: a fixed point of all the rules."""
    text = RADICALS.get(char, char)
    while True:
        folded = "".join(c for c in decompose(decompose(text).casefold()) if kept(c))
        folded = "".join(converter.convert(c) for c in folded)
        folded = "".join(str(d) if (d := unicodedata.decimal(c, None)) is not None else c for c in folded)
        if folded == text:
            return folded
        text = folded


def invisible(char: str) -> bool:
    return ord(char) in IGNORABLE or unicodedata.category(char) in ("Mn", "Me", "Cf")


def main(out: Path) -> None:
    converter = opencc.OpenCC("t2s")
    table = np.zeros(0x110000, dtype=np.uint32)
    pool: list[int] = []
    places: dict[str, int] = {}
    for cp in range(0x110000):
        char = chr(cp)
        units = "" if 0xD800 <= cp < 0xE000 else fold(char, converter)
        if not units:
            table[cp] = INVISIBLE if invisible(char) else SEPARATOR
        elif len(units) == 1:
            table[cp] = ord(units)
        else:
            if units not in places:
                places[units] = len(pool)
                pool.extend(map(ord, units))
            table[cp] = POOLED | places[units] << 8 | len(units)
    np.savez_compressed(out, table=table, pool=np.array(pool, dtype=np.uint32))
    sys.stdout.write(
        f"{out}: {len(pool)} pooled units, Unicode {unicodedata.unidata_version}, {out.stat().st_size} bytes\n"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
