"""Markdown by its structure, and which of its code points a reader sees, without moving any of them.

As much of CommonMark (0.31) as hides something: front matter, fences, emphasis, code marks; tags and comments as in
HTML. What is in a code block is text as it stands. Addresses of links and pictures stay seen, although a renderer hides
them: whoever pastes, wraps or shortens the source breaks the brackets around them, and what is hidden in the work but
seen in its copy tears one passage into many (measured: a tenth of the copied characters was not shown).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from ..unicode.folding import CodePoints
from . import html

_FRONT_MATTER = re.compile(r"---[ \t]*\n(?:[A-Za-z_][\w-]*:.*\n|[ \t#-].*\n|\n)+?(?:---|\.\.\.)[ \t]*(?:\n|\Z)")
_FENCE = re.compile(r"^ {0,3}(?P<mark>`{3,}|~{3,})[^`\n]*$", re.MULTILINE)
# The end of each part is bound to be near or to be found without going back: linear in the length of the text.
_ADDRESS = r"<[^<>\n]{0,2000}>|[^\s()<>]{0,2000}(?:\([^\s()]{0,500}\)[^\s()<>]{0,500})?"
_TITLE = r"\"[^\"\n]{0,300}\"|'[^'\n]{0,300}'"
_TARGET = rf"\(\s{{0,9}}(?:{_ADDRESS})(?:\s{{1,9}}(?:{_TITLE}))?\s{{0,9}}\)"
_TARGETED = re.compile(rf"(?<=\]){_TARGET}")
_DEFINITION = re.compile(r"^ {0,3}\[[^\[\]\n]{1,200}\]:[ \t]+\S.*$", re.MULTILINE)
_CODE = re.compile(r"(?<!`)(`++)([^`\n]++)(`++)")
_EMPHASIS = re.compile(r"(?<![\w*])_{1,3}(?=[^\s_])|(?<=[^\s_])_{1,3}(?![\w*])|\*{1,3}(?=[^\s*])|(?<=[^\s*])\*{1,3}|~~")
_HEADING_MARK = re.compile(r"^ {0,3}(?:#{1,6}(?=[ \t])|(?:>[ \t]?)+)", re.MULTILINE)

_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+\S", re.MULTILINE)
_STRONG = re.compile(r"(?<![A-Za-z0-9*])\*\*(?=[^\s*])[^*\n]{1,200}(?<=[^\s*])\*\*(?![A-Za-z0-9*])")
_TABLE = re.compile(r"^ {0,3}\|?[ \t]*:?-{3,}:?[ \t]*(?:\|[ \t]*:?-{3,}:?[ \t]*)+\|?[ \t]*$", re.MULTILINE)
_ADDRESSED = re.compile(r"\]\((?:https?://|\.{0,2}/|#|mailto:)[^\s()]{1,2000}")
_JUDGED = 65_536  # code points judged


def is_markdown(text: str) -> bool:
    """Whether a text is Markdown beyond reasonable doubt: two kinds of its structure, or one that nothing else has."""
    head = text[:_JUDGED]
    if head.startswith("---") and _FRONT_MATTER.match(head):
        return True
    # Single characters are looked for first: this runs on every plain text.
    if ("`" in head or "~" in head) and len(_FENCE.findall(head)) >= 2:
        return True
    linked = "[" in head
    if linked and "](" in head and _ADDRESSED.search(head):
        return True
    kinds = ("#" in head and _HEADING.search(head) is not None) + ("*" in head and _STRONG.search(head) is not None)
    kinds += "|" in head and _TABLE.search(head) is not None
    kinds += linked and "]: " in head and _DEFINITION.search(head) is not None
    return kinds >= 2


def visible(text: str, points: CodePoints) -> tuple[CodePoints, int]:
    """Blank what a reader of the rendered text does not see; like `html.visible`."""
    code, front = _code_blocks(text)
    outside = text
    if code:
        # Code is no markup: for what follows, blanks stand in its place.
        parts, end = [], 0
        for start, stop in code:
            parts += [outside[end:start], re.sub(r"[^\n]", " ", outside[start:stop])]
            end = stop
        outside = "".join((*parts, outside[end:]))
    gone = np.zeros(len(points), dtype=np.bool_)
    spans = [(found.start(), found.end()) for found in _CODE.finditer(outside)]
    literal = spans  # of inline code only the marks go
    marks = [piece for found in _CODE.finditer(outside) for piece in (found.span(1), found.span(3))]
    masked = _masked(outside, literal)
    for pattern in (_TARGETED, _DEFINITION):
        addresses = [found.span() for found in pattern.finditer(masked)]
        literal = literal + addresses
        masked = _masked(masked, addresses)
    for start, stop in marks:
        gone[start:stop] = True
    masked = _masked(masked, [span for span in marks if span[1] - span[0] > 1])
    for pattern in (_EMPHASIS, _HEADING_MARK):
        for found in pattern.finditer(masked):
            gone[found.start() : found.end()] = True
    seen, hidden = html.visible(masked, points)
    # Code stands as it is written, tags and all.
    for start, stop in (*code, *literal):
        seen[start:stop] = points[start:stop]
    for start, stop in _fence_lines(text, code):
        gone[start:stop] = True
    gone[:front] = True
    seen[gone] = 0
    return seen, hidden


def _masked(text: str, spans: list[tuple[int, int]]) -> str:
    parts, end = [], 0
    for start, stop in sorted(spans):
        if start >= end:
            parts += [text[end:start], " " * (stop - start)]
            end = stop
    return "".join((*parts, text[end:]))


def _code_blocks(text: str) -> tuple[list[tuple[int, int]], int]:
    """The insides of fenced code, and where the front matter ends."""
    front = found.end() if text.startswith("---") and (found := _FRONT_MATTER.match(text)) else 0
    out, opened = [], None
    for fence in _FENCE.finditer(text, front):
        if opened is None:
            opened = fence
        elif fence["mark"].startswith(opened["mark"]) and not fence[0].strip().strip("`~"):
            out.append((opened.end(), fence.start()))
            opened = None
    if opened is not None:
        out.append((opened.end(), len(text)))
    return out, front


def _fence_lines(text: str, code: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    for start, stop in code:
        yield text.rfind("\n", 0, start) + 1, start
        yield stop, _line_end(text, stop)


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end
