"""sourcemark watch: being told where works are seen."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..options import Account, Json
from ..output import emit, emit_all, labelled, listed, minute, percent, say, table, tr, verdict_word
from ..session import acting_account, application

if TYPE_CHECKING:
    from provenance.schemas.webhooks import WatchRecord

app = typer.Typer(no_args_is_help=True)


@app.command("new", help="Be told of new sightings of your works, at an endpoint or by mail.")
def new(
    work: Annotated[list[str] | None, typer.Option(help="Only this work, by id; again for more.")] = None,
    verdict: Annotated[list[str] | None, typer.Option(help="Only this verdict; again for more.")] = None,
    coverage: Annotated[float, typer.Option(help="At least this share of the work or the post, 0 to 1.")] = 0,
    webhook: Annotated[str | None, typer.Option(help="Id of the endpoint that is told.")] = None,
    email: Annotated[str | None, typer.Option(help="Address that is written to.")] = None,
    lang: Annotated[str | None, typer.Option(help="Language of the mail, en or zh; default: yours.")] = None,
    account: Account = None,
    json_: Json = False,
) -> None:
    from provenance.jobs import watches
    from provenance.json_input import parse
    from provenance.schemas.webhooks import NewWatch

    told: dict[str, Any] = {"work_ids": work or [], "verdicts": verdict or [], "coverage": coverage}
    wanted = parse(NewWatch, {**told, "webhook_id": webhook, "email": email, "lang": lang or tr("en", "zh")})
    with application() as opened:
        made = watches.create(opened.db, acting_account(opened.db, account).id, wanted)
    if json_:
        emit(made)
    else:
        say(labelled(tr("watching", "已开始关注"), f"{made.watch_id}  {_asked(made)} → {_place(made)}"))


@app.command("list", help="Your watches.")
def list_(account: Account = None, json_: Json = False) -> None:
    from provenance.database.paging import everything
    from provenance.jobs import watches

    with application() as opened:
        found = list(everything(partial(watches.page, opened.db, acting_account(opened.db, account).id)))
    if json_:
        emit_all(found)
    else:
        table(
            ["id", tr("of what", "关注内容"), tr("told where", "通知方式"), tr("since (UTC)", "开始时间（UTC）")],
            ([w.watch_id, _asked(w), _place(w), minute(w.created_at)] for w in found),
        )


@app.command("remove", help="End a watch.")
def remove(
    watch_id: Annotated[str, typer.Argument(metavar="WATCH_ID")], account: Account = None, json_: Json = False
) -> None:
    from provenance.jobs import watches

    with application() as opened:
        gone = watches.remove(opened.db, watch_id, acting_account(opened.db, account).id)
    if json_:
        emit(gone)
    else:
        say(labelled(tr("ended", "已结束"), gone.watch_id))


def _asked(watch: WatchRecord) -> str:
    works = listed(watch.work_ids) or tr("every work", "全部作品")
    verdicts = listed(verdict_word(verdict) for verdict in watch.verdicts)
    least = tr("from", "至少") + f" {percent(watch.coverage)}" if watch.coverage else ""
    return " · ".join(part for part in (works, verdicts, least) if part)


def _place(watch: WatchRecord) -> str:
    place = watch.email or watch.webhook_id or ""
    return f"{place} ✗" if watch.disabled_at or watch.failing_since else place
