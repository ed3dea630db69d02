"""sourcemark grant: reuse that an owner allows beside the licence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..option_groups import grouped
from ..options import Account, Json, SignKey
from ..output import (
    emit,
    emit_all,
    labelled,
    listed,
    minute,
    say,
    table,
    tr,
    use_word,
)
from ..session import acting_account, application, given_key
from .evidence import file_digest

if TYPE_CHECKING:
    from provenance.works.grants import Grant, NewGrant

app = typer.Typer(no_args_is_help=True)
_Work = Annotated[str, typer.Argument(metavar="WORK_ID")]


@dataclass(frozen=True)
class TermOptions:
    """What is allowed."""

    to: Annotated[list[str], typer.Option(help="Posting account by name; again for more; * for everybody.")]
    territory: Annotated[list[str] | None, typer.Option(help="Country (CN, DE ...); again for more.")] = None
    until: Annotated[str | None, typer.Option(help="Last day or instant, ISO 8601, UTC.")] = None
    use: Annotated[list[str] | None, typer.Option(help="full, excerpt, adapted, quotation; again for more.")] = None
    commercial: Annotated[bool, typer.Option("--commercial", help="Commercial use too.")] = False
    no_credit: Annotated[bool, typer.Option("--no-credit", help="Owner and source need not be marked.")] = False
    document: Annotated[Path | None, typer.Option(help="A written permission; only its SHA-256 is kept.")] = None
    note: Annotated[str | None, typer.Option()] = None

    def terms(self) -> NewGrant:
        from provenance.json_input import parse
        from provenance.works.grants import NewGrant

        terms: dict[str, Any] = {
            "to": self.to,
            "territory": self.territory or [],
            "until": self.until,
            "note": self.note,
            "commercial": self.commercial,
            "credit": not self.no_credit,
            "document": None if self.document is None else file_digest(self.document),
        }
        return parse(NewGrant, terms | ({"uses": self.use} if self.use else {}))


@app.command("give", help="Allow accounts to reuse a work of yours.")
@grouped
def give(
    work_id: _Work, *, options: TermOptions, account: Account = None, sign_key: SignKey = None, json_: Json = False
) -> None:
    terms = options.terms()
    with application() as opened:
        key = given_key(sign_key)
        made = opened.grants.give(acting_account(opened.db, account), work_id, terms, key)
    if json_:
        emit(made)
    else:
        say(labelled(tr("granted", "已授权"), f"{made.grant_id}  {_terms(made)}"))


@app.command("list", help="The grants of a work, revoked ones too.")
def list_(work_id: _Work, json_: Json = False) -> None:
    from provenance.works import grants

    with application() as opened:
        found = grants.of_work(opened.db, opened.log.origin, work_id)
    if json_:
        emit_all(found)
    else:
        table(
            ["id", tr("terms", "条件"), tr("given (UTC)", "授予时间（UTC）"), tr("revoked (UTC)", "撤销时间（UTC）")],
            ([g.grant_id, _terms(g), minute(g.given_at), minute(g.revoked_at or "")] for g in found),
        )


@app.command("revoke", help="End a grant.")
def revoke(grant_id: str, account: Account = None, sign_key: SignKey = None, json_: Json = False) -> None:

    with application() as opened:
        key = given_key(sign_key)
        ended = opened.grants.revoke(acting_account(opened.db, account), grant_id, key)
    if json_:
        emit(ended)
    else:
        say(labelled(tr("revoked", "已撤销"), str(grant_id)))


def _terms(grant: Grant) -> str:
    to = listed(tr("everybody", "任何人") if name == "*" else name for name in grant.to)
    parts = [to, listed(use_word(use) for use in grant.uses), " ".join(grant.territory)]
    parts += [tr(f"until {grant.until}", f"截至 {grant.until}")] if grant.until else []
    parts += [tr("commercial use too", "可商用")] if grant.commercial else []
    parts += [] if grant.credit else [tr("no credit needed", "无须署名")]
    return " · ".join(p for p in parts if p)
