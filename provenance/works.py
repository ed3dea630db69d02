"""Works: registering, competing claims, withdrawing, reading back.

A registration is one transaction (work, fingerprint, salts, pending ledger entry); the sequencer then gives its entry
an index and publishes it; only then is it answered, with the earlier claims it competes with (`claims`).
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from fingerprints.model import Examination, Field

from . import claims, marking, matching, signing
from .accounts import Account
from .errors import BadInput, Conflict, NotFound, SourcemarkError
from .ids import new_id
from .ledger import statement
from .records import (
    Claim,
    ReceiptRef,
    RegistrationItem,
    RegistrationResult,
    Source,
    WorkRecord,
    problem_of,
)
from .service import Service
from .tables import entries, fingerprints, now, openings, owner_key, pending_entries, works

METADATA = "metadata"  # the opening that holds the rights-management fields of an original


@dataclass(frozen=True, slots=True)
class Submission:
    """One work to register: its claim and where its bytes are, or the error that makes it impossible."""

    item: RegistrationItem
    source: Source | SourcemarkError


@dataclass(slots=True)
class _Draft:
    """A submission on its way into the log."""

    submission: Submission
    examination: Examination | SourcemarkError
    claim: Claim
    identity: bytes = b""
    work_id: str = ""
    leaf: bytes = b""
    leaf_hash: bytes = b""
    salts: dict[str, tuple[bytes, Any]] | None = None
    existing: bool = False


def register(service: Service, account: Account, submissions: Iterable[Submission]) -> Iterator[RegistrationResult]:
    """Register works; results come in the order of the submissions, errors in their places.

    Works are read in parallel and committed in groups of ``batch_size``: a result is yielded only when its entry
    is signed, published and durable. Stopping half-way loses nothing that was yielded; registering the same bytes
    again for the same owner and account answers ``already_registered``.

    Raises:
        Unavailable, LedgerReadOnly: nothing of the present group is registered, the groups before it are.
    """
    service.start()
    service.log.check_writable()
    iterator = iter(submissions)
    while group := list(islice(iterator, service.settings.batch_size)):
        yield from _register_group(service, account, group)


def _register_group(service: Service, account: Account, group: Sequence[Submission]) -> list[RegistrationResult]:
    examinations = service.examine_all([submission.source for submission in group])
    drafts = [
        _draft(account, submission, examination) for submission, examination in zip(group, examinations, strict=True)
    ]
    good = [draft for draft in drafts if isinstance(draft.examination, Examination)]
    if good:
        _enter(service, account, good)
        indexes = service.log.commit([draft.leaf_hash for draft in good])
        claims.settle(service)
        return _results(service, drafts, indexes)
    return _results(service, drafts, {})


def _draft(account: Account, submission: Submission, examination: Examination | SourcemarkError) -> _Draft:
    item = submission.item
    claim = Claim.model_validate(item.model_dump(include=set(Claim.model_fields)))
    if not claim.owner and account.default_owner:
        claim.owner = account.default_owner
    if not claim.title:
        claim.title = Path(item.path).stem if item.path else (item.external_id or "untitled")
    if not claim.owner and isinstance(examination, Examination):
        examination = BadInput("owner is missing: give the copyright owner, or set a default owner for the account")
    draft = _Draft(submission, examination, claim)
    if isinstance(examination, Examination):
        parts = (account.id.encode(), owner_key(claim.owner).encode(), examination.fingerprint.digest)
        draft.identity = hashlib.sha256(b"\0".join(parts)).digest()
    return draft


def _enter(service: Service, account: Account, drafts: Sequence[_Draft]) -> None:
    """T1: the business rows and the pending entries of one group, in one transaction."""
    for attempt in range(3):
        _write_leaves(service, account, drafts)
        try:
            with service.db.write() as connection:
                _link_existing(connection, drafts)
                _insert(service, connection, account, drafts)
            return
        except IntegrityError:
            if attempt == 2:
                raise
            # PostgreSQL lets another process register the same bytes between our look and our write: look again.


def _write_leaves(service: Service, account: Account, drafts: Sequence[_Draft]) -> None:
    key = signing.signing_key(service, account)
    after = service.log.head()
    for draft in drafts:
        assert isinstance(draft.examination, Examination)
        fingerprint = draft.examination.fingerprint
        records: dict[str, Any] = {
            "claim": draft.claim.model_dump(exclude_none=True, exclude_defaults=True),
            "fingerprint": {
                "algorithm": fingerprint.algorithm,
                "sha256": hashlib.sha256(fingerprint.to_bytes()).hexdigest(),
            },
        }
        if fingerprint.medium != "text":
            # what the original says of its rights: a repost's file is compared with it
            kept = [[f.where, f.tag, f.value] for f in marking.rights.of(draft.examination.fields)]
            records[METADATA] = {"fields": kept}
        draft.salts = {name: (secrets.token_bytes(32), record) for name, record in records.items()}
        draft.leaf = statement.sign(
            statement.registration(
                service.log.origin,
                digest=fingerprint.digest,
                medium=fingerprint.medium,
                algorithms=[fingerprint.algorithm],
                commitments={name: statement.commit(salt, record) for name, (salt, record) in draft.salts.items()},
                after=after,
            ),
            key,
        )
        draft.leaf_hash = statement.leaf_hash(draft.leaf)
        draft.work_id = new_id("work")
        draft.existing = False


def _link_existing(connection: sa.Connection, drafts: Sequence[_Draft]) -> None:
    """Point drafts at works that stand already, in the database or earlier in the same group."""
    rows = connection.execute(
        sa.select(works.c.identity, works.c.work_id, works.c.leaf_hash, pending_entries.c.refused)
        .outerjoin(pending_entries, pending_entries.c.leaf_hash == works.c.leaf_hash)
        .where(works.c.identity.in_([draft.identity for draft in drafts]))
    )
    standing: dict[bytes, tuple[str, bytes]] = {}
    for identity, work_id, leaf_hash, refused in rows:
        if refused is None:
            standing[identity] = (work_id, leaf_hash)
        else:  # it never entered the log, so it never was a registration
            connection.execute(
                works.update().where(works.c.identity == identity).values(identity=None, withdrawn_at=now())
            )
    for draft in drafts:
        if draft.identity in standing:
            draft.work_id, draft.leaf_hash = standing[draft.identity]
            draft.existing = True
        else:
            standing[draft.identity] = (draft.work_id, draft.leaf_hash)


def _insert(service: Service, connection: sa.Connection, account: Account, drafts: Sequence[_Draft]) -> None:
    new = [draft for draft in drafts if not draft.existing]
    if not new:
        return
    moment = now()
    rows, opened = [], []
    for draft in new:
        assert isinstance(draft.examination, Examination)
        assert draft.salts is not None
        fingerprint = draft.examination.fingerprint
        rows.append(
            {
                "work_id": draft.work_id,
                "account_id": account.id,
                "external_id": draft.submission.item.external_id,
                "identity": draft.identity,
                "digest": fingerprint.digest,
                "medium": fingerprint.medium,
                "reason": fingerprint.reason,
                "title": draft.claim.title,
                "owner": draft.claim.owner,
                "owner_key": owner_key(draft.claim.owner),
                "claim": draft.claim.model_dump(),
                "leaf_hash": draft.leaf_hash,
                "registered_at": moment,
            }
        )
        opened += [
            {"leaf_hash": draft.leaf_hash, "name": name, "salt": salt, "record": record}
            for name, (salt, record) in draft.salts.items()
        ]
    connection.execute(works.insert(), rows)
    ids: dict[str, int] = dict(
        connection.execute(
            sa.select(works.c.work_id, works.c.id).where(works.c.work_id.in_([draft.work_id for draft in new]))
        ).all()
    )
    connection.execute(
        fingerprints.insert(),
        [
            {
                "work": ids[draft.work_id],
                "algorithm": draft.examination.fingerprint.algorithm,
                "data": draft.examination.fingerprint.index_bytes(),
                "detail": draft.examination.fingerprint.detail,
            }
            for draft in new
            if isinstance(draft.examination, Examination)
        ],
    )
    connection.execute(openings.insert(), opened)
    service.log.submit(connection, [draft.leaf for draft in new])


def _results(service: Service, drafts: Sequence[_Draft], indexes: dict[bytes, int]) -> list[RegistrationResult]:
    earlier = claims.earlier(service, [draft.work_id for draft in drafts if draft.work_id])
    size, _ = service.log.head() if indexes else (0, b"")
    results = []
    for draft in drafts:
        item = draft.submission.item
        if isinstance(draft.examination, SourcemarkError):
            results.append(
                RegistrationResult(
                    external_id=item.external_id,
                    path=item.path,
                    status="error",
                    reason=draft.examination.reason,
                    error=problem_of(draft.examination),
                )
            )
            continue
        fingerprint = draft.examination.fingerprint
        results.append(
            RegistrationResult(
                external_id=item.external_id,
                path=item.path,
                status="already_registered" if draft.existing else "registered",
                work_id=draft.work_id,
                medium=fingerprint.medium,
                fingerprintable=fingerprint.fingerprintable,
                reason=fingerprint.reason,
                competing=earlier.get(draft.work_id, []),
                receipt=ReceiptRef(origin=service.log.origin, index=indexes[draft.leaf_hash], size=size),
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
            .where(works.c.id.in_(numbers), openings.c.name == METADATA)
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
    rivals = claims.rivals(service, [r.id for r in rows])
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
            registered_at=r.registered_at,
            withdrawn_at=r.withdrawn_at,
            receipt=None if r.idx is None else ReceiptRef(origin=service.log.origin, index=r.idx),
        )
        for r in rows
    ]


def withdraw(service: Service, account: Account, work_id: str) -> WorkRecord:
    """Withdraw a registration: it is no longer matched, and the log says so; the registration itself stays provable.

    Raises:
        NotFound: there is no such work.
        Conflict: it was withdrawn already.
    """
    found = row(service, work_id, account.id)
    if found.withdrawn_at is not None:
        raise Conflict(f"{work_id} was withdrawn already, on {found.withdrawn_at}")
    leaf = statement.sign(
        statement.withdrawal(
            service.log.origin, registration=found.leaf_hash, index=found.idx, after=service.log.head()
        ),
        signing.signing_key(service, account),
    )
    with service.db.write() as connection:
        changed = connection.execute(
            works.update()
            .where(works.c.id == found.id, works.c.withdrawn_at.is_(None))
            .values(withdrawn_at=now(), withdrawal_hash=statement.leaf_hash(leaf), identity=None)
        )
        if changed.rowcount != 1:
            raise Conflict(f"{work_id} was withdrawn already")
        service.log.submit(connection, [leaf])
    service.log.commit([statement.leaf_hash(leaf)])
    service.refresh()
    return get(service, work_id, account.id)
