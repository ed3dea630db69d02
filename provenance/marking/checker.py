"""The marking check: does a repost mark the owner and a source that can be traced?

A pure function: no network, no clock, no database; the same work and post give the same report.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fingerprints.model import Field

from ..errors import BadInput
from . import html as pages
from . import rights_metadata, rules, titles
from .credit_reader import Reader, Statement
from .entity_tagger import ACCOUNT, BOTH, OWNER, Marked, Marker
from .lexicon import lexicon
from .model import Evidence, Post, Report, Work
from .rules import Facts
from .segmentation import Unit, from_blocks, from_fields, from_text

CHECKER = "sourcemark-marking/1"
MAX_UNITS = 6_000  # sentences and lines read; of a longer post the first and the last half of that
_NUMBER = re.compile(r"[\d一二三四五六七八九十百]")
_ISSUE = re.compile(
    r"(?:第\s*\d+\s*[期号卷辑]|第\s*[一二三四五六七八九十百]+\s*[期号卷辑]|\bissue\s*(?:no\.?\s*)?\d+|\bvol(?:\.|ume)?\s*\d+|\bno\.?\s*\d+|№\s*\d+|\bheft\s*\d+"
    r"|\bn[°o]\s*\d+|\bnum(?:\.|ero)\s*\d+|\bnr\.?\s*\d+|\bausgabe\s*\d+|제\s*\d+\s*호|\d+\s*월?\s*호|\d{4}\s*年\s*\d+\s*月\s*号?|العدد\s*\d+|выпуск\s*\d+)"
)
_PAGE = re.compile(
    r"(?:第\s*[\da-z]+\s*[页頁版面]|[a-z]?\d+\s*[版页頁]|\bpp?\.?\s*\d+|\bpages?\s*\d+|\bs\.\s*\d+|\bseite\s*\d+|\bpag(?:\.|ina)?\s*\d+|стр\.?\s*\d+"
    r"|\bс\.\s*\d+|\d+\s*(?:쪽|면|페이지)|ص\s*\d+|صفحه\s*\d+)"
)


def check(work: Work, post: Post) -> Report:
    """Check one post against one work.

    Args:
        work: the registered work.
        post: the repost; text, html or the embedded fields of a file, with an optional caption.

    Returns:
        a report; never an exception for what the post contains.
    """
    words = lexicon()
    marker = Marker(work, post, words)
    reader = Reader(words, post.lang, quotation=post.use == "quotation")
    page = pages.read(post.html) if post.html is not None else None
    seen: list[Unit] = []
    searched: list[str] = []
    if post.text is not None:
        seen += from_text(post.text, "text")
        searched.append("text")
    if page is not None:
        seen += from_blocks(page.blocks)
        searched.append("html")
    if post.caption:
        seen += from_text(post.caption, "caption")
        searched.append("caption")
    bare = post.text is None and post.html is None
    if post.fields is not None:
        if bare:
            seen += from_fields(post.fields, visible=True)
        searched += sorted({f.where for f in post.fields}) or ["fields"]
    if len(seen) > MAX_UNITS:
        seen = seen[: MAX_UNITS // 2] + seen[-MAX_UNITS // 2 :]
    facts = collect(seen, marker, reader, work, post)
    found = rules.mark(work, facts)
    visible = True
    hidden_fields = [*(page.machine if page else ()), *((post.fields or ()) if not bare else ())]
    wrong = rules.others(work, facts)
    self_claimed = any(code != "coauthor_claimed" for code, _, _ in facts.claims) or any(
        s.category == "originality" for s in facts.statements
    )
    if hidden_fields:
        searched += sorted({f"{f.where}:machine" for f in hidden_fields})
    if hidden_fields and not found.owner and not found.source and not wrong and not self_claimed:
        machine = collect(from_fields(hidden_fields, visible=False), marker, reader, work, post)
        unseen = rules.mark(work, machine)
        if unseen.owner or unseen.source:
            found, visible = unseen, False
            facts.marks += machine.marks
    findings, named, looser, stated, pending = rules.duties(work, post, facts)
    deceptive = rules.deceptions(facts, found, looser)
    contradicting = bare and _contradiction(facts, work)
    decided, reasons = rules.decide(
        post, found, wrong, deceptive, findings, self_claimed=self_claimed, organisation=marker.organisation,
        visible=visible, contradicting=contradicting, pending=pending,
    )  # fmt: skip
    headings = [*page.headings, *([page.title] if page.title else [])] if page else []
    title_kept, title_diff = titles.judge(work.title, headings, post.text, marked=found.title)
    rmi_state, rmi_diff = rights_metadata.compare(work, post)
    listed = _ordered([e for _, e in deceptive], found.evidence, facts)
    categories = {s.category for s in facts.statements}
    return Report(
        owner_marked=found.owner,
        source_marked=found.source,
        source_traceable=found.traceable,
        title_marked=found.title,
        licence_named=named,
        permission_stated=stated,
        modification_stated=rules.states_change(facts),
        title_kept=title_kept,
        title_diff=title_diff,
        editor_named=any(c.role == "editor" for c in facts.credits),
        ai_label="ai" in categories or _ai_field(hidden_fields, post.fields),
        verdict=decided,
        use=post.use,
        opt_out=_opt_outs(facts, hidden_fields, post.fields),
        licence_findings=tuple(findings),
        rmi_state=rmi_state,
        rmi_diff=rmi_diff,
        reasons=tuple(reasons),
        evidence=listed,
        searched=tuple(searched),
        versions={"checker": CHECKER, "lexicon": words.version},
    )


def collect(units: Iterable[Unit], marker: Marker, reader: Reader, work: Work, post: Post) -> Facts:
    """Read all units of a post."""
    facts = Facts()
    titles: list[Marked] = []
    skipping = False
    every = [marker.mark(unit) for unit in units]
    for marked, hits in zip(every, marker.lexicon.hits([m.low for m in every]), strict=True):
        unit = marked.unit
        found = reader.read(marked, hits)
        categories = {s.category for s in found.statements}
        if "related" in categories and not found.credits:
            skipping = True  # a heading such as "Read next": what follows in the same block is about other things
        elif skipping and (found.credits or len(marked.low.strip()) > 80):
            skipping = False
        if skipping and not any(m.link is not None and m.link.match == "exact" for m in marked.marks):
            continue
        facts.credits += found.credits
        facts.statements += found.statements
        facts.marks += [(marked, m) for m in marked.marks]
        if not found.credit_line and not unit.tag:
            facts.prose += len(marked.low)
        if found.title:
            titles.append(marked)
        if _NUMBER.search(marked.low) and _ISSUE.search(marked.low) and _PAGE.search(marked.low):
            facts.statements.append(Statement(marked, "issue_page", 0.0))
        _claims(marked, found.credits, categories, facts, marker, work)
    facts.titles = titles
    return facts


def _claims(marked: Marked, credits: list[Any], categories: set[str], facts: Facts, marker: Marker, work: Work) -> None:
    """The posting account's claims to rights, exclusivity, authorship."""
    if not credits and not categories:
        return
    low = marked.low
    words = marker.lexicon
    if "disclaim" in categories or "not_original" in categories:
        facts.statements = [s for s in facts.statements if not (s.unit is marked and s.category == "originality")]
        return
    account = ACCOUNT in low
    me = account or words.self_word.has(low)
    ours = OWNER in low or BOTH in low
    if marker.account_is_owner:
        facts.statements = [s for s in facts.statements if s.category != "originality"]
        return
    share = 0.0
    permitted = "permission" in categories and "pending" not in categories
    # "the rights are the author's, tell us and we delete it" claims nothing
    disowned = "unknown" in categories and not account
    claimed = {"rights_claim", "licensing"} & categories and me and not (ours and not account)
    if (claimed and not permitted and not disowned) or any(c.kind == "account" and c.role == "rights" for c in credits):
        facts.claims.append(("rights_claimed", marked, share))
    if "exclusive" in categories and (account or (me and not ours)) and not permitted:
        facts.claims.append(("rights_claimed", marked, share))
    if "originality" in categories and account and not ours:
        facts.claims.append(("rights_claimed", marked, share))
    if "originality" in categories and ours:
        facts.statements = [s for s in facts.statements if not (s.unit is marked and s.category == "originality")]
    if "demand" in categories and account:
        facts.statements.append(Statement(marked, "originality", share))
    if any(c.kind == "account" and c.shared and rules.relevant(c, work.kind) for c in credits):
        facts.claims.append(("coauthor_claimed", marked, share))


def _contradiction(facts: Facts, work: Work) -> bool:
    """Embedded fields that name the owner in one place and another author or rights holder in the next."""
    embedded = [c for c in facts.credits if c.unit.unit.tag and rules.relevant(c, work.kind)]
    owner = any(c.kind in ("owner", "both") and c.role in ("author", "rights") for c in embedded)
    creator = any(c.kind in ("owner", "both") and c.role == "author" for c in embedded)
    for c in embedded:
        if c.kind == "account" and c.role in ("author", "rights") and owner:
            return True
        if c.kind == "other" and c.role == "rights" and creator and "credit" not in c.unit.unit.tag.lower():
            return True
    return False


def _ordered(first: list[Evidence], rest: list[Evidence], facts: Facts) -> tuple[Evidence, ...]:
    shown = [*first, *rest]
    for s in facts.statements:
        role = {"permission": "permission", "pending": "permission", "modified": "modification", "ai": "ai_label"}.get(
            s.category
        )
        role = "opt_out" if s.category == "no_ai" else "claim" if s.category == "originality" else role
        if role is not None:
            shown.append(rules.evidence(s.unit, role, s.share))  # type: ignore[arg-type]  # one of the Role literals
    for unit, m in facts.marks:
        if m.licence is not None:
            shown.append(rules.evidence(unit, "licence", m.share))
    return tuple(dict.fromkeys(shown))[: rules.MAX_EVIDENCE]


def _ai_field(*groups: Iterable[Field] | None) -> bool:
    return any(
        "trainedalgorithmicmedia" in f.value.lower() or "compositesynthetic" in f.value.lower()
        for group in groups
        for f in group or ()
    )


def _opt_outs(facts: Facts, machine: Iterable[Field], fields: Iterable[Field] | None) -> tuple[str, ...]:
    out = [s.unit.unit.quote(s.share) for s in facts.statements if s.category == "no_ai"]
    for f in (*machine, *(fields or ())):
        name, value = f.tag.lower(), f.value.lower()
        if name == "meta:opt_out:tdm-reservation" and value.strip() == "1":
            out.append("tdm-reservation: 1")
        if name == "meta:opt_out:robots" and re.search(r"\bnoai\b|\bnoimageai\b", value):
            out.append(f"robots: {value[:80]}")
        if "datamining" in name and re.search(r"dmi-prohibited|prohibited", value):
            out.append(f"{f.tag}: {f.value[:120]}")
    return tuple(dict.fromkeys(out))[:20]


def check_line(case: Mapping[str, Any], fields_of: Callable[[str], tuple[Field, ...]]) -> dict[str, Any]:
    """One line of a batch: ``{"id", "work": {...}, "post": {...}}`` to the report with the same id.

    Args:
        fields_of: embedded fields of the file a ``post.file`` names; called only for such posts.

    Raises:
        BadInput: the line cannot be used; the message names the key.
    """
    if not isinstance(case, Mapping):
        raise BadInput("a line must be an object with id, work and post")
    if "work" not in case or "post" not in case:
        raise BadInput(f"{'work' if 'work' not in case else 'post'} is missing")
    work = Work.from_json(case["work"])
    raw = case["post"]
    fields: tuple[Field, ...] | None = None
    if isinstance(raw, Mapping) and raw.get("file") is not None:
        if not isinstance(raw["file"], str):
            raise BadInput("post.file must be a string")
        fields = fields_of(raw["file"])
    post = Post.from_json(raw, fields)
    return {"id": case.get("id"), **check(work, post).to_json()}


__all__ = ["CHECKER", "check", "check_line"]
