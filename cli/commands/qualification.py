"""sourcemark qualification: licences of official accounts."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from ..option_groups import given
from ..options import Json, Keeper
from ..output import emit, emit_all, in_brackets, labelled, say, table, tr
from ..session import acting_account, application

if TYPE_CHECKING:
    from provenance.schemas import Qualification

app = typer.Typer(no_args_is_help=True)
_KINDS = {
    "news-information-service": ("news licence", "互联网新闻信息服务许可"),
    "audio-visual-programmes": ("audio-visual licence", "信息网络传播视听节目许可"),
    "publishing": ("publishing licence", "网络出版服务许可"),
    "other": ("other licence", "其他资质"),
}
_STATES = {
    "valid": ("valid", "有效"),
    "expiring": ("expires soon", "即将到期"),
    "expired": ("expired", "已过期"),
    "not_yet": ("not valid yet", "尚未生效"),
    "ended": ("ended", "已终止"),
}


@app.command("add", help="Record a licence of an official account.")
def add(
    account_id: Annotated[str, typer.Argument(metavar="ACCOUNT_ID", help="The platform's own id.")],
    number: Annotated[str, typer.Option(help="Number of the licence.")],
    valid_until: Annotated[str, typer.Option(help="Last day, for example 2027-12-31.")],
    kind: Annotated[str, typer.Option(help=f"{', '.join(_KINDS)}.")] = "news-information-service",
    scope: Annotated[str | None, typer.Option(help="What it allows.")] = None,
    issuer: Annotated[str | None, typer.Option(help="Who gave it.")] = None,
    valid_from: Annotated[str | None, typer.Option(help="First day.")] = None,
    platform: Keeper = None,
    json_: Json = False,
) -> None:
    from provenance.accounts import qualifications
    from provenance.json_input import parse
    from provenance.schemas import NewQualification

    told = given(
        account_id=account_id,
        number=number,
        valid_until=valid_until,
        kind=kind,
        scope=scope,
        issuer=issuer,
        valid_from=valid_from,
    )
    wanted = parse(NewQualification, told)
    with application() as opened:
        keeper = acting_account(opened.db, platform)
        made = qualifications.add(opened.db, keeper.id, wanted, opened.settings.qualification_warning_days)
    if json_:
        emit(made)
    else:
        say(labelled(tr("recorded", "已登记"), _line(made)))


@app.command("list", help="Licences of official accounts, ended ones too.")
def list_(
    account_id: Annotated[str | None, typer.Argument(metavar="ACCOUNT_ID", help="Only this account's.")] = None,
    before: Annotated[str | None, typer.Option(help="Only those that count and end before this day.")] = None,
    platform: Keeper = None,
    json_: Json = False,
) -> None:
    from provenance.accounts import qualifications
    from provenance.database.paging import everything
    from provenance.json_input import parse
    from provenance.schemas.qualifications import DayRef

    day = None if before is None else parse(DayRef, {"before": before}).before
    with application() as opened:
        keeper, days = acting_account(opened.db, platform).id, opened.settings.qualification_warning_days
        found = list(
            everything(partial(qualifications.page, opened.db, keeper, days, account_id=account_id, before=day))
        )
    if json_:
        emit_all(found)
        return
    heads = ["id", tr("account", "账号"), tr("licence", "资质"), tr("until", "有效期至"), tr("state", "状态")]
    table(
        heads,
        (
            [q.qualification_id, q.account_id, f"{tr(*_KINDS[q.kind])} {q.number}", q.valid_until, _state(q)]
            for q in found
        ),
    )


@app.command("end", help="End a licence before its day: it was taken back.")
def end(qualification_id: str, platform: Keeper = None, json_: Json = False) -> None:
    from provenance.accounts import qualifications

    with application() as opened:
        keeper, days = acting_account(opened.db, platform).id, opened.settings.qualification_warning_days
        ended = qualifications.end(opened.db, keeper, qualification_id, days)
    if json_:
        emit(ended)
    else:
        say(labelled(tr("ended", "已终止"), _line(ended)))


def _state(found: Qualification) -> str:
    return tr(*_STATES[found.state])


def _line(found: Qualification) -> str:
    until = tr(f"until {found.valid_until}", f"有效期至 {found.valid_until}")
    return f"{found.qualification_id}  {found.account_id}  {tr(*_KINDS[found.kind])} {found.number}{in_brackets(until)}"
