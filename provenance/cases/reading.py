"""Cases as they are read: by the platform that decides, and by each party, who sees what the regime lets it see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ..database import paging
from ..database.engine import Database
from ..database.tables import accounts, case_addresses, case_parties, cases, entries, now, works
from ..errors import NotFound
from ..ledger.log import Log
from ..scans.sightings import key_of
from ..schemas.case import Actor, CaseFile, CaseRecord, CaseSummary, Clock, Role, State, StepRecord
from ..schemas.regimes import Regime
from ..schemas.works import ReceiptRef
from ..works.receipt_builder import build_step_receipt
from . import contents, files, parties, rows
from .regimes import Regimes
from .transitions import allowed

_PRIVATE = ("message", "measure")  # steps that only those see whom they are addressed to


@dataclass(frozen=True, slots=True)
class Sought:
    """Which cases to list: those that fit all that is given.

    Attributes:
        overdue: whose clock has run out.
        assignee: id or name of the person.
    """

    state: State | None = None
    overdue: bool = False
    assignee: str | None = None
    address: str | None = None
    work_id: str | None = None

    def conditions(self) -> Iterator[sa.ColumnElement[bool]]:
        if self.state is not None:
            yield cases.c.state == self.state
        if self.overdue:
            yield cases.c.due < now()
        if self.assignee is not None:
            yield sa.or_(cases.c.assignee == self.assignee, cases.c.assignee_name == self.assignee)
        if self.address is not None:
            yield at_address(self.address)
        if self.work_id is not None:
            yield works.c.work_id == self.work_id


def at_address(url: str) -> sa.ColumnElement[bool]:
    """Cases about a post with this address."""
    return sa.exists().where(case_addresses.c.case == cases.c.id, case_addresses.c.key == key_of("url", url))


def page(
    db: Database, account_id: str | None, sought: Sought, *, after: int = 0, limit: int = 100
) -> tuple[list[CaseSummary], int | None]:
    """Cases of a platform (None: of all), oldest first, and the cursor of the next page or None."""
    query = select().where(*sought.conditions())
    if account_id is not None:
        query = query.where(cases.c.account_id == account_id)
    with db.read() as connection:
        found, more = paging.page(connection, query, cases.c.id, after, limit)
        urls = addresses(connection, [row.id for row in found])
    return [CaseSummary(**_summary(row, urls.get(row.id, []))) for row in found], more


def overdue(db: Database, account_id: str | None) -> int:
    """How many cases of a platform (None: of all) have a clock that has run out."""
    query = sa.select(sa.func.count()).select_from(cases).where(cases.c.due < now())
    if account_id is not None:
        query = query.where(cases.c.account_id == account_id)
    with db.read() as connection:
        return int(connection.execute(query).scalar_one())


def select() -> sa.Select[Any]:
    """All that a summary needs of cases; may be narrowed by `tables.cases` and `tables.works`."""
    first = cases.alias("first")
    return (
        sa.select(cases, accounts.c.name.label("platform"), works.c.work_id, first.c.case_id.label("first_case"))
        .join(accounts, accounts.c.id == cases.c.account_id)
        .outerjoin(works, works.c.id == cases.c.work)
        .outerjoin(first, first.c.id == cases.c.repeats)
    )


def addresses(connection: sa.Connection, numbers: list[int]) -> dict[int, list[str]]:
    """The addresses of cases, by their internal numbers."""
    query = sa.select(case_addresses).where(case_addresses.c.case.in_(numbers))
    found: dict[int, list[str]] = {}
    for row in connection.execute(query.order_by(case_addresses.c.case, case_addresses.c.number)):
        found.setdefault(row.case, []).append(row.url)
    return found


def _summary(row: sa.Row[Any], urls: list[str]) -> dict[str, Any]:
    names = ("case_id", "platform", "regime", "state", "work_id", "sighting_id", "finding")
    return {
        **{name: getattr(row, name) for name in (*names, "filed_at", "changed_at", "closed_at")},
        "addresses": urls,
        "repeats": row.first_case,
        "assignee": row.assignee_name or row.assignee,
        "clock": None if row.clock is None else Clock(name=row.clock, due=row.due, overdue=row.due < now()),
    }


# --- one case ------------------------------------------------------------------------------------------------------
def get(db: Database, log: Log, regimes: Regimes, case_id: str, account_id: str | None) -> CaseRecord:
    """A case as the platform that decides sees it (None: any platform's); raises `NotFound`."""
    with db.read() as connection:
        row = rows.find(connection, case_id, account_id)
        return _Reading(connection, log.origin, regimes.of(row.regime), None, row.id).record()


def for_party(db: Database, log: Log, regimes: Regimes, party: int) -> CaseRecord:
    """A case as one of its parties sees it, by the number of the party's row."""
    with db.read() as connection:
        row, case = _party(connection, party)
        return _Reading(connection, log.origin, regimes.of(case.regime), row.role, case.id).record()


def party_of(db: Database, case_id: str, account_id: str) -> int:
    """The number of the party of a case who reads it by a key of this account; raises `NotFound`."""
    query = sa.select(case_parties.c.id).join(cases, cases.c.id == case_parties.c.case)
    with db.read() as connection:
        mine = query.where(cases.c.case_id == case_id, case_parties.c.account_id == account_id)
        found = connection.execute(mine).scalar()
    if found is None:
        raise NotFound(f"no case of yours has the id {case_id!r:.80}")
    return int(found)


def place_of(db: Database, party: int) -> tuple[str, Role]:
    """The id of a party's case, and the party's role in it."""
    with db.read() as connection:
        row, case = _party(connection, party)
        return case.case_id, row.role


def _party(connection: sa.Connection, party: int) -> tuple[sa.Row[Any], sa.Row[Any]]:
    row = connection.execute(sa.select(case_parties).where(case_parties.c.id == party)).first()
    if row is None:
        raise NotFound("there is no such party")
    return row, connection.execute(sa.select(cases).where(cases.c.id == row.case)).one()


@dataclass(frozen=True, slots=True)
class _Reading:
    """A case as somebody reads it.

    Attributes:
        reader: None: staff.
        number: internal one of the case.
    """

    connection: sa.Connection
    origin: str
    regime: Regime
    reader: Role | None
    number: int

    def record(self) -> CaseRecord:
        row = self.connection.execute(select().where(cases.c.id == self.number)).one()
        summary = _summary(row, rows.addresses(self.connection, self.number))
        if self.reader is not None:
            summary |= {"assignee": None, "sighting_id": None}
        asked = row.state in ("received", "incomplete")
        actor: Actor = self.reader or "staff"
        return CaseRecord(
            **summary,
            missing=contents.lacking(rows.notice(self.connection, self.number), self.regime) if asked else [],
            parties=[
                parties.record(each, self.reader, self.regime)
                for each in rows.parties(self.connection, self.number).values()
            ],
            steps=self.steps(),
            allowed=allowed(row.state, actor),
        )

    def steps(self) -> list[StepRecord]:
        taken = rows.steps(self.connection, self.number)
        opened = rows.opened(self.connection, [row.leaf_hash for row in taken])
        query = sa.select(entries.c.leaf_hash, entries.c.idx)
        entered = self.connection.execute(query.where(entries.c.leaf_hash.in_([row.leaf_hash for row in taken])))
        indexes: dict[bytes, int] = {row.leaf_hash: row.idx for row in entered}
        return [
            self._step(row, opened.get(row.leaf_hash, {}), indexes.get(row.leaf_hash))
            for row in taken
            if sees_step(row, opened.get(row.leaf_hash, {}), self.reader)
        ]

    def _step(self, row: sa.Row[Any], opened: Mapping[str, Any], index: int | None) -> StepRecord:
        facts = {name: value for name, value in opened.get(rows.FACTS, {}).items() if name not in _IN_COLUMNS}
        if self.reader == "poster":
            facts.pop("sender", None)
        return StepRecord(
            step_id=row.step_id,
            number=row.number,
            name=row.name,
            state=row.state,
            actor=row.actor,
            reviewer_name=(row.reviewer_name or row.reviewer) if self.reader is None else None,
            at=row.at,
            facts=facts,
            said=self._said(row, opened.get(rows.SAID)),
            files=self._files(row),
            receipt=None if index is None else ReceiptRef(origin=self.origin, index=index),
        )

    def _said(self, row: sa.Row[Any], said: Any) -> dict[str, Any] | None:
        """What was said, without what the other side may not know of who said it."""
        if not isinstance(said, dict) or row.actor not in ("notifier", "poster"):
            return said if isinstance(said, dict) else None
        return {
            name: parties.hide(value, row.actor, self.reader, self.regime) if isinstance(value, dict) else value
            for name, value in said.items()
        }

    def _files(self, row: sa.Row[Any]) -> list[CaseFile]:
        return files.of_step(self.connection, row.id)


_IN_COLUMNS = ("case", "number", "step", "state", "actor", "at")


def sees_step(row: sa.Row[Any], opened: Mapping[str, Any], reader: Role | None) -> bool:
    """Whether a reader may know of a step at all: messages and measures are for those they are addressed to."""
    if reader is None or row.name not in _PRIVATE or row.actor == reader:
        return True
    facts = opened.get(rows.FACTS, {})
    return reader in facts.get("to", ()) or reader == facts.get("against")


# --- files and receipts --------------------------------------------------------------------------------------------
def file(
    db: Database,
    kept: files.CaseFiles,
    case_id: str,
    file_id: str,
    reader: Role | None,
    account_id: str | None = None,
) -> tuple[str, bytes]:
    """Name and content of a file of a case.

    Args:
        reader: the party who reads, shown to be one of this case; None: staff.
        account_id: the platform whose case it is; None: any.

    Raises:
        NotFound: there is none, only its hash is kept, or it belongs to a step that the reader may not see.
        LedgerReadOnly: see `CaseFiles.open`.
    """
    with db.read() as connection:
        case = rows.find(connection, case_id, account_id)
        row, step = files.find(connection, case.id, file_id)
        if not sees_step(step, rows.opened(connection, [step.leaf_hash]).get(step.leaf_hash, {}), reader):
            raise NotFound(f"no file of this case has the id {file_id!r:.80}")
    return str(row.name), kept.open(row)


def receipt(db: Database, log: Log, case_id: str, number: int, reader: Role | None) -> dict[str, bytes]:
    """The files of the receipt of a step, by which a party proves offline when it said something.

    What a party said is opened for that party and for staff only.

    Args:
        number: of the step in its case.
        reader: as of `file`.

    Raises:
        NotFound: there is no such step, or its entry is not in the log yet.
    """
    with db.read() as connection:
        case = rows.find(connection, case_id, None)
        step = next((row for row in rows.steps(connection, case.id) if row.number == number), None)
        if step is not None:
            opened = rows.opened(connection, [step.leaf_hash]).get(step.leaf_hash, {})
    if step is None or not sees_step(step, opened, reader):
        raise NotFound(f"{case_id} has no step {number}")
    shown = [rows.FACTS] if reader is not None and step.actor not in (reader, "staff") else [rows.FACTS, rows.SAID]
    return build_step_receipt(db, log, step.leaf_hash, shown)
