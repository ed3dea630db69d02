"""The producer's pages: works, registering, receipts, credit lines, grants, withdrawal."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import RedirectResponse, Response

from fingerprints.source import Source
from provenance import licences
from provenance.errors import SourcemarkError
from provenance.json_input import parse
from provenance.marking import credit_line
from provenance.schemas import NewWork, RegistrationItem, RegistrationResult
from provenance.tlog import verify
from provenance.works import catalog, certificate, grants
from provenance.works.certificate import picture
from provenance.works.grants import NewGrant
from provenance.works.receipt_builder import build_receipt
from provenance.works.registration import RegistrationRequest

from ...dependencies import ApplicationDep, Cursor, account_of, own, read_cursor, write_cursor
from ...v1.receipts import receipt_answer
from ..forms import Form, Sent
from ..rendering import PRIVATE, language_of, page
from ..visitors import MayRegister

router = APIRouter(include_in_schema=False)
_PAGE = 50  # works
_FIELDS = ("title", "owner", "source_name", "licence", "external_id")
WorkId = Annotated[str, Path(max_length=100)]


@router.get("/works")
def works(request: Request, app: ApplicationDep, who: MayRegister, cursor: Cursor = None) -> Response:
    found, after = catalog.page(app.db, app.log.origin, own(who), after=read_cursor(cursor), limit=_PAGE)
    return page(request, "works/list.html", works=found, next=write_cursor(after))


@router.get("/works/new")
def form(request: Request, app: ApplicationDep, who: MayRegister) -> Response:
    return _form(request, app, who, None)


def _form(
    request: Request,
    app: ApplicationDep,
    who: MayRegister,
    sent: Sent | None,
    error: SourcemarkError | None = None,
    competing: list[Any] | None = None,
    confirmed: str = "",
) -> Response:
    default = account_of(app.db, who).default_owner or ""
    values = {name: "" if sent is None else sent[name] for name in (*_FIELDS, "text", "owner_aliases", "source_urls")}
    if sent is None:
        values["owner"] = default
    return page(
        request,
        "works/new.html",
        200 if error is None else error.status,
        values=values,
        licences=licences.USUAL,
        error=error,
        competing=competing or [],
        confirmed=confirmed,
    )


@router.post("/works/new")
def register(request: Request, app: ApplicationDep, who: MayRegister, sent: Form) -> Response:
    """Whether others have registered the like is shown before anything is signed for good."""
    try:
        named = _items(sent)
        these = _named_by_content(named)
        if sent["confirmed"] != these:
            found = {work_id for _, source in named for work_id in app.notices.works_in(source)}
            earlier = [work for work in catalog.find_all(app.db, sorted(found)) if work.account_id != who.account_id]
            if earlier:
                return _form(request, app, who, sent, competing=earlier, confirmed=these)
        account = account_of(app.db, who)
        results = list(app.registrar.register(account, [RegistrationRequest(item, source) for item, source in named]))
    except SourcemarkError as error:
        return _form(request, app, who, sent, error)
    return _registered(request, named, results)


def _registered(
    request: Request, named: list[tuple[RegistrationItem, Source]], results: list[RegistrationResult]
) -> Response:
    if len(results) == 1 and results[0].error is None:
        return RedirectResponse(f"/works/{results[0].work_id}?new=1", 303)
    return page(request, "works/registered.html", rows=list(zip((item for item, _ in named), results, strict=True)))


def _named_by_content(named: list[tuple[RegistrationItem, Source]]) -> str:
    """What a confirmation is of: other files that are chosen after the warning are looked up as if it had not been."""
    return hashlib.sha256(b"".join(sorted(source.sha256() for _, source in named))).hexdigest()


def _items(sent: Sent) -> list[tuple[RegistrationItem, Source]]:
    """What a form registers: each of its files, or its text; raises `BadInput`."""
    claim: dict[str, Any] = {
        **sent.given(*_FIELDS),
        "owner_aliases": _lines(sent["owner_aliases"]),
        "source_urls": _lines(sent["source_urls"]),
    }
    files = [(name, source) for field, name, source in sent.files if field == "file"]
    if not files:
        new = parse(NewWork, {**claim, "text": sent["text"]})
        return [(RegistrationItem.model_validate(new.model_dump()), Source.text(new.text or ""))]
    made = []
    for name, source in files:
        titled = claim if claim.get("title") and len(files) == 1 else {**claim, "title": name}
        new = parse(NewWork, titled)
        made.append((RegistrationItem.model_validate({**new.model_dump(), "path": name}), source))
    return made


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


@router.get("/works/{work_id}")
def work(request: Request, app: ApplicationDep, who: MayRegister, work_id: WorkId, new: str = "") -> Response:
    return _work(request, app, who, work_id, new=bool(new))


def _work(
    request: Request,
    app: ApplicationDep,
    who: MayRegister,
    work_id: str,
    *,
    new: bool = False,
    error: SourcemarkError | None = None,
) -> Response:
    record = catalog.get(app.db, app.log.origin, work_id, own(who))
    line = ""
    if record.erased_at is None and record.medium != "sealed":
        line = credit_line(catalog.marking_work(catalog.find(app.db, work_id, own(who))), "text", language_of(request))
    return page(
        request,
        "works/work.html",
        200 if error is None else error.status,
        work=record,
        new=new,
        credit=line,
        grants=grants.of_work(app.db, app.log.origin, work_id, own(who)),
        competing=catalog.find_all(app.db, record.competing),
        error=error,
    )


@router.get("/works/{work_id}/receipt")
def receipt(
    app: ApplicationDep, who: MayRegister, work_id: WorkId, format: Annotated[Literal["zip", "json"], Query()] = "zip"
) -> Response:
    return receipt_answer(build_receipt(app.db, app.log, work_id, own(who)), work_id, format, PRIVATE)


@router.get("/works/{work_id}/certificate")
def certificate_file(request: Request, app: ApplicationDep, who: MayRegister, work_id: WorkId) -> Response:
    files = build_receipt(app.db, app.log, work_id, own(who))
    roots = app.settings.tsa_roots if app.settings.tsa_url is not None else None
    done = verify.verify_receipt(files, tsa_roots=roots)
    made = certificate.certify(files, done, language_of(request), picture.committed(app.db, files))
    headers = {"Content-Disposition": f'attachment; filename="{work_id}.pdf"', **PRIVATE}
    return Response(
        certificate.to_pdf(made, app.settings.certificate_font), media_type="application/pdf", headers=headers
    )


@router.post("/works/{work_id}/withdraw")
def withdraw(request: Request, app: ApplicationDep, who: MayRegister, work_id: WorkId, sent: Form) -> Response:
    return _acted(request, app, who, work_id, lambda: app.withdrawals.withdraw(account_of(app.db, who), work_id))


@router.post("/works/{work_id}/grants")
def give_grant(request: Request, app: ApplicationDep, who: MayRegister, work_id: WorkId, sent: Form) -> Response:
    def give() -> object:
        wanted = {**sent.given("until", "note"), "to": _lines(sent["to"]), "commercial": "commercial" in sent}
        terms = parse(NewGrant, wanted)
        return app.grants.give(account_of(app.db, who), work_id, terms)

    return _acted(request, app, who, work_id, give)


@router.post("/works/{work_id}/grants/{grant_id}/revoke")
def revoke_grant(
    request: Request, app: ApplicationDep, who: MayRegister, work_id: WorkId, grant_id: WorkId, sent: Form
) -> Response:
    def revoke() -> object:
        return app.grants.revoke(account_of(app.db, who), grant_id, work_id=work_id)

    return _acted(request, app, who, work_id, revoke)


def _acted(
    request: Request, app: ApplicationDep, who: MayRegister, work_id: str, act: Callable[[], object]
) -> Response:
    try:
        act()
    except SourcemarkError as error:
        return _work(request, app, who, work_id, error=error)
    return RedirectResponse(f"/works/{work_id}", 303)
