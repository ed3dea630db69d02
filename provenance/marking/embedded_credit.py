"""A credit written into a copy of a file."""

from __future__ import annotations

from fingerprints import metadata
from fingerprints.errors import FingerprintError
from fingerprints.metadata import write_vorbis, write_xmp
from fingerprints.sniff import sniff
from fingerprints.source import Source

from ..errors import from_fingerprint_error
from . import xmp_credit
from .model import Work


def write_into(data: bytes, work: Work, lang: str = "en", *, permission: bool = False) -> bytes:
    """A copy of a file that carries the credit: XMP, or comments in FLAC and Ogg. Other metadata is kept.

    Args:
        permission: as in `credit_line`.

    Raises:
        UnsupportedContent: a format that has no place for a credit or none that this version writes.
        BadContent: a file whose structure cannot be followed.
        TooLarge: the container has no room for it (a JPEG's XMP has 64 KB).
    """
    try:
        _, format = sniff(Source.blob(data))
        if format in ("flac", "ogg", "opus"):
            return write_vorbis.with_comments(data, format, *_comments(work, lang, permission))
        existing = next((data[a:b] for a, b in metadata.xmp_packets(Source.blob(data))), None)
        if existing is None and format == "png":
            existing = _compressed(data)
        return write_xmp.with_packet(data, format, xmp_credit.packet(existing, work, lang, permission))
    except FingerprintError as error:
        raise from_fingerprint_error(error) from error


def _comments(work: Work, lang: str, permission: bool) -> tuple[dict[str, str], dict[str, str]]:
    """Vorbis comments: those that are the credit, and those for files that say nothing there."""
    values = {name: text for name, (_, text) in xmp_credit.properties(work, lang, permission).items()}
    licence = "; ".join(values[k] for k in ("xmpRights:UsageTerms", "cc:license") if k in values)
    credit = {
        "COPYRIGHT": values["dc:rights"],
        "SOURCE": values.get("photoshop:Source", ""),
        "WEBSITE": values.get("dc:source", ""),
        "LICENSE": licence,
    }
    defaults = {"ARTIST": values["dc:creator"], "TITLE": values.get("dc:title", "")}
    return {k: v for k, v in credit.items() if v}, {k: v for k, v in defaults.items() if v}


def _compressed(data: bytes) -> bytes | None:
    """The XMP of a PNG that keeps it compressed."""
    for kind, start, end in metadata.png_chunks(data):
        if kind == b"iTXt" and write_xmp.is_png_xmp(data, kind, start):
            _, _, rest = data[start + 8 : end - 4].partition(b"\x00")
            parts = rest[2:].split(b"\x00", 2)
            raw = metadata.inflate(parts[2]) if rest[:1] == b"\x01" and len(parts) == 3 else None
            return next((raw[a:b] for a, b in metadata.xmp_packets(Source.blob(raw))), None) if raw else None
    return None
