"""/v1/statements: what producers sign with keys of their own."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from provenance.errors import SourcemarkError, TooLarge
from provenance.schema_fields import Request
from provenance.schemas import Problem, problem_of
from provenance.works.submissions import SignedStatement, Submitted

from ..dependencies import ApplicationDep, MayRegister, account_of
from ..problems import responses

router = APIRouter(prefix="/v1", tags=["statements"])


@router.post(
    "/statements",
    operation_id="submitStatement",
    summary="Submit a signed statement",
    status_code=201,
    responses=responses(401, 403, 404, 409, 422),
)
def submit_statement(signed: SignedStatement, app: ApplicationDep, principal: MayRegister) -> Submitted:
    """A registration that was prepared here, or an enrolment or revocation of a key, a withdrawal or a sealed
    registration that the client wrote by itself. Sending it twice is safe: it is answered again, not carried out again.
    """
    return app.submissions.submit(account_of(app.db, principal), signed, may_replace_key=principal.may("keys"))


class StatementBatch(Request):
    items: list[SignedStatement] = Field(min_length=1, description="Statements to submit, at most `max_batch_lines`.")


class SubmittedItem(BaseModel):
    """One statement of a batch: what became of it, or why it was refused."""

    submitted: Submitted | None = None
    error: Problem | None = None


class SubmittedBatch(BaseModel):
    items: list[SubmittedItem]


@router.post(
    "/statements/batch",
    operation_id="submitStatements",
    summary="Submit many signed statements",
    responses=responses(401, 403, 413, 422),
)
def submit_statements(batch: StatementBatch, app: ApplicationDep, principal: MayRegister) -> SubmittedBatch:
    """As one by one, in the order of the items, and far faster: new registrations share one transaction and one round
    of the log. An item that is refused does not stop the others.
    """
    most = app.settings.max_batch_lines
    if len(batch.items) > most:
        raise TooLarge(f"the batch has {len(batch.items)} items, {most} are allowed (SOURCEMARK_MAX_BATCH_LINES)")
    done = app.submissions.submit_all(account_of(app.db, principal), batch.items, may_replace_key=principal.may("keys"))
    return SubmittedBatch(
        items=[
            SubmittedItem(error=problem_of(each))
            if isinstance(each, SourcemarkError)
            else SubmittedItem(submitted=each)
            for each in done
        ]
    )
