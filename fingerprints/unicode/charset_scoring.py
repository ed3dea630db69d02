"""How much better a decoding reads as a language than its bytes do as chance, in bits.

A decoding is right when the language explains the bytes best. So each is given the length, in bits, of its text under
models of what Chinese, Japanese, Korean, Cyrillic and Western European texts are made of (classes of characters by how
frequent they are, and which scripts follow each other), and the best is compared with bytes drawn at random: the
minimum description length principle (Rissanen 1978). Bytes of no text gain k bits with a probability of at most about
2**-k.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

from . import charset_tables
from .folding import code_points, fold_units
from .scripts import HAN, HANGUL, KANA, script_of

Costs = NDArray[np.float32]

_CHINESE, _JAPANESE, _KOREAN, _CYRILLIC, _LATIN, _OTHER, _LIST = range(7)
# Bits of one character of each kind, by language; from the share a kind has and how many characters share it.
# In the last, a list of rare Chinese words, no character of the standard is likelier than another.
#                  zh    ja    ko    ru    west  other list
_KINDS = {
    "first": (8.7, 10.0, 16.0, 24.0, 24.0, 24.0, 12.9),  # most frequent Han
    "second": (10.7, 11.5, 17.0, 24.0, 24.0, 24.0, 12.9),
    "level 1": (13.6, 15.5, 18.0, 24.0, 24.0, 24.0, 12.9),  # Han of the standards' first levels
    "level 2": (17.4, 19.0, 20.0, 24.0, 24.0, 24.0, 12.9),
    "rare": (21.5, 23.0, 23.0, 26.0, 26.0, 26.0, 21.5),
    "hiragana": (16.0, 5.6, 20.0, 24.0, 24.0, 24.0, 24.0),
    "small kana": (18.0, 9.0, 21.0, 24.0, 24.0, 24.0, 24.0),
    "katakana": (18.0, 9.5, 21.0, 24.0, 24.0, 24.0, 24.0),
    "half kana": (20.0, 10.5, 22.0, 24.0, 24.0, 24.0, 24.0),
    "hangul 1": (20.0, 22.0, 7.0, 24.0, 24.0, 24.0, 24.0),
    "hangul 2": (21.0, 23.0, 9.8, 24.0, 24.0, 24.0, 24.0),
    "hangul 3": (22.0, 24.0, 13.6, 24.0, 24.0, 24.0, 24.0),
    "hangul 4": (24.0, 24.0, 19.0, 24.0, 24.0, 24.0, 24.0),
    "wide stop": (5.6, 5.6, 11.0, 16.0, 16.0, 14.0, 5.6),
    "wide ascii": (9.5, 10.0, 14.0, 18.0, 18.0, 18.0, 9.5),
    "symbol": (13.0, 13.0, 13.0, 12.0, 13.0, 12.0, 13.0),
    "letter": (17.0, 17.0, 18.0, 14.0, 13.0, 6.5, 17.0),  # of another alphabet
    "emoji": (13.0, 13.0, 13.0, 14.0, 14.0, 13.0, 13.0),
    "ascii": (6.0, 6.0, 6.0, 6.0, 6.0, 6.0, 6.0),
    "impossible": (22.0, 22.0, 22.0, 22.0, 22.0, 22.0, 22.0),  # controls, private use, unassigned
}
# Scripts as far as what follows what tells something.
_NONE, _ASCII, _HAN, _KANA, _HANGUL, _LOWER, _UPPER, _ACCENT, _ACCENT_UPPER, _FOREIGN, _HALF = range(11)
_FOLLOW_BITS = {
    (_HAN, _HANGUL): 3, (_HANGUL, _HAN): 3, (_KANA, _HANGUL): 6, (_HANGUL, _KANA): 6,
    (_ASCII, _HAN): 1.5, (_HAN, _ASCII): 1.5, (_ASCII, _HALF): 4, (_HALF, _ASCII): 4,
    (_HAN, _HALF): 6, (_HALF, _HAN): 6,
    (_KANA, _HALF): 5, (_HALF, _KANA): 5, (_HALF, _HALF): -1.5,
    (_ASCII, _LOWER): 6, (_ASCII, _UPPER): 6, (_LOWER, _ASCII): 6, (_UPPER, _ASCII): 6,
    (_LOWER, _UPPER): 7, (_UPPER, _UPPER): -2.5,
    (_ACCENT, _ACCENT): 3, (_ACCENT, _ACCENT_UPPER): 8, (_ACCENT_UPPER, _ACCENT): 5, (_ACCENT_UPPER, _ACCENT_UPPER): 4,
    (_ACCENT, _HAN): 8, (_HAN, _ACCENT): 8, (_ACCENT, _LOWER): 8, (_LOWER, _ACCENT): 8, (_FOREIGN, _HAN): 6,
    (_HAN, _FOREIGN): 6, (_FOREIGN, _ASCII): 2, (_ASCII, _FOREIGN): 2,
}  # fmt: skip
_NULL = np.full(256, 7.25, dtype=np.float32)
_NULL[0x20:0x7F] = 6.0
_NULL[[0x09, 0x0A, 0x0C, 0x0D]] = 6.0


def gain(text: str, data: bytes) -> float:
    """Bits by which a text is shorter in its likeliest language than its bytes are as chance; ASCII counts for nothing.

    Args:
        text: one decoding of the bytes.
        data: the bytes.
    """
    points = code_points(text)
    if not len(points):
        return 0.0
    low = np.minimum(points, 0xFFFF)
    costs, follows = _costs(), _follows()
    high = points >= 0x10000
    if high.any():
        # Emoji and the rare Han of the supplementary planes, else what no text is made of.
        emoji, rare = (points >= 0x1F000) & (points < 0x1FB00), (points >= 0x20000) & (points < 0x323B0)
        for mask, stand_in in ((high & ~emoji & ~rare, 0xFFFF), (emoji, 0x2B50), (rare, 0x3400)):
            low = np.where(mask, stand_in, low)
    scripts = _scripts()[low].astype(np.int64)
    pairs = np.bincount(scripts[:-1] * 16 + scripts[1:], minlength=256)
    bits = float(costs[low].sum(axis=0).min()) + float(pairs @ follows)
    chance = float(_NULL @ np.bincount(np.frombuffer(data, dtype=np.uint8), minlength=256))
    return chance - bits


@cache
def _follows() -> Costs:
    out = np.zeros(256, dtype=np.float32)
    for (first, second), bits in _FOLLOW_BITS.items():
        out[first * 16 + second] = bits
    return out


@cache
def _scripts() -> NDArray[np.uint8]:
    """The script of each code point of the basic plane, as far as `_FOLLOW_BITS` needs it."""
    plane = np.arange(0x10000, dtype=np.uint32)
    out = np.zeros(0x10000, dtype=np.uint8)
    families = script_of(plane)
    out[families == HAN], out[families == KANA], out[families == HANGUL] = _HAN, _KANA, _HANGUL
    for first, end in ((0x41, 0x5B), (0x61, 0x7B)):
        out[first:end] = _ASCII
    out[0xFF61:0xFFA0] = _HALF
    for place in range(0xC0, 0x250):
        char = chr(place)
        if char.isalpha():
            out[place] = _ACCENT_UPPER if char.isupper() else _ACCENT
    for place in range(0x400, 0x530):
        out[place] = _UPPER if chr(place).isupper() else _LOWER
    for first, end in ((0x370, 0x400), (0x530, 0x1100), (0x1200, 0x1E00), (0x1F00, 0x2000)):
        out[first:end] = _FOREIGN
    return out


@cache
def _costs() -> Costs:
    """Bits of each code point of the basic plane in each language, shape (65536, 7)."""
    out = np.empty((7, 0x10000), dtype=np.float32)
    kinds = _kinds()
    for kind, bits in _KINDS.items():
        out[:, kinds == list(_KINDS).index(kind)] = np.array(bits, dtype=np.float32)[:, None]
    out[_LIST, 0x3400:0xA000] = 21.5
    out[_LIST, [ord(c) for c in _row("gb2312", 0xB0, 0xF7)]] = 13.2
    out[_OTHER, 0x400:0x530] = 14.0  # Cyrillic has a model of its own
    out[_OTHER, 0x2000:] = np.maximum(out[_OTHER, 0x2000:], 13.0)
    for letters, language, case in ((charset_tables.CYRILLIC, _CYRILLIC, 3.0), (charset_tables.LATIN, _LATIN, 0.0)):
        for char, share in letters.items():
            bits_of_it = math.log2(1000 / share)
            out[language, ord(char)] = bits_of_it
            if case:
                out[language, ord(char.upper())] = bits_of_it + case
    for char in "«»—–“”„…№\u00a0":
        out[_CYRILLIC, ord(char)] = 6.5
    # What Windows-1252 has besides: possible, hardly used.
    for place in range(0xA0, 0x180):
        out[_LATIN, place] = min(out[_LATIN, place], 12.0)
    return np.ascontiguousarray(out.T)


@cache
def _kinds() -> NDArray[np.uint8]:
    names = list(_KINDS)
    out = np.full(0x10000, names.index("impossible"), dtype=np.uint8)
    for place in range(0xA0, 0xD800):
        char = chr(place)
        if char.isalpha():
            out[place] = names.index("letter")
        elif char.isprintable() or char.isspace() or 0x300 <= place < 0x370:
            out[place] = names.index("symbol")
    for place in (*range(0x20, 0x7F), 0x09, 0x0A, 0x0C, 0x0D):
        out[place] = names.index("ascii")
    for place in (*range(0x2600, 0x27C0), *range(0x2B00, 0x2C00), 0xFE0F, 0x200D, 0x200B, 0xFEFF):
        out[place] = names.index("emoji")
    out[0xFF01:0xFF5F] = names.index("wide ascii")
    out[0xFFE0:0xFFE7] = out[0xFE30:0xFE50] = names.index("symbol")
    out[0x3041:0x3100] = names.index("small kana")
    out[0x30A1:0x30FD] = names.index("katakana")
    out[0xFF61:0xFFA0] = names.index("half kana")
    out[0xAC00:0xD7A4] = names.index("hangul 4")
    _place_han(out, names)
    for chars, kind in (
        (_row("euc_kr", 0xB0, 0xC8), "hangul 3"),
        (charset_tables.HANGUL_SECOND, "hangul 2"),
        (charset_tables.HANGUL_FIRST, "hangul 1"),
        (charset_tables.HIRAGANA, "hiragana"),
        (charset_tables.PUNCTUATION, "wide stop"),
    ):
        out[[ord(c) for c in chars]] = names.index(kind)
    return out


def _place_han(out: NDArray[np.uint8], names: list[str]) -> None:
    """Sort Han into their kinds: a traditional form counts as its simplified one."""
    for first, end in ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0xF900, 0xFB00)):
        out[first:end] = names.index("rare")
    everything = np.arange(0x4E00, 0xA000, dtype=np.uint32)
    folded, where = fold_units(everything)
    simple = everything.copy()
    simple[where] = folded
    for chars, kind, own in (
        (_row("gb2312", 0xD8, 0xF7), "level 2", True),
        (_row("euc_jp", 0xD0, 0xF4) + _row("big5", 0xC9, 0xF9), "level 2", False),
        (_row("euc_jp", 0xB0, 0xCF), "level 1", False),
        (_row("gb2312", 0xB0, 0xD7), "level 1", True),
        (charset_tables.HAN_SECOND, "second", True),
        (charset_tables.HAN_FIRST, "first", True),
    ):
        points = np.array(sorted({ord(c) for c in chars}), dtype=np.uint32)
        chosen = everything[np.isin(simple if own else everything, points)]
        if kind == "level 2" and not own:
            chosen = chosen[out[chosen] == names.index("rare")]
        out[chosen] = names.index(kind)


def _row(encoding: str, first: int, last: int) -> str:
    """The characters of some rows of a standard of 94 (or, for Big5, 157) columns."""
    columns = (*range(0x40, 0x7F), *range(0xA1, 0xFF)) if encoding == "big5" else tuple(range(0xA1, 0xFF))
    return b"".join(bytes((row, column)) for row in range(first, last + 1) for column in columns).decode(
        encoding, "ignore"
    )
