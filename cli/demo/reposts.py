"""Which reposts the demo makes of which works, and how each is credited: right, wrongly or not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import PurePath
from typing import Literal, TypeVar

from fingerprints.errors import FingerprintError
from fingerprints.sniff import sniff
from fingerprints.source import Source

from . import film_reposts, picture_reposts, sound_reposts, text_reposts
from .articles import unregistered_articles
from .films import unregistered_films
from .picture_reposts import PictureChange
from .pictures import unregistered_pictures
from .sounds import unregistered_sounds
from .text_reposts import TextChange, language_of
from .transcoding import MediaChange
from .work import DemoWork, Lang

T = TypeVar("T")
Medium = Literal["text", "image", "audio", "video"]
Credit = Literal["right", "wrong", "none"]
CreditLine = Callable[[DemoWork], str]

_CREDITS: tuple[Credit, ...] = ("right", "wrong", "none")
_SOMEBODY_ELSE = (  # invented; the second pair for a work whose owner has the first's name
    {"zh-Hans": ("林夕照", "晨雾日报"), "zh-Hant": ("林夕照", "晨霧日報"), "en": ("Jordan Vale", "The Daily Mist")},
    {"zh-Hans": ("柳未央", "回声周报"), "zh-Hant": ("柳未央", "回聲週報"), "en": ("Robin Thorne", "The Echo Weekly")},
)
_WRONG = {
    ("text", "zh-Hans"): "作者：{}　来源：{}",
    ("text", "zh-Hant"): "作者：{}　來源：{}",
    ("text", "en"): "By {}. Source: {}",
    ("image", "zh-Hans"): "摄影：{}　来源：{}",
    ("image", "zh-Hant"): "攝影：{}　來源：{}",
    ("image", "en"): "Photo by {}. Source: {}",
    ("audio", "zh-Hans"): "音乐：{}　来源：{}",
    ("audio", "zh-Hant"): "音樂：{}　來源：{}",
    ("audio", "en"): "Music by {}. Source: {}",
    ("video", "zh-Hans"): "视频：{}　来源：{}",
    ("video", "zh-Hant"): "影片：{}　來源：{}",
    ("video", "en"): "Video by {}. Source: {}",
}
_CAPTIONS = {
    ("image", "zh-Hans"): "今天想分享这张图。",
    ("image", "zh-Hant"): "今天想分享這張圖。",
    ("image", "en"): "Good morning, this one is worth a second look.",
    ("audio", "zh-Hans"): "今天想分享这段声音。",
    ("audio", "zh-Hant"): "今天想分享這段聲音。",
    ("audio", "en"): "Good evening, listen to this one.",
    ("video", "zh-Hans"): "今天想分享这段视频。",
    ("video", "zh-Hant"): "今天想分享這段影片。",
    ("video", "en"): "Good evening, watch this one to the end.",
}
_UNREGISTERED: tuple[tuple[Medium, Callable[[], Sequence[DemoWork]]], ...] = (
    ("image", unregistered_pictures),
    ("text", unregistered_articles),
    ("audio", unregistered_sounds),
    ("video", unregistered_films),
)
_CREDITED = {
    "right": ("with the right credit", "标注正确"),
    "wrong": ("credited to somebody else", "标注成别人"),
    "none": ("without credit", "没有标注"),
}


@dataclass(frozen=True, slots=True)
class Repost:
    """A file to scan, and what the demo expects of the scan.

    Attributes:
        name: a file name, unique in the plan.
        html: ``data`` is a web page.
        caption: the words beside a picture, recording or film. A text carries its credit in itself.
        work: the name of the work it is made of, None for a file that should match nothing.
        credit: what credit it carries; ``none`` means none was added.
        change: what was done (``mirrored``, ``half``, ``respaced`` ...), ``unrelated`` for a file of its own.
        description: for readers of ``en`` and ``zh``.
    """

    name: str
    medium: Medium
    data: bytes = field(repr=False)
    html: bool
    caption: str | None
    work: str | None
    credit: Credit
    change: str
    description: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A work of which no reposts are made, and why, for readers of ``en`` and ``zh``."""

    work: str
    reason: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """The reposts, those of one work together and the unrelated files last; and the works left out."""

    reposts: list[Repost]
    skipped: list[Skipped]


def plan(
    works: Iterable[DemoWork],
    credit_line: CreditLine,
    *,
    limit: int = 36,
    step: Callable[[], object] = lambda: None,
) -> Plan:
    """Make reposts of works: the demo's own or anybody's files.

    Changes and credits are dealt out so that every work gets different ones: three pictures see all six changes and
    each change meets each credit once they get six each.

    Args:
        credit_line: the right credit of a work, ready to stand in a text or a caption; it may contain line ends.
        limit: how many reposts at most, spread evenly over the works; the unrelated files come on top.
        step: called after each work, for a progress bar.

    A file that cannot be read, is tiny, flat or short is skipped with a reason; nothing is
    raised for it. What ``credit_line`` raises is passed on.
    """
    skipped: list[Skipped] = []
    usable: list[tuple[DemoWork, Medium]] = []
    for work in works:
        try:
            medium = _medium(work)
        except FingerprintError as error:
            skipped.append(_skip(work, error))
            step()
        else:
            usable.append((work, medium))
    reposts: list[Repost] = []
    turns = Counter[Medium]()
    for number, (work, medium) in enumerate(usable):
        share = limit // len(usable) + (number < limit % len(usable))
        right = credit_line(work) if share else ""
        make = _of_text if medium == "text" else partial(_with_caption, medium)
        try:
            reposts += list(make(work, turns[medium], share, right))
        except Exception as error:  # whatever a stranger's file does to a decoder, the demo goes on
            skipped.append(_skip(work, error))
        else:
            turns[medium] += 1
        step()
    return Plan(_distinct(reposts + unrelated()), skipped)


def unrelated() -> list[Repost]:
    """Files that nobody registered: two pictures, a recording, a film, an article in each of the demo's languages."""
    description = {"en": "unrelated, nobody registered it", "zh": "无关内容，无人登记"}
    return [
        Repost(work.name, medium, work.data, False, None, None, "none", "unrelated", description)
        for medium, works in _UNREGISTERED
        for work in works()
    ]


def _medium(work: DemoWork) -> Medium:
    medium, _ = sniff(Source.blob(work.data))
    return medium


def _skip(work: DemoWork, error: Exception) -> Skipped:
    said = str(error) or type(error).__name__
    return Skipped(work.name, {"en": said, "zh": f"无法用于演示（{said}）"})


def _dealt(changes: Sequence[T], turn: int, share: int) -> Iterator[tuple[T, Credit]]:
    """The changes of the ``turn``-th work with their credits: over three works, each change meets each credit."""
    for k in range(min(share, len(changes))):
        yield changes[(turn + k) % len(changes)], _CREDITS[(turn + 2 * k) % len(_CREDITS)]


def _with_caption(medium: Medium, work: DemoWork, turn: int, share: int, right: str) -> Iterator[Repost]:
    """Of a picture, a recording or a film."""
    if not share:
        return
    lang = work.lang or language_of(work.title + work.owner)
    for change, made, credit in _changed(medium, work.data, turn, share):
        words = _credit(work, medium, lang, credit, right)
        caption = _CAPTIONS[medium, lang] if words is None else f"{_CAPTIONS[medium, lang]}\n{words}"
        yield Repost(
            name=f"{PurePath(work.name).stem}-{change.name}{change.ending}",
            medium=medium,
            data=made,
            html=False,
            caption=caption,
            work=work.name,
            credit=credit,
            change=change.name,
            description=_described(change, credit),
        )


def _changed(
    medium: Medium, data: bytes, turn: int, share: int
) -> Iterator[tuple[PictureChange | MediaChange, bytes, Credit]]:
    if medium == "image":
        picture = picture_reposts.open_picture(data)
        for change, credit in _dealt(picture_reposts.CHANGES, turn, share):
            yield change, change.make(picture), credit
        return
    opened = sound_reposts.open_sound(data) if medium == "audio" else film_reposts.open_film(data)
    changes = sound_reposts.CHANGES if medium == "audio" else film_reposts.CHANGES
    for edit, credit in _dealt(changes, turn, share):
        yield edit, edit.make(opened), credit


def _of_text(work: DemoWork, turn: int, share: int, right: str) -> Iterator[Repost]:
    if not share:
        return
    text = text_reposts.open_text(work.data)
    lang = work.lang or language_of(text)
    made = [(change, new) for change in text_reposts.CHANGES if (new := change.make(text)) is not None]
    for (change, new), credit in _dealt(made, turn, share):
        words = _credit(work, "text", lang, credit, right)
        data = text_reposts.page(new, words) if change.html else f"{new}\n\n{words or ''}"
        yield Repost(
            name=f"{PurePath(work.name).stem}-{change.name}{'.html' if change.html else '.txt'}",
            medium="text",
            data=f"{data.rstrip()}\n".encode("utf-8", "replace"),
            html=change.html,
            caption=None,
            work=work.name,
            credit=credit,
            change=change.name,
            description=_described(change, credit),
        )


def _credit(work: DemoWork, medium: Medium, lang: Lang, credit: Credit, right: str) -> str | None:
    if credit == "none":
        return None
    if credit == "right":
        return right
    own = {work.owner, work.source_name, *work.aliases}
    somebody = _SOMEBODY_ELSE[0][lang] if own.isdisjoint(_SOMEBODY_ELSE[0][lang]) else _SOMEBODY_ELSE[1][lang]
    return _WRONG[medium, lang].format(*somebody)


def _described(change: PictureChange | MediaChange | TextChange, credit: Credit) -> dict[str, str]:
    english, chinese = _CREDITED[credit]
    return {"en": f"{change.english}; {english}", "zh": f"{change.chinese}；{chinese}"}


def _distinct(reposts: list[Repost]) -> list[Repost]:
    """Files of the same stem (``a.png``, ``a.jpg``) must not give reposts of the same name."""
    taken: set[str] = set()
    out = []
    for repost in reposts:
        path, number = PurePath(repost.name), 1
        while (name := repost.name if number == 1 else f"{path.stem}-{number}{path.suffix}") in taken:
            number += 1
        taken.add(name)
        out.append(replace(repost, name=name))
    return out
