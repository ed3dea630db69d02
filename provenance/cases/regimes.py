"""The regimes that complaints may be brought under: data, in TOML; an operator's file adds to what is shipped."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, model_validator

from ..errors import BadInput, Misconfigured
from ..json_input import one_line
from ..names import printable
from ..schema_fields import Request
from ..schemas.regimes import Calendar, Id, Regime

SHIPPED = Path(__file__).with_name("regimes.toml")


class Regimes(Request):
    """
    Attributes:
        offered: the regimes that a notice may name; the first is that of a notice that names none.
    """

    offered: Annotated[list[Id], Field(min_length=1, max_length=100)]
    calendars: dict[Id, Calendar]
    regimes: dict[Id, Regime]

    @model_validator(mode="after")
    def _agree(self) -> Self:
        for name in self.offered:
            if name not in self.regimes:
                raise ValueError(f"offered: there is no regime {name}; there are {', '.join(self.regimes)}")
        for name, regime in self.regimes.items():
            if regime.calendar not in self.calendars:
                raise ValueError(
                    f"regimes.{name}.calendar: there is no calendar {regime.calendar}; "
                    f"there are {', '.join(self.calendars)}"
                )
        return self

    def choose(self, name: str | None) -> str:
        """The id of the regime of a new notice; raises `BadInput` for one that is not offered."""
        if name is None:
            return self.offered[0]
        if name not in self.offered:
            raise BadInput(f"regime: {printable(name[:60])} is not offered here; choose of {', '.join(self.offered)}")
        return name

    def of(self, name: str) -> Regime:
        """A regime that a case names; raises `Misconfigured` when the operator has taken it out of the file since."""
        if name not in self.regimes:
            raise Misconfigured(f"SOURCEMARK_REGIMES: there are cases under the regime {name}: put it back")
        return self.regimes[name]

    def calendar(self, name: str) -> Calendar:
        """The calendar of a regime; raises as `of`."""
        return self.calendars[self.of(name).calendar]


def read(path: Path | None) -> Regimes:
    """What is shipped, with what the operator's file adds or puts in its place by id.

    Raises:
        Misconfigured: the file cannot be used; one line says why.
    """
    return _shipped() if path is None else _merged(path)


@lru_cache(maxsize=1)
def _shipped() -> Regimes:
    return Regimes.model_validate(_content(SHIPPED))


def _merged(path: Path) -> Regimes:
    shipped, own = _content(SHIPPED), _own_content(path)
    try:
        merged = {
            **own,
            "offered": own.get("offered", shipped["offered"]),
            "calendars": {**shipped["calendars"], **own.get("calendars", {})},
            "regimes": {**shipped["regimes"], **own.get("regimes", {})},
        }
        return Regimes.model_validate(merged)
    except TypeError:
        raise Misconfigured(f"SOURCEMARK_REGIMES: {path}: calendars and regimes must be tables") from None
    except ValidationError as error:
        raise Misconfigured(f"SOURCEMARK_REGIMES: {path}: {one_line(error)}") from error


def _own_content(path: Path) -> dict[str, Any]:
    try:
        return _content(path)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misconfigured(f"SOURCEMARK_REGIMES: {path} is not TOML: {error}") from error
    except OSError as error:
        raise Misconfigured(f"SOURCEMARK_REGIMES: {path} cannot be read: {error.strerror}") from error


def _content(path: Path) -> dict[str, Any]:
    with path.open("rb") as handle:
        return tomllib.load(handle)
