"""From a fingerprint to the registered works it verifiably shares content with."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from fingerprints import media
from fingerprints.model import Fingerprint, Match

from .service import Service
from .tables import entries, fingerprints, works

_LARGE = threading.Lock()
_LARGE_BYTES = 1024 * 1024
CANDIDATES = 64  # works that are verified for one upload


@dataclass(frozen=True, slots=True)
class Work:
    """What a search needs to know of a registered work."""

    id: int
    work_id: str
    account_id: str
    external_id: str | None
    title: str
    owner: str
    medium: str
    claim: Mapping[str, Any]
    registered_at: str
    index: int


@dataclass(frozen=True, slots=True)
class Found:
    work: Work
    match: Match


def find(service: Service, query: Fingerprint, *, before: int | None = None) -> list[Found]:
    """The works that an upload verifiably reuses, surest first.

    Args:
        before: consider only works whose log index is lower (for competing claims).
    """
    service.refresh()
    ids = service.index.candidates(query, limit=CANDIDATES)
    if not ids:
        return []
    condition: list[sa.ColumnElement[bool]] = [works.c.id.in_(ids), works.c.withdrawn_at.is_(None)]
    if before is not None:
        condition.append(entries.c.idx < before)
    with service.db.read() as connection:
        rows = connection.execute(
            sa.select(
                works.c.id,
                works.c.work_id,
                works.c.account_id,
                works.c.external_id,
                works.c.title,
                works.c.owner,
                works.c.medium,
                works.c.claim,
                works.c.registered_at,
                entries.c.idx,
                fingerprints.c.data,
            )
            .join(fingerprints, fingerprints.c.work == works.c.id)
            .join(entries, entries.c.leaf_hash == works.c.leaf_hash)
            .where(*condition)
        ).all()
    found = []
    for *fields, data in rows:
        candidate = Fingerprint.from_bytes(data)
        # Aligning two books takes a gigabyte for a moment: one at a time.
        with _LARGE if len(query.detail) + len(data) > _LARGE_BYTES else contextlib.nullcontext():
            match = media.verify(query, candidate)
        if match is not None:
            found.append(Found(Work(*fields), match))
    found.sort(key=lambda f: (-f.match.score, f.work.index))
    return found
