"""sourcemark doctor: is this installation healthy, and what to do if not."""

from __future__ import annotations

import errno
import shutil
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from fingerprints.source import Source
from provenance.errors import SourcemarkError

from ..output import (
    emit,
    in_brackets,
    labelled,
    listed,
    say,
    tr,
)
from ..session import unlocked

if TYPE_CHECKING:
    from provenance.application import Application
    from provenance.config import Settings

_LOW_DISK = 1024**3
_CALENDAR_DAYS = 31  # before the end of a calendar that more holidays are asked for


def add_to(app: typer.Typer) -> None:
    app.command("doctor")(command)


def command(json_: Annotated[bool, typer.Option("--json", help="As a JSON object.")] = False) -> int:
    from provenance.application import Application
    from provenance.config import load_settings

    settings = unlocked(load_settings())
    needing_service: list[tuple[str, Callable[[Application], str]]] = [
        (tr("database", "数据库"), _database),
        (tr("ledger", "账本"), _ledger),
        (tr("clock", "时钟"), _clock),
        (tr("decoder processes", "解码进程"), _decoder),
        (tr("index", "索引"), _index),
        (tr("erasures", "删除"), _erasures),
        (tr("qualifications", "资质"), _qualifications),
        (tr("webhooks", "通知"), _webhooks),
        (tr("complaints", "投诉"), _complaints),
    ]
    results: list[dict[str, object]] = [
        _run("Python", lambda: sys.version.split()[0]),
        _run(tr("home folder", "数据目录"), lambda: _home(settings)),
        _run(tr("disk", "磁盘"), lambda: _disk(settings)),
        _run(tr("certificate fonts", "证书字体"), lambda: _fonts(settings)),
    ]
    opened = Application(settings)
    try:
        for name, check in needing_service:
            results.append(_run(name, partial(check, opened)))
    finally:
        opened.close()
    ok = all(result["ok"] for result in results)
    if json_:
        emit({"ok": ok, "checks": results})
    else:
        for result in results:
            say(f"{'✓' if result['ok'] else '✗'} {labelled(str(result['name']), str(result['detail']))}")
    return 0 if ok else 1


def _run(name: str, check: Callable[[], str]) -> dict[str, object]:
    try:
        return {"name": name, "ok": True, "detail": check()}
    except SourcemarkError as error:
        return {"name": name, "ok": False, "detail": error.detail}
    except OSError as error:
        return {"name": name, "ok": False, "detail": f"{error.strerror}: {error.filename}"}


def _home(settings: Settings) -> str:
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    probe = settings.home / ".doctor"
    probe.write_bytes(b"x")
    probe.unlink()
    return str(settings.home)


def _disk(settings: Settings) -> str:
    free = shutil.disk_usage(settings.home).free
    if free < _LOW_DISK:
        raise OSError(28, tr("less than 1 GiB is free", "剩余空间不足 1 GiB"), str(settings.home))
    return tr(f"{free >> 30} GiB free", f"剩余 {free >> 30} GiB")


def _fonts(settings: Settings) -> str:
    from provenance.works.certificate import fonts

    return ", ".join(fonts.described(font) for font in fonts.choice("", settings.certificate_font))


def _database(opened: Application) -> str:
    opened.start()
    opened.db.check_durable()
    return f"{opened.db.place} ({opened.db.revision()})"


def _ledger(opened: Application) -> str:
    from provenance.auditing import fsck

    opened.start()
    report = fsck.check(opened.db, opened.log)
    if report["problems"]:
        raise OSError(5, report["problems"][0], "ledger")
    rehashed = tr(f"{report['size']} entries, all re-hashed", f"{report['size']} 条，已全部重新校验")
    return listed([opened.log.origin, rehashed])


def _clock(opened: Application) -> str:
    opened.start()
    opened.log.check_clock()
    return tr("not before the last checkpoint", "不早于上一检查点")


def _decoder(opened: Application) -> str:
    examined = opened.examiner.examine(
        Source.blob("A text that every decoder process can read. 每个解码进程都能读的文字。".encode())
    )
    return f"{opened.settings.workers} × {examined.fingerprint.algorithm}"


def _index(opened: Application) -> str:
    opened.start()
    size = opened.follower.refresh()
    state = opened.follower.check_segments()
    wrong = [*(f"{name}: {why}" for name, why in state.unusable.items()), *([state.trouble] if state.trouble else [])]
    if wrong:
        raise OSError(errno.EIO, wrong[0], str(opened.settings.index_dir))
    mib = f"{state.bytes / 2**20:.1f} MiB"
    files = tr(
        f"{state.count} segments up to {state.position}, {mib}",
        f"{state.count} 个索引段，到 {state.position} 条，{mib}",
    )
    return listed([tr(f"follows the log up to {size}", f"已跟进到账本 {size} 条"), files])


def _erasures(opened: Application) -> str:
    opened.start()
    opened.erasures.check_finished()
    return tr("none unfinished", "无未完成项")


def _qualifications(opened: Application) -> str:
    """What expires soon or has expired; a matter of the platform's accounts, so no fault of the installation."""
    from provenance.accounts import qualifications

    opened.start()
    soon, expired = qualifications.expiring(opened.db, opened.settings.qualification_warning_days)
    if not soon and not expired:
        return tr("none expires soon", "无即将到期项")
    return tr(f"{soon} expire soon, {expired} have expired", f"{soon} 项即将到期，{expired} 项已过期") + in_brackets(
        "sourcemark qualification list"
    )


def _webhooks(opened: Application) -> str:
    """Which take nothing at present; a matter of those who run them, so no fault of the installation."""
    from provenance.jobs import webhooks

    opened.start()
    count, troubled = webhooks.troubled(opened.db)
    if not troubled:
        return tr(f"{count}, all take what they are sent", f"{count} 个，均正常接收")
    named = f"{listed(troubled[:3])}{' …' if len(troubled) > 3 else ''}"
    return tr(f"{len(troubled)} of {count} take nothing: ", f"{count} 个中有 {len(troubled)} 个未能接收：") + named


def _complaints(opened: Application) -> str:
    """What is late, which letters do not arrive, and calendars that end; a matter of those who decide, so no fault of
    the installation."""
    from datetime import UTC, datetime, timedelta

    from provenance.cases import letters, reading

    opened.start()
    late, (waiting, dead) = reading.overdue(opened.db, None), letters.troubled(opened.db)
    soon = (datetime.now(UTC) + timedelta(days=_CALENDAR_DAYS)).date()
    used = {opened.regimes.of(name).calendar for name in opened.regimes.offered}
    ending = sorted(name for name in used if opened.regimes.calendars[name].known_until < soon)
    found = []
    if late:
        found.append(tr(f"{late} overdue", f"{late} 件已逾期") + in_brackets("sourcemark case list --overdue"))
    if waiting or dead:
        found.append(tr(f"{waiting} letters wait, {dead} were given up", f"{waiting} 封信件待重发，{dead} 封已放弃"))
    if ending:
        names = listed(ending)
        found.append(
            tr(f"holidays to be added soon: {names}", f"需补充节假日的日历：{names}")
            + in_brackets("SOURCEMARK_REGIMES")
        )
    return listed(found) or tr("nothing is overdue", "无逾期")
