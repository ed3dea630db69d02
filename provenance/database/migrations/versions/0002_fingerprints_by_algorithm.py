"""fingerprints: one row an algorithm, the detail apart; lessons"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.rename_table("fingerprints", "fingerprints_before")
    if op.get_bind().dialect.name == "postgresql":  # there the name of a key is the name of an index
        op.execute("ALTER TABLE fingerprints_before RENAME CONSTRAINT pk_fingerprints TO pk_fingerprints_before")
    op.create_table(
        "fingerprints",
        sa.Column("work", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("algorithm", sa.String(length=60), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("detail", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["work"], ["works.id"], name=op.f("fk_fingerprints_work")),
        sa.PrimaryKeyConstraint("work", "algorithm", name=op.f("pk_fingerprints")),
    )
    columns = ("work", "algorithm", "data")
    before = sa.table("fingerprints_before", *map(sa.column, columns))
    after = sa.table("fingerprints", *map(sa.column, columns), sa.column("detail"))
    kept = sa.select(before.c.work, before.c.algorithm, before.c.data, sa.literal(b"", sa.LargeBinary))
    op.execute(after.insert().from_select([*columns, "detail"], kept))
    op.drop_table("fingerprints_before")
    op.create_table(
        "lessons",
        sa.Column("scan", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["scan"], ["scans.id"], name=op.f("fk_lessons_scan")),
        sa.PrimaryKeyConstraint("scan", name=op.f("pk_lessons")),
    )


def downgrade() -> None:
    raise NotImplementedError("fingerprints of newer algorithms cannot be read by an older version")
