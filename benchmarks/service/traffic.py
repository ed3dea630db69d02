"""What clients send to a service, each request with what a right answer to it says."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

import httpx
from PIL import Image

from benchmarks.image import drawn
from benchmarks.text import generate

TEXTS, PICTURES = 300, 90  # registered before
COPIED = 12  # of each, those that posts copy
_UNKNOWN = 10_000  # numbers from here on are nobody's works
_NEW = 20_000  # and from here on they are registered while the service is under load
_BEFORE_FOOTER = 2200  # characters of a text before the publisher's footer, which others may share
_KINDS = ("text", "picture", "article", "registration")
_SHARES = (0.3, 0.3, 0.3, 0.1)


@dataclass(frozen=True)
class Asked:
    """A request.

    Attributes:
        body: what httpx takes.
        work: title of the work that a scan has to find; None where it must find nothing.
        large: it is one of those that come beside the others.
        then: what is scanned as soon as a registration is answered, and has to find its work.
    """

    kind: str
    path: str
    body: dict[str, Any]
    work: str | None = None
    large: bool = False
    then: Asked | None = None


@dataclass
class Mixture:
    """Requests without an end, the same ones for the same seed."""

    seed: int
    _texts: list[str] = field(default_factory=list)
    _pictures: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        numbers = [*range(COPIED), *range(_UNKNOWN, _UNKNOWN + 2 * COPIED)]
        self._texts = [text[:_BEFORE_FOOTER] for text in generate.works(numbers)]
        self._pictures = [_picture(n if n < COPIED else _UNKNOWN + n) for n in range(3 * COPIED)]

    def requests(self) -> Iterator[Asked]:
        draw, numbers = Random(self.seed), count(_NEW + 1000 * self.seed)
        while True:
            kind = draw.choices(_KINDS, _SHARES)[0]
            n = draw.randrange(3 * COPIED)
            if kind == "registration":
                yield _registration(next(numbers))
            elif kind == "text":
                yield _scan(self._texts[n], f"text {n}" if n < COPIED else None)
            elif kind == "picture":
                files = {"file": (f"{n}.jpg", self._pictures[n])}
                yield Asked(kind, "/v1/scans", {"files": files}, f"picture {n}" if n < COPIED else None)
            else:
                yield self._article(n, draw.randrange(COPIED, 3 * COPIED))

    def _article(self, n: int, other: int) -> Asked:
        """A text of nobody's with two pictures, the first of which may be somebody's."""
        files = [("file", (f"{m}.jpg", self._pictures[m])) for m in dict.fromkeys((n, other))]
        body = {"files": files, "data": {"metadata": json.dumps({"text": self._texts[other]})}}
        return Asked("article", "/v1/posts", body, f"picture {n}" if n < COPIED else None)


def works(folder: Any) -> list[dict[str, Any]]:
    """The lines of the batch that registers what is copied, and others."""
    lines: list[dict[str, Any]] = [
        {"text": text, "title": f"text {n}", "owner": "o"} for n, text in enumerate(generate.works(range(TEXTS)))
    ]
    for n in range(PICTURES):
        path = folder / f"{n}.png"
        drawn.work(n).save(path)
        lines.append({"path": str(path), "title": f"picture {n}", "owner": "o"})
    return lines


def _scan(text: str, work: str | None) -> Asked:
    return Asked("text", "/v1/scans", {"json": {"text": text}}, work)


def _registration(number: int) -> Asked:
    (text,) = generate.works([number])
    body = {"json": {"text": text, "title": f"text {number}", "owner": "o"}}
    return Asked("registration", "/v1/works", body, then=_scan(text[200:_BEFORE_FOOTER], f"text {number}"))


def _picture(number: int) -> bytes:
    out = io.BytesIO()
    drawn.work(number).resize((1200, 900)).save(out, "JPEG", quality=80)
    return out.getvalue()


def large(size: int) -> list[Asked]:
    """A picture's file and a batch of texts, each of about ``size`` bytes and nobody's."""
    noise = io.BytesIO()
    Image.effect_noise((2500, 2000), 90).convert("RGB").save(noise, "PNG", compress_level=0)
    file = noise.getvalue() + b"\0" * (size - len(noise.getvalue()))
    texts = list(generate.works(range(_UNKNOWN + 100, _UNKNOWN + 140)))
    items = [{"text": texts[n % len(texts)] * (size // len(texts[0]) // 200)} for n in range(200)]
    return [
        _encoded("20 MB file", "/v1/scans?dry_run=true", {"files": {"file": ("large.png", file)}}),
        _encoded("20 MB batch", "/v1/scans/batch?dry_run=true", {"json": {"items": items}}),
    ]


def _encoded(kind: str, path: str, body: dict[str, Any]) -> Asked:
    """With its body as bytes, which are sent many times."""
    request = httpx.Request("POST", "http://localhost", **body)
    headers = {"Content-Type": request.headers["content-type"]}
    return Asked(kind, path, {"content": request.read(), "headers": headers}, large=True)
