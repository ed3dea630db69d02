"""Rows bound to the log; uploads no longer teach what is boilerplate; one sighting a post and work"""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":  # what is erased later must not stand in a page that this set free
        op.execute("PRAGMA secure_delete = ON")
    op.drop_table("learned_boilerplate")
    op.add_column("works", sa.Column("amendment_hash", sa.LargeBinary(length=32)))
    op.create_index("ix_works_amendment_hash", "works", ["amendment_hash"], unique=True)
    op.add_column("log_state", sa.Column("ids_from", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute("UPDATE log_state SET ids_from = size + (SELECT count(*) FROM pending_entries WHERE refused IS NULL)")
    _sightings()
    op.create_table(
        "unfinished_erasures",
        sa.Column("work", _ROW_ID, nullable=False),
        sa.ForeignKeyConstraint(["work"], ["works.id"], name=op.f("fk_unfinished_erasures_work")),
        sa.PrimaryKeyConstraint("work", name=op.f("pk_unfinished_erasures")),
    )
    op.add_column("idempotency", sa.Column("holder", sa.String(length=32)))
    op.add_column("idempotency", sa.Column("lease_until", sa.Double()))


def downgrade() -> None:
    raise NotImplementedError("an older version does not know what this one binds to the log: restore a backup instead")


# --- sightings -------------------------------------------------------------------------------------------------------
_MATCHES = sa.table(
    "matches", *(sa.column(name) for name in ("id", "sighting_id", "sighting", "scan", "work", "external_id"))
)
_SCANS = sa.table(
    "scans",
    *(sa.column(name) for name in ("id", "account_id", "post_url", "external_id", "posting_account", "scan_id")),
    sa.column("digest", sa.LargeBinary()),
)
_WORKS = sa.table("works", sa.column("id"), sa.column("account_id"))


def _sightings() -> None:
    """Matches of the same post become scans of one sighting, with the id of the first of them."""
    connection = op.get_bind()
    sightings = op.create_table(
        "sightings",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("sighting_id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("post", sa.LargeBinary(length=32), nullable=False),
        sa.Column("work", _ROW_ID, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_sightings_account_id")),
        sa.ForeignKeyConstraint(["work"], ["works.id"], name=op.f("fk_sightings_work")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sightings")),
        sa.UniqueConstraint("account_id", "post", "work", name=op.f("uq_sightings_account_id_post_work")),
        sa.UniqueConstraint("sighting_id", name=op.f("uq_sightings_sighting_id")),
    )
    op.create_index("ix_sightings_work", "sightings", ["work", "id"], unique=False)
    op.add_column("matches", sa.Column("sighting", _ROW_ID, nullable=True))
    op.add_column("matches", sa.Column("passages", sa.JSON(), server_default=sa.text("'[]'"), nullable=False))
    op.create_index("ix_matches_sighting", "matches", ["sighting", "id"], unique=False)
    known: dict[tuple[str, bytes, int], int] = {}
    last = 0
    page = (
        sa.select(_MATCHES.c.id, _MATCHES.c.sighting_id, _MATCHES.c.work, _SCANS)
        .join_from(_MATCHES, _SCANS, _SCANS.c.id == _MATCHES.c.scan)
        .order_by(_MATCHES.c.id)
        .limit(1000)
    )
    while rows := connection.execute(page.where(_MATCHES.c.id > last)).all():
        made = []
        for row in rows:
            account_id, post, work = key = (row.account_id, _post(row), row.work)
            if known.setdefault(key, row.id) == row.id:
                new = {"id": row.id, "sighting_id": row.sighting_id, "account_id": account_id}
                made.append({**new, "post": post, "work": work})
        if made:
            connection.execute(sightings.insert(), made)
        connection.execute(
            _MATCHES.update().where(_MATCHES.c.id == sa.bindparam("match")).values(sighting=sa.bindparam("its")),
            [{"match": row.id, "its": known[(row.account_id, _post(row), row.work)]} for row in rows],
        )
        last = rows[-1].id
    if connection.dialect.name == "postgresql":  # rows came with their ids: the next one is after them
        op.execute(
            "SELECT setval(pg_get_serial_sequence('sightings', 'id'), max(id)) FROM sightings HAVING max(id) > 0"
        )
    _hide_external_ids(connection)
    with op.batch_alter_table("matches") as batch:
        batch.alter_column("sighting", existing_type=_ROW_ID, nullable=False)
        batch.alter_column("passages", existing_type=sa.JSON(), server_default=None)
        batch.create_foreign_key(op.f("fk_matches_sighting"), "sightings", ["sighting"], ["id"])
        batch.drop_constraint(op.f("uq_matches_sighting_id"), type_="unique")
        batch.drop_column("sighting_id")


def _post(row: sa.Row[tuple[object, ...]]) -> bytes:
    """As `scans.sightings.post_key` makes it for a new scan."""
    if row.post_url:
        named = ["url", row.post_url]
    elif row.external_id:
        named = ["id", row.external_id]
    else:
        named = ["bytes", (row.digest or row.scan_id.encode()).hex(), row.posting_account or ""]
    return hashlib.sha256("\0".join(named).encode("utf-8", "surrogatepass")).digest()


def _hide_external_ids(connection: sa.Connection) -> None:
    """An account's own ids of its works are nobody else's business: out of what other accounts' scans show."""
    owner = sa.select(_WORKS.c.account_id).where(_WORKS.c.id == _MATCHES.c.work).scalar_subquery()
    scanner = sa.select(_SCANS.c.account_id).where(_SCANS.c.id == _MATCHES.c.scan).scalar_subquery()
    connection.execute(_MATCHES.update().where(owner != scanner).values(external_id=None))
