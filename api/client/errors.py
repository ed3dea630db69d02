"""What a service says no with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provenance.errors import SourcemarkError


class Refused(SourcemarkError):
    """The service answered with a problem.

    Attributes:
        status: HTTP status of the answer.
        retry_after: seconds after which the service wants to be asked again, where it says so.
    """

    def __init__(self, problem: Mapping[str, Any], status: int, retry_after: float | None = None) -> None:
        super().__init__(str(problem.get("detail") or f"the service answered {status}"), reason=problem.get("reason"))
        self.status = status  # type: ignore[misc]
        self.exit_status = 4 if status in (401, 403) else 3 if status >= 500 or status == 429 else 2  # type: ignore[misc]
        self.retry_after = retry_after
        self._problem = dict(problem)

    def problem(self) -> dict[str, Any]:
        return {**super().problem(), **self._problem}
