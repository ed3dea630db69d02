"""Sound as samples, block by block: memory does not grow with its length."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..errors import UnreadableMedia
from ..model import Limits
from ..source import Source
from . import program
from .reading import Reading

CHANNELS = 2  # always; of mono both are the same
_BLOCK_SECONDS = 4.0
_BYTES = 2  # a sample
# Of a film whose sound begins late, the seconds of the sound are those of the film: silence comes first.
_FROM_THE_BEGINNING = ["-af", "aresample=first_pts=0"]
_STREAM = ["-map", "0:a:0", "-vn", "-sn", "-dn", "-ac", str(CHANNELS), "-c:a", "pcm_s16le", "-f", "s16le"]


@contextlib.contextmanager
def samples(source: Source, limits: Limits, rate: int, reading: Reading) -> Iterator[Iterator[NDArray[np.int16]]]:
    """The first stream of sound of a file, resampled.

    Two channels are always given, because to mix them loses what is in them: of a copy with one channel inverted the
    sum is silence. Damage is skipped where the decoder can, and shows in ``reading``.

    Args:
        rate: samples a second, as they are given.
        limits: name the program, and the seconds after which decoding ends.
        reading: is kept up to date.

    Yields:
        Blocks of shape (n, 2), of a few seconds each.

    Raises:
        UnreadableMedia: ``damaged``: nothing could be decoded.
        UnsupportedMedium, WorkerFailed: see `program.running`.
    """
    output = [*_STREAM, *_FROM_THE_BEGINNING, "-ar", str(rate), "-t", str(limits.max_seconds), "pipe:1"]
    with program.running(source, limits, output) as run:

        def blocks() -> Iterator[NDArray[np.int16]]:
            size = int(_BLOCK_SECONDS * rate) * CHANNELS * _BYTES
            while data := run.output.read(size):
                whole = len(data) - len(data) % (CHANNELS * _BYTES)
                block = np.frombuffer(data[:whole], dtype="<i2").reshape(-1, CHANNELS)
                reading.seconds += len(block) / rate
                yield block
            run.finished()
            reading.complaints = run.log.count
            if not reading.seconds:
                first = run.log.lines[0].rpartition("] ")[2] if run.log.lines else "there is none"
                raise UnreadableMedia("damaged", f"the sound cannot be decoded: {first[:200]}")

        yield blocks()
