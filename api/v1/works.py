"""/v1/works: registering, reading back, withdrawing, erasing."""

from __future__ import annotations

import contextlib
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from fingerprints.source import Source
from provenance.schemas import Amendment, NewWork, RegistrationItem, RegistrationResult, Transfer, WorkRecord
from provenance.works import batches, catalog, later
from provenance.works.prepared import Prepared
from provenance.works.registration import RegistrationRequest

from ..bodies import BatchBody, Body, RequestBody, batch_items, item
from ..body_declarations import batch_body, request_body
from ..dependencies import (
    ApplicationDep,
    Cursor,
    IdempotencyKey,
    ItemRefused,
    Limit,
    MayRegister,
    Page,
    account_of,
    answer_once,
    own,
    read_cursor,
    write_cursor,
)
from ..later import ACCEPTED, Prefer, TakesLong, add_job, short_only, wants_job
from ..problems import responses

router = APIRouter(prefix="/v1/works", tags=["works"])

EXAMPLE: dict[str, Any] = {
    "external_id": "article-17",
    "title": "The Clock Mender",
    "owner": "Lin Zhaoyun",
    "owner_aliases": ["林昭云"],
    "source_name": "North Bank",
    "source_urls": ["https://northbank.example/a/17"],
    "licence": "reprint-with-credit",
    "text": "The clock mender sets up his table on the embankment before the ferries start. "
    "When the wind comes he weighs the springs down with an enamel mug, and says that time has nowhere to come from.",
}


class WorkBatchResult(BaseModel):
    results: list[RegistrationResult]


@router.post(
    "",
    operation_id="registerWork",
    summary="Register a work",
    status_code=201,
    response_model=RegistrationResult,
    responses=responses(
        *(401, 403, 404, 409, 413, 415, 422),
        ok={200: {"model": RegistrationResult, "description": "It was registered before"}, **ACCEPTED},
    ),
    openapi_extra=request_body(NewWork, EXAMPLE),
)
def register_work(
    app: ApplicationDep,
    principal: MayRegister,
    body: RequestBody,
    prefer: Prefer = None,
    idempotency_key: IdempotencyKey = None,
) -> JSONResponse:
    """The answer comes when the entry is signed, published and durable. Earlier registrations of the same or similar
    content are listed in `competing`; they never prevent a registration.

    Long sound or film (`SOURCEMARK_LONG_MEDIA_SECONDS`), and everything with `Prefer: respond-async`, is registered in
    a job; what this route would have answered is the one item of its results."""

    def act(_: bytes | None) -> tuple[int, Any]:
        new = item(NewWork, body)
        wanted = RegistrationRequest(
            RegistrationItem.model_validate({**new.model_dump(), "path": body.filename or None}), _source(new, body)
        )
        if not wants_job(prefer):
            with contextlib.suppress(TakesLong):
                told = wanted.told_to(short_only(app))
                result = next(app.registrar.register(account_of(app.db, principal), [told]))
                if result.error is not None:
                    raise ItemRefused(result.error.model_dump(mode="json"))
                return 201 if result.status == "registered" else 200, result.model_dump(mode="json")
        return 202, later.add(app.jobs, principal.account_id, wanted).model_dump(mode="json")

    return answer_once(app, principal, idempotency_key, ("works", body.exact()), act, prefer=prefer)


@router.post(
    "/prepare",
    operation_id="prepareWork",
    summary="Prepare a registration to be signed by you",
    response_model=Prepared,
    responses=responses(401, 403, 404, 413, 415, 422),
    openapi_extra=request_body(NewWork, EXAMPLE, sealed=False, evidence=[]),
)
def prepare_work(app: ApplicationDep, principal: MayRegister, body: RequestBody) -> Prepared:
    """Takes what `POST /v1/works` takes and answers with the statement to sign; nothing is registered until its signed
    form comes to `POST /v1/statements`, within a day. The private key never comes here."""
    new = item(NewWork, body)
    named = RegistrationItem.model_validate({**new.model_dump(), "path": body.filename or None})
    return app.prepared.prepare(account_of(app.db, principal), named, _source(new, body))


def _source(new: NewWork, body: Body) -> Source:
    return body.file if body.file is not None else Source.text(new.text or "")


@router.post(
    "/batch",
    operation_id="registerWorks",
    summary="Register many texts",
    response_model=WorkBatchResult,
    responses=responses(401, 403, 409, 413, 415, ok=ACCEPTED),
    openapi_extra=batch_body(NewWork, EXAMPLE, "Texts to register (files go one by one)."),
)
def register_works(
    app: ApplicationDep,
    principal: MayRegister,
    body: BatchBody,
    prefer: Prefer = None,
    idempotency_key: IdempotencyKey = None,
) -> JSONResponse:
    """Results are in the order of the items; one bad item is one result with status `error`, the rest goes on. With
    `Prefer: respond-async` a job does it, which may have more items."""

    def act(_: bytes | None) -> tuple[int, Any]:
        if wants_job(prefer):
            items = batch_items(body, app.settings.max_job_items, "SOURCEMARK_MAX_JOB_ITEMS")
            return add_job(app, principal, batches.KIND, batches.RegistrationBatch(items=items))
        items = batch_items(body, app.settings.max_batch_lines, "SOURCEMARK_MAX_BATCH_LINES")
        results = app.registrar.register(account_of(app.db, principal), batches.requests(items))
        return 200, {"results": [r.model_dump(mode="json") for r in results]}

    return answer_once(app, principal, idempotency_key, ("works/batch", body.exact()), act, prefer=prefer)


@router.get("", operation_id="listWorks", summary="Your works", responses=responses(401, 403))
def list_works(
    app: ApplicationDep, principal: MayRegister, limit: Limit = 100, cursor: Cursor = None
) -> Page[WorkRecord]:
    found, after = catalog.page(app.db, app.log.origin, own(principal), after=read_cursor(cursor), limit=limit)
    return Page(items=found, next=write_cursor(after))


@router.get("/{work_id}", operation_id="getWork", summary="One work", responses=responses(401, 403, 404))
def get_work(work_id: str, app: ApplicationDep, principal: MayRegister) -> WorkRecord:
    return catalog.get(app.db, app.log.origin, work_id, own(principal))


@router.post(
    "/{work_id}/amendments",
    operation_id="amendWork",
    summary="Claim something else of a work",
    status_code=201,
    responses=responses(401, 403, 404, 409),
)
def amend_work(work_id: str, wanted: Amendment, app: ApplicationDep, principal: MayRegister) -> WorkRecord:
    """Fields that are left out stay. A new entry of the log commits to the whole new claim, which scans, look-ups and
    receipts show from then on; the registration stays as it was, and receipts show both."""
    return app.amendments.amend(account_of(app.db, principal), work_id, wanted)


@router.post(
    "/{work_id}/transfer",
    operation_id="transferWork",
    summary="Name another owner of a work",
    status_code=201,
    responses=responses(401, 403, 404, 409),
)
def transfer_work(work_id: str, wanted: Transfer, app: ApplicationDep, principal: MayRegister) -> WorkRecord:
    """Signed for the present owner. With `to` the registration becomes that account's: it alone may amend, withdraw or
    erase it from then on. The answer is the work as it stands."""
    return app.amendments.transfer(account_of(app.db, principal), work_id, wanted)


@router.delete(
    "/{work_id}", operation_id="withdrawWork", summary="Withdraw a work", responses=responses(401, 403, 404, 409)
)
def withdraw_work(work_id: str, app: ApplicationDep, principal: MayRegister) -> WorkRecord:
    """It is no longer matched, and the log says so. The registration itself stays provable."""
    return app.withdrawals.withdraw(account_of(app.db, principal), work_id)


@router.post(
    "/{work_id}/erasure",
    operation_id="eraseWork",
    summary="Erase what is personal about a work",
    responses=responses(401, 403, 404, 409),
)
def erase_work(work_id: str, app: ApplicationDep, principal: MayRegister) -> WorkRecord:
    """Claim, salts and fingerprint are deleted for good, and the log says so; it is no longer matched. Its entry in the
    log, which names nobody, stays, and every receipt given before still verifies. There is no way back."""
    account = None if principal.is_admin else account_of(app.db, principal)
    return app.erasures.erase(account, work_id)
