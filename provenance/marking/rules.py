"""From the facts of a post to the verdict on it, in a fixed order: the first rule that fits decides.

misleading, wrong_owner, missing, compliant, partial.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .attribution import Attribution
from .credit_model import Credit
from .duties import LicenceDuties
from .facts import Facts
from .model import Evidence, Use, Verdict

# Stable code -> the words shown for it. Marking, permission and infringement are three things, and the words say so.
REASONS: dict[str, tuple[str, str]] = {
    "owner_not_marked": ("the owner is not named", "未标明著作权人"),
    "source_not_marked": ("the source is not named", "未标明来源"),
    "source_not_traceable": ("nothing leads from the post to the original", "来源不可追溯"),
    "generic_source": ("a source like 'the internet' names nobody", "“网络”之类的来源等于没有来源"),
    "not_visible": (
        "the credit is only in machine-readable fields, readers do not see it",
        "署名只存在于机器可读字段，读者看不到",
    ),
    "other_credited": ("somebody else is credited", "署名为他人"),
    "self_credited": ("the posting account credits itself", "发布账号署名为自己"),
    "lookalike_address": ("an address imitates the original's", "链接仿冒原文地址"),
    "deceptive_link": ("a link leads elsewhere than it says", "链接的实际去向与显示不符"),
    "rights_claimed": ("the posting account claims rights in the work", "发布账号主张作品权利"),
    "coauthor_claimed": ("the posting account names itself as co-author", "发布账号自列为共同作者"),
    "looser_licence_claimed": ("a looser licence is claimed than the owner gave", "所称许可比著作权人给出的更宽"),
    "fields_contradict": ("embedded fields name different owners", "文件内嵌信息相互矛盾"),
    "licence_not_named": ("the licence asks to be named and is not", "未注明许可"),
    "modification_not_stated": ("the work was changed and the post does not say so", "作品被改动但未说明"),
    "nc_breach": ("a commercial use of a work under a non-commercial licence", "非商业许可的作品被用于商业用途"),
    "nd_breach": ("a changed work under a licence without derivatives", "禁止演绎的作品被改动"),
    "sa_breach": ("a changed work is not passed on under the same licence", "演绎作品未以相同方式共享"),
    "permission_missing": ("all rights are reserved and no permission is stated", "保留所有权利的作品未说明已获许可"),
    "permission_pending": ("permission was requested, not given", "许可尚在申请"),
    "quotation_without_title": ("a quotation names the owner and the title", "引用须注明作者和作品名称"),
    "another_author_named": ("another author is named beside the owner", "同时署有其他作者"),
}


@dataclass(frozen=True, slots=True)
class Deception:
    """Something that makes a post misleading: a code of `REASONS`, and where it stands."""

    code: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Findings:
    """All that the verdict rests on.

    Attributes:
        visible: a reader sees the marking; False where it is in the machine-readable fields of a page only.
        rivals: credits of somebody who is neither owner nor source.
        self_claimed: the posting account claims the work for itself.
        organisation: the owner is an organisation, whose staff may be named as authors.
        contradicting: embedded fields name different owners.
    """

    use: Use
    attribution: Attribution
    duties: LicenceDuties
    visible: bool = True
    rivals: tuple[Credit, ...] = ()
    deceptions: tuple[Deception, ...] = ()
    self_claimed: bool = False
    organisation: bool = False
    contradicting: bool = False


Ruling = tuple[Verdict, list[str]]  # a verdict and the codes of its reasons


def decide(findings: Findings) -> Ruling:
    """The verdict and its reasons, none of them twice."""
    for rule in (_misleading, _wrong_owner, _missing, _quotation, _compliant):
        ruling = rule(findings)
        if ruling is not None:
            break
    else:
        ruling = _partial(findings)
    verdict, reasons = ruling
    return verdict, list(dict.fromkeys(reasons))


def _misleading(findings: Findings) -> Ruling | None:
    """Owner or source is named, and something about it deceives."""
    if not findings.attribution.names_anybody or not (findings.deceptions or findings.contradicting):
        return None
    codes = [deception.code for deception in findings.deceptions]
    if findings.contradicting:
        codes.append("fields_contradict")
    return "misleading", [*codes, *findings.attribution.gaps]


def _wrong_owner(findings: Findings) -> Ruling | None:
    """Somebody else is credited, and the owner is not."""
    if findings.attribution.owner or not (findings.rivals or findings.self_claimed) or _credits_staff(findings):
        return None
    own = findings.self_claimed or any(c.credited == "account" for c in findings.rivals)
    return "wrong_owner", ["self_credited" if own else "other_credited", *findings.attribution.gaps]


def _credits_staff(findings: Findings) -> bool:
    """Nobody but authors is named beside the name of an organisation's own paper: its staff may be."""
    if not (findings.attribution.source and findings.organisation) or findings.self_claimed:
        return False
    return all(c.role == "author" and c.credited == "other" for c in findings.rivals)


def _missing(findings: Findings) -> Ruling | None:
    """Neither owner nor source is marked."""
    marked = findings.attribution
    if marked.names_anybody:
        return None
    return "missing", [*(["generic_source"] if marked.generic else []), *marked.gaps]


def _quotation(findings: Findings) -> Ruling | None:
    """A quotation needs owner and title, whatever the licence."""
    if findings.use != "quotation":
        return None
    marked = findings.attribution
    if marked.owner and marked.title and findings.visible:
        return "compliant", []
    return "partial", [*([] if marked.title else ["quotation_without_title"]), *marked.gaps]


def _compliant(findings: Findings) -> Ruling | None:
    """Owner, source and a way to it are marked where a reader sees them, and no duty is left undone."""
    marked = findings.attribution
    if marked.gaps or not findings.visible or findings.duties.findings:
        return None
    return "compliant", ["another_author_named"] if findings.rivals else []


def _partial(findings: Findings) -> Ruling:
    """The rest: something is marked, and something is missing."""
    reasons = findings.attribution.gaps
    if not findings.visible:
        reasons.append("not_visible")
    reasons += findings.duties.findings
    if findings.duties.permission_pending and "permission_missing" in findings.duties.findings:
        reasons.append("permission_pending")
    return "partial", reasons


def deceptions(facts: Facts, duties: LicenceDuties) -> Iterator[Deception]:
    """What makes a post that names owner or source misleading."""
    for tagged, entity in facts.entities:
        if entity.link is not None and entity.link.deceptive:
            yield Deception("deceptive_link", tagged.evidence("source", entity.offset, link=entity.link))
        elif entity.link is not None and entity.link.match == "lookalike":
            yield Deception("lookalike_address", tagged.evidence("source", entity.offset, link=entity.link))
    for claim in facts.claims:
        yield Deception(claim.code, claim.unit.evidence("claim", party="self"))
    if duties.looser_claimed:
        for tagged, entity, _ in facts.licences:
            yield Deception("looser_licence_claimed", tagged.evidence("licence", entity.offset))
        for statement in facts.statements:
            if statement.category == "free_use":
                yield Deception("looser_licence_claimed", statement.unit.evidence("licence", statement.offset))
