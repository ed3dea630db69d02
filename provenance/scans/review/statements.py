"""Statements of reasons: what the poster of a restricted post is told (Regulation (EU) 2022/2065, article 17).

One is stored with each decision that restricts, as it was told then. Erasing a work takes its title and owner out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from ...config import Settings
from ...database import paging
from ...database.engine import Database
from ...database.tables import decisions, matches, now, scans, statements_of_reasons, works
from ...errors import NotFound
from ...ids import new_id
from ...schemas import MatchRecord, ScanResult
from ...schemas.decisions import Ground, StatementOfReasons, SubjectKind
from . import statement_text

_NOBODY: dict[str, None] = dict.fromkeys(("external_id", "post_url", "account", "account_id"))
RESTRICTIONS = ("label", "ask-for-credit", "hold", "restrict")  # outcomes that need one


@dataclass(frozen=True, slots=True)
class About:
    """The post that a statement speaks of: what was found in it, and what the platform said of it.

    Attributes:
        result: None where nothing was scanned.
    """

    result: ScanResult | None
    post_url: str | None
    account: str | None
    account_id: str | None


@dataclass(frozen=True, slots=True)
class Defaults:
    """What the settings say of every statement.

    Attributes:
        ground: on which a restriction rests if the decision names none.
        appeal_days: how long an internal complaint is taken.
        complaints_url: where.
    """

    ground: Ground
    appeal_days: int
    complaints_url: str | None

    @classmethod
    def of(cls, settings: Settings) -> Defaults:
        ground = Ground(kind="terms", reference=settings.terms_clause, url=settings.terms_url)
        return cls(ground, settings.appeal_days, settings.complaints_url)


def insert(connection: sa.Connection, decision: sa.Row[Any], about: About, defaults: Defaults) -> None:
    """Store the statement of a decision that restricts."""
    made_at = now()
    appeal_until = (datetime.now(UTC) + timedelta(days=defaults.appeal_days)).date().isoformat()
    terms, result = decision.terms, about.result
    record = {
        "scan_id": None if result is None else result.scan_id,
        "external_id": None if result is None else result.external_id,
        "post_url": about.post_url,
        "account": about.account,
        "account_id": about.account_id,
        "media": [] if result is None else _media(result),
        "restriction": {
            "kind": decision.outcome,
            "territory": terms["territory"],
            "begins": decision.decided_at,
            "ends": terms["until"],
        },
        "reason": decision.reason,
        "matches": [] if result is None else [_fact(match) for match in result.matches],
        "source": terms["source"],
        "automated_detection": terms["source"] == "voluntary",
        "automated_decision": decision.automated,
        "ground": terms["ground"] or defaults.ground.model_dump(),
        "redress": {"appeal_until": appeal_until, "url": defaults.complaints_url},
        "posted_at": None if result is None else result.scanned_at,
    }
    connection.execute(
        statements_of_reasons.insert().values(
            statement_id=new_id("sor"),
            account_id=decision.account_id,
            decision=decision.id,
            record=record,
            appeal_until=appeal_until,
            made_at=made_at,
        )
    )


def _media(result: ScanResult) -> list[str]:
    """The kinds of content of a post, each once."""
    media = [result.medium] if result.parts is None else [part.medium for part in result.parts]
    return list(dict.fromkeys(str(each) for each in media if each is not None))


def _fact(match: MatchRecord) -> dict[str, Any]:
    return {
        "work_id": match.work_id,
        "title": match.title,
        "owner": match.owner,
        "coverage_upload": match.coverage.upload,
        "coverage_work": match.coverage.work,
        "marking": match.marking.get("verdict"),
        "reasons": match.marking.get("reasons", []),
        "permission": match.permission.state,
        "credit_line": match.credit_line,
    }


# --- reading -------------------------------------------------------------------------------------------------------
def get(db: Database, statement_id: str, account_id: str | None) -> StatementOfReasons:
    """One statement, by its id or by that of its decision; raises `NotFound`."""
    named = sa.or_(statements_of_reasons.c.statement_id == statement_id, decisions.c.decision_id == statement_id)
    with db.read() as connection:
        rows = connection.execute(_select(account_id).where(named)).all()
    if not rows:
        raise NotFound(f"no statement of reasons of yours has the id {statement_id!r}, nor has its decision")
    return _record(rows[0])


def page(
    db: Database,
    account_id: str | None,
    *,
    since: str | None = None,
    until: str | None = None,
    after: int = 0,
    limit: int = 100,
) -> tuple[list[StatementOfReasons], int | None]:
    """Statements of an account (None: of everybody), oldest first, and the cursor of the next page or None.

    Args:
        since, until: made then or later, and before; as times are stored.
    """
    query = _select(account_id)
    if since is not None:
        query = query.where(statements_of_reasons.c.made_at >= since)
    if until is not None:
        query = query.where(statements_of_reasons.c.made_at < until)
    with db.read() as connection:
        rows, more = paging.page(connection, query, statements_of_reasons.c.id, after, limit)
    return [_record(row) for row in rows], more


def _select(account_id: str | None) -> sa.Select[Any]:
    later = decisions.alias("later")
    query = (
        sa.select(statements_of_reasons, decisions.c.decision_id, later.c.id.label("later"))
        .join(decisions, decisions.c.id == statements_of_reasons.c.decision)
        .outerjoin(later, later.c.supersedes == decisions.c.id)
    )
    return query if account_id is None else query.where(statements_of_reasons.c.account_id == account_id)


def _record(row: sa.Row[Any]) -> StatementOfReasons:
    made = StatementOfReasons.model_validate(
        {
            **row.record,
            "statement_id": row.statement_id,
            "decision_id": row.decision_id,
            "made_at": row.made_at,
            "superseded": row.later is not None,
            "text": {},
        }
    )
    made.text = statement_text.both(made)
    return made


# --- erasure -------------------------------------------------------------------------------------------------------
def forget(connection: sa.Connection, work: int) -> None:
    """Take a work's title and owner out of the statements about posts that showed it."""
    work_id = connection.execute(sa.select(works.c.work_id).where(works.c.id == work)).scalar_one()
    shown = sa.select(scans.c.scan_id).join(matches, matches.c.scan == scans.c.id).where(matches.c.work == work)
    erased = {"title": "", "owner": "", "credit_line": None}

    def unnamed(record: dict[str, Any]) -> dict[str, Any]:
        told = [{**each, **erased} if each["work_id"] == work_id else each for each in record["matches"]]
        return {**record, "matches": told}

    _rewrite(connection, _about("scan", decisions.c.subject_id.in_(shown)), unnamed)


def _about(kind: SubjectKind, which: sa.ColumnElement[bool]) -> sa.Select[tuple[int]]:
    """Decisions about subjects of a kind."""
    return sa.select(decisions.c.id).where(decisions.c.subject_kind == kind, which)


def _rewrite(
    connection: sa.Connection, about: sa.Select[tuple[int]], change: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    """Change what the statements of decisions say."""
    table = statements_of_reasons
    rows = connection.execute(sa.select(table.c.id, table.c.record).where(table.c.decision.in_(about))).all()
    for row in rows:
        connection.execute(table.update().where(table.c.id == row.id).values(record=change(row.record)))


# --- retention -----------------------------------------------------------------------------------------------------
def contestable(today: str) -> sa.ColumnElement[bool]:
    """Whether somebody may still complain about what was decided about a scan.

    Args:
        today: ISO 8601 date.
    """
    return sa.exists().where(
        statements_of_reasons.c.decision == decisions.c.id,
        statements_of_reasons.c.appeal_until >= today,
        decisions.c.account_id == scans.c.account_id,
        decisions.c.subject_kind == "scan",
        decisions.c.subject_id == scans.c.scan_id,
    )


def forget_posters(connection: sa.Connection, numbers: Sequence[int]) -> None:
    """Take who posted and where out of the statements about scans.

    Args:
        numbers: internal ones of scans.
    """
    of_these = sa.select(scans.c.scan_id).where(scans.c.id.in_(numbers))
    _rewrite(connection, _about("scan", decisions.c.subject_id.in_(of_these)), lambda record: {**record, **_NOBODY})


def forget_poster(connection: sa.Connection, case_id: str) -> None:
    """Take who posted and where out of the statement about a complaint."""
    _rewrite(connection, _about("case", decisions.c.subject_id == case_id), lambda record: {**record, **_NOBODY})
