"""sourcemark account: who registers, scans and looks up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ..output import (
    custody_word,
    emit,
    emit_all,
    in_brackets,
    kind_word,
    labelled,
    say,
    table,
    tr,
)
from ..session import application

if TYPE_CHECKING:
    pass

app = typer.Typer(no_args_is_help=True)
_Json = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]


@app.command("new", help="Make an account.")
def new(
    name: str,
    kind: Annotated[str, typer.Option(help="producer, platform, rights_holder or administrator.")] = "producer",
    default_owner: Annotated[str | None, typer.Option(help="Owner of works registered without one.")] = None,
    json_: _Json = False,
) -> None:
    from provenance.accounts import accounts
    from provenance.json_input import parse

    with application() as opened:
        wanted = parse(accounts.NewAccount, {"name": name, "kind": kind, "default_owner": default_owner})
        made = accounts.create(opened.db, wanted)
    if json_:
        emit(made)
    else:
        say(f"{made.id}  {made.name}{in_brackets(kind_word(made.kind))}")
        say(labelled(tr("make it an API key with", "为其创建 API 密钥"), f"sourcemark key new {made.id}"))


@app.command("list", help="All accounts.")
def list_(json_: _Json = False) -> None:
    from provenance.accounts import accounts

    with application() as opened:
        found = accounts.everyone(opened.db)
    if json_:
        emit_all(found)
    else:
        table(
            ["id", tr("name", "名称"), tr("kind", "类别"), tr("default owner", "默认著作权人")],
            ([a.id, a.name, kind_word(a.kind), a.default_owner or ""] for a in found),
        )


@app.command("show", help="One account with its keys.")
def show(ref: Annotated[str, typer.Argument(metavar="ID|NAME")], json_: _Json = False) -> None:
    from provenance.accounts import accounts, enrolled_keys

    with application() as opened:
        account = accounts.find(opened.db, ref)
        api_keys = [key.model_dump(mode="json") for key in accounts.keys(opened.db, account.id)]
        signing_keys = [key.model_dump(mode="json") for key in enrolled_keys.list_all(opened.db, account.id)]
    if json_:
        emit({**account.model_dump(mode="json"), "api_keys": api_keys, "signing_keys": signing_keys})
        return
    say(f"{account.id}  {account.name}{in_brackets(kind_word(account.kind))}")
    for key in api_keys:
        say(f"  API  {key['id']}  {' '.join(key['scopes'])}  {key['revoked_at'] or ''}")
    for key in signing_keys:
        kept = labelled(tr("kept by", "保管方"), custody_word(key["custody"]))
        say(f"  {tr('signs', '签名')}  {key['keyid']}  {kept}")
