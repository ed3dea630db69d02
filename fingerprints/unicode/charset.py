"""Bytes to text, or a clear refusal: byte order marks, UTF-8, then the legacy encodings by how well they read.

The legacy encodings accept a large share of all byte strings, so accepting is no evidence: the decoding that reads best
as a language wins, and it must read much better than chance (`charset_scoring`).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence

from ..errors import UnreadableMedia
from .charset_scoring import gain

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with UTF-16's
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
# Bits every encoding starts with: how common it is among files that are not UTF-8.
_LEGACY = {
    "gb18030": 4.0, "big5hkscs": 1.0, "cp932": 0.0, "euc_jp": -1.0, "cp949": 0.0, "cp1252": 3.0, "cp1251": 1.0,
    "koi8_r": 0.0, "cp950": -2.0, "utf-16-le": -6.0, "utf-16-be": -7.0,
}  # fmt: skip
_WIDE = {"utf-16-le": 0.0, "utf-16-be": -1.0, "utf-32-le": 0.0, "utf-32-be": 0.0}
# What pages call their encodings (https://encoding.spec.whatwg.org/#names-and-labels), by Python's names.
_LABELS = {
    "gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030", "x-gbk": "gb18030", "gb_2312-80": "gb18030",
    "chinese": "gb18030", "big5": "big5hkscs", "big5-hkscs": "big5hkscs", "x-x-big5": "big5hkscs",
    "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "x-sjis": "cp932", "windows-31j": "cp932",
    "ms932": "cp932", "euc-jp": "euc_jp", "x-euc-jp": "euc_jp", "euc-kr": "cp949", "ks_c_5601-1987": "cp949",
    "korean": "cp949", "windows-949": "cp949", "koi8-r": "koi8_r", "koi8-u": "koi8_u", "ibm866": "cp866",
    "iso-8859-1": "cp1252", "latin1": "cp1252", "us-ascii": "cp1252", "windows-874": "cp874", "tis-620": "cp874",
    "iso-8859-9": "cp1254", "macintosh": "mac_roman",
    **{f"windows-125{n}": f"cp125{n}" for n in range(9)},
    **{f"iso-8859-{n}": f"iso8859_{n}" for n in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)},
}  # fmt: skip
_LABEL = re.compile(
    rb"<meta\s[^>]{0,200}charset\s*=\s*[\"']?\s*([\w:.-]{1,40})|<\?xml\s[^>]{0,100}encoding\s*=\s*[\"']([\w:.-]{1,40})",
    re.IGNORECASE,
)
_CONTROLS = bytes((*range(1, 9), *range(0x0E, 0x1B), *range(0x1C, 0x20), 0x7F))
_HIGH = re.compile(rb"[\x80-\xff]")
_LONE_SURROGATE = re.compile("[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]")
STRAY_NULS = 0.005  # share of NULs that real articles carry at the end of a buffer; more is not text
_SAMPLE_BYTES = 20_000  # bytes a guess is judged by, from the first that is not ASCII
_MIN_GAIN = 8.0  # bits a decoding must gain on chance: 1 of 256 random byte strings gets there at most
_MIN_GAIN_OF_PROSE = 3.0  # the same where nearly all is readable ASCII anyhow; Windows-1252, the usual one: none
_MIN_GAIN_OF_UTF16 = 12.0  # the same for UTF-16, into which any bytes can be read
_DECLARED_BITS = 40.0  # bits that a page's own word counts
_CHARACTERS_A_DAMAGE = 200  # characters for one that cannot be decoded, in files that are otherwise fine


def decode(data: bytes) -> tuple[str, str]:
    """Decode text.

    A file with very few bytes that cannot be decoded is read with U+FFFD in their places.

    Returns:
        The text without its byte order mark, and the name of the encoding as Python calls it (``cesu-8``: UTF-8 with
        surrogate pairs, as some databases write it).

    Raises:
        UnreadableMedia: ``empty``, ``nul_bytes``, ``lone_surrogate`` or ``undecodable``.
    """
    if not data:
        raise UnreadableMedia("empty", "the file is empty")
    if data[0] in b"\xef\xff\xfe\x00\x84":
        for mark, encoding in _BYTE_ORDER_MARKS:
            if data.startswith(mark):
                return _checked(_marked(data[len(mark) :], encoding), encoding)
    if (nuls := data.count(b"\x00")) and nuls > len(data) * STRAY_NULS:
        if (wide := unmarked(data)) is not None:
            return _checked(_marked(data, wide), wide)
        raise UnreadableMedia("nul_bytes", "the file holds NUL bytes; save it as UTF-8 text without them")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return _legacy(data, error.start)
    if len(text) == len(data) and len(data) % 2 == 0 and _is_noise(data) and (wide := unmarked(data)) is not None:
        return _checked(_marked(data, wide), wide)
    return text, "utf-8"


def unmarked(data: bytes) -> str | None:
    """UTF-16 or UTF-32 without a byte order mark, or None if neither reads well."""
    sample = data[: _SAMPLE_BYTES // 4 * 4]
    best: tuple[float, str] | None = None
    for encoding, bits in _WIDE.items():
        text = _try(sample, encoding)
        if text is not None and len(data) % (4 if "32" in encoding else 2) == 0:
            value = gain(text, sample) + bits
            if value >= _MIN_GAIN and (best is None or value > best[0]):
                best = value, encoding
    return None if best is None else best[1]


def _is_noise(data: bytes) -> bool:
    """Whether ASCII has more control characters than any text, as Chinese in UTF-16 has."""
    sample = data[:4096]
    return (len(sample) - len(sample.translate(None, _CONTROLS))) * 50 > len(sample)


def _marked(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        if error.reason.startswith(("illegal", "unexpected", "invalid", "code point in surrogate")):
            _refuse_surrogates(data, encoding)
        repaired = _repaired(data, encoding)
        if repaired is None:
            raise UnreadableMedia(
                "undecodable", f"the text starts like {encoding} but is not, at byte {error.start}; save it as UTF-8"
            ) from None
        return repaired


def _refuse_surrogates(data: bytes, encoding: str) -> None:
    try:
        text = data.decode(encoding, "surrogatepass")
    except (UnicodeDecodeError, ValueError):
        return
    half = _LONE_SURROGATE.search(text)
    if half is not None:
        raise UnreadableMedia(
            "lone_surrogate",
            f"character {half.start()} is half of a surrogate pair, which is not Unicode text; save it again",
        ) from None


def _checked(text: str, encoding: str) -> tuple[str, str]:
    if not text:
        raise UnreadableMedia("empty", "the file is empty")
    if text.count("\x00") > len(text) * STRAY_NULS:
        raise UnreadableMedia("nul_bytes", "the text holds NUL characters; save it as UTF-8 without them")
    return text, encoding


def _legacy(data: bytes, start: int) -> tuple[str, str]:
    """Decode what is not UTF-8 from the byte at ``start`` on."""
    if b"\xed" in data and (paired := _paired(data)) is not None:
        return paired, "cesu-8"
    ranked = _ranked(data)
    prose = _is_prose(data)
    needed = {"utf-16-le": _MIN_GAIN_OF_UTF16, "utf-16-be": _MIN_GAIN_OF_UTF16, "cp1252": 0.0 if prose else _MIN_GAIN}
    for total, bits, encoding in ranked:
        if bits < needed.get(encoding, _MIN_GAIN_OF_PROSE if prose else _MIN_GAIN) and total < _DECLARED_BITS:
            continue
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError:
            continue  # the sample was fine, the rest is not
    for encoding in ("utf-8", *(each for *_, each in ranked), *_LEGACY):
        repaired = _repaired(data, encoding)
        if repaired is None:
            continue
        sample = repaired[:_SAMPLE_BYTES]
        if gain(sample, sample.encode(encoding, "replace")) >= 64:
            return repaired, encoding
    raise UnreadableMedia(
        "undecodable",
        f"the text is not valid UTF-8 (byte {start}) nor another encoding it reads well in; save it as UTF-8",
    )


def ranked(data: bytes, encodings: Sequence[str]) -> list[str]:
    """Those of some encodings that can decode a short text, the one that it reads best in first."""
    found = [(gain(text, data) + _LEGACY.get(e, 0.0), e) for e in encodings if (text := decoded(data, e)) is not None]
    return [encoding for _, encoding in sorted(found, key=lambda each: -each[0])]


def decoded(data: bytes, encoding: str) -> str | None:
    """Text in an encoding; None where it is none."""
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _ranked(data: bytes) -> list[tuple[float, float, str]]:
    """The encodings that a sample can be decoded by, best first: bits with what is known beforehand, bits gained on
    chance, encoding."""
    first = _HIGH.search(data)
    at = first.start() if first else 0
    declared = _declared(data)
    out = []
    for encoding in {**_LEGACY, **({declared: 0.0} if declared else {})}:
        if encoding.startswith("utf-16") and len(data) % 2:
            continue
        wide = encoding.startswith("utf-16")
        sample = data[: _SAMPLE_BYTES // 2 * 2] if wide else data[at : at + _SAMPLE_BYTES]
        text = _try(sample, encoding)
        if text is not None:
            bits = gain(text, sample)
            out.append((bits + _LEGACY.get(encoding, 0.0) + _DECLARED_BITS * (encoding == declared), bits, encoding))
    return sorted(out, reverse=True)


def _is_prose(data: bytes) -> bool:
    sample = data[:_SAMPLE_BYTES]
    readable = sum(map(len, re.findall(rb"[ -~\t\r\n]+", sample)))
    return len(sample) >= 8 and readable * 10 >= len(sample) * 8


def _declared(data: bytes) -> str | None:
    found = _LABEL.search(data[:4096])
    label = (found[1] or found[2]).decode("ascii", "replace").lower() if found else ""
    return _LABELS.get(label)


def _try(sample: bytes, encoding: str) -> str | None:
    """Decode a sample that may end within a character."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(sample, False)
    except (UnicodeDecodeError, ValueError):
        return None


def _paired(data: bytes) -> str | None:
    """UTF-8 with surrogate pairs (CESU-8, Unicode TR 26); half a pair is refused."""
    try:
        text = data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return None
    try:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    except UnicodeDecodeError:
        _refuse_surrogates(data, "utf-8")
        return None


def _repaired(data: bytes, encoding: str) -> str | None:
    """The text with U+FFFD in the places of a few bytes that cannot be decoded; None if they are more than a few."""
    text = data.decode(encoding, "replace")
    before = data.count("\ufffd".encode(encoding)) if encoding.startswith("utf") else 0
    damaged = text.count("\ufffd") - before
    wide = len(text) - len(re.findall(r"[\x00-\x7f]", text)) if damaged else 0
    return text if 0 < damaged * _CHARACTERS_A_DAMAGE <= wide else None
