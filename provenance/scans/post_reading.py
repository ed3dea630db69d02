"""From the parts of a post as they were sent to what a reader of the post meets: all of them examined in parallel."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice

from fingerprints.model import Examination
from fingerprints.source import Source

from ..errors import INDEX_INCOMPLETE, SourcemarkError, TooLarge, Unavailable
from ..search.examination import Examiner
from ..search.matching import Matcher, Search
from . import embedded, picture_text
from .posts import PartUpload, Upload
from .reuse import Shown
from .surroundings import Reading, Surroundings, layout_of

Read = Sequence[tuple[Reading, Shown | None]] | SourcemarkError


class PostReader:
    """Examines the parts of uploads, and those that they hold, and searches for what each reuses. Thread-safe."""

    def __init__(self, examiner: Examiner, matcher: Matcher, max_parts: int, *, may_be_incomplete: bool) -> None:
        """
        Args:
            max_parts: of one post; of those that its pages and documents hold, as many again are read.
            may_be_incomplete: what cannot be searched for because a part of the index is missing is as what cannot be
                read; if not, nothing is answered then.
        """
        self._may_be_incomplete = may_be_incomplete
        self._examiner = examiner
        self._matcher = matcher
        self._max_parts = max_parts

    def read_all(self, group: Sequence[Upload], examined: Callable[[], None] | None = None) -> list[Read]:
        """Of every upload its parts, each with what a reader sees beside it, or None where it could not be read.

        Args:
            examined: called after each upload.
        """
        wanted = [() if len(upload.parts) > self._max_parts else upload.parts for upload in group]
        left = deque(len(parts) for parts in wanted if parts)

        def step() -> None:
            left[0] -= 1
            if not left[0]:
                left.popleft()
                if examined is not None:
                    examined()

        sources = [part.source for parts in wanted for part in parts]
        examinations = iter(self._read(sources, step))
        answers: list[Read] = []
        for upload, parts in zip(group, wanted, strict=True):
            read = [Reading(part, *done) for part, done in zip(parts, islice(examinations, len(parts)), strict=True)]
            if not read:
                answers.append(self._too_many(len(upload.parts)))
            elif upload.is_post:
                answers.append(self._post(read))
            else:
                answers.append([(each, _alone(each)) for each in read])
        return answers

    def _read(
        self, sources: Sequence[Source | SourcemarkError], examined: Callable[[], None] | None = None
    ) -> list[tuple[Examination, Search] | tuple[SourcemarkError, None]]:
        """What is in each source, and which works it reuses: one is searched for while others are examined."""

        def searched(done: Examination) -> tuple[Examination, Search] | Unavailable:
            try:
                return done, picture_text.placed(self._matcher.find(done.fingerprint), done.lines)
            except Unavailable as error:
                if self._may_be_incomplete and error.reason == INDEX_INCOMPLETE:
                    return error
                raise

        answers = self._examiner.examine_each(sources, searched, thorough=True, examined=examined)
        return [(answer, None) if isinstance(answer, SourcemarkError) else answer for answer in answers]

    def _post(self, sent: Sequence[Reading]) -> Read:
        articles, inside = self._taken_out(sent)
        layouts = {each.part.name: layout_of(each) for each in articles if each.shows_pictures}
        for article, found in layouts.items():
            inside += [(article, part) for part in embedded.inline_pictures(article, found)]
        readings = [*articles, *self._examined(inside)]
        names = [reading.part.name for reading in readings]
        for article, found in layouts.items():
            readings += embedded.not_sent(article, found, names)
        surroundings = Surroundings(readings, layouts)
        return [
            (reading, surroundings.shown(reading) if isinstance(reading.examination, Examination) else None)
            for reading in readings
        ]

    def _taken_out(self, sent: Sequence[Reading]) -> tuple[list[Reading], list[tuple[str, PartUpload]]]:
        """The parts, the documents among them with their pictures; and these pictures, each with its document."""
        documents = [reading.part.source for reading in sent if reading.is_document]
        found = iter(self._examiner.pictures_in([each for each in documents if isinstance(each, Source)]))
        articles: list[Reading] = []
        inside: list[tuple[str, PartUpload]] = []
        for reading in sent:
            if not reading.is_document:
                articles.append(reading)
                continue
            name, pictures = reading.part.name, next(found)
            parts = list(embedded.document_pictures(name, pictures))
            inside += [(name, part) for part in parts]
            shown = zip((part.name for part in parts), (each.at for each in pictures.pictures), strict=False)
            articles.append(replace(reading, pictures=tuple(shown)))
        return articles, inside

    def _examined(self, inside: Sequence[tuple[str, PartUpload]]) -> list[Reading]:
        """The parts that pages and documents hold, each with the name of the part that holds it."""
        read = [part.source for _, part in inside[: self._max_parts]]
        left_out = TooLarge(
            f"the post's texts hold more than {self._max_parts} pictures (SOURCEMARK_MAX_PARTS): this one was not read",
            reason="too_many_parts",
        )
        answers = [*self._read(read), *[(left_out, None)] * (len(inside) - len(read))]
        return [
            Reading(part, done, search, inside=name)
            for (name, part), (done, search) in zip(inside, answers, strict=True)
        ]

    def _too_many(self, count: int) -> SourcemarkError:
        return TooLarge(
            f"the post has {count} parts, more than {self._max_parts} (SOURCEMARK_MAX_PARTS): send it in several posts",
            reason="too_many_parts",
        )


def _alone(reading: Reading) -> Shown | None:
    """A single upload: there is nothing beside it but its caption."""
    done = reading.examination
    return Shown(done, reading.part.caption) if isinstance(done, Examination) else None
