"""The marking check: does a repost mark the owner and a source that can be traced?

A pure function: no network, no clock, no database; the same work and post give the same report.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from fingerprints.model import Field

from . import html, rights_metadata, rules, titles
from .attribution import Attribution, attribution, contradicts, rival_credits
from .duties import licence_duties
from .facts import FactCollector, Facts
from .lexicon import VERSION
from .model import QUOTE, Evidence, Post, Report, Role, Work
from .normalization import fold_name
from .segmentation import Unit, from_blocks, from_fields, from_text

CHECKER = "sourcemark-marking/1"
MAX_UNITS = 6_000  # sentences and lines read; of a longer post the first and the last half of that
MAX_EVIDENCE = 24
MAX_OPT_OUTS = 20

# Categories of statements that are shown as evidence, and the role they are shown in.
_SHOWN_STATEMENTS: dict[str, Role] = {
    "permission": "permission", "pending": "permission", "modified": "modification", "ai": "ai_label",
    "no_ai": "opt_out", "originality": "claim",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Content:
    """What of a post is read.

    Attributes:
        visible: the units that a reader sees; those of the fields where the post is a bare file.
        machine: fields that only machines read.
        fields: embedded fields of a file, visible or not.
        searched: the places that are read.
    """

    visible: list[Unit]
    machine: tuple[Field, ...]
    fields: tuple[Field, ...]
    page: html.Page | None
    searched: tuple[str, ...]


class Checker:
    """Checks posts against one work.

    What it has read of one it does not read again in the next: the same post with a credit line, or a part of it.
    """

    def __init__(self, work: Work) -> None:
        self.work = work
        self._collector: tuple[Post, FactCollector] | None = None

    def check(self, post: Post) -> Report:
        """See `check`."""
        return _check(self.work, post, self._collector_for(post))

    def _collector_for(self, post: Post) -> FactCollector:
        """One for posts that differ in nothing that decides how a unit is read."""
        settings = Post(lang=post.lang, account=post.account, use=post.use, others=post.others)
        if self._collector is None or self._collector[0] != settings:
            self._collector = settings, FactCollector(self.work, settings)
        return self._collector[1]


def check(work: Work, post: Post) -> Report:
    """Check one post against one work.

    Args:
        work: the registered work.
        post: the repost; text, html or the embedded fields of a file, with an optional caption.

    Returns:
        a report; never an exception for what the post contains.
    """
    return Checker(work).check(post)


def _check(work: Work, post: Post, collector: FactCollector) -> Report:
    # 1. What a reader sees of the post decides.
    content = _content(post, work)
    facts = collector.collect(content.visible)
    marked = attribution(work, facts)
    rivals = rival_credits(work, facts)
    # 2. Fields that only machines read count where a reader finds nobody named at all.
    visible = True
    if content.machine and not marked.names_anybody and not rivals and not facts.claims_authorship:
        unseen = collector.collect(from_fields(content.machine, visible=False))
        marked_unseen = attribution(work, unseen)
        if marked_unseen.names_anybody:
            marked, visible = marked_unseen, False
            facts.entities += unseen.entities
    # 3. The duties of the licence, and what deceives.
    duties = licence_duties(work, post, facts)
    deceptions = tuple(rules.deceptions(facts, duties))
    # 4. The first rule that fits gives the verdict.
    verdict, reasons = rules.decide(
        rules.Findings(
            use=post.use,
            attribution=marked,
            duties=duties,
            visible=visible,
            rivals=tuple(rivals),
            deceptions=deceptions,
            self_claimed=facts.claims_authorship,
            organisation=collector.tagger.organisation,
            contradicting=post.is_bare_file and contradicts(work, facts),
        )
    )
    # 5. What is reported beside it.
    title_kept, title_diff = titles.compare(work.title, _headings(content, post), post.text, marked=marked.title)
    rmi_state, rmi_diff = rights_metadata.compare(work, post)
    return Report(
        owner_marked=marked.owner,
        source_marked=marked.source,
        source_traceable=marked.traceable,
        title_marked=marked.title,
        licence_named=duties.licence_named,
        permission_stated=duties.permission_stated,
        modification_stated=facts.states_change,
        title_kept=title_kept,
        title_diff=title_diff,
        editor_named=any(credit.role == "editor" for credit in facts.credits),
        ai_label=facts.states("ai") or any(map(_is_ai_label, (*content.machine, *content.fields))),
        verdict=verdict,
        use=post.use,
        opt_out=_opt_outs(facts, (*content.machine, *content.fields)),
        licence_findings=duties.findings,
        rmi_state=rmi_state,
        rmi_diff=rmi_diff,
        reasons=tuple(reasons),
        evidence=_evidence(
            [*(deception.evidence for deception in deceptions), *_unusable_manifests(content.fields)], marked, facts
        ),
        searched=content.searched,
        versions={"checker": CHECKER, "lexicon": VERSION},
    )


def _content(post: Post, work: Work) -> _Content:
    """Cut a post into units, and find what of it only machines read.

    The caption of a picture does not speak of a text, nor that of one picture of another.
    """
    visible: list[Unit] = []
    searched: list[str] = []
    page = html.read(post.html) if post.html is not None else None
    if post.text is not None:
        visible += from_text(post.text, "text")
        searched.append("text")
    if page is not None:
        visible += from_blocks(_blocks(page, work))
        searched.append("html")
    if post.caption:
        visible += from_text(post.caption, "caption")
        searched.append("caption")
    visible += post.around
    searched += sorted({unit.where for unit in post.around} - {*searched})
    fields = _as_meant(post.fields or (), work)
    if post.fields is not None:
        searched += sorted({f.where for f in fields}) or ["fields"]
    machine = page.machine_fields if page is not None else ()
    if post.is_bare_file:
        visible += from_fields(fields, visible=True)
    else:
        machine = (*machine, *fields)
    searched += sorted({f"{f.where}:machine" for f in machine})
    if len(visible) > MAX_UNITS:
        visible = visible[: MAX_UNITS // 2] + visible[-MAX_UNITS // 2 :]
    return _Content(visible, tuple(machine), fields, page, tuple(searched))


def _as_meant(fields: Sequence[Field], work: Work) -> tuple[Field, ...]:
    """Fields as they read best for a work: where their encoding is in doubt, by the name that is expected there.

    One that may be read in other ways and names nobody we know is left out: it would accuse by a garbled name.
    """
    if not any(field.readings for field in fields):
        return tuple(fields)
    names = [name for name in map(fold_name, (work.owner, *work.owner_aliases, work.source_name or "")) if name]
    out = []
    for field in fields:
        if field.readings:
            read = (field.value, *field.readings)
            meant = next((text for text in read if any(name in fold_name(text) for name in names)), None)
            if meant is None:
                continue
            field = Field(field.where, field.tag, meant)
        out.append(field)
    return tuple(out)


def _unusable_manifests(fields: Iterable[Field]) -> Iterator[Evidence]:
    """C2PA manifests that are Invalid, and why: what they say does not count, but that they are there is told."""
    for field in fields:
        if field.where == "c2pa" and field.tag == "failure":
            yield Evidence(
                "c2pa", "state", f"Invalid: {field.value}"[:QUOTE], "claim", visible=False, c2pa_state="Invalid"
            )


def _blocks(page: html.Page, work: Work) -> list[html.Block]:
    if work.kind == "text":
        return page.outside_pictures
    return page.about_picture(work.title) if work.kind == "image" else page.blocks


def _headings(content: _Content, post: Post) -> list[str]:
    """The headings of a page and of the post it is in, its title element last."""
    page = content.page
    above = [unit.text for unit in post.around if unit.heading]
    if page is None:
        return above
    return [*page.headings, *above, *([page.title] if page.title else [])]


def _evidence(deceptive: Sequence[Evidence], marked: Attribution, facts: Facts) -> tuple[Evidence, ...]:
    """What is shown: what deceives, what is marked, other statements, licences; no more than `MAX_EVIDENCE`."""
    shown = [*deceptive, *marked.evidence]
    for statement in facts.statements:
        role = _SHOWN_STATEMENTS.get(statement.category)
        if role is not None:
            shown.append(statement.unit.evidence(role, statement.offset))
    shown += [tagged.evidence("licence", entity.offset) for tagged, entity, _ in facts.licences]
    return tuple(dict.fromkeys(shown))[:MAX_EVIDENCE]


def _is_ai_label(field: Field) -> bool:
    """An IPTC digital source type of synthetic media."""
    value = field.value.lower()
    return "trainedalgorithmicmedia" in value or "compositesynthetic" in value


def _opt_outs(facts: Facts, fields: Iterable[Field]) -> tuple[str, ...]:
    """Reservations against text and data mining, in words or in fields."""
    said = [s.unit.unit.quote(s.offset) for s in facts.statements if s.category == "no_ai"]
    return tuple(dict.fromkeys([*said, *_field_opt_outs(fields)]))[:MAX_OPT_OUTS]


def _field_opt_outs(fields: Iterable[Field]) -> Iterator[str]:
    """TDMRep, robots directives, PLUS and C2PA data mining fields."""
    for field in fields:
        name, value = field.tag.lower(), field.value.lower()
        if name == "meta:opt_out:tdm-reservation" and value.strip() == "1":
            yield "tdm-reservation: 1"
        if name == "meta:opt_out:robots" and re.search(r"\bnoai\b|\bnoimageai\b", value):
            yield f"robots: {value[:80]}"
        if "datamining" in name and re.search(r"dmi-prohibited|prohibited", value):
            yield f"{field.tag}: {field.value[:120]}"


__all__ = ["CHECKER", "Checker", "check"]
