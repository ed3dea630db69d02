"""sourcemark marking: does a post mark the owner and a traceable source? No ledger, no database, no network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from fingerprints.model import Field
from provenance.config import Settings
from provenance.errors import BadInput, Misconfigured, SourcemarkError, from_fingerprint_error

from .. import batch as batches
from ..output import emit_all, marking_word, progress, reason_words, say, tr


def add_to(app: typer.Typer) -> None:
    app.command("marking", help="Check how posts mark owner and source; no ledger needed. 核对署名与来源标注。")(
        command
    )


def command(
    batch: Annotated[str, typer.Option(help="JSON lines with work and post; - for standard input.")],
    trust_anchors: Annotated[Path | None, typer.Option(help="PEM certificates trusted for C2PA manifests.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="One JSON line a case on stdout.")] = False,
) -> int:
    with progress(tr("checking", "核对中"), batches.count_lines(batch)) as step:

        def watched() -> Iterator[dict[str, Any]]:
            for report in _reports(batch, trust_anchors):
                step()
                yield report

        if json_:
            emit_all(watched())
        else:
            for report in watched():
                _show(report)
    return 0


def _reports(batch: str, trust_anchors: Path | None) -> Iterator[dict[str, Any]]:
    from fingerprints.errors import FingerprintError
    from fingerprints.sandbox.pool import Sandbox
    from provenance import marking
    from provenance.config import load_settings

    settings = load_settings()
    if trust_anchors is not None:
        settings = settings.model_copy(update={"trust_anchors": trust_anchors})
    anchors = _anchors(settings, trust_anchors)
    folder = batches.base_folder(batch)
    with Sandbox(settings.workers, settings.limits, anchors) as sandbox:

        def fields_of(path: str) -> tuple[Field, ...]:
            try:
                return sandbox.examine(folder / path).fields
            except FingerprintError as error:
                raise from_fingerprint_error(error) from error

        for line in batches.read_lines(batch):
            case: dict[str, Any] = {}
            try:
                case = batches.parse_json(line)
                yield marking.check_line(case, fields_of)
            except SourcemarkError as error:
                yield {"id": case.get("id"), "status": "error", "error": error.problem()}


def _anchors(settings: Settings, given: Path | None) -> str:
    try:
        return settings.anchors
    except Misconfigured as error:
        if given is None:
            raise
        raise BadInput(str(error).replace("SOURCEMARK_TRUST_ANCHORS", "--trust-anchors")) from error


def _show(report: dict[str, Any]) -> None:
    if "error" in report:
        say(f"✗ {report['id']}: {report['error']['detail']}")
        return
    reasons = reason_words(report["reasons"])
    say(f"{report['id']}: {marking_word(report['verdict'])}" + (f" ({reasons})" if reasons else ""))
