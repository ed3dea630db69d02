"""Whether a post kept the title of the work, and what it changed in it (R8, R9: a news repost keeps the title)."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from .model import TitleChange
from .normalization import fold_name, is_dense

_MAX_COMPARED = 300  # code points of a heading that are compared
_MIN_SIMILARITY = 0.5  # of a first line that is taken for a changed title, 0..1
_MAX_BEFORE_TEXT = 2_000  # code points in which the first line is looked for
_MAX_FIRST_LINE = 80  # code points of a first line that can be a title


def compare(
    title: str, headings: Iterable[str], text: str | None, *, marked: bool
) -> tuple[bool | None, tuple[TitleChange, ...]]:
    """Whether the title stands in a post, and if not, how its heading differs.

    Args:
        headings: of a page; its title element last.
        text: a post of plain text, whose first line is a heading if it resembles the title.
        marked: the title was found as a title elsewhere in the post.

    Returns:
        True, False, or None where there is no heading to compare; and the pieces that were kept, removed and added,
        empty unless the title was changed.
    """
    wanted = fold_name(title)
    if not wanted:
        return None, ()
    if marked:
        return True, ()
    listed = [" ".join(h.split())[:_MAX_COMPARED] for h in headings if h.strip()] or _first_line(wanted, text or "")
    if not listed:
        return None, ()
    if any(wanted in fold_name(h) for h in listed):
        return True, ()
    nearest = max(listed, key=lambda h: _similarity(wanted, fold_name(h)))
    return False, difference(title, nearest)


def _first_line(wanted: str, text: str) -> list[str]:
    """The first line of a text, if it can be the title or a change of it."""
    first = next((line.strip() for line in text[:_MAX_BEFORE_TEXT].splitlines() if line.strip()), "")
    resembles = len(first) <= _MAX_FIRST_LINE and _similarity(wanted, fold_name(first)) >= _MIN_SIMILARITY
    return [first] if resembles else []


def difference(title: str, heading: str) -> tuple[TitleChange, ...]:
    """The pieces of two titles: kept, removed, added; by words, or by characters in scripts without spaces."""
    dense = is_dense(title + heading)
    a, b = _pieces(title, dense), _pieces(heading, dense)
    join = "" if dense else " "
    out: list[TitleChange] = []
    for operation, a0, a1, b0, b1 in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if operation == "equal":
            out.append(TitleChange("kept", join.join(a[a0:a1])))
            continue
        if a0 < a1:
            out.append(TitleChange("removed", join.join(a[a0:a1])))
        if b0 < b1:
            out.append(TitleChange("added", join.join(b[b0:b1])))
    return tuple(out)


def _pieces(text: str, dense: bool) -> list[str]:
    text = " ".join(text.split())[:_MAX_COMPARED]
    return list(text) if dense else text.split(" ")


def _similarity(a: str, b: str) -> float:
    return difflib.SequenceMatcher(None, a[:_MAX_COMPARED], b[:_MAX_COMPARED], autojunk=False).ratio()
