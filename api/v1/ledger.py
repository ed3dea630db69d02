"""/v1/ledger: the public log, readable by everybody without a key."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import PlainTextResponse, Response

from ..dependencies import ApplicationDep
from ..problems import Responses, responses

router = APIRouter(prefix="/v1/ledger", tags=["ledger"])

_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_NOW = {"Cache-Control": "no-cache"}
Index = Annotated[int, Query(ge=0, lt=2**63)]


def _text(description: str, example: str) -> Responses:
    return {
        200: {"description": description, "content": {"text/plain": {"schema": {"type": "string"}, "example": example}}}
    }


@router.get(
    "/checkpoint",
    operation_id="getCheckpoint",
    summary="The newest signed checkpoint",
    response_class=PlainTextResponse,
    responses=responses(
        ok=_text("A C2SP checkpoint", "log.example.org/sourcemark\n42\n...\n\n— log.example.org/sourcemark ...\n")
    ),
)
def get_checkpoint(app: ApplicationDep) -> PlainTextResponse:
    return PlainTextResponse(app.log.reader.checkpoint().raw, headers=_NOW)


@router.get(
    "/log.vkey",
    operation_id="getLogKeys",
    summary="The log's public keys",
    response_class=PlainTextResponse,
    responses=responses(
        ok=_text("One C2SP verifier key a line, Ed25519 first", "log.example.org/sourcemark+1a2b3c4d+AQ...\n")
    ),
)
def get_log_keys(app: ApplicationDep) -> PlainTextResponse:
    return PlainTextResponse("".join(f"{key}\n" for key in app.log.vkeys()), headers=_NOW)


@router.get(
    "/policy",
    operation_id="getPolicy",
    summary="Keys and witnesses",
    response_class=PlainTextResponse,
    responses=responses(ok=_text("A C2SP tlog-policy", "log log.example.org/sourcemark+1a2b3c4d+AQ...\nquorum none\n")),
)
def get_policy(app: ApplicationDep) -> PlainTextResponse:
    return PlainTextResponse(app.log.policy(), headers=_NOW)


@router.get(
    "/tile/{path:path}",
    operation_id="getTile",
    summary="A tile or an entry bundle",
    response_class=Response,
    responses=responses(
        404,
        ok={
            200: {
                "description": "Hashes, or entries each behind a 16-bit length (C2SP tlog-tiles)",
                "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
            }
        },
    ),
)
def get_tile(path: Annotated[str, Path(max_length=200, examples=["entries/000.p/1"])], app: ApplicationDep) -> Response:
    return Response(app.log.reader.tile("tile/" + path), media_type="application/octet-stream", headers=_FOR_EVER)


@router.get(
    "/proof/inclusion",
    operation_id="getInclusionProof",
    summary="Proof that an entry is in the log",
    response_class=PlainTextResponse,
    responses=responses(404, ok=_text("A C2SP tlog-proof", "c2sp.org/tlog-proof@v1\nindex 0\n...\n")),
)
def get_inclusion_proof(app: ApplicationDep, index: Index) -> PlainTextResponse:
    return PlainTextResponse(app.log.reader.proof(index), headers=_NOW)


@router.get(
    "/proof/consistency",
    operation_id="getConsistencyProof",
    summary="Proof that an older log is the beginning of a newer one",
    response_class=PlainTextResponse,
    responses=responses(404, ok=_text("One base64 hash a line (RFC 9162 2.1.4)", "qPfm...=\n")),
)
def get_consistency_proof(
    app: ApplicationDep,
    old: Annotated[int, Query(ge=0, lt=2**63)],
    new: Annotated[int | None, Query(ge=0, lt=2**63, description="Default: the present size.")] = None,
) -> PlainTextResponse:
    return PlainTextResponse(app.log.reader.consistency(old, new), headers=_NOW)
