"""The pictures of documents: taken out as the files that they are, up to a number and a size."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..errors import FingerprintError, UnreadableMedia
from ..model import EmbeddedPicture, EmbeddedPictures, Limits
from ..source import Source

MAX_PICTURES = 200  # of one document
_MAX_BYTES = 64 * 1024 * 1024  # of all of them together


@dataclass(frozen=True, slots=True)
class Embedded:
    """A picture that a document shows; ``at`` as of `EmbeddedPicture`. Reading it raises `FingerprintError`."""

    path: str
    at: int
    read: Callable[[], bytes]


def pictures(source: Source, format: str, limits: Limits) -> EmbeddedPictures:
    """The pictures that a document shows, each once, where it stands first. Runs inside the decoder process.

    Args:
        format: as `sniff` names it: docx, epub, pdf or pptx.

    Raises:
        UnreadableMedia, LimitExceeded: the document cannot be read, as `extraction.read` says; ``mislabelled``.
    """
    if format == "docx":
        from .docx import pictures as found
    elif format == "epub":
        from .epub import pictures as found
    elif format == "pdf":
        from .pdf import pictures as found
    elif format == "pptx":
        from .pptx import pictures as found
    else:
        raise UnreadableMedia("mislabelled", f"this is {format}, no document that pictures are taken out of")
    return _taken(found(source, limits))


def _taken(found: Iterator[Embedded]) -> EmbeddedPictures:
    out: dict[str, EmbeddedPicture] = {}
    names: set[str] = set()
    left_out: set[str] = set()
    size = 0
    for each in found:
        if each.path in out or each.path in left_out:
            continue
        try:
            data = each.read() if len(out) < MAX_PICTURES and size < _MAX_BYTES else None
        except FingerprintError:
            data = None
        if data is None or size + len(data) > _MAX_BYTES:
            left_out.add(each.path)
            continue
        size += len(data)
        name, number = posixpath.basename(each.path), 1
        while name in names:
            number += 1
            name = f"{number}-{posixpath.basename(each.path)}"
        names.add(name)
        out[each.path] = EmbeddedPicture(name, each.at, data)
    return EmbeddedPictures(tuple(out.values()), len(left_out))
