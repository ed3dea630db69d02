"""sourcemark queue: posts that wait for a person."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from provenance.errors import BadInput, Unavailable

from ..option_groups import given, grouped
from ..options import Json
from ..output import (
    action_word,
    emit,
    emit_all,
    in_brackets,
    labelled,
    language,
    listed,
    minute,
    percent,
    say,
    titled,
    tr,
    verdict_word,
)
from ..review_words import By, Platform, decision_line, reviewer, state_word
from ..session import application

if TYPE_CHECKING:
    from provenance.application import Application
    from provenance.scans.review.reviewer import Reviewer
    from provenance.schemas.decisions import BulkAnswers, Decision
    from provenance.schemas.review import ItemDetail, QueueItem

app = typer.Typer(no_args_is_help=True)
_Item = Annotated[str, typer.Argument(metavar="ITEM_ID")]
_Queue = Annotated[str | None, typer.Option(help="Only this queue.")]


@app.command("list", help="What waits, oldest first.")
def list_(
    queue: _Queue = None,
    state: Annotated[str, typer.Option(help="waiting, decided, settled, or all.")] = "waiting",
    post_account: Annotated[str | None, typer.Option(help="Posts of this account, by name or id.")] = None,
    reason: Annotated[str | None, typer.Option(help="Reason code of the action.")] = None,
    verdict: Annotated[str | None, typer.Option(help="Verdict of the scan.")] = None,
    since: Annotated[str | None, typer.Option(help="Waits since this date or later.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Most items.")] = 100,
    account: Platform = None,
    by: By = None,
    json_: Json = False,
) -> None:
    from provenance.database.paging import everything
    from provenance.scans.review.queue import Wanted
    from provenance.scans.sightings import parse_since

    wanted_state: Any = None if state == "all" else state
    if state not in ("waiting", "decided", "settled", "all"):
        raise BadInput(f"--state: {state!r} is none of waiting, decided, settled, all")
    wanted = Wanted(
        queue,
        wanted_state,
        post_account,
        reason,
        verdict,
        parse_since(since),
    )
    with application() as opened:
        waiting = everything(partial(opened.review_queue.page, reviewer(opened.db, account, by), wanted))
        found = islice(waiting, limit)
        if json_:
            emit_all(found)
        else:
            _show_items(list(found))


def _show_items(found: list[QueueItem]) -> None:
    if not found:
        say(tr("nothing waits", "没有待处理事项"))
        return
    for each in found:
        why = verdict_word(each.verdict) + in_brackets(each.reason or "–")
        post = each.post_url or each.external_id or each.scan_id
        parts = [post, each.account or each.account_id or "–", why, _state(each)]
        say(f"{minute(each.created_at)}  {each.item_id}  {labelled(each.queue, listed(parts))}")


def _state(item: QueueItem) -> str:
    if item.reviewer_name:
        return tr(f"{item.reviewer_name} looks at it", f"{item.reviewer_name} 处理中")
    opinions = tr(f" ({item.opinions} opinions)", f"（已有 {item.opinions} 份意见）") if item.opinions else ""
    return state_word(item.state) + opinions


@app.command("take", help="The oldest item, or a certain one, for you: nobody else is given it for a time.")
def take(
    item_id: Annotated[str | None, typer.Argument(metavar="ITEM_ID", help="Default: the oldest that is free.")] = None,
    queue: _Queue = None,
    account: Platform = None,
    by: By = None,
    json_: Json = False,
) -> None:
    from provenance.schemas.review import Taken

    if item_id is not None and queue is not None:
        raise BadInput("--queue is for the oldest item: leave out its id")
    with application() as opened:
        who = reviewer(opened.db, account, by)
        if item_id is None:
            taken = opened.review_queue.take(who, queue)
        else:
            taken = Taken(item=opened.review_queue.take_one(who, item_id), waiting=1)
    if json_:
        emit(taken)
    elif taken.item is None:
        waiting = tr(f"({taken.waiting} wait for others)", f"（{taken.waiting} 项待他人处理）") if taken.waiting else ""
        say(f"{tr('nothing waits for you', '没有待您处理的事项')} {waiting}".strip())
    else:
        _show_item(taken.item)
        minutes = taken.item.lease_seconds // 60
        yours = tr(f"yours for {minutes} minutes", f"您有 {minutes} 分钟处理")
        say(yours + in_brackets(f"--lease {taken.item.lease}"))


@app.command("show", help="An item with all that is known of it.")
def show(
    item_id: _Item,
    evidence: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Also write a page for each match into this folder.")
    ] = None,
    account: Platform = None,
    by: By = None,
    json_: Json = False,
) -> None:
    with application() as opened:
        who = reviewer(opened.db, account, by)
        item = opened.review_queue.get(who, item_id)
        if evidence is not None:
            _write_evidence(opened, who, item, evidence)
    if json_:
        emit(item)
        return
    _show_item(item)
    if evidence is not None:
        say(labelled(tr("evidence is in", "证据已写入"), str(evidence)))


def _write_evidence(opened: Application, who: Reviewer, item: ItemDetail, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for address in item.evidence.pages:
            sighting_id = address.rpartition("/")[2]
            page = opened.review_queue.page_of_evidence(who, item.item_id, sighting_id, language())
            (folder / f"{sighting_id}.html").write_bytes(page)
    except OSError as error:
        raise Unavailable(f"{folder} cannot be written: {error.strerror}", reason="storage") from error


def _show_item(item: ItemDetail) -> None:
    say(f"{item.item_id}  {item.queue}  {_state(item)}")
    post = item.post_url or item.external_id or item.scan_id
    say("  " + labelled(tr("post", "内容"), post) + in_brackets(item.account or item.account_id or "–"))
    action = "–" if item.action is None else f"{action_word(item.action)}{in_brackets(item.reason or '')}"
    say(f"  {labelled(tr('verdict', '结论'), verdict_word(item.verdict))}  {labelled(tr('policy', '策略'), action)}")
    for match in item.scan.matches:
        say(
            f"  {match.work_id} {titled(match.title, match.owner)}  {match.score:.2f}  "
            + tr(
                f"{percent(match.coverage.upload)} of the post, {percent(match.coverage.work)} of the work",
                f"占内容 {percent(match.coverage.upload)}，占作品 {percent(match.coverage.work)}",
            )
        )
    for comment in item.comments:
        say(f"  {minute(comment.created_at)}  {labelled(comment.reviewer_name, comment.text)}")
    for decision in item.decisions:
        say(f"  {decision_line(decision)}")


# --- deciding --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Choice:
    """What is decided, and what goes with it."""

    as_: Annotated[str, typer.Option("--as", help="release, label, restrict or escalate.")]
    reason: Annotated[str, typer.Option(help="Your code for why, such as credit_missing.")]
    note: Annotated[str | None, typer.Option(help="For colleagues.")] = None
    territory: Annotated[list[str] | None, typer.Option(help="Country (CN, DE ...); again for more.")] = None
    until: Annotated[str | None, typer.Option(help="Last day or instant of it, UTC.")] = None
    clause: Annotated[str | None, typer.Option(help="Clause of your terms that it rests on.")] = None
    law: Annotated[str | None, typer.Option(help="Provision of a law that it rests on.")] = None
    source: Annotated[str | None, typer.Option(help="voluntary, notice or trusted_flagger.")] = None
    strike: Annotated[str | None, typer.Option(help="What it counts as against the posting account.")] = None

    def fields(self) -> dict[str, Any]:
        if self.clause and self.law:
            raise BadInput("--clause and --law exclude each other: a restriction rests on one of them")
        kind, reference = ("law", self.law) if self.law else ("terms", self.clause)
        ground = {"kind": kind, "reference": reference} if reference else None
        told = given(
            note=self.note,
            territory=self.territory,
            until=self.until,
            ground=ground,
            source=self.source,
            strike=self.strike,
        )
        return {"decision": self.as_, "reason": self.reason, **told}


@app.command("decide", help="Decide about items of the queue or scans: one, or up to 1,000 at once.")
@grouped
def decide(
    ids: Annotated[list[str], typer.Argument(metavar="ITEM_ID|SCAN_ID...")],
    *,
    choice: Choice,
    lease: Annotated[str | None, typer.Option(help="From taking the item.")] = None,
    supersedes: Annotated[str | None, typer.Option(help="Decision of a person about the scan, to overrule it.")] = None,
    account: Platform = None,
    by: By = None,
    json_: Json = False,
) -> None:
    from provenance.json_input import parse
    from provenance.schemas.decisions import BulkDecision, ItemDecision, ScanDecision

    if (lease or supersedes) and len(ids) > 1:
        raise BadInput("--lease and --supersedes are about one item or scan: name only that")
    fields = choice.fields()
    with application() as opened:
        who, decisions = reviewer(opened.db, account, by), opened.decisions
        if len(ids) > 1:
            _show_answers(decisions.decide_many(who, parse(BulkDecision, {**fields, "ids": ids})), json_=json_)
            return
        if ids[0].startswith("scan_"):
            if lease:
                raise BadInput("--lease is about an item of the queue: name that in place of its scan")
            about = parse(ScanDecision, {**fields, "scan_id": ids[0], **given(supersedes=supersedes)})
            made = decisions.decide_scan(who, ids[0], about, supersedes)
        else:
            if supersedes:
                raise BadInput("--supersedes is about a scan: name that in place of the item")
            made = decisions.decide_item(who, ids[0], parse(ItemDecision, fields), lease)
    _show_decision(made, json_=json_)


def _show_decision(made: Decision, *, json_: bool) -> None:
    if json_:
        emit(made)
        return
    say(decision_line(made))
    if made.statement_id:
        say(labelled(tr("statement of reasons", "限制理由说明"), made.statement_id))


def _show_answers(answers: BulkAnswers, *, json_: bool) -> None:
    if json_:
        emit(answers)
        return
    for each in answers.answers:
        if each.error is not None:
            say(labelled(each.id, str(each.error["detail"])))
    say(
        tr(
            f"{answers.decided} decided, {answers.refused} refused",
            f"已决定 {answers.decided} 项，拒绝 {answers.refused} 项",
        )
    )


# --- without deciding ------------------------------------------------------------------------------------------------
@app.command("skip", help="Leave an item to others: you are not given it again.")
def skip(item_id: _Item, account: Platform = None, by: By = None) -> None:
    with application() as opened:
        opened.review_queue.skip(reviewer(opened.db, account, by), item_id)
    say(labelled(tr("left to others", "已留给他人"), item_id))


@app.command("move", help="Put an item into another queue.")
def move(
    item_id: _Item,
    queue: Annotated[str, typer.Argument(metavar="QUEUE")],
    account: Platform = None,
    by: By = None,
    json_: Json = False,
) -> None:
    from provenance.json_input import parse
    from provenance.schemas.review import Move

    wanted = parse(Move, {"queue": queue})
    with application() as opened:
        moved = opened.review_queue.move(reviewer(opened.db, account, by), item_id, wanted.queue)
    if json_:
        emit(moved)
    else:
        say(labelled(item_id, moved.queue))


@app.command("comment", help="A remark for colleagues; the poster is not told.")
def comment(
    item_id: _Item,
    text: Annotated[str, typer.Argument(metavar="TEXT")],
    account: Platform = None,
    by: By = None,
    json_: Json = False,
) -> None:
    from provenance.json_input import parse
    from provenance.schemas.review import NewComment

    said = parse(NewComment, {"text": text})
    with application() as opened:
        made = opened.review_queue.comment(reviewer(opened.db, account, by), item_id, said.text)
    if json_:
        emit(made)
    else:
        say(labelled(made.reviewer_name, made.text))


# --- running the queue -----------------------------------------------------------------------------------------------
@app.command("set", help="Who may work on a queue, and whether it asks for a second opinion.")
def set_(
    queue: Annotated[str, typer.Argument(metavar="QUEUE")],
    allow: Annotated[
        list[str] | None, typer.Option(help="Id or label of an API key; again for more; none: all.")
    ] = None,
    second_opinion: Annotated[str | None, typer.Option(help="never, restrict or always.")] = None,
    account: Platform = None,
    json_: Json = False,
) -> None:
    from provenance.json_input import parse
    from provenance.schemas.review import Move, QueueSettings

    from ..session import acting_account

    name = parse(Move, {"queue": queue}).queue
    wanted = parse(QueueSettings, {"reviewers": allow or [], **given(second_opinion=second_opinion)})
    with application() as opened:
        kept = opened.review_queue.set_queue(acting_account(opened.db, account).id, name, wanted)
    if json_:
        emit(kept)
    else:
        say(labelled(name, listed(kept.reviewers) or tr("all reviewers", "全部审核人员")))
