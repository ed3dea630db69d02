"""sourcemark standing: what counts against official accounts, and appeals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ..option_groups import given
from ..options import Json, Keeper
from ..output import emit, in_brackets, labelled, minute, say, table, tr
from ..session import acting_account, application

if TYPE_CHECKING:
    from provenance.schemas import StandingDecision

app = typer.Typer(no_args_is_help=True)
_Id = Annotated[str, typer.Argument(metavar="ACCOUNT_ID", help="The platform's own id.")]
_Decision = Annotated[str, typer.Argument(metavar="DECISION_ID")]
_Reason = Annotated[str, typer.Option(help="Why, in words.")]
_By = Annotated[str, typer.Option("--by", help="Who decides, or appeals.")]
_COUNTERS = {
    "confirmed_copying": ("confirmed copying", "确认抄袭搬运"),
    "false_originality": ("false claim of originality", "虚假原创声明"),
    "unfounded_notice": ("unfounded notice", "无理投诉"),
}
_ACTS = {
    "count": ("counted", "记入"),
    "appeal": ("appealed", "申诉"),
    "uphold": ("upheld", "维持"),
    "reverse": ("reversed", "撤销"),
}


@app.command("show", help="Where an account stands, and every decision.")
def show(account_id: _Id, platform: Keeper = None, json_: Json = False) -> None:
    from provenance.accounts import standing

    with application() as opened:
        keeper = acting_account(opened.db, platform)
        found = standing.read(opened.db, keeper.id, account_id, opened.official_accounts.table)
    if json_:
        emit(found)
        return
    level = f"{found.level}{in_brackets(found.level_name)}"
    say(f"{account_id}  {labelled(tr('level', '等级'), level)}  {labelled(tr('points', '分值'), str(found.points))}")
    for counter, number in found.counters.items():
        if number:
            say(f"  {tr(*_COUNTERS[counter])} × {number}")
    if found.decisions:
        heads = ["id", tr("when (UTC)", "时间（UTC）"), tr("what", "事项"), tr("by", "决定人"), tr("reason", "理由")]
        table(heads, ([d.decision_id, minute(d.decided_at), _what(d), d.decided_by, d.reason] for d in found.decisions))


@app.command("count", help="Record what was confirmed against an account.")
def count(
    account_id: _Id,
    counter: Annotated[str, typer.Option(help=f"{', '.join(_COUNTERS)}.")],
    reason: _Reason,
    by: _By,
    subject: Annotated[str | None, typer.Option(help="Id of the scan or notice.")] = None,
    platform: Keeper = None,
    json_: Json = False,
) -> None:
    from provenance.accounts import standing
    from provenance.json_input import parse
    from provenance.schemas import StandingCount

    told = {"counter": counter, "reason": reason, "decided_by": by, **given(subject=subject)}
    wanted = parse(StandingCount, told)
    with application() as opened:
        keeper, table_ = acting_account(opened.db, platform), opened.official_accounts.table
        with opened.db.write() as connection:
            made = standing.count(connection, keeper.id, account_id, wanted, table_)
    _say(made, json_=json_)


@app.command("appeal", help="Record that the account contests a decision.")
def appeal(
    account_id: _Id, decision_id: _Decision, reason: _Reason, by: _By, platform: Keeper = None, json_: Json = False
) -> None:
    _answer("appeal", account_id, decision_id, reason, by, platform, json_=json_)


@app.command("uphold", help="Refuse an appeal: the decision stands.")
def uphold(
    account_id: _Id, decision_id: _Decision, reason: _Reason, by: _By, platform: Keeper = None, json_: Json = False
) -> None:
    _answer("uphold", account_id, decision_id, reason, by, platform, json_=json_)


@app.command("reverse", help="Take a decision back: it counts no longer.")
def reverse(
    account_id: _Id, decision_id: _Decision, reason: _Reason, by: _By, platform: Keeper = None, json_: Json = False
) -> None:
    _answer("reverse", account_id, decision_id, reason, by, platform, json_=json_)


def _answer(
    act: str, account_id: str, decision_id: str, reason: str, by: str, platform: str | None, *, json_: bool
) -> None:
    from provenance.accounts import standing
    from provenance.json_input import parse
    from provenance.schemas import StandingAnswer

    wanted = parse(StandingAnswer, {"act": act, "reason": reason, "decided_by": by})
    with application() as opened:
        keeper, table_ = acting_account(opened.db, platform), opened.official_accounts.table
        made = standing.answer(opened.db, keeper.id, account_id, decision_id, wanted, table_)
    _say(made, json_=json_)


def _say(made: StandingDecision, *, json_: bool) -> None:
    if json_:
        emit(made)
        return
    change = f"{made.level_before} → {made.level_after}"
    say(f"{made.decision_id}  {made.account_id}  {_what(made)}  {labelled(tr('level', '等级'), change)}")


def _what(made: StandingDecision) -> str:
    return tr(*_ACTS[made.act]) + in_brackets(tr(*_COUNTERS[made.counter]))
