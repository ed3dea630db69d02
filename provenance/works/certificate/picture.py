"""The picture of a work on its certificate: nothing but what is bound to the receipt.

Where the service has the work, its fingerprint keeps a small copy, and the entry commits to the fingerprint. Who has
the file may give it instead: it is shown if the receipt is of these bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

import sqlalchemy as sa

from fingerprints import registry
from fingerprints.model import Fingerprint, Match

from ...database.engine import Database
from ...database.tables import fingerprints, works
from ...tlog import merkle, receipt
from .content import WorkPicture


def committed(db: Database, files: Mapping[str, bytes]) -> WorkPicture | None:
    """The small copy in the fingerprint that a receipt's entry commits to.

    None where nothing is kept to be shown: of other media, of sealed and erased works.

    Args:
        files: a receipt that was verified, with its opening.
    """
    opening = json.loads(files.get(receipt.OPENING, b"{}"))
    record = opening.get("fingerprint", {}).get("record")
    if record is None:
        return None
    with db.read() as connection:
        row = connection.execute(
            sa.select(fingerprints.c.data, fingerprints.c.detail)
            .join(works, works.c.id == fingerprints.c.work)
            .where(works.c.leaf_hash == merkle.leaf_hash(files[receipt.ENTRY]))
            .where(fingerprints.c.algorithm == record["algorithm"])
        ).first()
    kept = None if row is None else row.data + row.detail
    if kept is None or hashlib.sha256(kept).hexdigest() != record["sha256"]:
        return None
    return _small_copy(Fingerprint.from_bytes(kept), from_file=False)


def of_file(examined: Fingerprint) -> WorkPicture | None:
    """The picture of a file that was checked to be the work, by its fingerprint."""
    return _small_copy(examined, from_file=True)


def _small_copy(of: Fingerprint, *, from_file: bool) -> WorkPicture | None:
    medium = registry.MEDIA[of.medium]
    if of.medium != "image" or of.algorithm != medium.ALGORITHM or of.reason is not None:
        return None
    preview = medium.preview(of, Match(1.0, 1.0, 1.0, (medium.whole(of),), {}))
    return None if preview is None else WorkPicture(preview.data, from_file)
