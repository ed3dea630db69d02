"""/v1/exports: a list as one file, which a job writes."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from provenance.scans import exports
from provenance.schemas.exports import NewExport
from provenance.schemas.jobs import JobRecord

from ..dependencies import AnyKey, ApplicationDep, IdempotencyKey, answer_once, own
from ..later import ACCEPTED, add_job
from ..problems import responses

router = APIRouter(prefix="/v1/exports", tags=["jobs"])


@router.post(
    "",
    operation_id="exportList",
    summary="Export a list",
    status_code=202,
    response_model=JobRecord,
    responses=responses(401, 403, 409, ok=ACCEPTED),
)
def export_list(
    new: NewExport, app: ApplicationDep, principal: AnyKey, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """A job writes it; when it is done, the `file` of its `result` is the address of the file. Decisions and statements
    of reasons need the scope `review`, sightings `lookup`."""
    principal.require(exports.SCOPES[new.what])

    def act(_: bytes | None) -> tuple[int, Any]:
        wanted = exports.ExportJob(**new.model_dump(), account_id=own(principal))
        return add_job(app, principal, exports.KIND, wanted)

    return answer_once(app, principal, idempotency_key, ("exports", [new.model_dump_json().encode()]), act)
