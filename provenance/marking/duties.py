"""The duties of somebody who reuses a work under its registered licence, and which of them a post leaves undone."""

from __future__ import annotations

from dataclasses import dataclass

from . import licences
from .facts import Facts
from .licences import Licence
from .model import Post, Work


@dataclass(frozen=True, slots=True)
class LicenceDuties:
    """What a post does of the duties.

    Attributes:
        findings: codes of duties that it leaves undone, in a fixed order.
        licence_named: the registered licence is named.
        looser_claimed: it names a licence, or says "free to use", that allows what the registered one does not.
        permission_stated: it says that permission was given.
        permission_pending: it says that permission was asked for; then none counts as given.
    """

    findings: tuple[str, ...]
    licence_named: bool
    looser_claimed: bool
    permission_stated: bool
    permission_pending: bool


def licence_duties(work: Work, post: Post, facts: Facts) -> LicenceDuties:
    """Compare what a post says with the registered licence and the use that it makes of the work."""
    registered = licences.parse(work.licence)
    named = [licence for _, _, licence in facts.licences]
    others = [licence for licence in named if not licence.same_as(registered)]
    looser = any(licence.looser_than(registered) for licence in others) or (
        facts.states("free_use") and registered.family != "free"
    )
    right = len(others) < len(named)
    pending = facts.states("pending")
    stated = facts.states("permission") and not pending
    findings = ["looser_licence_claimed"] if looser else []
    if post.use != "quotation":  # the law allows it without a licence
        findings += _undone_by_all_uses(post, registered, named=right, permitted=stated)
        if post.use == "adapted":
            findings += _undone_by_adaptation(registered, others, facts, permitted=stated)
    return LicenceDuties(tuple(findings), right, looser, stated, pending)


def _undone_by_all_uses(post: Post, registered: Licence, *, named: bool, permitted: bool) -> list[str]:
    findings = []
    if registered.family == "cc" and not named:
        findings.append("licence_not_named")
    if registered.family == "reserved" and not permitted:
        findings.append("permission_missing")
    if registered.family != "reprint" and post.commercial and "nc" in registered.conditions and not permitted:
        findings.append("nc_breach")
    return findings


def _undone_by_adaptation(registered: Licence, others: list[Licence], facts: Facts, *, permitted: bool) -> list[str]:
    """The duties of somebody who changes the work; ``others`` are the other licences that the post names."""
    findings = []
    if registered.family == "cc" and "nd" in registered.conditions and not permitted:
        findings.append("nd_breach")
    if registered.family != "free" and not facts.states_change:
        findings.append("modification_not_stated")
    if registered.family == "cc" and "sa" in registered.conditions and others:
        findings.append("sa_breach")
    return findings
