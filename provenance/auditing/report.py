"""The report of an audit by a third party: where the log is published, whose keys are trusted, what was found."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from typing import Literal, TypedDict

from ..errors import VerificationFailed
from ..names import printable
from ..tlog.checkpoint import parse_checkpoint
from ..tlog.policy import Policy, parse_policy
from ..tlog.signed_checkpoint import OpenedCheckpoint, open_checkpoint
from ..tlog.verification import moment
from ..tlog.verified_time import SAME_CLOCK, logged_at
from .auditor import audit_log, stray_files, tiles_past
from .chunk import BUNDLES
from .fetcher import LogFetcher

_MAX_PROBLEMS = 1000  # listed before giving up
_MIN_SIZE_FOR_PROCESSES = 8 * BUNDLES * 256  # entries from which on starting other processes pays


class AuditReport(TypedDict):
    """What an audit found; origin, size and root are None when the checkpoint cannot be read.

    Attributes:
        root: hex.
        checkpoint_time: POSIX seconds at which the last witness, or else the log, signed the checkpoint.
        policy_from: "reader", "pinned" when the reader had kept the keys, "log" when they were published with the log
            itself.
        witnesses: names of those that signed.
        problems: one line each, empty when all is well.
        remarks: one line each: what is not wrong, and a reader should know.
    """

    origin: str | None
    size: int | None
    root: str | None
    checkpoint_time: int | None
    policy_from: Literal["reader", "pinned", "log"]
    witnesses: list[str]
    problems: list[str]
    remarks: list[str]


def audit_report(
    where: str,
    *,
    since: Sequence[bytes] = (),
    policy: bytes | None = None,
    rules: bool = True,
    processes: int | None = None,
    pinned: Callable[[str], bytes | None] | None = None,
    max_age: int | None = None,
) -> AuditReport:
    """Audit a published log.

    Args:
        where: folder or URL.
        since: older signed checkpoints that it must continue.
        policy: the log's keys and witnesses as the auditor got them; None takes those that are pinned, else those
            published with it, and says which.
        rules: False compares hashes only.
        processes: None for one a core.
        pinned: gives the policy that the auditor has pinned for a log, by its origin.
        max_age: seconds; a checkpoint that is older is a problem, for a log may be shown as it once was. None for any.

    Raises:
        BadInput: neither folder nor URL.
        Unavailable: it cannot be read.
    """
    fetcher = LogFetcher(where)
    report: AuditReport = {
        "origin": None,
        "size": None,
        "root": None,
        "checkpoint_time": None,
        "policy_from": "log" if policy is None else "reader",
        "witnesses": [],
        "problems": [],
        "remarks": [],
    }
    try:
        if policy is None and pinned is not None:
            policy = _pinned(fetcher, pinned)
            report["policy_from"] = "log" if policy is None else "pinned"
        found = chain(_problems(fetcher, since, policy, rules, processes, report), _too_old(report, max_age))
        for problem in islice(found, _MAX_PROBLEMS):
            report["problems"].append(printable(problem))
        if next(found, None) is not None:
            report["problems"].append("too many problems: the rest is not listed")
    finally:
        fetcher.close()
    return report


def _pinned(fetcher: LogFetcher, pinned: Callable[[str], bytes | None]) -> bytes | None:
    try:
        return pinned(parse_checkpoint(fetcher.text("checkpoint")).origin)
    except VerificationFailed:
        return None  # the audit says what is wrong with it


def _too_old(report: AuditReport, max_age: int | None) -> Iterator[str]:
    """Whether the checkpoint that was audited is older than is allowed, or bears no time."""
    if max_age is None or report["origin"] is None:
        return
    signed = report["checkpoint_time"]
    if signed is None:
        yield "checkpoint: nothing says when it was signed"
    elif time.time() - signed > max_age:
        yield f"checkpoint: the newest one is of {moment(signed)}, older than you allow: is it shown as it once was?"


def _dated_before(checkpoint: OpenedCheckpoint, since: Sequence[bytes], trusted: Policy) -> Iterator[str]:
    """Whether the log dates its checkpoint before an older one of the same keys: its clock went back."""
    now = logged_at(checkpoint, trusted)
    for raw in since:
        try:
            older = open_checkpoint(raw, trusted.logs, origin=checkpoint.origin)
        except VerificationFailed:
            continue  # of keys that were replaced, or none: the audit of the log says which
        then = logged_at(older, trusted)
        if now is not None and then is not None and older.size <= checkpoint.size and then > now + SAME_CLOCK:
            dates = f"it is dated {moment(then)}, the later one {moment(now)}"
            yield f"the earlier checkpoint: {dates}: the log's clock went back"


def _problems(
    fetcher: LogFetcher,
    since: Sequence[bytes],
    policy: bytes | None,
    rules: bool,
    processes: int | None,
    report: AuditReport,
) -> Iterator[str]:
    """Open the checkpoint, note in the report what it says, and audit what it signs."""
    try:
        trusted = parse_policy(fetcher.text("policy") if policy is None else policy)
    except VerificationFailed as error:
        yield f"policy: {error.detail}"
        return
    try:
        signed = fetcher.text("checkpoint")
        known = list(trusted.witnesses.values())
        checkpoint = open_checkpoint(signed, trusted.logs, known)
    except VerificationFailed as error:
        yield f"checkpoint: {error.detail}"
        return
    report["origin"], report["size"], report["root"] = checkpoint.origin, checkpoint.size, checkpoint.root.hex()
    witnesses = trusted.cosigned(checkpoint.signed_by)
    report["witnesses"] = list(witnesses)
    report["checkpoint_time"] = max(witnesses.values(), default=logged_at(checkpoint, trusted))
    if not trusted.satisfied_by(set(checkpoint.signed_by)):
        yield "checkpoint: fewer witnesses signed it than the policy demands"
    yield from _dated_before(checkpoint, since, trusted)
    if processes is None:
        processes = (os.cpu_count() or 1) if checkpoint.size >= _MIN_SIZE_FOR_PROCESSES else 1
    folder = fetcher.folder
    yield from audit_log(signed, fetcher, trusted.logs, folder=folder, since=since, rules=rules, processes=processes)
    if folder is not None:
        yield from stray_files(folder)
        past = list(tiles_past(folder, checkpoint.size))
        if past:
            report["remarks"].append(
                f"{len(past)} tiles lie past the signed size of {checkpoint.size} entries, such as {past[0]}: of a log "
                "that went on while it was copied, or entries that are kept from its readers"
            )
