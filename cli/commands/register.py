"""sourcemark register: put works into the ledger."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fingerprints.source import Source
from provenance.errors import BadInput, SourcemarkError

from .. import batch as batches
from .. import batch_run, remote_service
from ..bars import Steps
from ..bulk.options import BulkOptions
from ..claim_options import (
    Authors,
    Identifiers,
    Licence,
    OwnerAliases,
    PublishedAt,
    SourceHandle,
    SourceName,
    SourceUrls,
)
from ..folders import files_in
from ..option_groups import given, grouped, refuse
from ..options import Account, SignKey
from ..output import exact_only_word, field_word, in_brackets, labelled, listed, medium_word, say, tr
from ..session import acting_account, application, given_key

if TYPE_CHECKING:
    from provenance.schemas import RegistrationItem, RegistrationResult


def add_to(app: typer.Typer) -> None:
    app.command("register")(grouped(command))


@dataclass(frozen=True)
class ClaimOptions:
    """What is claimed of every file."""

    title: Annotated[str | None, typer.Option(help="Title; default: the file's name.")] = None
    owner: Annotated[str | None, typer.Option(help="Copyright owner as claimed.")] = None
    owner_alias: OwnerAliases = None
    author: Authors = None
    source_name: SourceName = None
    source_url: SourceUrls = None
    source_handle: SourceHandle = None
    identifier: Identifiers = None
    licence: Licence = None
    published_at: PublishedAt = None

    def fields(self) -> dict[str, Any]:
        return {
            "title": self.title or "",
            "owner": self.owner or "",
            "owner_aliases": self.owner_alias or [],
            "authors": self.author or [],
            "source_name": self.source_name,
            "source_urls": self.source_url or [],
            "source_handle": self.source_handle,
            "identifiers": self.identifier or [],
            "licence": self.licence,
            "published_at": self.published_at,
        }

    def defaults(self) -> dict[str, Any]:
        """Fields of each line of a batch that does not have them; raises `BadInput` for what is of one work only."""
        one = {"--title": self.title, "--source-url": self.source_url, "--identifier": self.identifier}
        refuse(one, "is of one work: with --batch write it into the lines")
        return {name: value for name, value in self.fields().items() if value}


@dataclass(frozen=True)
class SealOptions:
    """Whether the works are sealed, or open one that was."""

    sealed: Annotated[bool, typer.Option(help="Tell the log nothing of the works, not even their digests.")] = False
    opens: Annotated[str | None, typer.Option(help="Open this sealed work: the file is the one sealed then.")] = None
    seal: Annotated[Path | None, typer.Option(help="File of openings that a sealed registration wrote.")] = None

    def fields(self) -> dict[str, Any]:
        salt = None if self.seal is None else remote_service.salt_in(self.seal)
        return {"sealed": self.sealed, "opens": self.opens, "seal": salt}


def command(
    *,
    paths: Annotated[list[Path] | None, typer.Argument(metavar="PATH...", help="Files or folders to register.")] = None,
    pattern: Annotated[str | None, typer.Option(help="Of a folder only files of such names, such as *.jpg.")] = None,
    batch: Annotated[str | None, typer.Option(help="JSON lines instead of paths; - for standard input.")] = None,
    claim: ClaimOptions,
    account: Account = None,
    sign_key: SignKey = None,
    remote: Annotated[
        str | None, typer.Option("--service", help="Register with the service at this address; needs --sign-key.")
    ] = None,
    seal: SealOptions,
    bulk: BulkOptions,
    json_: Annotated[bool, typer.Option("--json", help="One JSON line a work on stdout.")] = False,
) -> int:
    from provenance.config import load_settings
    from provenance.json_input import parse
    from provenance.schemas import RegistrationItem

    if bulk.input is not None or bulk.output is not None:
        single: dict[str, Any] = {"PATH": paths, "--batch": batch, "--pattern": pattern, "--service": remote}
        single |= {"--opens": seal.opens, "--seal": seal.seal}
        fields = {**claim.defaults(), **given(sealed=seal.sealed)}
        return _bulk(bulk, fields, account, sign_key, single, json_=json_)
    bulk.refuse_without_list()
    if (batch is None) == (not paths):
        raise BadInput("give files, or --batch FILE.jsonl, one of the two")
    if batch is not None:
        refuse({"--pattern": pattern}, "is for a folder: leave it out with --batch")
    files = files_in(paths or [], pattern, load_settings().home)
    if len(files) > 1:
        refuse({"--opens": seal.opens}, "is of one work: name one file")
        if any(path.is_dir() for path in paths or []):
            refuse({"--title": claim.title}, "is of one work, and the folder has several; they take their files' names")
    refuse({"--seal": seal.seal if seal.opens is None else None}, "is for --opens WORK_ID, which is missing")
    fields = {**claim.fields(), **seal.fields()}
    if batch is not None:
        refuse({"--opens": seal.opens}, "is of one work: with --batch write it into the line")
        fields = {**claim.defaults(), **given(sealed=seal.sealed)}
    key = given_key(sign_key)
    if remote is not None:
        if key is None or batch is not None or account is not None:
            raise BadInput(
                "--service registers files (no --batch) for its API key's account, and needs --sign-key FILE"
            )

        def there(steps: Steps) -> Iterator[RegistrationResult]:
            for result in remote_service.register(remote, files, fields, key):
                steps()
                yield result

        return 2 if _report(there, len(files), json_=json_) else 0
    with application() as opened:
        from provenance.works.registration import RegistrationRequest

        numbers: deque[int] | None = None
        requested: Iterator[tuple[RegistrationItem, Source | SourcemarkError]]
        if batch is None:
            requested = ((parse(RegistrationItem, {**fields, "path": str(path)}), Source.file(path)) for path in files)
        else:
            numbers = deque()
            requested = batches.items(batch, RegistrationItem, fields, numbers)
        requests = (RegistrationRequest(item, source) for item, source in requested)
        acting = acting_account(opened.db, account)
        failed = _report(
            lambda steps: opened.registrar.register(
                acting, (request.told_to(steps.reading) for request in requests), key, steps
            ),
            len(files) if batch is None else batches.count_lines(batch),
            numbers,
            json_=json_,
        )
    return 2 if failed and batch is None else 0


def _bulk(
    options: BulkOptions,
    fields: dict[str, Any],
    account: str | None,
    sign_key: Path | None,
    single: dict[str, Any],
    *,
    json_: bool,
) -> int:
    from ..bulk.run import Asked, run

    words = _words()
    asked = Asked("register", options, fields, account=account, sign_key=sign_key, others=single)
    return run(asked, lambda word: words[word], json_=json_)


def _words() -> dict[str, str]:
    """What became of a work, by its status."""
    return {
        "registered": tr("registered", "已登记"),
        "already_registered": tr("already registered", "此前已登记"),
        "error": tr("failed", "失败"),
    }


def _report(
    start: Callable[[Steps], Iterator[RegistrationResult]],
    total: int | None,
    numbers: deque[int] | None = None,
    *,
    json_: bool,
) -> int:
    """Print results as they come; how many works failed."""
    words = _words()
    counted = batch_run.run(
        start,
        label=tr("registering", "登记中"),
        total=total,
        show=_show,
        outcome=lambda result: words[result.status],
        go_on=tr(
            "run the same command again to go on: what is registered is answered as already registered",
            "再次运行同一命令即可继续：已登记的作品会直接答复“此前已登记”",
        ),
        numbers=numbers,
        json_=json_,
    )
    return counted[words["error"]]


def _show(result: RegistrationResult) -> None:
    name = result.path or ("" if result.error else result.external_id) or ""
    if result.error is not None:
        say(f"✗ {labelled(name, result.error.detail)}")
        return
    assert result.receipt is not None
    done = tr("registered", "已登记") if result.status == "registered" else tr("already registered", "此前已登记")
    entry = tr("log entry", "账本条目")
    again = result.status == "already_registered"
    mark = "!" if result.differs and again else "✓"
    where = f"{entry} {result.receipt.index} @ {result.receipt.origin}"
    told = in_brackets(listed([medium_word(result.medium or ""), where]))
    say(f"{mark} {labelled(name, f'{done} {result.work_id}')}{told}")
    if result.differs:
        fields, work = listed(map(field_word, result.differs)), result.work_id
        english = f"claimed otherwise now, which changes nothing: {fields}; to correct it: sourcemark amend {work}"
        chinese = f"本次所填与原登记不同（原登记不变）：{fields}；如需更正：sourcemark amend {work}"
        if not again:
            english = "! you registered this file for another owner before: to change an owner: sourcemark transfer"
            chinese = "! 您此前曾以其他著作权人登记此文件：如需变更著作权人：sourcemark transfer"
        say("  " + tr(english, chinese))
    if result.medium == "sealed":
        say("  " + tr("sealed: nobody learns from the log what it is", "已封存：账本不透露其内容"))
    elif not result.fingerprintable:
        why = in_brackets(exact_only_word(str(result.reason)))
        say("  " + tr("only exact copies can be found", "只能查找完全相同的副本") + why)
    if result.competing:
        rivals = listed(result.competing)
        say("  ! " + tr(f"matches earlier registrations: {rivals}", f"与更早的登记内容相同或相近：{rivals}"))
