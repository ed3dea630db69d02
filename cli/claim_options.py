"""Options that name fields of a claim: the same when a work is registered and when its claim is amended."""

from __future__ import annotations

from typing import Annotated

import typer

OwnerAliases = Annotated[list[str] | None, typer.Option(help="Another name of the owner; may be repeated.")]
Authors = Annotated[list[str] | None, typer.Option(help="Author; may be repeated.")]
SourceName = Annotated[str | None, typer.Option(help="Where it was first published.")]
SourceUrls = Annotated[list[str] | None, typer.Option(help="Address of that; may be repeated.")]
SourceHandle = Annotated[str | None, typer.Option(help="Account id of the source on a platform.")]
Identifiers = Annotated[list[str] | None, typer.Option(help="DOI, ISBN, ISRC ...; may be repeated.")]
Licence = Annotated[str | None, typer.Option(help="An SPDX id such as CC-BY-4.0, one of ours, or other:TEXT.")]
PublishedAt = Annotated[str | None, typer.Option(help="First publication, for example 2026-01-31.")]
