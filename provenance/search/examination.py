"""Reading uploads in decoder processes, with the user's view of what is wrong with them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from fingerprints.errors import FingerprintError
from fingerprints.model import EmbeddedPictures, Examination
from fingerprints.sandbox.pool import Sandbox
from fingerprints.source import Source

from ..errors import SourcemarkError, from_fingerprint_error
from ..observer import Observer

_logger = logging.getLogger(__name__)


T = TypeVar("T")


class Examiner:
    """Examines uploads in a sandbox, many in parallel. Thread-safe."""

    def __init__(self, sandbox: Sandbox, workers: int, observer: Observer) -> None:
        """
        Args:
            workers: how many are examined at the same time.
        """
        self._sandbox = sandbox
        self._observer = observer
        # More threads than workers: those that wait for a turn to read a large file hold up no small one.
        self._pool = ThreadPoolExecutor(4 * workers, thread_name_prefix="examine")

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._sandbox.close()  # which ends what is being read: a long recording takes minutes
        self._pool.shutdown()

    def examine(self, source: Source, *, thorough: bool = False) -> Examination:
        """Examine one upload.

        Args:
            thorough: for a search: look closer than is kept of a work.

        Raises:
            BadContent, UnsupportedContent, TooLarge: the upload cannot be read.
            Unavailable: the decoder process failed.
        """
        start, failed = time.perf_counter(), None
        try:
            return self._sandbox.examine(source, thorough=thorough)
        except FingerprintError as error:
            failed = error.reason
            raise from_fingerprint_error(error) from error
        finally:
            self._observer.examined(time.perf_counter() - start, failed)

    def pictures_in(self, documents: Sequence[Source]) -> list[EmbeddedPictures]:
        """The pictures of documents, taken out in parallel; none of a document that cannot be read."""

        def one(document: Source) -> EmbeddedPictures:
            try:
                return self._sandbox.pictures(document)
            except FingerprintError as error:
                _logger.info("the pictures of a document cannot be taken out: %s", error.reason)
                return EmbeddedPictures(left_out=1)

        return list(self._pool.map(one, documents))

    def examine_all(
        self,
        sources: Sequence[Source | SourcemarkError],
        *,
        thorough: bool = False,
        examined: Callable[[], None] | None = None,
    ) -> list[Examination | SourcemarkError]:
        """Examine many uploads in parallel; the answers are in the order of the sources, errors in their places.

        Args:
            examined: called after each, in the order of the sources.
        """

        return self.examine_each(sources, lambda done: done, thorough=thorough, examined=examined)

    def examine_each(
        self,
        sources: Sequence[Source | SourcemarkError],
        then: Callable[[Examination], T],
        *,
        thorough: bool = False,
        examined: Callable[[], None] | None = None,
    ) -> list[T | SourcemarkError]:
        """As `examine_all`, with what is done next with each: while others are examined.

        Args:
            then: makes the answer; called in any thread. What it raises is raised here.
        """

        def one(source: Source | SourcemarkError) -> T | SourcemarkError:
            if isinstance(source, SourcemarkError):
                return source
            try:
                done = self.examine(source, thorough=thorough)
            except SourcemarkError as error:
                return error
            return then(done)

        answers = []
        for answer in self._pool.map(one, sources):
            answers.append(answer)
            if examined is not None:
                examined()
        return answers
