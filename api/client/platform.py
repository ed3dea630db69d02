"""What platforms do: scan uploads and posts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from provenance.json_input import parse
from provenance.schemas import NewPost, NewScan, ScanResult

from . import jobs as later
from .calls import Call, File, Flow, Listing, content, given, new_key, path, read_model
from .session import Session


def scan(
    session: Session,
    source: Path | str,
    about: Mapping[str, Any] | None = None,
    *,
    dry_run: bool = False,
    idempotency_key: str | None = None,
) -> Flow[ScanResult]:
    """Scan a file, or a text given as such.

    Args:
        about: caption, account, post_url and so on, as a line of `sourcemark scan --batch` has them.
        dry_run: answer only, and record nothing.
        idempotency_key: makes the same scan, sent again by you, answered again; one is made by default.
    """
    known = dict(about or {})
    parse(NewScan, known)
    body, files = content(source, known)
    return (yield from later.answered(session, _scan("scans", body, files, idempotency_key, dry_run), ScanResult))


def post(
    session: Session,
    about: Mapping[str, Any],
    files: Sequence[Path | tuple[str, bytes]] = (),
    *,
    dry_run: bool = False,
    idempotency_key: str | None = None,
) -> Flow[ScanResult]:
    """Scan a post: an article or caption with its pictures, and whatever else belongs to it.

    Args:
        about: ``html`` or ``text``, title, caption, account and so on, as `POST /v1/posts` takes them.
        files: paths, or names with bytes; the page shows them by their names.
    """
    known = dict(about)
    parse(NewPost, known)
    sent = [File(each.name, each) if isinstance(each, Path) else File(*each) for each in files]
    return (yield from later.answered(session, _scan("posts", known, sent, idempotency_key, dry_run), ScanResult))


def _scan(
    to: str, body: Mapping[str, Any], files: Sequence[File] | None, key: str | None, dry_run: bool = False
) -> Call:
    return Call(
        "POST",
        path(to),
        body,
        files=files,
        query=given(dry_run="true" if dry_run else None),
        idempotency_key=None if dry_run else key or new_key(),
    )


def scan_html(
    _: Session, html: str, about: Mapping[str, Any] | None = None, *, idempotency_key: str | None = None
) -> Flow[ScanResult]:
    """Scan a page of HTML; see `scan`."""
    body = {**(about or {}), "html": html}
    parse(NewScan, body)
    return (yield _scan("scans", body, None, idempotency_key)).model(ScanResult)


def scan_many(
    _: Session, items: Sequence[Mapping[str, Any]], *, idempotency_key: str | None = None
) -> Flow[list[ScanResult]]:
    """Scan texts and pages of HTML in one request.

    Args:
        items: objects as `scan` takes them, each with ``text`` or ``html``.

    Returns:
        Results in the order of the items; a bad item is one with status ``error``, the rest goes on.
    """
    body = {"items": [dict(each) for each in items]}
    answer = yield Call("POST", path("scans", "batch"), body, idempotency_key=idempotency_key or new_key())
    return [read_model(ScanResult, each, answer.service) for each in answer.json().get("results", [])]


def get_scan(_: Session, scan_id: str) -> Flow[ScanResult]:
    """A scan of yours."""
    return (yield Call("GET", path("scans", scan_id))).model(ScanResult)


def scans(_: Session) -> Listing[ScanResult]:
    """All of yours, read page by page."""
    return Listing(path("scans"), ScanResult)
