"""The pictures that the texts of a post hold or refer to: data URIs of pages (RFC 2397), and those that were not sent.

Nothing is fetched: a picture that a page shows and that did not come with it is reported as a part that was not read.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from urllib.parse import unquote_to_bytes

from fingerprints.model import EmbeddedPictures
from fingerprints.source import Source

from ..errors import BadContent, SourcemarkError, TooLarge
from ..names import clean, printable
from .layout import Layout, inline_name
from .posts import PartUpload
from .surroundings import Reading

_MAX_MISSING = 50  # pictures that were not sent and are named one by one
_MIN_INLINE = 1000  # characters of a data URI that is not base64
_MAX_NAME = 100  # code points shown of an address
_SPACES = re.compile(rb"\s+")


def inline_pictures(article: str, found: Layout) -> Iterator[PartUpload]:
    """The pictures, sounds and films that a page holds as data URIs and shows."""
    shown = {picture.reference for picture in found.pictures}
    for number, uri in enumerate(found.inline):
        if f"data:,{number}" in shown:
            yield PartUpload(inline_name(article, number), _decoded(uri))


def _decoded(uri: str) -> Source | SourcemarkError:
    payload = _SPACES.sub(b"", unquote_to_bytes(uri.partition(",")[2]))
    try:
        return Source.blob(base64.b64decode(payload + b"=" * (-len(payload) % 4), validate=True))
    except binascii.Error:
        return BadContent("the page holds a picture as a data URI that is no base64: write it anew", reason="damaged")


def document_pictures(document: str, found: EmbeddedPictures) -> Iterator[PartUpload]:
    """The pictures that were taken out of a document, and a part for those that were not."""
    for each in found.pictures:
        yield PartUpload(f"{document}#{clean(each.name)[:_MAX_NAME]}", Source.blob(each.data))
    if found.left_out:
        error = TooLarge(
            f"{printable(document)} holds pictures that cannot be taken out ({found.left_out}): send them as files",
            reason="left_out",
        )
        yield PartUpload(f"{document}#", error)


def _is_ornament(reference: str) -> bool:
    """Whether a data URI is too short for a picture: a placeholder, an icon."""
    return reference.startswith("data:") and len(reference) < _MIN_INLINE


def not_sent(article: str, found: Layout, names: Sequence[str]) -> Iterator[Reading]:
    """A part for every picture that a page shows and that is no part of the post."""
    missing = dict.fromkeys(
        picture.reference for picture in found.pictures if found.name_of(picture, article, names) is None
    )
    shown = [reference for reference in missing if not _is_ornament(reference)]
    for reference in shown[:_MAX_MISSING]:
        name = clean(reference)[:_MAX_NAME] or "picture"
        if reference.startswith("data:"):
            error = BadContent(
                f"{printable(article)} holds a picture as a data URI that is no base64", reason="damaged"
            )
        else:
            error = BadContent(
                f"{printable(article)} shows {printable(name)}, which was not sent: send it as a file of this name "
                "(nothing is fetched)",
                reason="not_sent",
            )
        yield Reading(PartUpload(name, error), error, inside=article)
