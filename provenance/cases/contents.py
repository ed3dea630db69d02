"""What a notice is about, what it lacks, and which earlier one it repeats."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from ..database.tables import case_addresses, cases, works
from ..errors import BadInput
from ..scans.sightings import key_of
from ..schemas.notice import CounterNotice, NoticeContent
from ..schemas.regimes import Regime
from . import parties, rows


def work_number(connection: sa.Connection, work_id: str | None) -> int | None:
    """The internal number of a registered work; raises `BadInput` where there is none of that id."""
    if work_id is None:
        return None
    found = connection.execute(sa.select(works.c.id).where(works.c.work_id == work_id)).scalar()
    if found is None:
        raise BadInput(f"work_id: no work has the id {work_id!r:.80}: describe it in work_description")
    return int(found)


def subject_columns(content: NoticeContent, work: int | None) -> dict[str, Any]:
    """The columns of a case that say what it is about."""
    about = content.work_id or f"described\0{(content.work_description or '').casefold()}"
    named = "\0".join([about, *sorted(set(content.addresses))])
    return {"work": work, "subject": hashlib.sha256(named.encode()).digest()}


def write_addresses(connection: sa.Connection, case: int, urls: Sequence[str]) -> None:
    """The addresses that a case is about, in place of those before."""
    connection.execute(case_addresses.delete().where(case_addresses.c.case == case))
    found = list(dict.fromkeys(urls))
    if found:
        connection.execute(
            case_addresses.insert(),
            [{"case": case, "number": n, "key": key_of("url", url), "url": url} for n, url in enumerate(found)],
        )


def lacking(content: NoticeContent, regime: Regime) -> list[str]:
    """What a notice lacks of what its regime asks for, by the names of the regime's fields."""
    has: dict[str, Any] = {
        "work": content.work_id or content.work_description,
        "evidence": content.files or content.work_id,
    }
    return [name for name in regime.notice if not (has[name] if name in has else getattr(content, name))]


def repeats(connection: sa.Connection, case: sa.Row[Any]) -> sa.Row[Any] | None:
    """An earlier case of the same notifier about the same work and addresses that is still being dealt with, or was
    dealt with."""
    notifier = rows.parties(connection, case.id)["notifier"]
    if notifier.key is None:
        return None
    return connection.execute(
        sa.select(cases)
        .where(cases.c.subject == case.subject, cases.c.account_id == case.account_id, cases.c.id < case.id)
        .where(cases.c.state.not_in(("withdrawn", "repeated", "inadmissible")), parties.of_party(notifier.key))
        .order_by(cases.c.id)
        .limit(1)
    ).first()


def lacking_counter(content: CounterNotice, regime: Regime) -> list[str]:
    """What a counter-notice lacks; it is about all addresses of the case."""
    has: dict[str, Any] = {"addresses": True, "evidence": content.files}
    return [name for name in regime.counter_notice if not (has[name] if name in has else getattr(content, name))]
