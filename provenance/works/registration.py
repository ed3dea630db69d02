"""Registering works.

A registration is one transaction (work, fingerprint, openings, pending ledger entry); the sequencer then gives its
entry an index and publishes it; only then is it answered, with the earlier claims it competes with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from fingerprints.model import Examination
from fingerprints.progress import Listener
from fingerprints.source import Source

from ..accounts.accounts import Account
from ..accounts.signing_keys import SigningKeys
from ..config import Settings
from ..database.engine import Database
from ..database.tables import fingerprints, now, openings, owner_key, pending_entries, works
from ..errors import NotFound, SourcemarkError
from ..ledger.log import Log
from ..schemas import ReceiptRef, RegistrationItem, RegistrationResult, problem_of
from ..search.examination import Examiner
from ..tlog import statement
from ..tlog.keys import SigningKey
from . import competing_claims, drafts, prepared
from .competing_claims import CompetingClaims
from .drafts import Draft
from .evidence import Evidences


@dataclass(frozen=True, slots=True)
class RegistrationRequest:
    """One work to register: its claim and where its bytes are, or the error that makes it impossible."""

    item: RegistrationItem
    source: Source | SourcemarkError

    def told_to(self, listener: Callable[[str], Listener]) -> RegistrationRequest:
        """The same with somebody who waits for sound or film to be read: what ``listener`` makes for its path."""
        if not isinstance(self.source, Source):
            return self
        return replace(self, source=self.source.told_to(listener(self.item.path or "")))


class Registrar:
    """Registers works. Thread-safe."""

    def __init__(
        self,
        db: Database,
        log: Log,
        examiner: Examiner,
        signing_keys: SigningKeys,
        claims: CompetingClaims,
        evidence: Evidences,
        settings: Settings,
    ) -> None:
        self._db = db
        self._log = log
        self._examiner = examiner
        self._signing_keys = signing_keys
        self._claims = claims
        self._evidence = evidence
        self._batch_size = settings.batch_size
        self._max_bytes = settings.limits.max_bytes

    def register(
        self,
        account: Account,
        requests: Iterable[RegistrationRequest],
        key: SigningKey | None = None,
        examined: Callable[[], None] | None = None,
    ) -> Iterator[RegistrationResult]:
        """Register works; results come in the order of the requests, errors in their places.

        Works are read in parallel and committed in groups of ``batch_size``: a result is yielded only when its entry
        is signed, published and durable. Stopping half-way loses nothing that was yielded; registering the same bytes
        again for the same owner and account answers ``already_registered``.

        Args:
            key: the account's own key; None: the one that is kept here for it.
            examined: called when a work was examined, well before the answers of its group are yielded.

        Raises:
            Unavailable, LedgerReadOnly: nothing of the present group is registered, the groups before it are.
            Forbidden: see `SigningKeys.ensure_signer`.
        """
        self._log.check_writable()
        iterator = iter(requests)
        while group := list(islice(iterator, self._batch_size)):
            yield from self._register_group(account, group, key, examined)

    def _register_group(
        self,
        account: Account,
        group: Sequence[RegistrationRequest],
        key: SigningKey | None,
        examined: Callable[[], None] | None,
    ) -> list[RegistrationResult]:
        open_works = [each.source for each in group if not each.item.sealed]
        examinations = iter(self._examiner.examine_all(open_works, examined=examined))
        outcomes = [self._outcome(account, each, None if each.item.sealed else next(examinations)) for each in group]
        made = [outcome for outcome in outcomes if isinstance(outcome, Draft)]
        if made:
            signer = self._signing_keys.ensure_signer(account, key)
            for draft in made:
                draft.set_leaf(statement.sign(draft.compose(self._log.origin, self._log.head()), signer))
            self.enter(account, made)
        answers = self.results([request.item for request in group], outcomes)
        for request, answer in zip(group, answers, strict=True):
            if request.item.evidence and answer.work_id is not None:
                self._evidence.add_missing(account, answer.work_id, request.item.evidence, key)
        return answers

    def _outcome(
        self, account: Account, request: RegistrationRequest, examination: Examination | SourcemarkError | None
    ) -> Draft | SourcemarkError:
        """The draft of one registration, or why there is none; without an examination of a sealed one."""
        if isinstance(examination, SourcemarkError):
            return examination
        if isinstance(request.source, SourcemarkError):
            return request.source
        try:
            if examination is None:
                return drafts.draft_sealed(account, request.item, request.source, self._max_bytes)
            return drafts.draft_open(self._db, account, request.item, request.source, examination, self._max_bytes)
        except SourcemarkError as error:
            return error

    # --- T1 ----------------------------------------------------------------------------------------------------------
    def enter(self, account: Account, signed: Sequence[Draft], used: Sequence[bytes] = ()) -> None:
        """T1: the business rows and the pending entries of one group, in one transaction.

        Args:
            used: hashes of the statements among them that were kept here until they were signed; each is used up.

        Raises:
            Conflict: such a statement was used up in the meantime.
            VerificationFailed, BadInput, LedgerReadOnly: see `Log.submit`.
        """
        for attempt in range(3):
            try:
                with self._db.write() as connection:
                    prepared.use_up(connection, used)
                    _link_existing(connection, signed)
                    new = [each for each in signed if not each.existing]
                    if new:
                        _note_other_owners(connection, account, new)
                        _insert(connection, account, new)
                        self._log.submit(connection, [each.leaf for each in new])
                return
            except IntegrityError:
                if attempt == 2:
                    raise
                # PostgreSQL lets another process register the same bytes between our look and our write: look again.

    # --- the answer --------------------------------------------------------------------------------------------------
    def results(
        self, items: Sequence[RegistrationItem], outcomes: Sequence[Draft | SourcemarkError]
    ) -> list[RegistrationResult]:
        """Wait for the log, record competing claims, and say what became of each."""
        made = [outcome for outcome in outcomes if isinstance(outcome, Draft)]
        indexes: dict[bytes, int] = {}
        if made:
            indexes = self._log.commit([draft.leaf_hash for draft in made])
            self._claims.settle(indexes.values())
        size = self._log.head()[0] if made else 0
        earlier = competing_claims.earlier(self._db, [draft.work_id for draft in made])
        return [
            _refused(item, outcome)
            if isinstance(outcome, SourcemarkError)
            else self._registered(
                outcome,
                "already_registered" if outcome.existing else "registered",
                external_id=item.external_id,
                path=item.path,
                competing=earlier.get(outcome.work_id, []),
                receipt=ReceiptRef(origin=self._log.origin, index=indexes[outcome.leaf_hash], size=size),
                differs=outcome.differs,
            )
            for item, outcome in zip(items, outcomes, strict=True)
        ]

    def result_again(self, account: Account, leaf_hash: bytes) -> RegistrationResult:
        """The answer to a statement that was entered before, by a request whose sender did not hear of it.

        Raises:
            NotFound: no work of the account was registered by this statement.
        """
        with self._db.read() as connection:
            row = connection.execute(
                sa.select(works).where(works.c.leaf_hash == leaf_hash, works.c.account_id == account.id)
            ).first()
        if row is None:
            raise NotFound(
                "this statement was not prepared here for this account, or more than a day ago: prepare the "
                "registration again and sign the new statement"
            )
        index = self._log.commit([leaf_hash])[leaf_hash]
        self._claims.settle([index])
        size, _ = self._log.head()
        return self._registered(
            row,
            "registered",
            external_id=row.external_id,
            path=None,
            competing=competing_claims.rivals(self._db, [row.id]).get(row.id, []),
            receipt=ReceiptRef(origin=self._log.origin, index=index, size=size),
        )

    @staticmethod
    def _registered(
        work: Draft | sa.Row[Any],
        status: Literal["registered", "already_registered"],
        *,
        external_id: str | None,
        path: str | None,
        competing: list[str],
        receipt: ReceiptRef,
        differs: Sequence[str] = (),
    ) -> RegistrationResult:
        return RegistrationResult(
            external_id=external_id,
            path=path,
            status=status,
            work_id=work.work_id,
            medium=work.medium,
            fingerprintable=work.reason is None,
            reason=work.reason,
            competing=competing,
            receipt=receipt,
            differs=list(differs),
        )


def _refused(item: RegistrationItem, error: SourcemarkError) -> RegistrationResult:
    return RegistrationResult(
        external_id=item.external_id, path=item.path, status="error", reason=error.reason, error=problem_of(error)
    )


def _link_existing(connection: sa.Connection, signed: Sequence[Draft]) -> None:
    """Point drafts at works that are registered already, in the database or earlier in the same group."""
    rows = connection.execute(
        sa.select(works.c.identity, works.c.work_id, works.c.leaf_hash, works.c.claim, pending_entries.c.refused)
        .outerjoin(pending_entries, pending_entries.c.leaf_hash == works.c.leaf_hash)
        .where(works.c.identity.in_([each.identity for each in signed]))
    )
    registered: dict[bytes, tuple[str, bytes, dict[str, Any]]] = {}
    for identity, work_id, leaf_hash, claim, refused in rows:
        if refused is None:
            registered[identity] = (work_id, leaf_hash, claim)
        else:  # it never entered the log, so it never was a registration
            connection.execute(
                works.update().where(works.c.identity == identity).values(identity=None, withdrawn_at=now())
            )
    for each in signed:
        if each.existing:  # in an attempt before this one
            each.set_leaf(each.leaf)
        if each.identity in registered:
            each.is_that(*registered[each.identity])
        else:
            registered[each.identity] = (each.work_id, each.leaf_hash, each.claim.model_dump())


def _note_other_owners(connection: sa.Connection, account: Account, new: Sequence[Draft]) -> None:
    """The same file for another owner is a work of its own, and often a slip of the pen: say so."""
    same = sa.select(works.c.digest).where(
        works.c.digest.in_([each.digest for each in new]),
        works.c.account_id == account.id,
        works.c.withdrawn_at.is_(None),
    )
    before = set(connection.execute(same).scalars())
    for each in new:
        each.differs = ["owner"] if each.digest in before else []


def _insert(connection: sa.Connection, account: Account, new: Sequence[Draft]) -> None:
    """The rows of new works, with their openings and fingerprints."""
    moment = now()
    connection.execute(works.insert(), [_work_row(account, each, moment) for each in new])
    work_ids = [each.work_id for each in new]
    numbers: dict[str, int] = dict(
        connection.execute(sa.select(works.c.work_id, works.c.id).where(works.c.work_id.in_(work_ids))).all()
    )
    found = [
        {
            "work": numbers[each.work_id],
            "algorithm": each.fingerprint.algorithm,
            "data": each.fingerprint.index_bytes(),
            "detail": each.fingerprint.detail_bytes(),
        }
        for each in new
        if each.fingerprint is not None
    ]
    opened = [
        {"leaf_hash": each.leaf_hash, "name": name, "salt": opening.salt, "record": opening.record}
        for each in new
        for name, opening in each.openings.items()
    ]
    if found:
        connection.execute(fingerprints.insert(), found)
    if opened:
        connection.execute(openings.insert(), opened)


def _work_row(account: Account, draft: Draft, moment: str) -> dict[str, Any]:
    return {
        "work_id": draft.work_id,
        "account_id": account.id,
        "external_id": draft.external_id,
        "identity": draft.identity,
        "digest": draft.digest,
        "medium": draft.medium,
        "reason": draft.reason,
        "title": draft.claim.title,
        "owner": draft.claim.owner,
        "owner_key": owner_key(draft.claim.owner),
        "claim": draft.claim.model_dump(),
        "opens": draft.opens,
        "leaf_hash": draft.leaf_hash,
        "registered_at": moment,
    }
