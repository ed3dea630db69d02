"""Commands that are imported when they are named: help and typing mistakes are answered without the libraries."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import Any

import typer
from typer.core import TyperGroup


class LazyCommands(Mapping[str, Any]):
    """The commands by name; the module ``cli.commands.NAME`` is imported when its command is asked for.

    A module has ``add_to``, which adds its commands to an application, or ``app``, a group of commands.
    """

    def __init__(self, helps: Mapping[str, str], homes: Mapping[str, str]) -> None:
        self._helps = helps
        self._homes = homes
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._helps:
            raise KeyError(name)
        if name not in self._loaded:
            self._loaded[name] = _load(self._homes.get(name, name), name, self._helps[name])
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._helps)

    def __len__(self) -> int:
        return len(self._helps)


def _load(home: str, name: str, about: str) -> Any:
    module = importlib.import_module(f"cli.commands.{home}")
    alone = typer.Typer(add_completion=False, rich_markup_mode=None)
    group: typer.Typer | None = getattr(module, "app", None)
    if group is not None:
        alone.add_typer(group, name=name, help=about)
    else:
        module.add_to(alone)
    command: Any = dict(typer.main.get_group(alone).commands)[name]
    command.help = about
    return command


def group_of(helps: Mapping[str, str], homes: Mapping[str, str]) -> type[TyperGroup]:
    """A class of groups that have these commands.

    Args:
        helps: what each command does, by its name, in the order of the help page.
        homes: the modules of those that stand in one of another name.
    """

    class Group(TyperGroup):
        def __init__(self, **options: Any) -> None:
            super().__init__(**{**options, "commands": None})
            self.commands = LazyCommands(helps, homes)  # type: ignore[assignment]  # nothing is ever added

        def list_commands(self, ctx: Any) -> list[str]:
            return list(helps)

        def format_commands(self, ctx: Any, formatter: Any) -> None:
            with formatter.section("Commands"):
                formatter.write_dl(list(helps.items()))

    return Group
