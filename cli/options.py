"""Options that mean the same in every command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Account = Annotated[str | None, typer.Option(help="Account id or name; default: the local one.")]
SignKey = Annotated[Path | None, typer.Option(help="Sign with the key in this file, not one kept here.")]
Keeper = Annotated[str | None, typer.Option(help="Account that keeps it, id or name; default: the local one.")]
Json = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
