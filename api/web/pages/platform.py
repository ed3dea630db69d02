"""The platform's settings: its policy, its official accounts, its webhooks."""

from __future__ import annotations

from typing import Annotated, Any, get_args

from fastapi import APIRouter, Path, Request
from fastapi.responses import RedirectResponse, Response

from provenance.accounts.accounts import Principal
from provenance.errors import SourcemarkError
from provenance.jobs import webhooks
from provenance.json_input import parse
from provenance.scans.policy import replay, store
from provenance.scans.sightings import parse_since
from provenance.schemas import OfficialAccount
from provenance.schemas.official_accounts import PlatformRef
from provenance.schemas.policies import NewPolicy, NewTrial
from provenance.schemas.webhooks import NewWebhook, Redelivery, Subscribed

from ...dependencies import ApplicationDep, Cursor, own, read_cursor, write_cursor
from ..forms import Form
from ..rendering import page
from ..visitors import MayScan, MaySeeEvidence

router = APIRouter(include_in_schema=False)
_PAGE, _MOST, _CHANGES = 50, 500, 20
_OPERATOR = ("operator_id", "operator_name")
_ACCOUNT = ("account_id", "name", *_OPERATOR)
Id = Annotated[str, Path(max_length=200)]


# --- the policy ------------------------------------------------------------------------------------------------------
@router.get("/policies")
def policy(request: Request, app: ApplicationDep, who: MayScan) -> Response:
    return _policy(request, app, who, store.get(app.db, who.account_id).toml)


def _policy(
    request: Request,
    app: ApplicationDep,
    who: Principal,
    text: str,
    error: SourcemarkError | None = None,
    **found: Any,
) -> Response:
    context = {"check": None, "trial": None, "since": "", **found}
    present = store.get(app.db, who.account_id)
    status = 200 if error is None else error.status
    return page(request, "policy.html", status, text=text, present=present, error=error, **context)


@router.post("/policies")
def act_on_policy(request: Request, app: ApplicationDep, who: MayScan, sent: Form) -> Response:
    """Check it, try it on past scans, or set it, by the button that was pressed."""
    text = next((value for name, value in sent.fields if name == "toml"), "").replace("\r\n", "\n")
    try:
        if "set" in sent:
            store.set_policy(app.db, who.account_id, parse(NewPolicy, {"toml": text}).toml)
            return RedirectResponse("/policies", 303)
        checked = replay.check(parse(NewPolicy, {"toml": text}).toml)
        trial = None
        if "try" in sent:
            wanted = parse(NewTrial, {"toml": text, "since": sent["since"] or "2000-01-01"})
            trial = replay.replay_now(app.db, who.account_id, wanted, limit=_CHANGES)
    except SourcemarkError as error:
        return _policy(request, app, who, text, error, since=sent["since"])
    return _policy(request, app, who, text, check=checked, trial=trial, since=sent["since"])


# --- official accounts -----------------------------------------------------------------------------------------------
@router.get("/official")
def official(request: Request, app: ApplicationDep, who: MayScan, cursor: Cursor = None) -> Response:
    return _official(request, app, who, cursor)


def _official(
    request: Request,
    app: ApplicationDep,
    who: Principal,
    cursor: str | None,
    error: SourcemarkError | None = None,
    values: dict[str, str] | None = None,
) -> Response:
    found, after = app.official_accounts.page(who.account_id, after=read_cursor(cursor), limit=_PAGE)
    return page(
        request,
        "official.html",
        200 if error is None else error.status,
        accounts=found,
        next=write_cursor(after),
        error=error,
        values=values or dict.fromkeys(_ACCOUNT, ""),
    )


@router.post("/official")
def record_official(request: Request, app: ApplicationDep, who: MayScan, sent: Form) -> Response:
    try:
        ref = parse(PlatformRef, {"account_id": sent["account_id"]})
        operator = {name.removeprefix("operator_"): value for name, value in sent.given(*_OPERATOR).items()}
        wanted = parse(OfficialAccount, {**sent.given("name"), **({"operator": operator} if operator else {})})
        app.official_accounts.put(who.account_id, ref.account_id, wanted)
    except SourcemarkError as error:
        values = {name: sent[name] for name in _ACCOUNT}
        return _official(request, app, who, None, error, values)
    return RedirectResponse("/official", 303)


# --- webhooks --------------------------------------------------------------------------------------------------------
@router.get("/webhooks")
def endpoints(request: Request, app: ApplicationDep, who: MaySeeEvidence) -> Response:
    return _endpoints(request, app, who)


def _endpoints(
    request: Request,
    app: ApplicationDep,
    who: Principal,
    error: SourcemarkError | None = None,
    secret: str = "",
) -> Response:
    return page(
        request,
        "webhooks/list.html",
        200 if error is None else error.status,
        webhooks=webhooks.page(app.db, own(who), limit=_MOST)[0],
        events=get_args(Subscribed),
        error=error,
        secret=secret,
    )


@router.post("/webhooks")
def create_endpoint(request: Request, app: ApplicationDep, who: MaySeeEvidence, sent: Form) -> Response:
    """The secret is shown once."""
    try:
        wanted = parse(NewWebhook, {"url": sent["url"], "events": sent.all("event")})
        made = webhooks.create(app.db, who.account_id, wanted, app.background.rules, app.background.secrets)
    except SourcemarkError as error:
        return _endpoints(request, app, who, error)
    return _endpoints(request, app, who, secret=made.secret)


@router.get("/webhooks/{webhook_id}")
def endpoint(
    request: Request, app: ApplicationDep, who: MaySeeEvidence, webhook_id: Id, cursor: Cursor = None
) -> Response:
    return _endpoint(request, app, who, webhook_id, cursor)


def _endpoint(
    request: Request,
    app: ApplicationDep,
    who: Principal,
    webhook_id: str,
    cursor: str | None = None,
    said: str = "",
) -> Response:
    found, after = webhooks.deliveries_page(
        app.db, webhook_id, own(who), state=None, after=read_cursor(cursor), limit=_PAGE
    )
    shown = webhooks.get(app.db, webhook_id, own(who))
    return page(
        request, "webhooks/webhook.html", webhook=shown, deliveries=found, next=write_cursor(after), answer=said
    )


@router.post("/webhooks/{webhook_id}/test")
def try_endpoint(request: Request, app: ApplicationDep, who: MaySeeEvidence, webhook_id: Id, sent: Form) -> Response:
    tried = webhooks.try_out(app.db, webhook_id, own(who), app.background.rules, app.background.secrets)
    return _endpoint(request, app, who, webhook_id, said=tried.answer)


@router.post("/webhooks/{webhook_id}/redelivery")
def send_again(app: ApplicationDep, who: MaySeeEvidence, webhook_id: Id, sent: Form) -> Response:
    wanted = parse(Redelivery, sent.given("since"))
    webhooks.redeliver(app.db, webhook_id, own(who), parse_since(wanted.since))
    return RedirectResponse(f"/webhooks/{webhook_id}", 303)


@router.post("/webhooks/{webhook_id}/remove")
def remove_endpoint(app: ApplicationDep, who: MaySeeEvidence, webhook_id: Id, sent: Form) -> Response:
    webhooks.remove(app.db, webhook_id, own(who))
    return RedirectResponse("/webhooks", 303)
