"""sourcemark key: API keys with scopes, and the keys that sign statements."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from provenance.records import parse

from .output import emit, emit_all, say, table, tr
from .session import service

app = typer.Typer(help="API keys and signing keys. 密钥。", no_args_is_help=True)
_Json = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]


@app.command("new", help="Make an API key for an account; it is shown this once.")
def new(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="Account id or name.")],
    scope: Annotated[list[str] | None, typer.Option(help="register, scan, lookup, admin; may be repeated.")] = None,
    label: Annotated[str, typer.Option(help="What it is for.")] = "",
    json_: _Json = False,
) -> None:
    from provenance import accounts

    with service() as opened:
        wanted = parse(accounts.NewApiKey, {"account": account, "label": label, "scopes": scope or None})
        issued = accounts.issue_key(opened.db, wanted)
    if json_:
        emit(issued)
        return
    say(issued.secret)
    note = tr("shown only now; keep it secret", "仅显示一次，请妥善保管")
    say(f"({issued.id}; {', '.join(issued.scopes)}; {note})")


@app.command("list", help="All keys, API and signing.")
def list_(
    account: Annotated[str | None, typer.Option(help="Only of this account (id or name).")] = None, json_: _Json = False
) -> None:
    from provenance import accounts, signing

    with service() as opened:
        only = None if account is None else accounts.find(opened.db, account).id
        api_keys = accounts.keys(opened.db, only)
        signing_keys = signing.signing_key_rows(opened, only)
    if json_:
        emit_all({"type": "api", **key.model_dump(mode="json")} for key in api_keys)
        emit_all({"type": "signing", **key} for key in signing_keys)
        return
    rows = [["API", k.id, k.account_id, " ".join(k.scopes), k.revoked_at or ""] for k in api_keys]
    for key in signing_keys:
        revoked = "" if key["revoked_index"] is None else f"{tr('log entry', '账本条目')} {key['revoked_index']}"
        rows.append([tr("signing", "签名"), key["keyid"], key["account_id"], key["custody"], revoked])
    table([tr("type", "类型"), "id", tr("account", "账号"), tr("may", "权限"), tr("revoked", "已吊销")], rows)


@app.command("revoke", help="Revoke a key: an API key at once, a signing key by an entry in the log.")
def revoke(key_id: Annotated[str, typer.Argument(metavar="KEY")]) -> None:
    from provenance import accounts, signing

    with service() as opened:
        if re.fullmatch(r"[0-9a-f]{64}", key_id):
            signing.revoke(opened, key_id)
        else:
            accounts.revoke_key(opened.db, key_id)
    say(tr("revoked", "已吊销") + f": {key_id}")
