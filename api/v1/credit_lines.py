"""/v1/works/{work_id}/credit: the credit line that a repost should bear."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import PlainTextResponse

from provenance.marking import credit_line
from provenance.works import catalog

from ..dependencies import ApplicationDep, MayLookUp, own
from ..problems import responses

router = APIRouter(prefix="/v1/works", tags=["works"])


@router.get(
    "/{work_id}/credit",
    operation_id="getCredit",
    summary="The credit line that passes the check",
    response_class=PlainTextResponse,
    responses=responses(
        401,
        403,
        404,
        ok={200: {"description": "The credit line", "content": {"text/plain": {"example": "Author: Lin Zhaoyun ..."}}}},
    ),
)
def get_credit(
    work_id: str,
    app: ApplicationDep,
    principal: MayLookUp,
    format: Annotated[Literal["text", "html", "xmp"], Query()] = "text",
    lang: Annotated[str, Query(max_length=35)] = "en",
) -> PlainTextResponse:
    work = catalog.marking_work(catalog.find(app.db, work_id, own(principal)))
    return PlainTextResponse(credit_line(work, format, lang))
