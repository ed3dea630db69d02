"""Statements that were signed elsewhere: the service sees a public key and a signature, never a private key.

A registration of an open work is prepared here (`prepare`), signed by its owner and submitted; enrolments, revocations,
withdrawals and sealed registrations a client writes by itself. `submit` takes them all.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from pydantic import Field

from ..accounts import signing
from ..accounts.accounts import Account
from ..application import Service
from ..database.tables import entries, pending_entries
from ..database.tables import works as works_table
from ..errors import (
    BadInput,
    Conflict,
    Forbidden,
    LedgerReadOnly,
    NotFound,
    SourcemarkError,
    Unavailable,
    VerificationFailed,
)
from ..schemas import Claim, ReceiptRef, Record, RegistrationItem, RegistrationResult, Source, parse
from ..tlog import envelope, merkle, statement
from ..tlog.encoding import b64, unb64
from . import catalog, erasure, registration


class Prepared(Record):
    """A statement to sign. Check before signing that it says what you claim: the client of this project does."""

    statement: str = Field(
        description="The exact bytes to sign, as DSSE's payload of type application/vnd.in-toto+json; base64."
    )
    opening: dict[str, Any] = Field(
        description="Salt and record behind each commitment of the statement.",
        examples=[{"claim": {"salt": "AAAA...", "record": {"title": "The Clock Mender", "owner": "Lin Zhaoyun"}}}],
    )


class SignedStatement(Record):
    """A statement signed by its owner."""

    leaf: str = Field(
        max_length=4 * (envelope.MAX_LEAF // 3 + 1),
        description="The exact bytes of the DSSE envelope in RFC 8785 form, base64.",
        examples=["eyJwYXlsb2FkIjoi..."],
    )
    opening: dict[str, Any] | None = Field(
        None, description="Of a sealed registration: salt and record of the commitments that the service may know."
    )
    external_id: str | None = Field(None, max_length=1000, description="Your own id of a sealed work.")


class Submitted(Record):
    """Where a submitted statement stands in the log."""

    kind: str = Field(examples=["registration"])
    receipt: ReceiptRef
    work: RegistrationResult | None = Field(None, description="What became of a registration.")


def prepare(service: Service, account: Account, item: RegistrationItem, source: Source) -> Prepared:
    """Read a work and make the statement that registers it, for its owner to sign within a day.

    Raises:
        BadInput: a sealed one needs no preparation; no owner; or the work cannot be read.
    """
    if item.sealed:
        raise BadInput("sealed: a client seals by itself and submits the signed statement")
    service.log.check_writable()
    examination = service.examine(source)
    draft = registration.draft(service, account, item, source, examination)
    payload = registration.keep(service, account, draft)
    assert draft.salts is not None
    opening = {name: {"salt": b64(salt), "record": record} for name, (salt, record) in draft.salts.items()}
    return Prepared(statement=b64(payload), opening=opening)


def submit_all(
    service: Service, account: Account, signed: Sequence[SignedStatement]
) -> list[Submitted | SourcemarkError]:
    """Enter many signed statements; answers in their order, errors in their places.

    Registrations that are new enter as one group: one transaction, one round of the log. Everything else, and all of
    them when the group fails, one by one.

    Raises:
        LedgerReadOnly, Unavailable: nothing is known of any of them; send them again.
    """
    answers = _submit_group(service, account, signed)
    for place, each in enumerate(signed):
        if answers[place] is None:
            try:
                answers[place] = submit(service, account, each)
            except (LedgerReadOnly, Unavailable):
                raise
            except SourcemarkError as error:
                answers[place] = error
    return [each for each in answers if each is not None]


def _submit_group(
    service: Service, account: Account, signed: Sequence[SignedStatement]
) -> list[Submitted | SourcemarkError | None]:
    """The answers of the registrations among them that could enter as one group, None in the places of all others."""
    answers: list[Submitted | SourcemarkError | None] = [None] * len(signed)
    leaves: dict[int, bytes] = {}
    group: dict[int, registration.Draft] = {}
    used: list[bytes] = []
    with contextlib.suppress(VerificationFailed, BadInput, Conflict, Forbidden, NotFound):
        for place, each in enumerate(signed):
            leaf, parsed = _parsed(service, each)
            if parsed.kind == "registration":
                leaves[place] = leaf
        signing.check_own(service, account, {s for leaf in leaves.values() for s in service.log.parse(leaf).signers})
        service.log.verify(list(leaves.values()))
        open_ones = [p for p, leaf in leaves.items() if "sealed" not in service.log.parse(leaf).predicate]
        taken = registration.take(service, account, [leaves[place] for place in open_ones])
        for place, draft in zip(open_ones, taken, strict=True):
            if draft is not None:
                group[place] = draft
                used.append(registration.statement_hash(service.log.parse(leaves[place])))
        for place in leaves.keys() - set(open_ones):
            leaf = leaves[place]
            group[place] = _sealed(leaf, service.log.parse(leaf), signed[place])
        places = sorted(group)
        if not places:
            return answers
        registration.enter(service, account, [group[place] for place in places], used)
        new = [p for p in places if not (group[p].existing and p not in open_ones)]  # of others, the owner is asked
        items = [RegistrationItem(external_id=group[place].external_id) for place in new]
        for place, result in zip(new, catalog.answer(service, items, [group[p] for p in new]), strict=True):
            assert result.receipt is not None
            answers[place] = Submitted(kind="registration", receipt=result.receipt, work=result)
    return answers


def _parsed(service: Service, signed: SignedStatement) -> tuple[bytes, envelope.Leaf]:
    leaf = unb64(signed.leaf)
    parsed = service.log.parse(leaf)
    if parsed.host != envelope.host_of(service.log.origin):
        raise VerificationFailed(f"the statement was written for the log of {parsed.host!r:.80}, not this one")
    if signed.opening is not None and "sealed" not in parsed.predicate:
        raise BadInput("opening: only a sealed registration comes with one")
    return leaf, parsed


def submit(service: Service, account: Account, signed: SignedStatement) -> Submitted:
    """Enter a signed statement; submitting it again is answered again.

    Raises:
        VerificationFailed: these bytes are no statement in its one form, or a signature does not hold.
        Forbidden: the keys are not the account's, or revoked.
        NotFound: the statement was not prepared here, or too long ago.
        Conflict: the log's rules refuse it.
    """
    service.log.check_writable()
    leaf, parsed = _parsed(service, signed)
    index: int | None
    match parsed.kind:
        case "registration":
            result = _registration(service, account, leaf, parsed, signed)
            assert result.receipt is not None
            return Submitted(kind=parsed.kind, receipt=result.receipt, work=result)
        case "withdrawal" | "erasure":
            index = _known(service, merkle.leaf_hash(leaf))
            index = _of_a_work(service, account, leaf, parsed) if index is None else index
        case "key-enrol":
            if parsed.predicate["custody"] != "producer":
                raise BadInput("custody: of a key that a client enrols it is producer")
            index = _known(service, signing.entered_as(service, leaf))
            index = signing.enrol(service, account, leaf) if index is None else index
        case "key-revoke":
            index = _known(service, merkle.leaf_hash(leaf))
            index = signing.submit_revocation(service, leaf) if index is None else index
        case _:
            raise BadInput(f"a {parsed.kind} is not submitted here")
    assert index is not None
    size, _ = service.log.head()
    return Submitted(kind=parsed.kind, receipt=ReceiptRef(origin=service.log.origin, index=index, size=size))


def _known(service: Service, leaf_hash: bytes) -> int | None:
    """The index of an entry that was sent before, and its sender did not hear our answer; None for a new one.

    The crash may have come at any step: what is not signed and published yet is, before it is answered.
    """
    with service.db.read() as connection:
        waits = sa.select(pending_entries.c.id).where(
            pending_entries.c.leaf_hash == leaf_hash, pending_entries.c.refused.is_(None)
        )
        stands = sa.select(entries.c.idx).where(entries.c.leaf_hash == leaf_hash)
        if connection.execute(stands).first() is None and connection.execute(waits).first() is None:
            return None
    return service.log.commit([leaf_hash])[leaf_hash]


def _registration(
    service: Service, account: Account, leaf: bytes, parsed: envelope.Leaf, signed: SignedStatement
) -> RegistrationResult:
    signing.check_own(service, account, parsed.signers)
    sealed = "sealed" in parsed.predicate
    draft = _sealed(leaf, parsed, signed) if sealed else registration.take(service, account, [leaf])[0]
    if draft is None:
        return _answered(service, account, leaf)
    service.log.verify([leaf])  # before the database's one writer is held
    used = [] if sealed else [registration.statement_hash(parsed)]
    item = RegistrationItem(external_id=draft.external_id)
    try:
        registration.enter(service, account, [draft], used)
    except Conflict:
        # The same statement at the same time by another request: that one's answer is this one's.
        return _answered(service, account, leaf)
    if sealed and draft.existing:
        with contextlib.suppress(NotFound):
            return _answered(service, account, leaf)
        raise Conflict("a work with this sealed digest is in the log already: seal with a salt of your own")
    (result,) = catalog.answer(service, [item], [draft])
    return result


def _sealed(leaf: bytes, parsed: envelope.Leaf, signed: SignedStatement) -> registration.Draft:
    """The draft of a work that its owner sealed, with what the service may know of it."""
    if len(parsed.digests) != 1:
        raise BadInput("a sealed registration is about one work")
    salts: registration.Salts = {}
    for name, each in (signed.opening or {}).items():
        promised = parsed.predicate["commitments"].get(name)
        try:
            salt, record = unb64(each["salt"]), each["record"]
            if statement.commit(salt, record) != promised:
                raise VerificationFailed("another was promised")
        except (VerificationFailed, KeyError, TypeError):
            raise VerificationFailed(f"the opening does not open the {name!r:.40} of the statement") from None
        salts[name] = (salt, record)
    claim = parse(Claim, salts["claim"][1]) if "claim" in salts else Claim()
    draft = registration.sealed_elsewhere(claim, bytes.fromhex(parsed.digests[0]), signed.external_id)
    draft.salts = salts
    draft.set_leaf(leaf)
    return draft


def _answered(service: Service, account: Account, leaf: bytes) -> RegistrationResult:
    with service.db.read() as connection:
        row = connection.execute(
            sa.select(works_table).where(
                works_table.c.leaf_hash == merkle.leaf_hash(leaf), works_table.c.account_id == account.id
            )
        ).first()
    if row is None:
        raise NotFound(
            "this statement was not prepared here for this account, or more than a day ago: prepare the registration "
            "again and sign the new statement"
        )
    (index,) = service.log.commit([row.leaf_hash]).values()
    size, _ = service.log.head()
    return RegistrationResult(
        external_id=row.external_id,
        status="registered",
        work_id=row.work_id,
        medium=row.medium,
        fingerprintable=row.reason is None,
        reason=row.reason,
        competing=catalog.get(service, row.work_id).competing,
        receipt=ReceiptRef(origin=service.log.origin, index=index, size=size),
    )


def _of_a_work(service: Service, account: Account, leaf: bytes, parsed: envelope.Leaf) -> int | None:
    """A withdrawal or an erasure of a work of the account."""
    with service.db.read() as connection:
        row = connection.execute(
            sa.select(works_table.c.work_id, works_table.c.withdrawn_at)
            .join(entries, entries.c.leaf_hash == works_table.c.leaf_hash)
            .where(entries.c.idx == parsed.predicate["index"], works_table.c.account_id == account.id)
        ).first()
    if row is None:
        raise NotFound(f"entry {parsed.predicate['index']} registers no work of yours")
    if parsed.kind == "withdrawal":
        catalog.enter_withdrawal(service, account, row.work_id, leaf)
    elif row.withdrawn_at is None:
        raise Conflict("withdraw the work before you erase it: a work that is matched names its owner")
    else:
        signing.check_own(service, account, parsed.signers)
        erasure.enter_erasure(service, account, row.work_id, leaf)
    return _known(service, merkle.leaf_hash(leaf))
