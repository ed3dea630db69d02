"""What is kept of scans, and until when. The log knows nothing of scans: whatever is deleted here, it stays whole.

A scan that a review item rests on stays as long as the item does, because a decision must be explained. Nothing goes of
a scan while the poster may still complain about what was decided; afterwards copies and names go like those of others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import sqlalchemy as sa

from ..database.engine import Database
from ..database.tables import case_addresses, cases, matches, now, parts, previews, review_items, scans, sightings
from .review import statements

_GROUP = 500  # scans a transaction, so that nobody waits long

_matched = sa.exists().where(matches.c.scan == scans.c.id)
_reviewed = sa.exists().where(review_items.c.scan == scans.c.id)
# What a complaint is about that is not at its end stays, with all that shows who is right.
_contested = sa.exists().where(
    case_addresses.c.key == scans.c.post,
    cases.c.id == case_addresses.c.case,
    cases.c.account_id == scans.c.account_id,
    cases.c.closed_at.is_(None),
)
_copied = sa.or_(
    sa.exists().where(previews.c.scan == scans.c.id),
    sa.exists().where(matches.c.scan == scans.c.id, sa.func.length(sa.cast(matches.c.passages, sa.Text)) > len("[]")),
)
_NAMES = ("external_id", "path", "post_url", "posting_account", "posting_account_id", "category", "note", "facts")
_named = sa.or_(*(scans.c[name].is_not(None) for name in _NAMES))


def purge_unmatched(db: Database, before: str) -> int:
    """Delete scans of before a time that found nothing; returns how many."""
    return _purge(db, before, sa.and_(~_matched, ~_reviewed), _delete_scans)


def purge_matched(db: Database, before: str) -> int:
    """Delete scans of before a time that found works, with their matches, and sightings that nothing is left of."""
    return _purge(db, before, sa.and_(_matched, ~_reviewed), _delete_scans)


def purge_copies(db: Database, before: str) -> int:
    """Delete what scans of before a time have kept of uploads: small copies of pictures, passages of texts."""
    return _purge(db, before, _copied, _delete_copies)


def purge_names(db: Database, before: str) -> int:
    """Delete who posted and where, file names, and what marking reports quote, from scans of before a time."""
    return _purge(db, before, _named, _delete_names)


def _purge(
    db: Database,
    before: str,
    which: sa.ColumnElement[bool],
    act: Callable[[sa.Connection, Sequence[int]], None],
) -> int:
    done = 0
    which = sa.and_(which, ~_contested, ~statements.contestable(now()[:10]))
    for numbers in _groups(db, sa.and_(scans.c.scanned_at < before, which)):
        with db.write() as connection:
            # Read again: an item or a match may have come meanwhile.
            still = connection.execute(sa.select(scans.c.id).where(scans.c.id.in_(numbers), which)).scalars().all()
            act(connection, still)
            done += len(still)
    return done


def _groups(db: Database, which: sa.ColumnElement[bool]) -> Iterator[Sequence[int]]:
    last = 0
    while True:
        with db.read() as connection:
            query = sa.select(scans.c.id).where(scans.c.id > last, which).order_by(scans.c.id).limit(_GROUP)
            numbers = connection.execute(query).scalars().all()
        if not numbers:
            return
        yield numbers
        last = numbers[-1]


def _delete_scans(connection: sa.Connection, numbers: Sequence[int]) -> None:
    of_these = matches.c.scan.in_(numbers)
    seen = connection.execute(sa.select(matches.c.sighting).where(of_these).distinct()).scalars().all()
    connection.execute(previews.delete().where(previews.c.scan.in_(numbers)))
    connection.execute(matches.delete().where(of_these))
    left = sa.exists().where(matches.c.sighting == sightings.c.id)
    connection.execute(sightings.delete().where(sightings.c.id.in_(seen), ~left))
    connection.execute(parts.delete().where(parts.c.scan.in_(numbers)))
    connection.execute(scans.delete().where(scans.c.id.in_(numbers)))


def _delete_copies(connection: sa.Connection, numbers: Sequence[int]) -> None:
    connection.execute(previews.delete().where(previews.c.scan.in_(numbers)))
    connection.execute(matches.update().where(matches.c.scan.in_(numbers)).values(passages=[]))


def _delete_names(connection: sa.Connection, numbers: Sequence[int]) -> None:
    statements.forget_posters(connection, numbers)
    connection.execute(scans.update().where(scans.c.id.in_(numbers)).values(dict.fromkeys(_NAMES)))
    connection.execute(parts.update().where(parts.c.scan.in_(numbers)).values(name="", error=None))
    connection.execute(matches.update().where(matches.c.scan.in_(numbers)).values(marking={}))
