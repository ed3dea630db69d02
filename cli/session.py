"""What most commands open: the settings and a service on them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from provenance.config import load_settings
from provenance.errors import BadInput, LedgerReadOnly

if TYPE_CHECKING:
    from provenance.accounts import Account
    from provenance.ledger.keys import SigningKey
    from provenance.service import Service


@contextmanager
def service() -> Iterator[Service]:
    """A started service on the settings in force."""
    from provenance.service import Service

    with Service(load_settings()) as opened:
        yield opened


def acting_account(opened: Service, ref: str | None) -> Account:
    """The account a command acts for: the one named, or the local one."""
    from provenance import accounts

    return accounts.local(opened.db) if ref is None else accounts.find(opened.db, ref)


def signing_key_file(path: Path, *, make: bool = False) -> SigningKey:
    """The Ed25519 key in a PEM file of the user's.

    Args:
        make: write a new one where there is none.

    Raises:
        BadInput: there is no file, or it holds no such key.
    """
    from provenance.ledger import keys

    try:
        if make and not path.exists():
            key = keys.new_signing_key()
            keys.save_signing_key(key, path)
            return key
        return keys.load_signing_key(path)
    except FileNotFoundError:
        raise BadInput(f"{path} does not exist: name the file of a signing key") from None
    except LedgerReadOnly:
        raise BadInput(f"{path} does not hold an Ed25519 private key in PEM form") from None
    except OSError as error:
        raise BadInput(f"{path} cannot be used: {error.strerror}") from error
