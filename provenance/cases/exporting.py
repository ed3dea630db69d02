"""A case as files, for a court, an authority or an archive; and cases as lines of a table."""

from __future__ import annotations

import re
from pathlib import Path

from ..database.engine import Database
from ..errors import BadInput
from ..ledger.log import Log
from ..names import json_line
from ..schemas.case import CaseSummary
from ..tlog import receipt
from . import reading
from .files import CaseFiles
from .regimes import Regimes

COLUMNS = (
    *("case_id", "regime", "state", "finding", "work_id", "addresses", "assignee", "clock", "due", "overdue"),
    *("filed_at", "changed_at", "closed_at"),
)
_UNSAFE = re.compile(r"[^\w.-]+")
_LONGEST_NAME = 100


def cells(case: CaseSummary) -> list[object]:
    """A case as a line of a table under `COLUMNS`."""
    clock = case.clock
    told = {
        **case.model_dump(),
        "addresses": " ".join(case.addresses),
        "clock": clock and clock.name,
        "due": clock and clock.due,
        "overdue": clock is not None and clock.overdue,
    }
    return [told[name] for name in COLUMNS]


def write(
    db: Database, log: Log, regimes: Regimes, store: CaseFiles, case_id: str, account_id: str | None, folder: Path
) -> int:
    """Write a case into a new folder: ``case.json``, its files, the receipt of each step; returns how many files.

    Args:
        account_id: the platform whose case it is; None: any.

    Raises:
        NotFound: there is no such case.
        BadInput: the folder is there already.
        OSError: it cannot be written.
    """
    case = reading.get(db, log, regimes, case_id, account_id)
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        raise BadInput(f"{folder} is there already: name a new folder") from None
    (folder / "case.json").write_text(json_line(case.model_dump(mode="json")) + "\n", encoding="utf-8")
    count = 1
    for step in case.steps:
        if step.receipt is not None:
            proof = reading.receipt(db, log, case_id, step.number, None)
            (folder / f"step-{step.number}.receipt.zip").write_bytes(receipt.to_zip(proof))
            count += 1
        for file in step.files:
            if file.kept:
                name, content = reading.file(db, store, case_id, file.file_id, None, account_id)
                (folder / f"{file.file_id}-{_plain(name)}").write_bytes(content)
                count += 1
    return count


def _plain(name: str) -> str:
    """A name that a stranger gave a file, as every file system takes it."""
    return _UNSAFE.sub("_", name)[-_LONGEST_NAME:]
