"""sourcemark erase: what is personal about a registration goes, its proof stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from provenance.errors import BadInput

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
    app.command("erase")(command)


def command(
    work_id: Annotated[str | None, typer.Argument(metavar="WORK_ID")] = None,
    account: Account = None,
    operator: Annotated[bool, typer.Option(help="Erase anybody's work, as the operator of this installation.")] = False,
    sign_key: SignKey = None,
    remote: Remote = None,
    finish: Annotated[
        bool, typer.Option("--finish", help="Make the database's files forget what was erased before; no WORK_ID.")
    ] = False,
    rewrite: Annotated[
        bool, typer.Option("--rewrite", help="With --finish: write the files anew. Others wait meanwhile.")
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="The work as a JSON object.")] = False,
) -> None:
    if finish != (work_id is None) or (rewrite and not finish):
        raise BadInput(
            "give a WORK_ID to erase, or --finish (and --rewrite) for what was erased before, one of the two"
        )
    if work_id is None:
        _finish(rewrite, json_)
        return
    if operator and (account is not None or remote is not None):
        raise BadInput("--operator excludes --account and --service")
    record: WorkRecord
    if remote is not None:
        there, own = signed_elsewhere(remote, sign_key, account)
        with there:
            record = there.erase(work_id, own)
    else:
        with application() as opened:
            acting = None if operator else acting_account(opened.db, account)
            key = given_key(sign_key)
            record = opened.erasures.erase(acting, work_id, key)
    if json_:
        emit(record)
        return
    say(labelled(tr("erased", "已删除"), str(work_id)))
    if record.erasure_finished is False:
        say(
            tr(
                "the database's files hold it yet: another process or request reads an older state. When it has ended: "
                "`sourcemark erase --finish`",
                "数据库文件中尚有残留：另有进程或请求正在读取旧状态。待其结束后请运行 `sourcemark erase --finish`",
            )
        )
    say(
        tr(
            "claim, salts and fingerprint are deleted; receipts given before still verify. Backups made before "
            "hold them still: let those expire",
            "主张内容、盐值与指纹均已删除；此前的凭证仍可核验。先前的备份中仍有这些内容，请按期销毁",
        )
    )


def _finish(rewrite: bool, json_: bool) -> None:
    with application() as opened:
        opened.erasures.finish(rewrite=rewrite)
    if json_:
        emit({"finished": True})
        return
    say(tr("the database's files hold nothing more of what was erased", "数据库文件中已无被删除的内容"))
