"""sourcemark marking: does a post mark the owner and a traceable source? No ledger, no database, no network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from fingerprints.source import Source
from provenance.errors import BadInput, Misconfigured, SourcemarkError, from_fingerprint_error

from .. import batch as batches
from ..bars import progress
from ..output import emit_all, marking_word, reason_words, say, tr

if TYPE_CHECKING:
    from fingerprints.model import Field
    from provenance.config import Settings
    from provenance.marking import Report  # imports lxml, which the other commands do without


Outcome: TypeAlias = "tuple[object, Report | SourcemarkError]"  # the id of a case, and what became of it


def add_to(app: typer.Typer) -> None:
    app.command("marking")(command)


def command(
    batch: Annotated[str, typer.Option(help="JSON lines with work and post; - for standard input.")],
    trust_anchors: Annotated[Path | None, typer.Option(help="PEM certificates trusted for C2PA manifests.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="One JSON line a case on stdout.")] = False,
) -> int:
    with progress(tr("checking", "核对中"), batches.count_lines(batch)) as step:

        def watched() -> Iterator[Outcome]:
            for outcome in _outcomes(batch, trust_anchors):
                step()
                yield outcome

        if json_:
            emit_all(_json(*outcome) for outcome in watched())
        else:
            for outcome in watched():
                _show(*outcome)
    return 0


def _outcomes(batch: str, trust_anchors: Path | None) -> Iterator[Outcome]:
    from fingerprints.errors import FingerprintError
    from fingerprints.sandbox.pool import Sandbox
    from provenance.config import load_settings
    from provenance.marking import Case, check

    settings = load_settings()
    if trust_anchors is not None:
        settings = settings.model_copy(update={"trust_anchors": trust_anchors})
    anchors = _anchors(settings, trust_anchors)
    folder = batches.base_folder(batch)
    with Sandbox(settings.workers, settings.limits, anchors) as sandbox:

        def fields_of(path: str) -> tuple[Field, ...]:
            try:
                return sandbox.examine(Source.file(folder / path)).fields
            except FingerprintError as error:
                raise from_fingerprint_error(error) from error

        for number, line in batches.read_lines(batch):
            raw: dict[str, Any] = {}
            try:
                raw = batches.parse_json(line)
                case = Case.from_json(raw, fields_of)
                yield case.id, check(case.work, case.post)
            except SourcemarkError as error:
                error.detail = f"line {number}: {error.detail}"
                yield raw.get("id"), error


def _anchors(settings: Settings, given: Path | None) -> str:
    try:
        return settings.anchors
    except Misconfigured as error:
        if given is None:
            raise
        raise BadInput(str(error).replace("SOURCEMARK_TRUST_ANCHORS", "--trust-anchors")) from error


def _json(id_: object, outcome: Report | SourcemarkError) -> dict[str, Any]:
    if isinstance(outcome, SourcemarkError):
        return {"id": id_, "status": "error", "error": outcome.problem()}
    return {"id": id_, **outcome.to_json()}


def _show(id_: object, outcome: Report | SourcemarkError) -> None:
    if isinstance(outcome, SourcemarkError):
        say(f"✗ {id_}: {outcome.problem()['detail']}")
        return
    reasons = reason_words(outcome.reasons)
    say(f"{id_}: {marking_word(outcome.verdict)}" + (f" ({reasons})" if reasons else ""))
