"""sourcemark backup, sourcemark restore: the database and, apart from it, the keys."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from provenance.errors import BadInput

from ..output import emit, labelled, say, tr

if TYPE_CHECKING:
    from provenance.config import Settings
    from provenance.database.engine import Database


def add_to(app: typer.Typer) -> None:
    app.command("backup")(backup)
    app.command("restore")(restore)


def backup(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder for the backup.")],
    keys: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A new folder for a copy of the private keys; keep it apart.")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="What it holds, as a JSON object.")] = False,
) -> None:
    from provenance import backups

    with _database() as (db, settings):
        made = backups.save(db, settings, folder, keys=keys)
    if json_:
        emit(made)
        return
    say(labelled(tr("backed up", "已备份"), f"{folder} ({made.origin}, {made.size})"))
    if keys is None:
        say(
            tr(
                "the private keys are not in it: back them up apart, once, with --keys DIR",
                "备份不含私钥：请用 --keys DIR 另行备份一次，并与其他备份分开存放",
            )
        )


def restore(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The backup.")],
    keys: Annotated[Path | None, typer.Option(metavar="DIR", help="The copy of the private keys.")] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The newest checkpoint that others have: an older backup is refused."),
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="What was restored, as a JSON object.")] = False,
) -> int:
    from provenance import backups

    try:
        newest = None if checkpoint is None else checkpoint.read_bytes()
    except OSError as error:
        raise BadInput(f"{checkpoint} cannot be read: {error.strerror}") from error
    with _database() as (db, settings):
        done = backups.load(db, settings, folder, keys=keys, newest=newest)
    if json_:
        emit(done)
    else:
        say(labelled(tr("restored", "已恢复"), f"{done.origin}, {done.size}"))
        english, chinese = _NEXT[done.state]
        say(tr(english, chinese))
    return 1 if done.state == "behind" else 0


_NEXT = {
    "current": (
        "the log goes on; check it: `sourcemark ledger fsck`",
        "账本可继续写入；请核对：`sourcemark ledger fsck`",
    ),
    "behind": (
        "entries were signed after this backup: the log is read-only. Restore a newer backup; never delete the signer "
        "state",
        "此备份之后仍有签名条目：账本为只读。请恢复更新的备份，切勿删除签名状态",
    ),
    "unknown": (
        "the log is read-only, because this machine does not know what was signed after the backup. Make sure that "
        "nothing was (witnesses, mirrors, receipts), then run `sourcemark ledger rebuild`",
        "本机不知备份之后是否另有签名，账本为只读。请先向见证方、镜像与凭证持有人确认没有更新的条目，"
        "再运行 `sourcemark ledger rebuild`",
    ),
}


@contextmanager
def _database() -> Iterator[tuple[Database, Settings]]:
    """The database alone: the log is neither opened nor written."""
    from provenance.config import load_settings
    from provenance.database.engine import Database

    settings = load_settings()
    db = Database.of(settings)
    try:
        yield db, settings
    finally:
        db.close()
