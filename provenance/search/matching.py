"""From a fingerprint to the registered works it verifiably shares content with."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from fingerprints import registry
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

        def decided(view: View) -> tuple[dict[int, IndexedWork], dict[int, Fingerprint], Found]:
            candidates = registry.propose(query, view)
            known, prints = _load(self._db, candidates.works, before)
            return known, prints, registry.decide(query, candidates, prints, view)

        # Aligning two books takes a gigabyte for a moment: one at a time.
        with self._large if len(query.detail) > _LARGE_BYTES else contextlib.nullcontext():
            (known, prints, answer), log_size = self._index.consult(query.algorithm, decided)
        found = [MatchedWork(known[position], match, prints[position]) for position, match in answer.matches.items()]
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
    shown = None if kept is None else registry.MEDIA[kept.medium].shown(kept)
    if shown is None:
        raise NotFound(f"no text is kept of {work_id!r}")
    return shown


def _load(
    db: Database, positions: Sequence[int], before: int | None
) -> tuple[dict[int, IndexedWork], dict[int, Fingerprint]]:
    """By position the works that are registered there and not withdrawn by an entry of the log, whatever their rows
    say."""
    condition: list[sa.ColumnElement[bool]] = [entries.c.idx.in_([position - 1 for position in positions])]
    withdrawal = entries.alias()
    if before is not None:
        condition.append(entries.c.idx < before)
    if not positions:
        return {}, {}
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
                fingerprints.c.data,
                fingerprints.c.detail,
                works.c.leaf_hash,
                works.c.withdrawal_hash,
                withdrawal.c.leaf,
            )
            .join(fingerprints, fingerprints.c.work == works.c.id)
            .join(entries, entries.c.leaf_hash == works.c.leaf_hash)
            .outerjoin(withdrawal, withdrawal.c.leaf_hash == works.c.withdrawal_hash)
            .where(*condition)
        ).all()
    found: dict[int, IndexedWork] = {}
    prints: dict[int, Fingerprint] = {}
    for *fields, claim, data, detail, leaf_hash, withdrawn_by, raw in rows:
        if work_columns.ends(raw, withdrawn_by, leaf_hash):
            continue
        work = IndexedWork(*(*fields, Claim.model_construct(**claim)))  # it was validated before it was stored
        try:
            fingerprint = Fingerprint.from_bytes(data + detail)
        except ValueError:
            _logger.error("the fingerprint of %s is damaged and cannot be matched: run ledger fsck", work.work_id)
            continue
        position = work.index + 1
        if position not in prints or fingerprint.algorithm in registry.ALGORITHMS:
            found[position], prints[position] = work, fingerprint
    return found, prints
