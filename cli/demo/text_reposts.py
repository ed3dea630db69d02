"""What reposts do to texts, in any language: each function takes a text and gives another, or None where it cannot.

``open_text`` takes any text file the fingerprints package reads; of HTML it takes what a reader sees.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from fingerprints.documents.extraction import DOCUMENTS, read
from fingerprints.errors import UnreadableMedia, UnsupportedMedium
from fingerprints.model import Limits
from fingerprints.sniff import sniff
from fingerprints.source import Source
from fingerprints.unicode.folding import to_text

from .variants import is_han, to_simplified, to_traditional
from .work import Lang

LARGEST = 200_000  # characters; a longer text is no article and would only slow the demo down
SHORTEST = {"zh-Hans": 60, "zh-Hant": 60, "en": 200}  # characters below which a changed copy may not be found

_KANA = re.compile("[\u3041-\u30ff]")
_SENTENCES = re.compile(r"[^。！？!?.…\n]+(?:[。！？…]+[”’」』）]*|[!?.]+[\"”’)]*(?=\s|\Z)|\n+|\Z|[!?.])")
_WIDE = str.maketrans({code: code + 0xFEE0 for code in (*range(0x30, 0x3A), *range(0x41, 0x5B), *range(0x61, 0x7B))})
_TYPED = str.maketrans({"'": "’", "-": "\u2010", "“": '"', "”": '"'})
_SWAPS = {
    "zh-Hans": (
        ("真的", "果真"),
        ("起初", "一开始"),
        ("已经", "早已"),
        ("因为", "由于"),
        ("附近", "周围"),
        ("很", "十分"),
    ),
    "zh-Hant": (
        ("真的", "果真"),
        ("起初", "一開始"),
        ("已經", "早已"),
        ("因為", "由於"),
        ("可是", "但是"),
        ("很", "十分"),
    ),
    "en": (
        ("because", "since"),
        ("began", "started"),
        ("often", "frequently"),
        ("begin", "start"),
        ("is not", "isn't"),
    ),
}
_HEADLINES = {"zh-Hans": "读完沉默了很久：{}", "zh-Hant": "讀完沉默了很久：{}", "en": "You need to read this: {}"}
_MORE = {"zh-Hans": "（未完）", "zh-Hant": "（未完）", "en": "(continued)"}
_SITES = {"zh-Hans": "晨雾日报", "zh-Hant": "晨霧日報", "en": "The Daily Mist"}


def open_text(data: bytes) -> str:
    """The text of a file, line ends as ``\\n``, of HTML without its markup.

    Raises:
        UnreadableMedia: undecodable, ``too_short`` or ``too_long``.
        UnsupportedMedium: not a text format that is taken.
    """
    medium, format = sniff(Source.blob(data))
    if medium != "text" or format in DOCUMENTS:
        # Documents are opened by libraries, which the decoder process does; this is only the demo.
        raise UnsupportedMedium(format, f"the demo takes plain text, Markdown and HTML, not {format}")
    seen = read(Source.blob(data), Limits(max_text_bytes=max(len(data), 1))).seen
    text = to_text(seen[seen > 0])
    text = re.sub(r"\r\n?|\u2028|\u2029", "\n", text).strip()
    text = re.sub(r"[ \t]*\n(?:[ \t]*\n)+", "\n\n", text)
    if len(text) < SHORTEST[language_of(text)]:
        raise UnreadableMedia("too_short", f"the text has only {len(text)} characters")
    if len(text) > LARGEST:
        raise UnreadableMedia("too_long", f"the text has {len(text)} characters, more than {LARGEST}")
    return text


def language_of(text: str) -> Lang:
    """Which of the demo's languages a text is nearest to; ``en`` stands for everything that is not Chinese."""
    sample = text[:2000]
    han = "".join(filter(is_han, sample))
    if len(han) * 4 < len(sample) or _KANA.search(sample):
        return "en"
    traditional = sum(a != b for a, b in zip(han, to_simplified(han), strict=True))
    simplified = sum(a != b for a, b in zip(han, to_traditional(han), strict=True))
    return "zh-Hant" if traditional > simplified else "zh-Hans"


def headline(text: str) -> tuple[str, str]:
    """A text as its headline (a short first line, or nothing) and the rest."""
    first, _, rest = text.partition("\n")
    return (first.strip(), rest.strip()) if len(first) <= 100 and rest.strip() else ("", text.strip())


def respaced(text: str) -> str:
    """Lines broken elsewhere, other spaces, quotes, hyphens; in Chinese and Japanese letters in full width."""
    dense = language_of(text) != "en" or _KANA.search(text) is not None
    out = []
    for paragraph in text.split("\n\n"):
        if dense:
            line = "\u3000\u3000" + paragraph.translate(_WIDE)
            out.append("\n".join(line[at : at + 32] for at in range(0, len(line), 32)))
        else:
            out.append(textwrap.fill(paragraph.translate(_TYPED), 58, break_on_hyphens=False).replace(". ", ".\u00a0 "))
    return "\n\n\n".join(out)


def other_script(text: str) -> str | None:
    """Simplified as traditional Chinese or the other way round; None for other languages."""
    if _KANA.search(text):
        return None
    lang = language_of(text)
    changed = {"zh-Hans": to_traditional, "zh-Hant": to_simplified}.get(lang, lambda same: same)(text)
    return changed if changed != text else None


def edited(text: str) -> str:
    """A louder headline, a few words swapped, the shortest sentence of the body left out."""
    lang = language_of(text)
    title, body = headline(text)
    for old, new in _SWAPS[lang]:
        body = body.replace(old, new, 1)
    sentences = _SENTENCES.findall(body)
    inner = [sentence for sentence in sentences[1:-1] if len(sentence.strip()) >= 4]
    if inner and len(shortest := min(inner, key=len)) * 20 < len(body):
        body = body.replace(shortest, "", 1)
    return f"{_HEADLINES[lang].format(title)}\n\n{body}" if title else body


def shortened(text: str) -> str | None:
    """The end left out, about an eighth, at a sentence; None where there are too few sentences."""
    lang = language_of(text)
    sentences = _SENTENCES.findall(text)
    kept = len(text)
    while sentences and kept > 0.88 * len(text):
        kept = text.rindex(sentences.pop(), 0, kept)
    if kept < 0.80 * len(text):
        return None
    return f"{text[:kept].rstrip()}\n\n{_MORE[lang]}"


def page(text: str, credit: str | None) -> str:
    """A small article page; the credit, if there is one, in a paragraph of its own below the article."""
    lang = language_of(text)
    title, body = headline(text)
    site = _SITES[lang]
    paragraphs = "\n".join(f"<p>{escape(part.strip(), quote=False)}</p>" for part in body.split("\n\n") if part.strip())
    heading = f"<h1>{escape(title, quote=False)}</h1>\n" if title else ""
    footer = "" if credit is None else f'<p class="credit">{escape(credit, quote=False)}</p>\n'
    return (
        f'<!doctype html>\n<html lang="{lang}">\n<head><meta charset="utf-8">'
        f"<title>{escape(title or site, quote=False)}</title>\n"
        "<style>body { font: 18px/1.7 serif; max-width: 40em; margin: auto }</style></head>\n"
        f"<body>\n<nav>{site}</nav>\n<article>\n{heading}{paragraphs}\n{footer}</article>\n</body>\n</html>\n"
    )


@dataclass(frozen=True, slots=True)
class TextChange:
    """One thing done to a text, with its name in file names and its description for people."""

    name: str
    make: Callable[[str], str | None]
    english: str
    chinese: str
    html: bool = False


CHANGES = (
    TextChange("respaced", respaced, "other line breaks, spaces and widths", "换行、空格与全半角不同"),
    TextChange("page", lambda text: text, "put into a web page", "放进网页", html=True),
    TextChange("edited", edited, "headline and a few words changed, a sentence dropped", "改了标题和个别词，删去一句"),
    TextChange("other-script", other_script, "simplified and traditional exchanged", "简繁转换"),
    TextChange("shortened", shortened, "the end left out", "删去结尾"),
)
