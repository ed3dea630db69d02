"""A sighting as one HTML file for the rights holder: who reported it, where and when, and what it rests on.

A picture is drawn beside the work. Of a text the passages that were kept stand beside those of the work, the words they
share marked. No scripts, nothing loaded from anywhere.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

import sqlalchemy as sa

from fingerprints.text.diff import compare

from .. import names
from ..database.engine import Database
from ..database.tables import matches
from ..errors import NotFound
from ..marking.rules import REASONS
from ..schemas import SightingRecord
from ..search import matching
from . import evidence, passages, sightings, words

Language = Literal["en", "zh"]
Pieces = tuple[tuple[str, bool], ...]  # of a text, in their order, each with whether the other side has it too

_STYLE = """
body{font:15px/1.5 "Noto Sans","Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif;max-width:60rem;
margin:2rem auto;padding:0 1.5rem;color:#111;background:#fff}
h1{font-size:1.5rem;border-bottom:1px solid #111;padding-bottom:.4rem}h2{font-size:1.05rem;margin:1.4rem 0 .3rem}
dl{display:grid;grid-template-columns:11rem 1fr;gap:.15rem 1rem;margin:0}
dt{color:#555}dd{margin:0;overflow-wrap:anywhere}img{max-width:100%;border:1px solid #999}
table{width:100%;table-layout:fixed;border-collapse:collapse}
th{text-align:left;color:#555;font-weight:normal}td{vertical-align:top;padding:.3rem .8rem .3rem 0;
white-space:pre-wrap;overflow-wrap:anywhere;border-top:1px solid #ccc}mark{background:#ffe58a}
blockquote{margin:.3rem 0;padding-left:.8rem;border-left:3px solid #ccc;overflow-wrap:anywhere}
.note{font-size:.85rem;color:#333;border-top:1px solid #999;margin-top:1.5rem;padding-top:.6rem}
"""
_NOTE = (
    "What was found is the word of the platform and of the operator of this service: scans are not entries of the log. "
    "The registration of the work is proven by its receipt. Whether a use infringes is for people to decide.",
    "扫描结果由平台和本服务的运营方声明，不是账本条目；作品的登记由登记凭证证明。是否侵权须由人判断。",
)


@dataclass(frozen=True, slots=True)
class EvidencePage:
    """What can be shown of a sighting.

    Attributes:
        html: the page, UTF-8.
        picture: the PNG that stands in it; None where there is none.
        passages: of the upload and of the work, side by side.
    """

    sighting: SightingRecord
    html: bytes
    picture: bytes | None
    passages: tuple[tuple[Pieces, Pieces], ...]


def make(db: Database, sighting_id: str, account_id: str | None, language: Language = "en") -> EvidencePage:
    """The page of one sighting, as its last scan found it.

    Args:
        account_id: whose work it is, or the platform that reported it (None: anybody's).

    Raises:
        NotFound: there is no such sighting, or it is of others.
    """
    with db.read() as connection:
        seen = sightings.get(connection, sighting_id, account_id)
        drawn = evidence.sighting_picture(connection, seen.match)
        kept = connection.execute(sa.select(matches.c.passages).where(matches.c.id == seen.match)).scalar_one()
    pairs = tuple(_side_by_side(db, seen.record, kept))
    return EvidencePage(seen.record, _html(seen.record, drawn, pairs, language == "zh"), drawn, pairs)


def _side_by_side(
    db: Database, seen: SightingRecord, kept: Sequence[dict[str, Any]]
) -> Iterator[tuple[Pieces, Pieces]]:
    """Passages of the upload and of the work."""
    try:
        whole = matching.text_of(db, seen.work_id) if kept else ""
    except NotFound:  # erased in this moment
        return
    for passage in kept:
        start, end = (int(at) for at in seen.segments[passage["segment"]].work if not isinstance(at, list))
        work = names.readable(whole[start : min(end, start + passages.MAX_CHARACTERS)])
        mine, theirs = compare(passage["text"], work)
        yield _pieces(mine.text, mine.shared), _pieces(theirs.text, theirs.shared)


def _pieces(text: str, shared: Sequence[tuple[int, int]]) -> Pieces:
    out, at = [], 0
    for start, end in shared:
        out += [(text[at:start], False), (text[start:end], True)]
        at = end
    return tuple(piece for piece in (*out, (text[at:], False)) if piece[0])


def _marked(pieces: Pieces) -> str:
    return "".join(f"<mark>{escape(text)}</mark>" if shared else escape(text) for text, shared in pieces)


# --- the page ------------------------------------------------------------------------------------------------------
def _html(seen: SightingRecord, picture: bytes | None, pairs: Sequence[tuple[Pieces, Pieces]], zh: bool) -> bytes:
    title = "作品转载证据" if zh else "Evidence of a sighting"
    body = [f"<h1>{title}</h1>", _list(_facts(seen, zh)), f"<h2>{'扫描结果' if zh else 'What was found'}</h2>"]
    body.append(_list(_findings(seen, zh)))
    quotes = dict.fromkeys(str(each.get("quote", "")) for each in seen.marking.get("evidence", []))
    body += [f"<blockquote><bdi>{escape(names.readable(quote))}</bdi></blockquote>" for quote in quotes if quote]
    if picture is not None:
        alt = "上传内容与作品，匹配部分已框出" if zh else "the upload beside the work, what matches outlined"
        source = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
        body.append(f'<h2>{"画面对照" if zh else "Side by side"}</h2><img alt="{alt}" src="{source}">')
    if pairs:
        heads = ("上传内容", "作品") if zh else ("upload", "work")
        rows = "".join(f"<tr><td>{_marked(mine)}</td><td>{_marked(theirs)}</td></tr>" for mine, theirs in pairs)
        body.append(f"<h2>{'文字对照' if zh else 'Side by side'}</h2>")
        body.append(f"<table><tr><th>{heads[0]}</th><th>{heads[1]}</th></tr>{rows}</table>")
    body.append(f'<p class="note">{_NOTE[zh]}</p>')
    page = (
        f'<!doctype html><html lang="{"zh-Hans" if zh else "en"}"><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
        '<meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{_STYLE}</style>{''.join(body)}</html>\n"
    )
    return page.encode("utf-8", "replace")


def _named(title: str, owner: str, *, zh: bool) -> str:
    if not title and not owner:
        return "–"
    return f"《{title}》——{owner}" if zh else f"«{title}» — {owner}"


def _facts(seen: SightingRecord, zh: bool) -> list[tuple[str, str]]:
    times = f"（共 {seen.scans} 次扫描）" if zh else f" ({seen.scans} {'scan' if seen.scans == 1 else 'scans'})"
    return [
        ("作品" if zh else "Work", _named(seen.title, seen.owner, zh=zh)),
        ("作品编号" if zh else "Work id", seen.work_id),
        ("报告平台" if zh else "Reported by", seen.platform),
        ("发布账号" if zh else "Posted by", seen.account or ("平台未提供" if zh else "not told by the platform")),
        ("帖子网址" if zh else "Address", seen.post_url or ("平台未提供" if zh else "not told by the platform")),
        ("首次发现" if zh else "First seen", _moment(seen.first_seen_at)),
        ("最近发现" if zh else "Last seen", _moment(seen.seen_at) + times),
        ("平台扫描编号" if zh else "Scan", seen.scan_id),
        ("转载记录编号" if zh else "Sighting", seen.sighting_id),
    ]


def _findings(seen: SightingRecord, zh: bool) -> list[tuple[str, str]]:
    marking = str(seen.marking.get("verdict", ""))
    reasons = [REASONS[code][zh] for code in seen.marking.get("reasons", []) if code in REASONS]
    marked = words.MARKINGS[marking][zh] if marking in words.MARKINGS else "–"
    if reasons:
        marked += f"（{'；'.join(reasons)}）" if zh else f" ({'; '.join(reasons)})"
    of_upload, of_work = f"{seen.coverage.upload * 100:.0f} %", f"{seen.coverage.work * 100:.0f} %"
    share = f"占上传内容 {of_upload}，占作品 {of_work}" if zh else f"{of_upload} of the upload, {of_work} of the work"
    return [
        ("结论" if zh else "Verdict", words.VERDICTS[seen.verdict][zh]),
        ("标注" if zh else "Marking", marked),
        ("占比" if zh else "How much", share),
        ("匹配度" if zh else "Score", f"{seen.score:.2f}"),
    ]


def _list(rows: Sequence[tuple[str, str]]) -> str:
    cells = (f"<dt>{name}</dt><dd><bdi>{escape(names.readable(value))}</bdi></dd>" for name, value in rows)
    return f"<dl>{''.join(cells)}</dl>"


def _moment(stored: str) -> str:
    return stored[:19].replace("T", " ") + " UTC"
