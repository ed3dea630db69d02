"""Rights-management information of an original against a repost's, field by field (WCT 12; 17 USC 1202).

Platforms strip metadata from everything they re-encode: what is missing is a fact, not an accusation.
"""

from __future__ import annotations

from collections.abc import Iterable

from fingerprints.model import Field

from .model import Comparison, Difference, Post, Work
from .normalization import fold
from .segmentation import field_role

MAX_FIELDS = 100  # of an original that are kept
MAX_VALUE = 500  # code points of a value that are kept
MAX_SHOWN = 200  # code points of a value that are reported


def rights_fields(fields: Iterable[Field]) -> tuple[Field, ...]:
    """The fields that speak of author, rights holder, source, title or licence, cut to what a registration keeps."""
    found = (f for f in fields if field_role(f.tag))
    kept = dict.fromkeys(Field(f.where, f.tag, f.value[:MAX_VALUE]) for f in found)
    return tuple(kept)[:MAX_FIELDS]


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
    present = _PresentFields(post.fields)
    return "compared", tuple(present.difference(field) for field in rights_fields(work.fields))


class _PresentFields:
    """The rights-management fields of a repost, by tag and by role."""

    def __init__(self, fields: Iterable[Field]) -> None:
        self._by_tag: dict[str, list[str]] = {}
        self._by_role: dict[str, set[str]] = {}
        for field in fields:
            role = field_role(field.tag)
            if role:
                self._by_tag.setdefault(field.tag.lower(), []).append(field.value)
                self._by_role.setdefault(role, set()).add(fold(field.value).strip())

    def difference(self, original: Field) -> Difference:
        """What became of a field of the original."""
        values = self._by_tag.get(original.tag.lower(), [])
        shown = original.value[:MAX_SHOWN]
        same = next((value for value in values if value[:MAX_VALUE] == original.value), None)
        if same is not None:
            return Difference(original.tag, "kept", shown, same[:MAX_SHOWN])
        if fold(original.value).strip() in self._by_role.get(field_role(original.tag) or "", ()):
            return Difference(original.tag, "kept", shown, shown)
        if values:
            return Difference(original.tag, "altered", shown, values[0][:MAX_SHOWN])
        return Difference(original.tag, "stripped", shown)
