"""A damaged picture file made whole where every viewer shows it all the same: what is posted is what is seen."""

from __future__ import annotations

import io
import re
import zlib

import numpy as np
from PIL import Image

_PNG = b"\x89PNG\r\n\x1a\n"
_END_OF_IMAGE = b"\xff\xd9"
_START_OF_SCAN = b"\xff\xda"
_SEGMENT = re.compile(rb"\xff[\xc0-\xcf\xda-\xfe]")  # the markers that a length follows
_FILLED_LEVELS = 6  # by which what is filled may differ
_SHOWN_SHARE = 0.5  # of a JPEG's bytes that its head may take, where what follows was cut


def repaired(data: bytes) -> bytes | None:
    """The file as viewers take it; None where there is nothing of this kind to mend.

    A JPEG without its end shows what came of it (ISO/IEC 10918-1, B.2: the end marker is put behind it). Of a PNG,
    ancillary chunks whose checksum is wrong are passed over (ISO/IEC 15948, 13.2), as is what they say.
    """
    if data.startswith(b"\xff\xd8"):
        head = data.find(_START_OF_SCAN)
        if head < 0 or head > _SHOWN_SHARE * len(data) or data.rstrip(b"\0").endswith(_END_OF_IMAGE):
            return None
        return _whole_segments(data).rstrip(b"\xff") + _END_OF_IMAGE
    return _without_wrong_chunks(data) if data.startswith(_PNG) else None


def shown_to_the_end(data: bytes) -> bool:
    """Whether a repaired picture has something in its last tenth: what a JPEG lacks is filled with one colour."""
    with Image.open(io.BytesIO(data)) as picture:
        picture.draft("L", (256, 256))
        grey = picture.convert("L")
    rows = np.asarray(grey)[-max(1, grey.height // 10) :]
    return int(rows.max()) - int(rows.min()) > _FILLED_LEVELS


def _whole_segments(data: bytes) -> bytes:
    """A JPEG up to the marker segment that it is cut in, which would swallow the end marker."""
    *_, last = _SEGMENT.finditer(data)
    whole = last.end() + 2 <= len(data) and last.end() + int.from_bytes(data[last.end() : last.end() + 2]) <= len(data)
    return data if whole else data[: last.start()]


def _without_wrong_chunks(data: bytes) -> bytes | None:
    kept, at, wrong = [data[: len(_PNG)]], len(_PNG), 0
    while at + 12 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        ancillary = data[at + 4] & 0x20  # lower case, 5.4
        if end <= len(data) and ancillary and zlib.crc32(data[at + 4 : end - 4]) != int.from_bytes(data[end - 4 : end]):
            wrong += 1
        else:
            kept.append(data[at:end])
        at = end
    return b"".join(kept) if wrong else None
