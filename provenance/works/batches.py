"""Many works in one request, answered at once or by a job."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from fingerprints.source import Source

from ..accounts import accounts
from ..database.engine import Database
from ..errors import BadInput
from ..jobs.queue import JobKind, Run
from ..json_input import parse_each
from ..schema_fields import Request
from ..schemas import NewWork, RegistrationItem
from .registration import Registrar, RegistrationRequest

KIND = "register-batch"


class RegistrationBatch(Request):
    """What a job is given that registers works."""

    items: list[Any]


def requests(items: Iterable[Any]) -> Iterator[RegistrationRequest]:
    """Works as they came in JSON; a wrong one is a request that cannot be carried out."""
    for new, wrong in parse_each(NewWork, items):
        yield RegistrationRequest(
            RegistrationItem.model_validate(new.model_dump()),
            wrong or (BadInput("text: is needed") if new.text is None else Source.text(new.text)),
        )


def job_kind(db: Database, registrar: Registrar, group: int) -> JobKind[RegistrationBatch]:
    """Jobs that register works; what a killed worker had registered already is answered as such.

    Args:
        group: registrations that share a transaction.
    """

    def run(attempt: Run, batch: RegistrationBatch) -> Mapping[str, Any]:
        account = accounts.find(db, attempt.account_id)
        total = len(batch.items)
        results = registrar.register(account, requests(batch.items[attempt.saved :]))
        while registered := list(islice(results, group)):
            attempt.save(registered, (attempt.saved + len(registered)) / total)
        return {"items": total, "outcomes": attempt.outcomes("status")}

    return JobKind(KIND, RegistrationBatch, run)
