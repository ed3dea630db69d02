"""The decoder process: is given one file after another as a descriptor, answers with what is in it.

Started by `Sandbox` only. It limits itself before it sees any foreign byte, holds no secret (its environment is empty
but for what Python needs), and ends at the end of its input, that is, with its parent.

Its standard input is a Unix socket. Frames, little endian: a request is ``<Q size``, a byte that numbers the declared
format in ``FORMATS``, and one that numbers what is asked; with its first byte comes the descriptor of the file
(``SCM_RIGHTS``). An answer is ``<I Q Q``: lengths of a JSON head, of the fingerprint and of the text, then the three;
of the pictures of a document their files stand in place of the text, one after the other.
The first frame is an empty answer: ready. Before the answer about a long file come frames whose head says
``progress``: seconds of sound or film read, of how many, and seconds of time that are allowed for it.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import struct
import sys
import time
from typing import BinaryIO, cast

from .. import progress
from ..errors import FingerprintError, LimitExceeded, UnreadableMedia
from ..model import Limits, TextFormat
from ..source import Source

REQUEST = struct.Struct("<QBB")
FORMATS: tuple[TextFormat | None, ...] = (None, "plain", "html")
EXAMINE, EXAMINE_THOROUGHLY, TAKE_PICTURES = range(3)
ANSWER = struct.Struct("<IQQ")
_PROGRESS_SECONDS = 0.5  # between two frames
_MAX_OPEN_FILES = 24  # standard streams, and what importing one module or decoding one file needs


def main() -> None:
    """Serve until the input ends. The arguments: the limits as JSON, and how many bytes of trust anchors come first."""
    limits = Limits(**json.loads(sys.argv[1]))
    channel = socket.socket(fileno=os.dup(0))
    sink = cast(BinaryIO, channel.makefile("wb", buffering=1 << 16))
    # A library that reads or prints must not do so in the frames.
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1):
        os.dup2(null, stream)
    os.close(null)
    anchors = _receive(channel, int(sys.argv[2])).decode()
    from .. import reading, registry  # numpy and the tables are warm before the limits

    for medium in registry.MEDIA.values():
        medium.warm()
    reading.warm(limits)

    _confine(limits)
    _send(sink, {})
    while (request := _request(channel)) is not None:
        descriptor, size, declared, task = request
        _start_clock(limits)
        progress.listen(_Progress(sink, limits))
        try:
            source = Source.descriptor(descriptor, size, declared)
            if not _serve(source, descriptor, sink, limits, anchors, task):
                break
        finally:
            os.close(descriptor)
        signal.alarm(0)


def _receive(channel: socket.socket, size: int) -> bytes:
    """So many bytes; fewer only where the input ends."""
    parts: list[bytes] = []
    while size and (part := channel.recv(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _request(channel: socket.socket) -> tuple[int, int, TextFormat | None, int] | None:
    """Descriptor, size and declared format of the next file, and what is asked; None at the end."""
    head, descriptors, _, _ = socket.recv_fds(channel, REQUEST.size, 1)
    head += _receive(channel, REQUEST.size - len(head)) if head else b""
    if len(head) < REQUEST.size or not descriptors:
        return None
    size, declared, task = REQUEST.unpack(head)
    return descriptors[0], size, FORMATS[declared], task


def _serve(source: Source, descriptor: int, sink: BinaryIO, limits: Limits, anchors: str, task: int) -> bool:
    """Answer one request; False when this process should not take another."""
    modified = os.fstat(descriptor).st_mtime_ns
    try:
        try:
            if task == TAKE_PICTURES:
                answer = _pictures(source, limits)
            else:
                answer = _examination(source, limits, anchors, thorough=task == EXAMINE_THOROUGHLY)
        except FingerprintError:
            _check_unchanged(descriptor, source.size, modified)  # which is more to say than what a decoder made of it
            raise
        _check_unchanged(descriptor, source.size, modified)
        _send(sink, *answer)
    except MemoryError:
        limit = LimitExceeded("memory_limit", f"reading the file takes more than {limits.memory_bytes} bytes of memory")
        _send(sink, _problem(limit))
        return False  # after running out of memory nothing is sure; the next file gets a new process
    except FingerprintError as error:
        _send(sink, _problem(error))
    return True


def _examination(
    source: Source, limits: Limits, anchors: str, *, thorough: bool
) -> tuple[dict[str, object], bytes, bytes]:
    from .. import registry

    found = registry.examine(source, limits, anchors, thorough=thorough)
    head = {
        "format": found.format,
        "text": found.text is not None,
        "lines": [[line.text, line.quad, line.at, line.visible] for line in found.lines],
        "fields": [[field.where, field.tag, field.value, field.readings] for field in found.fields],
    }
    return head, found.fingerprint.to_bytes(), (found.text or "").encode("utf-8", "surrogatepass")


def _pictures(source: Source, limits: Limits) -> tuple[dict[str, object], bytes, bytes]:
    from ..documents import embedded
    from ..sniff import sniff

    found = embedded.pictures(source, sniff(source)[1], limits)
    listed = [[each.name, each.at, len(each.data)] for each in found.pictures]
    return {"pictures": listed, "left_out": found.left_out}, b"", b"".join(each.data for each in found.pictures)


def _check_unchanged(descriptor: int, size: int, modified: int) -> None:
    """Raise ``file_changed`` where somebody wrote to the file: not all of what was read need be of one state of it."""
    now = os.fstat(descriptor)
    if now.st_size < size:
        raise UnreadableMedia("file_changed", "the file became shorter while it was read; try again")
    if now.st_mtime_ns != modified:
        raise UnreadableMedia("file_changed", "the file was written to while it was read; try again")


def _problem(error: FingerprintError) -> dict[str, object]:
    return {"error": type(error).__name__, "reason": error.reason, "message": str(error)}


def _send(sink: BinaryIO, head: dict[str, object], fingerprint: bytes = b"", text: bytes = b"") -> None:
    packed = json.dumps(head, ensure_ascii=True).encode()
    sink.write(ANSWER.pack(len(packed), len(fingerprint), len(text)))
    for part in (packed, fingerprint, text):
        sink.write(part)
    sink.flush()


def _confine(limits: Limits) -> None:
    from .. import reading

    for what, value in (
        (resource.RLIMIT_AS, limits.memory_bytes + reading.memory(limits)),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, _MAX_OPEN_FILES),
    ):
        hard = resource.getrlimit(what)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(what, (value, value))


class _Progress:
    """Tells the parent how far a long file has been read, and allows it the time for what was read."""

    def __init__(self, sink: BinaryIO, limits: Limits) -> None:
        self._sink, self._limits = sink, limits
        self._started = self._told = time.monotonic()
        self._cpu = _cpu_seconds()
        self._allowed = 0.0

    def __call__(self, done: float, of: float | None, allowed: float) -> None:
        self._allowed = max(self._allowed, allowed)
        now = time.monotonic()
        if now - self._told < _PROGRESS_SECONDS:
            return
        self._told = now
        _allow_cpu(self._cpu + self._limits.cpu_seconds + self._allowed)
        signal.alarm(int(self._limits.wall_seconds + 5 + self._allowed - (now - self._started)) + 1)
        _send(self._sink, {"progress": [done, of, self._allowed]})


def _start_clock(limits: Limits) -> None:
    """Allow one file its CPU seconds, and end by oneself if the parent is no longer there to do it."""
    _allow_cpu(_cpu_seconds() + limits.cpu_seconds)
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(limits.wall_seconds + 5)


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _allow_cpu(seconds: float) -> None:
    """Let this process use so many seconds in all."""
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, resource.getrlimit(resource.RLIMIT_CPU)[1]))


if __name__ == "__main__":
    try:
        main()
    except (ConnectionError, KeyboardInterrupt):
        os._exit(0)
