"""/v1/works/{work_id}/receipt and /certificate: the proof of a registration, for programs and for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response

from provenance.tlog import receipt, verify
from provenance.works import certificate
from provenance.works.certificate import picture
from provenance.works.receipt_builder import build_receipt

from ..dependencies import ApplicationDep, MayRegister, own
from ..problems import Responses, responses

router = APIRouter(prefix="/v1/works", tags=["works"])

RECEIPT_ANSWER: Responses = {
    200: {
        "description": "A receipt",
        "content": {
            "application/zip": {"schema": {"type": "string", "format": "binary"}},
            "application/json": {"schema": {"type": "object"}},
        },
    }
}
ReceiptFormat = Annotated[Literal["zip", "json"], Query()]


@router.get(
    "/{work_id}/receipt",
    operation_id="getReceipt",
    summary="The proof of a registration",
    response_class=Response,
    responses=responses(401, 403, 404, ok=RECEIPT_ANSWER),
)
def get_receipt(work_id: str, app: ApplicationDep, principal: MayRegister, format: ReceiptFormat = "zip") -> Response:
    """A .zip, or one JSON file, that `sourcemark verify`, or anybody with openssl, checks offline.

    Private: it opens the commitments.
    """
    return receipt_answer(build_receipt(app.db, app.log, work_id, own(principal)), work_id, format)


def receipt_answer(
    files: Mapping[str, bytes], name: str, format: str, headers: Mapping[str, str] | None = None
) -> Response:
    """A receipt in the form that was asked for, to be saved as ``NAME.receipt.FORMAT``."""
    data = receipt.to_json(files) if format == "json" else receipt.to_zip(files)
    said = {"Content-Disposition": f'attachment; filename="{name}.receipt.{format}"', **(headers or {})}
    return Response(data, media_type=f"application/{format}", headers=said)


@router.get(
    "/{work_id}/certificate",
    operation_id="getCertificate",
    summary="What the receipt proves, as a page for people",
    response_class=Response,
    responses=responses(
        401,
        403,
        404,
        ok={
            200: {
                "description": "A page with a QR code",
                "content": {
                    "text/html": {"schema": {"type": "string"}},
                    "application/pdf": {"schema": {"type": "string", "format": "binary"}},
                },
            }
        },
    ),
)
def get_certificate(
    work_id: str,
    app: ApplicationDep,
    principal: MayRegister,
    format: Annotated[Literal["html", "pdf"], Query()] = "html",
    lang: Annotated[Literal["en", "zh"], Query()] = "en",
) -> Response:
    """Made from the receipt after checking it. Private, as the receipt is: it shows who claimed what."""
    files = build_receipt(app.db, app.log, work_id, own(principal))
    roots = app.settings.tsa_roots if app.settings.tsa_url is not None else None
    done = verify.verify_receipt(files, tsa_roots=roots)
    made = certificate.certify(files, done, lang, picture.committed(app.db, files))
    name = {"Content-Disposition": f'inline; filename="{work_id}.{format}"'}
    if format == "pdf":
        return Response(
            certificate.to_pdf(made, app.settings.certificate_font), media_type="application/pdf", headers=name
        )
    return Response(certificate.to_html(made), media_type="text/html", headers=name)
