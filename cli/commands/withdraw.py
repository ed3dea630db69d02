"""sourcemark withdraw: a registration that is no longer matched, and stays provable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ..options import Account, SignKey
from ..output import (
    emit,
    labelled,
    say,
    tr,
)
from ..remote_service import Remote, signed_elsewhere
from ..session import acting_account, application, given_key

if TYPE_CHECKING:
    from provenance.schemas import WorkRecord


def add_to(app: typer.Typer) -> None:
    app.command("withdraw")(command)


def command(
    work_id: Annotated[str, typer.Argument(metavar="WORK_ID")],
    account: Account = None,
    sign_key: SignKey = None,
    remote: Remote = None,
    json_: Annotated[bool, typer.Option("--json", help="The work as a JSON object.")] = False,
) -> None:
    record: WorkRecord
    if remote is not None:
        there, own = signed_elsewhere(remote, sign_key, account)
        with there:
            record = there.withdraw(work_id, own)
    else:
        with application() as opened:
            key = given_key(sign_key)
            record = opened.withdrawals.withdraw(acting_account(opened.db, account), work_id, key)
    if json_:
        emit(record)
    else:
        say(labelled(tr("withdrawn", "已撤回"), str(work_id)))
