"""Works: registering, competing claims, withdrawing, reading back.

A registration is one transaction (work, fingerprint, salts, pending ledger entry: `drafts`); the sequencer then gives
its entry an index and publishes it; only then is it answered, with the earlier claims it competes with (`claims`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import sqlalchemy as sa

from fingerprints.model import Field

from .. import marking
from ..accounts import signing
from ..accounts.accounts import Account
from ..application import Service
from ..database.tables import entries, now, openings, works
from ..errors import Conflict, NotFound, SourcemarkError
from ..schemas import Claim, ReceiptRef, RegistrationItem, RegistrationResult, Source, WorkRecord, problem_of
from ..search import matching
from ..tlog import envelope, merkle, statement
from ..tlog.keys import SigningKey
from . import competing_claims, registration, sealing
from .registration import Draft


@dataclass(frozen=True, slots=True)
class Submission:
    """One work to register: its claim and where its bytes are, or the error that makes it impossible."""

    item: RegistrationItem
    source: Source | SourcemarkError


def register(
    service: Service, account: Account, submissions: Iterable[Submission], key: SigningKey | None = None
) -> Iterator[RegistrationResult]:
    """Register works; results come in the order of the submissions, errors in their places.

    Works are read in parallel and committed in groups of ``batch_size``: a result is yielded only when its entry
    is signed, published and durable. Stopping half-way loses nothing that was yielded; registering the same bytes
    again for the same owner and account answers ``already_registered``.

    Args:
        key: the account's own key; None: the one that is kept here for it.

    Raises:
        Unavailable, LedgerReadOnly: nothing of the present group is registered, the groups before it are.
        Forbidden: see `signing`.
    """
    service.start()
    service.log.check_writable()
    iterator = iter(submissions)
    while group := list(islice(iterator, service.settings.batch_size)):
        yield from _register_group(service, account, group, key)


def _register_group(
    service: Service, account: Account, group: Sequence[Submission], key: SigningKey | None
) -> list[RegistrationResult]:
    examined = iter(service.examine_all([each.source for each in group if not each.item.sealed]))
    outcomes: list[Draft | SourcemarkError] = []
    for each in group:
        examination = None if each.item.sealed else next(examined)
        try:
            if isinstance(examination, SourcemarkError):
                raise examination
            if isinstance(each.source, SourcemarkError):
                raise each.source
            outcomes.append(registration.draft(service, account, each.item, each.source, examination))
        except SourcemarkError as error:
            outcomes.append(error)
    good = [outcome for outcome in outcomes if isinstance(outcome, Draft)]
    if good:
        signer = signing.signing_key(service, account) if key is None else signing.own_key(service, account, key)
        for draft in good:
            registration.sign(service, draft, signer)
        registration.enter(service, account, good)
    return answer(service, [submission.item for submission in group], outcomes)


def answer(
    service: Service, items: Sequence[RegistrationItem], outcomes: Sequence[Draft | SourcemarkError]
) -> list[RegistrationResult]:
    """Wait for the log, settle competing claims, and say what became of each."""
    hashes = [outcome.leaf_hash for outcome in outcomes if isinstance(outcome, Draft)]
    indexes: dict[bytes, int] = {}
    if hashes:
        indexes = service.log.commit(hashes)
        competing_claims.settle(service)
    size, _ = service.log.head() if hashes else (0, b"")
    earlier = competing_claims.earlier(service, [outcome.work_id for outcome in outcomes if isinstance(outcome, Draft)])
    results = []
    for item, outcome in zip(items, outcomes, strict=True):
        if isinstance(outcome, SourcemarkError):
            results.append(
                RegistrationResult(
                    external_id=item.external_id,
                    path=item.path,
                    status="error",
                    reason=outcome.reason,
                    error=problem_of(outcome),
                )
            )
            continue
        fingerprint = outcome.fingerprint
        results.append(
            RegistrationResult(
                external_id=item.external_id,
                path=item.path,
                status="already_registered" if outcome.existing else "registered",
                work_id=outcome.work_id,
                medium=sealing.SEALED if fingerprint is None else fingerprint.medium,
                fingerprintable=fingerprint is not None and fingerprint.fingerprintable,
                reason=sealing.SEALED if fingerprint is None else fingerprint.reason,
                competing=earlier.get(outcome.work_id, []),
                receipt=ReceiptRef(origin=service.log.origin, index=indexes[outcome.leaf_hash], size=size),
            )
        )
    return results


# --- reading back --------------------------------------------------------------------------------------------------
def row(service: Service, work_id: str, account_id: str | None = None) -> sa.Row[Any]:
    """The row of a work with its log index.

    Args:
        account_id: refuse works of other accounts (None: any).

    Raises:
        NotFound: there is no such work, or it is somebody else's (which a stranger must not learn).
    """
    service.start()
    with service.db.read() as connection:
        found = connection.execute(
            sa.select(works, entries.c.idx)
            .outerjoin(entries, entries.c.leaf_hash == works.c.leaf_hash)
            .where(works.c.work_id == work_id)
        ).first()
    if found is None or (account_id is not None and found.account_id != account_id):
        raise NotFound(f"no work of yours has the id {work_id!r}")
    return found


def embedded(service: Service, numbers: Sequence[int]) -> dict[int, tuple[Field, ...]]:
    """The rights-management fields that the originals of works carried, by the works' internal numbers.

    Works that keep none are left out: texts, erased ones, and registrations from before they were kept.
    """
    if not numbers:
        return {}
    with service.db.read() as connection:
        rows = connection.execute(
            sa.select(works.c.id, openings.c.record)
            .join(openings, openings.c.leaf_hash == works.c.leaf_hash)
            .where(works.c.id.in_(numbers), openings.c.name == registration.METADATA)
        ).all()
    return {number: tuple(Field(*map(str, field)) for field in record["fields"]) for number, record in rows}


def marking_work(work: matching.Work | sa.Row[Any], fields: tuple[Field, ...] | None = None) -> marking.Work:
    """What the marking check needs to know of a registered work.

    Args:
        fields: of `embedded`; None where none are kept.
    """
    claim = work.claim
    return marking.Work(
        title=work.title,
        owner=work.owner,
        owner_aliases=tuple(claim.get("owner_aliases", ())),
        source_name=claim.get("source_name"),
        source_urls=tuple(claim.get("source_urls", ())),
        source_handle=claim.get("source_handle"),
        identifiers=(*claim.get("identifiers", ()), work.work_id),
        licence=claim.get("licence"),
        kind=work.medium,
        fields=fields,
    )


def get(service: Service, work_id: str, account_id: str | None = None) -> WorkRecord:
    """A work as its account sees it; raises `NotFound`."""
    return _records(service, [row(service, work_id, account_id)])[0]


def page(
    service: Service, account_id: str | None, *, after: int = 0, limit: int = 100
) -> tuple[list[WorkRecord], int | None]:
    """Works of an account (None: of everybody), oldest first, and the cursor of the next page or None."""
    service.start()
    query = (
        sa.select(works, entries.c.idx)
        .outerjoin(entries, entries.c.leaf_hash == works.c.leaf_hash)
        .where(works.c.id > after)
        .order_by(works.c.id)
        .limit(limit + 1)
    )
    if account_id is not None:
        query = query.where(works.c.account_id == account_id)
    with service.db.read() as connection:
        rows = connection.execute(query).all()
    more = rows[limit - 1].id if len(rows) > limit else None
    return _records(service, rows[:limit]), more


def _records(service: Service, rows: Sequence[sa.Row[Any]]) -> list[WorkRecord]:
    rivals = competing_claims.rivals(service, [r.id for r in rows])
    return [
        WorkRecord(
            work_id=r.work_id,
            external_id=r.external_id,
            medium=r.medium,
            fingerprintable=r.reason is None,
            reason=r.reason,
            digest=r.digest.hex(),
            claim=Claim.model_validate(r.claim),
            competing=rivals.get(r.id, []),
            opens=r.opens,
            registered_at=r.registered_at,
            withdrawn_at=r.withdrawn_at,
            erased_at=r.erased_at,
            receipt=None if r.idx is None else ReceiptRef(origin=service.log.origin, index=r.idx),
        )
        for r in rows
    ]


def withdraw(service: Service, account: Account, work_id: str, key: SigningKey | None = None) -> WorkRecord:
    """Withdraw a registration: it is no longer matched, and the log says so; the registration itself stays provable.

    Args:
        key: the account's own key; None: the one that is kept here for it.

    Raises:
        NotFound: there is no such work.
        Conflict: it was withdrawn already, or the key may not act for the one that registered it.
        Forbidden: see `signing`.
    """
    found = row(service, work_id, account.id)
    if found.withdrawn_at is not None:
        raise Conflict(f"{work_id} was withdrawn already, on {found.withdrawn_at}")
    signer = signing.signing_key(service, account) if key is None else signing.own_key(service, account, key)
    made = statement.withdrawal(
        service.log.origin, registration=found.leaf_hash, index=found.idx, after=service.log.head()
    )
    return enter_withdrawal(service, account, work_id, statement.sign(made, signer))


def enter_withdrawal(service: Service, account: Account, work_id: str, leaf: bytes) -> WorkRecord:
    """Withdraw by a signed statement; raises as `withdraw`."""
    found = row(service, work_id, account.id)
    _may_withdraw(service, envelope.parse_leaf(leaf), found)
    with service.db.write() as connection:
        changed = connection.execute(
            works.update()
            .where(works.c.id == found.id, works.c.withdrawn_at.is_(None))
            .values(
                withdrawn_at=now(),
                withdrawal_hash=merkle.leaf_hash(leaf),
                identity=found.identity if found.medium == sealing.SEALED else None,
            )
        )
        if changed.rowcount != 1:
            raise Conflict(f"{work_id} was withdrawn already")
        service.log.submit(connection, [leaf])
    try:
        service.log.commit([merkle.leaf_hash(leaf)])
    except Conflict:  # its key was revoked in this very moment: the log does not have it, so it is not withdrawn
        with service.db.write() as connection:
            connection.execute(
                works.update()
                .where(works.c.id == found.id)
                .values(withdrawn_at=None, withdrawal_hash=None, identity=found.identity)
            )
        raise
    service.refresh()
    return get(service, work_id, account.id)


def _may_withdraw(service: Service, leaf: envelope.Leaf, found: sa.Row[Any]) -> None:
    """Told before anything is written; the sequencer has the last word."""
    if found.idx is None:
        raise NotFound(f"the registration of {found.work_id} is not in the log yet: try again in a moment")
    if (leaf.predicate["index"], leaf.predicate["leafHash"]) != (found.idx, found.leaf_hash.hex()):
        raise Conflict(f"the statement withdraws another entry than that of {found.work_id}")
    with service.db.read() as connection:
        raw = connection.execute(sa.select(entries.c.leaf).where(entries.c.idx == found.idx)).scalar_one()
    signing.check_acts_for(service, leaf.signers, envelope.parse_leaf(raw).signers)
