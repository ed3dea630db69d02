"""sourcemark lookup: where was a work reused?"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fingerprints.source import Source
from provenance.errors import BadInput, NotFound, Unavailable

from ..output import emit_all, emit_csv, language, marking_word, minute, percent, say, table, tr, verdict_word
from ..session import application

if TYPE_CHECKING:
    from provenance.application import Application
    from provenance.schemas import SightingRecord


def add_to(app: typer.Typer) -> None:
    app.command("lookup")(command)


def command(
    work: Annotated[
        str | None, typer.Argument(metavar="WORK_ID|FILE", help="A work's id or a file of it; default: all yours.")
    ] = None,
    owner: Annotated[str | None, typer.Option(help="Works of this owner.")] = None,
    since: Annotated[str | None, typer.Option(help="Seen on this date or later, for example 2026-01-31.")] = None,
    evidence: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Also write a page for each sighting into this folder.")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="One JSON line a sighting on stdout.")] = False,
    csv_: Annotated[bool, typer.Option("--csv", help="Comma-separated values on stdout.")] = False,
) -> None:
    if json_ and csv_:
        raise BadInput("--json and --csv exclude each other")
    with application() as opened:
        from provenance.accounts import accounts
        from provenance.scans import sightings
        from provenance.works import catalog

        if owner is not None:
            catalog.check_owner(opened.db, owner)
        mine = accounts.local(opened.db).id if work is None and owner is None else None
        work_ids = None if work is None else _work_ids(opened, work)
        found = _pages(opened, mine, work_ids, owner, sightings.parse_since(since))
        if evidence is not None:
            found = _with_evidence(opened, found, evidence)
        if json_:
            emit_all(found)
        elif csv_:
            _write_csv(found)
        else:
            seen = list(found)
            _show(seen)
            if evidence is not None and seen:
                say(tr("evidence is in", "证据已写入") + f" {evidence}")


def _work_ids(opened: Application, work: str) -> list[str]:
    if work.startswith("work_") and not Path(work).exists():
        from provenance.works import catalog

        return [catalog.get(opened.db, opened.log.origin, work).work_id]

    upload = opened.examiner.examine(Source.file(Path(work)), thorough=True).fingerprint
    found = [each.work.work_id for each in opened.matcher.find(upload).found]
    if not found:
        raise NotFound(f"{work} is no registered work: name one, or give a work's id")
    return found


def _pages(
    opened: Application, account_id: str | None, work_ids: list[str] | None, owner: str | None, since: str | None
) -> Iterator[SightingRecord]:
    from provenance.database.paging import everything
    from provenance.scans import sightings

    return everything(partial(sightings.page, opened.db, account_id, work_ids=work_ids, owner=owner, since=since))


def _with_evidence(opened: Application, found: Iterator[SightingRecord], folder: Path) -> Iterator[SightingRecord]:
    """Writes of each sighting that passes a page, and the picture in it as a file of its own."""
    from provenance.scans import evidence_page

    for seen in found:
        made = evidence_page.make(opened.db, seen.sighting_id, None, language())
        files = {f"{seen.sighting_id}.html": made.html, f"{seen.sighting_id}.png": made.picture}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name, data in files.items():
                if data is not None:
                    (folder / name).write_bytes(data)
        except OSError as error:
            raise Unavailable(f"{folder} cannot be written: {error.strerror}") from error
        yield seen


def _write_csv(found: Iterator[SightingRecord]) -> None:
    from provenance.scans import sightings

    emit_csv(sightings.COLUMNS, map(sightings.cells, found))


def _show(found: list[SightingRecord]) -> None:
    if not found:
        say(tr("not seen anywhere yet", "尚无转载记录"))
        return
    table(
        [
            tr("seen (UTC)", "时间（UTC）"),
            tr("work", "作品"),
            tr("platform", "平台"),
            tr("where", "位置"),
            tr("how much", "占比"),
            tr("marking", "标注"),
            tr("verdict", "结论"),
        ],
        (
            [
                minute(s.seen_at),
                s.title or tr("(erased)", "（已删除）"),
                s.platform,
                s.post_url or s.account or "-",
                percent(s.coverage.work),
                marking_word(str(s.marking.get("verdict", ""))),
                verdict_word(s.verdict),
            ]
            for s in found
        ),
    )
