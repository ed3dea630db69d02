"""The picture that shows a scan's matches: what is kept for it, and how it is made.

Of a matched picture upload a small copy is kept, 320 pixels long, so that whoever contests a verdict can see what it
rests on. The works' small copies are part of their fingerprints; an erased or withdrawn work is no longer shown.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from fingerprints import image
from fingerprints.image import rendering
from fingerprints.model import Fingerprint, Quad

from ..application import Service
from ..database.tables import fingerprints, previews, works
from ..database.tables import scans as scans_table
from ..errors import NotFound
from ..schemas import ScanResult
from . import scanning

_MOST = 12  # works shown on one picture, the best


def picture(service: Service, scan_id: str, account_id: str | None = None) -> bytes:
    """A PNG of a scan's upload beside every matched work, what was found outlined and numbered as the matches are.

    Raises:
        NotFound: there is no such scan of this account, or it has no picture match that can be shown.
    """
    result = scanning.get(service, scan_id, account_id)
    with service.db.read() as connection:
        row = connection.execute(
            sa.select(previews.c.width, previews.c.height, previews.c.data)
            .join(scans_table, previews.c.scan == scans_table.c.id)
            .where(scans_table.c.scan_id == scan_id)
        ).first()
    shown = [] if row is None else _works(service, result)
    if row is None or not shown:
        raise NotFound(f"nothing can be shown of {scan_id!r}: it matched no picture, or the work was erased")
    return rendering.side_by_side(row.data, (row.width, row.height), shown)


def _works(service: Service, result: ScanResult) -> list[rendering.Shown]:
    wanted = [match.work_id for match in result.matches[:_MOST]]
    with service.db.read() as connection:
        rows = connection.execute(
            sa.select(works.c.work_id, fingerprints.c.data, fingerprints.c.detail)
            .join(fingerprints, fingerprints.c.work == works.c.id)
            .where(works.c.work_id.in_(wanted), fingerprints.c.algorithm == image.ALGORITHM)
        ).all()
    kept = {row.work_id: Fingerprint.from_bytes(row.data + row.detail) for row in rows}
    out = []
    for match in result.matches[:_MOST]:
        fingerprint = kept.get(match.work_id)
        small = () if fingerprint is None else image.small_pictures(fingerprint)
        frame = int(match.transform.get("work_frame", 0))
        if fingerprint is not None and frame < len(small) and match.segments:
            segment = match.segments[0]
            out.append(
                rendering.Shown(small[frame], image.size(fingerprint), _quad(segment.upload), _quad(segment.work))
            )
    return out


def _quad(points: Sequence[object]) -> Quad:
    a, b, c, d = ((float(p[0]), float(p[1])) for p in points)  # type: ignore[index]
    return a, b, c, d
