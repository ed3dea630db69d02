"""sourcemark amend, sourcemark transfer: correct what is claimed of a work, by an entry that supersedes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from provenance.errors import BadInput

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
from ..option_groups import given, grouped
from ..options import Account, SignKey
from ..output import emit, in_brackets, labelled, say, titled, tr
from ..remote_service import Remote, signed_elsewhere
from ..session import acting_account, application, given_key

if TYPE_CHECKING:
    from provenance.schemas import Amendment, WorkRecord


def add_to(app: typer.Typer) -> None:
    app.command("amend")(grouped(amend))
    app.command("transfer")(grouped(transfer))


# What an option of one item is called as a field; `--clear` takes either.
_OF_OPTIONS = {
    "owner_alias": "owner_aliases",
    "author": "authors",
    "source_url": "source_urls",
    "identifier": "identifiers",
}


@dataclass(frozen=True)
class ActingOptions:
    """For whom, by which key and where."""

    account: Account = None
    sign_key: SignKey = None
    remote: Remote = None


@dataclass(frozen=True)
class ChangeOptions:
    """What is claimed from now on; what is left out stays."""

    title: Annotated[str | None, typer.Option(help="Title.")] = None
    owner_alias: OwnerAliases = None
    author: Authors = None
    source_name: SourceName = None
    source_url: SourceUrls = None
    source_handle: SourceHandle = None
    identifier: Identifiers = None
    licence: Licence = None
    published_at: PublishedAt = None
    clear: Annotated[list[str] | None, typer.Option(help="Empty this field, such as licence; may be repeated.")] = None

    def changes(self) -> Amendment:
        from provenance.json_input import parse, unknown_key
        from provenance.schemas import Amendment

        told = given(
            title=self.title,
            owner_aliases=self.owner_alias,
            authors=self.author,
            source_name=self.source_name,
            source_urls=self.source_url,
            source_handle=self.source_handle,
            identifiers=self.identifier,
            licence=self.licence,
            published_at=self.published_at,
        )
        for each in self.clear or []:
            name = each.removeprefix("--").replace("-", "_")
            name = _OF_OPTIONS.get(name, name)
            if name not in Amendment.model_fields:
                raise BadInput("--clear " + unknown_key(name, Amendment.model_fields))
            if name in told:
                raise BadInput(f"--clear {name}: it is given a value too, one of the two")
            told[name] = None
        if not told:
            raise BadInput("say what to change, such as --title or --licence: see `sourcemark amend --help`")
        return parse(Amendment, told)


def amend(
    work_id: Annotated[str, typer.Argument(metavar="WORK_ID")],
    *,
    change: ChangeOptions,
    acting: ActingOptions,
    json_: Annotated[bool, typer.Option("--json", help="The work as a JSON object.")] = False,
) -> None:
    wanted = change.changes()
    record: WorkRecord
    if acting.remote is not None:
        there, own = signed_elsewhere(acting.remote, acting.sign_key, acting.account)
        with there:
            record = there.amend(work_id, wanted.model_dump(exclude_unset=True), own)
    else:
        with application() as opened:
            key = given_key(acting.sign_key)
            record = opened.amendments.amend(acting_account(opened.db, acting.account), work_id, wanted, key)
    _told(record, tr("amended", "已更正"), json_)


def transfer(
    work_id: Annotated[str, typer.Argument(metavar="WORK_ID")],
    *,
    owner: Annotated[str, typer.Option(help="The new copyright owner.")],
    owner_alias: OwnerAliases = None,
    to: Annotated[
        str | None,
        typer.Option(metavar="ACCOUNT", help="Whose the registration is from then on; with --service the id of a key."),
    ] = None,
    acting: ActingOptions,
    json_: Annotated[bool, typer.Option("--json", help="The work as a JSON object.")] = False,
) -> None:
    from provenance.json_input import parse
    from provenance.schemas import Transfer

    wanted = parse(Transfer, {"owner": owner, "owner_aliases": owner_alias or [], "to": to})
    record: WorkRecord
    if acting.remote is not None:
        there, own = signed_elsewhere(acting.remote, acting.sign_key, acting.account)
        with there:
            record = there.transfer(work_id, wanted.owner, own, owner_aliases=wanted.owner_aliases, to=wanted.to)
    else:
        with application() as opened:
            key = given_key(acting.sign_key)
            record = opened.amendments.transfer(acting_account(opened.db, acting.account), work_id, wanted, key)
    _told(record, tr("transferred", "已转让"), json_)


def _told(record: WorkRecord, done: str, json_: bool) -> None:
    if json_:
        emit(record)
        return
    entry = f"{tr('log entry', '账本条目')} {record.amendments[-1].index}" if record.amendments else ""
    work = f"{record.work_id} {titled(record.claim.title, record.claim.owner)}"
    say(f"✓ {labelled(done, work)}{in_brackets(entry) if entry else ''}")
