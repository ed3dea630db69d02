"""Facts that fill the slots of a form: names, places, dates, amounts, reasons; as values and as they are written.

A slot is ``{kind}`` or ``{kind.2}``; the same slot of one filling always says the same. How a fact is written (the
order of a date, digits or words) is chosen apart from the fact, so that a filling can be copied in another notation.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SLOT = re.compile(r"\{([a-z_]+)(?:\.(\d+))?\}")

_FIRST = [
    "Ada",
    "Bruno",
    "Celia",
    "Dagmar",
    "Edwin",
    "Farah",
    "Gerold",
    "Hanna",
    "Igor",
    "Jolene",
    "Kaspar",
    "Lydia",
    "Marek",
    "Nadine",
    "Otis",
    "Petra",
    "Quentin",
    "Rosa",
    "Stefan",
    "Thea",
    "Ulric",
    "Vera",
    "Walter",
    "Xenia",
    "Yorick",
    "Zelda",
    "Amin",
    "Bettina",
    "Conrad",
    "Delia",
    "Esra",
    "Felix",
    "Greta",
    "Hugo",
    "Ines",
    "Jonas",
    "Kirsten",
    "Leon",
]
_SYLLABLES = [
    "bar",
    "cor",
    "del",
    "fen",
    "gar",
    "hol",
    "kin",
    "lam",
    "mor",
    "nor",
    "pel",
    "ros",
    "sel",
    "tan",
    "ul",
    "ven",
    "wick",
    "wyn",
    "yar",
    "zem",
    "bre",
    "cla",
    "dro",
    "fal",
    "gri",
]
_ENDS = [
    "ton",
    "ley",
    "man",
    "ner",
    "berg",
    "stad",
    "wood",
    "field",
    "by",
    "holm",
    "mere",
    "well",
    "ford",
    "gate",
    "ham",
    "row",
]
_STREET_ENDS = ["Street", "Road", "Lane", "Avenue", "Square", "Row", "Hill", "Yard"]
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕张孔曹严华金魏陶姜戚谢邹苏潘葛范彭鲁韦马苗方俞任袁柳史唐费薛雷贺倪汤"
)
_GIVEN = "伟芳娜敏静强磊洋艳勇军杰娟涛明超霞平刚桂英华玉兰春海燕鹏文斌丽萍红波宁云峰辉建国志远思雨佳怡浩然梓涵晨曦"
_PLACE_HAN = "青临安宁河山海江平东南西北石桥龙泉溪湖云阳清水柳林塘沙柏岭洪川梅渡桐甘"
_NUMBERS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_HAN_DIGITS = "〇一二三四五六七八九"

# By language and kind of slot. A remark is a sentence of three parts: hardly two are the same.
WORDS: dict[str, dict[str, list[str]]] = json.loads(
    Path(__file__).with_name("forms_data").joinpath("words.json").read_text("utf-8")
)


@dataclass(frozen=True, slots=True)
class Notation:
    """How facts are written: by number, the ways that the functions below know."""

    way: int = 0


PLAIN = Notation()


def fact(kind: str, language: str, r: np.random.Generator) -> tuple[object, ...]:
    """Draw the value of a slot."""
    if kind == "remark":
        return tuple(_remark(language, r) for _ in range(r.integers(1, 4)))
    if kind in WORDS[language]:
        words = WORDS[language][kind]
        if kind == "org":
            return _place(language, r) + ("" if language == "zh" else " ") + words[r.integers(len(words))], ""
        return (words[r.integers(len(words))],)
    match kind:
        case "person" | "surname":
            return _person(language, r)
        case "place":
            return (_place(language, r),)
        case "street":
            if language == "zh":
                return (_han(_PLACE_HAN, 2, r) + "路街巷道"[r.integers(4)],)
            return (_place(language, r) + " " + _STREET_ENDS[r.integers(len(_STREET_ENDS))],)
        case "date":
            return int(r.integers(1995, 2027)), int(r.integers(1, 13)), int(r.integers(1, 29))
        case "time":
            return int(r.integers(6, 23)), int(r.integers(0, 12)) * 5
        case "phone":
            return ("0" + "".join(str(d) for d in r.integers(0, 10, 10).tolist()),)
        case "code":
            letters = "".join("ABCDEFGHJKLMNPRSTUVWXYZ"[n] for n in r.integers(0, 23, 2).tolist())
            return (letters + "".join(str(d) for d in r.integers(0, 10, 7).tolist()),)
    low, high = {
        "int": (11, 99), "num": (1, 240), "smallint": (2, 10), "big": (320, 98_000), "pct": (3, 98),
        "year": (1951, 2026), "amount": (90, 900_000), "dec": (11, 98), "month": (1, 13), "ordinal": (1, 7),
    }[kind]  # fmt: skip
    return (int(r.integers(low, high)),)


def written(kind: str, value: tuple[object, ...], language: str, notation: Notation) -> str:
    """A fact as it stands in a text."""
    way, first = notation.way, value[0]
    match kind:
        case "surname":
            return str(value[1])
        case "person":
            return f"{value[1]}{first}" if language == "zh" else f"{first} {value[1]}"
        case "remark":
            return ("" if language == "zh" else " ").join(map(str, value))
        case "date":
            year, month, day = (int(str(v)) for v in value)
            if language == "zh":
                han = "".join(_HAN_DIGITS[int(d)] for d in str(year))
                return [f"{year}年{month}月{day}日", f"{han}年{han_number(month)}月{han_number(day)}日"][way % 2]
            name = _MONTHS[month - 1]
            return [f"{day} {name} {year}", f"{name} {day}, {year}", f"{year}-{month:02}-{day:02}"][way % 3]
        case "time":
            hour, minute = int(str(first)), int(str(value[1]))
            if language == "zh":
                return [f"{hour}时{minute:02}分", f"{han_number(hour)}时{han_number(minute)}分"][way % 2]
            return [f"{hour}:{minute:02}", f"{hour}.{minute:02}"][way % 2]
        case "month":
            return _MONTHS[int(str(first)) - 1]
        case "ordinal":
            return ["first", "second", "third", "fourth", "fifth", "sixth"][int(str(first)) - 1]
        case "dec":
            return f"{int(str(first)) / 10:.1f}"
        case "amount" | "big":
            if language == "zh":
                return [str(first), han_number(int(str(first))), f"{first:,}"][way % 3]
            return [f"{first:,}", str(first)][way % 2]
        case "smallint":
            if language == "zh":
                return [str(first), han_number(int(str(first)))][way % 2]
            return [_NUMBERS[int(str(first))], str(first)][way % 2]
    return str(first)


def han_number(number: int) -> str:
    """A number below a hundred million in Chinese numerals."""
    if number >= 10_000:
        rest = number % 10_000
        return han_number(number // 10_000) + "万" + ("零" * (0 < rest < 1000) + han_number(rest) if rest else "")
    if number < 10:
        return "零一二三四五六七八九"[number]
    out, gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        if digit:
            out += ("零" if gap and out else "") + "零一二三四五六七八九"[digit] + name
        gap = not digit and number % unit > 0 and bool(out)
    return out[1:] if out.startswith("一十") else out


def _remark(language: str, r: np.random.Generator) -> str:
    three = [WORDS[language][f"remark_{part}"] for part in ("who", "does", "what")]
    parts = [some[r.integers(len(some))] for some in three]
    return "".join(parts) + "。" if language == "zh" else " ".join(parts) + "."


def _han(letters: str, count: int, r: np.random.Generator) -> str:
    return "".join(letters[n] for n in r.integers(0, len(letters), count).tolist())


def _person(language: str, r: np.random.Generator) -> tuple[str, str]:
    if language == "zh":
        return _han(_GIVEN, int(r.integers(1, 3)), r), _SURNAMES[r.integers(len(_SURNAMES))]
    return _FIRST[r.integers(len(_FIRST))], _coined(r)


def _place(language: str, r: np.random.Generator) -> str:
    return _han(_PLACE_HAN, 2, r) + "市县镇"[r.integers(3)] if language == "zh" else _coined(r)


def _coined(r: np.random.Generator) -> str:
    return (_SYLLABLES[r.integers(len(_SYLLABLES))] + _ENDS[r.integers(len(_ENDS))]).capitalize()
