"""Commands with many options: options that belong together are the fields of one dataclass."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, get_type_hints

from provenance.errors import BadInput

T = TypeVar("T")


def refuse(given: Mapping[str, Any], why: str) -> None:
    """Refuse options that would be ignored: nothing that somebody wrote may vanish.

    Args:
        given: values by the names of their options; None, False and empty ones were not given.
        why: they cannot stand there, and what to do.

    Raises:
        BadInput: one of them was given.
    """
    for option, value in given.items():
        if value:
            raise BadInput(f"{option}: {why}")


def given(**values: Any) -> dict[str, Any]:
    """Those of these fields that were given."""
    return {name: value for name, value in values.items() if value}


def grouped(command: Callable[..., T]) -> Callable[..., T]:
    """A command whose parameters that are dataclasses appear to Typer as one option a field, in their place."""
    hints = get_type_hints(command, include_extras=True)
    groups: dict[str, type[Any]] = {}
    options: list[inspect.Parameter] = []
    for parameter in inspect.signature(command).parameters.values():
        kind = hints[parameter.name]
        if isinstance(kind, type) and dataclasses.is_dataclass(kind):
            groups[parameter.name] = kind
            options += inspect.signature(kind).parameters.values()
            hints |= get_type_hints(kind, include_extras=True)
        else:
            options.append(parameter)

    @functools.wraps(command)
    def called(**values: Any) -> T:
        made = {
            name: kind(**{field.name: values.pop(field.name) for field in dataclasses.fields(kind)})
            for name, kind in groups.items()
        }
        return command(**values, **made)

    keywords = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints[each.name]) for each in options]
    called.__signature__ = inspect.Signature(keywords)  # type: ignore[attr-defined]
    called.__annotations__ = {each.name: each.annotation for each in keywords}
    return called
