"""sourcemark credit: the credit line that makes the marking check pass."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from provenance.errors import BadInput, Unavailable

from .output import language, say, tr
from .session import service


def add_to(app: typer.Typer) -> None:
    app.command("credit", help="The credit line that passes the check, printed or written into a copy. 生成署名行。")(
        command
    )


def command(
    work_id: Annotated[str, typer.Argument(metavar="WORK_ID", help="The work to credit.")],
    format_: Annotated[str, typer.Option("--format", help="text, html or xmp.")] = "text",
    lang: Annotated[str | None, typer.Option(help="Language of the line; default: the interface language.")] = None,
    into: Annotated[Path | None, typer.Option(help="Write it into a copy of this picture, next to it.")] = None,
) -> None:
    if format_ not in ("text", "html", "xmp"):
        raise BadInput(f"--format must be text, html or xmp, not {format_!r}")
    from provenance.marking import credit

    with service() as opened:
        from provenance import works

        work = works.marking_work(works.row(opened, work_id))
    wanted = lang or language()
    if not work.licence or work.licence == "all-rights-reserved":
        note = "no licence grants reuse: besides this line the post must say that permission was given"
        typer.echo(tr(note, "作品未授权转载：除此署名外，还须注明已获许可"), err=True)
    if into is None:
        say(credit.credit_line(work, format_, wanted))
        return
    try:
        data = into.read_bytes()
    except OSError as error:
        raise BadInput(f"{into} cannot be read: {error.strerror}") from error
    target = into.with_name(f"{into.stem}.credited{into.suffix}")
    marked = credit.write_into(data, work, wanted)
    try:
        with target.open("xb") as handle:
            handle.write(marked)
    except FileExistsError:
        raise BadInput(f"{target} exists already: move it away first") from None
    except OSError as error:
        raise Unavailable(f"{target} cannot be written: {error.strerror}") from error
    say(tr("written", "已写入") + f": {target}")
