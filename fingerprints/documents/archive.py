"""Zip files of foreign origin: what they hold, and their parts within a limit (PKWARE APPNOTE 6.3)."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from typing import Any, Literal

from lxml import etree

from ..errors import LimitExceeded, UnreadableMedia
from ..source import Source

MAX_ENTRIES = 10_000
_ENTRY, _END = b"PK\x01\x02", b"PK\x05\x06"  # signatures of a directory's entry and of its end


class Archive:
    """A zip file that unpacks to no more than it may."""

    def __init__(self, source: Source, max_unpacked: int) -> None:
        """
        Args:
            source: the file; it stays open as long as the archive is read.
            max_unpacked: bytes that all parts read together may have, unpacked.

        Raises:
            UnreadableMedia: ``truncated``, ``damaged``.
            LimitExceeded: ``too_many_entries``.
        """
        if source.find(_END) < 0:
            raise UnreadableMedia("truncated", "the file is cut off; send all of it")
        # Counted before the directory is read: a bomb can be one of a million empty entries.
        if source.count(_ENTRY) > MAX_ENTRIES:
            raise LimitExceeded("too_many_entries", f"the file holds more than {MAX_ENTRIES} parts")
        self._max_unpacked, self._left = max_unpacked, max_unpacked
        try:
            self._zip = zipfile.ZipFile(source.open())
            self._parts: Mapping[str, zipfile.ZipInfo] = {
                info.filename.lstrip("/"): info for info in self._zip.infolist() if not info.is_dir()
            }
        except (zipfile.BadZipFile, ValueError, OverflowError, OSError, NotImplementedError) as error:
            raise _damaged(error) from None

    def __contains__(self, name: str) -> bool:
        return name in self._parts

    def read(self, name: str) -> bytes:
        """One part, unpacked.

        Raises:
            UnreadableMedia: ``damaged``, ``encrypted``.
            LimitExceeded: ``unpacked_too_large``.
        """
        info = self._parts.get(name)
        if info is None:
            raise UnreadableMedia("damaged", f"the file lacks its part {name[:100]!r}; save it again")
        if info.flag_bits & 1:
            raise UnreadableMedia("encrypted", "the file is encrypted; save it without a password")
        if info.file_size > self._left:
            raise self._too_large()
        out: list[bytes] = []
        try:
            with self._zip.open(info) as part:
                # Counted while unpacking, too: the declared size need not be true.
                while chunk := part.read(1 << 20):
                    self._left -= len(chunk)
                    if self._left < 0:
                        raise self._too_large()
                    out.append(chunk)
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            ValueError,
            OSError,
            NotImplementedError,
            RuntimeError,
        ) as error:
            raise _damaged(error) from None
        return b"".join(out)

    def xml(self, name: str, kind: Literal["document", "book"]) -> Any:
        """The root of a part that is XML; no DTD, no entities, no network. Raises as `read` does.

        Args:
            kind: what the file is, for who reads the error.
        """
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
        try:
            return etree.fromstring(self.read(name), parser)
        except (etree.XMLSyntaxError, ValueError) as error:
            raise UnreadableMedia("damaged", f"the {kind} is damaged ({str(error)[:100]}); save it again") from None

    def _too_large(self) -> LimitExceeded:
        return LimitExceeded("unpacked_too_large", f"the file unpacks to more than {self._max_unpacked} bytes")


def _damaged(error: Exception) -> UnreadableMedia:
    return UnreadableMedia("damaged", f"the file is a damaged archive ({str(error)[:100]}); save it again")
