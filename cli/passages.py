"""The evidence of a text match: both passages, the words they share marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fingerprints.source import Source
from provenance.names import readable

from .output import out, say, titled, tr

if TYPE_CHECKING:
    from rich.text import Text

    from provenance.database.engine import Database
    from provenance.schemas import MatchRecord, SegmentRecord
    from provenance.search.examination import Examiner

_PASSAGES = 5  # shown of one match, the longest
_CHARACTERS = 1500  # shown of one passage
_SHARED = "bold green"


def show(db: Database, examiner: Examiner, source: Source, matches: Sequence[MatchRecord]) -> None:
    """Print the longest passages of every match as the upload has them and as the work has them."""
    from fingerprints.text.diff import compare
    from provenance.search import matching

    submitted = examiner.examine(source).text or ""
    for match in matches:
        work = matching.text_of(db, match.work_id)
        say()
        say(f"{match.work_id} {titled(match.title, match.owner)}")
        for segment in _longest(match.segments):
            (a, b), (c, d) = _span(segment.upload), _span(segment.work)
            mine, theirs = compare(submitted[a : min(b, a + _CHARACTERS)], work[c : min(d, c + _CHARACTERS)])
            for label, start, end, passage in (
                (tr("upload", "上传内容"), a, b, mine),
                (tr("work", "作品"), c, d, theirs),
            ):
                say(f"  {label} {start}–{end}{tr(':', '：')}")
                drawn = _marked(passage.text, passage.shared)
                drawn.append(" …" if end - start > _CHARACTERS else "")
                out().print(drawn, soft_wrap=True)
        left = len(match.segments) - _PASSAGES
        if left > 0:
            say("  " + tr(f"and {left} more passages", f"另有 {left} 处"))


def _longest(segments: Sequence[SegmentRecord]) -> list[SegmentRecord]:
    chosen = sorted(segments, key=lambda s: _span(s.upload)[0] - _span(s.upload)[1])[:_PASSAGES]
    return sorted(chosen, key=lambda s: _span(s.upload))


def _span(part: Sequence[object]) -> tuple[int, int]:
    start, end = part
    assert isinstance(start, (int, float))
    assert isinstance(end, (int, float))
    return int(start), int(end)


def _marked(text: str, shared: Sequence[tuple[int, int]]) -> Text:
    """The passage with its shared words in colour, or in brackets where there is none."""
    from rich.text import Text

    drawn = Text()
    coloured = out().color_system is not None and not out().no_color
    at = 0
    for start, end in shared:
        drawn.append(readable(text[at:start]), "dim" if coloured else "")
        drawn.append(readable(text[start:end]) if coloured else f"[{readable(text[start:end])}]", _SHARED)
        at = end
    drawn.append(readable(text[at:]), "dim" if coloured else "")
    return drawn
