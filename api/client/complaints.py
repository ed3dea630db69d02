"""What whoever complains does by an API key, and what those do who decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from provenance.json_input import parse
from provenance.schemas.case import CaseDecision, CaseRecord, CaseSummary, State
from provenance.schemas.notice import BulkNoticeAnswers, BulkNotices, FiledNotice, Notice

from .calls import Call, File, Flow, Listing, given, new_key, path
from .session import Session


def file_notice(
    _: Session,
    about: Mapping[str, Any],
    files: Sequence[Path | tuple[str, bytes]] = (),
    *,
    idempotency_key: str | None = None,
) -> Flow[FiledNotice]:
    """Complain about posts.

    Args:
        about: work_id, addresses, name, email and so on, as `POST /v1/notices` takes them.
        files: evidence: paths, or names with bytes.
    """
    body = dict(about)
    parse(Notice, body)
    sent = [File(each.name, each) if isinstance(each, Path) else File(*each) for each in files]
    call = Call("POST", path("notices"), body, files=sent or None, idempotency_key=idempotency_key or new_key())
    return (yield call).model(FiledNotice)


def file_notices(_: Session, notices: Sequence[Mapping[str, Any]]) -> Flow[BulkNoticeAnswers]:
    """Complain about many posts: up to 100 notices, each answered on its own; one sent again is told as a repeat."""
    body = parse(BulkNotices, {"notices": [dict(each) for each in notices]}).model_dump(mode="json", exclude_unset=True)
    return (yield Call("POST", path("notices", "batch"), body, repeatable=False)).model(BulkNoticeAnswers)


def get_notice(_: Session, case_id: str) -> Flow[CaseRecord]:
    """The case of a notice that your account sent, as whoever complains sees it."""
    return (yield Call("GET", path("case-links", case_id))).model(CaseRecord)


def cases(_: Session, *, state: State | None = None, overdue: bool = False) -> Listing[CaseSummary]:
    """Complaints about your posts, oldest first."""
    return Listing(path("cases"), CaseSummary, given(state=state, overdue="true" if overdue else None))


def get_case(_: Session, case_id: str) -> Flow[CaseRecord]:
    """One of them, with everything its parties have said."""
    return (yield Call("GET", path("cases", case_id))).model(CaseRecord)


def decide_case(_: Session, /, case_id: str, **terms: Any) -> Flow[CaseRecord]:
    """Decide a case; ``terms`` as `POST /v1/cases/{case_id}/decision` takes them: finding, outcome, reason ..."""
    return (yield Call("POST", path("cases", case_id, "decision"), _written(terms), repeatable=False)).model(CaseRecord)


def decide_appeal(_: Session, /, case_id: str, **terms: Any) -> Flow[CaseRecord]:
    """Decide an appeal, in which you have not decided before; ``terms`` as of `decide_case`."""
    call = Call("POST", path("cases", case_id, "appeal-decision"), _written(terms), repeatable=False)
    return (yield call).model(CaseRecord)


def _written(terms: Mapping[str, Any]) -> dict[str, Any]:
    return parse(CaseDecision, dict(terms)).model_dump(mode="json", exclude_unset=True)
