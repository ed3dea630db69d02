"""What a certificate says: the claim, the times, the keys, the witnesses and every check, in English or 中文."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import segno

from ...errors import VerificationFailed
from ...names import printable
from ...tlog import merkle, receipt
from ...tlog.verification import Verification, titled

Language = Literal["en", "zh"]
Row = tuple[str, list[str]]  # label and the lines of its value

_MOST_VALUE = 600  # characters of one line, so that a hostile claim stays a page


@dataclass(frozen=True, slots=True)
class WorkPicture:
    """A small copy of a work.

    Attributes:
        data: a JPEG file.
        from_file: drawn from a file that was checked to be the work; otherwise what the committed fingerprint keeps.
    """

    data: bytes
    from_file: bool = False


@dataclass(frozen=True, slots=True)
class Certificate:
    """One page.

    Attributes:
        sections: heading and rows of each.
        checks: mark, name and what was found.
        code: what the QR code holds, as lines of text.
        picture: of the work.
    """

    language: Language
    title: str
    sections: list[tuple[str, list[Row]]]
    checks_title: str
    checks: list[tuple[str, str, str]]
    note: str
    code: str
    picture: WorkPicture | None = None

    def texts(self) -> list[str]:
        """All that is set in letters."""
        rows = [text for _, rows in self.sections for label, values in rows for text in (label, *values)]
        checks = [self.check_line(*check) for check in self.checks]
        return [self.title, *(heading for heading, _ in self.sections), *rows, self.checks_title, *checks, self.note]

    def check_line(self, mark: str, name: str, detail: str) -> str:
        """A check in one line."""
        return f"{mark} {name}{'：' if self.language == 'zh' else ': '}{detail}"

    def qr(self) -> segno.QRCode:
        """The code, with middling error correction."""
        return segno.make_qr(self.code, error="m")


_TITLE = ("Certificate of registration", "登记证书")
_CHECKS = ("What was checked", "核验结果")
_NOTE = (
    "This page shows what a receipt proves; it proves nothing by itself. Ask for the receipt, and check it with "
    "`sourcemark verify` or by hand as its VERIFY.md says. A registration proves that somebody claimed this file at "
    "this time, not that the claim is true.",
    "本页仅展示凭证所证明的内容，其本身不能作为证明。请索取凭证，"
    "并用 `sourcemark verify` 或按其中的 VERIFY.md 手工核验。"
    "登记证明某人在此时间就该文件提出主张，并不证明其主张属实。",
)
_CLAIM = (
    ("title", "Title", "作品名称"),
    ("owner", "Copyright owner", "著作权人"),
    ("owner_aliases", "Also known as", "别名"),
    ("authors", "Author", "作者"),
    ("source_name", "Source", "来源"),
    ("source_urls", "Address of the source", "来源网址"),
    ("source_handle", "Account of the source", "来源账号"),
    ("identifiers", "Identifier", "标识符"),
    ("licence", "Licence", "许可"),
    ("published_at", "Published", "发布日期"),
)
_LICENCES_ZH = {"all-rights-reserved": "保留所有权利", "reprint-with-credit": "注明作者和来源即可转载"}
_CUSTODY = {
    "producer": ("key kept by the registrant", "私钥由登记人保管"),
    "service": ("key kept by the service", "私钥由服务方保管"),
}


def certify(
    files: Mapping[str, bytes], done: Verification, language: Language = "en", picture: WorkPicture | None = None
) -> Certificate:
    """The certificate of a receipt.

    Args:
        files: the receipt, see `tlog.receipt`.
        done: how its verification went.
        picture: of the work, see `picture`.

    Raises:
        VerificationFailed: a check failed: nothing is certified.
    """
    failed = [check for check in done.checks if check.state == "failed"]
    if failed or not done.ok:
        why = f": {failed[0].name}: {failed[0].detail}" if failed else ""
        raise VerificationFailed(f"the receipt does not hold, so nothing is certified{why}")
    zh = language == "zh"
    facts = done.facts
    leaf_hash = merkle.leaf_hash(files[receipt.ENTRY]).hex()
    sections = [
        (
            "登记内容" if zh else "What was claimed",
            [*_claim(facts.get("claim"), zh), *_amended(facts, zh), *_shown(picture, zh)],
        ),
        ("时间" if zh else "When", _times(facts, zh)),
        ("签名与见证" if zh else "By whom", _parties(facts, zh)),
        ("账本位置" if zh else "Where it stands", _place(facts, leaf_hash, zh)),
    ]
    marks = {"passed": "✓", "absent": "–"}
    return Certificate(
        language=language,
        title=_TITLE[zh],
        sections=[
            (heading, [(label, [_clean(v) for v in values]) for label, values in rows]) for heading, rows in sections
        ],
        checks_title=_CHECKS[zh],
        checks=[(marks[check.state], *done.words(check, language)) for check in done.checks],
        note=_NOTE[zh],
        picture=picture,
        code="\n".join(
            [
                "sourcemark receipt",
                f"log {facts['origin']}",
                f"entry {facts['index']}",
                f"leaf {leaf_hash}",
                *(f"sha256 {digest}" for digest in facts["sha256"][:1]),
            ]
        ),
    )


def _claim(claim: Any, zh: bool) -> list[Row]:
    if not isinstance(claim, dict):
        return [("主张" if zh else "Claim", ["未公开" if zh else "not shown: the receipt came without opening.json"])]
    rows = []
    for name, english, chinese in _CLAIM:
        value = claim.get(name)
        values = value if isinstance(value, list) else [value]
        shown = [str(each) for each in values if each not in (None, "")]
        if zh and name == "licence":
            shown = [f"{_LICENCES_ZH[each]}（{each}）" if each in _LICENCES_ZH else each for each in shown]
        if shown:
            rows.append((chinese if zh else english, shown[:20]))
    return rows


def _amended(facts: Mapping[str, Any], zh: bool) -> list[Row]:
    """What was registered, where something else is claimed now."""
    if not facts.get("amendments"):
        return []
    old = facts.get("registered_claim") or {}
    was = titled(old, zh) if old else ("未公开" if zh else "not shown")
    kinds = {"amendment": ("amendment", "更正"), "transfer": ("transfer", "转让")}
    by = [
        (f"第 {each['index']} 条（{kinds[each['kind']][1]}）" if zh else f"entry {each['index']} ({each['kind']})")
        + ("" if each["logged_at"] is None else f" · {_moment(each['logged_at'])}")
        for each in facts["amendments"]
    ]
    return [("登记时" if zh else "As registered", [was]), ("变更" if zh else "Changed by", by[-20:])]


def _shown(picture: WorkPicture | None, zh: bool) -> list[Row]:
    if picture is None:
        return []
    if picture.from_file:
        origin = "取自核验时提供的作品文件" if zh else "from the file of the work that was checked"
    else:
        origin = (
            "登记时所存缩图，其哈希已在条目中承诺" if zh else "small copy kept at registration, committed in the entry"
        )
    return [("作品图片" if zh else "Picture", [origin])]


def _times(facts: Mapping[str, Any], zh: bool) -> list[Row]:
    rows = []
    if facts.get("not_before") is not None:
        rows.append(("不早于" if zh else "Not before", [_moment(facts["not_before"])]))
    after = [f"{_moment(each['time'])} · {each['authority']} · RFC 3161" for each in facts.get("timestamps", [])]
    if facts.get("witnessed_at") is not None:
        after.append(f"{_moment(facts['witnessed_at'])} · {'见证方' if zh else 'witnesses'}")
    if after:
        rows.append(("不晚于" if zh else "Not after", after))
    elif facts.get("logged_at") is not None:
        word = "仅由运营方声明" if zh else "the operator's own word"
        rows.append(("不晚于" if zh else "Not after", [f"{_moment(facts['logged_at'])} · {word}"]))
    return rows


def _parties(facts: Mapping[str, Any], zh: bool) -> list[Row]:
    signed = [
        f"{keyid} · {_CUSTODY[custody][zh]}"
        for keyid, custody in zip(facts["signed_by"], facts["custody"], strict=True)
    ]
    witnesses: Sequence[str] = facts.get("witnesses") or ["没有见证方" if zh else "nobody"]
    return [("签名密钥" if zh else "Signed by key", signed), ("见证方" if zh else "Witnessed by", list(witnesses))]


def _place(facts: Mapping[str, Any], leaf_hash: str, zh: bool) -> list[Row]:
    kind = "登记" if zh and facts["kind"] == "registration" else facts["kind"]
    return [
        ("账本" if zh else "Log", [str(facts["origin"])]),
        ("条目", [f"{facts['index']}（{kind}）"]) if zh else ("Entry", [f"{facts['index']} ({kind})"]),
        ("条目哈希" if zh else "Leaf hash", [leaf_hash]),
        ("作品 SHA-256" if zh else "SHA-256 of the work", list(facts["sha256"])[:20]),
    ]


def _moment(timestamp: int) -> str:
    try:
        return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return f"POSIX {timestamp}"


def _clean(text: str) -> str:
    shown = printable(text)
    return shown if len(shown) <= _MOST_VALUE else shown[:_MOST_VALUE] + "…"
