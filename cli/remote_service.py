"""Commands that work with a service elsewhere: the private key stays on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fingerprints.durable import private
from provenance.errors import BadInput, Conflict, LedgerReadOnly, Misconfigured, SourcemarkError, Unavailable
from provenance.names import clean

from .session import signing_key_file

if TYPE_CHECKING:
    from api.client import Client
    from provenance.schemas import RegistrationResult
    from provenance.tlog.keys import SigningKey


Remote = Annotated[
    str | None, typer.Option("--service", help="Of the service at this address, by the API key in SOURCEMARK_API_KEY.")
]


def signed_elsewhere(url: str, sign_key: Path | None, account: str | None = None) -> tuple[Client, SigningKey]:
    """The service at an address, and the key that signs here.

    Raises:
        BadInput: there is no key, or an account is named although the API key says whose it is.
    """
    if sign_key is None or account is not None:
        raise BadInput("--service acts for its API key's account (no --account), and needs --sign-key FILE")
    return client(url), signing_key_file(sign_key)


def client(url: str) -> Client:
    """The service at an address; the API key is a setting, because a command line is seen by others."""
    from api.client import Client
    from provenance.config import load_settings

    secret = load_settings().api_key
    if secret is None:
        raise Misconfigured("SOURCEMARK_API_KEY is not set: it is the key that the service's administrator gave you")
    return Client(url, secret.get_secret_value())


def register(url: str, paths: Sequence[Path], claim: dict[str, Any], key: SigningKey) -> Iterator[RegistrationResult]:
    """Register files one after the other; what is wrong with one is its result, the rest goes on.

    Of a sealed one the openings are written beside the file, as FILE.opening.json, before anything is sent: without
    them nobody could prove later what was sealed.
    """
    from provenance.schemas import RegistrationResult, problem_of

    with client(url) as service:
        for path in paths:
            try:
                if claim["sealed"]:
                    told = {k: v for k, v in claim.items() if k not in ("sealed", "opens", "seal")}
                    told["title"] = told["title"] or clean(path.stem)
                    work = service.register_sealed(path, told, key, keep=partial(_keep, path))
                else:
                    work = service.register(path, {k: v for k, v in claim.items() if v}, key)
                yield work.model_copy(update={"path": str(path)})
            except (Unavailable, LedgerReadOnly, Misconfigured):
                raise
            except SourcemarkError as error:
                if error.exit_status in (3, 4):
                    raise
                yield RegistrationResult(path=str(path), status="error", reason=error.reason, error=problem_of(error))


def _keep(path: Path, opening: dict[str, Any]) -> None:
    target = path.with_name(path.name + ".opening.json")
    try:
        with open(target, "x", opener=private) as handle:
            json.dump(opening, handle, ensure_ascii=False)
    except FileExistsError:
        raise Conflict(f"{target} exists: it opens an earlier sealed registration; move it away first") from None
    except OSError as error:
        raise BadInput(f"{target} cannot be written: {error.strerror}") from error


def salt_in(path: Path) -> str:
    """The salt of a sealed work, base64, in the file of openings that was written when it was sealed."""
    try:
        salt = json.loads(path.read_text())["seal"]["record"]["salt"]
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, RecursionError):
        salt = None
    if not isinstance(salt, str):
        raise BadInput(f"{path} is not the .opening.json of a sealed registration")
    return salt
