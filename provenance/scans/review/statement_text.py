"""A statement of reasons for people: for the poster in English and 中文, and without names for the EU's database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from ... import names
from ...marking.rules import REASONS
from ...schemas.decisions import ReasonedMatch, StatementOfReasons
from .. import words

Language = Literal["en", "zh"]
_MOST_TOLD = 20  # works; the object has all of them

_WHAT = {
    "label": ("Your post is shown with a label.", "您的内容将附加标签展示。"),
    "restrict": ("Your post is not shown.", "您的内容不予展示。"),
    "ask-for-credit": ("Your post is not shown until its credit is complete.", "您的内容在补全署名之前暂不展示。"),
    "hold": ("Your post is not shown until a person has looked at it.", "您的内容在人工核对之前暂不展示。"),
}
_UNTIL = {"hold": ("until then", "至核对完毕"), "ask-for-credit": ("until then", "至署名补全")}
_FOR_GOOD = ("for good", "，长期有效")
_PERMISSIONS = {
    "own": ("it is the owner's own post", "由著作权人本人发布"),
    "permitted": ("the owner has given permission", "著作权人已授权"),
    "granted": ("its licence allows the use", "许可条款允许该使用"),
    "duties_unmet": ("what its licence asks for is not done", "未履行许可条款的义务"),
    "stated": ("the post says that it has permission", "内容自称已获许可"),
    "none": ("no permission is known", "未见授权"),
}
_SOURCES = {
    "voluntary": ("the platform's own check", "平台自行检测"),
    "notice": ("a notice", "权利人通知"),
    "trusted_flagger": ("a notice of a trusted flagger", "可信举报者的通知"),
}


def both(statement: StatementOfReasons) -> dict[Language, str]:
    """The statement in each language, for the poster."""
    return {"en": _text(statement, "en"), "zh": _text(statement, "zh")}


def _text(statement: StatementOfReasons, language: Language) -> str:
    zh = language == "zh"
    lines = [
        _WHAT[statement.restriction.kind][zh],
        _where(statement, zh=zh),
        facts(statement.matches, language),
        _credit(statement.matches, zh=zh),
        _how(statement, zh=zh),
        _ground(statement, zh=zh),
        _redress(statement, zh=zh),
    ]
    return "\n".join(line for line in lines if line)


def _where(statement: StatementOfReasons, *, zh: bool) -> str:
    restriction = statement.restriction
    places = (", " if not zh else "、").join(restriction.territory)
    where = places or ("everywhere" if not zh else "所有地区")
    begins, ends = restriction.begins[:10], restriction.ends
    if zh:
        lasting = f"至 {ends}" if ends else _UNTIL.get(restriction.kind, _FOR_GOOD)[1]
        return f"适用地区：{where}。期限：自 {begins} 起{lasting}。"
    lasting = f"until {ends}" if ends else _UNTIL.get(restriction.kind, _FOR_GOOD)[0]
    return f"It applies {'in ' if places else ''}{where}, from {begins} {lasting}."


def facts(matches: Sequence[ReasonedMatch], language: Language, *, named: bool = True) -> str:
    """What was found, a sentence a work.

    Args:
        named: with the works' titles and owners, which are personal data.
    """
    if not matches:
        return "No registered work was found in it." if language == "en" else "未找到登记作品。"
    told = [_fact(match, zh=language == "zh", named=named) for match in matches[:_MOST_TOLD]]
    more = len(matches) - _MOST_TOLD
    if more > 0:
        told.append(f"And {more} more." if language == "en" else f"另有 {more} 件。")
    return " ".join(told)


def _fact(match: ReasonedMatch, *, zh: bool, named: bool) -> str:
    known = named and (match.title or match.owner)
    title, owner = names.readable(match.title), names.readable(match.owner)
    missing = [REASONS[code][zh] for code in match.reasons if code in REASONS]
    marking = words.MARKINGS[match.marking][zh] if match.marking in words.MARKINGS else "–"
    permission = _PERMISSIONS[match.permission][zh] if match.permission in _PERMISSIONS else match.permission
    if zh:
        work = f"作品《{title}》（著作权人：{owner}）" if known else "一件登记作品"
        detail = f"（{'；'.join(missing)}）" if missing else ""
        shares = f"占作品的 {match.coverage_work:.0%}，占内容的 {match.coverage_upload:.0%}"
        return f"内容含有{work}，{shares}；标注：{marking}{detail}；{permission}。"
    work = f"“{title}”, whose owner is named as {owner}" if known else "a registered work"
    detail = f" ({'; '.join(missing)})" if missing else ""
    shares = f"{match.coverage_work:.0%} of it, {match.coverage_upload:.0%} of the post"
    return f"It contains {work}: {shares}; marking: {marking}{detail}; {permission}."


def _credit(matches: Sequence[ReasonedMatch], *, zh: bool) -> str:
    """What the poster can add, if that would clear the post."""
    lines = [names.readable(match.credit_line) for match in matches if match.credit_line]
    if not lines:
        return ""
    return "\n".join(["请在内容中加入以下署名：" if zh else "Add this credit to the post:", *lines])


def _how(statement: StatementOfReasons, *, zh: bool) -> str:
    source = _SOURCES[statement.source][zh]
    detected, decided = statement.automated_detection, statement.automated_decision
    if zh:
        return (
            f"来源：{source}；{'由自动化手段发现' if detected else '并非由自动化手段发现'}，"
            f"{'由自动化手段决定' if decided else '由人工决定'}。理由代码：{statement.reason}。"
        )
    return (
        f"It was found by {source}, {'with' if detected else 'without'} automated means, and decided "
        f"{'by automated means' if decided else 'by a person'} (reason code: {statement.reason})."
    )


def _ground(statement: StatementOfReasons, *, zh: bool) -> str:
    ground = statement.ground
    url = f" {ground.url}" if ground.url else ""
    if zh:
        kind = "法律依据" if ground.kind == "law" else "服务条款依据"
        return f"{kind}：{names.readable(ground.reference)}{url}"
    kind = "The legal ground" if ground.kind == "law" else "The ground in the platform's terms"
    return f"{kind}: {names.readable(ground.reference)}{url}"


def _redress(statement: StatementOfReasons, *, zh: bool) -> str:
    redress = statement.redress
    at = f" ({redress.url})" if redress.url else ""
    if zh:
        at = f"（{redress.url}）" if redress.url else ""
        return (
            f"您可在 {redress.appeal_until} 之前向平台免费申诉{at}，由未参与该决定的人员处理；"
            "也可提交庭外争议解决机构，或向法院起诉。"
        )
    return (
        f"Until {redress.appeal_until} you can complain to the platform free of charge{at}; somebody who did not take "
        "this decision will look at it. You can also turn to an out-of-court dispute settlement body or to a court."
    )
