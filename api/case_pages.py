"""What the links of letters open in a browser: the case to read, and a button that confirms a mail address.

A link must not confirm by being opened: programs that look through mail open every link. The pages need no script.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable

from fastapi import Request
from fastapi.responses import HTMLResponse

from provenance.cases import words
from provenance.names import readable
from provenance.schemas.case import CaseRecord, PartyRecord, StepRecord

PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
_HEADERS = {
    **PRIVATE,
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Robots-Tag": "noindex",
}
_STYLE = (
    "body{font:16px/1.6 system-ui,sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem;overflow-wrap:anywhere}"
    "pre{white-space:pre-wrap;background:#f4f4f4;padding:.6rem}li{margin:.6rem 0}"
)


def wants_page(request: Request) -> bool:
    """Whether a browser asks: programs get JSON."""
    return "text/html" in request.headers.get("accept", "")


def confirmation(request: Request) -> HTMLResponse:
    """The button that confirms; its form goes to the address of the page."""
    text = (
        "Press the button to confirm that this mail address is yours.",
        "请点击按钮，确认该邮箱为您本人所有。",
    )
    chinese = _chinese(request)
    button = ("Confirm", "确认")[chinese]
    return _page(request, f"<p>{text[chinese]}</p><form method=post><button>{button}</button></form>")


def case(request: Request, shown: CaseRecord) -> HTMLResponse:
    """A case, as its party may see it."""
    chinese = _chinese(request)
    facts = [
        (("State", "状态")[chinese], words.STATES[shown.state][chinese]),
        *[(("Missing", "缺少")[chinese], each) for each in shown.missing],
        *[(("Post", "帖子")[chinese], each) for each in shown.addresses],
        *[(words.ACTORS[each.role][chinese], _person(each)) for each in shown.parties],
    ]
    if shown.clock is not None:
        late = (" (overdue)", "（已逾期）")[chinese] if shown.clock.overdue else ""
        facts.insert(
            1, (words.CLOCKS[shown.clock.name][chinese], shown.clock.due[:16].replace("T", " ") + " UTC" + late)
        )
    steps = "".join(f"<li>{_step(each, chinese)}</li>" for each in shown.steps)
    return _page(request, f"<h1>{_text(shown.case_id)}</h1><ul>{_items(facts)}</ul><ol>{steps}</ol>")


def _step(step: StepRecord, chinese: bool) -> str:
    head = (
        f"{step.at[:16].replace('T', ' ')} UTC: {words.STEPS[step.name][chinese]} ({words.ACTORS[step.actor][chinese]})"
    )
    facts = ", ".join(str(step.facts[name]) for name in ("finding", "outcome", "reason") if step.facts.get(name))
    said = "" if not step.said else f"<pre>{_text(_lines(step.said))}</pre>"
    files = "".join(f"<br>{_text(file.name)} ({file.sha256[:16]}…)" for file in step.files)
    return _text(f"{head} {facts}".strip()) + said + files


def _minute(moment: str) -> str:
    return f"{moment[:16].replace('T', ' ')} UTC"


def _lines(said: dict[str, object]) -> str:
    """What somebody said: a text as it is, fields one a line."""
    found = []
    for value in said.values():
        if isinstance(value, dict):
            found += [f"{name}: {_plain(each)}" for name, each in value.items() if each not in (None, "", [])]
        else:
            found.append(_plain(value))
    return "\n".join(found)


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _person(party: PartyRecord) -> str:
    known = (party.name, party.account, party.email, party.postal_address, party.phone, party.identity)
    return ", ".join(each for each in known if each) or "–"


def _items(facts: Iterable[tuple[str, str]]) -> str:
    return "".join(f"<li>{_text(label)}: {_text(value)}</li>" for label, value in facts)


def _text(value: str) -> str:
    return html.escape(readable(value))


def _chinese(request: Request) -> bool:
    return request.headers.get("accept-language", "").casefold().startswith("zh")


def _page(request: Request, body: str) -> HTMLResponse:
    lang = ("en", "zh")[_chinese(request)]
    title = ("Complaint", "投诉")[_chinese(request)]
    head = f"<meta charset=utf-8><meta name=viewport content='width=device-width'><title>{title}</title>"
    return HTMLResponse(
        f"<!doctype html><html lang={lang}>{head}<style>{_STYLE}</style>{body}</html>", headers=_HEADERS
    )
