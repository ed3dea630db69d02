"""Rights-management information of an original against a repost's, field by field (WCT 12; 17 USC 1202).

Platforms strip metadata from everything they re-encode: what is missing is a fact, not an accusation.
"""

from __future__ import annotations

from collections.abc import Iterable

from fingerprints.model import Field

from .model import Comparison, Difference, Post, Work
from .normalization import fold
from .segmentation import field_role

MOST = 100  # fields of an original that are kept
LONGEST = 500  # code points of a value that are kept
SHOWN = 200


def of(fields: Iterable[Field]) -> tuple[Field, ...]:
    """The fields that speak of author, rights holder, source, title or licence, cut to what a registration keeps."""
    found = (f for f in fields if field_role(f.tag))
    kept = dict.fromkeys(Field(f.where, f.tag, f.value[:LONGEST]) for f in found)
    return tuple(kept)[:MOST]


def compare(work: Work, post: Post) -> tuple[Comparison, tuple[Difference, ...]]:
    """What became of the original's fields.

    A field is kept when its value stands in a field of the same tag or of the same role, as when a converter writes
    EXIF's Artist into XMP's creator; altered when its tag has another value; stripped otherwise.

    Returns:
        whether there was anything to compare, and one difference for each field of the original.
    """
    if post.fields is None:
        return "not_a_file", ()
    if work.fields is None:
        return "original_not_recorded", ()
    by_tag: dict[str, list[str]] = {}
    by_role: dict[str, set[str]] = {}
    for f in post.fields:
        role = field_role(f.tag)
        if role:
            by_tag.setdefault(_plain(f.tag), []).append(f.value)
            by_role.setdefault(role, set()).add(fold(f.value).strip())
    out = []
    for f in of(work.fields):
        values, role = by_tag.get(_plain(f.tag), []), field_role(f.tag) or ""
        same = next((v for v in values if v[:LONGEST] == f.value), None)
        if same is None and fold(f.value).strip() in by_role.get(role, ()):
            same = f.value
        state = "kept" if same is not None else "altered" if values else "stripped"
        shown = same if same is not None else values[0] if values else None
        out.append(Difference(f.tag, state, f.value[:SHOWN], None if shown is None else shown[:SHOWN]))  # type: ignore[arg-type]  # one of the three states
    return "compared", tuple(out)


def _plain(tag: str) -> str:
    return tag.lower()
