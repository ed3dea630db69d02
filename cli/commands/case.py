"""sourcemark case: complaints, for those who decide about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from provenance.errors import BadInput, Unavailable

from ..case_words import case_line, clock_line, state_word, step_line
from ..option_groups import given, grouped
from ..options import Json
from ..output import emit, emit_all, emit_csv, in_brackets, labelled, listed, say, table, tr
from ..review_words import By, Platform, reviewer
from ..session import application

if TYPE_CHECKING:
    from provenance.application import Application
    from provenance.cases.reading import Sought
    from provenance.scans.review.reviewer import Reviewer
    from provenance.schemas.case import CaseRecord, CaseSummary, PartyRecord

app = typer.Typer(no_args_is_help=True)
_Case = Annotated[str, typer.Argument(metavar="CASE_ID")]
_Reason = Annotated[str, typer.Option(help="Your code for why, such as licence_shown.")]
_Explanation = Annotated[str, typer.Option(help="The facts and why, for both parties.")]
_Party = Annotated[str, typer.Option(help="notifier or poster.")]


@dataclass(frozen=True)
class Narrowed:
    """Which cases."""

    state: Annotated[str | None, typer.Option(help="received, forwarded, clock_running, decided ...")] = None
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those whose clock has run out.")] = False
    assignee: Annotated[str | None, typer.Option(help="Of this person, by id or name.")] = None
    address: Annotated[str | None, typer.Option(help="About the post at this address.")] = None
    work: Annotated[str | None, typer.Option(help="About this work, by id.")] = None

    def sought(self) -> Sought:
        from provenance.cases.reading import Sought
        from provenance.schemas.case import State

        state: Any = self.state
        if state is not None and state not in get_args(State):
            raise BadInput(f"--state: {state!r:.40} is none of {', '.join(get_args(State))}")
        return Sought(state, self.overdue, self.assignee, self.address, self.work)


@app.command("list", help="Complaints about your posts, oldest first.")
@grouped
def list_(
    *,
    which: Narrowed,
    limit: Annotated[int | None, typer.Option(min=1, help="Most cases; default: all.")] = None,
    account: Platform = None,
    csv_: Annotated[bool, typer.Option("--csv", help="Comma-separated values on stdout.")] = False,
    json_: Json = False,
) -> None:
    from provenance.cases import exporting

    if json_ and csv_:
        raise BadInput("--json and --csv exclude each other")
    sought = which.sought()
    with application() as opened:
        found = islice(_all(opened, account, sought), limit)
        if csv_:
            emit_csv(exporting.COLUMNS, map(exporting.cells, found))
        elif json_:
            emit_all(found)
        else:
            for each in found:
                say(case_line(each))


def _all(opened: Application, account: str | None, sought: Sought) -> Iterator[CaseSummary]:
    from provenance.cases import reading
    from provenance.database.paging import everything

    from ..session import acting_account

    return everything(partial(reading.page, opened.db, acting_account(opened.db, account).id, sought))


@app.command("show", help="One case, with everything its parties said.")
def show(case_id: _Case, account: Platform = None, by: By = None, json_: Json = False) -> None:
    with application() as opened:
        _show(opened, reviewer(opened.db, account, by), case_id, json_=json_)


def _show(opened: Application, who: Reviewer, case_id: str, *, json_: bool) -> None:
    from provenance.cases import reading

    case = reading.get(opened.db, opened.log, opened.regimes, case_id, who.account_id)
    if json_:
        emit(case)
    else:
        _print(case)


def _print(case: CaseRecord) -> None:
    say(f"{case.case_id}  {state_word(case.state)}  {case.regime}  {clock_line(case)}".rstrip())
    about = [(tr("work", "作品"), case.work_id), (tr("deals with it", "处理人"), case.assignee)]
    for label, value in [*about, *((tr("post", "帖子"), url) for url in case.addresses)]:
        if value:
            say("  " + labelled(label, value))
    if case.missing:
        say("  " + labelled(tr("missing", "缺少"), listed(case.missing)))
    for party in case.parties:
        say("  " + _party_line(party))
    for step in case.steps:
        say(f"  {step_line(step)}")
        for file in step.files:
            kept = "" if file.kept else in_brackets(tr("only its hash is kept", "仅存哈希"))
            say(f"    {file.file_id}  {file.name}{kept}")


def _party_line(party: PartyRecord) -> str:
    known = (party.name, party.account, party.email, party.postal_address, party.phone, party.identity)
    state = tr("erased", "已删除") if party.erased else "" if party.confirmed else tr("not confirmed", "未确认邮箱")
    who = listed([each for each in known if each]) or "–"
    role = tr("notifier", "投诉人") if party.role == "notifier" else tr("poster", "发布者")
    return labelled(role, who) + (in_brackets(state) if state else "")


@app.command("assign", help="Deal with a case yourself; it keeps no colleague from deciding.")
def assign(
    case_id: _Case,
    nobody: Annotated[bool, typer.Option("--nobody", help="Leave it to others again.")] = False,
    account: Platform = None,
    by: By = None,
    json_: Json = False,
) -> None:
    with application() as opened:
        who = reviewer(opened.db, account, by)
        opened.case_decisions.assign(who, case_id, None if nobody else who)
        _show(opened, who, case_id, json_=json_)


# --- deciding --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Judgement:
    """What is decided, and what goes with it."""

    finding: Annotated[str, typer.Option(help="founded, unfounded or misuse.")]
    outcome: Annotated[str, typer.Option(help="restrict, label or release.")]
    reason: _Reason
    explanation: _Explanation
    note: Annotated[str | None, typer.Option(help="For colleagues.")] = None
    territory: Annotated[list[str] | None, typer.Option(help="Country (CN, DE ...); again for more.")] = None
    until: Annotated[str | None, typer.Option(help="Last day or instant of it, UTC.")] = None
    clause: Annotated[str | None, typer.Option(help="Clause of your terms that it rests on.")] = None
    law: Annotated[str | None, typer.Option(help="Provision of a law that it rests on.")] = None
    strike: Annotated[bool, typer.Option("--strike", help="Count it against the posting account.")] = False
    stay_down: Annotated[bool, typer.Option("--stay-down", help="Keep other posts of the same down too.")] = False
    claim_counts: Annotated[
        str | None, typer.Option(metavar="WORK_ID", help="The competing work whose claim counts instead.")
    ] = None
    notifier_account: Annotated[
        str | None, typer.Option(help="Of misuse: the notifier's official account, which it counts against.")
    ] = None

    def fields(self) -> dict[str, Any]:
        if self.clause and self.law:
            raise BadInput("--clause and --law exclude each other: a restriction rests on one of them")
        kind, reference = ("law", self.law) if self.law else ("terms", self.clause)
        needed = {name: getattr(self, name) for name in ("finding", "outcome", "reason", "explanation")}
        beside = ("note", "territory", "until", "strike", "stay_down", "claim_counts", "notifier_account")
        ground = {"kind": kind, "reference": reference} if reference else None
        return {**needed, **given(ground=ground, **{name: getattr(self, name) for name in beside})}


@app.command("decide", help="Decide a case, or its appeal: what becomes of the posts, and why.")
@grouped
def decide(case_id: _Case, *, what: Judgement, account: Platform = None, by: By = None, json_: Json = False) -> None:
    from provenance.cases import reading
    from provenance.json_input import parse
    from provenance.schemas.case import CaseDecision

    decision = parse(CaseDecision, what.fields())
    with application() as opened:
        who = reviewer(opened.db, account, by)
        case = reading.get(opened.db, opened.log, opened.regimes, case_id, who.account_id)
        decisions = opened.case_decisions
        act = decisions.decide_appeal if case.state == "appealed" else decisions.decide
        act(who, case_id, decision)
        _show(opened, who, case_id, json_=json_)


@app.command("forward", help="Forward a notice to the poster, also if its sender has not confirmed the address.")
def forward(
    case_id: _Case,
    email: Annotated[str | None, typer.Option(help="The poster's mail address.")] = None,
    poster: Annotated[str | None, typer.Option(help="The posting account, as you name it.")] = None,
    poster_id: Annotated[str | None, typer.Option(help="Its id.")] = None,
    account: Platform = None,
    by: By = None,
    json_: Json = False,
) -> None:
    from provenance.json_input import parse
    from provenance.schemas.case import Forwarding

    known = parse(Forwarding, given(email=email, account=poster, account_id=poster_id))
    with application() as opened:
        who = reviewer(opened.db, account, by)
        opened.case_decisions.forward(who, case_id, known)
        _show(opened, who, case_id, json_=json_)


@app.command("link", help="A secret link into the case for its poster, whom you tell by ways of your own.")
def link(case_id: _Case, account: Platform = None, by: By = None) -> None:
    from provenance.cases import links

    with application() as opened:
        days, who = opened.settings.case_link_days, reviewer(opened.db, account, by)
        secret = links.for_poster(opened.db, case_id, who.account_id, days)
        say(f"{opened.settings.public_address}/v1/case-links/{secret}")


@app.command("refuse", help="Do not deal with a notice; its sender is told why.")
def refuse_(
    case_id: _Case,
    reason: _Reason,
    explanation: _Explanation,
    misuse: Annotated[bool, typer.Option("--misuse", help="Count it against its sender.")] = False,
    account: Platform = None,
    by: By = None,
    json_: Json = False,
) -> None:
    from provenance.json_input import parse
    from provenance.schemas.case import Refusal

    said = {"reason": reason, "explanation": explanation, "finding": "misuse" if misuse else None}
    why = parse(Refusal, said)
    with application() as opened:
        who = reviewer(opened.db, account, by)
        opened.case_decisions.refuse(who, case_id, why)
        _show(opened, who, case_id, json_=json_)


@app.command("put-back", help="Put posts back now, after a counter-notice.")
def put_back(
    case_id: _Case,
    reason: _Reason,
    explanation: _Explanation,
    account: Platform = None,
    by: By = None,
    json_: Json = False,
) -> None:
    from provenance.json_input import parse
    from provenance.schemas.case import Explained

    why = parse(Explained, {"reason": reason, "explanation": explanation})
    with application() as opened:
        who = reviewer(opened.db, account, by)
        opened.case_decisions.put_back(who, case_id, why)
        _show(opened, who, case_id, json_=json_)


@app.command("write", help="Write to a party, or to both.")
def write(
    case_id: _Case,
    text: Annotated[str, typer.Argument(metavar="TEXT")],
    to: Annotated[list[str], typer.Option(help="notifier or poster; again for both.")],
    account: Platform = None,
    by: By = None,
    json_: Json = False,
) -> None:
    from provenance.json_input import parse
    from provenance.schemas.case import StaffMessage

    new = parse(StaffMessage, {"text": text, "to": to})
    with application() as opened:
        who = reviewer(opened.db, account, by)
        opened.case_decisions.message(who, case_id, new)
        _show(opened, who, case_id, json_=json_)


# --- misuse ----------------------------------------------------------------------------------------------------------
@app.command("misuse", help="What the notifier of a case was found to do in all its cases.")
def misuse(case_id: _Case, account: Platform = None, by: By = None, json_: Json = False) -> None:
    with application() as opened:
        found = opened.case_decisions.misuse(reviewer(opened.db, account, by), case_id)
    if json_:
        emit(found)
        return
    heads = [tr("filed", "提交"), tr("founded", "成立"), tr("unfounded", "不成立"), tr("misuse", "滥用")]
    table(heads, [[str(n) for n in (found.filed, found.founded, found.unfounded, found.misuse)]])
    for label, moment in (
        (tr("warned", "已警告"), found.warned_at),
        (tr("suspended until", "暂停受理至"), found.suspended_until),
    ):
        if moment:
            say(labelled(label, moment))


@app.command("measure", help="Warn a party who misuses complaints, suspend it for a time, or end that.")
def measure(
    case_id: _Case,
    act: Annotated[str, typer.Option(help="warn, suspend or lift.")],
    against: _Party,
    reason: _Reason,
    explanation: _Explanation,
    until: Annotated[str | None, typer.Option(help="Last day or instant of a suspension, UTC.")] = None,
    account: Platform = None,
    by: By = None,
    json_: Json = False,
) -> None:
    from provenance.json_input import parse
    from provenance.schemas.case import Measure

    said = {"act": act, "against": against, "reason": reason, "explanation": explanation, **given(until=until)}
    new = parse(Measure, said)
    with application() as opened:
        who = reviewer(opened.db, account, by)
        opened.case_decisions.measure(who, case_id, new)
        _show(opened, who, case_id, json_=json_)


# --- what leaves, and what goes --------------------------------------------------------------------------------------
@app.command("export", help="Write a case into a new folder: all that was said, its files, the proof of each step.")
def export(
    case_id: _Case,
    out: Annotated[Path, typer.Option(help="A folder that is not there yet.")],
    account: Platform = None,
    by: By = None,
) -> None:
    from provenance.cases import exporting

    with application() as opened:
        who = reviewer(opened.db, account, by)
        try:
            parts = opened.db, opened.log, opened.regimes, opened.case_files
            count = exporting.write(*parts, case_id, who.account_id, out)
        except OSError as error:
            raise Unavailable(f"{out} cannot be written: {error.strerror}", reason="storage") from error
    say(labelled(tr(f"{count} files in", f"{count} 个文件，位于"), str(out)))


@app.command("erase", help="Delete who a party of an ended case is and what it said; the facts and proofs stay.")
def erase(
    case_id: _Case,
    party: Annotated[str, typer.Argument(metavar="notifier|poster")],
    account: Platform = None,
    by: By = None,
) -> None:
    from provenance.schemas.case import Role

    role: Any = party
    if role not in get_args(Role):
        raise BadInput(f"{party!r:.40} is none of {', '.join(get_args(Role))}")
    with application() as opened:
        opened.case_erasures.forget(case_id, role, reviewer(opened.db, account, by).account_id)
    say(labelled(tr("erased", "已删除"), f"{case_id} {party}"))
