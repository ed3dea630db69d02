"""From what was found in a post to the verdict on it, in a fixed order: the first rule that fits decides.

misleading, wrong_owner, missing, compliant, partial.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from . import licences
from .credit_reader import Credit, Statement
from .entity_tagger import BOTH, OWNER, Mark, Marked
from .lexicon import ANY
from .licences import Licence
from .model import Evidence, Party, Post, Role, Verdict, Work

MAX_EVIDENCE = 24
ARTICLE = 80  # code points of running text that make a post an article and not a caption

_BYLINE = re.compile(
    rf"\W*(?:(?:by|von|par|por|di|da|door|av|af|oleh|author|autor|autora|auteur|autore|автор)[\s:]+|(?:作者|文|撰文)\s*[:/|]\s*)"
    rf"[{OWNER}{BOTH}]\W*$"
)

# Stable code -> the words shown for it. Marking, permission and infringement are three things, and the words say so.
REASONS: dict[str, tuple[str, str]] = {
    "owner_not_marked": ("the owner is not named", "未标明权利人"),
    "source_not_marked": ("the source is not named", "未标明来源"),
    "source_not_traceable": ("nothing leads from the post to the original", "来源不可追溯"),
    "generic_source": ("a source like 'the internet' names nobody", "“网络”之类的来源等于没有来源"),
    "not_visible": (
        "the credit is only in machine-readable fields, readers do not see it",
        "署名只存在于机器可读字段,读者看不到",
    ),
    "other_credited": ("somebody else is credited", "署名为他人"),
    "self_credited": ("the posting account credits itself", "发布账号署名为自己"),
    "lookalike_address": ("an address imitates the original's", "链接仿冒原文地址"),
    "deceptive_link": ("a link leads elsewhere than it says", "链接的实际去向与显示不符"),
    "rights_claimed": ("the posting account claims rights in the work", "发布账号主张作品权利"),
    "coauthor_claimed": ("the posting account names itself as co-author", "发布账号自列为共同作者"),
    "looser_licence_claimed": ("a looser licence is claimed than the owner gave", "所称许可比权利人给出的更宽"),
    "fields_contradict": ("embedded fields name different owners", "文件内嵌信息相互矛盾"),
    "licence_not_named": ("the licence asks to be named and is not", "未注明许可协议"),
    "modification_not_stated": ("the work was changed and the post does not say so", "作品被改动但未说明"),
    "nc_breach": ("a commercial use of a work under a non-commercial licence", "非商业许可的作品被用于商业用途"),
    "nd_breach": ("a changed work under a licence without derivatives", "禁止演绎的作品被改动"),
    "sa_breach": ("a changed work is not passed on under the same licence", "演绎作品未以相同方式共享"),
    "permission_missing": ("all rights are reserved and no permission is stated", "保留所有权利的作品未说明已获许可"),
    "permission_pending": ("permission was requested, not given", "许可尚在申请"),
    "quotation_without_title": ("a quotation names the owner and the title", "引用须注明作者和作品名称"),
    "another_author_named": ("another author is named beside the owner", "同时署有其他作者"),
}


@dataclass(slots=True)
class Facts:
    """All that a post says, collected over its units."""

    credits: list[Credit] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    marks: list[tuple[Marked, Mark]] = field(default_factory=list)
    claims: list[tuple[str, Marked, float]] = field(default_factory=list)
    titles: list[Marked] = field(default_factory=list)
    prose: int = 0  # code points of text that is no credit line


@dataclass(slots=True)
class Marking:
    """The three answers and what they rest on."""

    owner: bool = False
    source: bool = False
    traceable: bool = False
    title: bool = False
    generic: bool = False
    evidence: list[Evidence] = field(default_factory=list)


def evidence(
    marked: Marked, role: Role, share: float, party: Party | None = None, mark: Mark | None = None
) -> Evidence:
    """One piece of evidence from a place in a unit."""
    unit = marked.unit
    match = mark.link.match if mark is not None and mark.link is not None else None
    return Evidence(unit.where, unit.locator, unit.quote(share), role, party, unit.visible, match, unit.c2pa_state)


def relevant(credit: Credit, kind: str) -> bool:
    """Whether a credit speaks of this kind of work."""
    if kind == "image" and "cover" in credit.scope:
        return credit.kind in ("owner", "both", "source")
    return kind in credit.scope and credit.role in ("author", "source", "rights")


def mark(work: Work, facts: Facts) -> Marking:
    """Owner, source, traceable: the first three answers."""
    out = Marking(title=bool(facts.titles))
    source_named = False
    for credit in facts.credits:
        if not relevant(credit, work.kind):
            if credit.role not in ("translator", "editor"):
                continue
            out.evidence.append(evidence(credit.unit, credit.role, credit.share, credit.party))
            continue
        out.evidence.append(evidence(credit.unit, credit.role, credit.share, credit.party))
        if work.kind != "text" and facts.prose >= 1.5 * ARTICLE and _BYLINE.match(credit.unit.low):
            continue  # the by-line of an article is not the credit of a picture in it
        if credit.kind in ("owner", "both"):
            out.owner = True
        if credit.kind in ("source", "both"):
            out.source = source_named = True
        if credit.kind == "generic":
            out.generic = True
    pages = False
    for unit, found in facts.marks:
        if found.link is not None:
            if found.link.deceptive:
                out.source = True  # its address is what the reader is shown
                out.evidence.append(evidence(unit, "source", found.share, None, found))
                continue
            if found.kind == "link":
                out.evidence.append(evidence(unit, "source", found.share, None, found))
            if found.link.match == "exact":
                out.source = out.traceable = True
            elif found.link.home:
                out.source = True
        if found.kind == "identifier":
            out.source = out.traceable = True
            out.evidence.append(evidence(unit, "identifier", found.share, None, found))
        if found.kind == "handle":
            out.source = True
            out.traceable = out.traceable or out.title
            out.evidence.append(evidence(unit, "source", found.share, "source", found))
    for statement in facts.statements:
        pages = pages or statement.category == "issue_page"
    if pages and source_named and out.title:
        out.traceable = True
    for unit in facts.titles[:2]:
        out.evidence.append(evidence(unit, "title", 0.0))
    return out


def licences_named(facts: Facts) -> list[tuple[Marked, Mark, Licence]]:
    """The licences a post names, in order of appearance."""
    return [(unit, m, m.licence) for unit, m in facts.marks if m.licence is not None]


def states_change(facts: Facts) -> bool:
    """Whether a post says that the work was changed; to name a translator says so."""
    return any(s.category == "modified" for s in facts.statements) or any(c.role == "translator" for c in facts.credits)


def duties(work: Work, post: Post, facts: Facts) -> tuple[list[str], bool, bool, bool, bool]:
    """The licence's duties.

    Returns:
        findings, whether the licence is named, a looser one claimed, permission stated, permission pending.
    """
    registered = licences.parse(work.licence)
    named = licences_named(facts)
    right = any(l_.same_as(registered) for _, _, l_ in named)
    free = [s for s in facts.statements if s.category == "free_use"]
    looser = any(l_.looser_than(registered) for _, _, l_ in named if not l_.same_as(registered)) or (
        bool(free) and registered.family != "free"
    )
    pending = any(s.category == "pending" for s in facts.statements)
    stated = any(s.category == "permission" for s in facts.statements) and not pending
    adapted = post.use == "adapted"
    modified = states_change(facts)
    findings: list[str] = []
    if looser:
        findings.append("looser_licence_claimed")
    if post.use == "quotation":
        return findings, right, looser, stated, pending
    if registered.family == "cc" and not right:
        findings.append("licence_not_named")
    if registered.family == "reserved" and not stated:
        findings.append("permission_missing")
    if registered.family != "reprint" and post.commercial and "nc" in registered.asks and not stated:
        findings.append("nc_breach")
    if adapted and registered.family == "cc" and "nd" in registered.asks and not stated:
        findings.append("nd_breach")
    if adapted and not modified and registered.family != "free":
        findings.append("modification_not_stated")
    if (
        adapted
        and "sa" in registered.asks
        and registered.family == "cc"
        and any(not l_.same_as(registered) for _, _, l_ in named)
    ):
        findings.append("sa_breach")
    return findings, right, looser, stated, pending


def deceptions(facts: Facts, found: Marking, looser: bool) -> list[tuple[str, Evidence]]:
    """What makes a post that names owner or source misleading."""
    out: list[tuple[str, Evidence]] = []
    for unit, m in facts.marks:
        if m.link is not None and m.link.deceptive:
            out.append(("deceptive_link", evidence(unit, "source", m.share, None, m)))
        elif m.link is not None and m.link.match == "lookalike":
            out.append(("lookalike_address", evidence(unit, "source", m.share, None, m)))
    for code, unit, share in facts.claims:
        out.append((code, evidence(unit, "claim", share, "self")))
    if looser:
        for unit, m, _ in licences_named(facts):
            out.append(("looser_licence_claimed", evidence(unit, "licence", m.share)))
        for s in facts.statements:
            if s.category == "free_use":
                out.append(("looser_licence_claimed", evidence(s.unit, "licence", s.share)))
    return out


def others(work: Work, facts: Facts) -> list[Credit]:
    """Credits of this kind of work that name somebody who is neither owner nor source.

    Beside an article, a by-line that speaks of no kind of work speaks of the article, not of a picture in it.
    """
    found = [c for c in facts.credits if c.kind in ("other", "account") and relevant(c, work.kind)]
    if work.kind != "text" and facts.prose >= ARTICLE:
        found = [c for c in found if c.role != "author" or c.scope != ANY]
    return found


def decide(
    post: Post, found: Marking, wrong: list[Credit], deceptive: list[tuple[str, Evidence]], findings: list[str],
    *, self_claimed: bool, organisation: bool, visible: bool, contradicting: bool, pending: bool,
) -> tuple[Verdict, list[str]]:  # fmt: skip
    """The verdict and its reasons."""
    named = found.owner or found.source
    if named and (deceptive or contradicting):
        codes = [code for code, _ in deceptive] + (["fields_contradict"] if contradicting else [])
        return "misleading", _unique([*codes, *_gaps(found)])
    staff = found.source and organisation and not self_claimed and _staff(wrong)
    if not found.owner and (wrong or self_claimed) and not staff:
        own = self_claimed or any(c.kind == "account" for c in wrong)
        return "wrong_owner", _unique(["self_credited" if own else "other_credited", *_gaps(found)])
    if not named:
        return "missing", _unique([*(["generic_source"] if found.generic else []), *_gaps(found)])
    reasons = _gaps(found)
    if post.use == "quotation":
        if found.owner and found.title and visible:
            return "compliant", []
        return "partial", _unique([*([] if found.title else ["quotation_without_title"]), *reasons])
    if not visible:
        reasons.append("not_visible")
    reasons += findings
    if pending and "permission_missing" in findings:
        reasons.append("permission_pending")
    if found.owner and found.source and found.traceable and visible and not findings:
        return "compliant", ["another_author_named"] if wrong else []
    return "partial", _unique(reasons)


def _staff(wrong: list[Credit]) -> bool:
    """Only authors are named: an organisation's own staff may be."""
    return all(c.role == "author" and c.kind == "other" for c in wrong)


def _gaps(found: Marking) -> list[str]:
    out = []
    if not found.owner:
        out.append("owner_not_marked")
    if not found.source:
        out.append("source_not_marked")
    if not found.traceable:
        out.append("source_not_traceable")
    return out


def _unique(codes: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(codes))
