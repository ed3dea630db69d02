"""the initial schema"""

import sqlalchemy as sa
from alembic import op

# Databases that were written before the first release stand at 0006 after six smaller steps to the same schema.
revision = "0006"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("default_owner", sa.String(length=500), nullable=True),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("name", name=op.f("uq_accounts_name")),
    )
    op.create_table(
        "checkpoints",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_checkpoints")),
    )
    op.create_table(
        "entries",
        sa.Column("idx", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("keyid", sa.String(length=64), nullable=False),
        sa.Column("integrated_at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("idx", name=op.f("pk_entries")),
        sa.UniqueConstraint("leaf_hash", name=op.f("uq_entries_leaf_hash")),
    )
    op.create_table(
        "idempotency",
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", sa.JSON(), nullable=True),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "key", name=op.f("pk_idempotency")),
    )
    op.create_index(op.f("ix_idempotency_created_at"), "idempotency", ["created_at"], unique=False)
    op.create_table(
        "log_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("origin", sa.String(length=500), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("keys_index", sa.BigInteger(), nullable=True),
        sa.Column("claims_size", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_state")),
    )
    op.create_table(
        "openings",
        sa.Column("leaf_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("leaf_hash", "name", name=op.f("pk_openings")),
    )
    op.create_table(
        "pending_entries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("keyid", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("refused", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pending_entries")),
        sa.UniqueConstraint("leaf_hash", name=op.f("uq_pending_entries_leaf_hash")),
    )
    op.create_table(
        "timestamps",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_timestamps")),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("revoked_at", sa.String(length=27), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_api_keys_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_api_keys_secret_hash")),
    )
    op.create_index(op.f("ix_api_keys_account_id"), "api_keys", ["account_id"], unique=False)
    op.create_table(
        "drafts",
        sa.Column("statement_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("identity", sa.LargeBinary(length=32), nullable=False),
        sa.Column("claim", sa.JSON(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_drafts_account_id")),
        sa.PrimaryKeyConstraint("statement_hash", name=op.f("pk_drafts")),
    )
    op.create_index(op.f("ix_drafts_created_at"), "drafts", ["created_at"], unique=False)
    op.create_table(
        "scans",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("scan_id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("post_url", sa.Text(), nullable=True),
        sa.Column("posting_account", sa.Text(), nullable=True),
        sa.Column("log_size", sa.BigInteger(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("scanned_at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_scans_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scans")),
        sa.UniqueConstraint("scan_id", name=op.f("uq_scans_scan_id")),
    )
    op.create_index("ix_scans_account", "scans", ["account_id", "id"], unique=False)
    op.create_table(
        "signing_keys",
        sa.Column("keyid", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("public_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("custody", sa.String(length=20), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("enrolled_index", sa.BigInteger(), nullable=True),
        sa.Column("revoked_index", sa.BigInteger(), nullable=True),
        sa.Column("predecessor", sa.String(length=64), nullable=True),
        sa.Column("recovery", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_signing_keys_account_id")),
        sa.PrimaryKeyConstraint("keyid", name=op.f("pk_signing_keys")),
    )
    op.create_index(op.f("ix_signing_keys_account_id"), "signing_keys", ["account_id"], unique=False)
    op.create_table(
        "works",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("work_id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=500), nullable=True),
        sa.Column("identity", sa.LargeBinary(length=32), nullable=True),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("medium", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("owner_key", sa.String(length=1000), nullable=False),
        sa.Column("claim", sa.JSON(), nullable=False),
        sa.Column("opens", sa.String(length=40), nullable=True),
        sa.Column("leaf_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("withdrawal_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("registered_at", sa.String(length=27), nullable=False),
        sa.Column("withdrawn_at", sa.String(length=27), nullable=True),
        sa.Column("erased_at", sa.String(length=27), nullable=True),
        sa.Column("erasure_hash", sa.LargeBinary(length=32), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_works_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_works")),
        sa.UniqueConstraint("identity", name=op.f("uq_works_identity")),
        sa.UniqueConstraint("leaf_hash", name=op.f("uq_works_leaf_hash")),
        sa.UniqueConstraint("withdrawal_hash", name=op.f("uq_works_withdrawal_hash")),
        sa.UniqueConstraint("work_id", name=op.f("uq_works_work_id")),
    )
    op.create_index("ix_works_account", "works", ["account_id", "id"], unique=False)
    op.create_index(op.f("ix_works_digest"), "works", ["digest"], unique=False)
    op.create_index("ix_works_erasure_hash", "works", ["erasure_hash"], unique=True)
    op.create_index(op.f("ix_works_owner_key"), "works", ["owner_key"], unique=False)
    op.create_table(
        "competing_claims",
        sa.Column("work", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("earlier", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("coverage_work", sa.Float(), nullable=False),
        sa.Column("coverage_earlier", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["earlier"], ["works.id"], name=op.f("fk_competing_claims_earlier")),
        sa.ForeignKeyConstraint(["work"], ["works.id"], name=op.f("fk_competing_claims_work")),
        sa.PrimaryKeyConstraint("work", "earlier", name=op.f("pk_competing_claims")),
    )
    op.create_index("ix_competing_claims_earlier", "competing_claims", ["earlier"], unique=False)
    op.create_table(
        "fingerprints",
        sa.Column("work", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("algorithm", sa.String(length=60), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("detail", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["work"], ["works.id"], name=op.f("fk_fingerprints_work")),
        sa.PrimaryKeyConstraint("work", "algorithm", name=op.f("pk_fingerprints")),
    )
    op.create_table(
        "grants",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("grant_id", sa.String(length=40), nullable=False),
        sa.Column("work", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("given_at", sa.String(length=27), nullable=False),
        sa.Column("revoked_at", sa.String(length=27), nullable=True),
        sa.Column("revocation_hash", sa.LargeBinary(length=32), nullable=True),
        sa.ForeignKeyConstraint(["work"], ["works.id"], name=op.f("fk_grants_work")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
        sa.UniqueConstraint("grant_id", name=op.f("uq_grants_grant_id")),
        sa.UniqueConstraint("leaf_hash", name=op.f("uq_grants_leaf_hash")),
        sa.UniqueConstraint("revocation_hash", name=op.f("uq_grants_revocation_hash")),
    )
    op.create_index(op.f("ix_grants_work"), "grants", ["work"], unique=False)
    op.create_table(
        "lessons",
        sa.Column("scan", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["scan"], ["scans.id"], name=op.f("fk_lessons_scan")),
        sa.PrimaryKeyConstraint("scan", name=op.f("pk_lessons")),
    )
    op.create_table(
        "previews",
        sa.Column("scan", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["scan"], ["scans.id"], name=op.f("fk_previews_scan")),
        sa.PrimaryKeyConstraint("scan", name=op.f("pk_previews")),
    )
    op.create_table(
        "sightings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("sighting_id", sa.String(length=40), nullable=False),
        sa.Column("scan", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("work", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("coverage_upload", sa.Float(), nullable=False),
        sa.Column("coverage_work", sa.Float(), nullable=False),
        sa.Column("seen_at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["scan"], ["scans.id"], name=op.f("fk_sightings_scan")),
        sa.ForeignKeyConstraint(["work"], ["works.id"], name=op.f("fk_sightings_work")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sightings")),
        sa.UniqueConstraint("scan", "work", name=op.f("uq_sightings_scan_work")),
        sa.UniqueConstraint("sighting_id", name=op.f("uq_sightings_sighting_id")),
    )
    op.create_index("ix_sightings_work", "sightings", ["work", "id"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("registrations are never thrown away: restore a backup instead")
