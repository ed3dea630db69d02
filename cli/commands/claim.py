"""sourcemark claim: who claims the same content, and whose claim counts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from provenance.errors import BadInput

from ..option_groups import given
from ..options import Json, SignKey
from ..output import emit, emit_all, in_brackets, labelled, listed, say, titled, tr
from ..session import acting_account, application, given_key
from .evidence import line

if TYPE_CHECKING:
    from provenance.schemas import ClaimDecision

app = typer.Typer(no_args_is_help=True)
_Account = Annotated[str | None, typer.Option(help="Account id or name that decides; default: the local one.")]
_Work = Annotated[str, typer.Argument(metavar="WORK_ID")]
_PART = re.compile(r"(\d+)-(\d+)(s?)|(\d+),(\d+),(\d+),(\d+)")


@app.command("list", help="Who claims the same content, by the date that each can show.")
def list_(work_id: _Work, account: _Account = None, json_: Json = False) -> None:
    from provenance.works import claim_decisions

    with application() as opened:
        acting = acting_account(opened.db, account)
        found = claim_decisions.competing(opened.db, opened.log.origin, work_id, acting)
    if json_:
        emit_all(found)
        return
    for claim in found:
        entry = "" if claim.receipt is None else in_brackets(tr("entry", "账本条目") + f" {claim.receipt.index}")
        say(f"{claim.earliest[:10]}  {claim.work_id} {titled(claim.title, claim.owner)}")
        say(f"  {labelled(tr('registered', '登记'), claim.registered_at[:10])}{entry}")
        for evidence in claim.evidence:
            say(f"  {line(evidence)}")
        for decision in claim.decisions:
            say(f"  {_line(decision)}")


@app.command("decide", help="Decide whose claim counts, or what of a work is not exclusively its owner's.")
def decide(
    work_id: _Work,
    reason: Annotated[str, typer.Option(help="Why, in words.")],
    by: Annotated[str, typer.Option("--by", help="The person who decides.")],
    counts: Annotated[str | None, typer.Option(help="The competing work whose claim counts, not this one's.")] = None,
    part: Annotated[
        list[str] | None,
        typer.Option(
            help="A part that is not exclusive: 0-480 (code points), 10-25s, or 0,0,640,480 (pixels: left, top, right, "
            "bottom); again for more."
        ),
    ] = None,
    account: _Account = None,
    sign_key: SignKey = None,
    json_: Json = False,
) -> None:
    from provenance.json_input import parse
    from provenance.schemas import NewClaimDecision

    if (counts is None) == (not part):
        raise BadInput("give --counts or --part, one of the two")
    told: dict[str, Any] = {"work_id": work_id, "outcome": "split" if part else "counts", "reason": reason}
    told |= {"decided_by": by, **given(counts=counts, parts=[_part(each) for each in part or []])}
    wanted = parse(NewClaimDecision, told)
    with application() as opened:
        key = given_key(sign_key)
        made = opened.claim_decisions.decide(acting_account(opened.db, account), wanted, key)
    if json_:
        emit(made)
    else:
        say(_line(made))


@app.command("reverse", help="Take a decision back.")
def reverse(
    decision_id: str,
    reason: Annotated[str, typer.Option(help="Why, in words.")],
    account: _Account = None,
    sign_key: SignKey = None,
    json_: Json = False,
) -> None:
    from provenance.json_input import parse
    from provenance.schemas import ClaimReversal

    said = parse(ClaimReversal, {"reason": reason})
    with application() as opened:
        key = given_key(sign_key)
        ended = opened.claim_decisions.reverse(acting_account(opened.db, account), decision_id, said, key)
    if json_:
        emit(ended)
    else:
        say(labelled(tr("reversed", "已撤销"), decision_id))


def _part(text: str) -> dict[str, Any]:
    found = _PART.fullmatch(text)
    if found is None:
        raise BadInput(f"--part: {text!r:.60} is none: write 0-480, 10-25s or 0,0,640,480")
    if found[4] is not None:
        return {"unit": "pixel", "span": [int(found[n]) for n in range(4, 8)]}
    return {"unit": "second" if found[3] else "codepoint", "span": [int(found[1]), int(found[2])]}


def _line(decision: ClaimDecision) -> str:
    if decision.outcome == "counts":
        said = tr(f"the claim of {decision.counts} counts", f"以 {decision.counts} 的主张为准")
    else:
        spans = listed("-".join(map(str, part.span)) for part in decision.parts)
        said = tr(f"not exclusive: {spans}", f"非独占部分：{spans}")
    return f"{decision.decision_id}  {said}{in_brackets(decision.decided_by)}  {decision.reason}"
