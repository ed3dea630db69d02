"""What platforms do: scan uploads and posts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from provenance.json_input import parse
from provenance.schemas import NewScan, ScanResult

from .calls import Call, File, Flow, Listing, given, new_key, path, read_model
from .session import Session


def scan(
    _: Session,
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
    text, files = (source, None) if isinstance(source, str) else (None, [File(source.name, source)])
    return (
        yield Call(
            "POST",
            path("scans"),
            known if text is None else {**known, "text": text},
            files=files,
            query={"dry_run": "true"} if dry_run else {},
            idempotency_key=None if dry_run else idempotency_key or new_key(),
        )
    ).model(ScanResult)


def scan_html(
    _: Session, html: str, about: Mapping[str, Any] | None = None, *, idempotency_key: str | None = None
) -> Flow[ScanResult]:
    """Scan a page of HTML; see `scan`."""
    body = {**(about or {}), "html": html}
    parse(NewScan, body)
    return (yield Call("POST", path("scans"), body, idempotency_key=idempotency_key or new_key())).model(ScanResult)


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
    return Listing(path("scans"), ScanResult, given(limit=500))
