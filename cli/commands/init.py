"""sourcemark init: the key ceremony. Makes the log and its keys, and says what to back up and where."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from provenance.errors import BadInput, Conflict

from ..output import emit, say, tr
from ..session import ask, with_passphrase

if TYPE_CHECKING:
    from provenance.config import Settings

_SHORTEST = 12  # characters of a passphrase


def add_to(app: typer.Typer) -> None:
    app.command("init")(command)


def command(
    recovery: Annotated[
        Path | None, typer.Option(help="File for a recovery key, to be kept elsewhere; may revoke your signing key.")
    ] = None,
    no_passphrase: Annotated[
        bool, typer.Option("--no-passphrase", help="Leave the keys unencrypted on the disk.")
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="As a JSON object.")] = False,
) -> None:
    from provenance.accounts import accounts
    from provenance.application import Application
    from provenance.config import load_settings
    from provenance.ledger import key_files
    from provenance.tlog import keys

    settings = load_settings()
    if (settings.keys_dir / key_files.LOG_ED25519).exists():
        raise Conflict(
            f"{settings.home} has a log and its keys already: see `sourcemark key list`, `sourcemark doctor`"
        )
    if recovery is not None and recovery.exists():
        raise BadInput(f"{recovery} exists already: choose another name")
    settings = _encrypting(settings, no_passphrase)
    with Application(settings) as opened:
        local = accounts.local(opened.db)
        recovery_id = None
        rescue = None
        if recovery is not None:
            rescue = keys.new_signing_key()
            key_files.save_signing_key(rescue, recovery, settings.passphrase)
            opened.signing_keys.enrol(local, *opened.signing_keys.sign_enrolment(local, rescue, "producer"))
            recovery_id = rescue.keyid
        keyid = opened.signing_keys.new_kept_key(local, rescue)
        vkeys, origin = opened.log.vkeys(), opened.log.origin
    if json_:
        files = [str(settings.keys_dir), str(settings.home)]
        emit({"origin": origin, "vkeys": vkeys, "keyid": keyid, "recovery": recovery_id, "back_up": files})
        return
    say(tr(f"the log {origin} is ready; its public keys:", f"账本 {origin} 已就绪，其公钥为："))
    for vkey in vkeys:
        say(f"  {vkey[:100]}{'…' if len(vkey) > 100 else ''}")
    say(tr(f"your signing key: {keyid}", f"您的签名密钥：{keyid}"))
    for number, (english, chinese) in enumerate(_advice(settings, recovery, recovery_id), 1):
        say(f"{number}. " + tr(english, chinese))


def _encrypting(settings: Settings, no_passphrase: bool) -> Settings:
    if no_passphrase:
        if settings.passphrase is not None:
            raise BadInput("--no-passphrase, but SOURCEMARK_KEY_PASSPHRASE or its file is set: drop one of the two")
        return settings
    if settings.passphrase is not None:
        return settings
    if not sys.stdin.isatty():
        raise BadInput(
            "the keys need a passphrase: set SOURCEMARK_KEY_PASSPHRASE_FILE or SOURCEMARK_KEY_PASSPHRASE, or leave "
            "them unencrypted with --no-passphrase"
        )
    typed = ask(
        tr(f"a passphrase for the keys, {_SHORTEST} characters or more", f"密钥口令（至少 {_SHORTEST} 个字符）"),
        twice=True,
    )
    if len(typed) < _SHORTEST:
        raise BadInput(f"the passphrase has {len(typed)} characters, {_SHORTEST} are needed: several words are easiest")
    return with_passphrase(settings, typed)


def _advice(settings: Settings, recovery: Path | None, recovery_id: str | None) -> list[tuple[str, str]]:
    keys_dir, published, signer = settings.keys_dir, settings.log_dir, settings.signer_state.parent
    database = settings.home / "sourcemark.db" if settings.database_url is None else "PostgreSQL"
    lines = [
        (
            f"Back up {keys_dir} now, to two media in two places, apart from everything else. Without log-ed25519.pem "
            "and log-mldsa44.pem nothing can be registered any more; what was registered stays provable.",
            f"请立即将 {keys_dir} 备份到两个介质、两个地点，并与其他备份分开存放。"
            "若丢失 log-ed25519.pem 与 log-mldsa44.pem，将无法再登记；已登记的仍可核验。",
        ),
        (
            f"Back up the database every day ({database}), and {published} when you like. Never put back an old "
            f"{signer}: the signer's memory must not go back in time.",
            f"请每日备份数据库（{database}），{published} 可择时备份。切勿用旧备份覆盖 {signer}：签名状态不得回退。",
        ),
    ]
    if settings.passphrase is not None:
        lines.append(
            (
                "Write the passphrase on paper and keep it where the backups are not. Nobody can recover it.",
                "请将口令写在纸上，并与备份分开保存。口令遗失后无法恢复。",
            )
        )
    if recovery is not None:
        lines.append(
            (
                f"Move {recovery} to a medium that stays offline and delete it here. When your signing key is lost or "
                f"stolen: `sourcemark key revoke KEY --sign-key {recovery.name}`.",
                f"请将 {recovery} 移到离线介质并从本机删除。签名密钥遗失或被盗时："
                f"`sourcemark key revoke KEY --sign-key {recovery.name}`。",
            )
        )
    lines.append(
        (
            "Publish the public keys (`sourcemark ledger export`: log.vkey, policy) where readers find them without "
            "you: a website, a newspaper, a notary.",
            "请将公钥（`sourcemark ledger export` 中的 log.vkey 与 policy）公布在他人无需经您即可取得之处："
            "网站、报刊、公证处。",
        )
    )
    return lines
