"""The pictures of a film, one after another with their times: memory does not grow with its length."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from functools import cache
from typing import IO

import numpy as np
from numpy.typing import NDArray

from ..errors import LimitExceeded, UnreadableMedia
from ..model import Limits
from ..source import Source
from . import program
from .container import Container, PictureStream
from .reading import Reading

Pixels = NDArray[np.uint8]

_MAX_PIXELS = 35_651_584  # a picture, of the highest levels of H.264 and H.265: 8192 x 4352
_LARGE = 2560 * 1440  # pixels of a picture above which its decoder may take the ways that are quick but not exact
# Deblocking is not seen at the size given here; of pictures that no other needs the nearest one stands in their place.
_QUICK = ["-skip_loop_filter", "all", "-skip_frame", "noref"]
_QUICK_FRAMES = 24.0  # a second from which on pictures may be left out
_TURNS = {90: "transpose=cclock", -90: "transpose=clock"}  # by the angle of the display matrix
# Elements of Matroska (RFC 9559): those whose parts are read, and what is read.
_MASTERS = (0x18538067, 0x1F43B675, 0xA0)  # Segment, Cluster, BlockGroup
_CLUSTER_TIME, _BLOCKS = 0xE7, (0xA3, 0xA1)
_BLOCK_HEAD = 4  # bytes: track, time after its cluster's (16 bits), flags


@contextlib.contextmanager
def frames(
    source: Source,
    limits: Limits,
    held: Container,
    reading: Reading,
    *,
    rate: float,
    longest_side: int,
    colour: bool = False,
    only_key_frames: bool = False,
) -> Iterator[Iterator[tuple[float, Pixels]]]:
    """The first stream of moving pictures of a file, as it is to be seen: turned, of one field, of common brightness.

    Time is divided in steps of ``1 / rate``; the first picture of each step is given, with its own time, and none where
    a step has none: the one before stays. Damage is skipped where the decoder can, and shows in ``reading``.

    Args:
        held: what the container says; it has pictures.
        reading: is kept up to date.
        rate: pictures a second, at most.
        longest_side: pixels of the longer side; smaller ones are not enlarged.
        colour: RGB instead of grey.
        only_key_frames: those that need no other to be decoded, which costs a tenth: one every few seconds, and mostly
            the first after a cut.

    Yields:
        Seconds since the file's beginning, rising, and uint8 of shape (height, width) or (height, width, 3), all of one
        size.

    Raises:
        LimitExceeded: ``too_many_pixels``.
        UnreadableMedia: ``damaged``: nothing could be decoded.
        UnsupportedMedium, WorkerFailed: see `program.running`.
    """
    stream = held.pictures[0]
    most = min(_MAX_PIXELS, limits.max_pixels)
    if stream.width * stream.height > most:
        raise LimitExceeded(
            "too_many_pixels",
            f"the film has {stream.width} x {stream.height} pixels, more than {most}; send a smaller one",
        )
    width, height = size(stream, longest_side)
    decoding = ["-max_pixels", str(most)]
    if stream.width * stream.height > _LARGE and stream.frames >= _QUICK_FRAMES:
        decoding += _QUICK
    if only_key_frames:
        decoding += ["-skip_frame", "nokey"]
    if stream.rotation in _TURNS:
        decoding += ["-noautorotate"]  # which would turn every picture before it is made small
    output = ["-map", "0:V:0", "-an", "-sn", "-dn", "-vf", _filters(stream, rate, width, height, colour=colour)]
    output += ["-enc_time_base", "1:1000", "-t", str(limits.max_seconds), "-c:v", "rawvideo"]
    output += ["-allow_raw_vfw", "1", "-f", "matroska", "pipe:1"]
    with program.running(source, limits, output, decoding=decoding) as run:

        def pictures() -> Iterator[tuple[float, Pixels]]:
            shape = (height, width, 3) if colour else (height, width)
            step = 1 / min(rate, stream.frames or rate)
            before = 0.0
            for at, data in _blocks(run.output):
                if len(data) != math.prod(shape):
                    continue
                reading.stayed = max(reading.stayed or 0.0, at - before, step)
                reading.seconds = min(at + step, max(at, held.seconds or math.inf))
                before = at
                yield at, _shown(np.frombuffer(data, np.uint8).reshape(shape), stream)
            run.finished()
            reading.complaints = run.log.count
            if reading.stayed is None:
                first = run.log.lines[0].rpartition("] ")[2] if run.log.lines else "there are none"
                raise UnreadableMedia("damaged", f"the pictures cannot be decoded: {first[:200]}")

        yield pictures()


def size(stream: PictureStream, longest_side: int) -> tuple[int, int]:
    """Width and height of the pictures that `frames` gives, pixels."""
    width, height = stream.shown
    scale = min(1.0, longest_side / max(width, height, 1))
    return max(2, round(width * scale)), max(2, round(height * scale))


def _filters(stream: PictureStream, rate: float, width: int, height: int, *, colour: bool) -> str:
    chosen = f"select='isnan(prev_selected_t)+gt(floor(t*{rate}),floor(prev_selected_t*{rate}))'"
    turn = _TURNS.get(stream.rotation)
    if turn is not None:
        width, height = height, width
    # The size may change on the way; what is given does not.
    scaled = f"scale={width}:{height}:flags=area,setsar=1,format={'bgr24' if colour else 'gray'}"
    fields = "field=top" if stream.interlaced else None  # lines enough for small pictures
    return ",".join(each for each in (fields, chosen, scaled, turn) if each is not None)


def _shown(picture: Pixels, stream: PictureStream) -> Pixels:
    if picture.ndim == 3:
        picture = picture[:, :, ::-1]
    return _standard_range()[picture] if stream.hdr else picture


@cache
def _standard_range() -> Pixels:
    """By a value of the PQ curve (SMPTE ST 2084) that of a common screen: linear up to three quarters of the white of
    captions (203 cd/m2, ITU-R BT.2408), above it compressed, with the gamma 2.4 of ITU-R BT.1886."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    signal = (np.arange(256) / 255) ** (1 / m2)
    light = (np.maximum(signal - c1, 0) / (c2 - c3 * signal)) ** (1 / m1) * 10_000 / 203
    knee = 0.75
    bright = np.where(light > knee, 1 - (1 - knee) * np.exp(-(light - knee) / (1 - knee)), light)
    return np.round(255 * bright ** (1 / 2.4)).astype(np.uint8)


def _blocks(stream: IO[bytes]) -> Iterator[tuple[float, bytes]]:
    """Times and contents of the blocks of a Matroska stream of one track, as ffmpeg writes it into a pipe.

    Raw video alone has no times; this is the simplest stream that has, and holds what it is given unchanged.
    """
    cluster = 0
    while (element := _number(stream, keep_marker=True)) is not None:
        length = _number(stream)
        if element in _MASTERS:
            continue  # its parts follow
        data = stream.read(length or 0)
        if length is None or len(data) < length:
            return
        if element == _CLUSTER_TIME:
            cluster = int.from_bytes(data, "big")
        elif element in _BLOCKS:
            after = int.from_bytes(data[1:3], "big", signed=True)
            yield (cluster + after) / 1000, data[_BLOCK_HEAD:]


def _number(stream: IO[bytes], *, keep_marker: bool = False) -> int | None:
    """A number of variable length (RFC 8794); None at the end."""
    first = stream.read(1)
    if not first or not first[0]:
        return None
    more = 8 - first[0].bit_length()
    value = int.from_bytes(first + stream.read(more), "big")
    return value if keep_marker else value & ((1 << 7 * (more + 1)) - 1)
