"""Whole names in the forms a language gives them; and not longer names, nor similar ones."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest

from provenance.marking import Post, Work, check
from provenance.marking.lexicon import load
from provenance.marking.name_patterns import name_pattern
from provenance.marking.normalization import fold

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
NAMES = sorted(
    {
        name
        for work in json.loads((HERE / "cases-works.json").read_text("utf-8")).values()
        for name in (work["owner"], work["source_name"], *work.get("owner_aliases", ()))
        if name and not name.startswith("@")
    }
)


@pytest.mark.parametrize("lang", [None, *load()])
def test_every_name_is_found_as_it_is_written(lang: str | None) -> None:
    for name in NAMES:
        pattern = name_pattern(name, lang)
        assert pattern is not None
        written = fold(name).strip()
        assert list(pattern.spans(written)) == [(0, len(written))]


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
def test_composed_and_decomposed_text_are_the_same(form: str) -> None:
    for owner in (
        "川べり通信",
        "문하람",
        "Solène Guérin",
        "मीरा देशपांडे",
        "มณีรัตน์ น้ำใส",
        "Ελένη Παπαδάκη",
        "Ларйонова Ёлка",
    ):
        for line in (f"© {owner}", f"{owner}: 1"):
            text = unicodedata.normalize(form, line)  # type: ignore[arg-type]
            assert check(Work("Unrelated", owner), Post(text=text)).owner_marked, (form, line)


FORMS = [
    ("ru", "Прибрежный альманах", ["Прибрежного альманаха", "Прибрежном альманахе", "Прибрежным альманахом"]),
    ("ru", "Ольга Нечаева", ["Ольги Нечаевой", "Ольге Нечаевой", "Ольгу Нечаеву", "Ольгой Нечаевой", "Нечаева Ольга"]),
    ("ru", "Павел Седой", ["Павла Седого", "Павлу Седому", "Павлом Седым"]),
    ("ru", "Синяя тетрадь", ["Синей тетради", "Синюю тетрадь"]),
    ("uk", "Нічний потяг", ["Нічного потяга", "Нічному потязі"][:1]),
    ("uk", "Соломія Кравчук", ["Соломії Кравчук", "Соломією Кравчук"]),
    ("pl", "Joanna Wilczyńska", ["Joanny Wilczyńskiej", "Joannie Wilczyńskiej", "Joanną Wilczyńską"]),
    ("pl", "Marek Zalewski", ["Marka Zalewskiego", "Markowi Zalewskiemu", "Markiem Zalewskim"]),
    ("pl", "Zeszyty Portowe", ["Zeszytów Portowych", "Zeszytach Portowych", "Zeszytami Portowymi"]),
    ("cs", "Tereza Havlová", ["Terezy Havlové", "Terezou Havlovou"]),
    ("cs", "Karel Dvořák", ["Karla Dvořáka", "Karlem Dvořákem"]),
    ("el", "Ελένη Παπαδάκη", ["Ελένης Παπαδάκη"]),
    ("el", "Νίκος Σταύρου", ["Νίκου Σταύρου", "Νίκο Σταύρου"]),
    ("tr", "Defne Karaca", ["Defne Karaca'nın", "Defne Karaca'ya", "Defne Karaca’dan"]),
    ("fi", "Aino Kallioniemi", ["Aino Kallioniemen"]),
    ("fi", "Aino Laine", ["Aino Laineen", "Aino Laineelta"][:1]),
    ("hu", "Kovács Anna", ["Kovács Annától", "Kovács Annának"][1:]),
    ("de", "Friederike Sommerfeld", ["Friederike Sommerfelds", "Sommerfeld, Friederike"]),
    ("sv", "Elsa Nordgren", ["Elsa Nordgrens"]),
    ("en", "Priya Lonsdale", ["Priya Lonsdale's", "Lonsdale, Priya", "PRIYA LONSDALE", "Priya  Lonsdale"]),
    ("bn", "অনির্বাণ সরকার", ["অনির্বাণ সরকারের", "অনির্বাণ সরকারকে"]),
    ("zh", "许望归", ["许 望 归", "許望歸", "许·望归"]),
]


@pytest.mark.parametrize(("lang", "name", "forms"), FORMS, ids=[f"{lang}: {name}" for lang, name, _ in FORMS])
def test_forms(lang: str, name: str, forms: list[str]) -> None:
    pattern = name_pattern(name, lang)
    assert pattern is not None
    assert [f for f in forms if list(pattern.spans(fold(f))) != [(0, len(fold(f)))]] == []


OTHERS = [
    ("ru", "Ольга Нечаева", "Автор: Ольга Нечаевская"), ("ru", "Иван Лапин", "Текст: Иван Лапинский"),
    ("pl", "Dorota Sikora", "Tekst: Dorota Sikorska"), ("de", "Lena Brandt", "Text: Lena Brandtner"),
    ("tr", "Selin Aydemir", "Yazar: Selin Aydemiroğlu"), ("en", "Priya Lonsdale", "By Priya Lonsdaleson"),
    ("en", "Priya Lonsdale", "By Priya Lonsdale-Hart"), ("zh", "许望归", "作者:许望归来"), ("zh", "许望归", "作者:许望"),
    ("ja", "葛城透", "文:葛城透子"), ("ko", "문하람", "글: 문하람이슬"), ("ar", "رنا الخطيب", "بقلم: رنا الخطيبي"),
    ("hi", "कविता रावल", "लेखिका: कविता रावलकर"), ("th", "มณีรัตน์ สายชล", "ผู้เขียน: มณีรัตน์ สายชลธาร"),
    ("el", "Νίκος Σταύρου", "Συγγραφέας: Νίκος Σταυρόπουλος"), ("cs", "Karel Dvořák", "Autor: Karel Dvořáček"),
    ("vi", "Phạm Hà Vy", "Tác giả: Phạm Hà Vy Anh"), ("en", "Priya Lonsdale", "By Priya Lonsdale Winter"),
    ("de", "Jan Mai", "Text: Jan Mai Sommer"), ("ar", "سلمى ناصر", "بقلم سلمى ناصر الدين"),
    ("hi", "अनुभव शास्त्री", "लेखक: अनुभव शास्त्री मिश्र"), ("he", "נועה ברקאי", "מאת נועה ברקאי לוי"),
    ("fa", "بهرام توکلی", "نویسنده: بهرام توکلی راد"), ("bn", "অনির্বাণ সরকার", "লেখক: অনির্বাণ সরকার রায়"),
    ("fr", "Solène Guérin", "Par Solène Guérinière"), ("es", "Nuria Cifuentes", "Texto: Nuria Cifuentes Lara"),
]  # fmt: skip


@pytest.mark.parametrize(("lang", "owner", "text"), OTHERS, ids=[text for _, _, text in OTHERS])
def test_another_name_is_another_person(lang: str, owner: str, text: str) -> None:
    report = check(Work("Unrelated", owner), Post(text=text + "\nSome words of the text.", lang=lang))
    assert (report.owner_marked, report.verdict) == (False, "wrong_owner")


WORDS_BESIDE = [
    ("vi", "Phạm Hà Vy", "Tác giả: Phạm Hà Vy Ảnh: Lê Na"), ("en", "Priya Lonsdale", "By Priya Lonsdale Photography"),
    ("en", "Priya Lonsdale", "Text: Priya Lonsdale Photo: Ann Lee"), ("en", "Priya Lonsdale", "By Priya Lonsdale, Winter 2020"),
    ("ar", "رنا الخطيب", "بقلم: رنا الخطيب، بيروت"),
]  # fmt: skip


@pytest.mark.parametrize(("lang", "owner", "text"), WORDS_BESIDE, ids=[text for _, _, text in WORDS_BESIDE])
def test_a_word_beside_a_name_is_no_part_of_it(lang: str, owner: str, text: str) -> None:
    assert check(Work("Unrelated", owner), Post(text=text, lang=lang)).owner_marked


@pytest.mark.parametrize("camera", ["Sony A7S III", "Canon EOS R5", "iPhone 15 Pro", "GoPro"])
def test_a_camera_is_nobody(camera: str) -> None:
    for label in ("Camera", "Kamera", "Photo", "拍摄"):
        report = check(Work("Unrelated", "Priya Lonsdale", kind="video"), Post(text=f"{label}: {camera}"))
        assert report.verdict == "missing"
