"""What a party is written about a step of its case, in English or 中文. Pure; the words are data in `letters.toml`.

Of what others say only staff are quoted: whoever complains or has posted is read in the case itself, where the regime
says what of it each side may see, and where nobody takes their words for the service's.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cache
from importlib import resources

from ..names import clean, readable
from ..schema_fields import Record
from ..schemas.case import Role, StepName
from ..schemas.notice import Lang
from ..schemas.regimes import Calendar, Regime, Texts

_MOST_ADDRESSES = 20
_MOST_QUOTED = 4000  # characters of staff


class _Words(Record):
    subject: Texts
    text: Texts


@dataclass(frozen=True, slots=True)
class StepLetter:
    """
    Attributes:
        clock: what the case waits for and until when (as times are stored); None where nothing runs.
        missing: fields that the notice lacks.
        quoted: what staff said.
        link: opens the case.
        confirm: confirms the mail address; None where it is confirmed.
    """

    step: StepName
    role: Role
    lang: Lang
    case_id: str
    addresses: Sequence[str]
    clock: tuple[str, str] | None
    missing: Sequence[str]
    quoted: str | None
    link: str
    confirm: str | None


def compose(letter: StepLetter, regime: Regime, calendar: Calendar) -> tuple[str, str]:
    """Subject and text."""
    words = words_of(letter.step, letter.role)
    subject = words.subject.of(letter.lang)
    paragraphs = [words.text.of(letter.lang), _facts(letter, calendar)]
    if letter.quoted:
        paragraphs.append("\n".join(f"> {line}" for line in readable(letter.quoted[:_MOST_QUOTED]).split("\n")))
    if letter.confirm is not None:
        paragraphs.append(_say(letter, "To confirm your mail address", "确认邮箱") + f"\n{letter.confirm}")
    paragraphs.append(
        _say(
            letter,
            "Your case; this address is your key to it, so pass it on to nobody",
            "您的案件（此链接即凭证，请勿转发）",
        )
        + f"\n{letter.link}"
    )
    if letter.step in ("file", "forward"):
        paragraphs.append(f"{regime.process.of(letter.lang)}\n\n{regime.liability.of(letter.lang)}")
    paragraphs.append(regime.law.of(letter.lang))
    return f"{subject} [{letter.case_id}]", "\n\n".join(paragraphs) + "\n"


@cache
def _all_words() -> dict[str, dict[str, _Words]]:
    content = resources.files(__package__).joinpath("letters.toml").read_text(encoding="utf-8")
    return {
        step: {who: _Words.model_validate(each) for who, each in by_role.items()}
        for step, by_role in tomllib.loads(content).items()
    }


def words_of(step: StepName, role: Role) -> _Words:
    """What the letter to a party about a step is called; raises `KeyError` for a step that it is not told of."""
    words = _all_words()[step]
    return words[role] if role in words else words["both"]


def _facts(letter: StepLetter, calendar: Calendar) -> str:
    colon = "：" if letter.lang == "zh" else ": "
    lines = [f"{_say(letter, 'Case', '案件')}{colon}{letter.case_id}"]
    if letter.missing:
        lines.append(f"{_say(letter, 'Missing', '缺少')}{colon}{', '.join(letter.missing)}")
    if letter.clock is not None:
        name, due = letter.clock
        lines.append(f"{_waits_for(name, letter)}{colon}{local_time(due, calendar)}")
    lines += [f"{_say(letter, 'Post', '帖子')}{colon}{clean(url)}" for url in letter.addresses[:_MOST_ADDRESSES]]
    more = len(letter.addresses) - _MOST_ADDRESSES
    if more > 0:
        lines.append(_say(letter, f"and {more} more", f"另有 {more} 处"))
    return "\n".join(lines)


_CLOCKS: dict[str, dict[Role, tuple[str, str]]] = {
    "completion": {
        "notifier": ("It is dealt with, or can be completed, until", "处理或补充期限"),
        "poster": ("The complaint can be completed until", "投诉补充期限"),
    },
    "counter_notice": {
        "notifier": ("The poster can answer until", "发布者可答复至"),
        "poster": ("You can answer until", "您可提交反通知至"),
    },
    "put_back": {
        "notifier": ("You can show that you went to a court or an authority until", "您可提交起诉或投诉证明至"),
        "poster": ("The other side has time until", "对方期限至"),
    },
    "appeal": {
        "notifier": ("You can appeal until", "您可申诉至"),
        "poster": ("You can appeal until", "您可申诉至"),
    },
    "decision": {
        "notifier": ("A person decides by", "作出决定的期限"),
        "poster": ("A person decides by", "作出决定的期限"),
    },
}


def _waits_for(clock: str, letter: StepLetter) -> str:
    return _CLOCKS[clock][letter.role][letter.lang == "zh"]


def local_time(due: str, calendar: Calendar) -> str:
    """A moment as people where the calendar is write it: the end of a day is its 24:00."""
    local = datetime.fromisoformat(due).astimezone(calendar.zone)
    if local.time() == time():
        return f"{(local - timedelta(days=1)).date()} 24:00 ({calendar.time_zone})"
    return f"{local:%Y-%m-%d %H:%M} ({calendar.time_zone})"


def _say(letter: StepLetter, english: str, chinese: str) -> str:
    return chinese if letter.lang == "zh" else english
