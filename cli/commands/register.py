"""sourcemark register: put works into the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from fingerprints.source import Source
from provenance.errors import BadInput
from provenance.schemas import RegistrationItem, RegistrationResult, parse
from provenance.tlog.keys import SigningKey

from .. import batch as batches
from .. import remote_service
from ..output import emit_all, progress, say, tr
from ..session import acting_account, application, signing_key_file


def add_to(app: typer.Typer) -> None:
    app.command("register", help="Register works: prove later that you had them now. 登记作品。")(command)


def command(
    paths: Annotated[list[Path] | None, typer.Argument(metavar="PATH...", help="Files to register.")] = None,
    batch: Annotated[str | None, typer.Option(help="JSON lines instead of paths; - for standard input.")] = None,
    title: Annotated[str | None, typer.Option(help="Title; default: the file's name.")] = None,
    owner: Annotated[str | None, typer.Option(help="Copyright owner as claimed.")] = None,
    owner_alias: Annotated[list[str] | None, typer.Option(help="Another name of the owner; may be repeated.")] = None,
    author: Annotated[list[str] | None, typer.Option(help="Author; may be repeated.")] = None,
    source_name: Annotated[str | None, typer.Option(help="Where it was first published.")] = None,
    source_url: Annotated[list[str] | None, typer.Option(help="Address of that; may be repeated.")] = None,
    source_handle: Annotated[str | None, typer.Option(help="Account id of the source on a platform.")] = None,
    identifier: Annotated[list[str] | None, typer.Option(help="DOI, ISBN, ISRC ...; may be repeated.")] = None,
    licence: Annotated[str | None, typer.Option(help="all-rights-reserved, reprint-with-credit, CC-BY-4.0 ...")] = None,
    published_at: Annotated[str | None, typer.Option(help="First publication, for example 2026-01-31.")] = None,
    account: Annotated[str | None, typer.Option(help="Account id or name; default: the local one.")] = None,
    sign_key: Annotated[Path | None, typer.Option(help="Sign with the key in this file, not one kept here.")] = None,
    remote: Annotated[
        str | None, typer.Option("--service", help="Register with the service at this address; needs --sign-key.")
    ] = None,
    sealed: Annotated[bool, typer.Option(help="Tell the log nothing of the works, not even their digests.")] = False,
    opens: Annotated[str | None, typer.Option(help="Open this sealed work: the file is the one sealed then.")] = None,
    seal: Annotated[Path | None, typer.Option(help="File of openings that a sealed registration wrote.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="One JSON line a work on stdout.")] = False,
) -> int:
    if (batch is None) == (not paths):
        raise BadInput("give files, or --batch FILE.jsonl, one of the two")
    claim = {
        "title": title or "",
        "owner": owner or "",
        "owner_aliases": owner_alias or [],
        "authors": author or [],
        "source_name": source_name,
        "source_urls": source_url or [],
        "source_handle": source_handle,
        "identifiers": identifier or [],
        "licence": licence,
        "published_at": published_at,
        "sealed": sealed,
        "opens": opens,
        "seal": None if seal is None else remote_service.salt_in(seal),
    }
    key = None if sign_key is None else signing_key_file(sign_key)
    if remote is not None:
        return _with_service(remote, paths, claim, key, batch, account, json_)
    failed = 0
    with application() as opened:
        from provenance.works.registration import RegistrationRequest

        acting = acting_account(opened.db, account)
        submissions = (
            _from_paths(paths or [], claim, RegistrationRequest)
            if batch is None
            else (RegistrationRequest(*pair) for pair in batches.items(batch, RegistrationItem))
        )
        total = len(paths or []) if batch is None else batches.count_lines(batch)
        with progress(tr("registering", "登记中"), total) as step:

            def watched() -> Iterator[RegistrationResult]:
                nonlocal failed
                for result in opened.registrar.register(acting, submissions, key):
                    step()
                    failed += result.status == "error"
                    yield result

            if json_:
                emit_all(watched())
            else:
                for result in watched():
                    _show(result)
    return 2 if failed and batch is None else 0


def _with_service(
    url: str,
    paths: list[Path] | None,
    claim: dict[str, Any],
    key: SigningKey | None,
    batch: str | None,
    account: str | None,
    json_: bool,
) -> int:
    if key is None or batch is not None or account is not None:
        raise BadInput("--service registers files (no --batch) for its API key's account, and needs --sign-key FILE")
    failed = 0

    def results() -> Iterator[RegistrationResult]:
        nonlocal failed
        with progress(tr("registering", "登记中"), len(paths or [])) as step:
            for result in remote_service.register(url, paths or [], claim, key):
                step()
                failed += result.status == "error"
                yield result

    if json_:
        emit_all(results())
    else:
        for result in results():
            _show(result)
    return 2 if failed else 0


def _from_paths(paths: list[Path], claim: dict[str, Any], submission: Any) -> Iterator[Any]:
    for path in paths:
        yield submission(parse(RegistrationItem, {**claim, "path": str(path)}), Source.file(path))


def _show(result: RegistrationResult) -> None:
    name = result.path or result.external_id or ""
    if result.error is not None:
        say(f"✗ {name}: {result.error.detail}")
        return
    assert result.receipt is not None
    done = tr("registered", "已登记") if result.status == "registered" else tr("already registered", "此前已登记")
    entry = tr("log entry", "账本条目")
    say(
        f"✓ {name}: {done} {result.work_id} ({result.medium}, {entry} {result.receipt.index} @ {result.receipt.origin})"
    )
    if result.medium == "sealed":
        say("  " + tr("sealed: nobody learns from the log what it is", "已封存：账本不透露其内容"))
    elif not result.fingerprintable:
        say("  " + tr("only exact copies can be found", "只能查找完全相同的副本") + f" ({result.reason})")
    if result.competing:
        rivals = ", ".join(result.competing)
        say("  ! " + tr(f"matches earlier registrations: {rivals}", f"与更早的登记内容相同或相近：{rivals}"))
