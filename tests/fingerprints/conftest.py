"""Files that are made to be difficult."""

import struct
import zlib
from collections.abc import Callable

import pytest


def _png(width: int, height: int, rows: int) -> bytes:
    """A valid grey PNG header with so many rows of black, a multiple of 100."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    # A hundred rows as one closed block, repeated: writing a gigabyte of black takes no time.
    black = bytes(100 * (1 + width))
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(black) + packer.flush(zlib.Z_FULL_FLUSH)
    check = 1
    for _ in range(rows // 100):
        check = zlib.adler32(black, check)
    packed = b"\x78\xda" + block * (rows // 100) + b"\x03\x00" + struct.pack(">I", check)
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


@pytest.fixture(scope="session")
def png() -> Callable[[int, int, int], bytes]:
    return _png


@pytest.fixture(scope="session")
def slow_file() -> bytes:
    """A page of nothing but tags, which takes seconds to read."""
    return b"<p>" + b"<b a='b'>" * 2_000_000
