"""sourcemark policy: the table of rules that decides what is done with a scanned post."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from provenance.errors import BadInput

from ..bars import bar
from ..options import Account, Json
from ..output import action_word, clauses, copy_out, emit, emit_all, labelled, listed, minute, say, table, tr
from ..session import acting_account, application

if TYPE_CHECKING:
    from provenance.schemas.policies import PolicyTrial, RuleCheck

app = typer.Typer(no_args_is_help=True)
_File = Annotated[Path, typer.Argument(metavar="FILE", help="A policy, TOML.")]


@app.command("check", help="Check a policy: can it be used, and which rules can no post reach?")
def check(file: _File, json_: Json = False) -> int:
    from provenance.scans.policy import replay

    checked = replay.check(_read(file))
    if json_:
        emit(checked)
    else:
        for rule in checked.rules:
            say(_checked(rule))
    return 1 if any(rule.reachable is False for rule in checked.rules) else 0


def _checked(rule: RuleCheck) -> str:
    name = f"{rule.rule} → {action_word(rule.do)}"
    if rule.reachable:
        return f"✓ {name}"
    if rule.reachable is None:
        return "? " + labelled(name, tr("whether a post reaches it takes too long to tell", "条件过多，无法判断"))
    if not rule.covered_by:
        return "! " + labelled(name, tr("its conditions exclude each other: no post fits it", "条件互斥，不会命中"))
    decided = labelled(tr("no post reaches it, decided before by", "不会命中，已由前面的规则处理"), "")
    return "! " + labelled(name, decided + listed(rule.covered_by))


@app.command("try", help="Decide past scans anew with a policy: which decisions would change? Nothing is recorded.")
def try_(
    file: _File,
    since: Annotated[str, typer.Option(help="Scans from this date on, for example 2026-01-31.")],
    until: Annotated[str | None, typer.Option(help="Scans before this date; default: until now.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="Most changed decisions that are listed; all are counted.")] = 20,
    account: Account = None,
    json_: Json = False,
) -> None:
    from provenance.json_input import parse
    from provenance.scans.policy import replay
    from provenance.schemas.policies import NewTrial

    trial = parse(NewTrial, {"toml": _read(file), "since": since, "until": until})
    with application() as opened, bar(tr("deciding anew", "试算")) as share:
        tried = replay.replay(opened.db, acting_account(opened.db, account).id, trial, limit=limit, progress=share)
    if json_:
        emit(tried)
    else:
        _show_trial(tried)


def _show_trial(tried: PolicyTrial) -> None:
    counted = [tr(f"{tried.scans} scans", f"共 {tried.scans} 次扫描")]
    counted += [tr(f"{tried.changed} decided otherwise", f"{tried.changed} 次处理结果不同")]
    if tried.not_replayable:
        counted += [
            tr(f"{tried.not_replayable} of before there were policies", f"{tried.not_replayable} 次早于策略功能")
        ]
    say(clauses(counted))
    for each in tried.counts:
        say(f"  {each.count} × {action_word(each.before)} → {action_word(each.after)}")
    if tried.changes:
        table(
            [
                tr("scanned (UTC)", "扫描时间（UTC）"),
                tr("scan", "扫描"),
                tr("post", "内容"),
                tr("was", "原处理"),
                tr("would be", "新处理"),
            ],
            (
                [
                    minute(each.scanned_at),
                    each.scan_id,
                    each.post_url or each.external_id or "-",
                    f"{action_word(each.before.do)} ({each.before.rule})",
                    f"{action_word(each.after.do)} ({each.after.rule})",
                ]
                for each in tried.changes
            ),
        )


@app.command("set", help="Let a policy decide from now on; earlier versions are kept.")
def set_(file: _File, account: Account = None, json_: Json = False) -> None:
    from provenance.scans.policy import store

    text = _read(file)
    with application() as opened:
        made = store.set_policy(opened.db, acting_account(opened.db, account).id, text)
    if json_:
        emit(made)
    else:
        say("✓ " + labelled(tr("in force", "已生效"), made.policy_version))


@app.command("show", help="The policy in force, or another by its version; `default` for the shipped one.")
def show(
    version: Annotated[str, typer.Argument(metavar="[VERSION]", show_default=False)] = "current",
    account: Account = None,
    json_: Json = False,
) -> None:
    from provenance.scans.policy import store

    with application() as opened:
        found = store.get(opened.db, acting_account(opened.db, account).id, version)
    if json_:
        emit(found)
    else:
        copy_out(f"# {found.policy_version}\n{found.toml}")


@app.command("list", help="The policies that were set, oldest first: the last one is in force.")
def list_(account: Account = None, json_: Json = False) -> None:
    from provenance.database.paging import everything
    from provenance.scans.policy import store

    with application() as opened:
        found = list(everything(partial(store.page, opened.db, acting_account(opened.db, account).id)))
    if json_:
        emit_all(found)
    elif not found:
        say(tr("none is set: the default policy decides", "尚未设置策略，使用默认策略"))
    else:
        table(
            [tr("version", "版本"), tr("set (UTC)", "生效时间（UTC）")],
            ([each.policy_version, minute(each.set_at or "")] for each in found),
        )


def _read(file: Path) -> str:
    """The text of a policy's file; raises `BadInput`."""
    try:
        return file.read_text(encoding="utf-8-sig")  # as editors on Windows write it
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise BadInput(f"{file} is not UTF-8, which a policy has to be") from None
