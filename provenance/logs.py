"""The log lines of a service, as JSON: one object a line, with the id of the request and without content or secrets.

What a line says is what the code words; of an exception that nobody foresaw only its kind and its place are told,
because its message may quote what was uploaded.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Literal

Format = Literal["text", "json"]

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

# API keys, secret links, secrets of webhooks, credentials in addresses, and what follows the name of a scheme of HTTP.
_SECRETS = re.compile(r"(smk_|sml_|whsec_)[\w+/=-]+|(?<=://)[^/@\s]+(?=@)|(Bearer |Basic )\S+", re.I)
_FRAMES = 30  # most lines of a traceback


def configure(form: Format, worker: int | None = None) -> None:
    """Write this process's log lines to stderr as JSON; text stays as Python writes it, warnings only.

    Args:
        worker: number of this process, which each line names; None where it serves alone.
    """
    if form == "json" or worker is not None:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(
            JsonLines(worker) if form == "json" else logging.Formatter(f"worker {worker}: %(levelname)s: %(message)s")
        )
        logging.root.handlers[:] = [handler]
        logging.root.setLevel(logging.WARNING)
        if form == "json":
            logging.getLogger("api.access").setLevel(logging.INFO)


class JsonLines(logging.Formatter):
    """A record as a JSON object: time, level, logger, message, worker, request_id, its ``fields``, exception."""

    def __init__(self, worker: int | None = None) -> None:
        super().__init__()
        self._worker = worker

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": without_secrets(record.getMessage()),
        }
        if self._worker is not None:
            line["worker"] = self._worker
        if (asked := request_id.get()) is not None:
            line["request_id"] = asked
        line.update(getattr(record, "fields", {}))
        if record.exc_info is not None and record.exc_info[1] is not None:
            line["exception"] = _places(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


def without_secrets(text: str) -> str:
    return _SECRETS.sub(lambda found: f"{found[1] or found[2] or ''}***", text)


def _places(error: BaseException) -> list[str]:
    """Kind and place of an exception and of its causes, the innermost call first."""
    told: list[str] = []
    step: BaseException | None = error
    while step is not None and len(told) < _FRAMES:
        told.append(type(step).__name__)
        frames = traceback.extract_tb(step.__traceback__)
        told += [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames)]
        step = step.__cause__ or step.__context__
    return told[:_FRAMES]
