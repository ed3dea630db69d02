"""sourcemark receipt: the proof of a registration, for a stranger to check without us."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .output import say, tr
from .session import service


def add_to(app: typer.Typer) -> None:
    app.command("receipt", help="Write the proof of a registration to a folder or .zip. 导出登记凭证。")(command)


def command(
    work_id: Annotated[str, typer.Argument(metavar="WORK_ID")],
    out: Annotated[Path, typer.Option(help="A new folder, or a file ending in .zip.")],
) -> None:
    with service() as opened:
        from provenance import receipts
        from provenance.ledger import receipt

        receipt.write(receipts.build(opened, work_id), out)
    say(tr("receipt written", "凭证已写入") + f": {out}")
    say(tr("check it with", "核验命令") + f": sourcemark verify {out}")
