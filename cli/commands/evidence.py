"""sourcemark evidence: what shows whose a work is."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from provenance.errors import BadInput

from ..option_groups import given
from ..options import Account, Json, SignKey
from ..output import emit, emit_all, labelled, minute, say, table, tr
from ..session import acting_account, application, given_key

if TYPE_CHECKING:
    from provenance.schemas import Evidence

app = typer.Typer(no_args_is_help=True)
KINDS = {
    "draft": ("draft", "草稿"),
    "original": ("original", "原件"),
    "publication": ("first publication", "首次发表"),
    "certificate": ("certificate", "证书"),
    "contract": ("contract", "合同"),
    "other": ("other", "其他"),
}


@app.command("add", help="Bring forward what shows whose a work is; a document stays here, its digest is entered.")
def add(
    work_id: Annotated[str, typer.Argument(metavar="WORK_ID")],
    kind: Annotated[str, typer.Option(help=f"{', '.join(KINDS)}.")],
    date: Annotated[str, typer.Option(help="What it dates from, ISO 8601.")],
    file: Annotated[Path | None, typer.Option(help="The document, or a screenshot; only its SHA-256 is kept.")] = None,
    digest: Annotated[str | None, typer.Option(help="Its SHA-256, in place of the file.")] = None,
    address: Annotated[str | None, typer.Option(help="Where it was published.")] = None,
    shows: Annotated[str | None, typer.Option(help="What it shows, in words.")] = None,
    account: Account = None,
    sign_key: SignKey = None,
    json_: Json = False,
) -> None:
    from provenance.json_input import parse
    from provenance.schemas import NewEvidence

    if file is not None and digest is not None:
        raise BadInput("give --file or --digest, one of the two")
    found = digest if file is None else file_digest(file)
    wanted = parse(NewEvidence, {"kind": kind, "date": date, **given(digest=found, address=address, shows=shows)})
    with application() as opened:
        key = given_key(sign_key)
        made = opened.evidence.add(acting_account(opened.db, account), work_id, wanted, key)
    if json_:
        emit(made)
    else:
        say(labelled(tr("added", "已添加"), f"{made.evidence_id}  {line(made)}"))


@app.command("list", help="The evidence of a work, withdrawn too.")
def list_(work_id: Annotated[str, typer.Argument(metavar="WORK_ID")], json_: Json = False) -> None:
    from provenance.works import evidence

    with application() as opened:
        found = evidence.of_work(opened.db, opened.log.origin, work_id)
    if json_:
        emit_all(found)
        return
    heads = ["id", tr("what", "内容"), tr("entry", "账本条目"), tr("withdrawn (UTC)", "撤回时间（UTC）")]
    table(
        heads,
        (
            [e.evidence_id, line(e), "" if e.receipt is None else str(e.receipt.index), minute(e.withdrawn_at or "")]
            for e in found
        ),
    )


@app.command("withdraw", help="Take evidence back; that it was brought forward stays in the log.")
def withdraw(evidence_id: str, account: Account = None, sign_key: SignKey = None, json_: Json = False) -> None:
    with application() as opened:
        key = given_key(sign_key)
        ended = opened.evidence.withdraw(acting_account(opened.db, account), evidence_id, key)
    if json_:
        emit(ended)
    else:
        say(labelled(tr("withdrawn", "已撤回"), evidence_id))


def line(found: Evidence) -> str:
    """Evidence on one line: date, kind, what it shows, where, and the beginning of its digest."""
    digest = "" if found.digest is None else f"SHA-256 {found.digest[:16]}…"
    parts = [found.date, tr(*KINDS[found.kind]), found.shows or "", found.address or "", digest]
    return " · ".join(part for part in parts if part)


def file_digest(path: Path) -> str:
    """The SHA-256 of a file, hexadecimal; raises `BadInput` if it cannot be read."""
    try:
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
