"""From a fingerprint to the registered works it verifiably shares content with."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import sqlalchemy as sa

from fingerprints import registry
from fingerprints.index.earlier import EarlierView
from fingerprints.index.interface import View
from fingerprints.medium import Found
from fingerprints.model import Fingerprint, Match, MediumName

from ..database.engine import Database
from ..database.tables import entries, fingerprints, works
from ..errors import NotFound
from ..ledger import work_columns
from ..schemas import Claim
from .follower import WorkIndex

_logger = logging.getLogger(__name__)
_LARGE_BYTES = 1024 * 1024  # of a fingerprint's detail; larger queries are decided one at a time


@dataclass(frozen=True, slots=True)
class IndexedWork:
    """What a search needs to know of a registered work."""

    id: int
    work_id: str
    account_id: str
    external_id: str | None
    title: str
    owner: str
    medium: MediumName
    registered_at: str
    index: int
    claim: Claim


@dataclass(frozen=True, slots=True)
class MatchedWork:
    """A work that an upload verifiably reuses.

    Attributes:
        fingerprint: of the work, as it was compared.
    """

    work: IndexedWork
    match: Match
    fingerprint: Fingerprint


@dataclass(frozen=True, slots=True)
class Search:
    """What an upload verifiably reuses.

    Attributes:
        found: surest first.
        reason: why that is nothing, where that has a name.
        log_size: every registration below this log index was searched.
    """

    found: list[MatchedWork]
    reason: str | None
    log_size: int


class Matcher:
    """Searches the registered works for what an upload reuses. Thread-safe."""

    def __init__(self, db: Database, index: WorkIndex) -> None:
        self._db = db
        self._index = index
        self._large = threading.Lock()

    def find(self, query: Fingerprint, *, before: int | None = None) -> Search:
        """The works that an upload verifiably reuses.

        Args:
            before: consider only works whose log index is lower (for competing claims).
        """

        def decided(query: Fingerprint, view: View) -> tuple[Found, dict[int, Fingerprint]]:
            if before is not None:
                view = EarlierView(view, before)  # a registration's position is its index and one
            candidates = registry.propose(query, view)
            prints = _fingerprints(self._db, view, candidates.works)
            return registry.decide(query, candidates, prints, view), prints

        # Aligning two books takes a gigabyte for a moment: one at a time.
        answers: list[Found] = []
        prints: dict[int, Fingerprint] = {}
        sizes: list[int] = []
        with self._large if len(query.detail) > _LARGE_BYTES else contextlib.nullcontext():
            for each in query.each:
                (found_by, known_by), size = self._index.consult(each.algorithm, partial(decided, each))
                answers.append(found_by)
                prints |= known_by
                sizes.append(size)
        answer, log_size = registry.joined(query, answers), min(sizes)
        known = _works(self._db, list(answer.matches))
        found = [
            MatchedWork(known[position], match, prints[position])
            for position, match in answer.matches.items()
            if position in known
        ]
        found.sort(key=lambda f: (-f.match.score, f.work.index))
        return Search(found, answer.reason, log_size)


def text_of(db: Database, work_id: str) -> str:
    """What a reader sees of a registered text, at its submitted code points, NUL for what is not seen.

    Raises:
        NotFound: there is no such work, or it is no text.
    """
    with db.read() as connection:
        row = connection.execute(
            sa.select(fingerprints.c.data, fingerprints.c.detail)
            .join(works, fingerprints.c.work == works.c.id)
            .where(works.c.work_id == work_id, fingerprints.c.algorithm.in_(registry.ALGORITHMS))
        ).first()
    kept = None if row is None else Fingerprint.from_bytes(row.data + row.detail)
    texts = () if kept is None else kept.each  # that of a picture was read
    shown = next((said for each in texts if (said := registry.MEDIA[each.medium].shown(each)) is not None), None)
    if shown is None:
        raise NotFound(f"no text is kept of {work_id!r}")
    return shown


def _fingerprints(db: Database, view: View, positions: Sequence[int]) -> dict[int, Fingerprint]:
    """What is registered at these positions: from the segments of the index, and from the database what they lack."""
    found = dict(view.fingerprints_at(np.array(positions, dtype=np.int64)))
    missing = [position - 1 for position in positions if position not in found]
    if not missing:
        return found
    with db.read() as connection:
        rows = connection.execute(
            sa.select(entries.c.idx, works.c.work_id, fingerprints.c.data, fingerprints.c.detail)
            .join(works, works.c.leaf_hash == entries.c.leaf_hash)
            .join(fingerprints, fingerprints.c.work == works.c.id)
            .where(entries.c.idx.in_(missing))
        ).all()
    for idx, work_id, data, detail in rows:
        try:
            fingerprint = Fingerprint.from_bytes(data + detail)
        except ValueError:
            _logger.error("the fingerprint of %s is damaged and cannot be matched: run ledger fsck", work_id)
            continue
        if idx + 1 not in found or fingerprint.algorithm in registry.ALGORITHMS:
            found[idx + 1] = fingerprint
    return found


def _works(db: Database, positions: Sequence[int]) -> dict[int, IndexedWork]:
    """By position the works that are registered there and neither erased nor withdrawn by an entry of the log, whatever
    their rows say."""
    if not positions:
        return {}
    withdrawal = entries.alias()
    with db.read() as connection:
        rows = connection.execute(
            sa.select(
                works.c.id,
                works.c.work_id,
                works.c.account_id,
                works.c.external_id,
                works.c.title,
                works.c.owner,
                works.c.medium,
                works.c.registered_at,
                entries.c.idx,
                works.c.claim,
                works.c.leaf_hash,
                works.c.withdrawal_hash,
                withdrawal.c.leaf,
            )
            .join(entries, entries.c.leaf_hash == works.c.leaf_hash)
            .outerjoin(withdrawal, withdrawal.c.leaf_hash == works.c.withdrawal_hash)
            .where(
                entries.c.idx.in_([position - 1 for position in positions]),
                sa.exists().where(fingerprints.c.work == works.c.id),  # it is not erased
            )
        ).all()
    found: dict[int, IndexedWork] = {}
    for *fields, claim, leaf_hash, withdrawn_by, raw in rows:
        if not work_columns.ends(raw, withdrawn_by, leaf_hash):
            work = IndexedWork(*(*fields, Claim.model_construct(**claim)))  # it was validated before it was stored
            found[work.index + 1] = work
    return found
