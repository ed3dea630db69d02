"""matches: a row each, out of the JSON of the scans' results; they are the sightings too"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_SCANS_AT_A_TIME = 500  # a result with its evidence may be some megabytes
_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_SCANS = sa.table(
    "scans",
    sa.column("id", _ROW_ID),
    sa.column("result", sa.JSON()),
    sa.column("path", sa.JSON(none_as_null=True)),
    *(sa.column(name) for name in ("external_id", "medium", "reason")),
)
_SIGHTINGS = sa.table(
    "sightings",
    *(sa.column(name) for name in ("id", "sighting_id", "scan", "work", "verdict")),
    *(sa.column(name) for name in ("score", "coverage_upload", "coverage_work")),
)
_WORKS = sa.table("works", sa.column("id"), sa.column("work_id"))


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":  # what is erased later must not stand in a page that this set free
        op.execute("PRAGMA secure_delete = ON")
    op.add_column("scans", sa.Column("external_id", sa.Text(), nullable=True))
    op.add_column("scans", sa.Column("path", sa.JSON(), nullable=True))
    op.add_column("scans", sa.Column("medium", sa.String(length=10), nullable=True))
    op.add_column("scans", sa.Column("reason", sa.String(length=40), nullable=True))
    matches = _create_matches()
    for results in _results(connection):
        _move(connection, matches, results)
    if connection.dialect.name == "postgresql":  # rows came with their ids: the next one is after them
        op.execute("SELECT setval(pg_get_serial_sequence('matches', 'id'), max(id)) FROM matches HAVING max(id) > 0")
    op.drop_table("sightings")
    op.drop_column("scans", "result")


def _create_matches() -> sa.Table:
    matches = op.create_table(
        "matches",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("sighting_id", sa.String(length=40), nullable=False),
        sa.Column("scan", _ROW_ID, nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("work", _ROW_ID, nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("coverage_upload", sa.Float(), nullable=False),
        sa.Column("coverage_work", sa.Float(), nullable=False),
        sa.Column("common", sa.Float(), nullable=False),
        sa.Column("segments", sa.JSON(), nullable=False),
        sa.Column("transform", sa.JSON(), nullable=False),
        sa.Column("reuse", sa.String(length=20), nullable=True),
        sa.Column("marking", sa.JSON(), nullable=False),
        sa.Column("permission", sa.JSON(), nullable=False),
        sa.Column("competing", sa.JSON(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["scan"], ["scans.id"], name=op.f("fk_matches_scan")),
        sa.ForeignKeyConstraint(["work"], ["works.id"], name=op.f("fk_matches_work")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matches")),
        sa.UniqueConstraint("scan", "rank", name=op.f("uq_matches_scan_rank")),
        sa.UniqueConstraint("scan", "work", name=op.f("uq_matches_scan_work")),
        sa.UniqueConstraint("sighting_id", name=op.f("uq_matches_sighting_id")),
    )
    op.create_index("ix_matches_work", "matches", ["work", "id"], unique=False)
    return matches


def _results(connection: sa.Connection) -> Iterator[dict[int, dict[str, Any]]]:
    """The stored results by their scans' internal numbers, a page at a time."""
    last = 0
    page = sa.select(_SCANS.c.id, _SCANS.c.result).order_by(_SCANS.c.id).limit(_SCANS_AT_A_TIME)
    while rows := connection.execute(page.where(_SCANS.c.id > last)).all():
        yield {row.id: row.result for row in rows}
        last = rows[-1].id


def _move(connection: sa.Connection, matches: sa.Table, results: dict[int, dict[str, Any]]) -> None:
    """The matches of some results into rows that keep the ids of their sightings; the rest into columns of the scan."""
    sightings = connection.execute(
        sa.select(_SIGHTINGS, _WORKS.c.work_id)
        .join(_WORKS, _WORKS.c.id == _SIGHTINGS.c.work)
        .where(_SIGHTINGS.c.scan.in_(list(results)))
    ).mappings()
    moved = []
    for sighting in sightings:
        row = dict(sighting)
        work_id = row.pop("work_id")
        listed = results[row["scan"]]["matches"]
        rank = next(n for n, match in enumerate(listed) if match["work_id"] == work_id)
        moved.append({**row, "rank": rank, **_columns(listed[rank])})
    if moved:
        connection.execute(matches.insert(), moved)
    # Emptied as well as dropped: PostgreSQL keeps the bytes of a dropped column until its row is written again.
    moved_columns = ("external_id", "path", "medium", "reason")
    connection.execute(
        _SCANS.update()
        .where(_SCANS.c.id == sa.bindparam("scan"))
        .values(result={}, **{name: sa.bindparam(f"its_{name}") for name in moved_columns}),
        [
            {"scan": number, **{f"its_{name}": result[name] for name in moved_columns}}
            for number, result in results.items()
        ],
    )


def _columns(match: dict[str, Any]) -> dict[str, Any]:
    return {
        "common": match.get("common", 0.0),
        "segments": match["segments"],
        "transform": match["transform"],
        "reuse": match.get("reuse"),
        "marking": match["marking"],
        "permission": match["permission"],
        "competing": match.get("competing", []),
        "external_id": match["external_id"],
        "title": match["title"],
        "owner": match["owner"],
    }


def downgrade() -> None:
    raise NotImplementedError("an older version does not know matches as rows: restore a backup instead")
