"""The medium and the concrete format of a file from its first bytes; never from a name or a header."""

from __future__ import annotations

import re

from .errors import FingerprintError, UnreadableMedia, UnsupportedMedium
from .model import MediumName
from .source import Source

# Longest first where one is the beginning of another. Sources: the formats' own specifications.
_MAGIC: tuple[tuple[int, bytes, MediumName, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image", "png"),
    (0, b"\xff\xd8\xff", "image", "jpeg"),
    (0, b"GIF87a", "image", "gif"),
    (0, b"GIF89a", "image", "gif"),
    (0, b"II*\x00", "image", "tiff"),
    (0, b"MM\x00*", "image", "tiff"),
    (0, b"II+\x00", "image", "tiff"),
    (0, b"MM\x00+", "image", "tiff"),
    (0, b"\x00\x00\x00\x0cjP  \r\n\x87\n", "image", "jp2"),
    (0, b"\xff\x4f\xff\x51", "image", "jp2"),
    (0, b"ID3", "audio", "mp3"),
    (0, b"fLaC", "audio", "flac"),
    (0, b"OggS", "audio", "ogg"),
    (0, b"ADIF", "audio", "aac"),
    (0, b"RF64", "audio", "wav"),
    (0, b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00", "audio", "w64"),
    (0, b"#!AMR", "audio", "amr"),
    (0, b"FLV\x01", "video", "flv"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c", "video", "asf"),
    (0, b"\x00\x00\x01\xba", "video", "mpeg"),
    (0, b"\x00\x00\x01\xb3", "video", "mpeg"),
    (0, b"\x1a\x45\xdf\xa3", "video", "matroska"),
)
_RIFF: dict[bytes, tuple[MediumName, str]] = {
    b"WEBP": ("image", "webp"),
    b"WAVE": ("audio", "wav"),
    b"AVI ": ("video", "avi"),
}
# ISO base media file format brands (https://mp4ra.org); any other brand is a video.
_BRANDS: dict[bytes, tuple[MediumName, str]] = {
    **dict.fromkeys((b"avif", b"avis"), ("image", "avif")),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), ("image", "heic")),
    **dict.fromkeys((b"M4A ", b"M4B ", b"M4P "), ("audio", "m4a")),
    b"qt  ": ("video", "mov"),
}
_KBITS_1 = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)  # layer III, MPEG 1
_KBITS_2 = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)  # layer III, MPEG 2 and 2.5
_TS_PACKET, _TS_SYNC = 188, 0x47  # ISO 13818-1
_EXPORT_HINT = "export it as JPEG, PNG, PDF, .docx, HTML or plain text and send that"
_REFUSED: tuple[tuple[bytes, str, str], ...] = (
    (b"PK\x03\x04", "archive", "archives are not taken; send the files in it (.docx, .pptx and .epub are taken)"),
    (b"PK\x05\x06", "archive", "archives are not taken; send the files in it"),
    (b"Rar!\x1a\x07", "archive", "archives are not taken; send the files in it"),
    (b"7z\xbc\xaf\x27\x1c", "archive", "archives are not taken; send the files in it"),
    (b"\x1f\x8b", "archive", "compressed files are not taken; unpack it and send what is inside"),
    (b"BZh", "archive", "compressed files are not taken; unpack it and send what is inside"),
    (b"\xfd7zXZ\x00", "archive", "compressed files are not taken; unpack it and send what is inside"),
    (b"\x28\xb5\x2f\xfd", "archive", "compressed files are not taken; unpack it and send what is inside"),
    *(
        (magic, "picture_format", f"{name} pictures are not taken; export it as PNG or JPEG and send that")
        for magic, name in (
            (b"8BPS", "Photoshop"),
            (b"\xff\x0a", "JPEG XL"),
            (b"\x00\x00\x00\x0cJXL ", "JPEG XL"),
            (b"II\xbc\x01", "JPEG XR"),
            (b"\x76\x2f\x31\x01", "OpenEXR"),
            (b"\x00\x00\x01\x00", "icon"),
            (b"gimp xcf ", "GIMP"),
        )
    ),
    (b"{\\rtf", "rtf", f"RTF is not taken; {_EXPORT_HINT}"),
    (b"%!PS", "postscript", f"PostScript is not taken; {_EXPORT_HINT}"),
    (b"\x7fELF", "executable", "this is a program; only text, pictures, audio and video are taken"),
    (b"-----BEGIN PGP MESSAGE", "encrypted", "the file is encrypted; decrypt it first"),
    (b"\x85\x01", "encrypted", "the file is encrypted; decrypt it first"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # compound file: .doc, and .docx with a password
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
# Atomic and possessive: what stands before the root has one reading only, or a row of comments would take for ever.
_XML_ROOT = re.compile(
    rb"(?>\s+|<\?[^>]*>|<!--(?>.*?-->)|<!doctype\s[^>\[]*(?:\[[^\]]*\]\s*)?>)*+<(?:[a-z_][\w.-]*+:)?(?P<root>[a-z]+)",
    re.I | re.S,
)
_PROLOGUE = r"(?>\s+|<\?xml[^>]*>|<!--(?>.*?-->))*+"
_HTML_DOCUMENT = re.compile(
    rf"{_PROLOGUE}<(?:!doctype\s+html|html|head|body|meta|title|link|script|style)[\s/>]", re.I | re.S
)
_ELEMENTS = (
    "p|div|span|h[1-6]|article|section|main|header|footer|table|t[rdh]|ul|ol|li|dl|blockquote|figure|img|a|b|i|u|em|strong|"
    "font|center|br|hr|nav|form|pre|code"
)
_HTML_TAG = re.compile(
    rf"<(?:/(?:{_ELEMENTS})\s*>|(?:{_ELEMENTS})(?:\s+[a-z][\w-]*\s*=\s*(?:\"[^\"<]*\"|'[^'<]*'|[\w#./:-]+)|\s+hidden)*\s*/?>)",
    re.I,
)
_HTML_FRAGMENT = re.compile(rf"{_PROLOGUE}<(?:{_ELEMENTS})[\s/>]", re.I | re.S)
_CLOSING_TAG = re.compile(rf"</(?:{_ELEMENTS})\s*>", re.I)
_MARKDOWN_FENCE = re.compile(r"^(?:```|~~~)", re.M)
_HEAD_BYTES = 65_536  # read of a file that is no archive
_PDF_MAY_FOLLOW = b"\xef\xbb\xbf\x00\t\n\x0c\r "
_MAX_DOCUMENT_TYPE_BYTES = 4 << 20  # that the parts which tell what an archive is may unpack to
_MAX_NUL_SHARE = 0.005  # of the bytes of a text; more is no text, as `unicode.charset` has it
_MAX_TEXT_PER_CLOSING_TAG = 1000  # code points of HTML, where only closing tags tell it
_MIN_CLOSING_TAGS = 3  # make a text HTML even if it does not start so


def sniff(source: Source) -> tuple[MediumName, str]:
    """The medium and the format (``jpeg``, ``mp3``, ``html``, ``plain`` ...) of a file.

    Raises:
        UnreadableMedia: ``empty``; of an archive that looks like a document, ``truncated``, ``damaged``.
        UnsupportedMedium: a format that is not taken, by reason.
        LimitExceeded: ``too_many_entries`` of an archive.
    """
    head = source[:_HEAD_BYTES]
    if not head:
        raise UnreadableMedia("empty", "the file is empty")
    for offset, magic, medium, format in _MAGIC:
        if head.startswith(magic, offset):
            if format == "matroska":
                return medium, "webm" if b"webm" in head[:64] else "mkv"
            return medium, format
    if head[:4] == b"RIFF" and head[8:12] in _RIFF:
        return _RIFF[head[8:12]]
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "audio", "aiff"
    if len(head) > _TS_PACKET and set(head[: 5 * _TS_PACKET : _TS_PACKET]) == {_TS_SYNC}:
        return "video", "mpegts"
    if head[:2] == b"BM" and len(head) >= 26 and head[6:10] == b"\x00\x00\x00\x00":
        return "image", "bmp"
    if head[4:8] == b"ftyp":
        return _iso(head)
    if (frame := _mpeg_audio(head)) is not None:
        return "audio", frame
    if head.lstrip(_PDF_MAY_FOLLOW)[:5] == b"%PDF-":
        return "text", "pdf"
    if head.startswith(b"PK\x03\x04") and (document := _zipped(source)) is not None:
        return "text", document
    return "text", _text_format(head, _refuse(source, head))


def _zipped(source: Source) -> str | None:
    """Which document a zip file is, by its parts."""
    from .documents import docx, epub, pptx
    from .documents.archive import Archive

    named = source[30:4096]  # the first part's name stands there even where the end is missing
    looks = named.startswith((b"[Content_Types].xml", b"mimetypeapplication/epub+zip", b"word/"))
    try:
        archive = Archive(source, _MAX_DOCUMENT_TYPE_BYTES)
        known = {"docx": docx.is_docx, "epub": epub.is_epub, "pptx": pptx.is_pptx}
        return next((name for name, is_one in known.items() if is_one(archive)), None)
    except FingerprintError as error:
        if looks or error.reason == "too_many_entries":
            raise
        return None


def _iso(head: bytes) -> tuple[MediumName, str]:
    """By major brand, then, for the generic image brands, by the compatible ones."""
    size = min(int.from_bytes(head[:4], "big"), 4096)
    major = head[8:12]
    compatible = [head[k : k + 4] for k in range(16, max(size, 16), 4)]
    if major in (b"mif1", b"msf1") and b"avif" in compatible:
        return "image", "avif"
    return _BRANDS.get(major, ("video", "mp4"))


def _mpeg_audio(head: bytes) -> str | None:
    """ADTS or MPEG layer III by its frame header (ISO 13818-7, 11172-3) and, where it is there, the next frame's."""
    if len(head) < 6 or head[0] != 0xFF:
        return None
    if head[1] & 0xF6 == 0xF0:
        length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
        valid = (head[2] >> 2) & 0xF < 13 and length >= 7
        return "aac" if valid and _next_frame(head, length, 0xF6) else None
    version, bitrate, rate = (head[1] >> 3) & 3, head[2] >> 4, (head[2] >> 2) & 3
    if head[1] & 0xE6 != 0xE2 or version == 1 or bitrate in (0, 15) or rate == 3:
        return None
    first = version == 3
    kbits = (_KBITS_1 if first else _KBITS_2)[bitrate - 1]
    hertz = (44_100, 48_000, 32_000)[rate] // (1 if first else 2 if version == 2 else 4)
    length = (144_000 if first else 72_000) * kbits // hertz + ((head[2] >> 1) & 1)
    return "mp3" if _next_frame(head, length, 0xFE) else None


def _next_frame(head: bytes, length: int, mask: int) -> bool:
    following = head[length : length + 2]
    return len(following) < 2 or (following[0] == 0xFF and following[1] & mask == head[1] & mask)


def _refuse(source: Source, head: bytes) -> str | None:
    """Raise for what is not taken; the encoding of UTF-16 and UTF-32 without a mark, else None."""
    for magic, reason, message in _REFUSED:
        if head.startswith(magic):
            raise UnsupportedMedium(reason, message)
    if head.startswith(_OLE):
        if source.find("EncryptedPackage".encode("utf-16-le")) >= 0:
            raise UnsupportedMedium("encrypted", "the document is encrypted; save it without a password")
        raise UnsupportedMedium("office_document", f"old office files are not taken; {_EXPORT_HINT}")
    if head[:2] == b"MZ" and b"\x00" in head[:64]:
        raise UnsupportedMedium("executable", "this is a program; only text, pictures, audio and video are taken")
    _refuse_markup(head)
    return _unmarked_encoding(head) if b"\x00" in head and not head.startswith(_WIDE_MARKS) else None


def _refuse_markup(head: bytes) -> None:
    """Raise for XML that is neither HTML nor the markup of a text."""
    wide = head[:2] in _WIDE_MARKS
    bare = (head.decode("utf-16", "ignore").encode() if wide else head.removeprefix(b"\xef\xbb\xbf")).lstrip()
    if not bare.startswith(b"<"):
        return
    found = _XML_ROOT.match(bare)
    root = (found["root"] if found else b"").lower()
    if root == b"svg":
        raise UnsupportedMedium("svg", "SVG drawings are not taken; export it as PNG and send that")
    if bare[:5].lower() == b"<?xml" and root != b"html":
        raise UnsupportedMedium("xml", f"XML is not taken; {_EXPORT_HINT}")


def _unmarked_encoding(head: bytes) -> str | None:
    """UTF-16 or UTF-32 of a text without a mark; None for a text with stray NULs. Raises for what is no text."""
    from .unicode.charset import unmarked

    many = head.count(b"\x00") > len(head) * _MAX_NUL_SHARE
    if many and (wide := unmarked(head)) is not None:
        return wide
    if not _mostly_text(head):
        raise UnsupportedMedium("unknown_binary", "this is no text, picture, audio or video format that is known here")
    if many:
        raise UnreadableMedia("nul_bytes", "the text holds NUL bytes; save it as UTF-8 without them")
    return None


def _mostly_text(head: bytes) -> bool:
    """Whether bytes with NULs in them are a text with NULs in it: UTF-16 without a mark, or stray ones."""
    odd = sum(head.count(bytes([c])) for c in (*range(1, 9), *range(14, 32), 127))
    return odd * 50 <= len(head)


def _text_format(head: bytes, wide: str | None) -> str:
    """``html`` for a document, what begins with a tag that is one, and what is full of tags; else ``plain``."""
    if b"<" not in head:
        return "plain"
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if head.startswith(mark):
            text = head[len(mark) :].decode(encoding, "ignore")
            break
    else:
        text = head.decode(wide or "utf-8", "ignore")
    if _HTML_DOCUMENT.match(text):
        return "html"
    if _HTML_FRAGMENT.match(text):
        return "html" if _HTML_TAG.match(text.lstrip()) or len(_HTML_TAG.findall(text)) >= 2 else "plain"
    closings = len(_CLOSING_TAG.findall(text))
    # Markdown shows its examples of HTML between fences.
    full = (
        closings >= _MIN_CLOSING_TAGS
        and closings * _MAX_TEXT_PER_CLOSING_TAG >= len(text)
        and not _MARKDOWN_FENCE.search(text)
    )
    return "html" if full else "plain"
