"""sourcemark credit: the credit line that makes the marking check pass."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from provenance.errors import BadInput, Unavailable

from ..option_groups import refuse
from ..output import (
    labelled,
    language,
    say,
    say_lines,
    tr,
)
from ..session import application


def add_to(app: typer.Typer) -> None:
    app.command("credit")(command)


def command(
    work_id: Annotated[str, typer.Argument(metavar="WORK_ID", help="The work to credit.")],
    format_: Annotated[str | None, typer.Option("--format", help="text (default), html or xmp.")] = None,
    lang: Annotated[str | None, typer.Option(help="Language of the line; default: the interface language.")] = None,
    into: Annotated[Path | None, typer.Option(help="Write it into a copy of this file, next to it.")] = None,
    permission: Annotated[bool, typer.Option("--permission", help="State that permission was given to you.")] = False,
    sign_key: Annotated[Path | None, typer.Option(help="With --into: sign a C2PA manifest with this key, PEM.")] = None,
    sign_chain: Annotated[Path | None, typer.Option(help="The certificate chain of --sign-key, PEM.")] = None,
) -> None:
    if into is not None:
        refuse({"--format": format_}, "is of what is printed: the file of --into says how its credit is written")
    format_ = format_ or "text"
    if format_ not in ("text", "html", "xmp"):
        raise BadInput(f"--format must be text, html or xmp, not {format_!r}")
    if (sign_key is None) is not (sign_chain is None) or (sign_key is not None and into is None):
        raise BadInput("--sign-key and --sign-chain are given together, and with --into")
    from provenance.marking import credit_line, licences, write_into

    with application() as opened:
        from provenance.works import catalog

        work = catalog.marking_work(catalog.find(opened.db, work_id))
    wanted = lang or language()
    if licences.parse(work.licence).family == "reserved" and not permission:
        note = "no licence grants reuse: besides this line the post must say that permission was given"
        typer.echo(tr(note, "作品未授权转载：除此署名外，还须注明已获许可"), err=True)
    if into is None:
        say_lines(credit_line(work, format_, wanted, permission=permission))
        return
    data = _read(into)
    target = into.with_name(f"{into.stem}.credited{into.suffix}")
    marked = write_into(data, work, wanted, permission=permission)
    if sign_key is not None and sign_chain is not None:
        from provenance.marking.c2pa_credit import sign

        marked = sign(marked, work, _read(sign_chain), _read(sign_key))
    try:
        with target.open("xb") as handle:
            handle.write(marked)
    except FileExistsError:
        raise BadInput(f"{target} exists already: move it away first") from None
    except OSError as error:
        raise Unavailable(f"{target} cannot be written: {error.strerror}") from error
    say(labelled(tr("written", "已写入"), str(target)))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
