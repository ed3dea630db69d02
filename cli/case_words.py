"""Words for the codes of complaints, in English and 中文."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .output import in_brackets, labelled, minute, tr

if TYPE_CHECKING:
    from provenance.schemas.case import CaseSummary, StepRecord

_STATES = {
    "received": ("received", "已收到"),
    "incomplete": ("incomplete", "待补充"),
    "forwarded": ("forwarded", "已转送"),
    "counter_notice": ("contested", "已反通知"),
    "clock_running": ("clock running", "恢复期计时中"),
    "put_back": ("put back", "已恢复"),
    "stays_down": ("stays down", "维持下架"),
    "decided": ("decided", "已决定"),
    "appealed": ("appealed", "申诉中"),
    "closed": ("closed", "已结案"),
    "withdrawn": ("withdrawn", "已撤回"),
    "inadmissible": ("not dealt with", "不予受理"),
    "repeated": ("repeated", "重复"),
}
_STEPS = {
    "file": ("notice filed", "提交通知"),
    "ask": ("asked for what is missing", "要求补充"),
    "complete": ("completed", "补充"),
    "repeat": ("repeats another case", "判定重复"),
    "refuse": ("not dealt with", "不予受理"),
    "forward": ("forwarded", "转送"),
    "uncontested": ("not contested in time", "逾期未反通知"),
    "counter": ("counter-notice", "反通知"),
    "start_clock": ("clock started", "开始计时"),
    "keep_down": ("legal action shown", "提交起诉或投诉证明"),
    "put_back": ("put back", "恢复"),
    "decide": ("decided", "作出决定"),
    "appeal": ("appealed", "申诉"),
    "decide_appeal": ("appeal decided", "申诉决定"),
    "close": ("closed", "结案"),
    "withdraw": ("withdrawn", "撤回"),
    "message": ("message", "消息"),
    "measure": ("measure", "处置措施"),
}
_ACTORS = {
    "notifier": ("notifier", "投诉人"),
    "poster": ("poster", "发布者"),
    "staff": ("staff", "审核人员"),
    "service": ("the service", "系统"),
}
_CLOCKS = {
    "completion": ("to be completed or confirmed by", "补充或确认期限"),
    "counter_notice": ("counter-notice by", "反通知期限"),
    "put_back": ("put back by", "恢复期限"),
    "appeal": ("appeal by", "申诉期限"),
    "decision": ("decision by", "决定期限"),
}


def state_word(state: str) -> str:
    return tr(*_STATES.get(state, (state, state)))


def step_word(name: str) -> str:
    return tr(*_STEPS.get(name, (name, name)))


def actor_word(actor: str) -> str:
    return tr(*_ACTORS.get(actor, (actor, actor)))


def clock_line(case: CaseSummary) -> str:
    """What a case waits for, and whether that is late; empty where nothing runs."""
    if case.clock is None:
        return ""
    due = labelled(tr(*_CLOCKS.get(case.clock.name, (case.clock.name, case.clock.name))), minute(case.clock.due))
    return due + (in_brackets(tr("overdue", "已逾期")) if case.clock.overdue else "")


def case_line(case: CaseSummary) -> str:
    """A case on one line: when, which, how far, about what, who deals with it."""
    about = case.addresses[0] if case.addresses else case.work_id or "–"
    more = f" +{len(case.addresses) - 1}" if len(case.addresses) > 1 else ""
    parts = [minute(case.filed_at), case.case_id, state_word(case.state), case.regime, about + more]
    return "  ".join(part for part in (*parts, clock_line(case), case.assignee or "") if part)


def step_line(step: StepRecord) -> str:
    """A step on one line: when, what, by whom, and what people have said in it."""
    who = step.reviewer_name or actor_word(step.actor)
    said = [str(value) for value in (step.said or {}).values() if isinstance(value, str)]
    facts = [str(step.facts[name]) for name in ("finding", "outcome", "reason", "act") if step.facts.get(name)]
    line = f"{minute(step.at)}  {step.number}  {labelled(step_word(step.name), who)}"
    return line + (in_brackets(", ".join(facts)) if facts else "") + "".join(f"  {each}" for each in said)
