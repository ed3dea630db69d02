"""What of a post speaks of each of its parts: marking is judged where a reader sees it.

A picture's credit stands in its own fields, its figcaption or the line beside it, the caption of the post, or the
article's list of picture credits. A text's credit stands in the text, the title or the caption. Neither is the other's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from fingerprints.documents.extraction import DOCUMENTS
from fingerprints.model import Examination

from ..errors import SourcemarkError
from ..marking.html import Picture
from ..marking.segmentation import Unit, from_blocks, from_text
from ..search.matching import Search
from . import layout
from .layout import Layout
from .posts import PartUpload
from .reuse import Shown

_SHOWS = re.compile(r"<(?:img|video|audio|source)\b|!\[", re.IGNORECASE)
NO_TEXT = "no_text"  # the reason of a document that holds pictures alone


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """One part as it was read and searched, or why it was not.

    Attributes:
        pictures: names of the parts that were taken out of this document, and after how many code points they stand.
        inside: name of the page or document that this part was taken out of; None for what was sent.
    """

    part: PartUpload
    examination: Examination | SourcemarkError
    search: Search | None = None
    pictures: tuple[tuple[str, int], ...] = ()
    inside: str | None = None

    @property
    def text(self) -> str | None:
        """The text as submitted; None for another medium and for what could not be read."""
        return None if isinstance(self.examination, SourcemarkError) else self.examination.text

    @property
    def is_document(self) -> bool:
        """Whether it may hold pictures that can be taken out; a document of pictures alone cannot be read as a text."""
        if isinstance(self.examination, SourcemarkError):
            return self.examination.reason == NO_TEXT
        return self.examination.format in DOCUMENTS

    @property
    def is_album(self) -> bool:
        """Whether it is a document of pictures alone, which were taken out."""
        return bool(self.pictures) and isinstance(self.examination, SourcemarkError)

    @property
    def is_media(self) -> bool:
        return not isinstance(self.examination, SourcemarkError) and self.examination.text is None

    @property
    def is_article(self) -> bool:
        return self.text is not None and self.part.role not in ("title", "caption")

    @property
    def shows_pictures(self) -> bool:
        """Whether it is an article that refers to pictures or holds some."""
        return self.is_article and (bool(self.pictures) or _SHOWS.search(self.text or "") is not None)

    @property
    def is_line(self) -> bool:
        """A text so short that it speaks of the rest of the post, such as a credit sent by itself."""
        text = self.text
        return text is not None and self.part.role != "title" and len(text.strip()) < layout.MIN_ARTICLE


def layout_of(article: Reading) -> Layout:
    """The layout of a part that is an article."""
    assert isinstance(article.examination, Examination)
    text, format = article.text or "", article.examination.format
    if format == "html":
        return layout.of_page(text)
    return layout.of_text(text, article.pictures, markdown=format == "markdown")


class Surroundings:
    """The parts of one post, and what a reader sees beside each of them."""

    def __init__(self, readings: Sequence[Reading], layouts: dict[str, Layout]) -> None:
        """
        Args:
            layouts: of those articles that show pictures, by name; of others it is made when it is needed.
        """
        self._readings = readings
        self._made = layouts

    def shown(self, reading: Reading) -> Shown:
        """One part that was read, with what a reader sees beside it; that is looked for where it reuses something."""
        assert isinstance(reading.examination, Examination)
        around: Iterator[Unit] = iter(())
        if reading.search is not None and reading.search.found:
            around = self._of_media(reading) if reading.is_media else self._of_text(reading)
        return Shown(reading.examination, reading.part.caption, tuple(around))

    @cached_property
    def _layouts(self) -> dict[str, Layout]:
        """The layouts of all articles."""
        return {
            each.part.name: self._made.get(each.part.name) or layout_of(each)
            for each in self._readings
            if each.is_article
        }

    def _of_text(self, reading: Reading) -> Iterator[Unit]:
        for other in self._readings:
            text = other.text
            if other is reading or text is None or other.inside is not None:
                continue
            if other.part.role == "title":
                yield from from_text(text, "title", heading=True)
            elif other.part.role == "caption":
                yield from from_text(text, "caption")
            elif other.is_line:
                yield from from_blocks(self._layouts[other.part.name].blocks, "caption")

    def _of_media(self, reading: Reading) -> Iterator[Unit]:
        for caption in self._captions_of(reading):
            yield from from_text(caption.text or "", "caption")
        name = reading.part.name
        for article, found in self._layouts.items():
            shown = [picture for picture in found.pictures if self._names[article, picture] == name]
            yield from found.around(shown, self._number(found, reading, shown), name, self._media)

    def _captions_of(self, reading: Reading) -> Iterator[Reading]:
        """The captions that speak of a file: the only one; of several those that follow no file, and its own."""
        captions = [each for each in self._readings if each.part.role == "caption" and each.text is not None]
        if len(captions) == 1 or reading.inside is not None:
            yield from captions
            return
        files: list[Reading] = []
        for each in self._readings:
            if each.part.role == "file":
                files.append(each)
            elif each.part.role == "caption" and each.text is not None:
                if not files or reading in files:
                    yield each
                files = []

    @cached_property
    def _media(self) -> list[str]:
        return [each.part.name for each in self._readings if each.is_media]

    @cached_property
    def _names(self) -> dict[tuple[str, Picture], str | None]:
        """The part that each picture of an article is."""
        return {
            (article, picture): found.name_of(picture, article, self._media)
            for article, found in self._layouts.items()
            for picture in found.pictures
        }

    def _number(self, found: Layout, reading: Reading, shown: Sequence[Picture]) -> int:
        """Which picture of the article it is, from 1: in the order of the article, else in that of the post."""
        order = list(dict.fromkeys(picture.reference for picture in found.pictures))
        if shown:
            return order.index(shown[0].reference) + 1
        return self._media.index(reading.part.name) + 1
