"""Statements that were signed elsewhere: the service sees a public key and a signature, never a private key.

A registration of an open work is prepared here (`prepared`), signed by its owner and submitted; enrolments,
revocations, withdrawals and sealed registrations a client writes by itself. `Submissions.submit` takes them all.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from pydantic import Field

from ..accounts import enrolled_keys
from ..accounts.accounts import Account
from ..accounts.signing_keys import SigningKeys
from ..database.engine import Database
from ..database.tables import entries, pending_entries, works
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
from ..json_input import parse
from ..ledger.log import Log
from ..schema_fields import Line, Record, Request
from ..schemas import Claim, NewClaim, ReceiptRef, RegistrationItem, RegistrationResult
from ..tlog import envelope, merkle
from ..tlog.encoding import unb64
from ..tlog.opening import Opening
from . import drafts
from .amendment import Amendments
from .drafts import Draft
from .erasure import Erasures
from .prepared import PreparedStatements, statement_hash
from .registration import Registrar
from .withdrawal import Withdrawals


class SignedStatement(Request):
    """A statement signed by its owner."""

    leaf: str = Field(
        max_length=4 * (envelope.MAX_LEAF // 3 + 1),
        description="The exact bytes of the DSSE envelope in RFC 8785 form, base64.",
        examples=["eyJwYXlsb2FkIjoi..."],
    )
    opening: dict[str, Any] | None = Field(
        None,
        description="Salt and record of commitments: of a sealed registration those that the service may know, of an "
        "amendment or a transfer that of the whole new claim, of an enrolment that of its account.",
    )
    external_id: Line | None = Field(None, description="Your own id of a sealed work.")


class Submitted(Record):
    """Where a submitted statement stands in the log."""

    kind: str = Field(examples=["registration"])
    receipt: ReceiptRef
    work: RegistrationResult | None = Field(None, description="What became of a registration.")


class Submissions:
    """Enters signed statements. Thread-safe."""

    def __init__(
        self,
        db: Database,
        log: Log,
        signing_keys: SigningKeys,
        prepared: PreparedStatements,
        registrar: Registrar,
        withdrawals: Withdrawals,
        erasures: Erasures,
        amendments: Amendments,
    ) -> None:
        self._db = db
        self._log = log
        self._signing_keys = signing_keys
        self._prepared = prepared
        self._registrar = registrar
        self._withdrawals = withdrawals
        self._erasures = erasures
        self._amendments = amendments

    def submit_all(
        self, account: Account, signed: Sequence[SignedStatement], *, may_replace_key: bool = True
    ) -> list[Submitted | SourcemarkError]:
        """Enter many signed statements; answers in their order, errors in their places.

        Registrations that are new enter as one group: one transaction, one round of the log. Everything else, and all
        of them when the group fails, one by one.

        Args:
            may_replace_key: see `SigningKeys.enrol`.

        Raises:
            LedgerReadOnly, Unavailable: nothing is known of any of them; send them again.
        """
        answers = self._submit_group(account, signed)
        for place, each in enumerate(signed):
            if answers[place] is None:
                try:
                    answers[place] = self.submit(account, each, may_replace_key=may_replace_key)
                except (LedgerReadOnly, Unavailable):
                    raise
                except SourcemarkError as error:
                    answers[place] = error
        return [each for each in answers if each is not None]

    def submit(self, account: Account, signed: SignedStatement, *, may_replace_key: bool = True) -> Submitted:
        """Enter a signed statement; submitting it again is answered again.

        Args:
            may_replace_key: see `SigningKeys.enrol`.

        Raises:
            VerificationFailed: these bytes are no statement in its one form, or a signature does not hold.
            Forbidden: the keys are not the account's, or revoked.
            NotFound: the statement was not prepared here, or too long ago.
            Conflict: the log's rules refuse it.
        """
        self._log.check_writable()
        leaf, parsed = self._read(signed)
        if parsed.kind == "registration":
            result = self._register(account, leaf, parsed, signed)
            assert result.receipt is not None
            return Submitted(kind=parsed.kind, receipt=result.receipt, work=result)
        index = self._entered(self._hash_in_log(leaf, parsed))
        if index is None:
            if parsed.kind == "key-enrol":
                opening = _openings(parsed, signed).get(envelope.ACCOUNT)
                index = self._signing_keys.enrol(account, leaf, opening, may_replace_key=may_replace_key)
            else:
                index = self._enter(account, leaf, parsed, signed)
        size, _ = self._log.head()
        return Submitted(kind=parsed.kind, receipt=ReceiptRef(origin=self._log.origin, index=index, size=size))

    def _read(self, signed: SignedStatement) -> tuple[bytes, envelope.Leaf]:
        leaf = unb64(signed.leaf)
        parsed = self._log.parse(leaf)
        if parsed.host != envelope.host_of(self._log.origin):
            raise VerificationFailed(f"the statement was written for the log of {parsed.host!r:.80}, not this one")
        opened = "sealed" in parsed.predicate or parsed.kind in ("key-enrol", *envelope.AMENDING)
        if signed.opening is not None and not opened:
            raise BadInput("opening: a sealed registration, an amendment, a transfer or an enrolment comes with one")
        return leaf, parsed

    def _hash_in_log(self, leaf: bytes, parsed: envelope.Leaf) -> bytes:
        """The leaf hash by which the log knows a statement, or would; raises `BadInput` for what is not submitted."""
        if parsed.kind == "key-enrol":
            if parsed.predicate["custody"] != "producer":
                raise BadInput("custody: of a key that a client enrols it is producer")
            return self._signing_keys.entered_as(leaf)
        if parsed.kind not in ("key-revoke", "withdrawal", "erasure", *envelope.AMENDING):
            raise BadInput(f"a {parsed.kind} is not submitted here")
        return merkle.leaf_hash(leaf)

    def _entered(self, leaf_hash: bytes) -> int | None:
        """The index of an entry that was sent before, and its sender did not hear our answer; None for a new one.

        The crash may have come at any step: what is not signed and published yet is, before it is answered.
        """
        with self._db.read() as connection:
            pending = sa.select(pending_entries.c.id).where(
                pending_entries.c.leaf_hash == leaf_hash, pending_entries.c.refused.is_(None)
            )
            logged = sa.select(entries.c.idx).where(entries.c.leaf_hash == leaf_hash)
            if connection.execute(logged).first() is None and connection.execute(pending).first() is None:
                return None
        return self._log.commit([leaf_hash])[leaf_hash]

    def _enter(self, account: Account, leaf: bytes, parsed: envelope.Leaf, signed: SignedStatement) -> int:
        """Enter what is no registration or enrolment and is not in the log yet; returns its index."""
        if parsed.kind == "key-revoke":
            return self._signing_keys.submit_revocation(leaf)
        with self._db.read() as connection:
            work = connection.execute(
                sa.select(works.c.work_id, works.c.withdrawn_at)
                .join(entries, entries.c.leaf_hash == works.c.leaf_hash)
                .where(entries.c.idx == parsed.predicate["index"], works.c.account_id == account.id)
            ).first()
        if work is None:
            raise NotFound(f"entry {parsed.predicate['index']} registers no work of yours")
        if parsed.kind == "withdrawal":
            self._withdrawals.enter(account, work.work_id, leaf)
        elif parsed.kind in envelope.AMENDING:
            enrolled_keys.check_live(self._db, account, parsed.signers)
            opening = _openings(parsed, signed).get("claim")
            self._amendments.enter(account, work.work_id, leaf, opening)
        elif work.withdrawn_at is None:
            raise Conflict("withdraw the work before you erase it: a work that is matched names its owner")
        else:
            enrolled_keys.check_live(self._db, account, parsed.signers)
            self._erasures.enter(account, work.work_id, leaf)
        index = self._entered(merkle.leaf_hash(leaf))
        assert index is not None
        return index

    # --- registrations -----------------------------------------------------------------------------------------------
    def _register(
        self, account: Account, leaf: bytes, parsed: envelope.Leaf, signed: SignedStatement
    ) -> RegistrationResult:
        enrolled_keys.check_live(self._db, account, parsed.signers)
        sealed = "sealed" in parsed.predicate
        draft = _sealed_draft(leaf, parsed, signed) if sealed else self._prepared.take(account, [(leaf, parsed)])[0]
        if draft is None:
            return self._registrar.result_again(account, merkle.leaf_hash(leaf))
        self._log.verify([leaf])  # before the database's one writer is held
        try:
            self._registrar.enter(account, [draft], [] if sealed else [statement_hash(parsed)])
        except Conflict:
            # The same statement at the same time by another request: that one's answer is this one's.
            return self._registrar.result_again(account, merkle.leaf_hash(leaf))
        if sealed and draft.existing:
            with contextlib.suppress(NotFound):
                return self._registrar.result_again(account, merkle.leaf_hash(leaf))
            raise Conflict("a work with this sealed digest is in the log already: seal with a salt of your own")
        (result,) = self._registrar.results([RegistrationItem(external_id=draft.external_id)], [draft])
        return result

    def _submit_group(
        self, account: Account, signed: Sequence[SignedStatement]
    ) -> list[Submitted | SourcemarkError | None]:
        """The answers of the registrations that could enter as one group, None in the places of all others."""
        answers: list[Submitted | SourcemarkError | None] = [None] * len(signed)
        with contextlib.suppress(VerificationFailed, BadInput, Conflict, Forbidden, NotFound):
            drafted, used = self._drafts(account, signed)
            places = sorted(drafted)
            if not places:
                return answers
            self._registrar.enter(account, [drafted[place] for place in places], used)
            # Whether the account may have the answer of a sealed work that is in the log already, `submit` asks.
            told = [p for p in places if not (drafted[p].existing and drafted[p].fingerprint is None)]
            items = [RegistrationItem(external_id=drafted[place].external_id) for place in told]
            results = self._registrar.results(items, [drafted[place] for place in told])
            for place, result in zip(told, results, strict=True):
                assert result.receipt is not None
                answers[place] = Submitted(kind="registration", receipt=result.receipt, work=result)
        return answers

    def _drafts(self, account: Account, signed: Sequence[SignedStatement]) -> tuple[dict[int, Draft], list[bytes]]:
        """The drafts of the registrations among signed statements by their places, and the prepared statements used."""
        read = [self._read(each) for each in signed]
        registrations = {p: pair for p, pair in enumerate(read) if pair[1].kind == "registration"}
        enrolled_keys.check_live(self._db, account, {s for _, parsed in registrations.values() for s in parsed.signers})
        self._log.verify([leaf for leaf, _ in registrations.values()])
        open_ones = [p for p, (_, parsed) in registrations.items() if "sealed" not in parsed.predicate]
        taken = self._prepared.take(account, [registrations[place] for place in open_ones])
        drafted = {place: draft for place, draft in zip(open_ones, taken, strict=True) if draft is not None}
        used = [statement_hash(registrations[place][1]) for place in drafted]
        for place in registrations.keys() - set(open_ones):
            drafted[place] = _sealed_draft(*registrations[place], signed[place])
        return drafted, used


def _sealed_draft(leaf: bytes, parsed: envelope.Leaf, signed: SignedStatement) -> Draft:
    """The draft of a work that its owner sealed, with what the service may know of it."""
    if len(parsed.digests) != 1:
        raise BadInput("a sealed registration is about one work")
    openings = _openings(parsed, signed)
    claim = parse(NewClaim, openings["claim"].record) if "claim" in openings else Claim()
    draft = drafts.draft_sealed_elsewhere(claim, bytes.fromhex(parsed.digests[0]), signed.external_id)
    draft.openings = openings
    draft.set_leaf(leaf)
    return draft


def _openings(parsed: envelope.Leaf, signed: SignedStatement) -> dict[str, Opening]:
    """What a signed statement brings to open its commitments; raises `VerificationFailed` for what opens none."""
    found: dict[str, Opening] = {}
    for name, each in (signed.opening or {}).items():
        promised = parsed.predicate.get("commitments", {}).get(name)
        try:
            found[name] = Opening.from_json(each)
            if found[name].commitment != promised:
                raise VerificationFailed("another was promised")
        except (VerificationFailed, KeyError, TypeError):
            raise VerificationFailed(f"the opening does not open the {name!r:.40} of the statement") from None
    return found
