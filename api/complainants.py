"""Who uses the routes of complaints: anybody, the holder of a secret link, an account by its key."""

from __future__ import annotations

import ipaddress
from typing import Annotated

from fastapi import Depends, Path, Request

from provenance.accounts import accounts
from provenance.accounts.accounts import Principal
from provenance.cases import links, reading
from provenance.cases.files import Upload
from provenance.config import MEBIBYTE, Settings
from provenance.errors import Unauthenticated

from .bodies import PostBody
from .dependencies import ApplicationDep, count_request
from .rate_limits import RateLimits


def get_sender(request: Request, app: ApplicationDep) -> Principal | None:
    """The key that a request came with, if any: without one its address may send so many a minute.

    The header is not declared as a scheme of security, because the description cannot say that it may be left out.

    Raises:
        Unauthenticated: there is a key, and it is not known.
        RateLimited: too many requests came from this address, or with this key.
    """
    given = request.headers.get("authorization")
    if given is None:
        rates: RateLimits = request.app.state.rate_limits
        rates.take(f"from {sender_address(request)}", app.settings.public_per_minute, "SOURCEMARK_PUBLIC_PER_MINUTE")
        return None
    scheme, _, secret = given.partition(" ")
    if scheme.casefold() != "bearer":
        raise Unauthenticated("send an API key as Authorization: Bearer smk_..., or none")
    principal = accounts.authenticate(app.db, secret.strip())
    count_request(request, app, principal)
    return principal


Sender = Annotated[Principal | None, Depends(get_sender)]


def sender_address(request: Request) -> str:
    """Whoever sends a request, as far as its address tells: of IPv6 the network, which is one customer's."""
    host = "" if request.client is None else request.client.host
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == 4:
        return host
    return str(ipaddress.ip_network((int(address), 64), strict=False))


def get_party(
    app: ApplicationDep,
    sender: Sender,
    link: Annotated[
        str,
        Path(
            max_length=100,
            description="The secret of a link; with the API key of the account that sent the notice its case's id.",
            examples=["case_0123456789abcdef01234567"],
        ),
    ],
) -> int:
    """The number of the party who asks; raises `NotFound` for whatever opens nothing."""
    if sender is not None and not link.startswith(links.PREFIX):
        return reading.party_of(app.db, link, sender.account_id)
    with app.db.read() as connection:
        return links.find(connection, link)


Party = Annotated[int, Depends(get_party)]


def wants_page(request: Request) -> bool:
    """Whether a browser asks: programs get JSON."""
    return "text/html" in request.headers.get("accept", "")


def uploads(body: PostBody, settings: Settings) -> list[Upload]:
    """The files of a body; of one that is too large as much as shows it."""
    most = settings.max_case_file_mib * MEBIBYTE + 1
    return [Upload(name or "file", source[:most]) for name, source in body.files]
