"""A platform whose reviewers look at reposts of one work."""

from __future__ import annotations

from typing import Any

from provenance.accounts import accounts
from provenance.accounts.accounts import NewAccount
from provenance.application import Application
from provenance.scans.review.queue import Wanted
from provenance.scans.review.reviewer import Reviewer
from provenance.schemas import ScanResult
from provenance.schemas.decisions import NewDecision
from tests.provenance.conftest import ESSAY, register_work, scan_upload

PLATFORM = "Riverside"


def open_desk(application: Application) -> Application:
    accounts.create(application.db, NewAccount(name=PLATFORM, kind="platform"))
    source = {"source_name": "North Bank", "source_urls": ["https://northbank.example/a/17"]}
    register_work(application, ESSAY.encode(), licence="reprint-with-credit", **source)
    return application


def reviewer(application: Application, name: str) -> Reviewer:
    return Reviewer(accounts.find(application.db, PLATFORM).id, f"key_{name}", name)


def post(application: Application, n: int = 1, text: str = ESSAY, **fields: Any) -> ScanResult:
    fields = {"post_url": f"https://river.example/p/{n}", "account": "City Daily", **fields}
    return scan_upload(application, text.encode(), platform=PLATFORM, **fields)


def choose(decision: str, reason: str = "looked", **fields: Any) -> NewDecision:
    return NewDecision.model_validate({"decision": decision, "reason": reason, **fields})


def waiting(application: Application) -> list[str]:
    """The items that wait, oldest first."""
    found, _ = application.review_queue.page(reviewer(application, "ann"), Wanted(state="waiting"))
    return [each.item_id for each in found]
