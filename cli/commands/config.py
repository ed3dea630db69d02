"""sourcemark config: every setting, its value in force, where it comes from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from ..output import emit, table, tr

if TYPE_CHECKING:
    pass


def add_to(app: typer.Typer) -> None:
    app.command("config")(command)


def command(json_: Annotated[bool, typer.Option("--json", help="As a JSON object.")] = False) -> None:
    from provenance.config import Settings, load_settings

    settings = load_settings()
    values = {}
    for name in Settings.model_fields:
        value = getattr(settings, name)
        if name == "database_url" and value:  # its password is nobody's business
            import sqlalchemy

            value = sqlalchemy.make_url(value).render_as_string(hide_password=True)
        values["SOURCEMARK_" + name.upper()] = value
    if json_:
        emit(
            {
                name: value if value is None or isinstance(value, (int, bool)) else str(value)
                for name, value in values.items()
            }
        )
        return
    table(
        [tr("setting", "设置"), tr("value", "值"), tr("from", "来源"), tr("meaning", "含义")],
        (
            [
                name,
                "" if value is None else str(value),
                tr("environment", "环境变量") if os.environ.get(name) else tr("default", "默认"),
                Settings.model_fields[name.removeprefix("SOURCEMARK_").lower()].description or "",
            ]
            for name, value in values.items()
        ),
    )
