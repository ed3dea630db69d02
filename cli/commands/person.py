"""sourcemark person: who signs in to the pages of `serve`."""

from __future__ import annotations

from typing import Annotated

import typer

from ..options import Json
from ..output import emit, emit_all, in_brackets, labelled, say, table, tr
from ..session import application

app = typer.Typer(no_args_is_help=True)
_Id = Annotated[str, typer.Argument(metavar="PERSON_ID")]


@app.command("invite", help="Make a link by which somebody chooses a name and a password.")
def invite(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="Whom they act for, id or name.")],
    person: Annotated[str | None, typer.Option(help="Give this person another password instead.")] = None,
    scope: Annotated[list[str] | None, typer.Option(help="What they may do; again for more.")] = None,
    json_: Json = False,
) -> None:
    from provenance.accounts import people
    from provenance.accounts.people import NewInvitation
    from provenance.json_input import parse

    with application() as opened:
        wanted = parse(NewInvitation, {"account": account, "person": person, "scopes": scope})
        made = people.invite(opened.db, wanted)
        url = f"{opened.settings.public_address}/invitation/{made.secret}"
    if json_:
        emit({**made.model_dump(mode="json"), "url": url})
    else:
        say(url)
        say(tr("It works once, within seven days.", "七天内可用一次。"))


@app.command("list", help="Everybody who signs in.")
def list_(json_: Json = False) -> None:
    from provenance.accounts import accounts, people

    with application() as opened:
        found = people.everyone(opened.db)
        names = {account.id: account.name for account in accounts.everyone(opened.db)}
    if json_:
        emit_all(found)
        return
    heads = ["id", tr("name", "名称"), tr("account", "账号"), tr("may", "权限"), tr("code", "动态码")]
    rows = (
        [
            person.id,
            person.name + (in_brackets(tr("disabled", "已停用")) if person.disabled_at else ""),
            names[person.account_id],
            " ".join(person.scopes),
            tr("yes", "是") if person.second_factor else tr("no", "否"),
        ]
        for person in found
    )
    table(heads, rows)


@app.command("disable", help="Sign somebody out everywhere, for good.")
def disable(person_id: _Id, json_: Json = False) -> None:
    from provenance.accounts import people

    with application() as opened:
        done = people.disable(opened.db, person_id)
    if json_:
        emit(done)
    else:
        say(labelled(tr("disabled", "已停用"), done.name))
