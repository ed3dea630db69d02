"""The table by which the standing of official accounts is reckoned: weights, windows and levels, in TOML."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Self, get_args

from pydantic import Field, ValidationError, model_validator

from ..errors import Misconfigured
from ..json_input import one_line
from ..schema_fields import Name, Request
from ..schemas.standing import Counter

SHIPPED = Path(__file__).with_name("standing.toml")
_MOST_DAYS = 36_500


class Weighing(Request):
    """How much one confirmed thing weighs, and for how many days."""

    weight: Annotated[int, Field(ge=0, le=1000)]
    days: Annotated[int, Field(ge=1, le=_MOST_DAYS)]


class Level(Request):
    """From how many points on an account is at it."""

    name: Name
    points: Annotated[int, Field(ge=0)]


class StandingTable(Request):
    counters: dict[Counter, Weighing]
    levels: Annotated[list[Level], Field(min_length=1, max_length=20)]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        missing = [counter for counter in get_args(Counter) if counter not in self.counters]
        if missing:
            raise ValueError(f"counters.{missing[0]}: is missing")
        points = [level.points for level in self.levels]
        if points[0] != 0 or points != sorted(set(points)):
            raise ValueError("levels: the first has 0 points, each one after it more than the one before")
        return self

    def level(self, points: int) -> int:
        """The place in `levels` of an account with so many points."""
        return max(n for n, level in enumerate(self.levels) if level.points <= points)


def read(path: Path | None) -> StandingTable:
    """The table in a file, or the one that is shipped; raises `Misconfigured`."""
    try:
        with (path or SHIPPED).open("rb") as handle:
            return StandingTable.model_validate(tomllib.load(handle))
    except ValidationError as error:
        raise Misconfigured(f"SOURCEMARK_STANDING_TABLE: {path}: {one_line(error)}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misconfigured(f"SOURCEMARK_STANDING_TABLE: {path} is not TOML: {error}") from error
    except OSError as error:
        raise Misconfigured(f"SOURCEMARK_STANDING_TABLE: {path} cannot be read: {error.strerror}") from error
