"""The decoder process: reads one file after another from its standard input, answers on its standard output.

Started by `Sandbox` only. It limits itself before it sees any foreign byte, holds no secret (its environment is empty
but for what Python needs), and ends at the end of its input, that is, with its parent.

Frames, little endian: a request is ``<Q length``, a byte that numbers the declared format in ``FORMATS``, one that is 1
for a thorough look, and the bytes. An answer is ``<II Q Q``: lengths of a JSON head, of flags (0), of the fingerprint
and of the text, then the three. The first frame is an empty answer: ready.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import struct
import sys
from typing import BinaryIO

from ..errors import FingerprintError, LimitExceeded
from ..model import Limits, TextFormat

REQUEST = struct.Struct("<QBB")
FORMATS: tuple[TextFormat | None, ...] = (None, "plain", "html")
ANSWER = struct.Struct("<IIQQ")
_OPEN_FILES = 24  # standard streams, and what importing one module or decoding one file needs


def main() -> None:
    """Serve until the input ends. The arguments: the limits as JSON, and how many bytes of trust anchors come first."""
    limits = Limits(**json.loads(sys.argv[1]))
    source = os.fdopen(os.dup(0), "rb", buffering=1 << 16)
    sink = os.fdopen(os.dup(1), "wb", buffering=1 << 16)
    anchors = source.read(int(sys.argv[2])).decode()
    # A library that prints must not print into the frames.
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)
    from .. import registry  # noqa: F401 - numpy and the tables are warm before the limits
    from ..image.decoding import warm

    warm()

    _confine(limits)
    _send(sink, {})
    while (head := source.read(REQUEST.size)) and len(head) == REQUEST.size:
        _start_clock(limits)
        size, declared, thorough = REQUEST.unpack(head)
        if not _serve(source, sink, size, FORMATS[declared], limits, anchors, thorough=bool(thorough)):
            break
        signal.alarm(0)


def _serve(
    source: BinaryIO,
    sink: BinaryIO,
    size: int,
    declared: TextFormat | None,
    limits: Limits,
    anchors: str,
    *,
    thorough: bool,
) -> bool:
    """Answer one request; False when this process should not take another."""
    from .. import registry

    try:
        data = source.read(size)
        if len(data) != size:
            return False
        found = registry.examine(data, limits, declared, anchors, thorough=thorough)
        del data
        head = {
            "format": found.format,
            "text": found.text is not None,
            "fields": [[field.where, field.tag, field.value] for field in found.fields],
        }
        _send(sink, head, found.fingerprint.to_bytes(), (found.text or "").encode("utf-8", "surrogatepass"))
    except MemoryError:
        limit = LimitExceeded("memory_limit", f"reading the file takes more than {limits.memory_bytes} bytes of memory")
        _send(sink, _problem(limit))
        return False  # after running out of memory nothing is sure; the next file gets a new process
    except FingerprintError as error:
        _send(sink, _problem(error))
    return True


def _problem(error: FingerprintError) -> dict[str, object]:
    return {"error": type(error).__name__, "reason": error.reason, "message": str(error)}


def _send(sink: BinaryIO, head: dict[str, object], fingerprint: bytes = b"", text: bytes = b"") -> None:
    packed = json.dumps(head, ensure_ascii=True).encode()
    sink.write(ANSWER.pack(len(packed), 0, len(fingerprint), len(text)))
    for part in (packed, fingerprint, text):
        sink.write(part)
    sink.flush()


def _confine(limits: Limits) -> None:
    for what, value in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
    ):
        hard = resource.getrlimit(what)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(what, (value, value))


def _start_clock(limits: Limits) -> None:
    """Allow one file its CPU seconds, and end by oneself if the parent is no longer there to do it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + 1 + limits.cpu_seconds
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(limits.wall_seconds + 5)


if __name__ == "__main__":
    try:
        main()
    except (BrokenPipeError, KeyboardInterrupt):
        os._exit(0)
