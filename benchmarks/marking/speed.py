"""How long the marking check takes: posts and pages, files through the decoder process, hostile input by size.

CPU time, but for files, of which another process reads most.
"""

from __future__ import annotations

import io
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from PIL import Image

from fingerprints.model import Limits
from fingerprints.sandbox.pool import Sandbox
from fingerprints.source import Source
from provenance.marking import Post, Work, check, write_into

WORK = Work(
    title="码头边的理发店", owner="顾南舟", owner_aliases=("南舟", "Gu Nanzhou"), source_name="潮声读本",
    source_urls=("https://chaosheng.example.cn/p/Ab93Kd",), licence="CC-BY-4.0",
)  # fmt: skip
LINE = "作者:顾南舟;来源:潮声读本 https://chaosheng.example.cn/p/Ab93Kd CC BY 4.0"
SENTENCES = (
    "理发店的转椅对着码头,师傅每剪完一个人,就朝江面望一眼。",
    "The barber's chair faces the pier, and after every customer he looks at the river once.",
)


def article(length: int) -> str:
    """A post of about ``length`` code points, Chinese and English by turns, with a credit at its end."""
    parts, size = [], 0
    while size < length:
        parts.append(SENTENCES[len(parts) % 2])
        size += len(parts[-1])
    return "\n".join((*parts, LINE))


def page(length: int) -> str:
    body = "".join(f"<p class='c{i % 7}'>{line}</p>" for i, line in enumerate(article(length).split("\n")))
    style = "".join(f".c{i}{{color:#22{i}}} article p.c{i}{{margin:{i}px}}" for i in range(7))
    return f"<!doctype html><html><head><style>{style}</style></head><body><article>{body}</article></body></html>"


def timed(calls: Iterable[Callable[[], object]], clock: Callable[[], float]) -> tuple[float, float]:
    """Median and 95th percentile, milliseconds."""
    spent = []
    for call in calls:
        begin = clock()
        call()
        spent.append(1000 * (clock() - begin))
    return statistics.median(spent), sorted(spent)[int(0.95 * (len(spent) - 1))]


def report(name: str, calls: Iterable[Callable[[], object]], clock: Callable[[], float] = time.process_time) -> None:
    median, high = timed(calls, clock)
    sys.stdout.write(f"{name:<42} median {median:8.1f} ms   95 % {high:8.1f} ms\n")


def files() -> Iterable[tuple[str, bytes]]:
    for format in ("JPEG", "PNG", "WEBP"):
        out = io.BytesIO()
        Image.effect_noise((640, 480), 60).convert("RGB").save(out, format)
        yield format, write_into(out.getvalue(), WORK, "zh")


HOSTILE: dict[str, Callable[[int], Post]] = {
    "nested tags": lambda n: Post(html="<div>" * (n // 5) + LINE),
    "来源: in one line": lambda n: Post(text="来源:" * (n // 3)),
    "作者: and commas": lambda n: Post(text="作者:," * (n // 4)),
    "brackets": lambda n: Post(text="[" * n),
    "open link": lambda n: Post(html="<a href=x>" * (n // 10)),
    "style rules": lambda n: Post(html="<style>" + ".a b{color:red}" * (n // 15) + "</style><p class=a>" + LINE),
    "the owner's name": lambda n: Post(text="顾南舟 " * (n // 4)),
    "addresses": lambda n: Post(text="https://a.example/x " * (n // 20)),
    "by by by": lambda n: Post(text="by " * (n // 3)),
    "no spaces": lambda n: Post(text="a" * n),
}


def main() -> None:
    check(WORK, Post(text=LINE))  # the lexicon is compiled once
    for size in (500, 3_000, 20_000):
        text, html = article(size), page(size)
        report(f"text, {size} code points", [lambda t=text: check(WORK, Post(text=t, lang="zh"))] * 40)  # type: ignore[misc]
        report(f"page, {size} code points of text", [lambda h=html: check(WORK, Post(html=h, lang="zh"))] * 40)  # type: ignore[misc]
    with tempfile.TemporaryDirectory() as folder, Sandbox(1, Limits()) as sandbox:
        sandbox.examine(Source.blob(b"warm up"))
        for format, data in files():
            path = Path(folder) / f"a.{format.lower()}"
            path.write_bytes(data)

            def one(path: Path = path) -> object:
                return check(WORK, Post(fields=sandbox.examine(Source.file(path)).fields))

            report(f"file, {format}, decoded and fingerprinted", [one] * 40, time.perf_counter)
    for name, make in HOSTILE.items():
        for size in (50_000, 500_000, 5_000_000):
            post = make(size)
            begin = time.process_time()
            check(WORK, post)
            sys.stdout.write(f"hostile, {name:<20} {size:>9} -> {time.process_time() - begin:7.2f} s\n")


if __name__ == "__main__":
    main()
