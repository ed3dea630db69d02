"""sourcemark webhook: being told of what happens, by signed requests."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from ..options import Account, Json
from ..output import emit, emit_all, labelled, listed, minute, say, table, tr
from ..session import acting_account, application

if TYPE_CHECKING:
    from provenance.schemas.webhooks import IssuedWebhook, WebhookRecord

app = typer.Typer(no_args_is_help=True)
_Webhook = Annotated[str, typer.Argument(metavar="WEBHOOK_ID")]

_DELIVERY_STATES = {
    "pending": ("waits", "待发送"),
    "delivered": ("delivered", "已送达"),
    "dead": ("given up", "已放弃"),
}


@app.command("new", help="Make an endpoint: where it goes, and what it is told of.")
def new(
    url: Annotated[str, typer.Argument(metavar="URL")],
    event: Annotated[list[str] | None, typer.Option(help="Event, such as scan.decided; again for more.")] = None,
    account: Account = None,
    json_: Json = False,
) -> None:
    from provenance.jobs import webhooks
    from provenance.json_input import parse
    from provenance.schemas.webhooks import NewWebhook

    wanted = parse(NewWebhook, {"url": url, "events": event or []})
    with application() as opened:
        made = webhooks.create(
            opened.db, acting_account(opened.db, account).id, wanted, opened.background.rules, opened.background.secrets
        )
    _say_secret(made, tr("made", "已创建"), json_=json_)


def _say_secret(made: IssuedWebhook, what: str, *, json_: bool) -> None:
    if json_:
        emit(made)
        return
    say(labelled(what, f"{made.webhook_id}  {made.url}"))
    say(labelled(tr("secret, shown this once", "密钥（仅显示一次）"), made.secret))


@app.command("list", help="Endpoints, with what waits for them and what was given up.")
def list_(account: Account = None, json_: Json = False) -> None:
    from provenance.database.paging import everything
    from provenance.jobs import webhooks

    with application() as opened:
        found = list(everything(partial(webhooks.page, opened.db, acting_account(opened.db, account).id)))
    if json_:
        emit_all(found)
    else:
        table(
            ["id", tr("address", "地址"), tr("events", "事件"), *_state_titles(), tr("state", "状态")],
            ([h.webhook_id, h.url, listed(h.events), str(h.pending), str(h.dead), _health(h)] for h in found),
        )


def _state_titles() -> list[str]:
    return [tr(*_DELIVERY_STATES["pending"]), tr(*_DELIVERY_STATES["dead"])]


def _health(hook: WebhookRecord) -> str:
    if hook.disabled_at is not None:
        return tr("disabled since", "已停用，自") + f" {minute(hook.disabled_at)}"
    if hook.failing_since is not None:
        return tr("failing since", "持续失败，自") + f" {minute(hook.failing_since)}"
    return tr("in order", "正常")


@app.command("show", help="What was sent to an endpoint, and what waits.")
def show(
    webhook_id: _Webhook,
    state: Annotated[str | None, typer.Option(help="Only pending, delivered or dead ones.")] = None,
    account: Account = None,
    json_: Json = False,
) -> None:
    from provenance.database.paging import everything
    from provenance.errors import BadInput
    from provenance.jobs import webhooks

    if state is not None and state not in _DELIVERY_STATES:
        raise BadInput(f"--state: there is no {state}; there are {', '.join(_DELIVERY_STATES)}")
    with application() as opened:
        owner = acting_account(opened.db, account).id
        found = list(everything(partial(webhooks.deliveries_page, opened.db, webhook_id, owner, state=state)))
    if json_:
        emit_all(found)
        return
    table(
        [
            "id",
            tr("event", "事件"),
            tr("about", "对象"),
            tr("state", "状态"),
            tr("answer", "回应"),
            tr("tried (UTC)", "尝试时间（UTC）"),
        ],
        (
            [
                d.event_id,
                d.event,
                d.subject,
                tr(*_DELIVERY_STATES[d.state]),
                d.answer or "",
                minute(d.attempted_at or ""),
            ]
            for d in found
        ),
    )


@app.command("test", help="Send the event webhook.test now, once. Exit status 1 if it was not taken.")
def try_out(webhook_id: _Webhook, account: Account = None, json_: Json = False) -> int:
    from provenance.jobs import webhooks

    with application() as opened:
        tried = webhooks.try_out(
            opened.db,
            webhook_id,
            acting_account(opened.db, account).id,
            opened.background.rules,
            opened.background.secrets,
        )
    if json_:
        emit(tried)
    else:
        what = tr("taken", "已接收") if tried.delivered else tr("not taken", "未被接收")
        say(labelled(what, f"{tried.answer} ({tried.seconds:.2f} s)"))
    return 0 if tried.delivered else 1


@app.command("rotate", help="A new secret; the old one signs too for a while.")
def rotate(
    webhook_id: _Webhook,
    keep_hours: Annotated[int, typer.Option(help="How long the old secret signs too, hours.")] = 24,
    account: Account = None,
    json_: Json = False,
) -> None:
    from provenance.jobs import webhooks
    from provenance.json_input import parse
    from provenance.schemas.webhooks import Rotation

    rotation = parse(Rotation, {"keep_hours": keep_hours})
    with application() as opened:
        made = webhooks.rotate(
            opened.db, webhook_id, acting_account(opened.db, account).id, rotation, opened.background.secrets
        )
    _say_secret(made, tr("secret replaced", "密钥已更换"), json_=json_)


@app.command("redeliver", help="Send again what was given up; a disabled endpoint is enabled again.")
def redeliver(
    webhook_id: _Webhook,
    since: Annotated[str | None, typer.Option(help="All that happened then or later instead, ISO 8601.")] = None,
    account: Account = None,
    json_: Json = False,
) -> None:
    from provenance.jobs import webhooks
    from provenance.scans.sightings import parse_since

    with application() as opened:
        owner = acting_account(opened.db, account).id
        again = webhooks.redeliver(opened.db, webhook_id, owner, parse_since(since))
    if json_:
        emit(again)
    else:
        say(labelled(tr("events that are sent again", "将重新发送的事件数"), str(again.events)))


@app.command("remove", help="Remove an endpoint, with what waits for it and the watches that send there.")
def remove(webhook_id: _Webhook, account: Account = None, json_: Json = False) -> None:
    from provenance.jobs import webhooks

    with application() as opened:
        gone = webhooks.remove(opened.db, webhook_id, acting_account(opened.db, account).id)
    if json_:
        emit(gone)
    else:
        say(labelled(tr("removed", "已移除"), f"{gone.webhook_id}  {gone.url}"))
