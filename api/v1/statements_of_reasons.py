"""/v1/statements-of-reasons: what posters of restricted posts are told."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from provenance.scans.review import dsa, statements
from provenance.scans.sightings import parse_since
from provenance.schemas.decisions import DsaStatements, StatementOfReasons

from ..dependencies import ApplicationDep, Cursor, Limit, MayReview, Page, own, read_cursor, write_cursor
from ..problems import responses

router = APIRouter(prefix="/v1/statements-of-reasons", tags=["review"])

_Since = Annotated[
    str | None, Query(max_length=40, description="Made then or later, ISO 8601.", json_schema_extra={"format": "date"})
]


@router.get(
    "", operation_id="listStatementsOfReasons", summary="Your statements of reasons", responses=responses(401, 403)
)
def list_statements(
    app: ApplicationDep, principal: MayReview, since: _Since = None, limit: Limit = 100, cursor: Cursor = None
) -> Page[StatementOfReasons]:
    """One a restriction, oldest first."""
    found, after = statements.page(
        app.db, own(principal), since=parse_since(since), after=read_cursor(cursor), limit=limit
    )
    return Page(items=found, next=write_cursor(after))


@router.get(
    "/dsa",
    operation_id="exportStatementsOfReasons",
    summary="The same for the EU's DSA Transparency Database",
    responses=responses(401, 403),
)
def export_statements(
    app: ApplicationDep,
    principal: MayReview,
    since: _Since = None,
    limit: Annotated[int, Query(ge=1, le=dsa.MAX_STATEMENTS, description="Most statements read.")] = dsa.MAX_STATEMENTS,
    cursor: Cursor = None,
) -> DsaStatements:
    """The body of its request for many statements, with the cursor of the next. Those that hold in no country of the
    European Economic Area are left out. Nobody is named."""
    found, after = statements.page(
        app.db, own(principal), since=parse_since(since), after=read_cursor(cursor), limit=limit
    )
    bodies = [dsa.to_dsa(each) for each in found if dsa.concerns_the_area(each)]
    return DsaStatements(statements=bodies, next=write_cursor(after))


@router.get(
    "/{statement_id}",
    operation_id="getStatementOfReasons",
    summary="One statement of reasons",
    responses=responses(401, 403, 404),
)
def get_statement(statement_id: str, app: ApplicationDep, principal: MayReview) -> StatementOfReasons:
    """By its id, or by that of its decision."""
    return statements.get(app.db, statement_id, own(principal))


@router.get(
    "/{statement_id}/dsa",
    operation_id="exportStatementOfReasons",
    summary="The same for the EU's DSA Transparency Database",
    responses=responses(401, 403, 404),
)
def export_statement(statement_id: str, app: ApplicationDep, principal: MayReview) -> dict[str, Any]:
    """The body of its request for one. A statement that holds in no country of the European Economic Area has none."""
    return dsa.to_dsa(statements.get(app.db, statement_id, own(principal)))
