"""Everything that is printed: JSON lines, tables, one-line errors; in English or 中文."""

from __future__ import annotations

import json
import locale
import os
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TextIO

from provenance.errors import SourcemarkError
from provenance.names import json_line, printable
from provenance.scans import words

if TYPE_CHECKING:
    from pydantic import BaseModel
    from rich.console import Console


class Interrupted(Exception):
    """Ctrl-C, with what was done until then; typer would swallow a `KeyboardInterrupt`."""


_WIDTH = 120  # of tables in files and pipes


@cache
def language() -> Literal["en", "zh"]:
    """The interface language, en or zh: SOURCEMARK_LANG, else the locale."""
    wanted = os.environ.get("SOURCEMARK_LANG", "auto").lower()
    if wanted == "zh":
        return "zh"
    if wanted == "en":
        return "en"
    named = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "zh" if named.lower().startswith("zh") or (locale.getlocale()[0] or "").lower().startswith("zh") else "en"


def tr(english: str, chinese: str) -> str:
    """The one of two texts that fits the interface language."""
    return chinese if language() == "zh" else english


def out() -> Console:
    """For results a person reads."""
    from rich.console import Console

    terminal = sys.stdout.isatty()
    return Console(file=sys.stdout, highlight=False, soft_wrap=not terminal, width=None if terminal else _WIDTH)


def say(text: str = "") -> None:
    """A line of text for a person, without markup; names in it are strangers', and cannot touch the terminal."""
    out().print(printable(text), markup=False)


def say_lines(text: str) -> None:
    """Text of several lines, each as `say` prints it."""
    for line in text.split("\n"):
        say(line)


def copy_out(text: str) -> None:
    """A file's text as it is, for a file or a pipe; on a terminal as `say_lines` prints it."""
    if sys.stdout.isatty():
        say_lines(text.removesuffix("\n"))
    else:
        sys.stdout.write(text)


def emit(value: BaseModel | dict[str, Any] | list[Any], stream: TextIO | None = None) -> None:
    """One JSON line on stdout."""
    from pydantic import BaseModel

    data = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    stream = stream or sys.stdout
    try:
        stream.write(json_line(data) + "\n")
    except UnicodeEncodeError:  # a terminal that cannot show it
        stream.write(json.dumps(data, ensure_ascii=True, separators=(",", ":")) + "\n")


def emit_all(results: Iterable[BaseModel | dict[str, Any]]) -> None:
    """JSON lines as they come: each is out before the next is made, so that a killed run has told what it did."""
    for result in results:
        emit(result)
        sys.stdout.flush()


def emit_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Comma-separated values as they come, safe for spreadsheets."""
    from provenance import spreadsheet

    sys.stdout.write(spreadsheet.row(columns))
    sys.stdout.writelines(map(spreadsheet.row, rows))


def fail(error: SourcemarkError) -> None:
    """One line on stderr: what is wrong and what to do."""
    print(f"sourcemark: {printable(error.detail)}", file=sys.stderr)


def table(columns: Iterable[str], rows: Iterable[Iterable[str]], title: str | None = None) -> None:
    """A table for a person."""
    from rich.table import Table

    drawn = Table(title=title, title_justify="left", header_style="bold")
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        cells = map(printable, row)
        drawn.add_row(*[cell.replace("[", r"\[") if not cell.startswith("[/") else cell for cell in cells])
    out().print(drawn)


# --- sentences: each language has its own punctuation -----------------------------------------------------------------
def labelled(label: str, value: str) -> str:
    """``label: value``, or the value alone where there is no label."""
    return f"{label}{tr(': ', '：')}{value}" if label else value


def listed(parts: Iterable[str]) -> str:
    """``a, b, c``."""
    return tr(", ", "，").join(parts)


def clauses(parts: Iterable[str]) -> str:
    """``a; b; c``."""
    return tr("; ", "；").join(parts)


def in_brackets(text: str) -> str:
    """`` (text)``, with what stands between it and the word before."""
    return tr(f" ({text})", f"（{text}）")


def titled(title: str, owner: str) -> str:
    """A work's title and owner."""
    return tr(f"«{title}» — {owner}", f"《{title}》——{owner}")


# --- words for codes -----------------------------------------------------------------------------------------------
def reason_words(reasons: Iterable[str]) -> str:
    """The reasons of the marking check for a person."""
    from provenance.marking.rules import REASONS

    return clauses(tr(*REASONS.get(reason, (reason, reason))) for reason in reasons)


def verdict_word(verdict: str) -> str:
    return tr(*words.VERDICTS.get(verdict, (verdict, verdict)))


def action_word(do: str) -> str:
    """What a policy decides."""
    return tr(*words.ACTIONS.get(do, (do, do)))


_STATUSES = {
    "matched": ("a registered work", "与登记作品匹配"),
    "no_match": ("no registered work found", "未找到登记作品"),
    "too_short": ("too short to compare", "过短，无法比对"),
    "no_texture": ("only exact copies can be found", "画面无纹理，只能查找完全相同的副本"),
    "undecodable": ("cannot be read", "无法读取"),
    "template_only": ("nothing but a template", "仅有模板内容"),
    "silent": ("silent", "无声"),
    "decode_partial": ("only a part could be read, and nothing was found in it", "仅能读取一部分，其中未找到登记作品"),
    "static_match": ("a still picture matches", "静止画面匹配"),
    "incomplete": ("a part of the index is missing: nothing can be said", "索引不完整，无法判定"),
    "error": ("error", "出错"),
}


_EXACT_ONLY = {
    "too_short": ("it is too short", "内容过短"),
    "too_small": ("the picture is too small", "图片过小"),
    "no_texture": ("the picture has no texture", "画面无纹理"),
    "silent": ("the recording is silent", "录音无声"),
    "no_sound": ("the file holds no sound", "文件中没有声音"),
    "decode_partial": ("only a part of it could be read", "仅能读取其中一部分"),
    "not_fingerprinted": ("of this kind only the bytes are compared", "此类文件仅逐字节比对"),
}


def exact_only_word(reason: str) -> str:
    """Why nothing but exact copies of it can be found."""
    return tr(*_EXACT_ONLY.get(reason, (reason, reason)))


def status_word(status: str) -> str:
    return tr(*_STATUSES.get(status, (status, status)))


_FIELDS = {
    "title": ("title", "标题"),
    "owner": ("owner", "著作权人"),
    "owner_aliases": ("owner's aliases", "著作权人别名"),
    "authors": ("authors", "作者"),
    "source_name": ("source name", "来源名称"),
    "source_urls": ("source addresses", "来源网址"),
    "source_handle": ("source handle", "来源账号"),
    "identifiers": ("identifiers", "标识符"),
    "licence": ("licence", "许可"),
    "published_at": ("date of publication", "首次发表日期"),
}


def field_word(field: str) -> str:
    """A field of a claim for a person."""
    return tr(*_FIELDS.get(field, (field, field)))


def kind_word(kind: str) -> str:
    """The kind of an account for a person."""
    return tr(*words.KINDS.get(kind, (kind, kind)))


_USES = {
    "full": ("full", "全文"),
    "excerpt": ("excerpt", "节选"),
    "adapted": ("adapted", "改编"),
    "quotation": ("quotation", "引用"),
}


def use_word(use: str) -> str:
    """A kind of reuse that a grant allows."""
    return tr(*_USES.get(use, (use, use)))


_CUSTODY = {"producer": ("the producer", "本人"), "service": ("this service", "本服务")}


def custody_word(custody: str) -> str:
    """Who keeps a signing key."""
    return tr(*_CUSTODY.get(custody, (custody, custody)))


def minute(moment: str) -> str:
    """An instant in UTC as tables show it: the column says the zone."""
    return moment[:16].replace("T", " ")


def marking_word(verdict: str) -> str:
    return tr(*words.MARKINGS.get(verdict, (verdict, verdict)))


def reuse_word(reuse: str) -> str:
    return tr(*words.REUSES.get(reuse, (reuse, reuse)))


def decided_word(outcome: str) -> str:
    return tr(*words.DECIDED.get(outcome, (outcome, outcome)))


def flag_word(flag: str) -> str:
    return tr(*words.FLAGS.get(flag, (flag, flag)))


def medium_word(medium: str) -> str:
    return tr(*words.MEDIA.get(medium, (medium, medium)))


def place_word(where: str) -> str:
    """Where a mark stands; the containers of metadata have one name in every language."""
    return tr(*words.PLACES.get(where, (where, where)))


def percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def where_found(match: Any) -> str:
    """Which part of the upload is the work, in words: spans of characters or a region of the picture."""
    if match.coverage.upload >= 0.995 and len(match.segments) == 1:
        return tr("all of it", "全部")
    parts = []
    for segment in match.segments[:3]:
        if segment.unit == "pixel":
            xs, ys = [p[0] for p in segment.upload], [p[1] for p in segment.upload]
            parts.append(tr("region", "区域") + f" {min(xs):.0f},{min(ys):.0f}–{max(xs):.0f},{max(ys):.0f}")
        else:
            unit = tr("characters", "字符") if segment.unit == "codepoint" else tr("seconds", "秒")
            parts.append(f"{unit} {segment.upload[0]:.0f}–{segment.upload[1]:.0f}")
    more = len(match.segments) - 3
    return listed(parts) + (in_brackets(f"+{more}") if more > 0 else "")
