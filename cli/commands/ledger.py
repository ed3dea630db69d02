"""sourcemark ledger: the public log: its checkpoint, a static copy of it, its health."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from provenance.errors import BadInput, Unavailable

from ..durations import seconds_of
from ..output import copy_out, emit, say, tr
from ..session import application, unlocked

if TYPE_CHECKING:
    from provenance.database.engine import Database
    from provenance.ledger.log import Log

app = typer.Typer(no_args_is_help=True)


@app.command("checkpoint", help="Print the newest signed checkpoint.")
def checkpoint(
    json_: Annotated[bool, typer.Option("--json", help="As a JSON object, with the log's public keys.")] = False,
) -> None:
    with application() as opened:
        note, (size, root) = opened.log.reader.checkpoint().raw, opened.log.head()
        if json_:
            emit(
                {
                    "origin": opened.log.origin,
                    "size": size,
                    "root": root.hex(),
                    "checkpoint": note.decode(),
                    "vkeys": opened.log.vkeys(),
                }
            )
        else:
            copy_out(note.decode())


@app.command("export", help="Write the whole log as a static folder that any web server can host.")
def export(folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or earlier exported folder.")]) -> None:
    with application() as opened:
        size = opened.log.export(folder)
    say(tr(f"exported {size} entries to {folder}", f"已将 {size} 条账本条目导出到 {folder}"))


@app.command("fsck", help="Re-hash everything and compare all stores with each other; exit 1 if anything is wrong.")
def fsck(
    since: Annotated[
        Path | None,
        typer.Option(metavar="CHECKPOINT", help="A kept checkpoint: signatures before it are not checked again."),
    ] = None,
    keep: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep the checkpoint there if all agrees, for --since.")
    ] = None,
    processes: Annotated[int | None, typer.Option(min=1, max=64, help="Default: one a core.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="As a JSON object.")] = False,
) -> int:
    from provenance.auditing import fsck as fscks

    earlier = None if since is None else _read(since)
    with _stores() as (db, log):
        report = fscks.check(db, log, since=earlier, processes=processes)
    if keep is not None and report["checkpoint"] is not None:
        _write(keep, report["checkpoint"])
    if json_:
        emit(dict(report))
        return 1 if report["problems"] else 0
    for problem in report["problems"]:
        say("✗ " + problem)
    if not report["problems"]:
        size, start = report["size"], report["checked_from"]
        say("✓ " + tr(f"{size} entries, everything agrees", f"共 {size} 条，全部一致"))
        if start:
            say("– " + tr(f"signatures were checked from entry {start} on", f"签名自第 {start} 条起校验"))
    for remark in report["remarks"]:
        say("– " + tr("the operator's word: ", "仅凭运营方所述：") + remark)
    if keep is None and not report["problems"] and report["size"] >= fscks.MIN_SIZE_FOR_PROCESSES:
        say(
            "– "
            + tr(
                "--keep FILE keeps the checkpoint; with --since FILE the next check takes a fraction of the time",
                "--keep FILE 保存检查点；下次用 --since FILE 可大幅缩短时间",
            )
        )
    return 1 if report["problems"] else 0


@app.command("audit", help="Check somebody's published log from its files alone; exit 1 if anything is wrong.")
def audit(
    where: Annotated[str, typer.Argument(metavar="URL|DIR", help="Where the log is published.")],
    since: Annotated[
        list[Path] | None, typer.Option(metavar="CHECKPOINT", help="An older checkpoint of it that you kept.")
    ] = None,
    policy: Annotated[Path | None, typer.Option(help="The log's keys as you got them elsewhere.")] = None,
    hashes: Annotated[bool, typer.Option("--hashes", help="Only hashes: neither signatures nor rules.")] = False,
    max_age: Annotated[
        str | None, typer.Option(metavar="DURATION", help="A checkpoint older than that is a finding: 90m, 12h, 30d.")
    ] = None,
    processes: Annotated[int | None, typer.Option(min=1, max=64, help="Default: one a core.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="As a JSON object.")] = False,
) -> int:
    from provenance.auditing.pinned_policies import PinnedPolicies
    from provenance.auditing.report import audit_report
    from provenance.config import load_settings

    report = audit_report(
        where,
        since=[_read(path) for path in since or []],
        policy=None if policy is None else _read(policy),
        rules=not hashes,
        processes=processes,
        pinned=PinnedPolicies(load_settings().policies_dir).find,
        max_age=None if max_age is None else seconds_of(max_age),
    )
    if json_:
        emit(dict(report))
        return 1 if report["problems"] else 0
    for problem in report["problems"]:
        say("✗ " + problem)
    if not report["problems"]:
        size, origin = report["size"], report["origin"]
        say("✓ " + tr(f"{size} entries of {origin}, everything agrees", f"{origin} 共 {size} 条，全部一致"))
        if since:
            say("✓ " + tr("it continues the earlier checkpoints", "与此前的检查点一致"))
        count = len(report["witnesses"])
        named = ", ".join(report["witnesses"])
        if count:
            say("✓ " + tr(f"cosigned by {count}: {named}", f"{count} 个见证方签名：{named}"))
        else:
            say("– " + tr("no witness cosigned it", "没有见证方签名"))
    for remark in report["remarks"]:
        say("– " + remark)
    if report["policy_from"] == "log":
        say(
            "– "
            + tr(
                "its keys are those it publishes itself: give --policy with the ones you got elsewhere, or pin them "
                "(`sourcemark ledger policy`)",
                "采用账本自行公布的公钥：请用 --policy 提供从其他渠道获得的公钥，"
                "或先行固定（`sourcemark ledger policy`）",
            )
        )
    return 1 if report["problems"] else 0


@contextmanager
def _stores() -> Iterator[tuple[Database, Log]]:
    """Database and log; where the disk is too full to open them for writing, as they stand."""
    from provenance.auditing.full_disk import opened_as_it_stands
    from provenance.config import load_settings

    with ExitStack() as stack:
        try:
            opened = stack.enter_context(application())
        except Unavailable as error:
            db, log = stack.enter_context(opened_as_it_stands(unlocked(load_settings()), error))
        else:
            db, log = opened.db, opened.log
        yield db, log


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}") from error


@app.command("policy", help="Print the log's keys and witnesses, or pin them for verify and audit. 信任策略。")
def policy(
    where: Annotated[
        str | None, typer.Argument(metavar="[URL|DIR|FILE]", help="Where the log is published; without it this log.")
    ] = None,
    pin: Annotated[bool, typer.Option("--pin", help="Keep it: verify and audit use it from now on.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Pin it although another one is pinned.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="As a JSON object.")] = False,
) -> None:
    from provenance.auditing.pinned_policies import PinnedPolicies, fetch_policy, fingerprints
    from provenance.config import load_settings
    from provenance.tlog.policy import parse_policy

    if replace and not pin:
        raise BadInput("--replace goes with --pin")
    if where is None:
        with application() as opened:
            raw = opened.log.policy()
    else:
        raw = fetch_policy(where)
    read = parse_policy(raw)
    origins, keys = list(dict.fromkeys(key.name for key in read.logs)), fingerprints(read)
    pinned = PinnedPolicies(load_settings().policies_dir).pin(raw, replace=replace) if pin else []
    if json_:
        emit({"origins": origins, "policy": raw.decode(), "keys": keys, "pinned": [str(path) for path in pinned]})
        return
    if not pin:
        copy_out(raw.decode())
        return
    for origin in origins:
        say("✓ " + tr(f"pinned the keys of {origin}", f"已固定 {origin} 的公钥"))
    for key in keys:
        say(f"  {key['role']} {key['name']} {key['algorithm']} SHA-256 {key['sha256']}")
    if where is not None:
        say(
            "! "
            + tr(
                "trusted on first use: compare these hashes with those that the operator publishes elsewhere",
                "首次使用即予信任：请将上述哈希与运营方另行公布的核对",
            )
        )


@app.command("rebuild", help="Throw the published tiles away and make them again from the database.")
def rebuild() -> None:
    with application() as opened:
        size = opened.log.rebuild()
    say(tr(f"tiles of {size} entries rebuilt", f"已重建 {size} 条的公开文件"))


@app.command("end", help="End the log for good: what it holds stays provable, nothing is added any more.")
def end(
    confirm: Annotated[str, typer.Option(help="The log's origin, to show that you mean it.")],
    successor: Annotated[str | None, typer.Option(help="Origin of the log that goes on.")] = None,
) -> None:
    from provenance.accounts import log_keys

    with application() as opened:
        if confirm != opened.log.origin:
            raise BadInput(f"--confirm: this log is {opened.log.origin}; there is no way back once it has ended")
        size = log_keys.end(opened.db, opened.log, successor)
    say(tr(f"the log has ended with {size} entries", f"账本已终止，共 {size} 条"))
