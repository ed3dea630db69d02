"""sourcemark decision: what people and rules decided about posts, and what posters are told."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from provenance.errors import BadInput

from ..option_groups import given, refuse
from ..options import Json
from ..output import (
    action_word,
    emit,
    emit_all,
    emit_csv,
    in_brackets,
    labelled,
    minute,
    say,
    say_lines,
    table,
    tr,
    verdict_word,
)
from ..output import language as output_language
from ..review_words import By, Platform, decision_line, outcome_word, reviewer, state_word
from ..session import acting_account, application

if TYPE_CHECKING:
    from provenance.application import Application
    from provenance.schemas.decisions import StatementOfReasons
    from provenance.schemas.review import History, ReviewOverview, Tally

app = typer.Typer(no_args_is_help=True)
_Id = Annotated[str, typer.Argument(metavar="DECISION_ID")]
_Since = Annotated[str | None, typer.Option(help="This date or later.")]


@app.command("list", help="The log of decisions, oldest first.")
def list_(
    decision: Annotated[str | None, typer.Option("--decision", help="release, label, restrict, hold ...")] = None,
    automated: Annotated[bool, typer.Option("--automated", help="Only those of rules.")] = False,
    manual: Annotated[bool, typer.Option("--manual", help="Only those of people.")] = False,
    reviewer_: Annotated[str | None, typer.Option("--reviewer", help="Of this person.")] = None,
    reason: Annotated[str | None, typer.Option(help="Of this reason code.")] = None,
    scan: Annotated[str | None, typer.Option(help="About this scan.")] = None,
    since: _Since = None,
    until: Annotated[str | None, typer.Option(help="Before this date.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Most decisions; default: all.")] = None,
    account: Platform = None,
    csv_: Annotated[bool, typer.Option("--csv", help="Comma-separated values on stdout.")] = False,
    json_: Json = False,
) -> None:
    from provenance.scans.review import history
    from provenance.scans.review.history import Sought
    from provenance.scans.sightings import parse_since
    from provenance.schemas.decisions import Outcome

    if (json_ and csv_) or (automated and manual):
        raise BadInput("--json and --csv exclude each other, and so do --automated and --manual")
    ruled = True if automated else False if manual else None
    outcome: Any = decision
    if outcome is not None and outcome not in get_args(Outcome):
        raise BadInput(f"--decision: {outcome!r:.40} is none of {', '.join(get_args(Outcome))}")
    sought = Sought(outcome, ruled, reviewer_, reason, scan, parse_since(since), parse_since(until))
    with application() as opened:
        found = islice(history.whole_log(opened.db, acting_account(opened.db, account).id, sought), limit)
        if csv_:
            emit_csv(history.COLUMNS, map(history.cells, found))
        elif json_:
            emit_all(found)
        else:
            for each in found:
                say(decision_line(each))


@app.command("undo", help="Take a decision back: what was decided before counts again.")
def undo(
    decision_id: _Id,
    reason: Annotated[str, typer.Option(help="Your code for why.")] = "mistake",
    note: Annotated[str | None, typer.Option(help="For colleagues.")] = None,
    account: Platform = None,
    by: By = None,
    json_: Json = False,
) -> None:
    from provenance.json_input import parse
    from provenance.schemas.decisions import Undo

    why = parse(Undo, {"reason": reason, **given(note=note)})
    with application() as opened:
        made = opened.decisions.undo(reviewer(opened.db, account, by), decision_id, why)
    if json_:
        emit(made)
    else:
        say(decision_line(made))


@app.command("reasons", help="What posters of restricted posts are told: of one decision, or all.")
def reasons(
    named: Annotated[
        str | None, typer.Argument(metavar="DECISION_ID|STATEMENT_ID", help="Default: all statements.")
    ] = None,
    since: _Since = None,
    dsa_: Annotated[bool, typer.Option("--dsa", help="JSON as the EU's DSA Transparency Database takes it.")] = False,
    account: Platform = None,
    json_: Json = False,
) -> None:
    from provenance.scans.review import dsa

    if named is not None:
        refuse({"--since": since}, "is for all statements: leave out the id")
    with application() as opened:
        found = _statements(opened, acting_account(opened.db, account).id, named, since)
        if dsa_:
            emit_all(dsa.to_dsa(each) for each in found if named is not None or dsa.concerns_the_area(each))
        elif json_:
            emit_all(found)
        else:
            for each in found:
                _show_statement(each)


def _statements(
    opened: Application, account_id: str, named: str | None, since: str | None
) -> Iterator[StatementOfReasons]:
    from provenance.database.paging import everything
    from provenance.scans.review import statements
    from provenance.scans.sightings import parse_since

    if named is not None:
        yield statements.get(opened.db, named, account_id)
        return
    yield from everything(partial(statements.page, opened.db, account_id, since=parse_since(since)))


def _show_statement(statement: StatementOfReasons) -> None:
    post = statement.post_url or statement.external_id or statement.scan_id or "–"
    gone = in_brackets(tr("no longer counts", "已失效")) if statement.superseded else ""
    say(f"{statement.statement_id}  {minute(statement.made_at)}  {post}{gone}")
    say_lines(statement.text[output_language()])
    say()


@app.command("history", help="All that is known about a post, an account or a work.")
def history_(
    ref: Annotated[
        str,
        typer.Argument(
            metavar="REF",
            help="Id of a scan, item, decision, statement or work; else a post's address or own id, or an account.",
        ),
    ],
    account: Platform = None,
    by: By = None,
    json_: Json = False,
) -> None:
    from provenance.scans.review import history

    with application() as opened:
        who = reviewer(opened.db, account, by)
        found = history.of(opened.db, who, ref, opened.review_queue.lease_seconds)
    if json_:
        emit(found)
    else:
        _show_history(found)


def _show_history(found: History) -> None:
    for scan in found.scans:
        action = "–" if scan.action is None else action_word(scan.action.do) + in_brackets(scan.action.reason)
        say(f"{minute(scan.scanned_at or '')}  {scan.scan_id}  {verdict_word(scan.verdict)}  {action}")
    for item in found.items:
        say(f"{minute(item.created_at)}  {item.item_id}  {labelled(item.queue, state_word(item.state))}")
        for comment in item.comments:
            say(f"  {minute(comment.created_at)}  {labelled(comment.reviewer_name, comment.text)}")
    for decision in found.decisions:
        say(decision_line(decision))
    for entry in found.stay_down:
        say(f"{minute(entry.created_at)}  {entry.stay_down_id}  {labelled(tr('stays down', '持续下架'), entry.reason)}")
    if found.more:
        say(tr("there are older scans than these", "还有更早的扫描"))


# --- the numbers ----------------------------------------------------------------------------------------------------
@app.command("overview", help="What waits, and what rules and people decided.")
def overview(
    since: Annotated[str | None, typer.Option(help="Decisions of this date or later.")] = None,
    account: Platform = None,
    by: By = None,
    json_: Json = False,
) -> None:
    from provenance.scans.review import history
    from provenance.scans.sightings import parse_since

    with application() as opened:
        who = reviewer(opened.db, account, by)
        found = history.overview(opened.db, who, parse_since(since), opened.review_queue.lease_seconds)
    if json_:
        emit(found)
    else:
        _show_overview(found)


def _show_overview(found: ReviewOverview) -> None:
    heads = [tr("queue", "队列"), tr("waiting", "待处理"), tr("looked at", "处理中"), tr("oldest (UTC)", "最早（UTC）")]
    table(heads, ([q.queue, str(q.waiting), str(q.taken), minute(q.oldest or "")] for q in found.queues))
    _tally(tr("decision", "决定"), found.outcomes, outcome_word)
    _tally(tr("reason", "理由"), found.reasons, str)
    _tally(tr("reviewer", "审核人员"), found.reviewers, str)
    total = tr(
        f"by rules {found.automated}, by people {found.manual}, overruled since {found.superseded}",
        f"规则决定 {found.automated} 项，人工决定 {found.manual} 项，其后被改变 {found.superseded} 项",
    )
    say(total)


def _tally(head: str, tallies: list[Tally], word: Any) -> None:
    heads = [head, tr("by rules", "规则"), tr("by people", "人工")]
    table(heads, ([word(each.name), str(each.automated), str(each.manual)] for each in tallies))
