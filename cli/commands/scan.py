"""sourcemark scan: is this somebody's registered work, and does the post mark owner and source?"""

from __future__ import annotations

import sys
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from fingerprints.source import CHUNK, Source
from provenance.errors import BadContent, BadInput, SourcemarkError, TooLarge, from_os_error

from .. import batch as batches
from .. import batch_run, evidence_of
from ..bars import Steps
from ..bulk.options import BulkOptions
from ..option_groups import given, grouped, refuse
from ..output import (
    action_word,
    clauses,
    decided_word,
    exact_only_word,
    flag_word,
    in_brackets,
    labelled,
    listed,
    marking_word,
    percent,
    place_word,
    reason_words,
    reuse_word,
    say,
    status_word,
    titled,
    tr,
    verdict_word,
    where_found,
)
from ..session import application

if TYPE_CHECKING:
    from provenance.application import Application
    from provenance.scans.posts import Upload
    from provenance.schemas import Action, MatchRecord, PartRecord, ScanItem, ScanResult


def add_to(app: typer.Typer) -> None:
    app.command("scan", cls=_Scan)(grouped(command))


class _Scan(TyperCommand):
    """``--show`` may stand alone or with a file, which Typer has no words for."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        given = []
        for n, arg in enumerate(args):
            following = args[n + 1] if n + 1 < len(args) else "--"
            alone = arg == "--show" and following.startswith("-") and following != "-"
            given.append("--show=" if alone else arg)
        return super().parse_args(ctx, given)


@dataclass(frozen=True)
class PostOptions:
    """What is known of the post."""

    account: Annotated[str | None, typer.Option(help="The account that posts, by its name.")] = None
    account_id: Annotated[str | None, typer.Option(help="The same by the platform's own id.")] = None
    category: Annotated[str | None, typer.Option(help="What the post is filed under.")] = None
    post_url: Annotated[str | None, typer.Option(help="Address of the post.")] = None
    caption: Annotated[Path | None, typer.Option(help="File with the text beside the upload.")] = None
    use: Annotated[str | None, typer.Option(help="full, excerpt, adapted or quotation, if known.")] = None
    commercial: Annotated[bool, typer.Option(help="The post is commercial.")] = False
    lang: Annotated[str | None, typer.Option(help="Language of the post, for example zh-Hans.")] = None

    def item(self, path: str | None) -> ScanItem:
        from provenance.json_input import parse
        from provenance.schemas import ScanItem

        names = ("account", "account_id", "category", "post_url", "use", "commercial", "lang")
        told = {name: getattr(self, name) for name in names}
        return parse(ScanItem, {**told, "path": path, "caption": _caption(self.caption)})

    def defaults(self) -> dict[str, Any]:
        """Fields of each line of a batch that does not have them; raises `BadInput` for what is of one post only."""
        refuse(
            {"--post-url": self.post_url, "--caption": self.caption},
            "is of one post: with --batch write it into the lines",
        )
        return given(
            account=self.account,
            account_id=self.account_id,
            category=self.category,
            use=self.use,
            commercial=self.commercial,
            lang=self.lang,
        )


def command(
    *,
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="PATH|-", help="File to scan; - for standard input.")
    ] = None,
    batch: Annotated[str | None, typer.Option(help="JSON lines instead of a path; - for standard input.")] = None,
    as_post: Annotated[
        bool, typer.Option("--post", help="The files are one post: an article and its pictures, in any order.")
    ] = False,
    post: PostOptions,
    show_: Annotated[
        str | None,
        typer.Option(
            "--show",
            metavar="[OUT.png]",
            help="Of a text, print the passages side by side; of pictures and sound, draw both, matches outlined.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only answer: record no scan and tell no rights holder.")
    ] = False,
    bulk: BulkOptions,
    every_row: Annotated[bool, typer.Option("--all", help="With --input: write rows that found nothing too.")] = False,
    record: Annotated[bool, typer.Option("--record", help="With --input: record the scans, as others are.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="One JSON line an upload on stdout.")] = False,
) -> int:
    from provenance.schemas import ScanItem

    if bulk.input is not None or bulk.output is not None:
        single = {"PATH": paths, "--batch": batch, "--post": as_post, "--show": show_ is not None, "--dry-run": dry_run}
        return _bulk(bulk, post, single, every_row=every_row, record=record, json_=json_)
    bulk.refuse_without_list(all=every_row, record=record)
    if show_ is not None and not paths and batch is None:
        paths, show_ = [show_], ""  # written before the file, as a flag
    _check_given(paths or [], batch, as_post=as_post, show_=show_)
    if show_ and dry_run:
        raise BadInput("--show OUT.png draws a recorded scan: leave out --dry-run")
    if show_ == "" and json_:
        raise BadInput("--show without a file prints for people: leave out --json")
    with application() as opened:
        if batch is not None:
            numbers: deque[int] = deque()
            open_file = partial(batches.file_in, batches.base_folder(batch))
            items = batches.items(batch, ScanItem, post.defaults(), numbers)
            uploads = (batches.upload_of(*pair, open_file) for pair in items)
            _scan(opened, uploads, batches.count_lines(batch), numbers, dry_run=dry_run, json_=json_)
            return 0
        assert paths is not None
        with _given(paths, post, opened.settings.limits.max_bytes, as_post=as_post) as upload:
            result = _scan(opened, [upload], 1, dry_run=dry_run, json_=json_)
            assert result is not None
            if show_ is not None and result.matches:
                evidence_of.show(opened, upload, result, show_, quiet=json_)
    if result.error is not None:
        return 2
    return 1 if result.matches else 0


def _bulk(
    options: BulkOptions, post: PostOptions, single: dict[str, Any], *, every_row: bool, record: bool, json_: bool
) -> int:
    from ..bulk.run import Asked, run

    fields = post.defaults()
    asked = Asked("scan", options, fields, every_row=every_row, record=record, others=single)
    return run(asked, lambda word: tr("failed", "失败") if word == "error" else verdict_word(word), json_=json_)


def _check_given(paths: list[str], batch: str | None, *, as_post: bool, show_: str | None) -> None:
    """Raises `BadInput` for options that contradict each other."""
    if (batch is None) == (not paths):
        raise BadInput("give a file, or --batch FILE.jsonl, one of the two")
    if batch is not None and show_ is not None:
        raise BadInput("--show is for one file: leave out --batch")
    if batch is not None and as_post:
        raise BadInput("--post is for files: with --batch write the parts of a post into its line")
    if len(paths) > 1 and not as_post:
        raise BadInput("several files: write --post if they are one post, or one a line into a --batch")
    if as_post and "-" in paths:
        raise BadInput("standard input has no name, which a part of a post needs: give files")


@contextmanager
def _given(paths: list[str], options: PostOptions, limit: int, *, as_post: bool) -> Iterator[Upload]:
    """The upload that is named on the command line."""
    from provenance.scans import posts

    if as_post:
        yield posts.of_files(options.item(None), paths, partial(batches.file_in, Path.cwd()))
        return
    with _source(paths[0], limit) as source:
        yield posts.Upload(options.item(paths[0]), source)


def _scan(
    opened: Application,
    uploads: Iterable[Upload],
    total: int | None,
    numbers: deque[int] | None = None,
    *,
    dry_run: bool,
    json_: bool,
) -> ScanResult | None:
    """Scan uploads and print the results as they come; returns the last one."""
    from provenance.accounts import accounts

    last: list[ScanResult] = []

    def results(steps: Steps) -> Iterator[ScanResult]:
        local = accounts.local(opened.db)
        watched = (upload.told_to(steps.reading) for upload in uploads)
        for result in opened.scanner.scan(local, watched, dry_run=dry_run, examined=steps):
            last[:] = [result]
            yield result

    batch_run.run(
        results,
        label=tr("scanning", "扫描中"),
        total=total,
        show=show,
        outcome=lambda result: tr("failed", "失败") if result.error else verdict_word(result.verdict),
        go_on=tr("run it again with the lines that have no answer yet", "请用尚无结果的行再次运行"),
        numbers=numbers,
        json_=json_,
    )
    return last[0] if last else None


@contextmanager
def _source(path: str, limit: int) -> Iterator[Source | SourcemarkError]:
    """A file, or standard input, which is kept while it is needed: on disk if it is large."""
    if path != "-":
        yield Source.file(Path(path))
        return
    with tempfile.SpooledTemporaryFile(CHUNK) as file:
        while (left := limit + 1 - file.tell()) and (chunk := sys.stdin.buffer.read(min(left, CHUNK))):
            try:
                file.write(chunk)
            except OSError as error:
                raise from_os_error(error, Path(tempfile.tempdir or "the temporary folder")) from error
        if file.tell() <= limit:
            yield Source.spooled(file)
            return
    yield TooLarge(f"standard input is larger than {limit} bytes (SOURCEMARK_MAX_UPLOAD_MIB)", reason="too_large")


def _caption(path: Path | None) -> str | None:
    if path is None:
        return None
    from fingerprints.errors import FingerprintError
    from fingerprints.unicode.charset import decode

    try:
        return decode(path.read_bytes())[0][:100_000]
    except OSError as error:
        raise BadInput(f"the caption {path} cannot be read: {error.strerror}") from error
    except FingerprintError as error:
        raise BadContent(f"the caption {path} cannot be read: {error}", reason=error.reason) from error


def show(result: ScanResult) -> None:
    """A scan for a person: the verdict, then each match with its evidence; of a post part by part."""
    name = result.path or ("" if result.error else result.external_id) or ""
    if result.error is not None:
        say(f"✗ {labelled(name, result.error.detail)}")
        _show_action(result)
        return
    judged = f"{tr('verdict ', '结论为')}{verdict_word(result.verdict)}"
    if result.parts is None:
        say(labelled(name, listed([judged, status_word(result.status) + _why(result)])))
    else:
        count = len(result.parts)
        said = tr("a post of 1 part" if count == 1 else f"a post of {count} parts", f"帖子，共 {count} 个部分")
        say(labelled(name, listed([judged, said])))
    for flag in result.flags:
        say(f"  ⚑ {flag_word(flag)}")
    for part in result.parts or ():
        _show_part(part)
    for match in result.matches if result.parts is None else ():
        _show_match(match)
    _show_action(result)


def _show_action(result: ScanResult) -> None:
    if result.action is not None:
        say(f"→ {_decided(result.action)}")


def _decided(action: Action) -> str:
    """What the policy decides, by which rule, and what it tells the poster."""
    note = action.note and tr(action.note.en or "", action.note.zh or "")
    done = action_word(action.do) + in_brackets(labelled(tr("rule", "规则"), action.rule))
    return labelled(done, note) if note else done


def _show_part(part: PartRecord) -> None:
    if part.error is not None:
        say(f"✗ {labelled(part.name, part.error.detail)}")
        return
    judged = [verdict_word(part.verdict)] if part.matches else []
    say(labelled(part.name, listed([*judged, status_word(part.status) + _why(part)])))
    for match in part.matches:
        _show_match(match)


def _why(found: ScanResult | PartRecord) -> str:
    why = in_brackets(exact_only_word(found.reason)) if found.reason and found.reason != found.status else ""
    read = found.facts.get("seconds_read")
    if not found.facts.get("partial") or not isinstance(read, float):
        return why
    of = found.facts["seconds"]
    return why + in_brackets(tr(f"{read:.0f} of {of:.0f} seconds were read", f"共 {of:.0f} 秒，读取 {read:.0f} 秒"))


def _show_match(match: MatchRecord) -> None:
    marking = match.marking
    say(f"  {match.work_id} {titled(match.title, match.owner)}")
    covers = [
        f"{tr('of the upload', '占上传内容')} {percent(match.coverage.upload)}",
        f"{tr('of the work', '占作品')} {percent(match.coverage.work)}",
    ]
    reused = [reuse_word(match.reuse)] if match.reuse else []
    say("    " + clauses([f"{tr('score', '匹配度')} {match.score:.2f}", *reused, listed(covers), where_found(match)]))
    if match.common >= 0.05:  # less is a word here and there
        say(f"    {percent(match.common)} " + tr("of it is quotation or template", "为通用引文或模板"))
    reasons = reason_words(marking.get("reasons", []))
    marked = marking_word(str(marking["verdict"]))
    say("    " + labelled(tr("marking", "标注"), marked + (in_brackets(reasons) if reasons else "")))
    quotes = dict.fromkeys((e.get("quote", ""), e.get("where", "")) for e in marking.get("evidence", []))
    for quote, where in list(quotes)[:3]:  # one passage often marks owner, source and licence at once
        say(f"      “{quote}”{in_brackets(place_word(where))}")
    if match.decided is not None:
        say("    " + labelled(tr("by a person's decision", "人工裁定"), decided_word(match.decided.outcome)))
    if match.credit_line is not None:
        say("    " + labelled(tr("would be credited by", "补上此行即可"), match.credit_line))
    if match.competing:
        say("    " + labelled(tr("also claimed by", "另有登记主张权利"), listed(match.competing)))
