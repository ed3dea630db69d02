"""What most commands open: the settings and an application on them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from provenance.errors import BadInput, LedgerReadOnly

from .output import tr

if TYPE_CHECKING:
    from provenance.accounts.accounts import Account
    from provenance.application import Application
    from provenance.config import Settings
    from provenance.database.engine import Database
    from provenance.tlog.keys import SigningKey


@contextmanager
def application() -> Iterator[Application]:
    """A started application on the settings in force."""
    from provenance.application import Application
    from provenance.config import load_settings

    with Application(unlocked(load_settings())) as opened:
        yield opened


def unlocked(settings: Settings) -> Settings:
    """With the passphrase of encrypted keys, asked for at the terminal if nobody has given it."""
    from provenance.ledger import pkcs8

    if settings.passphrase is not None or not sys.stdin.isatty():
        return settings
    try:
        locked = any(pkcs8.is_encrypted(path.read_bytes()) for path in settings.keys_dir.glob("*.pem"))
    except OSError:
        return settings
    return with_passphrase(settings, ask(tr("passphrase of the keys", "密钥口令"))) if locked else settings


def with_passphrase(settings: Settings, passphrase: str) -> Settings:
    from provenance.config import Settings

    return Settings.model_validate({**settings.model_dump(), "key_passphrase": passphrase})


def ask(what: str, *, twice: bool = False) -> str:
    """Something secret, typed at the terminal without being shown."""
    return str(typer.prompt(what, hide_input=True, confirmation_prompt=twice, err=True))


def acting_account(db: Database, ref: str | None) -> Account:
    """The account a command acts for: the one named, or the local one."""
    from provenance.accounts import accounts

    return accounts.local(db) if ref is None else accounts.find(db, ref)


def given_key(path: Path | None) -> SigningKey | None:
    """The key that `--sign-key` names, if the option is given; raises as `signing_key_file`."""
    return None if path is None else signing_key_file(path)


def signing_key_file(path: Path, *, make: bool = False) -> SigningKey:
    """The Ed25519 key in a PEM file of the user's.

    Args:
        make: write a new one where there is none.

    Raises:
        BadInput: there is no file, or it holds no such key.
    """
    from provenance.config import load_settings
    from provenance.ledger import key_files, pkcs8
    from provenance.tlog import keys

    try:
        passphrase = load_settings().passphrase
        if make and not path.exists():
            if passphrase is None and sys.stdin.isatty():
                passphrase = ask(
                    tr("a passphrase for the new key (empty: none)", "新密钥的口令（可留空）"), twice=True
                ).encode()
            key = keys.new_signing_key()
            key_files.save_signing_key(key, path, passphrase)
            return key
        if passphrase is None and sys.stdin.isatty() and pkcs8.is_encrypted(path.read_bytes()):
            passphrase = ask(f"{tr('passphrase of', '口令')} {path}").encode()
        return key_files.load_signing_key(path, passphrase)
    except FileNotFoundError:
        raise BadInput(f"{path} does not exist: name the file of a signing key") from None
    except LedgerReadOnly as error:
        if error.reason in ("passphrase_missing", "passphrase_wrong"):
            raise BadInput(error.detail, reason=error.reason) from None
        raise BadInput(f"{path} does not hold an Ed25519 private key in PEM form") from None
    except OSError as error:
        raise BadInput(f"{path} cannot be used: {error.strerror}") from error
