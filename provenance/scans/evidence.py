"""The picture that shows a scan's matches or a sighting: what is kept for it, and how it is made.

Of a matched picture upload a small copy is kept, 320 pixels long, of film 24 of them, of sound a drawing, so that
whoever contests a verdict can see what it rests on. What is drawn of the works is part of their fingerprints; an erased
or withdrawn work is no longer shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from fingerprints import registry
from fingerprints.model import Fingerprint, Match, Preview, Segment

from ..database.engine import Database
from ..database.tables import fingerprints, matches, parts, previews, scans
from ..errors import NotFound
from .records import Scanned, ScannedPart, find

_MAX_SHOWN = 12  # works shown on one picture, the surest
_OF_ITS_PART = sa.and_(previews.c.scan == matches.c.scan, previews.c.part == matches.c.part)


def insert_previews(connection: sa.Connection, numbers: Mapping[str, int], group: Sequence[Scanned]) -> None:
    """Keep what `picture` shows of matched uploads.

    Args:
        numbers: the scans' internal numbers by their public ids.
    """
    rows = [
        {"scan": numbers[each.scan_id], "part": number, **row}
        for each in group
        for number, part in enumerate(each.parts)
        if (row := _preview(part)) is not None
    ]
    if rows:
        connection.execute(previews.insert(), rows)


def _preview(part: ScannedPart) -> dict[str, Any] | None:
    """What is kept to show the surest match; None where the medium shows nothing, or nothing matched."""
    fingerprint = part.fingerprint
    if fingerprint is None or not part.assessments:
        return None
    preview = registry.MEDIA[fingerprint.medium].preview(fingerprint, part.assessments[0].match)
    return None if preview is None else {"width": preview.width, "height": preview.height, "data": preview.data}


def picture(db: Database, scan_id: str, account_id: str | None = None, part: str | None = None) -> bytes:
    """A PNG of a scan's upload beside every matched work, what was found outlined and numbered as the matches are.

    Args:
        part: name of a part of a post; without one the part of the surest match that can be shown.

    Raises:
        NotFound: there is no such scan of this account, or it has no picture match that can be shown.
    """
    with db.read() as connection:
        scan = find(connection, scan_id, account_id)
        shown = sa.select(matches.c.part).join(previews, _OF_ITS_PART).where(matches.c.scan == scan.id)
        if part is not None:
            named = sa.and_(parts.c.scan == matches.c.scan, parts.c.number == matches.c.part, parts.c.name == part)
            shown = shown.join(parts, named)
        number = connection.execute(shown.order_by(matches.c.rank).limit(1)).scalar()
        drawn = _drawn(connection, sa.and_(matches.c.scan == scan.id, matches.c.part == number))
    if drawn is None:
        raise NotFound(f"nothing can be shown of {scan_id!r}: nothing that is drawn matched, or an erased work")
    return drawn


def sighting_picture(connection: sa.Connection, match: int) -> bytes | None:
    """A PNG of an upload beside the one work of a match; None where nothing can be shown.

    Args:
        match: its internal number, see `sightings.get`.
    """
    return _drawn(connection, matches.c.id == match)


def _drawn(connection: sa.Connection, which: sa.ColumnElement[bool]) -> bytes | None:
    """Matches of one scan, drawn; only works whose fingerprints are still kept."""
    rows = connection.execute(
        sa.select(
            matches,
            fingerprints.c.data,
            fingerprints.c.detail,
            sa.func.coalesce(parts.c.medium, scans.c.medium).label("medium"),
            previews.c.width,
            previews.c.height,
            previews.c.data.label("small_copy"),
        )
        .join(scans, scans.c.id == matches.c.scan)
        .join(previews, _OF_ITS_PART)
        .outerjoin(parts, sa.and_(parts.c.scan == matches.c.scan, parts.c.number == matches.c.part))
        .join(fingerprints, fingerprints.c.work == matches.c.work)
        .where(which, fingerprints.c.algorithm.in_(registry.ALGORITHMS))
        .order_by(matches.c.rank)
        .limit(_MAX_SHOWN)
    ).all()
    if not rows:
        return None
    shown = [(Fingerprint.from_bytes(row.data + row.detail), _match(row)) for row in rows]
    first = rows[0]
    return registry.MEDIA[first.medium].render(Preview(first.width, first.height, first.small_copy), shown)


def _match(row: sa.Row[Any]) -> Match:
    """A match as it was recorded."""
    segments = tuple(
        Segment(
            _region(segment["upload"]),
            _region(segment["work"]),
            segment["unit"],
            None if segment.get("quad") is None else _region(segment["quad"]),
        )
        for segment in row.segments
    )
    return Match(row.score, row.coverage_upload, row.coverage_work, segments, row.transform, row.reuse, row.common)


def _region(part: Sequence[Any]) -> Any:
    return tuple(_region(each) if isinstance(each, Sequence) else float(each) for each in part)
