"""The text and pictures of PowerPoint files (ECMA-376 part 1, PresentationML): slide after slide, shape after shape."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from ..model import Limits
from ..source import Source
from .archive import Archive
from .embedded import Embedded
from .ooxml import relationships
from .text_limit import TextLimit

_TYPES = "[Content_Types].xml"
_MAIN = re.compile(
    rb"presentationml\.(?:presentation|slideshow|template)\.main\+xml"
    rb"|ms-powerpoint\.(?:presentation|slideshow|template)\.macroEnabled\.main"
)
_PRESENTATION = "ppt/presentation.xml"


def is_pptx(archive: Archive) -> bool:
    """Whether an archive is a PowerPoint file, by what it says of its parts."""
    return _TYPES in archive and _MAIN.search(archive.read(_TYPES)) is not None and _PRESENTATION in archive


def extract(source: Source, limits: Limits) -> tuple[str, int]:
    """The text of all slides that are shown, a line a paragraph; and 0: hidden slides are not counted.

    Raises:
        UnreadableMedia: ``truncated``, ``damaged``, ``encrypted``.
        LimitExceeded: ``too_large`` (of the text), ``unpacked_too_large``, ``too_many_entries``.
    """
    archive, limit = Archive(source, limits.max_unpacked_bytes), TextLimit(limits)
    return "\n".join(line for _, root in _slides(archive) for line, _ in _read(root, limit) if line), 0


def pictures(source: Source, limits: Limits) -> Iterator[Embedded]:
    """The pictures on the slides, in the order of the shapes. Raises as `extract` does."""
    archive, limit = Archive(source, limits.max_unpacked_bytes), TextLimit(limits)
    at = 0
    for name, root in _slides(archive):
        targets = relationships(archive, name)
        for line, relation in _read(root, limit):
            at += len(line) + 1 if line else 0
            if relation in targets:
                yield Embedded(targets[relation], at, partial(archive.read, targets[relation]))


def _slides(archive: Archive) -> Iterator[tuple[str, Any]]:
    """The parts and roots of the slides, in the order in which they are shown."""
    targets = relationships(archive, _PRESENTATION)
    for each in archive.xml(_PRESENTATION, "document").iter("{*}sldId"):
        relation = next((value for key, value in each.attrib.items() if key.endswith("}id")), "")
        if relation in targets:
            root = archive.xml(targets[relation], "document")
            if root.get("show") not in ("0", "false"):
                yield targets[relation], root


def _read(slide: Any, limit: TextLimit) -> Iterator[tuple[str, str]]:
    """The paragraphs of a slide, and the relationships of its pictures, in their order: one of the two is empty."""
    for element in slide.iter("{*}p", "{*}blip"):
        if element.tag.endswith("}blip"):
            yield "", next((value for key, value in element.attrib.items() if key.endswith("}embed")), "")
            continue
        line = "".join(each.text or "" if each.tag.endswith("}t") else "\n" for each in element.iter("{*}t", "{*}br"))
        limit.take(len(line) + 1)
        if line.strip():
            yield line, ""
