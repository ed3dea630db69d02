"""Drafts of registrations: what is claimed of which work, and the statement that is to be signed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fingerprints.model import Examination, Field, Fingerprint
from fingerprints.registry import MEDIA
from fingerprints.source import Source

from .. import names
from ..accounts.accounts import Account
from ..database.engine import Database
from ..database.tables import owner_key
from ..errors import BadInput
from ..ledger import work_columns
from ..marking import rights_metadata
from ..schemas import Claim, RegistrationItem
from ..tlog import envelope, merkle, statement
from ..tlog.encoding import b64
from ..tlog.opening import Opening
from . import sealing

METADATA = "metadata"  # the opening that holds the rights-management fields of an original


@dataclass(slots=True)
class Draft:
    """A registration on its way into the log.

    Attributes:
        fingerprint: None for a sealed one.
        digest: what the statement is about, 32 bytes; of a sealed one the salted digest.
        identity: of what is registered by whom; a second registration of the same is answered with the first.
        opens, reference: public id of the sealed work that this one opens, and how its statement names it.
        seal: salt of a sealed one, where it is known here.
        fields: what the file says of itself, None for a sealed one and for one whose statement is made already.
        openings: by the names of the statement's commitments.
        stated: the fields that its sender filled in, where others come from defaults; None: all that are not empty.
        existing: it was registered before; ``work_id`` and ``leaf_hash`` are of then.
        differs: of an existing one the fields that are claimed otherwise now.
    """

    claim: Claim
    digest: bytes
    identity: bytes
    fingerprint: Fingerprint | None
    external_id: str | None = None
    opens: str | None = None
    reference: Mapping[str, Any] | None = None
    seal: bytes | None = None
    fields: Sequence[Field] | None = None
    work_id: str = ""
    leaf: bytes = b""
    leaf_hash: bytes = b""
    openings: dict[str, Opening] = field(default_factory=dict)
    stated: frozenset[str] | None = None
    existing: bool = False
    differs: list[str] = field(default_factory=list)

    @property
    def medium(self) -> str:
        return sealing.SEALED if self.fingerprint is None else self.fingerprint.medium

    @property
    def reason(self) -> str | None:
        """Why only exact copies can be found, if so."""
        return sealing.SEALED if self.fingerprint is None else self.fingerprint.reason

    def set_leaf(self, leaf: bytes) -> None:
        self.leaf, self.leaf_hash = leaf, merkle.leaf_hash(leaf)
        self.work_id = work_columns.public_id("work", self.leaf_hash)
        self.existing, self.differs = False, []

    def is_that(self, work_id: str, leaf_hash: bytes, claim: Mapping[str, Any]) -> None:
        """It was registered before: as this work, under this claim."""
        self.work_id, self.leaf_hash, self.existing = work_id, leaf_hash, True
        mine = self.claim.model_dump()
        stated = [name for name, value in mine.items() if value] if self.stated is None else self.stated
        self.differs = [name for name, value in mine.items() if name in stated and value != claim.get(name)]

    def compose(self, origin: str, after: envelope.After) -> dict[str, Any]:
        """The statement of this draft, with fresh salts; its openings are set."""
        records: dict[str, Any] = {"claim": self.claim.model_dump(exclude_none=True, exclude_defaults=True)}
        if self.fingerprint is not None:
            records["fingerprint"] = {
                "algorithm": self.fingerprint.algorithm,
                "sha256": hashlib.sha256(self.fingerprint.to_bytes()).hexdigest(),
            }
        if self.fields is not None and self.fingerprint is not None and MEDIA[self.fingerprint.medium].HAS_METADATA:
            # What the original says of its rights: a repost's file is compared with it.
            kept = rights_metadata.rights_fields(self.fields)
            records[METADATA] = {"fields": [[field.where, field.tag, field.value] for field in kept]}
        if self.seal is not None:
            records["seal"] = {"salt": b64(self.seal)}
        self.openings = {name: Opening.of(record) for name, record in records.items()}
        commitments = {name: opening.commitment for name, opening in self.openings.items()}
        if self.fingerprint is None:
            return statement.sealed_registration(origin, digest=self.digest, commitments=commitments, after=after)
        return statement.registration(
            origin,
            digest=self.digest,
            medium=self.fingerprint.medium,
            algorithms=[self.fingerprint.algorithm],
            commitments=commitments,
            after=after,
            opens=self.reference,
        )


def draft_open(
    db: Database,
    account: Account,
    item: RegistrationItem,
    source: Source,
    examination: Examination,
    max_bytes: int,
) -> Draft:
    """The draft of a registration whose digest is public.

    Raises:
        BadInput: without an owner; see also `sealing.reference`.
    """
    claim = _claim(account, item)
    reference = None if item.opens is None else sealing.reference(db, account, item, source, max_bytes)
    fingerprint = examination.fingerprint
    return Draft(
        claim,
        fingerprint.digest,
        work_columns.identity(account.id, owner_key(claim.owner), fingerprint.digest),
        fingerprint,
        item.external_id,
        opens=item.opens,
        reference=reference,
        fields=examination.fields,
        stated=_stated(item),
    )


def draft_sealed(account: Account, item: RegistrationItem, source: Source, max_bytes: int) -> Draft:
    """The draft of a sealed registration, whose source is only hashed.

    Raises:
        BadInput: without an owner; see also `sealing.digest`.
    """
    claim = _claim(account, item)
    salt = sealing.new_salt()
    digest = sealing.digest(source, salt, max_bytes)
    return Draft(claim, digest, work_columns.sealed_identity(digest), None, item.external_id, seal=salt)


def draft_sealed_elsewhere(claim: Claim, digest: bytes, external_id: str | None = None) -> Draft:
    """The draft of a registration that its owner sealed: only the salted digest is known here."""
    return Draft(claim, digest, work_columns.sealed_identity(digest), None, external_id)


def _claim(account: Account, item: RegistrationItem) -> Claim:
    """What an item claims, with what the account and the file's name add; raises `BadInput` without an owner."""
    claim = Claim.model_validate(item.model_dump(include=set(Claim.model_fields)))
    if not claim.owner and account.default_owner:
        claim.owner = account.default_owner
    if not claim.title:
        claim.title = (names.clean(Path(item.path).stem)[:1000] if item.path else item.external_id) or "untitled"
    if not claim.owner:
        raise BadInput("owner is missing: give the copyright owner, or set a default owner for the account")
    return claim


def _stated(item: RegistrationItem) -> frozenset[str]:
    return frozenset(name for name in Claim.model_fields if getattr(item, name))
