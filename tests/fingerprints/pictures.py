"""Picture files written by hand from the formats' specifications: what Pillow cannot write, and an opinion of its own.

Colours are computed here with numpy alone (IEC 61966-2-1, Bradford adaptation to D50), so that tests of colour
management do not ask the library under test what is right.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float64]

_D65 = np.array([0.95047, 1.0, 1.08883])
_D50 = np.array([0.96422, 1.0, 0.82521])
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
SRGB = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
DISPLAY_P3 = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
ADOBE_RGB = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
ADOBE_GAMMA = 563 / 256


# --- colours ---------------------------------------------------------------------------------------------------------


def linear(levels: NDArray[np.uint8]) -> Floats:
    """sRGB levels as light, 0..1."""
    c = levels.astype(np.float64) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def encoded(light: Floats) -> Floats:
    """Light as sRGB values, 0..1."""
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def to_d50(primaries: Sequence[tuple[float, float]]) -> Floats:
    """The matrix from linear RGB of these primaries with white D65 to XYZ under D50."""
    xyz = np.array([[x / y, 1.0, (1 - x - y) / y] for x, y in primaries]).T
    matrix = xyz * np.linalg.solve(xyz, _D65)
    cone = np.diag((_BRADFORD @ _D50) / (_BRADFORD @ _D65))
    return np.linalg.inv(_BRADFORD) @ cone @ _BRADFORD @ matrix


def in_space(picture: Image.Image, primaries: Sequence[tuple[float, float]], gamma: float | None = None) -> Image.Image:
    """An sRGB picture with the numbers that another space has for the same colours."""
    light = linear(np.asarray(picture)) @ (np.linalg.inv(to_d50(primaries)) @ to_d50(SRGB)).T
    values = encoded(light) if gamma is None else np.clip(light, 0, 1) ** (1 / gamma)
    return Image.fromarray(np.rint(values * 255).astype(np.uint8))


def lab(light: Floats) -> Floats:
    """Linear sRGB as CIE L*a*b* under D50."""
    t = light @ to_d50(SRGB).T / _D50
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack((116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])), axis=-1)


_INKS = np.array([[0.02, 0.35, 0.75], [0.65, 0.02, 0.25], [0.95, 0.75, 0.02], [0.02, 0.02, 0.02]])


def printed(inks: NDArray[np.uint8]) -> Floats:
    """The light that paper reflects under four inks of so much coverage, with dot gain; linear sRGB."""
    covered = 1 - (1 - inks.astype(np.float64) / 255) ** 1.5
    return np.prod(1 - covered[..., None] * (1 - _INKS), axis=-2)


# --- ICC profiles (ICC.1:2001-04 and 2010) ---------------------------------------------------------------------------


def _profile(kind: bytes, space: bytes, pcs: bytes, tags: dict[bytes, bytes], version: int = 2) -> bytes:
    text = b"a test\x00"
    common = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", len(text)) + text + bytes(78),
        b"cprt": b"text" + bytes(4) + text,
        b"wtpt": _xyz(_D50),
    }
    table, body = b"", b""
    everything = {**common, **tags}
    start = 128 + 4 + 12 * len(everything)
    for name, data in everything.items():
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = (
        bytes(4)
        + b"none"
        + struct.pack(">I", version << 24)
        + kind
        + space
        + pcs
        + struct.pack(">6H", 2024, 1, 1, 0, 0, 0)
    )
    head += b"acsp" + bytes(28) + _xyz(_D50)[8:]
    data = head + bytes(128 - len(head)) + struct.pack(">I", len(everything)) + table + body
    return struct.pack(">I", len(data)) + data[4:]


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def _xyz(values: Floats) -> bytes:
    return b"XYZ " + bytes(4) + b"".join(map(_fixed, values))


def _curve(gamma: float | None) -> bytes:
    if gamma is not None:
        return b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256))
    return (
        b"para"
        + bytes(4)
        + struct.pack(">HH", 3, 0)
        + b"".join(map(_fixed, (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)))
    )


def rgb_profile(
    primaries: Sequence[tuple[float, float]], gamma: float | None = None, table: Sequence[int] | None = None
) -> bytes:
    """Primaries and a curve: that of sRGB, a power, or a table of 16-bit values."""
    matrix, curve = to_d50(primaries), _curve(gamma)
    if table is not None:
        curve = b"curv" + bytes(4) + struct.pack(f">I{len(table)}H", len(table), *table)
    tags = {name + b"XYZ": _xyz(matrix[:, n]) for n, name in enumerate((b"r", b"g", b"b"))}
    tags |= {name + b"TRC": curve for name in (b"r", b"g", b"b")}
    return _profile(b"mntr", b"RGB ", b"XYZ ", tags, 4 if gamma is None else 2)


def grey_profile(gamma: float) -> bytes:
    return _profile(b"mntr", b"GRAY", b"XYZ ", {b"kTRC": _curve(gamma)})


def cmyk_profile(grid: int = 9) -> bytes:
    """A printing press as a table from four inks to L*a*b*: what `printed` does."""
    axis = np.rint(np.linspace(0, 255, grid)).astype(np.uint8)
    inks = np.stack(np.meshgrid(axis, axis, axis, axis, indexing="ij"), axis=-1)
    colours = lab(printed(inks)).reshape(-1, 3)
    table = np.stack((colours[:, 0] * 652.8, (colours[:, 1] + 128) * 256, (colours[:, 2] + 128) * 256), axis=-1)
    lut = b"mft2" + bytes(4) + struct.pack(">BBBx", 4, 3, grid) + b"".join(map(_fixed, np.eye(3).ravel()))
    lut += struct.pack(">HH", 2, 2) + struct.pack(">HH", 0, 65535) * 4
    lut += np.clip(np.rint(table), 0, 65535).astype(">u2").tobytes() + struct.pack(">HH", 0, 65535) * 3
    return _profile(b"prtr", b"CMYK", b"Lab ", dict.fromkeys((b"A2B0", b"A2B1", b"A2B2"), lut))


# --- files -----------------------------------------------------------------------------------------------------------


def chunk(kind: bytes, body: bytes) -> bytes:
    """A PNG chunk."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(pixels: NDArray[np.generic], colour: int, *before: bytes, interlaced: bool = False) -> bytes:
    """A PNG of 8 or 16 bits (ISO/IEC 15948): pixels of shape (h, w) or (h, w, n), the colour type, chunks before IDAT."""
    depth = pixels.dtype.itemsize * 8
    wire = pixels.astype(pixels.dtype.newbyteorder(">"))
    height, width = wire.shape[:2]
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    rows = b""
    for top, left, down, right in passes if interlaced else [(0, 0, 1, 1)]:
        part = wire[top::down, left::right]
        if part.size:
            rows += b"".join(b"\x00" + row.tobytes() for row in part)
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (chunk(b"IHDR", head), *before, chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    )


def tiff(pixels: NDArray[np.generic], photometric: int, **tags: tuple[int, ...]) -> bytes:
    """A little-endian TIFF 6.0 of one uncompressed strip; ``tags`` as t258=(8, 8, 8) replace those that follow."""
    height, width = pixels.shape[:2]
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    kind = {"u": 1, "i": 2, "f": 3}[pixels.dtype.kind]
    entries: dict[int, tuple[int, ...]] = {
        256: (width,), 257: (height,), 258: (pixels.dtype.itemsize * 8,) * channels, 259: (1,), 262: (photometric,), 273: (8,),
        277: (channels,), 278: (height,), 279: (pixels.nbytes,), 339: (kind,) * channels,
        **{int(name[1:]): value for name, value in tags.items()},
    }  # fmt: skip
    body = b"II*\x00" + struct.pack("<I", 8 + pixels.nbytes) + pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
    after = len(body) + 2 + 12 * len(entries) + 4
    directory, extra = struct.pack("<H", len(entries)), b""
    for tag, values in sorted(entries.items()):
        packed = struct.pack(f"<{len(values)}I", *values)
        if len(packed) > 4:
            place, extra = struct.pack("<I", after + len(extra)), extra + packed
        else:
            place = packed
        directory += struct.pack("<HHI", tag, 4, len(values)) + place
    return body + directory + bytes(4) + extra


def ycck(picture: Image.Image, **options: object) -> bytes:
    """A JPEG of CMYK as Photoshop writes it: inverted, the first three channels as YCbCr (Adobe TN 5116)."""
    stored = 255 - np.asarray(picture, dtype=np.uint8)
    colour = Image.fromarray(255 - stored[..., :3]).convert("YCbCr")
    channels = np.concatenate((np.asarray(colour), stored[..., 3:]), axis=-1)
    # Pillow inverts what it writes, and says with Adobe's mark that there was no transform: both are put right here.
    out = io.BytesIO()
    Image.frombytes("CMYK", picture.size, (255 - channels).tobytes()).save(
        out, "JPEG", quality=95, subsampling=0, **options
    )
    data = out.getvalue()
    at = data.index(b"Adobe")
    return data[: at + 11] + b"\x02" + data[at + 12 :]


def gif(screen: tuple[int, int], *frames: tuple[int, int, int, int]) -> bytes:
    """A GIF89a of two colours; each frame as left, top, width, height, and of it one pixel's data."""
    out = b"GIF89a" + struct.pack("<HHBBB", *screen, 0x80, 0, 0) + bytes([0, 0, 0, 255, 255, 255])
    return out + b"".join(b"," + struct.pack("<HHHHB", *box, 0) + b"\x02\x02\x4c\x01\x00" for box in frames) + b";"
