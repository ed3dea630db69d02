"""An audit by a third party: where the log is published, whose keys are trusted, what was found."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from ..errors import VerificationFailed
from ..tlog import note
from ..tlog import policy as policies
from ..tlog.verification import printable
from . import auditor
from .fetcher import Site

_MOST = 1000  # problems listed before giving up
_MANY = 8 * 16 * 256  # entries from which on starting other processes pays


def run(
    where: str,
    *,
    since: Sequence[bytes] = (),
    policy: bytes | None = None,
    rules: bool = True,
    processes: int | None = None,
) -> dict[str, Any]:
    """Audit a published log.

    Args:
        where: folder or URL.
        since: older signed checkpoints that it must continue.
        policy: the log's keys and witnesses as the auditor got them; None takes those published with it, and says so.
        rules: False compares hashes only.
        processes: None for one a core.

    Returns:
        ``origin``, ``size``, ``root`` (hex), ``policy_from`` ("reader" or "log"), ``witnesses`` (names of those that
        signed), ``problems`` (one line each, empty when all is well).

    Raises:
        BadInput: neither folder nor URL.
        Unavailable: it cannot be read.
    """
    site = Site(where)
    report: dict[str, Any] = {
        "origin": None,
        "size": None,
        "root": None,
        "policy_from": "log" if policy is None else "reader",
        "witnesses": [],
        "problems": [],
    }
    try:
        found = _audit(site, since, policy, rules, processes, report)
        for problem in islice(found, _MOST):
            report["problems"].append(printable(problem))
        if next(found, None) is not None:
            report["problems"].append("too many problems: the rest is not listed")
    finally:
        site.close()
    return report


def _audit(
    site: Site,
    since: Sequence[bytes],
    policy: bytes | None,
    rules: bool,
    processes: int | None,
    report: dict[str, Any],
) -> Iterator[str]:
    try:
        trusted = policies.parse_policy(site.text("policy") if policy is None else policy)
    except VerificationFailed as error:
        yield f"policy: {error.detail}"
        return
    try:
        signed = site.text("checkpoint")
        known = list(trusted.witnesses.values())
        checkpoint = note.open_checkpoint(signed, trusted.logs, known)
    except VerificationFailed as error:
        yield f"checkpoint: {error.detail}"
        return
    report |= {"origin": checkpoint.origin, "size": checkpoint.size, "root": checkpoint.root.hex()}
    report["witnesses"] = [name for name, key in trusted.witnesses.items() if key in checkpoint.signed_by]
    if not trusted.satisfied_by(set(checkpoint.signed_by)):
        yield "checkpoint: fewer witnesses signed it than the policy demands"
    if processes is None:
        processes = (os.cpu_count() or 1) if checkpoint.size >= _MANY else 1
    yield from auditor.audit_log(signed, site, trusted.logs, since=since, rules=rules, processes=processes)
    if site.folder is not None:
        yield from auditor.stray_files(site.folder, checkpoint.size)
