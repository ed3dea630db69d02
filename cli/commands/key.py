"""sourcemark key: API keys with scopes, and the keys that sign statements."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from provenance.errors import BadInput, SourcemarkError
from provenance.names import printable

from ..option_groups import grouped, refuse
from ..options import Json
from ..output import (
    clauses,
    custody_word,
    emit,
    emit_all,
    in_brackets,
    labelled,
    say,
    table,
    tr,
)
from ..remote_service import Remote, client, signed_elsewhere
from ..session import acting_account, application, given_key, signing_key_file

if TYPE_CHECKING:
    from provenance.accounts.accounts import ApiKey
    from provenance.tlog.keys import SigningKey

app = typer.Typer(no_args_is_help=True)


@dataclass(frozen=True)
class LimitOptions:
    """What an API key may send."""

    requests_per_minute: Annotated[int | None, typer.Option(help="It may send so many requests; 0: any number.")] = None
    requests_per_day: Annotated[int | None, typer.Option(help="Likewise in a day, UTC.")] = None
    requests_per_month: Annotated[int | None, typer.Option(help="Likewise in a month.")] = None
    mib_per_day: Annotated[int | None, typer.Option(help="MiB that it may send in a day; 0: any number.")] = None
    mib_per_month: Annotated[int | None, typer.Option(help="Likewise in a month.")] = None

    def all(self) -> dict[str, int | None]:
        return asdict(self)


@app.command("new", help="Make an API key for an account, shown this once; or a signing key, in a file of yours.")
@grouped
def new(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="Account id or name; local for your own.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="register, scan, lookup, review, keys, admin; may be repeated.")
    ] = None,
    label: Annotated[str, typer.Option(help="What it is for.")] = "",
    signing: Annotated[
        Path | None, typer.Option(help="File of a signing key: made unless it is there; enrolled in the log.")
    ] = None,
    recovery: Annotated[str | None, typer.Option(help="Id of an enrolled key that may revoke this one.")] = None,
    sign_key: Annotated[
        Path | None, typer.Option(help="File of the account's present signing key, which names its successor.")
    ] = None,
    unlinked: Annotated[bool, typer.Option(help="Enrol although no former key of the account is at hand.")] = False,
    *,
    limits: LimitOptions,
    remote: Remote = None,
    json_: Json = False,
) -> None:
    from provenance.accounts import accounts
    from provenance.json_input import parse

    if remote is not None and (signing is None or unlinked or account != "local"):
        raise BadInput("--service enrols a key for its API key's account: key new local --signing FILE --service URL")
    if signing is None:
        refuse({"--recovery": recovery, "--sign-key": sign_key, "--unlinked": unlinked}, "is for --signing FILE")
    else:
        own = {f"--{name.replace('_', '-')}": value is not None for name, value in limits.all().items()}
        refuse({"--scope": scope, "--label": label, **own}, "is of an API key: leave out --signing")
        _new_signing(account, signing, recovery, sign_key, unlinked, remote, json_)
        return
    with application() as opened:
        wanted = parse(
            accounts.NewApiKey,
            {"account": account, "label": label, "scopes": scope or None, "limits": limits.all()},
        )
        issued = accounts.issue_key(opened.db, wanted)
    if json_:
        emit(issued)
        return
    say(issued.secret)
    note = tr("shown only now; keep it secret", "仅显示一次，请妥善保管")
    say(in_brackets(clauses([issued.id, ", ".join(issued.scopes), note])).strip())


def _new_signing(
    account: str,
    path: Path,
    recovery: str | None,
    sign_key: Path | None,
    unlinked: bool,
    remote: str | None,
    json_: bool,
) -> None:
    from provenance.accounts import enrolled_keys

    if remote is not None:
        old = given_key(sign_key)
        with client(remote) as there, _made_or_there(path) as key:
            done = there.enrol(key, old=old, recovery=recovery)
        assert done is not None
        index = int(done["receipt"]["index"])
    else:
        with application() as opened:
            acting = acting_account(opened.db, None if account == "local" else account)
            old = given_key(sign_key)
            if recovery is not None:
                enrolled_keys.find(opened.db, recovery)
            with _made_or_there(path) as key:
                signed = opened.signing_keys.sign_enrolment(acting, key, "producer", old, recovery)
                index = opened.signing_keys.enrol(acting, *signed, unlinked=unlinked)
    if json_:
        emit({"keyid": key.keyid, "file": str(path), "index": index})
        return
    entry = f"{tr('log entry', '账本条目')} {index}"
    say(key.keyid + in_brackets(entry))
    say(
        tr(
            f"the private key is in {path} and nowhere else: keep a copy on another medium, in another place",
            f"私钥仅存于 {path}：请在其他介质、其他地点另存一份",
        )
    )


@contextmanager
def _made_or_there(path: Path) -> Iterator[SigningKey]:
    """The key in a file, made unless it is there; one that was made and then refused leaves no file behind."""
    made = not path.exists()
    key = signing_key_file(path, make=True)
    try:
        yield key
    except SourcemarkError as error:
        if made and error.status < 500:  # else it may wait for the log
            path.unlink(missing_ok=True)
        raise


@app.command("rotate", help="Replace a signing key kept here, or the log's own keys; the log shows the succession.")
def rotate(
    key_id: Annotated[str | None, typer.Argument(metavar="KEY", help="Id of the present signing key.")] = None,
    log: Annotated[bool, typer.Option(help="The log's own keys, which sign its checkpoints.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="With --log: where to write the receipt that leads to the new keys.")
    ] = None,
    clock_was_ahead: Annotated[
        bool, typer.Option("--clock-was-ahead", help="With --log: it signed in the future; begin at the true time.")
    ] = False,
) -> None:
    if log == (key_id is not None) or ((out is not None or clock_was_ahead) and not log):
        raise BadInput("give the id of a signing key, or --log (and --out) for the log's own keys, one of the two")
    if key_id is None:
        _rotate_log(out, clock_was_ahead)
        return
    with application() as opened:
        new_id = opened.signing_keys.rotate(key_id)
        folder = opened.settings.keys_dir
    say(labelled(tr("the new key is", "新密钥"), str(new_id)))
    say(labelled(tr("back up its file now", "请立即备份其文件"), f"{folder / new_id}.pem"))


def _rotate_log(out: Path | None, clock_was_ahead: bool) -> None:
    from provenance.accounts import log_keys
    from provenance.works import receipt_files

    if out is not None and out.exists():
        raise BadInput(f"{out} exists already: choose another name")
    with application() as opened:
        with opened.log.dated_anew() if clock_was_ahead else nullcontext():
            vkeys = log_keys.rotate(opened.db, opened.log, opened.settings)
        folder = opened.settings.keys_dir
        if out is not None:
            receipt_files.write(log_keys.succession(opened.db, opened.log), out)
    say(tr("the log's new public keys:", "账本的新公钥："))
    for vkey in vkeys:
        say(f"  {vkey[:100]}{'…' if len(vkey) > 100 else ''}")
    say(
        tr(
            f"back up {folder} now; publish the new policy (`sourcemark ledger export`) beside the old one, and the "
            "receipt of `--out`, which leads from the old keys to the new",
            f"请立即备份 {folder}；请将新策略（`sourcemark ledger export`）与旧策略一并公布，"
            "并附 `--out` 所写的密钥更替凭证",
        )
    )


@app.command("limit", help="Limit what an API key may send; what is not given follows the settings.")
@grouped
def limit(key_id: Annotated[str, typer.Argument(metavar="KEY")], *, limits: LimitOptions, json_: Json = False) -> None:
    from provenance.accounts import accounts, quotas
    from provenance.json_input import parse

    with application() as opened:
        key = accounts.limit_key(opened.db, key_id, parse(quotas.KeyLimits, limits.all()))
        in_force = key.limits.or_of(opened.settings)
    if json_:
        emit(key)
        return
    rows = [[name, str(value or tr("any number", "不限"))] for name, value in in_force.model_dump().items()]
    table([tr("limit", "限额"), tr("at most", "上限")], rows)


@app.command("list", help="All keys, API and signing.")
def list_(
    account: Annotated[str | None, typer.Option(help="Only of this account (id or name).")] = None, json_: Json = False
) -> None:
    from provenance.accounts import accounts, enrolled_keys

    with application() as opened:
        only = None if account is None else accounts.find(opened.db, account).id
        api_keys = accounts.keys(opened.db, only)
        signing_keys = enrolled_keys.list_all(opened.db, only)
    if json_:
        emit_all({"type": "api", **key.model_dump(mode="json")} for key in api_keys)
        emit_all({"type": "signing", **key.model_dump(mode="json")} for key in signing_keys)
        return
    rows = [["API", k.id, k.account_id, " ".join(k.scopes), _sent_today(k), k.revoked_at or ""] for k in api_keys]
    rescues = {key.recovery for key in signing_keys}
    for key in signing_keys:
        revoked = "" if key.revoked_index is None else f"{tr('log entry', '账本条目')} {key.revoked_index}"
        kind = tr("recovery", "恢复") if key.keyid in rescues else tr("signing", "签名")
        kept = tr("kept by ", "保管方：") + custody_word(key.custody)
        rows.append([kind, key.keyid, key.account_id, kept, "", revoked])
    head = [tr("type", "类型"), "id", tr("account", "账号"), tr("may", "权限")]
    table([*head, tr("sent today", "今日已发"), tr("revoked", "已吊销")], rows)


def _sent_today(key: ApiKey) -> str:
    requests, mib = key.sent.requests_today, key.sent.bytes_today / (1 << 20)
    return tr(f"{requests} requests, {mib:.1f} MiB", f"{requests} 次，{mib:.1f} MiB") if requests else ""


@app.command("revoke", help="Revoke a key: an API key at once, a signing key by an entry in the log.")
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="KEY")],
    sign_key: Annotated[
        Path | None, typer.Option(help="File of the signing key itself, of its successor or of its recovery key.")
    ] = None,
    remote: Remote = None,
) -> None:
    from provenance.accounts import accounts

    signs = re.fullmatch(r"[0-9a-f]{64}", key_id) is not None
    if not signs:
        refuse({"--sign-key": sign_key, "--service": remote}, f"{printable(key_id)[:80]} is no id of a signing key")
    if remote is not None:
        there, signer = signed_elsewhere(remote, sign_key)
        with there:
            there.revoke(key_id, signer)
        say(labelled(tr("revoked", "已吊销"), str(key_id)))
        return
    with application() as opened:
        if signs:
            opened.signing_keys.revoke(key_id, given_key(sign_key))
        else:
            accounts.revoke_key(opened.db, key_id)
    say(labelled(tr("revoked", "已吊销"), str(key_id)))
