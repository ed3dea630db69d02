"""sourcemark stay-down: confirmed cases that are not to come back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..option_groups import given
from ..options import Json
from ..output import clauses, emit, emit_all, labelled, listed, minute, percent, say, table, tr
from ..review_words import By, Platform, reviewer
from ..session import acting_account, application

if TYPE_CHECKING:
    from provenance.schemas.stay_down import StayDown

app = typer.Typer(no_args_is_help=True)


@app.command("add", help="Keep the exact content of a scan down, or posts that show a work.")
def add(
    named: Annotated[str, typer.Argument(metavar="SCAN_ID|WORK_ID")],
    coverage: Annotated[
        float | None, typer.Option(help="Of a work: least share of it that a post must show; 0.5 if not given.")
    ] = None,
    decision: Annotated[str | None, typer.Option(help="The decision that confirmed the case; it ends with it.")] = None,
    reason: Annotated[str | None, typer.Option(help="Your code for why.")] = None,
    note: Annotated[str | None, typer.Option(help="For colleagues.")] = None,
    except_account: Annotated[list[str] | None, typer.Option(help="Posting account that may; again for more.")] = None,
    except_work: Annotated[
        list[str] | None, typer.Option(help="Posts that show this work may; again for more.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Last day or instant, UTC; default: for good.")] = None,
    account: Platform = None,
    by: By = None,
    json_: Json = False,
) -> None:
    from provenance.json_input import parse
    from provenance.scans.review import stay_down
    from provenance.schemas.stay_down import NewStayDown

    about: dict[str, Any] = {"work_id" if named.startswith("work_") else "scan_id": named}
    about |= given(decision_id=decision, reason=reason, note=note, until=until)
    about |= {} if coverage is None else {"coverage": coverage}
    exceptions = {"accounts": except_account or [], "works": except_work or []}
    new = parse(NewStayDown, {**about, "exceptions": exceptions})
    with application() as opened:
        who = reviewer(opened.db, account, by)
        made = stay_down.add(opened.db, who, acting_account(opened.db, account).id, new)
    if json_:
        emit(made)
    else:
        say(labelled(tr("stays down", "持续下架"), f"{made.stay_down_id}  {_what(made)}"))


@app.command("list", help="What stays down, oldest first.")
def list_(
    ended: Annotated[bool, typer.Option("--ended", help="Also what has ended or expired.")] = False,
    account: Platform = None,
    json_: Json = False,
) -> None:
    from provenance.database.paging import everything
    from provenance.scans.review import stay_down

    with application() as opened:
        found = everything(partial(stay_down.page, opened.db, acting_account(opened.db, account).id, ended=ended))
        if json_:
            emit_all(found)
            return
        heads = [
            "id",
            tr("what", "内容"),
            tr("reason", "理由"),
            tr("since (UTC)", "起始（UTC）"),
            tr("until (UTC)", "截止（UTC）"),
        ]
        table(
            heads,
            (
                [e.stay_down_id, _what(e), e.reason, minute(e.created_at), minute(e.ended_at or e.expires_at or "")]
                for e in found
            ),
        )


@app.command("end", help="Keep it down no longer.")
def end(
    stay_down_id: Annotated[str, typer.Argument(metavar="STAY_DOWN_ID")], account: Platform = None, json_: Json = False
) -> None:
    from provenance.scans.review import stay_down

    with application() as opened:
        ended = stay_down.end(opened.db, acting_account(opened.db, account).id, stay_down_id)
    if json_:
        emit(ended)
    else:
        say(labelled(tr("ended", "已结束"), ended.stay_down_id))


def _what(entry: StayDown) -> str:
    """What an entry keeps down, and for whom it does not."""
    if entry.work_id is not None:
        parts = [f"{entry.work_id} ≥ {percent(entry.coverage)}"]
    else:
        parts = [f"SHA-256 {(entry.digest or '')[:16]}…"]
    excepted = [*entry.exceptions.accounts, *entry.exceptions.works]
    if excepted:
        parts.append(labelled(tr("not of", "例外"), listed(excepted)))
    return clauses(parts)
