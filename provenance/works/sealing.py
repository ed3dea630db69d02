"""Sealed registrations: a work is claimed and dated of which the log tells nothing, not even a digest to guess by.

The log holds SHA-256(salt || bytes) with 32 random bytes of salt. Whoever has salt and file can show at any time that
this file was registered then; an open registration that names the sealed one makes it findable and public.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

import sqlalchemy as sa

from fingerprints.errors import UnreadableMedia
from fingerprints.source import Source

from ..accounts.accounts import Account
from ..database.engine import Database
from ..database.tables import entries, openings, works
from ..errors import BadContent, BadInput, NotFound, TooLarge, VerificationFailed
from ..ledger import work_columns
from ..schemas import RegistrationItem
from ..tlog import envelope, statement
from ..tlog.encoding import b64, unb64

SEALED = work_columns.SEALED


def new_salt() -> bytes:
    """32 random bytes."""
    return secrets.token_bytes(envelope.SALT_SIZE)


def digest(source: Source, salt: bytes, max_bytes: int) -> bytes:
    """SHA-256(salt || bytes) of an upload, which is not decoded.

    Raises:
        BadInput: it cannot be read.
        BadContent: it is empty.
        TooLarge: over the limit of uploads.
    """
    summed = hashlib.sha256(salt)
    try:
        with source.opened() as held:
            if held.size > max_bytes:
                limit = f"{max_bytes >> 20} MiB (SOURCEMARK_MAX_UPLOAD_MIB)"
                raise TooLarge(f"the file is larger than {limit}", reason="too_large")
            if not held.size:
                raise BadContent("the file is empty", reason="empty")
            for chunk in held.chunks():
                summed.update(chunk)
    except UnreadableMedia as error:
        raise BadInput(str(error)) from error
    return summed.digest()


def reference(db: Database, account: Account, item: RegistrationItem, source: Source, max_bytes: int) -> dict[str, Any]:
    """How a registration names the sealed one that it opens: ``index``, ``leafHash`` and ``salt``.

    Raises:
        NotFound: the account has no sealed work of this id.
        BadInput: nobody gave the salt.
        VerificationFailed: the file is not the one that was sealed.
    """
    with db.read() as connection:
        row = connection.execute(
            sa.select(works, entries.c.idx)
            .join(entries, entries.c.leaf_hash == works.c.leaf_hash)
            .where(works.c.work_id == item.opens, works.c.account_id == account.id, works.c.medium == SEALED)
        ).first()
        if row is None:
            raise NotFound(f"no sealed work of yours has the id {item.opens!r}")
        kept = connection.execute(
            sa.select(openings.c.record).where(openings.c.leaf_hash == row.leaf_hash, openings.c.name == "seal")
        ).scalar()
    given = item.seal or (kept or {}).get("salt")
    if given is None:
        raise BadInput(f"seal: the salt of {item.opens} is not kept here; give it, base64")
    try:
        salt = unb64(given)
    except VerificationFailed as error:
        raise BadInput(f"seal: {error.detail}") from None
    if len(salt) != envelope.SALT_SIZE or digest(source, salt, max_bytes) != row.digest:
        raise VerificationFailed(f"this file, with this salt, is not the one that {item.opens} seals")
    return {**statement.refer(row.idx, row.leaf_hash), "salt": b64(salt)}
