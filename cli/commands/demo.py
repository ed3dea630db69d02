"""sourcemark demo: the main job in front of your eyes, on works made for it or on the files of a folder of yours."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fingerprints.source import Source
from provenance.errors import BadInput

from ..bars import progress
from ..output import (
    labelled,
    language,
    marking_word,
    medium_word,
    out,
    percent,
    reason_words,
    say,
    table,
    tr,
    verdict_word,
    where_found,
)

if TYPE_CHECKING:
    from provenance.application import Application
    from provenance.schemas import RegistrationResult, ScanResult

    from ..demo import DemoWork, Repost

_MOST_FILES = 40  # of a user's folder: the demo is for looking at, `register --batch` is for working
_MOST_BYTES = 30 * 1024 * 1024
_SHOWN = 8
_PLATFORM = "City Slow Life"


_MEANS = {
    "clear": ("no registered work is in it", "不含登记作品"),
    "own": ("the owner posts it", "著作权人自己发布"),
    "licensed": ("the licence or a grant allows it, and its duties are met", "许可或授权允许，且已履行其条件"),
    "credited": ("owner and source are marked; no permission is known", "已标注著作权人与来源，未见许可"),
    "uncredited": ("owner or source is not marked as it should be", "著作权人或来源未按要求标注"),
    "review": ("a person should look at it", "需人工核对"),
}


def add_to(app: typer.Typer) -> None:
    app.command("demo")(command)


def command(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[FOLDER]", help="Your own pictures, recordings, films and texts.")
    ] = None,
) -> int:
    from provenance.application import Application
    from provenance.config import load_settings

    works = _made_works() if folder is None else _works_of(folder)
    place = Path(tempfile.mkdtemp(prefix="sourcemark-demo-"))
    settings = load_settings().model_copy(update={"home": place / "home", "database_url": None, "origin": None})
    with Application(settings) as opened:
        registered = _register(opened, works)
        reposts = _reposts(opened, works, registered, place / "reposts")
        scanned = _scan(opened, reposts, place / "reposts")
        right = _show_scans(reposts, scanned, registered)
        _show_sightings(opened, registered)
        proven = _prove(opened, registered, place)
    _show_next(place)
    return 0 if proven and (right or folder is not None) else 1


def _heading(number: int, english: str, chinese: str) -> None:
    say()
    out().print(f"[bold]{number}. {tr(english, chinese)}[/bold]")


def _made_works() -> list[DemoWork]:
    from ..demo import articles, films, pictures, sounds

    return [*pictures(), *sounds(), *films(), *articles()]


def _works_of(folder: Path) -> list[DemoWork]:
    from ..demo import DemoWork

    if not folder.is_dir():
        raise BadInput(f"{folder} is not a folder: name one with pictures, recordings, films or texts, or none at all")
    works: list[DemoWork] = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith(".")):
        if len(works) == _MOST_FILES:
            say(tr(f"(the first {_MOST_FILES} files of the folder)", f"（仅演示文件夹中前 {_MOST_FILES} 个文件）"))
            break
        try:
            if not 0 < path.stat().st_size <= _MOST_BYTES:
                continue
            data = path.read_bytes()
        except OSError:
            continue
        works.append(DemoWork(str(path.relative_to(folder)), data, path.stem, tr("You", "您")))
    if not works:
        raise BadInput(f"{folder} has no files that can be read: name one with pictures, recordings, films or texts")
    return works


def _register(opened: Application, made: list[DemoWork]) -> dict[str, RegistrationResult]:
    """Registers the works; those that could not be are told and left out of the answer."""
    from provenance.accounts import accounts
    from provenance.schemas import RegistrationItem
    from provenance.works.registration import RegistrationRequest

    _heading(1, "A producer registers works", "创作者登记作品")
    requests = [
        RegistrationRequest(
            RegistrationItem(
                external_id=work.name,
                title=work.title,
                owner=work.owner,
                owner_aliases=list(work.aliases),
                source_name=work.source_name,
                source_urls=[work.source_url] if work.source_url else [],
                licence=work.licence,
            ),
            Source.blob(work.data),
        )
        for work in made
    ]
    with progress(tr("registering", "登记中"), len(made)) as step:
        results = list(opened.registrar.register(accounts.local(opened.db), requests, examined=step))
    rows = []
    for work, result in zip(made, results, strict=True):
        entry = result.error.detail if result.error else f"#{result.receipt.index}" if result.receipt else ""
        rows.append([work.title, work.owner, medium_word(result.medium or "–"), work.licence or "–", entry])
    table(
        [
            tr("work", "作品"),
            tr("owner", "著作权人"),
            tr("medium", "类型"),
            tr("licence", "许可"),
            tr("log entry", "账本条目"),
        ],
        rows[: 2 * _SHOWN],
    )
    if len(rows) > 2 * _SHOWN:
        say(tr(f"... and {len(rows) - 2 * _SHOWN} more", f"……另有 {len(rows) - 2 * _SHOWN} 件"))
    return {w.name: r for w, r in zip(made, results, strict=True) if r.work_id is not None}


def _reposts(
    opened: Application, made: list[DemoWork], registered: dict[str, RegistrationResult], folder: Path
) -> list[Repost]:
    """Makes reposts and writes them to a folder, so that a person can look at them."""
    from provenance.marking.credit_line import credit_line
    from provenance.works import catalog

    from ..demo import plan

    def right_credit(work: DemoWork) -> str:
        row = catalog.find(opened.db, str(registered[work.name].work_id))
        lang = work.lang or language()
        return credit_line(catalog.marking_work(row), "text", lang)

    with progress(tr("making reposts", "生成转载"), len(made)) as step:
        found_again = [w for w in made if w.name in registered and registered[w.name].fingerprintable]
        made_plan = plan(found_again, right_credit, step=step)
    for skipped in made_plan.skipped:
        say("– " + labelled(skipped.work, skipped.reason[language()]))
    for repost in made_plan.reposts:
        path = folder / repost.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(repost.data)
        if repost.caption is not None:
            path.with_name(path.name + ".caption.txt").write_text(repost.caption, encoding="utf-8")
    return made_plan.reposts


def _scan(opened: Application, reposts: list[Repost], folder: Path) -> list[ScanResult]:
    from provenance.accounts import accounts
    from provenance.scans import scanning
    from provenance.schemas import ScanItem

    uploads = [
        scanning.Upload(
            ScanItem(
                external_id=repost.name,
                account=_PLATFORM,
                post_url=f"https://social.example/p/{number}",
                caption=repost.caption,
            ),
            Source.file(folder / repost.name),
        )
        for number, repost in enumerate(reposts, 1)
    ]
    with progress(tr("scanning", "扫描中"), len(uploads)) as step:
        return list(opened.scanner.scan(accounts.local(opened.db), uploads, examined=step))


def _show_scans(reposts: list[Repost], scanned: list[ScanResult], registered: dict[str, RegistrationResult]) -> bool:
    """Shows every upload and what was found; whether all was as the demo expects."""
    _heading(2, "A platform scans uploads", "平台扫描上传内容")
    rows, found, wrongly = [], 0, 0
    verdicts: Counter[str] = Counter()
    for repost, result in zip(reposts, scanned, strict=True):
        match = result.matches[0] if result.matches else None
        expected = registered[repost.work].work_id if repost.work else None
        found += expected is not None and any(m.work_id == expected for m in result.matches)
        wrongly += expected is None and match is not None
        verdicts[result.verdict] += 1
        rows.append(
            [
                repost.description[language()],
                match.title if match else "–",
                f"{match.score:.2f}" if match else "–",
                where_found(match) if match else "–",
                _marking(match.marking) if match else "–",
                verdict_word(result.verdict),
            ]
        )
    copies = sum(repost.work is not None for repost in reposts)
    others = len(reposts) - copies
    say(
        tr(
            f"{found} of {copies} reposts found; {wrongly} of {others} unrelated files matched",
            f"{copies} 份转载找到 {found} 份；{others} 份无关内容误配 {wrongly} 份",
        )
    )
    for verdict, count in verdicts.most_common():
        say(f"  {count:3} " + labelled(verdict_word(verdict), tr(*_MEANS[verdict])))
    say()
    table(
        [
            tr("upload", "上传内容"),
            tr("which work", "匹配作品"),
            tr("how sure", "匹配度"),
            tr("which part", "对应部分"),
            tr("marking", "标注"),
            tr("verdict", "结论"),
        ],
        rows,
    )
    return found == copies and wrongly == 0


def _marking(report: dict[str, Any]) -> str:
    """The marking in a word; where it is partial, what is missing."""
    word = marking_word(str(report["verdict"]))
    return labelled(word, reason_words(report["reasons"])) if report["verdict"] == "partial" else word


def _show_sightings(opened: Application, registered: dict[str, RegistrationResult]) -> None:
    from provenance.scans import sightings

    _heading(3, "A rights holder asks where a work was reused", "著作权人查询作品转载情况")
    for result in registered.values():
        seen, _ = sightings.page(opened.db, None, work_ids=[str(result.work_id)])
        if seen:
            break
    else:
        say(tr("not seen anywhere", "尚无转载记录"))
        return
    say(f"$ sourcemark lookup {result.work_id}")
    table(
        [tr("where", "位置"), tr("by", "账号"), tr("how much", "占作品"), tr("marking", "标注"), tr("verdict", "结论")],
        (
            [
                s.post_url or "–",
                s.account or "–",
                percent(s.coverage.work),
                marking_word(str(s.marking["verdict"])),
                verdict_word(s.verdict),
            ]
            for s in seen
        ),
        title=f"«{seen[0].title}» — {seen[0].owner}",
    )


def _prove(opened: Application, registered: dict[str, RegistrationResult], place: Path) -> bool:
    """Writes a receipt and checks it, then a copy that somebody tampered with; whether both came out right."""
    from provenance.tlog import receipt
    from provenance.tlog.verification import Verification
    from provenance.tlog.verify import verify_receipt
    from provenance.works import receipt_files
    from provenance.works.receipt_builder import build_receipt

    _heading(4, "Anybody checks the proof, offline", "任何人都可离线核验凭证")
    work_id = str(next(iter(registered.values())).work_id) if registered else None
    if work_id is None:
        say(tr("nothing was registered", "没有登记任何作品"))
        return False
    files = build_receipt(opened.db, opened.log, work_id)
    receipt_files.write(files, place / "receipt")
    policy = opened.log.policy()
    (place / "policy").write_bytes(policy)

    def show(name: str, checked: Verification, verdict: Callable[[bool], str]) -> None:
        say(f"$ sourcemark verify {place / name} --policy {place / 'policy'}")
        for line in checked.lines(language()):
            say(f"  {line}")
        say(f"  {verdict(checked.ok)}")

    genuine = verify_receipt(files, policy)
    show("receipt", genuine, lambda ok: genuine.verdict_words(language()))
    forged = {**files, receipt.OPENING: files[receipt.OPENING].replace(b'"owner":"', b'"owner":"Not ', 1)}
    receipt_files.write(forged, place / "tampered")
    refused = verify_receipt(forged, policy)
    say(tr("the same with another owner written into it:", "将其中的著作权人改成他人之后："))
    show("tampered", refused, lambda ok: tr("VALID", "有效") if ok else tr("NOT VALID - refused", "无效，已拒绝"))
    return genuine.ok and not refused.ok


def _show_next(place: Path) -> None:
    import sys

    command = sys.argv[0] if sys.argv[0].endswith("sourcemark") else "sourcemark"
    try:
        command = str(Path(command).relative_to(Path.cwd()))
    except ValueError:
        command = "sourcemark" if command.startswith("/") else command
    _heading(5, "Now yours", "接下来")
    say(f"{command} register photo.jpg --title {tr('Title', '标题')} --owner {tr('Name', '姓名')}")
    say(f"{command} scan repost.jpg --account {tr('Who-posted-it', '发布账号')}")
    say(f"{command} serve")
    say()
    say(tr(f"(the demo's files stay in {place})", f"（演示文件保存在 {place}）"))
