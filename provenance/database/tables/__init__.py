"""The tables, one file a room of the business that keeps them. This is the only import of a table."""

from __future__ import annotations

from .accounts import (
    accounts,
    api_keys,
    key_usage,
    official_accounts,
    official_names,
    qualifications,
    signing_keys,
    standing_decisions,
)
from .answers import idempotency
from .base import Bytes, Json, RowId, metadata, now, owner_key, stamp
from .jobs import deliveries, endpoints, events, job_files, job_results, jobs, watches
from .ledger import checkpoints, entries, log_state, openings, pending_entries, timestamps
from .policies import policies
from .review import (
    decisions,
    review_comments,
    review_items,
    review_queues,
    review_skips,
    statements_of_reasons,
    stay_down,
)
from .scans import matches, parts, previews, scans, sightings
from .works import (
    claim_decisions,
    claim_evidence,
    claims_ahead,
    competing_claims,
    fingerprints,
    grants,
    prepared_statements,
    unfinished_erasures,
    works,
)

__all__ = [
    "Bytes",
    "Json",
    "RowId",
    "accounts",
    "api_keys",
    "checkpoints",
    "claim_decisions",
    "claim_evidence",
    "claims_ahead",
    "competing_claims",
    "decisions",
    "deliveries",
    "endpoints",
    "entries",
    "events",
    "fingerprints",
    "grants",
    "idempotency",
    "job_files",
    "job_results",
    "jobs",
    "key_usage",
    "log_state",
    "matches",
    "metadata",
    "now",
    "official_accounts",
    "official_names",
    "openings",
    "owner_key",
    "parts",
    "pending_entries",
    "policies",
    "prepared_statements",
    "previews",
    "qualifications",
    "review_comments",
    "review_items",
    "review_queues",
    "review_skips",
    "scans",
    "sightings",
    "signing_keys",
    "stamp",
    "standing_decisions",
    "statements_of_reasons",
    "stay_down",
    "timestamps",
    "unfinished_erasures",
    "watches",
    "works",
]
