"""/v1/policies: the table of rules that decides what is done with a scanned post."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from provenance.scans.policy import replay, store
from provenance.schemas.policies import (
    NewPolicy,
    NewTrial,
    PolicyCheck,
    PolicyRecord,
    PolicySummary,
    PolicyTrial,
    PolicyTrialJob,
)

from ..dependencies import (
    ApplicationDep,
    Cursor,
    IdempotencyKey,
    Limit,
    MayScan,
    Page,
    make_once,
    read_cursor,
    write_cursor,
)
from ..later import ACCEPTED, Prefer, add_job, job_headers, wants_job
from ..problems import responses

router = APIRouter(prefix="/v1/policies", tags=["policies"])


@router.post(
    "",
    operation_id="setPolicy",
    summary="Set your policy",
    status_code=201,
    response_model=PolicyRecord,
    responses=responses(401, 403, 409, 413),
)
def set_policy(
    new: NewPolicy, app: ApplicationDep, principal: MayScan, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """It decides every scan from then on; what was decided before stays. Earlier versions are kept."""

    def make(_: bytes | None) -> PolicyRecord:
        return store.set_policy(app.db, principal.account_id, new.toml)

    return make_once(app, principal, idempotency_key, ("policies", new), make)


@router.get("", operation_id="listPolicies", summary="The policies you have set", responses=responses(401, 403))
def list_policies(
    app: ApplicationDep, principal: MayScan, limit: Limit = 100, cursor: Cursor = None
) -> Page[PolicySummary]:
    """Oldest first: the last one is in force. Without any, the default policy decides."""
    found, after = store.page(app.db, principal.account_id, after=read_cursor(cursor), limit=limit)
    return Page(items=found, next=write_cursor(after))


@router.get(
    "/{policy_version}", operation_id="readPolicy", summary="One of your policies", responses=responses(401, 403, 404)
)
def get_policy(policy_version: str, app: ApplicationDep, principal: MayScan) -> PolicyRecord:
    """By its version, or `current` for the one that decides now, or `default` for the one that is shipped."""
    return store.get(app.db, principal.account_id, policy_version)


@router.post("/check", operation_id="checkPolicy", summary="Check a policy", responses=responses(401, 403, 413))
def check_policy(new: NewPolicy, _app: ApplicationDep, _: MayScan) -> PolicyCheck:
    """Whether it can be used, and which of its rules no post can reach."""
    return replay.check(new.toml)


@router.post(
    "/try",
    operation_id="tryPolicy",
    summary="Try a policy on past scans",
    response_model=PolicyTrial,
    responses=responses(401, 403, 413, ok=ACCEPTED),
)
def try_policy(
    trial: NewTrial, app: ApplicationDep, principal: MayScan, limit: Limit = 100, prefer: Prefer = None
) -> JSONResponse:
    """Decides your past scans anew, each on the facts that were recorded with it. Nothing is changed by that. With
    `Prefer: respond-async` a job does it, whose result it is."""
    if not wants_job(prefer):
        return JSONResponse(replay.replay_now(app.db, principal.account_id, trial, limit=limit).model_dump(mode="json"))
    replay.check(trial.toml)  # told now, not by the job
    status, job = add_job(app, principal, replay.KIND, PolicyTrialJob(trial=trial, limit=limit))
    return JSONResponse(job, status, job_headers(job, prefer))
