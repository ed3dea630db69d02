"""The picture that shows a scan's matches: what is kept for it, and how it is made.

Of a matched picture upload a small copy is kept, 320 pixels long, so that whoever contests a verdict can see what it
rests on. The works' small copies are part of their fingerprints; an erased or withdrawn work is no longer shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from fingerprints import image
from fingerprints.image import rendering
from fingerprints.model import Fingerprint, Quad

from ..database.engine import Database
from ..database.tables import fingerprints, matches, previews, scans
from ..errors import NotFound
from .records import Scanned

_MAX_SHOWN = 12  # works shown on one picture, the surest


def insert_previews(connection: sa.Connection, numbers: Mapping[str, int], group: Sequence[Scanned]) -> None:
    """Keep what `picture` shows of matched uploads.

    Args:
        numbers: the scans' internal numbers by their public ids.
    """
    rows = [{"scan": numbers[each.scan_id], **row} for each in group if (row := _preview(each)) is not None]
    if rows:
        connection.execute(previews.insert(), rows)


def _preview(scanned: Scanned) -> dict[str, Any] | None:
    """A small copy of a matched picture, of the frame that matched best; None of anything else."""
    if scanned.fingerprint.medium != "image" or not scanned.assessments:
        return None
    small = image.small_pictures(scanned.fingerprint)
    frame = int(scanned.assessments[0].match.transform.get("frame", 0))
    if frame >= len(small):
        return None
    width, height = image.size(scanned.fingerprint)
    return {"width": width, "height": height, "data": small[frame]}


def picture(db: Database, scan_id: str, account_id: str | None = None) -> bytes:
    """A PNG of a scan's upload beside every matched work, what was found outlined and numbered as the matches are.

    Raises:
        NotFound: there is no such scan of this account, or it has no picture match that can be shown.
    """
    with db.read() as connection:
        scan = connection.execute(
            sa.select(scans.c.id, scans.c.account_id, previews.c.width, previews.c.height, previews.c.data)
            .outerjoin(previews, previews.c.scan == scans.c.id)
            .where(scans.c.scan_id == scan_id)
        ).first()
        if scan is None or (account_id is not None and scan.account_id != account_id):
            raise NotFound(f"no scan of yours has the id {scan_id!r}")
        shown = [] if scan.data is None else _shown(connection, scan.id)
    if not shown:
        raise NotFound(f"nothing can be shown of {scan_id!r}: it matched no picture, or the work was erased")
    return rendering.side_by_side(scan.data, (scan.width, scan.height), shown)


def _shown(connection: sa.Connection, scan: int) -> list[rendering.Shown]:
    rows = connection.execute(
        sa.select(matches.c.segments, matches.c.transform, fingerprints.c.data, fingerprints.c.detail)
        .join(fingerprints, fingerprints.c.work == matches.c.work)
        .where(matches.c.scan == scan, matches.c.rank < _MAX_SHOWN, fingerprints.c.algorithm == image.ALGORITHM)
        .order_by(matches.c.rank)
    )
    out = []
    for row in rows:
        fingerprint = Fingerprint.from_bytes(row.data + row.detail)
        small = image.small_pictures(fingerprint)
        frame = int(row.transform.get("work_frame", 0))
        if frame < len(small) and row.segments:
            upload, work = _quad(row.segments[0]["upload"]), _quad(row.segments[0]["work"])
            out.append(rendering.Shown(small[frame], image.size(fingerprint), upload, work))
    return out


def _quad(points: Sequence[Sequence[float]]) -> Quad:
    a, b, c, d = ((float(x), float(y)) for x, y in points)
    return a, b, c, d
