"""sourcemark account: who registers, scans and looks up; and the official accounts that a platform keeps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from provenance.errors import BadInput

from ..option_groups import given, grouped, refuse
from ..options import Json, Keeper
from ..output import (
    custody_word,
    emit,
    emit_all,
    in_brackets,
    kind_word,
    labelled,
    listed,
    say,
    table,
    tr,
)
from ..session import acting_account, application

if TYPE_CHECKING:
    from provenance.schemas import OfficialAccountRecord

app = typer.Typer(no_args_is_help=True)
OFFICIAL = "official"  # a kind of account that a platform keeps: it registers nothing and has no key
_Kind = Annotated[str | None, typer.Option(help="official: the accounts that a platform keeps.")]


@dataclass(frozen=True)
class OfficialOptions:
    """What is recorded of an official account."""

    id: Annotated[str | None, typer.Option(help="Of an official account: its id on the platform.")] = None
    platform: Keeper = None
    also: Annotated[list[str] | None, typer.Option(help="Another name that it bears; again for more.")] = None
    entity: Annotated[str | None, typer.Option(help="person, company, media, government, institution or other.")] = None
    registered_in: Annotated[str | None, typer.Option(help="Place of registration (CN, DE ...).")] = None
    operates_in: Annotated[str | None, typer.Option(help="Place of operation (CN, DE ...).")] = None
    category: Annotated[list[str] | None, typer.Option(help="What it publishes; again for more.")] = None
    operator: Annotated[str | None, typer.Option(help="Who runs it: the platform's id of the operator.")] = None
    operator_name: Annotated[str | None, typer.Option(help="Name of the operator.")] = None
    linked_account: Annotated[str | None, typer.Option(help="Account, id or name, whose works are its own.")] = None
    verification: Annotated[str | None, typer.Option(help="unverified, pending, verified, refused or withdrawn.")] = (
        None
    )
    verified_by: Annotated[str | None, typer.Option(help="Who checked it.")] = None
    verified_at: Annotated[str | None, typer.Option(help="When, ISO 8601.")] = None
    contact_name: Annotated[str | None, typer.Option(help="Person to ask.")] = None
    contact_email: Annotated[str | None, typer.Option(help="Their e-mail address.")] = None
    contact_phone: Annotated[str | None, typer.Option(help="Their telephone.")] = None

    def all(self) -> dict[str, Any]:
        return {f"--{name.replace('_', '-')}": getattr(self, name) for name in self.__dataclass_fields__}

    def record(self, name: str) -> dict[str, Any]:
        """The JSON of `OfficialAccount`."""
        contact = given(name=self.contact_name, email=self.contact_email, phone=self.contact_phone)
        checked = given(state=self.verification, by=self.verified_by, at=self.verified_at)
        operator = given(id=self.operator, name=self.operator_name)
        return {
            "name": name,
            **given(
                names=self.also,
                entity=self.entity,
                registered_in=self.registered_in,
                operates_in=self.operates_in,
                categories=self.category,
                operator=operator,
                linked_account=self.linked_account,
                verification=checked,
                contact=contact,
            ),
        }


@app.command("new", help="Make an account, or record an official one.")
@grouped
def new(
    name: str,
    *,
    kind: Annotated[
        str, typer.Option(help="producer, platform, rights_holder, administrator or official.")
    ] = "producer",
    default_owner: Annotated[str | None, typer.Option(help="Owner of works registered without one.")] = None,
    official: OfficialOptions,
    json_: Json = False,
) -> None:
    if kind == OFFICIAL:
        refuse({"--default-owner": default_owner}, "is of accounts that register works")
        _record_official(name, official, json_=json_)
        return
    refuse(official.all(), "is of official accounts: add --kind official")
    from provenance.accounts import accounts
    from provenance.json_input import parse

    with application() as opened:
        wanted = parse(accounts.NewAccount, {"name": name, "kind": kind, "default_owner": default_owner})
        made = accounts.create(opened.db, wanted)
    if json_:
        emit(made)
    else:
        say(f"{made.id}  {made.name}{in_brackets(kind_word(made.kind))}")
        say(labelled(tr("make it an API key with", "为其创建 API 密钥"), f"sourcemark key new {made.id}"))


def _record_official(name: str, options: OfficialOptions, *, json_: bool) -> None:
    from provenance.json_input import parse
    from provenance.schemas import OfficialAccount
    from provenance.schemas.official_accounts import PlatformRef

    if options.id is None:
        raise BadInput("--id: say the account's id on its platform")
    ref = parse(PlatformRef, {"account_id": options.id})
    wanted = parse(OfficialAccount, options.record(name))
    with application() as opened:
        platform = acting_account(opened.db, options.platform)
        made = opened.official_accounts.put(platform.id, ref.account_id, wanted)
    if json_:
        emit(made)
    else:
        _say_official(made)


@app.command("list", help="All accounts, or with --kind official those that a platform keeps.")
def list_(
    kind: _Kind = None,
    platform: Keeper = None,
    operator: Annotated[str | None, typer.Option(help="Only official accounts of this operator.")] = None,
    json_: Json = False,
) -> None:
    if _is_official(kind):
        _list_official(platform, operator, json_=json_)
        return
    refuse({"--platform": platform, "--operator": operator}, "is of official accounts: add --kind official")
    from provenance.accounts import accounts

    with application() as opened:
        found = accounts.everyone(opened.db)
    if json_:
        emit_all(found)
    else:
        table(
            ["id", tr("name", "名称"), tr("kind", "类别"), tr("default owner", "默认著作权人")],
            ([a.id, a.name, kind_word(a.kind), a.default_owner or ""] for a in found),
        )


def _is_official(kind: str | None) -> bool:
    if kind not in (None, OFFICIAL):
        raise BadInput(f"--kind: takes {OFFICIAL}")
    return kind == OFFICIAL


def _list_official(platform: str | None, operator: str | None, *, json_: bool) -> None:
    from provenance.database.paging import everything

    with application() as opened:
        keeper = acting_account(opened.db, platform)
        found = list(everything(partial(opened.official_accounts.page, keeper.id, operator_id=operator)))
    if json_:
        emit_all(found)
        return
    heads = [
        "id",
        tr("name", "名称"),
        tr("verified", "认证"),
        tr("level", "等级"),
        tr("news licence until", "新闻许可有效期至"),
    ]
    table(
        heads,
        (
            [a.account_id, a.name, _verification_word(a.verification.state), str(a.level), a.news_licence_until or ""]
            for a in found
        ),
    )


@app.command("show", help="One account with its keys, or with --kind official one that a platform keeps.")
def show(
    ref: Annotated[str, typer.Argument(metavar="ID|NAME")],
    kind: _Kind = None,
    platform: Keeper = None,
    json_: Json = False,
) -> None:
    if _is_official(kind):
        with application() as opened:
            record = opened.official_accounts.get(acting_account(opened.db, platform).id, ref)
        if json_:
            emit(record)
        else:
            _say_official(record)
        return
    refuse({"--platform": platform}, "is of official accounts: add --kind official")
    from provenance.accounts import accounts, enrolled_keys

    with application() as opened:
        account = accounts.find(opened.db, ref)
        api_keys = [key.model_dump(mode="json") for key in accounts.keys(opened.db, account.id)]
        signing_keys = [key.model_dump(mode="json") for key in enrolled_keys.list_all(opened.db, account.id)]
    if json_:
        emit({**account.model_dump(mode="json"), "api_keys": api_keys, "signing_keys": signing_keys})
        return
    say(f"{account.id}  {account.name}{in_brackets(kind_word(account.kind))}")
    for key in api_keys:
        say(f"  API  {key['id']}  {' '.join(key['scopes'])}  {key['revoked_at'] or ''}")
    for key in signing_keys:
        kept = labelled(tr("kept by", "保管方"), custody_word(key["custody"]))
        say(f"  {tr('signs', '签名')}  {key['keyid']}  {kept}")


@app.command("forget", help="Erase the contact of an official account: it is personal.")
def forget(
    account_id: Annotated[str, typer.Argument(metavar="ID")], platform: Keeper = None, json_: Json = False
) -> None:
    with application() as opened:
        left = opened.official_accounts.erase_contact(acting_account(opened.db, platform).id, account_id)
    if json_:
        emit(left)
    else:
        say(labelled(tr("erased", "已删除"), tr(f"contact of {account_id}", f"{account_id} 的联系方式")))


def _say_official(record: OfficialAccountRecord) -> None:
    checked = record.verification
    said = _verification_word(checked.state) + (in_brackets(checked.by) if checked.by else "")
    say(f"{record.account_id}  {record.name}  {said}")
    lines = (
        (tr("other names", "其他名称"), listed(record.names)),
        (tr("entity", "主体类型"), _entity_word(record.entity)),
        (tr("registered in", "注册地"), record.registered_in),
        (tr("operates in", "运营地"), record.operates_in),
        (tr("publishes", "内容类别"), listed(record.categories)),
        (tr("operator", "运营主体"), record.operator and f"{record.operator.name}{in_brackets(record.operator.id)}"),
        (tr("own works of", "关联账号"), record.linked_account),
        (tr("news licence until", "新闻许可有效期至"), record.news_licence_until),
        (tr("level", "等级"), str(record.level)),
    )
    for label, value in lines:
        if value:
            say(f"  {labelled(label, value)}")


def _verification_word(state: str) -> str:
    words = {
        "unverified": ("unverified", "未认证"),
        "pending": ("pending", "认证中"),
        "verified": ("verified", "已认证"),
        "refused": ("refused", "认证未通过"),
        "withdrawn": ("withdrawn", "认证已撤销"),
    }
    return tr(*words[state])


def _entity_word(entity: str) -> str:
    words = {
        "person": ("person", "个人"),
        "company": ("company", "企业"),
        "media": ("media", "媒体"),
        "government": ("government", "政务"),
        "institution": ("institution", "机构"),
        "other": ("other", "其他"),
    }
    return tr(*words[entity])
