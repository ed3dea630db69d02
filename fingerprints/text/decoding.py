"""Bytes to text, or a clear refusal: byte order marks, UTF-8, then the older East Asian encodings by plausibility.

The multi-byte encodings accept a large share of all byte strings, so accepting is no evidence: a guess must read like
the language it stands for, that is, be made of the characters that language uses most.
"""

from __future__ import annotations

import codecs

import numpy as np

from ..errors import UnreadableMedia
from .folding import code_points
from .script import HAN, HANGUL, KANA, script_of

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with UTF-16's
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# The commonest characters of modern prose, in no particular order.
_SIMPLIFIED = (
    "的一是不了在人有我他这中大来上个国到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心多天而能好"
    "都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些与高意进把法此"
    "实回二理美点月明其种声全工己话儿者向情部正名定女问力机给等几很业最间新什打便位因重被走电四第门相次东政海口使教西再平真"
    "世气信北少关并内加化由却代军产入先山五太水万市眼体别处总才场师书比住员九笑性通目华报立马命张活难神数件安表原车白应路期"
)
_TRADITIONAL = (
    "的一是不了在人有我他這中大來上個國到說們為子和你地出道也時年得就那要下以生會自著去之過家學對可她裡裏後小麼心多天而能好"
    "都然沒日於起還發成事只作當想看文無開手十用主行方又如前所本見經頭面公同三已老從動兩長知民樣現分將外但身些與高意進把法此"
    "實回二理美點月明其種聲全工己話兒者向情部正名定女問力機給等幾很業最間新什打便位因重被走電四第門相次東政海口使教西再平真"
    "世氣信北少關並內加化由卻代軍產入先山五太水萬市眼體別處總才場師書比住員九笑性通目華報立馬命張活難神數件安表原車白應路期"
)
_HANGUL = (
    "이다는의에가을를고하지한로은사기서도어인리그자대나아시일라과"
    "해제수정보게있들니전으성스상주구부만여면조장원동요것위장경"
)
# Tried in this order; the first of equals wins. A Japanese text is known by its kana.
_GUESSES = (
    ("gb18030", frozenset(_SIMPLIFIED), HAN),
    ("big5hkscs", frozenset(_TRADITIONAL), HAN),
    ("cp932", frozenset("のにをはがでとてしたるいなもかられこさりっうくすよせけきんまそあつめみ"), KANA),
    ("euc_jp", frozenset("のにをはがでとてしたるいなもかられこさりっうくすよせけきんまそあつめみ"), KANA),
    ("cp949", frozenset(_HANGUL), HANGUL),
)
STRAY_NULS = 0.005  # share of NULs that real articles carry at the end of a buffer; more is not text
_SAMPLE = 200_000  # characters a guess is judged by
_COMMON = 0.18  # share of the wide characters among the commonest; real prose has .25 to .6, wrong guesses below .1
_MINIMUM = 4  # common characters below which it may be chance


def decode(data: bytes) -> tuple[str, str]:
    """Decode text.

    Returns:
        The text without its byte order mark, and the name of the encoding.

    Raises:
        UnreadableMedia: ``empty``, ``nul_bytes`` or ``undecodable``.
    """
    if not data:
        raise UnreadableMedia("empty", "the file is empty")
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _checked(_strict(data[len(mark) :], encoding), encoding)
    if data.count(b"\x00") > len(data) * STRAY_NULS:
        raise UnreadableMedia("nul_bytes", "the file holds NUL bytes; save it as UTF-8 text without them")
    try:
        return _checked(data.decode("utf-8"), "utf-8")
    except UnicodeDecodeError as error:
        guess = _guess(data)
        if guess is None:
            raise UnreadableMedia(
                "undecodable",
                f"the text is not valid UTF-8 (byte {error.start}) nor another encoding it reads well in; "
                "save it as UTF-8",
            ) from None
        return guess


def _strict(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnreadableMedia(
            "undecodable", f"the text starts like {encoding} but is not, at byte {error.start}; save it as UTF-8"
        ) from None


def _checked(text: str, encoding: str) -> tuple[str, str]:
    if not text:
        raise UnreadableMedia("empty", "the file is empty")
    if text.count("\x00") > len(text) * STRAY_NULS:
        raise UnreadableMedia("nul_bytes", "the text holds NUL characters; save it as UTF-8 without them")
    return text, encoding


def _guess(data: bytes) -> tuple[str, str] | None:
    best: tuple[float, str, str] | None = None
    for encoding, common, family in _GUESSES:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        score = _plausibility(text[:_SAMPLE], common, family)
        if score >= _COMMON and (best is None or score > best[0]):
            best = score, text, encoding
    return None if best is None else best[1:]


def _plausibility(text: str, common: frozenset[str], family: int) -> float:
    """The share of wide characters that are among the commonest of the language; 0 where no prose looks like this."""
    points = code_points(text)
    control = (points < 0x20) & (points > 0) & ~np.isin(points, (0x09, 0x0A, 0x0C, 0x0D))
    private = ((points >= 0xE000) & (points < 0xF900)) | (points >= 0xF0000) | ((points >= 0x7F) & (points < 0xA0))
    wide = points[points >= 0x80]
    if control.any() or private.sum() > len(wide) * 0.01:
        return 0.0
    scripts = script_of(wide)
    own = (scripts == family) | ((scripts == HAN) if family == KANA else False)
    letters = int(np.count_nonzero(scripts != 0))
    if not letters or np.count_nonzero(own) < letters * 0.9 or letters < len(wide) * 0.5:
        return 0.0
    hits = np.count_nonzero(np.isin(wide, np.array([ord(c) for c in sorted(common)], dtype=np.uint32)))
    return float(hits) / letters if hits >= _MINIMUM else 0.0
