"""What is attached to a registered work by an entry of its own: grants, evidence, decisions about its claim.

Each is a row, an entry that names the work and commits to what is said, and the opening of that commitment. A
withdrawal of the entry ends it. Who writes these rows and who checks them ask here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ..database.tables import claim_decisions, claim_evidence, grants


@dataclass(frozen=True, slots=True)
class Attached:
    """A kind of what is attached.

    Attributes:
        kind: of its entries.
        opening: name of the commitment to what is said.
        id: column of the public id.
        said: column of what is said, JSON.
        made, ended, ended_by: columns of when it was entered, when it was ended, and the leaf hash of that withdrawal.
        maker: column of the account that entered it; None where only the work's own may.
    """

    kind: str
    opening: str
    table: sa.Table
    id: sa.Column[str]
    said: sa.Column[Any]
    made: sa.Column[str]
    ended: sa.Column[str]
    ended_by: sa.Column[bytes]
    maker: sa.Column[str] | None = None

    @property
    def leaf_hash(self) -> sa.Column[bytes]:
        """Column of the leaf hash of its entry."""
        return self.table.c.leaf_hash

    @property
    def work(self) -> sa.Column[int]:
        """Column of the internal number of the work."""
        return self.table.c.work


def _attached(kind: str, opening: str, table: sa.Table, *names: str) -> Attached:
    return Attached(kind, opening, table, *(table.c[name] for name in names))


GRANT = _attached("grant", "terms", grants, "grant_id", "terms", "given_at", "revoked_at", "revocation_hash")
EVIDENCE = _attached(
    "evidence", "item", claim_evidence, "evidence_id", "item", "added_at", "withdrawn_at", "withdrawal_hash"
)
CLAIM_DECISION = _attached(
    "claim-decision",
    "terms",
    claim_decisions,
    *("decision_id", "terms", "decided_at", "reversed_at", "reversal_hash", "account_id"),
)
ATTACHED = (GRANT, EVIDENCE, CLAIM_DECISION)
