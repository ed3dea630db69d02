"""The program ffmpeg, run as a process of its own: its libraries are never loaded, and what it may cost is limited.

It is given the file as an open descriptor and nothing else: the protocol ``fd`` is the only one it may use, so no name
in a playlist, a reference or a subtitle reaches another file or the network. Only demuxers of containers that people
publish are allowed, which excludes those that open further files (HLS, DASH, concat). A file whose index stands at its
end works, because a descriptor can be sought in. The exit status says nothing of damage (a file cut in half ends with
0): what it writes to standard error is counted, and what it decodes is measured by whoever reads it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import IO

from ..errors import UnsupportedMedium, WorkerFailed
from ..model import Limits
from ..source import Source

_DEMUXERS = (
    "mp3,aac,flac,ogg,wav,w64,aiff,amr,asf,mov,matroska,avi,mpeg,mpegts,mpegvideo,flv"  # matroska stands for webm too
)
_MAX_LINES = 10_000  # kept of standard error, enough for a thousand streams; all are counted
_MAX_LINE_BYTES = 1000
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)


@dataclass(slots=True)
class Log:
    """What the program wrote to standard error.

    Attributes:
        lines: the first ones, cut.
        count: how many there were.
    """

    lines: list[str] = field(default_factory=list)
    count: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """The program while it reads a file.

    Attributes:
        output: what it makes.
        log: complete once the output has ended and `finished` was called.
        finished: wait for its end.
    """

    output: IO[bytes]
    log: Log
    finished: Callable[[], None]


@cache
def _installed() -> str:
    """The path of ffmpeg in the wheel imageio-ffmpeg, else on this system.

    Raises:
        UnsupportedMedium: ``no_decoder``.
    """
    import imageio_ffmpeg

    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise UnsupportedMedium(
            "no_decoder", "sound and film need the program ffmpeg: install it, or name it by SOURCEMARK_FFMPEG"
        ) from error


@contextlib.contextmanager
def running(
    source: Source, limits: Limits, output: Sequence[str], *, decoding: Sequence[str] = (), level: str = "error"
) -> Iterator[Run]:
    """Run the program over a file; it is ended when the block is left. It may use the memory that the worker may, and
    time until the worker is ended: how much that is depends on how much is read.

    Args:
        limits: name the program.
        output: its arguments after the input; the last is ``pipe:1`` where it makes something.
        decoding: its arguments before the input.
        level: of what it writes to standard error.

    Raises:
        UnsupportedMedium: ``no_decoder``.
        WorkerFailed: ``no_decoder``: the program does not start.
    """
    with source.shared() as (descriptor, _):
        os.lseek(descriptor, 0, os.SEEK_SET)
        arguments = ["-nostdin", "-hide_banner", "-v", level, "-threads", "1", "-protocol_whitelist", "fd"]
        arguments += ["-format_whitelist", _DEMUXERS, "-err_detect", "crccheck", "-fd", "0"]
        arguments += [*decoding, "-i", "fd:", *output]
        try:
            process = subprocess.Popen(  # noqa: S603 - a program of ours or of the user's, arguments of ours
                [limits.ffmpeg or _installed(), *arguments],
                stdin=descriptor,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={"LC_ALL": "C.UTF-8", "AV_LOG_FORCE_NOCOLOR": "1"},
                preexec_fn=_prepared,
            )
        except OSError as error:
            raise WorkerFailed("no_decoder", f"ffmpeg does not start ({error}); see SOURCEMARK_FFMPEG") from None
    assert process.stdout is not None
    assert process.stderr is not None
    log = Log()
    reader = threading.Thread(target=_collect, args=(process.stderr, log), name="ffmpeg-log")
    reader.start()

    def finished() -> None:
        process.wait()
        reader.join()

    try:
        yield Run(process.stdout, log, finished)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        reader.join()
        process.stderr.close()


def _collect(stream: IO[bytes], log: Log) -> None:
    """Read all that is written, however much, and keep little."""
    while line := stream.readline(_MAX_LINE_BYTES):
        log.count += line.endswith(b"\n")
        if len(log.lines) < _MAX_LINES:
            log.lines.append(line.decode("utf-8", "replace").rstrip("\n"))


def _free_clock() -> None:
    """The worker's limit grows with what is read; this process would keep that of its start."""
    most = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (most, most))


if os.uname().sysname == "Linux":
    _libc = ctypes.CDLL(None, use_errno=True)

    def _prepared() -> None:
        """A worker that is killed leaves no program behind."""
        _libc.prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        _free_clock()

else:

    def _prepared() -> None:
        """Elsewhere the program ends when it writes to nobody."""
        _free_clock()
