"""The database's own clock, for leases and due times: machines may differ, the database is one."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class clock(FunctionElement[float]):  # noqa: N801  # used like a function of SQL
    """Unix time in seconds, by the database that evaluates it; on PostgreSQL it goes on within a transaction."""

    type = sa.Double()
    inherit_cache = True


@compiles(clock, "sqlite")
def _sqlite(_element: clock, _compiler: Any, **_options: Any) -> str:
    return "CAST((julianday('now') - 2440587.5) * 86400.0 AS DOUBLE)"


@compiles(clock, "postgresql")
def _postgresql(_element: clock, _compiler: Any, **_options: Any) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) AS DOUBLE PRECISION)"
