"""The parties of a case: telling one person apart from another, what each may know of the other, misuse."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from ..accounts import official_rows
from ..database.tables import (
    case_measures,
    case_parties,
    case_steps,
    cases,
    now,
    official_accounts,
    scans,
    stamp,
)
from ..errors import Forbidden, RateLimited
from ..ids import new_id
from ..schemas.case import Forwarding, MisuseCount, NoticeCounts, PartyRecord, Role
from ..schemas.notice import Lang, Person
from ..schemas.regimes import PersonalField, Regime

_PERSONAL: tuple[PersonalField, ...] = ("name", "email", "postal_address", "identity", "signature")
_HOUR = 3600


def key_of(platform_id: str, email: str | None, sender: str | None) -> bytes | None:
    """What makes a party of two cases the same: the account that sent the notice, else the mail address. SHA-256."""
    who = f"account\0{sender}" if sender is not None else f"mail\0{email.casefold()}" if email else None
    return None if who is None else hashlib.sha256(f"{platform_id}\0{who}".encode()).digest()


def insert(connection: sa.Connection, case: int, role: Role, person: Mapping[str, Any], **columns: Any) -> int:
    """A party comes into a case; returns the number of its row."""
    values = {"party_id": new_id("party"), "case": case, "role": role, "person": dict(person), **columns}
    return int(connection.execute(case_parties.insert().values(**values).returning(case_parties.c.id)).scalar_one())


def require(row: sa.Row[Any], role: Role) -> None:
    """Raises `Forbidden` where a party has another role in its case."""
    if row.role != role:
        raise Forbidden(f"this is for the {role} of the case, not for the {row.role}", reason="other_party")


def person_of(said: Person) -> dict[str, Any]:
    """Who somebody says they are, as a party's row keeps it."""
    return {name: value for name in Person.model_fields if (value := getattr(said, name, None)) is not None}


def lang_of(regime: str) -> Lang:
    """In which language somebody is written to who has not said."""
    return "zh" if regime.startswith("cn-") else "en"


# --- the poster ----------------------------------------------------------------------------------------------------
def poster(connection: sa.Connection, case: sa.Row[Any], posts: Collection[bytes], known: Forwarding) -> dict[str, Any]:
    """What is known of who posted: what the platform says now, else what its scans and its official accounts say.

    Args:
        posts: keys of the posts that the case is about.

    Returns:
        ``person`` and ``posting_account_id`` of the party's row.
    """
    scan = connection.execute(
        sa.select(scans.c.posting_account, scans.c.posting_account_id)
        .where(scans.c.account_id == case.account_id, scans.c.post.in_(posts))
        .order_by(scans.c.id.desc())
        .limit(1)
    ).first()
    account = known.account or (None if scan is None else scan.posting_account)
    account_id = known.account_id or (None if scan is None else scan.posting_account_id)
    email = known.email
    if email is None and account_id is not None:
        number = official_rows.find(connection, case.account_id, account_id)
        contact = connection.execute(
            sa.select(official_accounts.c.contact).where(official_accounts.c.id == number)
        ).scalar()
        email = (contact or {}).get("email")
    person = {"account": account, "email": email}
    return {
        "person": {name: value for name, value in person.items() if value},
        "posting_account_id": account_id,
    }


# --- what each may know --------------------------------------------------------------------------------------------
def record(row: sa.Row[Any], reader: Role | None, regime: Regime) -> PartyRecord:
    """A party as a reader may know it.

    Args:
        reader: the party who reads; None: staff.
    """
    known = hide({**row.person}, row.role, reader, regime)
    return PartyRecord(
        role=row.role,
        **{name: known.get(name) for name in (*Person.model_fields, "account")},
        confirmed=row.confirmed_at is not None,
        erased=row.erased_at is not None,
    )


def hide(said: Mapping[str, Any], author: Role, reader: Role | None, regime: Regime) -> dict[str, Any]:
    """What a party says of itself, without what the other side may not know by the regime."""
    if reader is None or reader == author:
        return dict(said)
    shown = regime.poster_sees if author == "notifier" else regime.notifier_sees
    hidden = {*_PERSONAL, "phone"} - set(shown)
    return {name: value for name, value in said.items() if name not in hidden}


# --- misuse --------------------------------------------------------------------------------------------------------
def counts(connection: sa.Connection, which: sa.ColumnElement[bool]) -> NoticeCounts:
    """What became of cases.

    Args:
        which: such as `of_party`, or those of a trusted notifier's account.
    """
    found = connection.execute(
        sa.select(cases.c.state, cases.c.finding, sa.func.count()).where(which).group_by(cases.c.state, cases.c.finding)
    )
    counted = dict.fromkeys(NoticeCounts.model_fields, 0)
    for state, finding, number in found:
        counted["filed"] += number
        for name in {state, finding} & counted.keys():
            counted[name] += number
    return NoticeCounts(**counted)


def misuse(connection: sa.Connection, platform_id: str, key: bytes) -> MisuseCount:
    """What a notifier was found to do in all cases of a platform, and what was decided against it."""
    warned = sa.select(sa.func.max(case_steps.c.at)).join(case_measures, case_measures.c.step == case_steps.c.id)
    warned = warned.where(case_measures.c.account_id == platform_id, case_measures.c.key == key)
    return MisuseCount(
        **counts(connection, of_party(key)).model_dump(),
        warned_at=connection.execute(warned.where(case_measures.c.act == "warn")).scalar(),
        suspended_until=suspended_until(connection, platform_id, key),
    )


def suspended_until(connection: sa.Connection, platform_id: str, key: bytes | None) -> str | None:
    """Until when nothing is taken of a party, by the newest measure against it; None: it is not suspended."""
    if key is None:
        return None
    newest = connection.execute(
        sa.select(case_measures.c.act, case_measures.c.until)
        .where(case_measures.c.account_id == platform_id, case_measures.c.key == key, case_measures.c.act != "warn")
        .order_by(case_measures.c.step.desc())
        .limit(1)
    ).first()
    if newest is None or newest.act != "suspend" or newest.until <= now():
        return None
    return str(newest.until)


def refuse_suspended(connection: sa.Connection, platform_id: str, key: bytes | None) -> None:
    """Raises `Forbidden` while a party is suspended."""
    until = suspended_until(connection, platform_id, key)
    if until is not None:
        raise Forbidden(
            f"nothing is taken of you here until {until[:10]}, because of complaints that were unfounded: appeal in "
            "the case in which that was decided",
            reason="suspended",
        )


# --- limits --------------------------------------------------------------------------------------------------------
def refuse_flood(connection: sa.Connection, which: sa.ColumnElement[bool], most: int, whose: str) -> None:
    """Raises `RateLimited` when so many cases came within the hour.

    Args:
        which: cases to count; of a party's, `of_party`.
        most: 0: any number.
        whose: for the message, with the setting.
    """
    if not most:
        return
    since = stamp(datetime.fromtimestamp(datetime.now(UTC).timestamp() - _HOUR, UTC))
    recent = (
        sa.select(cases.c.filed_at).where(which, cases.c.filed_at > since).order_by(cases.c.filed_at.desc()).limit(most)
    )
    found = connection.execute(recent).scalars().all()
    if len(found) >= most:
        left = _HOUR - (datetime.now(UTC) - datetime.fromisoformat(found[-1])).total_seconds()
        raise RateLimited(f"more than {most} notices an hour {whose}", retry_after=max(1.0, left), reason="notices")


def of_party(key: bytes) -> sa.ColumnElement[bool]:
    """Cases of one notifier."""
    mine = case_parties.c.key == key, case_parties.c.role == "notifier"
    return cases.c.id.in_(sa.select(case_parties.c.case).where(*mine))
