"""Forms of pages: what was sent, and whether a page of ours sent it.

Against forged requests: browsers say where a request comes from (Fetch Metadata, Origin), and each form carries a token
that belongs to a cookie which no other site can read (OWASP, "signed double submit").
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from fingerprints.source import Source
from provenance.config import MEBIBYTE
from provenance.errors import BadInput, Forbidden
from provenance.names import clean

_VISITOR = "visitor"
_MAX_FIELDS, _MAX_FILES = 300, 100
_FIELD = "csrf"


@dataclass(frozen=True, slots=True)
class Sent:
    """A form as it came.

    Attributes:
        fields: the texts, in their order; a name may come more than once.
        files: name of the field, name of the file, content.
    """

    fields: list[tuple[str, str]]
    files: list[tuple[str, str, Source]]

    def __getitem__(self, name: str) -> str:
        """A text, without space around it; empty where there is none."""
        return next((value.strip() for key, value in self.fields if key == name), "")

    def __contains__(self, name: str) -> bool:
        """Whether a box is ticked or a button pressed."""
        return any(key == name for key, _ in self.fields)

    def all(self, name: str) -> list[str]:
        return [value.strip() for key, value in self.fields if key == name and value.strip()]

    def given(self, *names: str) -> dict[str, str]:
        """Those of some fields that are not empty."""
        return {name: self[name] for name in names if self[name]}


async def read(request: Request) -> AsyncIterator[Sent]:
    """The form of a request, as a dependency; its files are gone after the answer.

    Raises:
        Forbidden: the request does not come from a page of ours.
        BadInput: the form cannot be read.
    """
    _check_origin(request)
    async with request.form(max_files=_MAX_FILES, max_fields=_MAX_FIELDS, max_part_size=MEBIBYTE) as form:
        fields, files = [], []
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                if value.filename:
                    files.append((name, clean(value.filename), Source.spooled(value.file)))
            elif "\0" in value:
                raise BadInput(f"{name}: holds a NUL character")
            else:
                fields.append((name, value))
        sent = Sent(fields, files)
        if not hmac.compare_digest(sent[_FIELD].encode(), token_of(request).encode()):
            raise Forbidden("this form is too old: go back, load the page again and send it once more", reason="csrf")
        yield sent


Form = Annotated[Sent, Depends(read)]


def _check_origin(request: Request) -> None:
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    ours = site in (None, "same-origin", "none") and (
        origin in (None, "null") or urlsplit(origin).netloc == request.headers.get("host")
    )
    if not ours or (origin == "null" and site is None):
        raise Forbidden("this form was sent by another site", reason="csrf")


def cookie_name(request: Request, name: str) -> str:
    """With the prefix that keeps other hosts of a domain from setting it, where the connection is encrypted."""
    return f"__Host-{name}" if request.url.scheme == "https" else name


def set_cookie(request: Request, response: Response, name: str, value: str, seconds: int | None = None) -> None:
    response.set_cookie(
        cookie_name(request, name),
        value,
        max_age=seconds,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )


def token_of(request: Request) -> str:
    """The token of the forms that this browser gets."""
    return hashlib.blake2b(visitor_of(request).encode(), digest_size=16, person=b"sourcemark form").hexdigest()


def visitor_of(request: Request) -> str:
    """What tells this browser from others: its cookie, else what the answer will set."""
    known = request.cookies.get(cookie_name(request, _VISITOR))
    if known is None:
        known = getattr(request.state, _VISITOR, None) or secrets.token_urlsafe(24)
        setattr(request.state, _VISITOR, known)
    return known


def remember(request: Request, response: Response) -> None:
    """Set the cookie of a browser that had none."""
    made = getattr(request.state, _VISITOR, None)
    if made is not None:
        set_cookie(request, response, _VISITOR, made)
