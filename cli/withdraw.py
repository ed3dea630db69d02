"""sourcemark withdraw: a registration that is no longer matched, and stays provable."""

from __future__ import annotations

from typing import Annotated

import typer

from .output import emit, say, tr
from .session import acting_account, service


def add_to(app: typer.Typer) -> None:
    app.command("withdraw", help="Withdraw a registration; it stays provable. 撤回登记。")(command)


def command(
    work_id: Annotated[str, typer.Argument(metavar="WORK_ID")],
    account: Annotated[str | None, typer.Option(help="Account id or name; default: the local one.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="The work as a JSON object.")] = False,
) -> None:
    with service() as opened:
        from provenance import works

        record = works.withdraw(opened, acting_account(opened, account), work_id)
    if json_:
        emit(record)
    else:
        say(tr("withdrawn", "已撤回") + f": {work_id}")
